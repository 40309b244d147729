/**
 * States that differ in nothing that could ever matter are one: moments of a slot are compared with moments of that slot
 * alone, and of those only sales with bounds, and deadlines with a reading under way.
 */
import { type Case, netOf, type SlotWorld, skewed, type World } from './world.ts'

/** Behind every moment that has passed, before every deadline. */
const present = 1_000
/** Behind a reading that is under way. */
const past = 900
const firstDeadline = 5_000

export function canonical(world: World, one: Case): World {
  const slots = world.slots.map((slot, index) => canonicalSlot(slot, world, one, one.slots[index]!.isMaster === true))
  const areAlike = new Set(one.slots.map((slot) => JSON.stringify(slot))).size === 1
  if (areAlike && !one.isNamed) slots.sort((a, b) => compare(JSON.stringify(a), JSON.stringify(b)))
  return { ...world, now: present, slots }
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)

function canonicalSlot(slot: SlotWorld, world: World, one: Case, isMaster: boolean): SlotWorld {
  const { claim, reading } = slot
  const mayCancel = world.left.cancels > 0
  // Where a reading waits to be judged, a sale behind it counts as well.
  const isBehind = ({ stamp }: { stamp: number }) => isMaster && reading !== null && stamp > reading.since
  // A known sale can only be canceled any more.
  const sales = slot.sales.filter((sale) => sale.state !== 'known' || mayCancel || isBehind(sale))
  const isPlaced = (sale: { state: string; stamp: number }) => isUnknown(sale.state) || isBehind(sale)
  const stamps = sales.filter(isPlaced).map((sale) => sale.stamp)
  const answers = slot.answers.filter((answer) => answer.version === claim.live?.version)
  const bounds = [...claim.settlements.map((each) => each.at), ...answers.map((each) => each.at)]
  const { ofSale, ofBound } = one.isSkewed ? byDistance([...stamps, ...bounds], world.now) : byOrder(stamps)
  const deadlines = [...claim.strays, ...(claim.live ? [claim.live] : [])].map((each) => each.deadAt)
  const future = [...new Set(deadlines.filter((at) => at > world.now))].sort((a, b) => a - b)
  // What is over counts only for a reading that began before.
  const over = (at: number) => (at > world.now ? firstDeadline + future.indexOf(at) : past)
  const counts = (deadAt: number) => deadAt > world.now || (reading !== null && deadAt > reading.since)
  return {
    ...slot,
    watermark: world.left.lies > 0 || one.lies ? ofBound(slot.watermark) : 0,
    answers: answers.map((answer) => ({ ...answer, at: one.isSkewed ? ofBound(answer.at) : 0 })),
    flights: [...slot.flights].sort((a, b) => a.version - b.version),
    sales: sales
      .map((sale) => ({ state: sale.state, stamp: isPlaced(sale) ? ofSale(sale.stamp) : 0 }))
      .sort((a, b) => a.stamp - b.stamp || compare(a.state, b.state)),
    edits: canonicalEdits(slot, isMaster),
    reading: reading && { ...reading, since: isMaster ? ofBound(reading.since) : 2 },
    claim: {
      ...claim,
      live: claim.live && { ...claim.live, sentAt: 0, deadAt: over(claim.live.deadAt) },
      strays: claim.strays
        .filter((stray) => stray.value > 0 && counts(stray.deadAt))
        .map((stray) => ({ ...stray, deadAt: over(stray.deadAt) }))
        .sort((a, b) => a.deadAt - b.deadAt || a.value - b.value || (a.version ?? 0) - (b.version ?? 0)),
      settlements: claim.settlements.map((each) => ({ ...each, at: ofBound(each.at) })),
    },
  }
}

/** Only their sum counts: of those before the reading that is judged next, and of those behind it. */
function canonicalEdits({ edits, reading }: SlotWorld, isMaster: boolean): SlotWorld['edits'] {
  if (!isMaster) return []
  const isBefore = ({ at }: { at: number }) => reading === null || at <= reading.since
  const sums = [
    { at: 1, units: netOf(edits.filter(isBefore)) },
    { at: past, units: netOf(edits.filter((edit) => !isBefore(edit))) },
  ]
  return sums.filter(({ units }) => units !== 0)
}

/** A bound is placed by the number of sales before it. */
function byOrder(stamps: readonly number[]) {
  const sorted = [...stamps].sort((a, b) => a - b)
  return {
    ofSale: (at: number) => 2 * sorted.indexOf(at) + 2,
    ofBound: (at: number) => 2 * sorted.filter((stamp) => stamp <= at).length + 1,
  }
}

/** With a margin distances count as well, up to one more than it. The present stays where it is. */
function byDistance(moments: readonly number[], now: number) {
  const places = new Map([[now, present]])
  let last = now
  let place = present
  for (const at of [...new Set(moments)].sort((a, b) => b - a)) {
    place -= Math.min(skewed + 1, last - at)
    places.set(at, place)
    last = at
  }
  const of = (at: number) => places.get(at) ?? 0
  return { ofSale: of, ofBound: of }
}

const isUnknown = (state: string) => state === 'unknown' || state === 'canceled unknown'

/** A number for a state: two states share one about once in 2⁵³ pairs. */
export function fingerprint(world: World): number {
  const text = JSON.stringify([world.available, world.uncovered, world.hadAlarm, world.left, world.slots])
  let a = 0xdeadbeef
  let b = 0x41c6ce57
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    a = Math.imul(a ^ code, 2654435761)
    b = Math.imul(b ^ code, 1597334677)
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909)
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909)
  return 4294967296 * (2097151 & b) + (a >>> 0)
}
