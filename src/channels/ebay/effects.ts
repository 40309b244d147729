/** What happens to an order from our side: parcels, refunds, cancellations. None of them carries a key of ours. */
import { ChannelError } from '../../domain/errors.ts'
import { writeAmount } from '../../domain/values.ts'
import type {
  Cancellations,
  CancelReason,
  EffectAnswer,
  KnownRefund,
  KnownShipment,
  OutgoingRefund,
  OutgoingShipment,
  Refunds,
  Shipments,
} from '../capabilities.ts'
import type { Account } from '../connector.ts'
import { calls } from './calls.ts'
import { unreadable } from './errors.ts'
import { amountOf } from './mapping.ts'
import { orderEffects, type WireFulfillment, type WireOrderEffects } from './wire.ts'

/** eBay's words for carriers, by ours; whatever else goes by its name. */
const carriers = new Map(
  [
    'UPS',
    'USPS',
    'FedEx',
    'DHL',
    'DPD',
    'GLS',
    'Hermes',
    'TNT',
    'Royal Mail',
    'Parcelforce',
    'Deutsche Post',
    'OnTrac',
  ].map((name) => [plain(name), plain(name) === 'fedex' ? 'FedEx' : name.replace(/ /g, '')]),
)

function plain(name: string): string {
  return name.replace(/[^\p{L}\p{N}]/gu, '').toLowerCase()
}

/** Letters and digits only (Sell Fulfillment, createShippingFulfillment). */
const plainNumber = (number: string) => number.replace(/[^A-Za-z0-9]/g, '')

/** A number and its carrier go together or not at all. */
export function writeShipment({ lines, shippedAt, carrier, trackingNumber }: OutgoingShipment) {
  const number = trackingNumber ? plainNumber(trackingNumber) : ''
  return {
    lineItems: lines.map(({ remoteId, quantity }) => ({ lineItemId: remoteId, quantity })),
    shippedDate: shippedAt.toISOString(),
    ...(number === ''
      ? {}
      : { shippingCarrierCode: carriers.get(plain(carrier ?? '')) ?? carrier ?? 'Other', trackingNumber: number }),
  }
}

export const readShipment = (one: WireFulfillment): KnownShipment => ({
  remoteId: one.fulfillmentId,
  lines: one.lineItems.map((line) => ({ remoteId: line.lineItemId, quantity: line.quantity ?? 0 })),
  carrier: one.shippingCarrierCode ?? null,
  trackingNumber: one.shipmentTrackingNumber ?? null,
  shippedAt: one.shippedDate ? new Date(one.shippedDate) : null,
})

/** An error of an effect; what nobody foresaw is thrown. */
async function answering(effect: () => Promise<EffectAnswer>): Promise<EffectAnswer> {
  try {
    return await effect()
  } catch (error) {
    if (!(error instanceof ChannelError)) throw error
    return { kind: 'failed', error }
  }
}

const readShipments = async (account: Account, orderId: string): Promise<KnownShipment[]> =>
  ((await calls.getShippingFulfillments(account, orderId)).fulfillments ?? []).map(readShipment)

/** The same parcel: by its number, or without one by what is in it. */
function isSame(known: KnownShipment, body: ReturnType<typeof writeShipment>): boolean {
  if (body.trackingNumber !== undefined) return known.trackingNumber === body.trackingNumber
  if (known.trackingNumber !== null) return false
  const text = (lines: readonly { id: string; quantity: number }[]) =>
    JSON.stringify(lines.map(({ id, quantity }) => `${id} ${quantity}`).sort())
  const there = known.lines.map(({ remoteId, quantity }) => ({ id: remoteId, quantity }))
  return text(there) === text(body.lineItems.map(({ lineItemId, quantity }) => ({ id: lineItemId, quantity })))
}

export const shipments: Shipments = {
  confirm: (account, shipment) =>
    answering(async () => {
      const body = writeShipment(shipment)
      // A parcel cannot be changed or taken back: what is there already, by whomever, is not told again.
      const there = (await readShipments(account, shipment.orderRemoteId)).find((known) => isSame(known, body))
      if (there) return { kind: 'applied', remoteId: there.remoteId }
      const remoteId = await calls.createShippingFulfillment(account, shipment.orderRemoteId, body)
      return { kind: 'applied', remoteId }
    }),
  read: readShipments,
  visibleAfterMs: 60_000,
}

const refundReasons: Record<OutgoingRefund['reason'], string> = {
  returned: 'BUYER_RETURN',
  canceled: 'BUYER_CANCEL',
  damaged: 'ITEM_NOT_AS_DESCRIBED',
  not_received: 'ITEM_NOT_RECEIVED',
  price: 'OTHER_ADJUSTMENT',
  other: 'OTHER_ADJUSTMENT',
}

/** By lines, or, where shipping is among it, one sum for the order: eBay takes either, not both. */
export function writeRefund({ reference, currency, lines, shippingAmount, reason }: OutgoingRefund) {
  const money = (amount: number) => ({ value: writeAmount({ amount, currency }), currency })
  const whole = lines.reduce((sum, line) => sum + line.amount, shippingAmount)
  const byLine = shippingAmount === 0 && lines.length > 0
  return {
    reasonForRefund: refundReasons[reason],
    comment: reference.slice(0, 100),
    ...(byLine
      ? { refundItems: lines.map((line) => ({ lineItemId: line.remoteId, refundAmount: money(line.amount) })) }
      : { orderLevelRefundAmount: money(whole) }),
  }
}

const refundStates = new Map<string, KnownRefund['state']>([
  ['PENDING', 'pending'],
  ['REFUNDED', 'done'],
  ['FAILED', 'failed'],
])

/** eBay tells amounts, not units, and gives no word of ours back. */
export function readRefunds({ paymentSummary }: WireOrderEffects): KnownRefund[] {
  return (paymentSummary?.refunds ?? []).map((one) => ({
    remoteId: one.refundId ?? one.refundReferenceId ?? '',
    reference: null,
    amount: amountOf(one.amount) ?? 0,
    currency: one.amount?.currency ?? '',
    state: refundStates.get(one.refundStatus ?? '') ?? 'unknown',
    lines: [],
  }))
}

async function orderOf(account: Account, orderId: string): Promise<WireOrderEffects> {
  const parsed = orderEffects.safeParse(await calls.getOrder(account, orderId))
  if (!parsed.success) throw unreadable('getOrder', false)
  return parsed.data
}

export const refunds: Refunds = {
  issue: (account, refund) =>
    answering(async () => {
      const { refundId, refundStatus } = await calls.issueRefund(account, refund.orderRemoteId, writeRefund(refund))
      const remoteId = refundId ?? null
      if (refundStatus === 'FAILED')
        return {
          kind: 'failed',
          error: new ChannelError('rejected', 'refund_failed', 'eBay could not refund the buyer'),
        }
      return { kind: refundStatus === 'REFUNDED' ? 'applied' : 'accepted', remoteId }
    }),
  read: async (account, orderId) => readRefunds(await orderOf(account, orderId)),
  visibleAfterMs: 60_000,
}

const cancelReasons: Record<CancelReason, string> = {
  buyer_asked: 'BUYER_ASKED_CANCEL',
  out_of_stock: 'OUT_OF_STOCK_OR_CANNOT_FULFILL',
  address: 'ADDRESS_ISSUES',
  price: 'OTHER_SELLER_CANCEL_REASON',
  fraud: 'OTHER_SELLER_CANCEL_REASON',
  other: 'OTHER_SELLER_CANCEL_REASON',
}

export const cancellations: Cancellations = {
  request: (account, { orderRemoteId, lines, reason }) =>
    answering(async () => {
      if (lines !== null)
        throw new ChannelError(
          'rejected',
          'whole_orders_only',
          'eBay cancels whole orders only; refund the lines instead',
        )
      // Where the buyer has asked, that request is agreed to; a second one beside it would be refused.
      const { cancelStatus } = await orderOf(account, orderRemoteId)
      const asked = cancelStatus?.cancelRequests?.find((one) => one.cancelRequestState === 'REQUESTED')?.cancelRequestId
      if (cancelStatus?.cancelState === 'CANCELED') return { kind: 'applied', remoteId: null }
      if (asked) {
        await calls.approveCancellation(account, asked)
        return { kind: 'accepted', remoteId: asked }
      }
      const body = { legacyOrderId: orderRemoteId, cancelReason: cancelReasons[reason] }
      const { cancelId } = await calls.createCancellation(account, body)
      return { kind: 'accepted', remoteId: cancelId }
    }),
  partial: false,
}
