import { useT } from '../i18n.ts'
import { useList } from '../queries.ts'
import type { Movement } from '../types.ts'
import { ErrorNotice, LoadMore } from './Notice.tsx'
import { Loading, OrderLink, TableFrame } from './Page.tsx'
import { Exact } from './Time.tsx'
import { signed } from './Timeline.tsx'

/** All movements of a variant, newest first: what it changed, why, and who. Nothing here can be edited. */
export function Ledger({ sku }: { sku: string }) {
  const t = useT()
  const list = useList('movements', { query: { sku, limit: 25 } }, { every: 5_000 })
  if (list.error && list.items.length === 0) return <ErrorNotice error={list.error} title={t('error.load')} />
  if (list.isPending) return <Loading />
  if (list.items.length === 0) return <p className="dim pad">{t('variant.ledgerNone')}</p>
  return (
    <>
      <TableFrame label={t('variant.ledger')}>
        <table className="dense">
          <thead>
            <tr>
              <th scope="col">{t('variant.time')}</th>
              <th scope="col">{t('variant.what')}</th>
              <th scope="col">{t('variant.change')}</th>
              <th scope="col">{t('variant.location')}</th>
              <th scope="col">{t('variant.cause')}</th>
              <th scope="col">{t('variant.actor')}</th>
            </tr>
          </thead>
          <tbody>
            {list.items.map((one) => (
              <Row key={one.id} movement={one} />
            ))}
          </tbody>
        </table>
      </TableFrame>
      <LoadMore list={list} />
    </>
  )
}

function Row({ movement }: { movement: Movement }) {
  const t = useT()
  return (
    <tr>
      <td>
        <Exact at={movement.at} brief />
      </td>
      <td>{t(`moveKind.${movement.kind}`)}</td>
      <td>
        <Change movement={movement} />
      </td>
      <td>{movement.location ?? <span className="dim">–</span>}</td>
      <td>
        {movement.order && <OrderLink id={movement.order.id} remoteId={movement.order.remoteId} />}{' '}
        {movement.note && <span className="dim">{movement.note}</span>}
      </td>
      <td className="dim">{movement.actor}</td>
    </tr>
  )
}

const figures = ['onHand', 'reserved', 'allocated', 'unsellable', 'short'] as const

function Change({ movement }: { movement: Movement }) {
  const t = useT()
  const changed = figures.filter((name) => movement[name] !== 0)
  if (changed.length === 0) return <span className="dim">0</span>
  return (
    <span className="tabular">
      {changed.map((name) => t(`figure.${name}`, { value: signed(movement[name]) })).join(' · ')}
    </span>
  )
}
