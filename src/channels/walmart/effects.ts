/** What happens to an order from our side: acknowledgement, parcels, refunds, cancellations. None carries a key of ours. */
import { ChannelError } from '../../domain/errors.ts'
import { readAmount, writeAmount } from '../../domain/values.ts'
import type {
  Acknowledgements,
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
import { carriers } from './carriers.ts'
import { unreadable } from './errors.ts'
import { acknowledgeWithinMs, unitsOf } from './mapping.ts'
import { order, type WireLine, type WireOrder } from './wire.ts'

/** An error of an effect; what nobody foresaw is thrown. */
async function answering(effect: () => Promise<EffectAnswer>): Promise<EffectAnswer> {
  try {
    return await effect()
  } catch (error) {
    if (!(error instanceof ChannelError)) throw error
    return { kind: 'failed', error }
  }
}

async function orderOf(account: Account, id: string): Promise<WireOrder> {
  const parsed = order.safeParse((await calls.getAnOrder(account, id)).order)
  if (!parsed.success) throw unreadable('getAnOrder', false)
  return parsed.data
}

const linesOf = (one: WireOrder): WireLine[] => one.orderLines.orderLine
const each = (quantity: number) => ({ unitOfMeasurement: 'EACH', amount: String(quantity) })

export const acknowledgements: Acknowledgements = {
  withinMs: acknowledgeWithinMs,
  send: (account, { orderRemoteId }) =>
    answering(async () => {
      await calls.acknowledge(account, orderRemoteId)
      return { kind: 'applied', remoteId: null }
    }),
  // What has left, or was canceled, needs none any more.
  read: async (account, orderRemoteId) => {
    const units = linesOf(await orderOf(account, orderRemoteId)).map(unitsOf)
    if (units.some(({ created }) => created > 0)) return false
    // A word that is new to us proves neither.
    if (units.some(({ unknown }) => unknown > 0)) throw unreadable('getAnOrder', false)
    return true
  },
  visibleAfterMs: 60_000,
}

const plain = (name: string) => name.replace(/[^\p{L}\p{N}]/gu, '').toLowerCase()
/** Walmart's words for carriers, by what people write. */
const carrierWords = new Map<string, string>([
  ...carriers.map((name): [string, string] => [plain(name), name]),
  ['lasership', 'LS'],
  ['uniteddeliveryservice', 'UDS'],
  ['upsmailinnovations', 'UPSMI'],
  ['fedexsmartpost', 'FEDEXSP'],
  ['dhlecommerce', 'DHL Ecommerce - US'],
])
const methods = new Set(['Standard', 'Express', 'OneDay', 'Freight', 'WhiteGlove', 'Value'])

export function writeShipment(shipment: OutgoingShipment, there: WireOrder, now: Date): object {
  const { lines, shippedAt, carrier, trackingNumber, trackingUrl, reference } = shipment
  const word = carrierWords.get(plain(carrier ?? ''))
  // Another name is taken only with an address to follow the parcel by (facts §6.12).
  if (!word && !trackingUrl)
    throw new ChannelError(
      'rejected',
      'tracking_url_needed',
      'Walmart does not list this carrier: give the address of its tracking page',
    )
  const method = there.shippingInfo?.methodCode ?? ''
  const trackingInfo = {
    shipDateTime: Math.min(shippedAt.getTime(), now.getTime()),
    carrierName: word ? { carrier: word } : { otherCarrier: carrier },
    methodCode: methods.has(method) ? method : 'Standard',
    trackingNumber,
    ...(trackingUrl ? { trackingURL: trackingUrl } : {}),
  }
  const asksToCancel = new Set(linesOf(there).flatMap((line) => (line.intentToCancel ? [line.lineNumber] : [])))
  return {
    orderShipment: {
      orderLines: {
        orderLine: lines.map(({ remoteId, quantity }) => ({
          lineNumber: remoteId,
          // The parcel has left: that the buyer would rather have none cannot change it.
          intentToCancelOverride: asksToCancel.has(remoteId),
          sellerOrderId: reference,
          orderLineStatuses: {
            orderLineStatus: [{ status: 'Shipped', statusQuantity: each(quantity), trackingInfo }],
          },
        })),
      },
    },
  }
}

/** Parcels by their number: Walmart keeps them with the lines. */
export function readShipments(there: WireOrder): KnownShipment[] {
  const parcels = new Map<string, KnownShipment>()
  for (const line of linesOf(there)) {
    for (const { status, statusQuantity, trackingInfo } of line.orderLineStatuses.orderLineStatus) {
      if (!['Shipped', 'Delivered', 'Refund'].includes(status)) continue
      const number = trackingInfo?.trackingNumber ?? null
      const { carrier = null, otherCarrier = null } = trackingInfo?.carrierName ?? {}
      const shippedAt = trackingInfo?.shipDateTime ? new Date(trackingInfo.shipDateTime) : null
      const known = parcels.get(number ?? '') ?? {
        remoteId: null,
        lines: [],
        carrier: carrier ?? otherCarrier,
        trackingNumber: number,
        shippedAt,
      }
      known.lines.push({ remoteId: line.lineNumber, quantity: statusQuantity.amount })
      parcels.set(number ?? '', known)
    }
  }
  return [...parcels.values()]
}

/** The same parcel with the same goods. */
const isTold = (known: readonly KnownShipment[], { trackingNumber, lines }: OutgoingShipment): boolean =>
  known.some(
    (one) =>
      one.trackingNumber === trackingNumber &&
      lines.every((line) =>
        one.lines.some((there) => there.remoteId === line.remoteId && there.quantity >= line.quantity),
      ),
  )

export const shipments: Shipments = {
  needsTracking: true,
  confirm: (account, shipment) =>
    answering(async () => {
      const there = await orderOf(account, shipment.orderRemoteId)
      if (isTold(readShipments(there), shipment)) return { kind: 'applied', remoteId: null }
      // It is on its way, as an effect of its own.
      if (linesOf(there).some((line) => unitsOf(line).created > 0))
        throw new ChannelError('unavailable', 'not_acknowledged', 'the order must be acknowledged before it ships', {
          retryAt: new Date(account.now().getTime() + 60_000),
        })
      await calls.ship(account, shipment.orderRemoteId, writeShipment(shipment, there, account.now()))
      return { kind: 'applied', remoteId: null }
    }),
  read: async (account, orderRemoteId) => readShipments(await orderOf(account, orderRemoteId)),
  visibleAfterMs: 60_000,
}

const refundReasons: Record<OutgoingRefund['reason'], string> = {
  returned: 'Customer returned item',
  canceled: 'Buyer canceled',
  damaged: 'DamagedItem',
  not_received: 'Merchandise not received',
  price: 'General adjustment',
  other: 'Others',
}

/** Sums below zero, by line; shipping is given back with the first of them. */
export function writeRefund({
  reference,
  orderRemoteId,
  currency,
  lines,
  shippingAmount,
  reason,
}: OutgoingRefund): object {
  const charge = (chargeType: string, chargeName: string, amount: number) => ({
    refundReason: refundReasons[reason],
    charge: { chargeType, chargeName, chargeAmount: { currency, amount: -Number(writeAmount({ amount, currency })) } },
  })
  return {
    orderRefund: {
      purchaseOrderId: orderRemoteId,
      orderLines: {
        orderLine: lines.map((line, index) => ({
          lineNumber: line.remoteId,
          isFullRefund: false,
          refunds: {
            refund: [
              {
                refundComments: reference.slice(0, 100),
                refundCharges: {
                  refundCharge: [
                    ...(line.amount > 0 ? [charge('PRODUCT', 'Item Price', line.amount)] : []),
                    ...(index === 0 && shippingAmount > 0 ? [charge('SHIPPING', 'Shipping', shippingAmount)] : []),
                  ],
                },
              },
            ],
          },
        })),
      },
    },
  }
}

/**
 * Walmart puts the refunds of a line together: only where a line has one charge is it clear whose its comment is. Of
 * several, goods and shipping of one refund among them, the comment says that its own is there, and no more.
 */
export function readRefunds(there: WireOrder): KnownRefund[] {
  const known = new Map<string, KnownRefund>()
  for (const line of linesOf(there)) {
    const charges = (line.refund?.refundCharges?.refundCharge ?? []).flatMap(({ charge }) =>
      charge?.chargeAmount ? [charge.chargeAmount] : [],
    )
    const comment = line.refund?.refundComments || null
    const note = (place: number, reference: string | null, amount: number, currency: string) => {
      const remoteId = `${line.refund?.refundId ?? 'refund'} ${line.lineNumber} ${place}`
      const key = reference ?? remoteId
      const before = known.get(key)
      if (before) before.amount += amount
      else known.set(key, { remoteId, reference, amount, currency, state: 'done', lines: [] })
    }
    const [first] = charges
    if (first && comment && charges.length > 1) note(0, comment, 0, first.currency)
    for (const [index, { amount, currency }] of charges.entries())
      note(
        index + 1,
        charges.length === 1 ? comment : null,
        readAmount(String(Math.abs(amount)), currency) ?? 0,
        currency,
      )
  }
  return [...known.values()]
}

export const refunds: Refunds = {
  issue: (account, refund) =>
    answering(async () => {
      if (refund.lines.length === 0)
        throw new ChannelError('rejected', 'line_needed', 'Walmart refunds lines: name one, also for shipping alone')
      await calls.refund(account, refund.orderRemoteId, writeRefund(refund))
      return { kind: 'applied', remoteId: null }
    }),
  read: async (account, orderRemoteId) => readRefunds(await orderOf(account, orderRemoteId)),
  // Nothing says how soon one shows, and to repeat it is to pay twice.
  visibleAfterMs: 15 * 60_000,
}

const cancelReasons: Partial<Record<CancelReason, string>> = {
  out_of_stock: 'SELLER_CANCEL_OUT_OF_STOCK',
  address: 'SELLER_CANCEL_ADDRESS_NOT_SERVICEABLE',
  price: 'SELLER_CANCEL_PRICING_ERROR',
  fraud: 'SELLER_CANCEL_FRAUD_STOP_SHIPMENT',
}

/** The buyer's own wish only where Walmart knows of it; there is no word for "other" (facts §2, cancel). */
function reasonOf(reason: CancelReason, lines: readonly WireLine[]): string {
  const word = cancelReasons[reason]
  if (word) return word
  if (reason === 'buyer_asked' && lines.some((line) => line.intentToCancel))
    return 'CUSTOMER_REQUESTED_SELLER_TO_CANCEL'
  throw new ChannelError(
    'rejected',
    'reason_needed',
    'Walmart takes this reason only where the buyer asked there: choose another',
  )
}

export const cancellations: Cancellations = {
  request: (account, { orderRemoteId, lines, reason }) =>
    answering(async () => {
      const there = linesOf(await orderOf(account, orderRemoteId))
      const open = there.flatMap((line) => {
        const { created, acknowledged } = unitsOf(line)
        return created + acknowledged > 0 ? [{ remoteId: line.lineNumber, quantity: created + acknowledged }] : []
      })
      if (lines === null && open.length === 0) {
        if (there.every((line) => unitsOf(line).canceled === line.orderLineQuantity.amount))
          return { kind: 'applied', remoteId: null }
        throw new ChannelError('rejected', 'nothing_open', 'all of the order has left already')
      }
      const cancellationReason = reasonOf(reason, there)
      await calls.cancel(account, orderRemoteId, {
        orderCancellation: {
          orderLines: {
            orderLine: (lines ?? open).map(({ remoteId, quantity }) => ({
              lineNumber: remoteId,
              orderLineStatuses: {
                orderLineStatus: [{ status: 'Cancelled', cancellationReason, statusQuantity: each(quantity) }],
              },
            })),
          },
        },
      })
      return { kind: 'applied', remoteId: null }
    }),
  partial: true,
}
