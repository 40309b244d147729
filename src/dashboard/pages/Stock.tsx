import { Button } from '@mantine/core'
import { useFormat } from '../format.ts'
import { useT } from '../i18n.ts'
import { Chip } from '../parts/Chip.tsx'
import { Empty, ErrorNotice, LoadMore, UnknownFilter } from '../parts/Notice.tsx'
import { Loading, Page, SkuLink, TableFrame, Tabs } from '../parts/Page.tsx'
import { SearchBox } from '../parts/SearchBox.tsx'
import { useList } from '../queries.ts'
import type { StockLevel } from '../types.ts'
import { choose, useView } from '../view.ts'

const views = ['all', 'short', 'sold-out', 'unequal'] as const

export function StockPage() {
  const t = useT()
  const [asked, set] = useView()
  const tab = choose(asked.view, views, 'all')
  const q = asked.q ?? ''
  const list = useList('stock', { query: { view: tab.value, limit: 50, q: q || undefined } }, { every: 3_000 })
  const counts = list.first?.counts
  const tabs = [
    { value: 'all', label: t('stock.all'), count: counts?.all },
    { value: 'short', label: t('stock.short'), count: counts?.short, tone: 'loss' as const },
    { value: 'sold-out', label: t('stock.soldOut'), count: counts?.soldOut, tone: 'warning' as const },
    { value: 'unequal', label: t('stock.unequal'), count: counts?.unequal },
  ]
  return (
    <Page
      title={t('stock.title')}
      head={<Tabs name="view" label={t('stock.title')} current={tab.value} fallback="all" tabs={tabs} />}
    >
      <div className="filters">
        <SearchBox label={t('stock.search')} value={q} onChange={(value) => set({ q: value || undefined })} />
      </div>
      <UnknownFilter name={t('stock.view')} value={tab.unknown} onRemove={() => set({ view: undefined })} />
      {list.error && list.items.length === 0 && <ErrorNotice error={list.error} title={t('error.load')} />}
      {list.isPending && <Loading />}
      {list.first && list.items.length === 0 && (
        <NoStock view={tab.value} q={q} onClear={() => set({ view: undefined, q: undefined })} />
      )}
      {list.items.length > 0 && <StockTable levels={list.items} isWaiting={list.isPlaceholderData} />}
      <LoadMore list={list} />
    </Page>
  )
}

function NoStock({ view, q, onClear }: { view: (typeof views)[number]; q: string; onClear: () => void }) {
  const t = useT()
  if (view === 'all' && !q) return <Empty title={t('stock.emptyFirst')} text={t('stock.emptyFirstText')} />
  return (
    <Empty
      title={q || view === 'all' ? t('stock.emptyFiltered') : t(`stock.emptyView.${view}`)}
      action={
        <Button size="xs" onClick={onClear}>
          {t('orders.clear')}
        </Button>
      }
    />
  )
}

function StockTable({ levels, isWaiting }: { levels: StockLevel[]; isWaiting: boolean }) {
  const t = useT()
  return (
    <TableFrame label={t('stock.title')} stale={isWaiting}>
      <table className="dense">
        <thead>
          <tr>
            <th scope="col">{t('stock.sku')}</th>
            <th scope="col" className="wide">
              {t('stock.name')}
            </th>
            <th scope="col" className="number">
              {t('stock.onHand')}
            </th>
            <th scope="col" className="number">
              {t('stock.reserved')}
            </th>
            <th scope="col" className="number">
              {t('stock.shortColumn')}
            </th>
            <th scope="col" className="number">
              {t('stock.available')}
            </th>
            <th scope="col" className="number" title={t('stock.shownHint')}>
              {t('stock.shown')}
            </th>
            <th scope="col">{t('stock.slots')}</th>
          </tr>
        </thead>
        <tbody>
          {levels.map((level) => (
            <StockRow key={level.variantId} level={level} />
          ))}
        </tbody>
      </table>
    </TableFrame>
  )
}

function StockRow({ level }: { level: StockLevel }) {
  const t = useT()
  const format = useFormat()
  const held = level.reserved + level.allocated
  return (
    <tr>
      <td>
        <SkuLink sku={level.sku} />
      </td>
      <td className="title wide" title={level.title}>
        {level.title}
        {level.category && <span className="dim"> · {level.category}</span>}
      </td>
      <td className="number">{format.number(level.onHand)}</td>
      <td className={`number${held === 0 ? ' dim' : ''}`}>{format.number(held)}</td>
      <td className="number">
        {level.short > 0 ? (
          <Chip tone="loss" icon="loss">
            {format.number(level.short)}
          </Chip>
        ) : (
          <span className="dim">0</span>
        )}
      </td>
      <td className="number">
        <strong>{format.number(level.availableToPromise)}</strong>
      </td>
      <td className="number">
        {level.shown === null ? (
          <span className="dim">{level.slots === 0 ? '–' : t('app.notRead')}</span>
        ) : (
          format.number(level.shown)
        )}
      </td>
      <td>
        <SlotsState level={level} />
      </td>
    </tr>
  )
}

export function SlotsState({ level }: { level: StockLevel }) {
  const t = useT()
  if (level.slots === 0)
    return (
      <Chip tone="quiet" icon="info">
        {t('stock.slotsNone')}
      </Chip>
    )
  return (
    <span className="chips">
      {level.unreadSlots > 0 && (
        <Chip tone="warning" icon="question">
          {t('stock.slotsUnread', { count: level.unreadSlots })}
        </Chip>
      )}
      {level.dirtySlots > 0 && (
        <Chip tone="todo" icon="send">
          {t('stock.slotsDirty', { count: level.dirtySlots })}
        </Chip>
      )}
      {level.unreadSlots + level.dirtySlots === 0 && (
        <Chip tone="ok" icon="ok">
          {t('stock.slotsClean', { count: level.slots })}
        </Chip>
      )}
    </span>
  )
}
