import { Button, Modal } from '@mantine/core'
import { useState } from 'react'
import { hubNow } from '../clock.ts'
import { saveCsv } from '../csv.ts'
import { useFormat } from '../format.ts'
import { useT } from '../i18n.ts'
import { useChange, useList } from '../queries.ts'
import { useMay } from '../session.ts'
import type { Threshold } from '../types.ts'
import { choose, useView } from '../view.ts'
import { announce } from './Announcer.tsx'
import { Choice } from './Filters.tsx'
import { LocationSelect, useLocations } from './LocationSelect.tsx'
import { Empty, ErrorNotice, LoadMore, Notice, UnknownFilter } from './Notice.tsx'
import { Loading, SkuLink, TableFrame } from './Page.tsx'
import { SearchBox } from './SearchBox.tsx'
import { ThresholdForm } from './ThresholdForm.tsx'

type Task = { kind: 'add' } | { kind: 'edit'; row: Threshold }

/** Locations that hold too little, and the transfers that mend it. */
export function BringPart() {
  const t = useT()
  const may = useMay()
  const [asked, set] = useView()
  const [task, setTask] = useState<Task | null>(null)
  const [result, setResult] = useState('')
  const locations = useLocations()
  const codes = locations?.map((one) => one.code) ?? [asked.location ?? '']
  const location = choose(asked.location, codes, '')
  const isAll = asked.show === 'all'
  const q = asked.q ?? ''
  const query = {
    limit: 50,
    q: q || undefined,
    location: location.value || undefined,
    view: isAll ? ('all' as const) : ('below' as const),
  }
  const list = useList('thresholds', { query }, { every: 15_000 })
  const say = (text: string) => {
    setTask(null)
    setResult(text)
    announce(text)
  }
  return (
    <>
      <div className="filters">
        <SearchBox label={t('bring.search')} value={q} onChange={(value) => set({ q: value || undefined })} />
        <LocationSelect
          locations={locations ?? []}
          value={location.value}
          onChange={(value) => set({ location: value })}
        />
        <Choice
          label={t('bring.show')}
          any={t('bring.onlyBelow')}
          value={isAll ? 'all' : ''}
          options={[{ value: 'all', label: t('bring.all') }]}
          onChange={(value) => set({ show: value })}
        />
        <span className="push" />
        {may('stock.move') && (
          <Button size="xs" variant="default" onClick={() => setTask({ kind: 'add' })}>
            {t('bring.add')}
          </Button>
        )}
        <Button
          size="xs"
          variant="default"
          disabled={list.items.length === 0}
          onClick={() => exportThresholds(list.items)}
        >
          {t('bring.csv', { count: list.items.length })}
        </Button>
      </div>
      <UnknownFilter
        name={t('bring.location')}
        value={location.unknown}
        onRemove={() => set({ location: undefined })}
      />
      {locations && locations.length < 2 && <Notice tone="info" title={t('bring.twoPlaces')} />}
      {result && <Notice tone="ok">{result}</Notice>}
      {list.error && list.items.length === 0 && <ErrorNotice error={list.error} title={t('error.load')} />}
      {list.isPending && <Loading />}
      {list.first && list.items.length === 0 && (
        <NothingToBring
          isFiltered={q !== '' || location.value !== ''}
          isAll={isAll}
          onClear={() => set({ q: undefined, location: undefined })}
        />
      )}
      {list.items.length > 0 && (
        <>
          {may('stock.move') && <Booking rows={list.items} hasMore={list.hasNextPage} onDone={say} />}
          <ThresholdTable rows={list.items} isWaiting={list.isPlaceholderData} onEdit={setTask} onDone={say} />
        </>
      )}
      <LoadMore list={list} />
      <Modal
        opened={task !== null}
        onClose={() => setTask(null)}
        title={task?.kind === 'edit' ? t('bring.editOf', namesOf(task.row)) : t('bring.add')}
        closeButtonProps={{ 'aria-label': t('app.close') }}
        centered
        lockScroll={false}
      >
        {task && (
          <ThresholdForm row={task.kind === 'edit' ? task.row : null} locations={locations ?? []} onDone={say} />
        )}
      </Modal>
    </>
  )
}

/** The threshold itself is left out where there is little room: what to do about it stays. */
const isWide = (name: string) => ['minimum', 'maximum', 'central'].includes(name)

const namesOf = (row: Threshold) => ({ sku: row.sku, location: row.location.name })

function NothingToBring({ isFiltered, isAll, onClear }: { isFiltered: boolean; isAll: boolean; onClear: () => void }) {
  const t = useT()
  if (!isFiltered)
    return isAll ? (
      <Empty title={t('bring.emptyFirst')} text={t('bring.emptyFirstText')} />
    ) : (
      <Empty title={t('bring.emptyBelow')} text={t('bring.emptyFirstText')} />
    )
  return (
    <Empty
      title={t('bring.emptyFiltered')}
      action={
        <Button size="xs" onClick={onClear}>
          {t('bring.clear')}
        </Button>
      }
    />
  )
}

/** All proposals that are shown, in one step. What left or was sold meanwhile is brought in smaller numbers. */
function Booking({
  rows,
  hasMore,
  onDone,
}: {
  rows: readonly Threshold[]
  hasMore: boolean
  onDone: (text: string) => void
}) {
  const t = useT()
  const book = useChange('bookTransfers', ['thresholds', 'transfers', 'stockOf'])
  const wanted = rows.filter((row) => row.proposal > 0).slice(0, 500)
  if (wanted.length === 0) return null
  const lines = wanted.map((row) => ({
    sku: row.sku,
    from: row.source.code,
    to: row.location.code,
    quantity: row.proposal,
  }))
  const submit = () =>
    book.mutate(
      { body: { lines, upTo: true } },
      {
        onSuccess: ({ items }) => {
          const from = [...new Set(items.map((one) => one.from.name))].join(t('error.listComma'))
          onDone(items.length === 0 ? t('bring.bookedNone') : t('bring.booked', { count: items.length, from }))
        },
      },
    )
  return (
    <div className="inline">
      <Button size="xs" loading={book.isPending} onClick={submit}>
        {t('bring.book', { count: lines.length })}
      </Button>
      <span className="dim">{hasMore ? t('bring.moreRows') : t('bring.text')}</span>
      {book.error && <ErrorNotice error={book.error} />}
    </div>
  )
}

function ThresholdTable({
  rows,
  isWaiting,
  onEdit,
  onDone,
}: {
  rows: readonly Threshold[]
  isWaiting: boolean
  onEdit: (task: Task) => void
  onDone: (text: string) => void
}) {
  const t = useT()
  const may = useMay()
  const numbers = ['local', 'incoming', 'minimum', 'maximum', 'central', 'proposal'] as const
  return (
    <TableFrame label={t('bring.tabs.bring')} stale={isWaiting}>
      <table className="dense">
        <thead>
          <tr>
            <th scope="col">{t('stock.sku')}</th>
            <th scope="col">{t('bring.location')}</th>
            <th scope="col" className="wide">
              {t('bring.source')}
            </th>
            {numbers.map((one) => (
              <th key={one} scope="col" className={`number${isWide(one) ? ' wide' : ''}`}>
                {t(`bring.${one}`)}
              </th>
            ))}
            {may('stock.move') && (
              <th scope="col">
                <span className="sr-only">{t('bring.edit')}</span>
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <ThresholdRow
              key={row.id}
              row={row}
              onEdit={may('stock.move') ? () => onEdit({ kind: 'edit', row }) : null}
              onDone={onDone}
            />
          ))}
        </tbody>
      </table>
    </TableFrame>
  )
}

function ThresholdRow({
  row,
  onEdit,
  onDone,
}: {
  row: Threshold
  onEdit: (() => void) | null
  onDone: (text: string) => void
}) {
  const t = useT()
  const format = useFormat()
  const remove = useChange('removeThreshold', ['thresholds'])
  return (
    <tr>
      <td>
        <SkuLink sku={row.sku} />
      </td>
      <td title={row.location.code}>{row.location.name}</td>
      <td className="wide" title={row.source.code}>
        {row.source.name}
      </td>
      <td className="number">{format.number(row.local)}</td>
      <td className={`number${row.incoming === 0 ? ' dim' : ''}`}>{format.number(row.incoming)}</td>
      <td className="number wide">{format.number(row.minimum)}</td>
      <td className="number wide">{format.number(row.maximum)}</td>
      <td className="number wide">{format.number(row.central)}</td>
      <td className="number">
        {row.proposal > 0 ? (
          <strong>{format.number(row.proposal)}</strong>
        ) : (
          <span className="dim">{row.isBelow ? t('bring.nothingThere') : t('bring.enough')}</span>
        )}
      </td>
      {onEdit && (
        <td>
          <span className="row-actions">
            <button type="button" className="link-button" aria-label={t('bring.editOf', namesOf(row))} onClick={onEdit}>
              {t('bring.edit')}
            </button>
            <button
              type="button"
              className="link-button"
              aria-label={t('bring.removeOf', namesOf(row))}
              disabled={remove.isPending}
              onClick={() =>
                remove.mutate({ params: { id: row.id } }, { onSuccess: () => onDone(t('bring.removed', namesOf(row))) })
              }
            >
              {t('bring.remove')}
            </button>
          </span>
        </td>
      )}
    </tr>
  )
}

/** Column names stay English: programs read the file. */
function exportThresholds(rows: readonly Threshold[]): void {
  const head = ['sku', 'title', 'location', 'source', 'local', 'incoming', 'minimum', 'maximum', 'central', 'proposal']
  const lines = rows.map((row) => [
    row.sku,
    row.title,
    row.location.code,
    row.source.code,
    row.local,
    row.incoming,
    row.minimum,
    row.maximum,
    row.central,
    row.proposal,
  ])
  saveCsv(`replenishment-${new Date(hubNow()).toISOString().slice(0, 19).replaceAll(':', '')}.csv`, [head, ...lines])
}
