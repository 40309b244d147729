import { Button, Modal, NumberInput } from '@mantine/core'
import { type FormEvent, useState } from 'react'
import { useFormat } from '../format.ts'
import { useT } from '../i18n.ts'
import { useChange } from '../queries.ts'
import type { MatchItem } from '../types.ts'
import { announce } from './Announcer.tsx'
import { Chip } from './Chip.tsx'
import { MatchVariantForm } from './MatchVariantForm.tsx'
import { ErrorNotice, Notice } from './Notice.tsx'
import { SkuLink } from './Page.tsx'
import { SkuInput } from './Suggested.tsx'
import { useWord } from './words.ts'

export const keyOf = (row: MatchItem) => `${row.accountId} ${row.remoteSku}`
export const matchLists = ['matching', 'matchingCounts', 'overview', 'orders', 'stock'] as const

export interface RowProps {
  row: MatchItem
  view: 'unmatched' | 'suggested' | 'ignored' | 'linked'
  isChosen: boolean
  mayChange: boolean
  onChoose: () => void
  onDone: (text: string) => void
}

export function MatchRow(props: RowProps) {
  const { row, view, isChosen, mayChange, onChoose } = props
  const t = useT()
  return (
    <li className="match">
      {mayChange && view !== 'linked' && (
        <input
          type="checkbox"
          aria-label={t('matching.choose', { sku: row.remoteSku })}
          checked={isChosen}
          onChange={onChoose}
        />
      )}
      <div className="match-told">
        <p>
          <strong className="mono">{row.remoteSku}</strong> {row.waiting.orders > 0 && <Waiting row={row} />}
          {row.decision === 'unlinked' && (
            <Chip tone="quiet" icon="link">
              {t('matching.undone')}
            </Chip>
          )}
        </p>
        <Told row={row} />
      </div>
      <div className="match-ours">
        {row.linked && (
          <p>
            <SkuLink sku={row.linked.sku} /> {row.linked.unitsPerSale > 1 && <Units units={row.linked.unitsPerSale} />}
          </p>
        )}
        {view !== 'linked' && row.suggestions.length === 0 && <p className="dim">{t('matching.none')}</p>}
        {view !== 'linked' && row.suggestions.length > 0 && <Suggestions {...props} />}
      </div>
      {mayChange && <Actions {...props} />}
    </li>
  )
}

function Waiting({ row }: { row: MatchItem }) {
  const t = useT()
  return (
    <Chip tone="warning" icon="warning" title={t('matching.waitingUnits', { count: row.waiting.units })}>
      {t('matching.waiting', { count: row.waiting.orders })}
    </Chip>
  )
}

function Units({ units }: { units: number }) {
  const t = useT()
  return <span className="dim">{t('matching.units', { count: units })}</span>
}

/** What the channel says of it. */
function Told({ row }: { row: MatchItem }) {
  const t = useT()
  const format = useFormat()
  const word = useWord()
  const price = format.money(row.price, row.currency)
  const facts = [
    row.product && row.product !== row.title ? row.product : null,
    ...row.options.map((one) => `${one.name}: ${one.value}`),
    row.gtin && `GTIN ${row.gtin}`,
    row.remoteId && t('matching.remoteId', { id: row.remoteId }),
    price,
    row.shown !== null && t('matching.shown', { count: row.shown }),
    row.fulfilledBy === 'channel' && t('matching.byChannel'),
  ].filter((one): one is string => typeof one === 'string' && one !== '')
  return (
    <>
      <p>{row.title ?? <span className="dim">{t('matching.onlyOrders')}</span>}</p>
      {facts.length > 0 && <p className="dim">{facts.join(' · ')}</p>}
      <p className="dim">
        {word('channel', row.channel)} · {row.account}
        {row.marketplaces.filter(Boolean).length > 0 && ` · ${row.marketplaces.join(', ')}`}
      </p>
    </>
  )
}

function Suggestions({ row, mayChange, onDone }: RowProps) {
  const t = useT()
  const link = useChange('linkSkus', matchLists)
  const accept = (one: MatchItem['suggestions'][number]) => {
    const links = [{ remoteSku: row.remoteSku, sku: one.sku, unitsPerSale: one.unitsPerSale }]
    const done = t('matching.linkedTo', { remoteSku: row.remoteSku, sku: one.sku })
    link.mutate(
      { body: { account: row.accountId, links } },
      {
        onSuccess: () => {
          announce(done)
          onDone(done)
        },
      },
    )
  }
  return (
    <ul className="suggestions">
      {row.suggestions.map((one) => (
        <li key={one.sku}>
          <span>
            <SkuLink sku={one.sku} /> {one.title !== one.sku && one.title}{' '}
            {one.unitsPerSale > 1 && <Units units={one.unitsPerSale} />}
          </span>
          <span className="chips">
            {one.reasons.map((reason) => (
              <Chip
                key={reason}
                tone={reason === 'similar_sku' ? 'quiet' : 'ok'}
                icon={reason === 'similar_sku' ? 'question' : 'ok'}
              >
                {t(`matching.reason.${reason}`)}
              </Chip>
            ))}
            {one.hasOtherGtin && (
              <Chip tone="warning" icon="warning">
                {t('matching.otherGtin')}
              </Chip>
            )}
            {mayChange && (
              <Button size="compact-xs" variant="default" loading={link.isPending} onClick={() => accept(one)}>
                {t('matching.link')}
              </Button>
            )}
          </span>
        </li>
      ))}
      {link.error && <ErrorNotice error={link.error} />}
    </ul>
  )
}

function Actions({ row, view, onDone }: RowProps) {
  const t = useT()
  const [open, setOpen] = useState<'link' | 'create' | null>(null)
  const ignore = useChange('ignoreSkus', matchLists)
  const unlink = useChange('unlinkSku', matchLists)
  const say = (text: string) => {
    setOpen(null)
    announce(text)
    onDone(text)
  }
  const { accountId: account, remoteSku } = row
  const setAside = (ignored: boolean) =>
    ignore.mutate(
      { body: { account, remoteSkus: [remoteSku], ignored } },
      { onSuccess: () => say(t(ignored ? 'matching.ignoredOne' : 'matching.backOne', { remoteSku })) },
    )
  const takeBack = () =>
    unlink.mutate({ body: { account, remoteSku } }, { onSuccess: () => say(t('matching.unlinked', { remoteSku })) })
  const error = ignore.error ?? unlink.error
  return (
    <div className="match-actions">
      {view === 'linked' ? (
        <Button size="xs" variant="default" loading={unlink.isPending} onClick={takeBack}>
          {t('matching.unlink')}
        </Button>
      ) : view === 'ignored' ? (
        <Button size="xs" variant="default" loading={ignore.isPending} onClick={() => setAside(false)}>
          {t('matching.back')}
        </Button>
      ) : (
        <>
          <Button size="xs" variant="default" onClick={() => setOpen('link')}>
            {t('matching.linkOther')}
          </Button>
          <Button size="xs" variant="default" onClick={() => setOpen('create')}>
            {t('matching.create')}
          </Button>
          <Button size="xs" variant="default" loading={ignore.isPending} onClick={() => setAside(true)}>
            {t('matching.ignore')}
          </Button>
        </>
      )}
      {error && (
        <div className="full">
          <ErrorNotice error={error} />
        </div>
      )}
      <Modal
        opened={open !== null}
        onClose={() => setOpen(null)}
        title={t(open === 'create' ? 'matching.createTitle' : 'matching.linkTitle', { sku: remoteSku })}
        closeButtonProps={{ 'aria-label': t('app.close') }}
        centered
        // Locking would write a style into the page, which a strict content security policy refuses.
        lockScroll={false}
      >
        {open === 'create' ? <MatchVariantForm row={row} onDone={say} /> : <LinkForm row={row} onDone={say} />}
      </Modal>
    </div>
  )
}

function LinkForm({ row, onDone }: { row: MatchItem; onDone: (text: string) => void }) {
  const t = useT()
  const [sku, setSku] = useState('')
  const [units, setUnits] = useState<number | string>(1)
  const link = useChange('linkSkus', matchLists)
  const outcome = link.data?.outcomes[0]
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const wanted = { remoteSku: row.remoteSku, sku: sku.trim(), unitsPerSale: Number(units) || 1 }
    link.mutate(
      { body: { account: row.accountId, links: [wanted] } },
      {
        onSuccess: ({ outcomes: [told] }) => {
          if (told !== 'unknown' && told !== 'taken') onDone(t('matching.linkedTo', wanted))
        },
      },
    )
  }
  return (
    <form onSubmit={submit} className="form">
      <SkuInput label={t('matching.ourSku')} required value={sku} onChange={setSku} />
      <NumberInput
        size="xs"
        label={t('matching.unitsLabel')}
        min={1}
        max={10_000}
        allowDecimal={false}
        value={units}
        onChange={setUnits}
      />
      {(outcome === 'unknown' || outcome === 'taken') && (
        <Notice tone="warning">{t(`matching.outcome.${outcome}`, { sku })}</Notice>
      )}
      {link.error && <ErrorNotice error={link.error} />}
      <Button type="submit" loading={link.isPending} disabled={sku.trim() === ''}>
        {t('matching.link')}
      </Button>
    </form>
  )
}
