import { fires, rewritten } from '../faults.ts'
import { decimal, json } from '../http.ts'
import { EbayRefusal } from './answers.ts'
import type { Ebay } from './market.ts'
import { totalOf } from './orders.ts'
import { iso } from './orders-wire.ts'
import type { EbayOrder } from './types.ts'

/**
 * The Finances API: what came of the orders there are. A sale or refund is a transaction; those of a day are paid out six
 * hours after it, as far as they are more than nothing, and the payout is done a day later. How eBay really groups
 * them is the seller's choice: assumed.
 */
const hour = 3_600_000
const day = 24 * hour
const afterMs = 6 * hour
const doneMs = 24 * hour
/** Published for most categories; rounded. */
const feeShare = 0.1325

const refuse = (status: number, errorId: number, message: string) =>
  new EbayRefusal(status, errorId, message, 'API_FINANCES')

interface Booked {
  id: string
  kind: 'SALE' | 'REFUND'
  order: EbayOrder
  at: number
  /** minor units: of a sale what is left of it after fees */
  amount: number
  fees: { lineItemId: string; basis: number; fee: number }[]
}

interface Payout {
  id: string
  at: number
  booked: Booked[]
  amount: number
}

function bookedOf(order: EbayOrder): Booked[] {
  const booked: Booked[] = []
  const paid = order.versions.find(({ payment }) => payment !== 'PENDING' && payment !== 'FAILED')
  if (paid) {
    const fees = order.lines.map(({ lineItemId, unitPrice, quantity }) => {
      const basis = unitPrice * quantity
      return { lineItemId, basis, fee: Math.round(basis * feeShare) }
    })
    const amount = totalOf(order) - fees.reduce((sum, { fee }) => sum + fee, 0)
    booked.push({ id: order.id, kind: 'SALE', order, at: paid.updatedAt, amount, fees })
  }
  for (const { refundId, amount, at, status } of order.versions.at(-1)?.refunds ?? [])
    if (status === 'REFUNDED') booked.push({ id: refundId, kind: 'REFUND', order, at, amount, fees: [] })
  return booked
}

/** Everything up to now, and the payouts that were made of it. */
function books(ebay: Ebay): { booked: Booked[]; payouts: Payout[] } {
  const now = ebay.now()
  const booked = ebay.state.orders
    .flatMap(bookedOf)
    .filter(({ at }) => at <= now)
    .sort((one, other) => one.at - other.at)
  const payouts: Payout[] = []
  let open: Booked[] = []
  const close = (end: number) => {
    const amount = open.reduce((sum, one) => sum + (one.kind === 'SALE' ? one.amount : -one.amount), 0)
    if (amount <= 0 || end + afterMs > now) return
    payouts.push({ id: `5${String(end / day).padStart(9, '0')}`, at: end + afterMs, booked: open, amount })
    open = []
  }
  for (const one of booked) {
    const before = open.at(-1)
    if (before && Math.floor(before.at / day) < Math.floor(one.at / day)) close((Math.floor(before.at / day) + 1) * day)
    open.push(one)
  }
  const last = open.at(-1)
  if (last) close((Math.floor(last.at / day) + 1) * day)
  return { booked, payouts }
}

/** GET /payout: newest first. */
export function getPayouts(ebay: Ebay, query: URLSearchParams): Response {
  const span = spanOf(query.get('filter') ?? '', 'payoutDate', 135004)
  const found = books(ebay).payouts.filter(({ at }) => !span || (at >= span.from && at <= span.to))
  return paged(query, found.toReversed(), 'payout', 'payouts', 200, (one) => payoutView(ebay, one))
}

/** GET /payout/{payout_Id} */
export function getPayout(ebay: Ebay, id: string): Response {
  const found = books(ebay).payouts.find((one) => one.id === id)
  if (!found) throw refuse(404, 135001, 'The payout id was not found.')
  return json(200, payoutView(ebay, found))
}

/** GET /transaction: newest first. */
export function getTransactions(ebay: Ebay, query: URLSearchParams): Response {
  const filter = query.get('filter') ?? ''
  const { booked, payouts } = books(ebay)
  const payoutId = /^payoutId:\{([^}]*)\}$/.exec(filter)?.[1]
  const span = payoutId === undefined ? spanOf(filter, 'transactionDate', 135008) : undefined
  const payoutOf = new Map(payouts.flatMap((one) => one.booked.map((each) => [each, one.id] as const)))
  const found = booked.filter((one) =>
    payoutId === undefined ? !span || (one.at >= span.from && one.at <= span.to) : payoutOf.get(one) === payoutId,
  )
  return paged(query, found.toReversed(), 'transaction', 'transactions', 1_000, (one) =>
    transactionView(one, payoutOf.get(one)),
  )
}

function spanOf(filter: string, name: string, errorId: number): { from: number; to: number } | undefined {
  if (filter === '') return undefined
  const found = new RegExp(`^${name}:\\[([^\\]]*)\\.\\.([^\\]]*)\\]$`).exec(filter)
  const [from, to] = [Date.parse(found?.[1] ?? ''), Date.parse(found?.[2] ?? '')]
  if (Number.isNaN(from) || Number.isNaN(to) || to < from)
    throw refuse(400, errorId, 'The value of a filter is invalid.')
  return { from, to }
}

/** Nothing at all is told by a status. */
function paged<T>(
  query: URLSearchParams,
  found: readonly T[],
  path: string,
  name: string,
  most: number,
  view: (one: T) => object,
): Response {
  const limit = Number(query.get('limit') ?? 20)
  const offset = Number(query.get('offset') ?? 0)
  if (!Number.isInteger(limit) || limit < 1 || limit > most || !Number.isInteger(offset) || offset < 0)
    throw refuse(400, 135003, 'The value of pagination is invalid.')
  if (found.length === 0) return new Response(null, { status: 204 })
  const at = (from: number) => `https://apiz.ebay.com/sell/finances/v1/${path}?limit=${limit}&offset=${from}`
  return json(200, {
    href: at(offset),
    ...(offset + limit < found.length ? { next: at(offset + limit) } : {}),
    ...(offset > 0 ? { prev: at(Math.max(0, offset - limit)) } : {}),
    total: found.length,
    limit,
    offset,
    [name]: found.slice(offset, offset + limit).map(view),
  })
}

const money = (order: EbayOrder, minorUnits: number) => ({
  value: decimal(minorUnits, order.currency),
  currency: order.currency,
})

function payoutView(ebay: Ebay, { id, at, booked, amount }: Payout): object {
  const isDone = ebay.now() >= at + doneMs
  return {
    payoutId: id,
    payoutStatus: isDone ? 'SUCCEEDED' : 'INITIATED',
    payoutStatusDescription: isDone ? 'Funds sent' : 'Funds on the way',
    amount: money(booked[0]!.order, amount),
    payoutDate: iso(at),
    payoutInstrument: { instrumentType: 'BANK', nickname: 'Simulated bank', accountLastFourDigits: '0042' },
    transactionCount: booked.length,
  }
}

function transactionView({ id, kind, order, at, amount, fees }: Booked, payoutId: string | undefined): object {
  return {
    transactionId: id,
    orderId: order.id,
    ...(payoutId === undefined ? {} : { payoutId }),
    salesRecordReference: '0',
    buyer: { username: order.username },
    transactionType: kind,
    amount: money(order, amount),
    ...(kind === 'SALE'
      ? {
          totalFeeBasisAmount: money(order, totalOf(order)),
          totalFeeAmount: money(order, totalOf(order) - amount),
          orderLineItems: fees.map(({ lineItemId, basis, fee }) => ({
            lineItemId,
            feeBasisAmount: money(order, basis),
            marketplaceFees: [{ feeType: 'FINAL_VALUE_FEE', amount: money(order, fee) }],
          })),
        }
      : {}),
    bookingEntry: kind === 'SALE' ? 'CREDIT' : 'DEBIT',
    transactionDate: iso(at),
    transactionStatus: payoutId === undefined ? 'FUNDS_PROCESSING' : 'PAYOUT',
    paymentsEntity: 'eBay Commerce Inc.',
  }
}

/** GET /commerce/identity/v1/user/: who the token stands for. */
export function getUser(ebay: Ebay): Response {
  const body = {
    userId: 'sim-seller',
    username: ebay.settings.sellerId,
    accountType: 'BUSINESS',
    registrationMarketplaceId: ebay.settings.marketplaceIds[0] ?? 'EBAY_US',
    status: 'CONFIRMED',
    businessAccount: { name: 'The simulated seller', email: 'seller@simulated.example' },
  }
  const change = fires(ebay.core, 'ebay', 'getUser', 'rewrite')
  return json(200, change ? rewritten(body, change.changes) : body)
}
