import { decimal, isoSeconds } from '../http.ts'
import { gid } from './objects.ts'
import { page } from './pages.ts'
import { matches, parseSearch } from './search.ts'
import type { Shop } from './shop.ts'
import type { ShopOrder } from './state.ts'

/**
 * Shopify Payments: what came of the orders there are. Charges and refunds of a day are paid out six hours after it, as far
 * as they are more than nothing; the money is there a day later. When a store is really paid depends on its country: assumed.
 */
const hour = 3_600_000
const day = 24 * hour
const afterMs = 6 * hour
const paidMs = 24 * hour
/** Published for the smallest plan. */
const feeShare = 0.029
const feeEach = 30

interface Booked {
  id: string
  kind: 'CHARGE' | 'REFUND'
  order: ShopOrder
  at: number
  /** minor units of the store's currency */
  amount: number
  fee: number
}

interface Payout {
  id: string
  at: number
  booked: Booked[]
}

function bookedOf(order: ShopOrder): Booked[] {
  const own = (amount: number) => Math.round(amount / order.presentment.rate)
  return order.transactions.map(({ id, kind, amount }) => {
    const refund = order.refunds.find(({ transactionIds }) => transactionIds.includes(id))
    return kind === 'SALE'
      ? {
          id,
          kind: 'CHARGE',
          order,
          at: order.createdAt,
          amount: own(amount),
          fee: Math.round(own(amount) * feeShare) + feeEach,
        }
      : { id, kind: 'REFUND', order, at: refund?.createdAt ?? order.updatedAt, amount: -own(amount), fee: 0 }
  })
}

function payoutsOf(shop: Shop): Payout[] {
  const now = shop.now()
  const booked = shop.state.orders
    .flatMap(bookedOf)
    .filter(({ at }) => at <= now)
    .sort((one, other) => one.at - other.at)
  const payouts: Payout[] = []
  let open: Booked[] = []
  const close = (end: number) => {
    if (netOf(open) <= 0 || end + afterMs > now) return
    payouts.push({ id: `9${String(end / day).padStart(10, '0')}`, at: end + afterMs, booked: open })
    open = []
  }
  const endOf = ({ at }: Booked) => (Math.floor(at / day) + 1) * day
  for (const one of booked) {
    const before = open.at(-1)
    if (before && endOf(before) < endOf(one)) close(endOf(before))
    open.push(one)
  }
  const last = open.at(-1)
  if (last) close(endOf(last))
  return payouts
}

const netOf = (booked: readonly Booked[]) => booked.reduce((sum, { amount, fee }) => sum + amount - fee, 0)
const currencyOf = (shop: Shop) => Object.values(shop.state.items)[0]?.currency ?? 'USD'
const money = (shop: Shop, amount: number) => ({
  amount: decimal(amount, currencyOf(shop)),
  currencyCode: currencyOf(shop),
})
const statusOf = (shop: Shop, { at }: Payout) => (shop.now() >= at + paidMs ? 'PAID' : 'SCHEDULED')

interface Paging {
  first?: number
  after?: string | null
  query?: string | null
}

/** Null: the store takes its payments otherwise. */
export function paymentsAccount(shop: Shop): object | null {
  if (!shop.settings.payments) return null
  return {
    __typename: 'ShopifyPaymentsAccount',
    id: gid('ShopifyPaymentsAccount', '1'),
    activated: true,
    country: 'US',
    defaultCurrency: currencyOf(shop),
    payouts: ({ first, after, query }: Paging) => {
      const terms = query ? parseSearch(query, ['issued_at', 'id', 'status']) : undefined
      const found = payoutsOf(shop).filter(
        (one) =>
          !terms ||
          matches(terms, (field) => (field === 'issued_at' ? one.at : field === 'id' ? one.id : statusOf(shop, one))),
      )
      return page(
        found,
        { first: first ?? null, after: after ?? null },
        ({ id }) => id,
        (one) => payoutView(shop, one),
      )
    },
    balanceTransactions: ({ first, after, query }: Paging) => {
      const terms = query ? parseSearch(query, ['payments_transfer_id']) : undefined
      const found = payoutsOf(shop)
        .filter(({ id }) => !terms || matches(terms, () => id))
        .flatMap((payout) => payout.booked.map((one) => ({ payout, one })))
      return page(
        found,
        { first: first ?? null, after: after ?? null },
        ({ one }) => `${new Date(one.at).toISOString()}/${one.id}`,
        ({ one, payout }) => transactionView(shop, one, payout),
      )
    },
  }
}

export function payoutNode(shop: Shop, id: string): object | null {
  const found = payoutsOf(shop).find((one) => gid('ShopifyPaymentsPayout', one.id) === id)
  return found ? payoutView(shop, found) : null
}

function payoutView(shop: Shop, payout: Payout): object {
  const sum = (kind: Booked['kind'], of: 'amount' | 'fee') =>
    money(
      shop,
      payout.booked.reduce((all, one) => all + (one.kind === kind ? one[of] : 0), 0),
    )
  const none = money(shop, 0)
  return {
    __typename: 'ShopifyPaymentsPayout',
    id: gid('ShopifyPaymentsPayout', payout.id),
    legacyResourceId: payout.id,
    issuedAt: isoSeconds(payout.at),
    status: statusOf(shop, payout),
    externalTraceId: null,
    transactionType: 'DEPOSIT',
    net: money(shop, netOf(payout.booked)),
    summary: {
      adjustmentsFee: none,
      adjustmentsGross: none,
      advanceFees: none,
      advanceGross: none,
      chargesFee: sum('CHARGE', 'fee'),
      chargesGross: sum('CHARGE', 'amount'),
      refundsFee: sum('REFUND', 'fee'),
      refundsFeeGross: sum('REFUND', 'amount'),
      reservedFundsFee: none,
      reservedFundsGross: none,
      retriedPayoutsFee: none,
      retriedPayoutsGross: none,
    },
  }
}

function transactionView(shop: Shop, one: Booked, payout: Payout): object {
  return {
    __typename: 'ShopifyPaymentsBalanceTransaction',
    id: gid('ShopifyPaymentsBalanceTransaction', one.id),
    type: one.kind,
    test: false,
    transactionDate: isoSeconds(one.at),
    adjustmentReason: null,
    sourceId: one.id,
    sourceType: one.kind,
    sourceOrderTransactionId: one.id,
    amount: money(shop, one.amount),
    fee: money(shop, one.fee),
    net: money(shop, one.amount - one.fee),
    associatedOrder: { id: gid('Order', one.order.id), name: one.order.name },
    associatedPayout: { id: gid('ShopifyPaymentsPayout', payout.id), status: statusOf(shop, payout) },
    adjustmentsOrders: [],
  }
}
