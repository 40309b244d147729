/** Is what we told there? Reads what a channel knows of an order against one errand. Pure. */
import type { ErrandReading } from './errands.ts'

interface Units {
  remoteId: string
  quantity: number
}

export interface TellingShipment {
  reference: string
  lines: readonly Units[]
  trackingNumber: string | null
}

interface ShipmentThere {
  remoteId: string | null
  lines: readonly Units[]
  trackingNumber: string | null
}

const plain = (text: string) => text.replace(/[^\p{L}\p{N}]/gu, '').toUpperCase()

function sameUnits(a: readonly Units[], b: readonly Units[]): boolean {
  const sums = new Map<string, number>()
  for (const line of a) sums.set(line.remoteId, (sums.get(line.remoteId) ?? 0) + line.quantity)
  for (const line of b) sums.set(line.remoteId, (sums.get(line.remoteId) ?? 0) - line.quantity)
  return [...sums.values()].every((left) => left === 0)
}

/**
 * By its reference or its tracking number; without either by its units. `ordered`: units of each line that can be
 * shipped at all; `taken`: what other errands of the order are known as there.
 */
export function shipmentIn(
  known: readonly ShipmentThere[],
  ours: TellingShipment,
  ordered: ReadonlyMap<string, number>,
  taken: ReadonlySet<string>,
): ErrandReading {
  const found = (one: ShipmentThere): ErrandReading => ({ kind: 'found', remoteId: one.remoteId })
  const byReference = known.find((one) => one.remoteId === ours.reference)
  if (byReference) return found(byReference)
  const others = known.filter((one) => one.remoteId === null || !taken.has(one.remoteId))
  const tracking = ours.trackingNumber === null ? null : plain(ours.trackingNumber)
  const parcels = others.filter(
    (one) => tracking !== null && one.trackingNumber && plain(one.trackingNumber) === tracking,
  )
  // One parcel may hold goods of two errands: theirs are told by their own units.
  const byTracking = parcels.find((one) => sameUnits(one.lines, ours.lines)) ?? parcels.find((one) => covers(one, ours))
  if (byTracking) return found(byTracking)
  const alike =
    tracking === null ? others.find((one) => !one.trackingNumber && sameUnits(one.lines, ours.lines)) : undefined
  if (alike) return found(alike)
  const sum = (remoteId: string) =>
    known.flatMap((one) => one.lines).reduce((all, line) => all + (line.remoteId === remoteId ? line.quantity : 0), 0)
  const hasNoRoom = ours.lines.some((line) => sum(line.remoteId) + line.quantity > (ordered.get(line.remoteId) ?? 0))
  if (hasNoRoom)
    return { kind: 'unclear', code: 'told_otherwise', message: 'These units are shipped there by another parcel' }
  return { kind: 'absent' }
}

/** Channels that merge parcels of one number tell more units than we did. */
function covers(there: ShipmentThere, ours: TellingShipment): boolean {
  const of = (remoteId: string) =>
    there.lines.reduce((sum, line) => sum + (line.remoteId === remoteId ? line.quantity : 0), 0)
  return ours.lines.every((line) => of(line.remoteId) >= line.quantity)
}

export interface TellingRefund {
  reference: string
  /** Minor units, all of it. */
  amount: number
  currency: string
}

interface RefundThere {
  remoteId: string
  reference: string | null
  amount: number
  currency: string
  state: 'pending' | 'done' | 'failed' | 'unknown'
}

/** Money is never guessed: where the channel keeps no reference, one of the same amount is for a person to tell apart. */
export function refundIn(
  known: readonly RefundThere[],
  ours: TellingRefund,
  taken: ReadonlySet<string>,
): ErrandReading {
  const own = known.find((one) => one.reference === ours.reference)
  if (own?.state === 'failed')
    return { kind: 'unclear', code: 'failed_there', message: 'The channel could not pay it out' }
  if (own) return { kind: 'found', remoteId: own.remoteId }
  const untold = known.filter(
    (one) =>
      one.reference === null && !taken.has(one.remoteId) && one.state !== 'failed' && one.currency === ours.currency,
  )
  const alike = untold.some((one) => one.amount === ours.amount)
  // A channel may tell one refund as several, and several as it pleases: together they may hold this one.
  const mayHold = untold.length > 1 && untold.reduce((sum, one) => sum + one.amount, 0) >= ours.amount
  if (alike || mayHold)
    return { kind: 'unclear', code: 'same_amount', message: 'A refund of the same amount is there; it may be this one' }
  return { kind: 'absent' }
}

/** By the order's newest version: the channel has no other word for a cancellation. */
export function cancellationIn(
  order: { state: string; lines: readonly (Units & { canceled: number })[] },
  ours: { isWhole: boolean; lines: readonly (Units & { before: number })[] },
): ErrandReading {
  if (order.state === 'canceled') return { kind: 'found', remoteId: null }
  const canceled = new Map(order.lines.map((line) => [line.remoteId, line.canceled]))
  const isThere = ours.lines.every((line) => (canceled.get(line.remoteId) ?? 0) >= line.before + line.quantity)
  return !ours.isWhole && isThere ? { kind: 'found', remoteId: null } : { kind: 'absent' }
}
