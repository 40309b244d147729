/** Parcels: the lines of an order by fulfillment order, and all of one call at one location (facts: channels.md §3). */
import { ChannelError } from '../../domain/errors.ts'
import type { EffectAnswer, KnownShipment, LineUnits, OutgoingShipment } from '../capabilities.ts'
import type { Account } from '../connector.ts'
import { call } from './client.ts'
import { copyOf } from './copies.ts'
import * as documents from './documents-effects.ts'
import { asked, effect, gone, outcomeOf } from './effects.ts'
import { readId, writeId } from './mapping.ts'
import {
  createFulfillmentAnswer,
  fulfillmentLinesAnswer,
  fulfillmentOrderLinesAnswer,
  fulfillmentOrdersAnswer,
  fulfillmentsAnswer,
  type WireOpenLine,
  type WireShippedLines,
} from './wire-effects.ts'

interface OpenPart {
  id: string
  locationId: string
  lines: WireOpenLine[]
}

/** From these states units may leave; others are over, or held by somebody. */
const leavable = new Set(['OPEN', 'IN_PROGRESS'])

export async function confirmShipment(account: Account, shipment: OutgoingShipment): Promise<EffectAnswer> {
  return await effect(async () => {
    const { parts, isCopy } = await asked(openParts(account, shipment.orderRemoteId))
    const chosen = chooseParts(parts, shipment.lines)
    const { carrier, trackingNumber, trackingUrl } = shipment
    const { data } = await call(
      account,
      documents.createFulfillment,
      {
        fulfillment: {
          lineItemsByFulfillmentOrder: chosen,
          // The buyer of a copy is a marketplace's, and is told by it.
          notifyCustomer: !isCopy,
          ...(trackingNumber
            ? {
                trackingInfo: {
                  company: carrier,
                  number: trackingNumber,
                  ...(trackingUrl ? { url: trackingUrl } : {}),
                },
              }
            : {}),
        },
      },
      createFulfillmentAnswer,
    )
    const payload = data.fulfillmentCreate
    const id = payload?.fulfillment?.id
    return outcomeOf(
      'createFulfillment',
      payload?.userErrors.map((one) => ({ ...one, code: null })),
      id && readId(id),
    )
  })
}

async function openParts(account: Account, orderRemoteId: string): Promise<{ parts: OpenPart[]; isCopy: boolean }> {
  const variables = { id: writeId('Order', orderRemoteId) }
  const { data } = await call(account, documents.fulfillmentOrders, variables, fulfillmentOrdersAnswer)
  if (!data.order) throw gone()
  const parts: OpenPart[] = []
  for (const { id, status, assignedLocation, lineItems } of data.order.fulfillmentOrders.nodes) {
    if (!leavable.has(status)) continue
    const lines = [...lineItems.nodes]
    for (let { pageInfo } = lineItems; pageInfo.hasNextPage; ) {
      const more = await call(
        account,
        documents.fulfillmentOrderLines,
        { id, after: pageInfo.endCursor ?? null },
        fulfillmentOrderLinesAnswer,
      )
      if (!more.data.node) break
      lines.push(...more.data.node.lineItems.nodes)
      pageInfo = more.data.node.lineItems.pageInfo
    }
    parts.push({ id, locationId: assignedLocation.location?.id ?? '', lines })
  }
  return { parts, isCopy: copyOf(data.order) !== null }
}

/** The one location from which all of it may leave; two locations are two parcels. */
function chooseParts(parts: readonly OpenPart[], wanted: readonly LineUnits[]) {
  for (const locationId of new Set(parts.map((part) => part.locationId))) {
    const here = parts.filter((part) => part.locationId === locationId)
    const taken = takeUnits(here, wanted)
    if (taken) return taken
  }
  const places = takeUnits(parts, wanted) ? 'several_locations' : 'not_open'
  throw new ChannelError(
    'rejected',
    places,
    places === 'not_open'
      ? 'the order has not so many units that may leave'
      : 'the units leave from several locations: a parcel for each',
  )
}

function takeUnits(parts: readonly OpenPart[], wanted: readonly LineUnits[]) {
  const left = new Map(wanted.map(({ remoteId, quantity }) => [writeId('LineItem', remoteId), quantity]))
  const taken = parts.flatMap((part) => {
    const lines = part.lines.flatMap(({ id, remainingQuantity, lineItem }) => {
      const quantity = Math.min(left.get(lineItem.id) ?? 0, remainingQuantity)
      if (quantity < 1) return []
      left.set(lineItem.id, left.get(lineItem.id)! - quantity)
      return [{ id, quantity }]
    })
    return lines.length > 0 ? [{ fulfillmentOrderId: part.id, fulfillmentOrderLineItems: lines }] : []
  })
  return [...left.values()].every((quantity) => quantity === 0) ? taken : undefined
}

/** All that left, by whomever it was told; what was taken back is left out. */
export async function readShipments(account: Account, orderRemoteId: string): Promise<KnownShipment[]> {
  const variables = { id: writeId('Order', orderRemoteId) }
  const { data } = await call(account, documents.fulfillments, variables, fulfillmentsAnswer)
  if (!data.order) throw gone()
  const known: KnownShipment[] = []
  for (const one of data.order.fulfillments) {
    if (one.status === 'CANCELLED' || one.status === 'ERROR' || one.status === 'FAILURE') continue
    const [tracking] = one.trackingInfo
    known.push({
      remoteId: readId(one.id),
      lines: await allLines(account, one.id, one.fulfillmentLineItems),
      carrier: tracking?.company || null,
      trackingNumber: tracking?.number || null,
      shippedAt: new Date(one.createdAt),
    })
  }
  return known
}

async function allLines(account: Account, id: string, first: WireShippedLines): Promise<LineUnits[]> {
  const nodes = [...first.nodes]
  for (let { pageInfo } = first; pageInfo.hasNextPage; ) {
    const variables = { id, after: pageInfo.endCursor ?? null }
    const { data } = await call(account, documents.fulfillmentLines, variables, fulfillmentLinesAnswer)
    if (!data.node) break
    nodes.push(...data.node.fulfillmentLineItems.nodes)
    pageInfo = data.node.fulfillmentLineItems.pageInfo
  }
  return nodes.map(({ quantity, lineItem }) => ({ remoteId: readId(lineItem.id), quantity: quantity ?? 0 }))
}
