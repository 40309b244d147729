/** What each kind of errand asks of a connector: to carry it out, and to read it back. */
import type {
  CancelReason,
  EffectAnswer,
  OutgoingCopy,
  OutgoingDispatch,
  OutgoingRefund,
} from '../channels/capabilities.ts'
import type { Connector } from '../channels/connector.ts'
import { stateOfCopy } from '../database/copies.ts'
import { type ErrandOrder, type ErrandRow, namesTaken } from '../database/errands.ts'
import { cancellationIn, refundIn, shipmentIn } from '../domain/errand-readings.ts'
import type { ErrandKind, ErrandReading, LookBack } from '../domain/errands.ts'
import { ChannelError, isChannelError } from '../domain/errors.ts'
import type { Buyer } from '../domain/orders.ts'
import type { AccountAtWork, Context } from './context.ts'

interface ShipmentPayload {
  carrier: string | null
  trackingNumber: string | null
  trackingUrl: string | null
  shippedAt: string
}
interface CancellationPayload {
  reason: CancelReason
  isWhole: boolean
  before: Record<string, number>
}
interface RefundPayload {
  currency: string
  shippingAmount: number
  reason: OutgoingRefund['reason']
}
export interface DispatchPayload {
  marketplace: string | null
  lines: { orderLineId: string; remoteSku: string; quantity: number }[]
}
export interface CopyPayload {
  lines: { orderLineId: string; remoteSku: string; remoteProductId: string | null; quantity: number }[]
}

/** Orders are read every few minutes; their word of a cancellation proves that it holds, never that it does not. */
const cancellationLook: LookBack = { visibleAfterMs: 5 * 60_000, proves: false }

/** How an errand of this kind is read back at this channel; null where it cannot be. */
export function lookBackOf(connector: Connector, kind: ErrandKind): LookBack | null {
  if (kind === 'cancellation') return cancellationLook
  const capability = {
    acknowledgement: connector.acknowledgements,
    shipment: connector.shipments,
    refund: connector.refunds,
    copy: connector.copies,
    dispatch: connector.dispatches,
  }[kind]
  return capability ? { visibleAfterMs: capability.visibleAfterMs, proves: true } : null
}

/** The operation in the journal. */
export const effectKind: Record<ErrandKind, string> = {
  acknowledgement: 'acknowledgement.send',
  shipment: 'shipment.confirm',
  cancellation: 'cancellation.request',
  refund: 'refund.issue',
  copy: 'copy.create',
  dispatch: 'dispatch.order',
}

/** Can anything be told to this channel at all? */
export const takesErrands = ({
  acknowledgements,
  shipments,
  cancellations,
  refunds,
  copies,
  dispatches,
}: Connector): boolean => Boolean(acknowledgements ?? shipments ?? cancellations ?? refunds ?? copies ?? dispatches)

const unitsOf = (order: ErrandOrder) =>
  order.lines.filter((line) => line.units > 0).map((line) => ({ remoteId: line.remoteId, quantity: line.units }))

/** Carries it out; never repeats by itself. */
export async function tell(
  { connector, account }: AccountAtWork,
  errand: ErrandRow,
  order: ErrandOrder,
  buyer: Buyer | null,
): Promise<EffectAnswer> {
  const { reference } = errand
  const orderRemoteId = errand.target ?? order.remoteId
  switch (errand.kind) {
    case 'acknowledgement':
      return await connector.acknowledgements!.send(account, { reference, orderRemoteId })
    case 'shipment': {
      const { shippedAt, ...payload } = errand.payload as ShipmentPayload
      const shipment = { reference, orderRemoteId, marketplace: order.marketplace, lines: unitsOf(order), ...payload }
      return await connector.shipments!.confirm(account, { ...shipment, shippedAt: new Date(shippedAt) })
    }
    case 'cancellation': {
      const { reason, isWhole } = errand.payload as CancellationPayload
      const lines = isWhole ? null : unitsOf(order)
      return await connector.cancellations!.request(account, { reference, orderRemoteId, lines, reason })
    }
    case 'refund': {
      const { currency, shippingAmount, reason } = errand.payload as RefundPayload
      const lines = order.lines
        .filter((line) => line.units > 0)
        .map(({ remoteId, units, amount }) => ({ remoteId, quantity: units, amount }))
      const refund = { reference, orderRemoteId, currency, lines, shippingAmount, reason }
      return await connector.refunds!.issue(account, refund)
    }
    case 'copy': {
      // Another process, or another tool, may have made it: asked first, every time. A question leaves no doubt behind.
      const found = await connector.copies!.find(account, reference).catch((error: unknown) => {
        if (!isChannelError(error) || !error.mayHaveApplied) throw error
        throw new ChannelError(error.kind, error.code, error.message, { retryAt: error.retryAt, cause: error })
      })
      const first = found.sort((a, b) => a.createdAt.getTime() - b.createdAt.getTime())[0]
      if (first) return { kind: 'applied', remoteId: first.remoteId }
      return await connector.copies!.create(account, copyOf(errand, order, buyer))
    }
    case 'dispatch':
      return await connector.dispatches!.order(account, dispatchOf(errand, order, buyer))
  }
}

function dispatchOf(errand: ErrandRow, order: ErrandOrder, buyer: Buyer | null): OutgoingDispatch {
  const { marketplace, lines } = errand.payload as DispatchPayload
  return {
    reference: errand.reference,
    orderName: order.remoteId,
    placedAt: order.placedAt,
    marketplace,
    lines: lines.map(({ orderLineId, ...line }) => ({ reference: orderLineId, ...line })),
    buyer: buyer ?? {},
  }
}

function copyOf(errand: ErrandRow, order: ErrandOrder, buyer: Buyer | null): OutgoingCopy {
  const { lines } = errand.payload as CopyPayload
  const byId = new Map(order.lines.map((line) => [line.id, line]))
  return {
    reference: errand.reference,
    source: { channel: order.channel, orderRemoteId: order.remoteId },
    placedAt: order.placedAt,
    currency: order.currency ?? '',
    lines: lines.map(({ orderLineId, remoteSku, remoteProductId, quantity }) => {
      const line = byId.get(orderLineId)!
      // A price is told of the listing's units there; where the units differ, it is left out.
      const unitPrice = line.units === quantity ? line.unitPrice : null
      return { remoteSku, remoteProductId, title: line.title, quantity, unitPrice }
    }),
    total: order.total,
    buyer,
  }
}

/** Asks whether it is there. Calls that fail are thrown. */
export async function lookUp(
  ctx: Pick<Context, 'db'>,
  { connector, account }: AccountAtWork,
  errand: ErrandRow,
  order: ErrandOrder,
): Promise<ErrandReading> {
  const { reference } = errand
  const orderRemoteId = errand.target ?? order.remoteId
  switch (errand.kind) {
    case 'acknowledgement':
      return (await connector.acknowledgements!.read(account, orderRemoteId))
        ? { kind: 'found', remoteId: null }
        : { kind: 'absent' }
    case 'shipment': {
      const { trackingNumber } = errand.payload as ShipmentPayload
      const known = await connector.shipments!.read(account, orderRemoteId)
      const ordered = new Map(order.lines.map((line) => [line.remoteId, line.quantity - line.canceled]))
      const taken = await namesTaken(ctx.db, errand)
      return shipmentIn(known, { reference, lines: unitsOf(order), trackingNumber }, ordered, taken)
    }
    case 'cancellation': {
      const { isWhole, before } = errand.payload as CancellationPayload
      if (errand.target !== order.remoteId) {
        // Of a copy: the store's newest word of it.
        const state = await stateOfCopy(ctx.db, errand.accountId, errand.target ?? '')
        return state === 'canceled' ? { kind: 'found', remoteId: null } : { kind: 'absent' }
      }
      const lines = unitsOf(order).map((line) => ({ ...line, before: before[line.remoteId] ?? 0 }))
      return cancellationIn(order, { isWhole, lines })
    }
    case 'refund': {
      const { currency, shippingAmount } = errand.payload as RefundPayload
      const amount = shippingAmount + order.lines.reduce((sum, line) => sum + line.amount, 0)
      const known = await connector.refunds!.read(account, orderRemoteId)
      return refundIn(known, { reference, amount, currency }, await namesTaken(ctx.db, errand))
    }
    case 'copy': {
      const found = await connector.copies!.find(account, reference)
      const first = found.sort((a, b) => a.createdAt.getTime() - b.createdAt.getTime())[0]
      return first ? { kind: 'found', remoteId: first.remoteId } : { kind: 'absent' }
    }
    case 'dispatch':
      return (await connector.dispatches!.read(account, reference))
        ? { kind: 'found', remoteId: reference }
        : { kind: 'absent' }
  }
}
