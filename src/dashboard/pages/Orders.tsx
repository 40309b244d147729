import { Button } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { hubNow } from '../clock.ts'
import { saveCsv } from '../csv.ts'
import { majorText, useFormat } from '../format.ts'
import { useT } from '../i18n.ts'
import { OrderChip, Problems } from '../parts/Chip.tsx'
import { AccountSelect, ChannelSelect, Choice } from '../parts/Filters.tsx'
import { Empty, ErrorNotice, LoadMore, UnknownFilter } from '../parts/Notice.tsx'
import { Loading, OrderLink, Page, TableFrame, Tabs } from '../parts/Page.tsx'
import { SearchBox } from '../parts/SearchBox.tsx'
import { Ago, Deadline } from '../parts/Time.tsx'
import { useWord } from '../parts/words.ts'
import { useCall, useList } from '../queries.ts'
import type { Order } from '../types.ts'
import { choose, useView } from '../view.ts'

const views = ['all', 'to-ship', 'late', 'due-today', 'problem', 'pending'] as const
const states = ['pending', 'open', 'partly_shipped', 'shipped', 'canceled', 'unfulfillable', 'unknown'] as const

/** The filters of the address, checked against what exists. */
function useFilters() {
  const [asked, set] = useView()
  const accounts = useCall('accounts', { query: { limit: 200 } }).data?.items
  const tab = choose(asked.view, views, 'all')
  const state = choose(asked.state, ['', ...states], '')
  // Until the accounts are known, the address is believed.
  const known = accounts ?? []
  const channel = choose(asked.channel, accounts ? known.map((one) => one.channel) : [asked.channel ?? ''], '')
  const account = choose(asked.account, accounts ? known.map((one) => one.id) : [asked.account ?? ''], '')
  return { set, accounts: known, tab, state, channel, account, q: asked.q ?? '' }
}
type Filters = ReturnType<typeof useFilters>

export function OrdersPage() {
  const t = useT()
  const filters = useFilters()
  const query = {
    view: filters.tab.value,
    // Forty rows fill a screen and stay below 30 kB.
    limit: 40,
    q: filters.q || undefined,
    state: filters.state.value || undefined,
    channel: filters.channel.value || undefined,
    account: filters.account.value || undefined,
  }
  const list = useList('orders', { query }, { every: 3_000 })
  return (
    <Page title={t('orders.title')} head={<OrderTabs counts={list.first?.counts} current={filters.tab.value} />}>
      <FilterBar filters={filters} orders={list.items} />
      <UnknownFilters filters={filters} />
      {list.error && list.items.length === 0 && <ErrorNotice error={list.error} title={t('error.load')} />}
      {list.isPending && <Loading />}
      {list.first && list.items.length === 0 && <NoOrders filters={filters} total={list.first.counts.all} />}
      {list.items.length > 0 && <OrderTable orders={list.items} isWaiting={list.isPlaceholderData} />}
      <LoadMore list={list} />
    </Page>
  )
}

function OrderTabs({
  counts,
  current,
}: {
  counts: Record<'all' | 'toShip' | 'late' | 'dueToday' | 'problem' | 'pending', number> | undefined
  current: string
}) {
  const t = useT()
  return (
    <Tabs
      name="view"
      label={t('orders.title')}
      current={current}
      fallback="all"
      tabs={[
        { value: 'all', label: t('orders.all'), count: counts?.all },
        { value: 'to-ship', label: t('orders.toShip'), count: counts?.toShip },
        { value: 'late', label: t('orders.late'), count: counts?.late, tone: 'loss' },
        { value: 'due-today', label: t('orders.dueToday'), count: counts?.dueToday },
        { value: 'problem', label: t('orders.problem'), count: counts?.problem, tone: 'warning' },
        { value: 'pending', label: t('orders.pending'), count: counts?.pending },
      ]}
    />
  )
}

function FilterBar({ filters, orders }: { filters: Filters; orders: Order[] }) {
  const t = useT()
  const { set } = filters
  return (
    <div className="filters">
      <SearchBox label={t('orders.search')} value={filters.q} onChange={(q) => set({ q: q || undefined })} />
      <ChannelSelect
        accounts={filters.accounts}
        value={filters.channel.value}
        onChange={(channel) => set({ channel })}
      />
      <AccountSelect
        accounts={filters.accounts}
        value={filters.account.value}
        onChange={(account) => set({ account })}
      />
      <Choice
        label={t('orders.state')}
        value={filters.state.value}
        any={t('orders.anyState')}
        options={states.map((value) => ({ value, label: t(`orderState.${value}`) }))}
        onChange={(state) => set({ state })}
      />
      <span className="push" />
      <Button size="xs" variant="default" disabled={orders.length === 0} onClick={() => exportOrders(orders)}>
        {t('orders.csv', { count: orders.length })}
      </Button>
    </div>
  )
}

/** Column names stay English: programs read the file. */
function exportOrders(orders: readonly Order[]): void {
  const head = [
    'order',
    'channel',
    'account',
    'marketplace',
    'state',
    'placedAt',
    'shipBy',
    'units',
    'lines',
    'total',
    'currency',
    'problems',
  ]
  const rows = orders.map((one) => [
    one.remoteId,
    one.channel,
    one.account,
    one.marketplace,
    one.state,
    one.placedAt,
    one.shipBy,
    unitsOf(one),
    one.lines.length,
    one.total === null ? null : majorText(one.total, one.currency),
    one.currency,
    one.problems.join(' '),
  ])
  saveCsv(`orders-${new Date(hubNow()).toISOString().slice(0, 19).replaceAll(':', '')}.csv`, [head, ...rows])
}

function UnknownFilters({ filters }: { filters: Filters }) {
  const t = useT()
  const { set } = filters
  return (
    <>
      <UnknownFilter name={t('orders.view')} value={filters.tab.unknown} onRemove={() => set({ view: undefined })} />
      <UnknownFilter
        name={t('orders.state')}
        value={filters.state.unknown}
        onRemove={() => set({ state: undefined })}
      />
      <UnknownFilter
        name={t('orders.channel')}
        value={filters.channel.unknown}
        onRemove={() => set({ channel: undefined })}
      />
      <UnknownFilter
        name={t('orders.account')}
        value={filters.account.unknown}
        onRemove={() => set({ account: undefined })}
      />
    </>
  )
}

function NoOrders({ filters, total }: { filters: Filters; total: number }) {
  const t = useT()
  const isFiltered =
    filters.q || filters.state.value || filters.channel.value || filters.account.value || filters.tab.value !== 'all'
  if (!isFiltered) {
    return (
      <Empty
        title={t('orders.emptyFirst')}
        text={t('orders.emptyFirstText')}
        action={<Link to="/accounts">{t('orders.toAccounts')}</Link>}
      />
    )
  }
  const clear = () =>
    filters.set({ view: undefined, q: undefined, state: undefined, channel: undefined, account: undefined })
  return (
    <Empty
      title={filters.tab.value === 'late' && !filters.q ? t('orders.nothingLate') : t('orders.emptyFiltered')}
      {...(total > 0 ? { text: t('orders.emptyFilteredText') } : {})}
      action={
        <Button size="xs" onClick={clear}>
          {t('orders.clear')}
        </Button>
      }
    />
  )
}

const unitsOf = (order: Order): number => order.lines.reduce((sum, line) => sum + line.quantity * line.unitsPerSale, 0)
const isOpen = (order: Order): boolean =>
  order.state === 'open' || order.state === 'partly_shipped' || order.state === 'pending'

function OrderTable({ orders, isWaiting }: { orders: Order[]; isWaiting: boolean }) {
  const t = useT()
  return (
    <TableFrame label={t('orders.title')} stale={isWaiting}>
      <table className="dense">
        <thead>
          <tr>
            <th scope="col">{t('orders.id')}</th>
            <th scope="col">{t('orders.channel')}</th>
            <th scope="col" className="wide">
              {t('orders.account')}
            </th>
            <th scope="col" className="wide">
              {t('orders.placed')}
            </th>
            <th scope="col">{t('orders.state')}</th>
            <th scope="col">{t('orders.shipBy')}</th>
            <th scope="col" className="number wide">
              {t('orders.units')}
            </th>
            <th scope="col" className="number">
              {t('orders.total')}
            </th>
            <th scope="col">{t('orders.problems')}</th>
          </tr>
        </thead>
        <tbody>
          {orders.map((order) => (
            <OrderRow key={order.id} order={order} />
          ))}
        </tbody>
      </table>
    </TableFrame>
  )
}

function OrderRow({ order }: { order: Order }) {
  const t = useT()
  const format = useFormat()
  const word = useWord()
  const total = format.money(order.total, order.currency)
  return (
    <tr>
      <td>
        <OrderLink id={order.id} remoteId={order.remoteId} />
      </td>
      <td>{word('channel', order.channel)}</td>
      <td className="wide">{order.account}</td>
      <td className="wide">
        <Ago at={order.placedAt} />
      </td>
      <td>
        <OrderChip state={order.state} fulfilledBy={order.fulfilledBy} />
      </td>
      <td>
        <Deadline at={order.shipBy} open={isOpen(order) && order.fulfilledBy === 'merchant'} />
      </td>
      <td className="number wide">
        {order.lines.length === 0 ? '–' : `${format.number(unitsOf(order))} / ${format.number(order.lines.length)}`}
      </td>
      <td className={`number${order.state === 'canceled' ? ' struck' : ''}`}>
        {total ?? <span className="dim">{t('orders.totalUnknown')}</span>}
      </td>
      <td>
        <Problems order={order} />
      </td>
    </tr>
  )
}
