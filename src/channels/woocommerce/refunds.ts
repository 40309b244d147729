/**
 * Money back, and cancellations. Units go back into stock at one place only: the store puts those of a canceled order back by
 * itself; what a buyer sends back is booked by the hub when it arrives.
 */
import { ChannelError } from '../../domain/errors.ts'
import { readAmount, writeAmount } from '../../domain/values.ts'
import type { Cancellations, EffectAnswer, KnownRefund, LineUnits, OutgoingRefund } from '../capabilities.ts'
import type { Account } from '../connector.ts'
import { call, largestPage, page, wc } from './client.ts'
import { copyOf, reducedKey } from './copies.ts'
import { asked, effect, readOne } from './effects.ts'
import { unreadable } from './errors.ts'
import { parcelsOf } from './parcels.ts'
import { readSettings } from './settings.ts'
import { list, made, refund as refundSchema, type WireLine, type WireOrder, type WireRefund } from './wire.ts'

/** Ours in the refund's reason, so that it is found again. */
const prefix = 'entrepot:'

export async function issueRefund(account: Account, refund: OutgoingRefund): Promise<EffectAnswer> {
  return await effect(async () => {
    const wire = await asked(readOne(account, refund.orderRemoteId))
    const { currency } = refund
    if (wire.currency !== currency)
      throw new ChannelError(
        'rejected',
        'currency_differs',
        `the buyer paid in ${wire.currency ?? 'an unknown currency'}`,
      )
    const known = await asked(refundsOf(account, wire.id))
    const before = known.find(({ reason }) => reason === `${prefix}${refund.reference}`)
    if (before) return { kind: 'applied', remoteId: String(before.id) }
    const amount = refund.lines.reduce((sum, line) => sum + line.amount, refund.shippingAmount)
    const paid = readAmount(wire.total ?? '', currency) ?? 0
    const given = known.reduce((sum, one) => sum + (readAmount(one.amount, currency) ?? 0), 0)
    if (amount > paid - given)
      throw new ChannelError('rejected', 'amount_too_large', 'more than is left of what was paid')
    const { body } = await call(account, {
      operation: 'createRefund',
      method: 'POST',
      path: wc(`/orders/${wire.id}/refunds`),
      body: {
        amount: writeAmount({ amount, currency }),
        reason: `${prefix}${refund.reference}`,
        line_items: refund.lines.map((line) => writeLine(wire, line, currency)),
        api_refund: readSettings(account.settings).refunds === 'gateway',
        api_restock: false,
      },
      answer: made,
    })
    return { kind: 'applied', remoteId: String(body.id) }
  })
}

/** A sum with tax in it, as the store keeps it: goods and each tax by themselves, in the parts in which they were paid. */
function writeLine(wire: WireOrder, { remoteId, quantity, amount }: LineUnits & { amount: number }, currency: string) {
  const line = wire.line_items.find((one) => String(one.id) === remoteId)
  if (!line) throw new ChannelError('rejected', 'unknown_line', 'the order has no such line')
  const taxes = taxParts(line, amount, currency)
  const goods = amount - taxes.reduce((sum, one) => sum + one.amount, 0)
  return {
    id: line.id,
    quantity,
    refund_total: Number(writeAmount({ amount: goods, currency })),
    ...(taxes.length > 0
      ? {
          refund_tax: taxes.map((one) => ({
            id: one.id,
            refund_total: Number(writeAmount({ amount: one.amount, currency })),
          })),
        }
      : {}),
  }
}

function taxParts({ total, taxes }: WireLine, amount: number, currency: string) {
  const parts = (taxes ?? []).map((one) => ({ id: one.id, paid: readAmount(one.total, currency) ?? 0 }))
  const paid = parts.reduce((sum, one) => sum + one.paid, readAmount(total ?? '', currency) ?? 0)
  return paid === 0
    ? []
    : parts.flatMap(({ id, paid: tax }) => (tax === 0 ? [] : [{ id, amount: Math.round((amount * tax) / paid) }]))
}

/** All refunds of an order. Where nobody is told of those that cannot be read, there must be none. */
async function refundsOf(account: Account, orderId: number, onOdd?: () => void): Promise<WireRefund[]> {
  const { items, total } = await page(account, {
    operation: 'listRefunds',
    path: wc(`/orders/${orderId}/refunds`),
    query: { per_page: largestPage },
    from: 0,
    answer: list,
  })
  const refunds = items.flatMap((raw) => refundSchema.safeParse(raw).data ?? [])
  // One that is not seen might be paid a second time.
  if (total > items.length) throw unreadable('listRefunds', false)
  if (refunds.length < items.length && !onOdd) throw unreadable('listRefunds', false)
  if (refunds.length < items.length) onOdd?.()
  return refunds
}

const unitsOf = (refund: WireRefund): LineUnits[] =>
  (refund.line_items ?? []).flatMap(({ quantity, meta_data }) => {
    const of = meta_data.find(({ key }) => key === '_refunded_item_id')?.value
    return of !== undefined && quantity < 0 ? [{ remoteId: String(of), quantity: -quantity }] : []
  })

/** Units given back by order line. */
export async function unitsRefunded(
  account: Account,
  orderId: number,
  onOdd?: () => void,
): Promise<Record<string, number>> {
  const units: Record<string, number> = {}
  for (const { remoteId, quantity } of (await refundsOf(account, orderId, onOdd)).flatMap(unitsOf))
    units[remoteId] = (units[remoteId] ?? 0) + quantity
  return units
}

export async function readRefunds(account: Account, orderRemoteId: string): Promise<KnownRefund[]> {
  const wire = await readOne(account, orderRemoteId)
  const currency = wire.currency ?? ''
  return (await refundsOf(account, wire.id)).map((one) => ({
    remoteId: String(one.id),
    reference: one.reason.startsWith(prefix) ? one.reason.slice(prefix.length) : null,
    amount: readAmount(one.amount, currency) ?? 0,
    currency,
    state: 'done',
    lines: unitsOf(one),
  }))
}

/** The status alone is checked by nobody: what has left, or is over, is refused here. */
export async function requestCancellation(
  account: Account,
  { orderRemoteId, lines, reason }: Parameters<Cancellations['request']>[1],
): Promise<EffectAnswer> {
  return await effect(async () => {
    if (lines !== null)
      throw new ChannelError('rejected', 'partial_unsupported', 'the store cancels whole orders only: refund the units')
    const wire = await asked(readOne(account, orderRemoteId))
    if (wire.status === 'cancelled') return { kind: 'applied', remoteId: null }
    if (wire.status === 'completed' || wire.status === 'refunded' || parcelsOf(wire.meta_data).length > 0)
      throw new ChannelError('rejected', 'already_left', 'the order has left, or was refunded')
    const staysOff = reason === 'out_of_stock' || copyOf(wire) !== null
    await call(account, {
      operation: 'cancelOrder',
      method: 'PUT',
      path: wc(`/orders/${wire.id}`),
      body: { status: 'cancelled', ...(staysOff ? { line_items: withoutStock(wire) } : {}) },
      answer: made,
    })
    return { kind: 'applied', remoteId: null }
  })
}

/**
 * Canceling puts back what each line says it took. Units that are missing, or that a copy never took, must not be shown
 * again: the line forgets them first. Always with the line's id: without one the store would add a line.
 */
function withoutStock({ line_items }: WireOrder) {
  return line_items.flatMap(({ id, meta_data }) => {
    const mark = meta_data.find(({ key }) => key === reducedKey)
    return mark?.id ? [{ id, meta_data: [{ id: mark.id, key: reducedKey, value: null }] }] : []
  })
}
