import { Link, useParams } from '@tanstack/react-router'
import { Fragment } from 'react'
import { timesOf } from '../bullet.ts'
import { useFormat } from '../format.ts'
import { useT } from '../i18n.ts'
import { Bullet } from '../parts/Bullet.tsx'
import { CategoryForm } from '../parts/CategoryForm.tsx'
import { HeldPanel } from '../parts/HeldPanel.tsx'
import { KitPanel } from '../parts/KitPanel.tsx'
import { Ledger } from '../parts/Ledger.tsx'
import { LevelSteps } from '../parts/LevelSteps.tsx'
import { MoveForm } from '../parts/MoveForm.tsx'
import { Empty, ErrorNotice, Notice } from '../parts/Notice.tsx'
import { OversellPanel } from '../parts/OversellPanel.tsx'
import { Loading, Page, Panel, TableFrame } from '../parts/Page.tsx'
import { SharingPanel } from '../parts/SharingPanel.tsx'
import { SlotTable } from '../parts/SlotTable.tsx'
import { isStatus, useCall } from '../queries.ts'
import { useMay } from '../session.ts'
import type { StockDetail } from '../types.ts'

export function VariantPage() {
  const t = useT()
  const { sku } = useParams({ strict: false }) as { sku: string }
  const query = useCall('stockOf', { params: { sku } }, { every: 3_000 })
  const detail = query.data?.sku === sku ? query.data : undefined
  const isGone = isStatus(query.error, 404)
  return (
    <Page
      title={sku}
      back={{ to: '/stock', label: t('stock.title') }}
      {...(detail ? { head: <span className="dim cut">{detail.title}</span> } : {})}
    >
      {isGone && (
        <Empty
          title={t('error.skuGone', { sku })}
          text={t('error.skuGoneText')}
          action={
            <Link to="/stock" search={{ q: sku }}>
              {t('error.toStock')}
            </Link>
          }
        />
      )}
      {query.error && !isGone && !detail && <ErrorNotice error={query.error} title={t('error.load')} />}
      {!detail && !query.error && <Loading />}
      {detail && <Content detail={detail} />}
    </Page>
  )
}

function Content({ detail }: { detail: StockDetail }) {
  const t = useT()
  const may = useMay()
  return (
    <>
      <div className="level-row">
        {detail.isKit ? <KitLevel detail={detail} /> : <Equation detail={detail} />}
        <Offered detail={detail} />
      </div>
      {detail.short > 0 && (
        <Notice tone="loss" title={t('variant.shortText', { count: detail.short })}>
          {t('variant.shortNext')}
        </Notice>
      )}
      <Panel title={t('variant.where')}>
        <Places detail={detail} />
      </Panel>
      {!detail.isKit && (
        <Panel title={t('oversell.title')} note={t('oversell.note')}>
          <OversellPanel key={`oversells ${detail.sku}`} sku={detail.sku} />
        </Panel>
      )}
      <HeldPanel detail={detail} />
      <div className="columns">
        {/* A kit has no shelf of its own: its components show theirs. */}
        {!detail.isKit && (
          <div className="column">
            <Panel title={t('variant.history')}>
              <LevelSteps history={detail.history} />
            </Panel>
            <Panel title={t('variant.locations')}>
              <Locations detail={detail} />
            </Panel>
          </div>
        )}
        <div className="column narrow">
          <Panel
            title={t('category.title')}
            note={may('catalog.manage') ? undefined : detail.category || t('category.none')}
          >
            {may('catalog.manage') && <CategoryForm key={`${detail.sku} ${detail.category}`} detail={detail} />}
          </Panel>
          <KitPanel key={`kit ${detail.sku}`} detail={detail} />
          {may('stock.move') && !detail.isKit && (
            <Panel title={t('variant.moveTitle')}>
              <MoveForm key={detail.sku} detail={detail} />
            </Panel>
          )}
        </div>
      </div>
      {!detail.isKit && (
        <Panel title={t('variant.ledger')}>
          <Ledger sku={detail.sku} />
        </Panel>
      )}
    </>
  )
}

/** Every place where a unit may be sold, what it may sell at worst, and how the units are shared out. */
function Places({ detail }: { detail: StockDetail }) {
  const t = useT()
  const format = useFormat()
  const query = useCall('exposureOf', { params: { sku: detail.sku } }, { every: 3_000 })
  const exposure = query.data?.sku === detail.sku ? query.data : undefined
  const held = exposure?.channelHeld ?? []
  return (
    <>
      {/* Until the places of kits are known, those of the variant itself. */}
      <SlotTable slots={exposure?.placeList ?? detail.slotList} sku={detail.sku} />
      {held.length > 0 && (
        <p className="dim pad">
          {t('exposure.held', {
            list: held
              .map((one) => t('exposure.heldOf', { name: one.name, units: format.number(one.onHand) }))
              .join(t('error.listComma')),
          })}
        </p>
      )}
      {!detail.isKit && <SharingPanel key={`sharing ${detail.sku}`} detail={detail} />}
    </>
  )
}

function KitLevel({ detail }: { detail: StockDetail }) {
  const t = useT()
  const format = useFormat()
  return (
    <section className="equation" aria-label={t('variant.equation')}>
      <span className="term result">
        <b>{format.number(detail.availableToPromise)}</b>
        <span>{t('variant.canSell')}</span>
      </span>
      <span className="dim">{t('kit.level')}</span>
    </section>
  )
}

/** The number that may be sold, and where it comes from, in words. */
function Equation({ detail }: { detail: StockDetail }) {
  const t = useT()
  const format = useFormat()
  const minus = [
    ['reserved', detail.reserved],
    ['allocated', detail.allocated],
    ['unsellable', detail.unsellable],
  ] as const
  return (
    <section className="equation" aria-label={t('variant.equation')}>
      <span className="term result">
        <b>{format.number(detail.availableToPromise)}</b>
        <span>{t('variant.canSell')}</span>
      </span>
      <span className="sign">=</span>
      <span className="term">
        <b>{format.number(detail.onHand)}</b>
        <span>{t('variant.onHand')}</span>
      </span>
      {minus
        .filter(([name, value]) => value !== 0 || name === 'reserved')
        .map(([name, value]) => (
          <Fragment key={name}>
            <span className="sign">−</span>
            <span className="term">
              <b>{format.number(value)}</b>
              <span>{t(`variant.${name}`)}</span>
            </span>
          </Fragment>
        ))}
    </section>
  )
}

/**
 * Bullet: what the channels offer in all, against the units there are. More is no alarm by itself, because channels
 * may show the same units; one channel alone showing more than there is, is.
 */
function Offered({ detail }: { detail: StockDetail }) {
  const t = useT()
  const format = useFormat()
  if (detail.slots === 0) return null
  if (detail.shown === null) {
    return <section className="offered is-warning">{t('variant.offeredUnread')}</section>
  }
  const { shown, availableToPromise: units } = detail
  const over = detail.slotList.filter((slot) => (slot.confirmed ?? 0) * slot.unitsPerSale > units)
  const ratio = timesOf(shown, units)
  const times = ratio === null ? '∞' : format.number(ratio)
  return (
    <section className="offered">
      <span>{t('variant.offered', { shown: format.number(shown), available: format.number(units), times })}</span>
      <Bullet units={shown} available={units} over={over.length > 0} />
      {over.length > 0 ? (
        <span className="is-warning">
          {t('variant.offeredOver', { list: over.map((slot) => slot.account).join(' · ') })}
        </span>
      ) : (
        <span className="dim">
          {shown === units
            ? t('variant.offeredEqual')
            : shown > units
              ? t('variant.offeredMore')
              : t('variant.offeredLess', { count: units - shown })}
        </span>
      )}
    </section>
  )
}

function Locations({ detail }: { detail: StockDetail }) {
  const t = useT()
  const format = useFormat()
  if (detail.locations.length === 0) return <p className="dim pad">{t('variant.ledgerNone')}</p>
  return (
    <TableFrame label={t('variant.locations')}>
      <table>
        <thead>
          <tr>
            <th scope="col">{t('variant.location')}</th>
            <th scope="col" className="number">
              {t('stock.onHand')}
            </th>
            <th scope="col" className="number">
              {t('stock.unsellable')}
            </th>
            <th scope="col" className="number">
              {t('stock.allocated')}
            </th>
            <th scope="col" className="number">
              {t('bring.incoming')}
            </th>
          </tr>
        </thead>
        <tbody>
          {detail.locations.map((one) => (
            <tr key={one.code}>
              <td title={one.kind === 'transit' ? undefined : one.code}>
                {one.kind === 'transit'
                  ? t('way.inTransit')
                  : one.kind === 'lent'
                    ? t('held.lentPlace', { name: one.name })
                    : one.name}
              </td>
              <td className="number">{format.number(one.onHand)}</td>
              <td className="number">{format.number(one.unsellable)}</td>
              <td className="number">{format.number(one.allocated)}</td>
              <td className={`number${one.incoming === 0 ? ' dim' : ''}`}>{format.number(one.incoming)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </TableFrame>
  )
}
