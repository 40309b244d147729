/** Parcels: lines of an order with their quantities, all to one of its addresses (facts: channels.md §5). */
import { z } from 'zod'
import { ChannelError } from '../../domain/errors.ts'
import type { EffectAnswer, KnownShipment, LineUnits, OutgoingShipment } from '../capabilities.ts'
import type { Account } from '../connector.ts'
import { asked, call } from './client.ts'
import { effect } from './effects.ts'
import { fewestAtOnce, rawLinesOf } from './lines.ts'
import { writeCarrier } from './mapping.ts'
import { idAnswer, orderLine, shipment, type WireLine } from './wire.ts'

const pageSize = 250
const trackingLength = 50
const linkLength = 500

export async function confirmShipment(account: Account, parcel: OutgoingShipment): Promise<EffectAnswer> {
  return await effect(async () => {
    const { carrier, trackingNumber, trackingUrl } = parcel
    if ((trackingNumber?.length ?? 0) > trackingLength)
      throw new ChannelError('rejected', 'tracking_too_long', 'the store takes 50 characters of a tracking number')
    const lines = await asked(linesOf(account, parcel.orderRemoteId))
    const { body } = await call(account, {
      operation: 'createShipment',
      version: 'v2',
      method: 'POST',
      path: `/orders/${parcel.orderRemoteId}/shipments`,
      body: {
        order_address_id: addressOf(lines, parcel.lines),
        items: parcel.lines.map(({ remoteId, quantity }) => ({ order_product_id: Number(remoteId), quantity })),
        ...(trackingNumber ? { tracking_number: trackingNumber } : {}),
        ...writeCarrier(carrier),
        ...(trackingUrl && trackingUrl.length <= linkLength ? { tracking_link: trackingUrl } : {}),
      },
      answer: idAnswer,
    })
    return { kind: 'applied', remoteId: String(body.id) }
  })
}

/** All lines of an order; an effect that depends on them does not leave where one cannot be read. */
export async function linesOf(account: Account, orderRemoteId: string): Promise<WireLine[]> {
  const lines = z.array(orderLine).safeParse(await rawLinesOf(account, orderRemoteId))
  if (!lines.success) throw new ChannelError('unavailable', 'unreadable', 'a line of the order cannot be read')
  return lines.data
}

/** Where the units go; one parcel goes to one address, and only what has not left can leave. */
function addressOf(lines: readonly WireLine[], wanted: readonly LineUnits[]): number {
  const addresses = new Set<number>()
  for (const { remoteId, quantity } of wanted) {
    const line = lines.find(({ id }) => String(id) === remoteId)
    if (!line || quantity > line.quantity - line.quantity_shipped)
      throw new ChannelError('rejected', 'not_open', 'the order has not so many units that may leave')
    addresses.add(line.order_address_id ?? 0)
  }
  const [address, ...others] = addresses
  if (address === undefined) throw new ChannelError('rejected', 'not_open', 'the parcel is empty')
  if (others.length > 0)
    throw new ChannelError('rejected', 'several_addresses', 'the units go to several addresses: a parcel for each')
  return address
}

/** What the store knows as shipped, by whomever it was told. */
export async function readShipments(account: Account, orderRemoteId: string): Promise<KnownShipment[]> {
  const known: KnownShipment[] = []
  for (let page = 1; ; page += 1) {
    const { body } = await call(account, {
      operation: 'getShipments',
      version: 'v2',
      method: 'GET',
      path: `/orders/${orderRemoteId}/shipments`,
      query: { page, limit: pageSize },
      mayBeEmpty: true,
      answer: z.array(shipment),
    })
    for (const one of body)
      known.push({
        remoteId: String(one.id),
        lines: one.items.map(({ order_product_id: id, quantity }) => ({ remoteId: String(id), quantity })),
        carrier:
          one.shipping_provider_display_name ||
          one.shipping_provider ||
          one.shipping_method ||
          one.tracking_carrier ||
          null,
        trackingNumber: one.tracking_number || null,
        shippedAt: one.date_created ? new Date(one.date_created) : null,
      })
    if (body.length < fewestAtOnce) return known
  }
}
