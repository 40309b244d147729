import { Link, useParams } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useFormat } from '../format.ts'
import { useT } from '../i18n.ts'
import { Buyer } from '../parts/Buyer.tsx'
import { Chip, OrderChip, Problems } from '../parts/Chip.tsx'
import { ErrandsPanel } from '../parts/ErrandsPanel.tsx'
import { LinkForm } from '../parts/LinkForm.tsx'
import { CopyButton, Empty, ErrorNotice } from '../parts/Notice.tsx'
import { Loading, Page, Panel, SkuLink, TableFrame } from '../parts/Page.tsx'
import { Deadline, Exact } from '../parts/Time.tsx'
import { Timeline } from '../parts/Timeline.tsx'
import { useWord } from '../parts/words.ts'
import { isStatus, useCall } from '../queries.ts'
import type { OrderDetail, OrderLine } from '../types.ts'

export function OrderPage() {
  const t = useT()
  const { id } = useParams({ strict: false }) as { id: string }
  const query = useCall('order', { params: { id } }, { every: 4_000 })
  const order = query.data?.id === id ? query.data : undefined
  const isGone = isStatus(query.error, 404) || isStatus(query.error, 400)
  return (
    <Page
      title={order?.remoteId ?? t('orders.id')}
      back={{ to: '/orders', label: t('orders.title') }}
      {...(order ? { head: <Head order={order} /> } : {})}
    >
      {isGone && (
        <Empty
          title={t('error.orderGone')}
          text={t('error.orderGoneText')}
          action={<Link to="/orders">{t('error.toOrders')}</Link>}
        />
      )}
      {query.error && !isGone && !order && <ErrorNotice error={query.error} title={t('error.load')} />}
      {!order && !query.error && <Loading />}
      {order && <Content order={order} />}
    </Page>
  )
}

function Head({ order }: { order: OrderDetail }) {
  const t = useT()
  return (
    <>
      <CopyButton text={order.remoteId} label={t('order.copyId')} />
      <OrderChip state={order.state} fulfilledBy={order.fulfilledBy} />
      <Problems order={order} />
    </>
  )
}

function Content({ order }: { order: OrderDetail }) {
  const t = useT()
  return (
    <>
      <Facts order={order} />
      <Panel title={t('order.lines')}>
        {order.lines.length === 0 ? <p className="dim pad">{t('order.noLines')}</p> : <Lines order={order} />}
      </Panel>
      <UnknownLines order={order} />
      <ErrandsPanel order={order} />
      <div className="columns">
        <div className="column">
          <Panel title={t('order.timeline')}>
            <Timeline entries={order.timeline} />
          </Panel>
        </div>
        <div className="column narrow">
          <Panel title={t('order.buyer')}>
            <Buyer key={order.id} orderId={order.id} hasBuyer={order.hasBuyer} />
          </Panel>
        </div>
      </div>
    </>
  )
}

function Facts({ order }: { order: OrderDetail }) {
  const t = useT()
  const format = useFormat()
  const word = useWord()
  const isOpen = ['open', 'partly_shipped', 'pending'].includes(order.state) && order.fulfilledBy === 'merchant'
  const facts: [string, ReactNode][] = [
    [
      t('order.total'),
      <strong key="total" className={order.state === 'canceled' ? 'struck' : undefined}>
        {format.money(order.total, order.currency) ?? t('orders.totalUnknown')}
      </strong>,
    ],
    [t('order.shipBy'), <Deadline key="ship" at={order.shipBy} open={isOpen} />],
    [t('orders.channel'), `${word('channel', order.channel)} · ${order.account}`],
    [t('order.marketplace'), order.marketplace ?? '–'],
    [t('order.fulfilledBy'), order.fulfilledBy === 'merchant' ? t('order.merchant') : t('order.byChannel')],
    [t('order.placed'), <Exact key="placed" at={order.placedAt} />],
    [t('order.imported'), <Exact key="imported" at={order.importedAt} />],
    [t('order.updated'), <Exact key="updated" at={order.updatedAt} />],
    ...(order.deliverBy
      ? [[t('order.deliverBy'), <Exact key="deliver" at={order.deliverBy} />] as [string, ReactNode]]
      : []),
  ]
  return (
    <dl className="facts">
      {facts.map(([label, value]) => (
        <div key={label}>
          <dt>{label}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}

function Lines({ order }: { order: OrderDetail }) {
  const t = useT()
  return (
    <TableFrame label={t('order.lines')}>
      <table>
        <thead>
          <tr>
            <th scope="col">{t('order.sku')}</th>
            <th scope="col">{t('order.name')}</th>
            <th scope="col" className="number">
              {t('order.quantity')}
            </th>
            <th scope="col" className="number">
              {t('order.reserved')}
            </th>
            <th scope="col" className="number">
              {t('order.short')}
            </th>
            <th scope="col" className="number">
              {t('order.shipped')}
            </th>
            <th scope="col" className="number">
              {t('order.canceled')}
            </th>
            <th scope="col" className="number">
              {t('order.price')}
            </th>
          </tr>
        </thead>
        <tbody>
          {order.lines.map((line) => (
            <Line key={line.id} line={line} currency={order.currency} />
          ))}
        </tbody>
      </table>
    </TableFrame>
  )
}

function Line({ line, currency }: { line: OrderLine; currency: string | null }) {
  const t = useT()
  const format = useFormat()
  const figure = (value: number) => <td className={`number${value === 0 ? ' dim' : ''}`}>{format.number(value)}</td>
  return (
    <tr>
      <td>
        {line.sku ? (
          <SkuLink sku={line.sku} />
        ) : (
          <Chip tone="warning" icon="question">
            {line.remoteSku ?? t('order.noSku')}
          </Chip>
        )}
      </td>
      <td className="title" title={line.title}>
        {line.title || <span className="dim">–</span>}
      </td>
      <td className="number">
        {format.number(line.quantity)}
        {line.unitsPerSale > 1 && <span className="dim"> {t('order.unitsPer', { count: line.unitsPerSale })}</span>}
      </td>
      {figure(line.reserved)}
      <td className="number">
        {line.short > 0 ? (
          <span title={t('order.shortText', { count: line.short })}>
            <Chip tone="loss" icon="loss">
              {format.number(line.short)}
            </Chip>
          </span>
        ) : (
          <span className="dim">0</span>
        )}
      </td>
      {figure(line.shipped)}
      {figure(line.canceled)}
      <td className="number">{format.money(line.unitPrice, currency) ?? <span className="dim">–</span>}</td>
    </tr>
  )
}

/** The next step stands right where the reason is shown. */
function UnknownLines({ order }: { order: OrderDetail }) {
  const skus = [...new Set(order.lines.filter((line) => line.sku === null).map((line) => line.remoteSku))]
  return skus.map((remoteSku) => <LinkForm key={remoteSku ?? ''} order={order} remoteSku={remoteSku} />)
}
