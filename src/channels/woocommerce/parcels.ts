/**
 * WooCommerce has no parcels, so ours stand in the order's own meta data, each under a key of its own: written with the
 * order's status in one call, and read back from there.
 */
import { z } from 'zod'
import type { OutgoingShipment } from '../capabilities.ts'
import type { WireMeta } from './wire.ts'

const prefix = '_entrepot_parcel_'

const parcel = z.object({
  reference: z.string(),
  carrier: z.string().nullable(),
  number: z.string().nullable(),
  shippedAt: z.iso.datetime(),
  lines: z.array(z.object({ id: z.number().int(), quantity: z.number().int().min(1) })),
})
export type Parcel = z.output<typeof parcel>

const written = (value: unknown): unknown => {
  if (typeof value !== 'string') return value
  try {
    return JSON.parse(value)
  } catch {
    return undefined
  }
}

/** Those that can be read; somebody else's meta data is passed over. */
export const parcelsOf = (meta: readonly WireMeta[]): Parcel[] =>
  meta.flatMap(({ key, value }) => (key.startsWith(prefix) ? (parcel.safeParse(written(value)).data ?? []) : []))

export function writeParcel({ reference, carrier, trackingNumber, shippedAt, lines }: OutgoingShipment) {
  const value: Parcel = {
    reference,
    carrier,
    number: trackingNumber,
    shippedAt: shippedAt.toISOString(),
    lines: lines.map(({ remoteId, quantity }) => ({ id: Number(remoteId), quantity })),
  }
  return { key: `${prefix}${reference}`, value: JSON.stringify(value) }
}
