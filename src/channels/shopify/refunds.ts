/**
 * Money back, and cancellations. Units go back into stock at one place only: the store puts a canceled order's units back
 * by itself, except where they are missing; what a buyer sends back is booked by the hub when it arrives.
 */
import { ChannelError } from '../../domain/errors.ts'
import { readAmount, writeAmount } from '../../domain/values.ts'
import type { Cancellations, CancelReason, EffectAnswer, KnownRefund, OutgoingRefund } from '../capabilities.ts'
import type { Account } from '../connector.ts'
import { call } from './client.ts'
import * as documents from './documents-effects.ts'
import { asked, effect, gone, outcomeOf } from './effects.ts'
import { locationOf } from './items.ts'
import { readId, writeId } from './mapping.ts'
import {
  cancelAnswer,
  createRefundAnswer,
  paymentsAnswer,
  refundsAnswer,
  type WirePayment,
  type WireRefund,
} from './wire-effects.ts'

const reasons: Record<CancelReason, string> = {
  buyer_asked: 'CUSTOMER',
  out_of_stock: 'INVENTORY',
  address: 'OTHER',
  price: 'OTHER',
  fraud: 'FRAUD',
  other: 'OTHER',
}

/** The store works on it by itself; the order's next version tells whether it holds. */
export async function requestCancellation(
  account: Account,
  { orderRemoteId, lines, reason }: Parameters<Cancellations['request']>[1],
): Promise<EffectAnswer> {
  return await effect(async () => {
    if (lines !== null)
      throw new ChannelError('rejected', 'partial_unsupported', 'the store cancels whole orders only: refund the units')
    const { data } = await call(
      account,
      documents.cancelOrder,
      // Units that are missing must not be shown again.
      { id: writeId('Order', orderRemoteId), reason: reasons[reason], restock: reason !== 'out_of_stock' },
      cancelAnswer,
    )
    const payload = data.orderCancel
    const id = payload?.job?.id
    return outcomeOf('cancelOrder', payload?.orderCancelUserErrors, id && readId(id), 'accepted')
  })
}

/** Ours in the refund's note, so that it is found again. */
const notePrefix = 'entrepot:'

/** The key is the reference's own, so that a repeat of the same refund pays nothing twice. */
export async function issueRefund(account: Account, refund: OutgoingRefund): Promise<EffectAnswer> {
  return await effect(async () => {
    const id = writeId('Order', refund.orderRemoteId)
    const { order } = (await asked(call(account, documents.payments, { id }, paymentsAnswer))).data
    if (!order) throw gone()
    if (order.presentmentCurrencyCode !== refund.currency)
      throw new ChannelError('rejected', 'currency_differs', `the buyer paid in ${order.presentmentCurrencyCode}`)
    const isCanceled = refund.reason === 'canceled'
    const location = isCanceled ? await asked(locationOf(account)) : undefined
    const amount = refund.lines.reduce((sum, line) => sum + line.amount, refund.shippingAmount)
    const { currency, shippingAmount } = refund
    const input = {
      orderId: id,
      currency,
      note: `${notePrefix}${refund.reference}`,
      notify: false,
      refundLineItems: refund.lines.map(({ remoteId, quantity }) => ({
        lineItemId: writeId('LineItem', remoteId),
        quantity,
        restockType: isCanceled ? 'CANCEL' : 'NO_RESTOCK',
        ...(location ? { locationId: location } : {}),
      })),
      ...(shippingAmount > 0 ? { shipping: { amount: writeAmount({ amount: shippingAmount, currency }) } } : {}),
      transactions: payBack(order.transactions, id, amount, currency),
    }
    const key = `${notePrefix}${refund.reference}`
    const { data } = await call(account, documents.createRefund, { input, key }, createRefundAnswer)
    const made = data.refundCreate?.refund?.id
    return outcomeOf(
      'createRefund',
      data.refundCreate?.userErrors.map((one) => ({ ...one, code: null })),
      made && readId(made),
    )
  })
}

/** By the ways by which it was paid, the first one first. */
function payBack(payments: readonly WirePayment[], orderId: string, amount: number, currency: string) {
  let left = amount
  const ways = payments.flatMap(({ id, kind, status, gateway, amountSet }) => {
    if ((kind !== 'SALE' && kind !== 'CAPTURE') || status !== 'SUCCESS' || left === 0) return []
    const paid = readAmount(amountSet.presentmentMoney.amount, currency) ?? 0
    const back = Math.min(left, paid)
    left -= back
    if (back === 0) return []
    return [
      {
        orderId,
        parentId: id,
        gateway: gateway ?? '',
        kind: 'REFUND',
        amount: writeAmount({ amount: back, currency }),
      },
    ]
  })
  if (left > 0) throw new ChannelError('rejected', 'more_than_paid', 'more would be paid back than was paid')
  return ways
}

export async function readRefunds(account: Account, orderRemoteId: string): Promise<KnownRefund[]> {
  const variables = { id: writeId('Order', orderRemoteId) }
  const { data } = await call(account, documents.refunds, variables, refundsAnswer)
  if (!data.order) throw gone()
  return data.order.refunds.map(readRefund)
}

function readRefund({ id, note, totalRefundedSet, refundLineItems, transactions }: WireRefund): KnownRefund {
  const { amount, currencyCode } = totalRefundedSet.presentmentMoney
  const states = transactions.nodes.map(({ status }) => status)
  return {
    remoteId: readId(id),
    reference: note?.startsWith(notePrefix) ? note.slice(notePrefix.length) : null,
    amount: readAmount(amount, currencyCode) ?? 0,
    currency: currencyCode,
    state: stateOf(states),
    lines: refundLineItems.nodes.map(({ quantity, lineItem }) => ({ remoteId: readId(lineItem.id), quantity })),
  }
}

function stateOf(states: readonly string[]): KnownRefund['state'] {
  if (states.some((one) => one === 'FAILURE' || one === 'ERROR')) return 'failed'
  if (states.some((one) => one === 'PENDING' || one === 'AWAITING_RESPONSE')) return 'pending'
  return states.every((one) => one === 'SUCCESS') ? 'done' : 'unknown'
}
