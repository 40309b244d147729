/**
 * Money back, and cancellations. The store quotes first: what it would pay, and by which ways. It pays by the way in which
 * it was paid, or not at all: what was paid outside of the store is paid back outside of it.
 */
import { z } from 'zod'
import { ChannelError } from '../../domain/errors.ts'
import { readAmount, writeAmount } from '../../domain/values.ts'
import type { Cancellations, EffectAnswer, KnownRefund, OutgoingRefund } from '../capabilities.ts'
import type { Account } from '../connector.ts'
import { asked, call } from './client.ts'
import { effect } from './effects.ts'
import { linesOf } from './shipments.ts'
import { order, quoteAnswer, refundAnswer, refundsAnswer, type WireMethod, type WireRefund } from './wire.ts'

const canceled = 5
/** From these the goods are on their way, or were never to be sent. */
const shippedStatuses: readonly unknown[] = [2, 3, 10]

const shippedMark = order.extend({ items_shipped: z.number().catch(0) })

const askOrder = async (account: Account, id: string) =>
  (
    await call(account, {
      operation: 'getOrder',
      version: 'v2',
      method: 'GET',
      path: `/orders/${id}`,
      answer: shippedMark,
    })
  ).body

/** A status, set by whoever likes: so what left already is looked at first. */
export async function requestCancellation(
  account: Account,
  { orderRemoteId, lines }: Parameters<Cancellations['request']>[1],
): Promise<EffectAnswer> {
  return await effect(async () => {
    if (lines !== null)
      throw new ChannelError('rejected', 'partial_unsupported', 'the store cancels whole orders only: refund the units')
    const known = await asked(askOrder(account, orderRemoteId))
    if (known.status_id === canceled) return { kind: 'applied', remoteId: orderRemoteId }
    if (known.items_shipped > 0 || shippedStatuses.includes(known.status_id))
      throw new ChannelError('rejected', 'already_shipped', 'units of the order have left')
    await call(account, {
      operation: 'updateOrder',
      version: 'v2',
      method: 'PUT',
      path: `/orders/${orderRemoteId}`,
      body: { status_id: canceled },
      answer: z.object({ id: z.number() }),
    })
    return { kind: 'applied', remoteId: orderRemoteId }
  })
}

/** Ours in the reason of each item, so that the refund is found again. */
const prefix = 'entrepot:'

export async function issueRefund(account: Account, refund: OutgoingRefund): Promise<EffectAnswer> {
  return await effect(async () => {
    const { currency, shippingAmount, orderRemoteId: id } = refund
    const known = await asked(askOrder(account, id))
    const paidIn = known.default_currency_code || known.currency_code
    if (paidIn !== currency)
      throw new ChannelError('rejected', 'currency_differs', `the buyer paid in ${paidIn ?? 'an unknown currency'}`)
    const reason = `${prefix}${refund.reference}`
    const items = goodsOf(refund, reason)
    if (shippingAmount > 0)
      items.push({
        item_type: 'SHIPPING',
        item_id: await asked(addressOf(account, id)),
        amount: decimalOf(shippingAmount, currency),
        reason,
      })
    const quote = await asked(quoteOf(account, id, items))
    const wanted = refund.lines.reduce((sum, line) => sum + line.amount, shippingAmount)
    const { body } = await permitted(
      call(account, {
        operation: 'createRefund',
        version: 'v3',
        method: 'POST',
        path: `/orders/${id}/payment_actions/refunds`,
        body: { items, ...paymentOf(quote, wanted, currency) },
        answer: refundAnswer,
      }),
    )
    // The payment itself is made a little later.
    return { kind: 'accepted', remoteId: String(body.data.id) }
  })
}

/**
 * A refunded unit that has not left counts as canceled, there and here. So money on a price is given on the order as a whole
 * (`ORDER`, orders.v3): its units still leave.
 */
function goodsOf({ orderRemoteId, currency, lines, reason: why }: OutgoingRefund, reason: string): object[] {
  if (why !== 'price')
    return lines.map(({ remoteId, quantity }) => ({
      item_type: 'PRODUCT',
      item_id: Number(remoteId),
      quantity,
      reason,
    }))
  const sum = lines.reduce((all, line) => all + line.amount, 0)
  if (sum === 0) return []
  return [{ item_type: 'ORDER', item_id: Number(orderRemoteId), amount: decimalOf(sum, currency), reason }]
}

/** The scope for payments is a choice of the seller's: without it refunds are refused, and all else goes on. */
async function permitted<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer
  } catch (error) {
    if (!(error instanceof ChannelError) || error.kind !== 'auth' || error.code !== 'HTTP 403') throw error
    throw new ChannelError('rejected', 'scope_missing', 'the API account lacks the scope Order Transactions')
  }
}

type Quote = z.output<typeof quoteAnswer>['data']

async function quoteOf(account: Account, id: string, items: readonly object[]): Promise<Quote> {
  const { body } = await permitted(
    call(account, {
      operation: 'createRefundQuote',
      version: 'v3',
      method: 'POST',
      path: `/orders/${id}/payment_actions/refund_quotes`,
      body: { items },
      isRead: true,
      answer: quoteAnswer,
    }),
  )
  return body.data
}

/** The shipping of the first address: an order of several is refunded at the store. */
async function addressOf(account: Account, id: string): Promise<number> {
  const [line] = await linesOf(account, id)
  if (!line?.order_address_id) throw new ChannelError('rejected', 'no_shipping', 'the order was not shipped anywhere')
  return line.order_address_id
}

const decimalOf = (amount: number, currency: string): number => Number(writeAmount({ amount, currency }))
const minorOf = (value: number, currency: string): number =>
  readAmount(value.toFixed(2), currency) ?? readAmount(String(Math.round(value)), currency) ?? 0

/** By the one way in which the buyer paid. Less than the quote is paid by an amount of our own, and its part of the tax. */
function paymentOf(quote: Quote, wanted: number, currency: string): object {
  const total = minorOf(quote.total_refund_amount, currency)
  if (wanted > total) throw new ChannelError('rejected', 'more_than_paid', 'more would be paid back than was paid')
  const way = chooseWay(quote.refund_methods)
  if (!way) throw new ChannelError('rejected', 'paid_outside', 'it was not paid through the store: pay it back by hand')
  if (wanted === total)
    return { payments: way.map(({ provider_id, amount }) => ({ provider_id, amount, offline: false })) }
  if (way.length > 1)
    throw new ChannelError('rejected', 'several_payments', 'it was paid in several ways: refund a part at the store')
  const amount = decimalOf(wanted, currency)
  const tax = Math.round(minorOf(quote.total_refund_tax_amount, currency) * (wanted / total))
  return {
    payments: [{ provider_id: way[0]!.provider_id, amount, offline: false }],
    merchant_calculated_override: { total_amount: amount, total_tax: decimalOf(tax, currency) },
  }
}

/** Not as store credit, unless that is how all of it was paid; not by a way that only notes it. */
function chooseWay(methods: readonly WireMethod[]): WireMethod | undefined {
  const paying = methods.filter((way) => way.length > 0 && way.every((one) => !one.offline && !one.offline_provider))
  const isPaid = (way: WireMethod) => way.some((one) => one.provider_id !== 'storecredit')
  // Credit beside ways of another kind is a choice of the seller's, not how it was paid.
  const isOnlyCredit = methods.every((way) => way.every((one) => ['storecredit', 'custom'].includes(one.provider_id)))
  return paying.find(isPaid) ?? (isOnlyCredit ? paying[0] : undefined)
}

export async function readRefunds(account: Account, orderRemoteId: string): Promise<KnownRefund[]> {
  const known = await askOrder(account, orderRemoteId)
  const currency = known.default_currency_code || known.currency_code || ''
  const { body } = await permitted(
    call(account, {
      operation: 'getRefunds',
      version: 'v3',
      method: 'GET',
      path: `/orders/${orderRemoteId}/payment_actions/refunds`,
      answer: refundsAnswer,
    }),
  )
  return body.data.map((one) => readRefund(one, currency))
}

function readRefund({ id, total_amount: total, items, payments }: WireRefund, currency: string): KnownRefund {
  const reason = items.find((one) => one.reason?.startsWith(prefix))?.reason
  return {
    remoteId: String(id),
    reference: reason?.slice(prefix.length) ?? null,
    amount: minorOf(total, currency),
    currency,
    state: payments.some((one) => one.is_declined === true) ? 'failed' : 'done',
    lines: items.flatMap(({ item_type: type, item_id: item, quantity }) =>
      type === 'PRODUCT' && quantity ? [{ remoteId: String(item), quantity }] : [],
    ),
  }
}
