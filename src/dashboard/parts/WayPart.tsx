import { Button, Modal } from '@mantine/core'
import { type FormEvent, useState } from 'react'
import { hubNow } from '../clock.ts'
import { saveCsv } from '../csv.ts'
import { useFormat } from '../format.ts'
import { useT } from '../i18n.ts'
import { useChange, useList } from '../queries.ts'
import { useMay } from '../session.ts'
import type { Transfer } from '../types.ts'
import { choose, useView } from '../view.ts'
import { announce } from './Announcer.tsx'
import { Chip } from './Chip.tsx'
import { Choice } from './Filters.tsx'
import { LocationSelect, useLocations } from './LocationSelect.tsx'
import { Empty, ErrorNotice, LoadMore, Notice, UnknownFilter } from './Notice.tsx'
import { Loading, SkuLink, TableFrame } from './Page.tsx'
import { SearchBox } from './SearchBox.tsx'
import { Units } from './ThresholdForm.tsx'
import { Ago } from './Time.tsx'

interface Task {
  kind: 'receive' | 'cancel'
  row: Transfer
}

/** What is on its way between locations, and what became of what was. */
export function WayPart() {
  const t = useT()
  const may = useMay()
  const [asked, set] = useView()
  const [task, setTask] = useState<Task | null>(null)
  const [result, setResult] = useState('')
  const locations = useLocations()
  const codes = locations?.map((one) => one.code) ?? [asked.location ?? '']
  const location = choose(asked.location, codes, '')
  const view = asked.show === 'all' ? ('all' as const) : ('open' as const)
  const q = asked.q ?? ''
  const query = { limit: 50, q: q || undefined, location: location.value || undefined, view }
  const list = useList('transfers', { query }, { every: 5_000 })
  const done = (text: string) => {
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
          any={t('way.onlyOpen')}
          value={view === 'all' ? 'all' : ''}
          options={[{ value: 'all', label: t('way.all') }]}
          onChange={(value) => set({ show: value })}
        />
        <span className="push" />
        <Button size="xs" variant="default" disabled={list.items.length === 0} onClick={() => exportWay(list.items)}>
          {t('bring.csv', { count: list.items.length })}
        </Button>
      </div>
      <UnknownFilter
        name={t('bring.location')}
        value={location.unknown}
        onRemove={() => set({ location: undefined })}
      />
      {result && <Notice tone="ok">{result}</Notice>}
      {list.error && list.items.length === 0 && <ErrorNotice error={list.error} title={t('error.load')} />}
      {list.isPending && <Loading />}
      {list.first && list.items.length === 0 && <Empty title={t('way.empty')} text={t('way.emptyText')} />}
      {list.items.length > 0 && (
        <WayTable rows={list.items} isWaiting={list.isPlaceholderData} onTask={may('stock.move') ? setTask : null} />
      )}
      <LoadMore list={list} />
      <Modal
        opened={task !== null}
        onClose={() => setTask(null)}
        title={task ? t(`way.${task.kind}Of`, { sku: task.row.sku, location: task.row.to.name }) : ''}
        closeButtonProps={{ 'aria-label': t('app.close') }}
        centered
        lockScroll={false}
      >
        {task?.kind === 'receive' && <ReceiveForm row={task.row} onDone={done} />}
        {task?.kind === 'cancel' && <CancelForm row={task.row} onDone={done} />}
      </Modal>
    </>
  )
}

function WayTable({
  rows,
  isWaiting,
  onTask,
}: {
  rows: readonly Transfer[]
  isWaiting: boolean
  onTask: ((task: Task) => void) | null
}) {
  const t = useT()
  return (
    <TableFrame label={t('bring.tabs.way')} stale={isWaiting}>
      <table className="dense">
        <thead>
          <tr>
            <th scope="col">{t('stock.sku')}</th>
            <th scope="col" className="wide">
              {t('way.from')}
            </th>
            <th scope="col">{t('way.to')}</th>
            <th scope="col" className="number">
              {t('way.quantity')}
            </th>
            <th scope="col" className="number">
              {t('way.open')}
            </th>
            <th scope="col" className="wide">
              {t('way.booked')}
            </th>
            <th scope="col">{t('way.state')}</th>
            {onTask && (
              <th scope="col">
                <span className="sr-only">{t('way.receive')}</span>
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <WayRow key={row.id} row={row} onTask={onTask} />
          ))}
        </tbody>
      </table>
    </TableFrame>
  )
}

function WayRow({ row, onTask }: { row: Transfer; onTask: ((task: Task) => void) | null }) {
  const t = useT()
  const format = useFormat()
  const names = { sku: row.sku, location: row.to.name }
  return (
    <tr>
      <td>
        <SkuLink sku={row.sku} />
      </td>
      <td className="wide" title={row.from.code}>
        {row.from.name}
      </td>
      <td title={row.to.code}>{row.to.name}</td>
      <td className="number">{format.number(row.quantity)}</td>
      <td className={`number${row.open === 0 ? ' dim' : ''}`}>{format.number(row.open)}</td>
      <td className="wide">
        <Ago at={row.createdAt} /> <span className="dim">{t('rules.by', { name: row.actor })}</span>
      </td>
      <td>
        <WayChip row={row} />
      </td>
      {onTask && (
        <td>
          {row.open > 0 && (
            <span className="row-actions">
              <button
                type="button"
                className="link-button"
                aria-label={t('way.receiveOf', names)}
                onClick={() => onTask({ kind: 'receive', row })}
              >
                {t('way.receive')}
              </button>
              <button
                type="button"
                className="link-button"
                aria-label={t('way.cancelOf', names)}
                onClick={() => onTask({ kind: 'cancel', row })}
              >
                {t('way.cancel')}
              </button>
            </span>
          )}
        </td>
      )}
    </tr>
  )
}

function WayChip({ row }: { row: Transfer }) {
  const t = useT()
  if (row.open > 0)
    return (
      <Chip tone="todo" icon="truck">
        {t('way.onTheWay')}
      </Chip>
    )
  if (row.received === row.quantity)
    return (
      <Chip tone="ok" icon="ok">
        {t('way.arrived')}
      </Chip>
    )
  return row.returned === row.quantity ? (
    <Chip tone="quiet" icon="cross">
      {t('way.canceled')}
    </Chip>
  ) : (
    <Chip tone="warning" icon="warning">
      {t('way.partly')}
    </Chip>
  )
}

const refreshed = ['transfers', 'thresholds', 'stockOf', 'stock', 'movements'] as const

function ReceiveForm({ row, onDone }: { row: Transfer; onDone: (text: string) => void }) {
  const t = useT()
  const [received, setReceived] = useState<number | string>(row.open)
  const [lost, setLost] = useState<number | string>(0)
  const receive = useChange('receiveTransfer', refreshed)
  const units = Number(received) || 0
  const gone = Number(lost) || 0
  const submit = (event: FormEvent) => {
    event.preventDefault()
    receive.mutate(
      { params: { id: row.id }, body: { received: units, lost: gone } },
      { onSuccess: () => onDone(t('way.done', { sku: row.sku, location: row.to.name })) },
    )
  }
  return (
    <form onSubmit={submit} className="form">
      <div className="pair">
        <Units label={t('way.receivedUnits')} value={received} max={row.open} onChange={setReceived} />
        <Units label={t('way.lostUnits')} value={lost} max={row.open} onChange={setLost} />
      </div>
      {gone > 0 && <p className="dim">{t('way.lostHelp')}</p>}
      {receive.error && <ErrorNotice error={receive.error} />}
      <Button
        size="xs"
        type="submit"
        disabled={units + gone < 1 || units + gone > row.open}
        loading={receive.isPending}
      >
        {t('way.receiveSubmit', { count: units })}
      </Button>
    </form>
  )
}

function CancelForm({ row, onDone }: { row: Transfer; onDone: (text: string) => void }) {
  const t = useT()
  const cancel = useChange('cancelTransfer', refreshed)
  const submit = () =>
    cancel.mutate(
      { params: { id: row.id }, body: {} },
      { onSuccess: () => onDone(t('way.done', { sku: row.sku, location: row.to.name })) },
    )
  return (
    <div className="form">
      <p>{t('way.cancelText', { count: row.open, from: row.from.name })}</p>
      {cancel.error && <ErrorNotice error={cancel.error} />}
      <Button size="xs" loading={cancel.isPending} onClick={submit}>
        {t('way.cancelSubmit')}
      </Button>
    </div>
  )
}

/** Column names stay English: programs read the file. */
function exportWay(rows: readonly Transfer[]): void {
  const head = [
    'sku',
    'title',
    'from',
    'to',
    'quantity',
    'received',
    'returned',
    'lost',
    'open',
    'createdAt',
    'endedAt',
  ]
  const lines = rows.map((row) => [
    row.sku,
    row.title,
    row.from.code,
    row.to.code,
    row.quantity,
    row.received,
    row.returned,
    row.lost,
    row.open,
    row.createdAt,
    row.endedAt,
  ])
  saveCsv(`transfers-${new Date(hubNow()).toISOString().slice(0, 19).replaceAll(':', '')}.csv`, [head, ...lines])
}
