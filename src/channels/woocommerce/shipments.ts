/**
 * Parcels. WooCommerce has none: the order becomes completed with its last unit, and the number goes to the buyer as a
 * note, or into the plugin Shipment Tracking where it is there (its own mail then shows it). Without lines there, and
 * without a place for parts of an order, what left stands in the order's meta data: one call writes it with the status.
 */
import { z } from 'zod'
import { ChannelError } from '../../domain/errors.ts'
import type { EffectAnswer, KnownShipment, OutgoingShipment } from '../capabilities.ts'
import type { Account } from '../connector.ts'
import { call, wc } from './client.ts'
import { copyOf } from './copies.ts'
import { asked, effect, readOne, refuseWhereOver } from './effects.ts'
import { readTime, sentUnits } from './mapping.ts'
import { parcelsOf, writeParcel } from './parcels.ts'
import { unitsRefunded } from './refunds.ts'
import { readSettings } from './settings.ts'
import { indexAnswer, made, tracking, type WireOrder } from './wire.ts'

const plugin = 'wc-shipment-tracking/v3'

export async function confirmShipment(account: Account, shipment: OutgoingShipment): Promise<EffectAnswer> {
  return await effect(async () => {
    const wire = await asked(readOne(account, shipment.orderRemoteId))
    const parcels = parcelsOf(wire.meta_data)
    if (parcels.some(({ reference }) => reference === shipment.reference))
      return { kind: 'applied', remoteId: shipment.reference }
    refuseWhereOver(wire)
    const refunded = wire.refunds?.length ? await asked(unitsRefunded(account, wire.id)) : {}
    const isLast = leavesNothing(wire, shipment, refunded)
    const hasPlugin = shipment.trackingNumber !== null && (await asked(hasTracking(account)))
    // Before the status: the store's mail about a completed order shows it.
    if (hasPlugin) await asked(track(account, shipment))
    await call(account, {
      operation: 'confirmShipment',
      method: 'PUT',
      path: wc(`/orders/${wire.id}`),
      body: { meta_data: [writeParcel(shipment)], ...(isLast ? { status: 'completed' } : {}) },
      answer: made,
    })
    if (!hasPlugin && shipment.trackingNumber !== null) await note(account, wire, shipment)
    return { kind: 'applied', remoteId: shipment.reference }
  })
}

/** Is it the last of what is still to leave? More than that is refused. */
function leavesNothing(wire: WireOrder, { lines }: OutgoingShipment, refunded: Record<string, number>): boolean {
  let left = 0
  const wanted = new Map(lines.map(({ remoteId, quantity }) => [remoteId, quantity]))
  for (const line of wire.line_items) {
    const id = String(line.id)
    const open = Math.max(0, line.quantity - (refunded[id] ?? 0) - sentUnits(wire, line.id))
    const units = wanted.get(id) ?? 0
    wanted.delete(id)
    // A person completed it in the store: its units may be told by parcels all the same.
    if (units > open && wire.status !== 'completed')
      throw new ChannelError('rejected', 'not_open', 'the order has not so many units that may leave')
    left += Math.max(0, open - units)
  }
  if (wanted.size > 0) throw new ChannelError('rejected', 'unknown_line', 'the order has no such line')
  return left === 0
}

/** Does the store have the plugin? Told by its own index; asked once by each process. */
const known = new WeakMap<Account, boolean>()
export async function hasTracking(account: Account): Promise<boolean> {
  const before = known.get(account)
  if (before !== undefined) return before
  try {
    const index = { operation: 'getIndex', method: 'GET', path: '/', isPublic: true, answer: indexAnswer } as const
    const found = (await call(account, index)).body.namespaces.includes(plugin)
    known.set(account, found)
    return found
  } catch (error) {
    // The index is closed to strangers: the number goes out as a note.
    if (error instanceof ChannelError && error.kind === 'rejected') return false
    throw error
  }
}

const trackingsPath = (orderId: string) => `/${plugin}/orders/${encodeURIComponent(orderId)}/shipment-trackings`

/** The plugin holds a number once: it is asked first, by whomever it was told. */
async function track(
  account: Account,
  { orderRemoteId, trackingNumber, carrier, trackingUrl, shippedAt }: OutgoingShipment,
) {
  const path = trackingsPath(orderRemoteId)
  const trackings = z.array(tracking)
  const { body } = await call(account, { operation: 'listTrackings', method: 'GET', path, answer: trackings })
  if (body.some((one) => one.tracking_number === trackingNumber)) return
  await call(account, {
    operation: 'createTracking',
    method: 'POST',
    path,
    body: {
      // Its own list of carriers is made of display names that differ by country; a custom one is always taken.
      custom_tracking_provider: carrier ?? '',
      ...(trackingUrl ? { custom_tracking_link: trackingUrl } : {}),
      tracking_number: trackingNumber,
      date_shipped: shippedAt.toISOString().slice(0, 10),
    },
    answer: tracking,
  })
}

/** The parcel stands already: a note that fails is not repeated, so that no buyer reads it twice. */
async function note(account: Account, wire: WireOrder, { carrier, trackingNumber, trackingUrl }: OutgoingShipment) {
  const text = [`Shipped${carrier ? ` with ${carrier}` : ''}: ${trackingNumber}`, trackingUrl].filter(Boolean).join(' ')
  try {
    await call(account, {
      operation: 'createNote',
      method: 'POST',
      path: wc(`/orders/${wire.id}/notes`),
      // The buyer of a copy is a marketplace's, and is told by it.
      body: { note: text, customer_note: readSettings(account.settings).tellBuyer && copyOf(wire) === null },
      answer: made,
    })
  } catch (error) {
    if (!(error instanceof ChannelError)) throw error
  }
}

/** What we told of, and what a person set to completed beside that. */
export async function readShipments(account: Account, orderRemoteId: string): Promise<KnownShipment[]> {
  const wire = await readOne(account, orderRemoteId)
  const parcels: KnownShipment[] = parcelsOf(wire.meta_data).map((one) => ({
    remoteId: one.reference,
    lines: one.lines.map(({ id, quantity }) => ({ remoteId: String(id), quantity })),
    carrier: one.carrier,
    trackingNumber: one.number,
    shippedAt: new Date(one.shippedAt),
  }))
  if (wire.status !== 'completed') return parcels
  const lines = wire.line_items.flatMap((line) => {
    const quantity = line.quantity - sentUnits(wire, line.id)
    return quantity > 0 ? [{ remoteId: String(line.id), quantity }] : []
  })
  if (lines.length === 0) return parcels
  const shippedAt = wire.date_completed_gmt ? readTime(wire.date_completed_gmt) : null
  return [...parcels, { remoteId: null, lines, carrier: null, trackingNumber: null, shippedAt }]
}
