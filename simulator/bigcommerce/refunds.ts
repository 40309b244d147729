import { json } from '../http.ts'
import { pageOf } from './answers.ts'
import type { BcOrder } from './state.ts'
import { changed, newNumber, type Store, status } from './store.ts'

const text = (value: unknown): string => (typeof value === 'string' ? value : '')

interface RefundItem {
  item_type?: unknown
  item_id?: unknown
  quantity?: unknown
  amount?: unknown
  reason?: unknown
}

/** What the items come to, in minor units; a text says why they cannot be refunded. */
function priced(
  order: BcOrder,
  items: unknown,
): { type: string; itemId: number; quantity?: number; amount: number; reason: string }[] | string {
  if (!Array.isArray(items) || items.length === 0) return 'items are missing'
  const read = []
  for (const { item_type: type, item_id: id, quantity, amount, reason } of items as RefundItem[]) {
    const one = { type: text(type), itemId: Number(id), reason: text(reason) }
    if (type === 'PRODUCT') {
      const line = order.lines.find((candidate) => candidate.id === id)
      if (!line) return 'the item is not of this order'
      if (!(typeof quantity === 'number' && quantity >= 1 && quantity <= line.quantity - line.refunded))
        return 'more would be refunded than was bought'
      read.push({ ...one, quantity, amount: quantity * line.unitPrice })
    } else if (type === 'SHIPPING' || type === 'ORDER') {
      if (typeof amount !== 'number' || amount < 0) return 'amount is missing'
      read.push({ ...one, amount: Math.round(amount * 100) })
    } else return `${text(type)} is not known`
  }
  return read
}

const refuseV3 = (title: string) =>
  json(422, { status: 422, title, type: '/api-docs/getting-started/api-status-codes', errors: {} })

export function quoteRefund(order: BcOrder, body: unknown): Response {
  if (order.paid === 'no') return refuseV3('The order has no payment that could be refunded.')
  const items = priced(order, (body as { items?: unknown } | undefined)?.items)
  if (typeof items === 'string') return refuseV3(items)
  const amount = items.reduce((total, one) => total + one.amount, 0) / 100
  const byHand = { offline: true, offline_provider: true, offline_reason: 'This is an offline payment provider.' }
  const online = { offline: false, offline_provider: false, offline_reason: '' }
  const credit = [{ provider_id: 'storecredit', provider_description: 'Store Credit', amount, ...online }]
  const custom = [{ provider_id: 'custom', provider_description: 'Custom', amount, ...byHand }]
  const paid =
    order.paid === 'online'
      ? [{ provider_id: 'braintree', provider_description: 'Braintree', amount, ...online }]
      : [{ provider_id: 'bankdeposit', provider_description: 'Bank Deposit', amount, ...byHand }]
  const data = {
    order_id: order.id,
    total_refund_amount: amount,
    total_refund_tax_amount: 0,
    order_level_refund_amount: 0,
    rounding: 0,
    adjustment: 0,
    tax_inclusive: false,
    refund_methods: [credit, custom, paid],
  }
  return json(201, { data, meta: {} })
}

interface RefundBody {
  items?: unknown
  payments?: { provider_id?: unknown; amount?: unknown; offline?: unknown }[]
  merchant_calculated_override?: { total_amount?: unknown; total_tax?: unknown }
}

/** Of this call the errors come as a list (createOrderRefund). */
const refuseRefund = (title: string) =>
  json(422, { data: [{ status: 422, title, type: '/api-docs/getting-started/api-status-codes' }] })

/** No unit goes back into stock by it (Order Refunds). */
export function createRefund(store: Store, order: BcOrder, body: unknown): Response {
  const { items: given, payments, merchant_calculated_override: override } = (body ?? {}) as RefundBody
  if (order.paid === 'no') return refuseRefund('The order has no payment that could be refunded.')
  const items = priced(order, given)
  if (typeof items === 'string') return refuseRefund(items)
  if (!Array.isArray(payments) || payments.length === 0) return refuseRefund('payments are missing')
  const computed = items.reduce((total, one) => total + one.amount, 0)
  const amount = override === undefined ? computed : Math.round(Number(override.total_amount) * 100)
  const paying = Math.round(payments.reduce((total, one) => total + Number(one.amount), 0) * 100)
  const before = order.refunds.reduce((total, one) => total + one.amount, 0)
  const paid = order.lines.reduce((total, line) => total + line.unitPrice * line.quantity, 0)
  if (paying !== amount || amount > paid - before) return refuseRefund('The amount does not fit the payments.')
  const refund = {
    id: newNumber(store),
    createdAt: store.now(),
    amount,
    providerId: text(payments[0]!.provider_id),
    offline: payments[0]!.offline === true,
    items,
  }
  for (const { type, itemId, quantity } of items)
    if (type === 'PRODUCT') order.lines.find(({ id }) => id === itemId)!.refunded += quantity!
  order.refunds.push(refund)
  const previous = order.statusId
  order.statusId = amount + before >= paid ? status.refunded : status.partlyRefunded
  changed(store, order, previous)
  return json(201, { data: writeRefund(order, refund), meta: {} })
}

function writeRefund(
  order: BcOrder,
  { id, createdAt, amount, providerId, offline, items }: BcOrder['refunds'][number],
) {
  return {
    id,
    order_id: order.id,
    user_id: 0,
    created: new Date(createdAt).toISOString(),
    reason: '',
    total_amount: amount / 100,
    total_tax: 0,
    items: items.map((one) => ({
      item_type: one.type,
      item_id: one.itemId,
      reason: one.reason,
      ...(one.quantity === undefined ? {} : { quantity: one.quantity }),
      requested_amount: one.amount / 100,
    })),
    payments: [
      { id: id + 1, provider_id: providerId, amount: amount / 100, offline, is_declined: false, declined_message: '' },
    ],
  }
}

export const getRefunds = (order: BcOrder): Response =>
  json(200, { data: order.refunds.map((one) => writeRefund(order, one)), meta: {} })

export const getAllRefunds = (store: Store, query: URLSearchParams): Response =>
  pageOf(
    store.state.orders.flatMap((order) => order.refunds.map((refund) => ({ order, refund }))),
    query,
    250,
    ({ order, refund }) => writeRefund(order, refund),
  )
