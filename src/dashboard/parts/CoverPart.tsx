import { Button, NumberInput } from '@mantine/core'
import { type FormEvent, useState } from 'react'
import { hubNow } from '../clock.ts'
import { saveCsv } from '../csv.ts'
import { useFormat } from '../format.ts'
import { useT } from '../i18n.ts'
import { useChange, useList } from '../queries.ts'
import { useMay } from '../session.ts'
import type { CoverRow } from '../types.ts'
import { choose, useView } from '../view.ts'
import { announce } from './Announcer.tsx'
import { Chip } from './Chip.tsx'
import { Choice } from './Filters.tsx'
import { Empty, ErrorNotice, LoadMore, Notice, UnknownFilter } from './Notice.tsx'
import { Loading, SkuLink, TableFrame } from './Page.tsx'
import { SearchBox } from './SearchBox.tsx'

const shows = ['due', 'selling', 'all'] as const

/** How long stock lasts at today's speed, and until when to order at the supplier. */
export function CoverPart() {
  const t = useT()
  const [asked, set] = useView()
  const [result, setResult] = useState('')
  const show = choose(asked.cover, shows, 'selling')
  const q = asked.q ?? ''
  const list = useList('cover', { query: { limit: 50, q: q || undefined, view: show.value } }, { every: 30_000 })
  const done = (text: string) => {
    setResult(text)
    announce(text)
  }
  return (
    <>
      <div className="filters">
        <SearchBox label={t('bring.search')} value={q} onChange={(value) => set({ q: value || undefined })} />
        <Choice
          label={t('cover.show')}
          any={t('cover.selling')}
          value={show.value === 'selling' ? '' : show.value}
          options={[
            { value: 'due', label: t('cover.onlyDue') },
            { value: 'all', label: t('cover.all') },
          ]}
          onChange={(value) => set({ cover: value })}
        />
        <span className="dim">{t('cover.hint')}</span>
        <span className="push" />
        <Button size="xs" variant="default" disabled={list.items.length === 0} onClick={() => exportCover(list.items)}>
          {t('bring.csv', { count: list.items.length })}
        </Button>
      </div>
      <UnknownFilter name={t('cover.show')} value={show.unknown} onRemove={() => set({ cover: undefined })} />
      {result && <Notice tone="ok">{result}</Notice>}
      {list.error && list.items.length === 0 && <ErrorNotice error={list.error} title={t('error.load')} />}
      {list.isPending && <Loading />}
      {list.first && list.items.length === 0 && (
        <Empty title={t(show.value === 'due' && !q ? 'cover.emptyDue' : 'bring.emptyFiltered')} />
      )}
      {list.items.length > 0 && <CoverTable rows={list.items} isWaiting={list.isPlaceholderData} onDone={done} />}
      <LoadMore list={list} />
    </>
  )
}

function CoverTable({
  rows,
  isWaiting,
  onDone,
}: {
  rows: readonly CoverRow[]
  isWaiting: boolean
  onDone: (text: string) => void
}) {
  const t = useT()
  return (
    <TableFrame label={t('bring.tabs.cover')} stale={isWaiting}>
      <table className="dense">
        <thead>
          <tr>
            <th scope="col">{t('stock.sku')}</th>
            <th scope="col" className="wide">
              {t('stock.name')}
            </th>
            <th scope="col" className="number">
              {t('cover.available')}
            </th>
            <th scope="col" className="number wide">
              {t('cover.perDay')}
            </th>
            <th scope="col" className="number">
              {t('cover.days')}
            </th>
            <th scope="col" className="wide">
              {t('cover.runsOut')}
            </th>
            <th scope="col">{t('cover.reorderBy')}</th>
            <th scope="col">{t('cover.lead')}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <CoverLine key={row.sku} row={row} onDone={onDone} />
          ))}
        </tbody>
      </table>
    </TableFrame>
  )
}

/** Two figures are enough for a speed: 0.037, 1.2, 340. */
const rounded = (value: number): number => (value >= 10 ? Math.round(value) : Number(value.toPrecision(2)))

function CoverLine({ row, onDone }: { row: CoverRow; onDone: (text: string) => void }) {
  const t = useT()
  const format = useFormat()
  const may = useMay()
  return (
    <tr>
      <td>
        <SkuLink sku={row.sku} />
      </td>
      <td className="title wide" title={row.title}>
        {row.title}
      </td>
      <td className="number">{format.number(row.available)}</td>
      <td className="number wide">{row.days === null ? <span className="dim">–</span> : rounded(row.perDay)}</td>
      <td className="number">
        {row.days === null ? (
          <span className="dim">{t('cover.notSelling')}</span>
        ) : (
          t('cover.daysValue', { count: row.days })
        )}
      </td>
      <td className="wide">{row.runsOutOn ?? <span className="dim">–</span>}</td>
      <td>
        {row.isDue ? (
          <Chip tone="warning" icon="clock" {...(row.reorderBy ? { title: row.reorderBy } : {})}>
            {t('cover.due')}
          </Chip>
        ) : (
          (row.reorderBy ?? <span className="dim">{row.leadDays === null ? t('cover.noLead') : '–'}</span>)
        )}
      </td>
      <td>
        {may('catalog.manage') ? (
          <LeadForm key={`${row.sku} ${row.leadDays}`} row={row} onDone={onDone} />
        ) : (
          (row.leadDays ?? <span className="dim">–</span>)
        )}
      </td>
    </tr>
  )
}

function LeadForm({ row, onDone }: { row: CoverRow; onDone: (text: string) => void }) {
  const t = useT()
  const [days, setDays] = useState<number | string>(row.leadDays ?? '')
  const save = useChange('setLeadTime', ['cover', 'thresholds'])
  const value = typeof days === 'number' ? days : null
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const { sku } = row
    save.mutate(
      { params: { sku }, body: { days: value } },
      {
        onSuccess: () =>
          onDone(value === null ? t('cover.savedNone', { sku }) : t('cover.saved', { sku, count: value })),
      },
    )
  }
  return (
    <form onSubmit={submit} className="inline cell-form">
      <NumberInput
        size="xs"
        w={72}
        aria-label={t('cover.leadOf', { sku: row.sku })}
        allowDecimal={false}
        hideControls
        min={0}
        max={1_000}
        value={days}
        onChange={setDays}
      />
      {value !== row.leadDays && (
        <Button size="compact-xs" type="submit" loading={save.isPending}>
          {t('cover.save')}
        </Button>
      )}
      {save.error && <ErrorNotice error={save.error} />}
    </form>
  )
}

/** Column names stay English: programs read the file. */
function exportCover(rows: readonly CoverRow[]): void {
  const head = ['sku', 'title', 'available', 'perDay', 'days', 'runsOutOn', 'leadDays', 'reorderBy', 'isDue']
  const lines = rows.map((row) => [
    row.sku,
    row.title,
    row.available,
    rounded(row.perDay),
    row.days,
    row.runsOutOn,
    row.leadDays,
    row.reorderBy,
    String(row.isDue),
  ])
  saveCsv(`cover-${new Date(hubNow()).toISOString().slice(0, 19).replaceAll(':', '')}.csv`, [head, ...lines])
}
