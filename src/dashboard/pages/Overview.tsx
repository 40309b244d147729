import { Link } from '@tanstack/react-router'
import { useEffect, useRef } from 'react'
import { useFormat } from '../format.ts'
import { useT } from '../i18n.ts'
import { AccountStates } from '../parts/AccountStates.tsx'
import { announce } from '../parts/Announcer.tsx'
import { Chip, OrderChip } from '../parts/Chip.tsx'
import { Figures } from '../parts/Figures.tsx'
import { Findings } from '../parts/Findings.tsx'
import { HourBars } from '../parts/HourBars.tsx'
import { Empty, ErrorNotice } from '../parts/Notice.tsx'
import { Loading, OrderLink, Page, Panel, SkuLink, TableFrame } from '../parts/Page.tsx'
import { Ago } from '../parts/Time.tsx'
import { useWord } from '../parts/words.ts'
import { useCall } from '../queries.ts'
import type { Overview } from '../types.ts'

export function OverviewPage() {
  const t = useT()
  const format = useFormat()
  const query = useCall('overview', {}, { every: 2_000 })
  const overview = query.data
  const asOf = overview && <span className="dim as-of">{t('app.asOf', { time: format.clock(overview.now) })}</span>
  return (
    <Page title={t('overview.title')} head={asOf}>
      {query.error && !overview && <ErrorNotice error={query.error} title={t('error.load')} />}
      {query.isPending && <Loading />}
      {overview && <Content overview={overview} />}
    </Page>
  )
}

function Content({ overview }: { overview: Overview }) {
  const t = useT()
  useNewOrders(overview)
  if (overview.accounts.length === 0 && overview.orders.total === 0) {
    return (
      <Empty
        title={t('overview.noAccounts')}
        text={t('overview.noAccountsText')}
        action={<Link to="/accounts/connect">{t('overview.connect')}</Link>}
      />
    )
  }
  return (
    <>
      <Findings overview={overview} />
      <Figures overview={overview} />
      <div className="columns">
        <div className="column">
          <Panel title={t('overview.hoursTitle')} note={<OrderCounts overview={overview} />}>
            <HourBars rows={overview.orders.byHour} now={overview.now} />
          </Panel>
          <Panel
            title={t('overview.newest')}
            note={t('app.live')}
            action={<Link to="/orders">{t('overview.seeAll')}</Link>}
          >
            <Newest orders={overview.orders.newest} />
          </Panel>
        </div>
        <div className="column narrow">
          <Panel title={t('overview.sync')} action={<Link to="/accounts">{t('overview.open')}</Link>}>
            <AccountStates accounts={overview.accounts} />
          </Panel>
          <Panel title={t('overview.low')} action={<Link to="/stock">{t('overview.seeAll')}</Link>}>
            <LowStock levels={overview.stock.low} />
          </Panel>
        </div>
      </div>
    </>
  )
}

function OrderCounts({ overview }: { overview: Overview }) {
  const t = useT()
  const format = useFormat()
  const { byHour, lastHour, total } = overview.orders
  const day = byHour.reduce((sum, one) => sum + one.orders, 0)
  return (
    <>
      {t('overview.counts', { hour: format.number(lastHour), day: format.number(day), total: format.number(total) })}{' '}
      {t('overview.hoursNote')}
    </>
  )
}

/** Says how many orders came in; the rows themselves just appear. */
function useNewOrders(overview: Overview): void {
  const t = useT()
  const before = useRef(overview.orders.total)
  useEffect(() => {
    const count = overview.orders.total - before.current
    before.current = overview.orders.total
    if (count > 0) announce(t('overview.newAnnounced', { count }))
  }, [overview.orders.total, t])
}

function Newest({ orders }: { orders: Overview['orders']['newest'] }) {
  const t = useT()
  const format = useFormat()
  // What was here when the page opened did not just arrive.
  const known = useRef(new Set(orders.map((order) => order.id)))
  if (orders.length === 0) return <p className="dim pad">{t('overview.newestNone')}</p>
  return (
    <TableFrame label={t('overview.newest')}>
      <table>
        <thead>
          <tr>
            <th scope="col">{t('orders.id')}</th>
            <th scope="col" className="wide">
              {t('orders.account')}
            </th>
            <th scope="col">{t('orders.placed')}</th>
            <th scope="col">{t('orders.state')}</th>
            <th scope="col" className="number wide">
              {t('orders.total')}
            </th>
          </tr>
        </thead>
        <tbody>
          {orders.map((order) => (
            <tr key={order.id} className={known.current.has(order.id) ? undefined : 'arriving'}>
              <td>
                <OrderLink id={order.id} remoteId={order.remoteId} />
              </td>
              <td className="wide">
                <AccountName channel={order.channel} name={order.account} />
              </td>
              <td>
                <Ago at={order.placedAt} />
              </td>
              <td>
                <OrderChip state={order.state} />
              </td>
              <td className="number wide">
                {format.money(order.total, order.currency) ?? <span className="dim">{t('orders.totalUnknown')}</span>}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </TableFrame>
  )
}

/** "Amazon US" says its channel already. */
function AccountName({ channel, name }: { channel: string; name: string }) {
  const title = useWord()('channel', channel)
  if (name.toLowerCase().includes(channel.toLowerCase()) || name === title) return name
  return (
    <>
      {title} <span className="dim">{name}</span>
    </>
  )
}

function LowStock({ levels }: { levels: Overview['stock']['low'] }) {
  const t = useT()
  const format = useFormat()
  if (levels.length === 0) return <p className="dim pad">{t('overview.lowNone')}</p>
  return (
    <ul className="rows">
      {levels.map((level) => (
        <li key={level.variantId}>
          <span className="grow">
            <SkuLink sku={level.sku} />
            <span className="dim cut">{level.title}</span>
          </span>
          {level.short > 0 ? (
            <Chip tone="loss" icon="loss">
              {t('figure.short', { value: format.number(level.short) })}
            </Chip>
          ) : level.availableToPromise === 0 ? (
            <Chip tone="warning" icon="warning">
              {t('stock.soldOut')}
            </Chip>
          ) : (
            <span className="tabular">
              {t('stock.available')} {format.number(level.availableToPromise)}
            </span>
          )}
        </li>
      ))}
    </ul>
  )
}
