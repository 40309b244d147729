/**
 * The claim of a stock slot: an upper bound on the units that its channel sold and we do not know of, plus the units that
 * it can still sell, whatever becomes of the writes already sent. The sum of a variant's claims never exceeds what is
 * available to promise (P-10), so nothing can be sold that is not there.
 *
 * An absolute write does not replace what may be sold: it adds to it, until all sales before it are known. So a send
 * raises the claim at once; sales that become known lower it; and a settlement replaces the bound by a better one: what
 * a confirmed write or a reading left behind, plus everything that could still land on top of it. Which sales a
 * settlement knows is told by the watermark of the account's orders.
 *
 * A compare-and-set write adds only the difference, and takes nothing away before its answer.
 *
 * Pure. Quantities are the slot's own units; moments are milliseconds of UTC.
 */

export interface ClaimedWrite {
  value: number
  /** What a compare-and-set expects to replace; null for an absolute write. */
  expected: number | null
  version: number
  sentAt: number
  /** After this moment it can no longer take effect. */
  deadAt: number
  /**
   * What the slot may sell once this write has taken effect; grows with whatever else may land on top of it. Null where
   * nothing is known that a compare-and-set could lower, and where writes we do not know of may land as well.
   */
  bound: number | null
  /** So often the same value left before and was not seen; absent: never. */
  repeats?: number
  /** It was sent because the claim was wrong: its settlement replaces the claim, be it higher. */
  assigns: boolean
}

/** Units that may have come to the slot, or may yet, besides its newest write. */
export interface Stray {
  /** Of which write; null for units that the channel put back by itself. */
  version: number | null
  value: number
  /** Whatever was going to happen has happened by then. */
  deadAt: number
}

/** A better bound that holds as soon as all sales up to a moment are known. */
export interface Settlement {
  /** Sales up to here must be known; later ones lower the bound. */
  at: number
  bound: number
  assigns: boolean
  /** Units that a reading missed and no known sale explains yet. Absent: none. */
  unseen?: number
}

export interface SlotClaim {
  /** Null is unknown: the slot was just taken over, and may sell anything. */
  claim: number | null
  live: ClaimedWrite | null
  strays: readonly Stray[]
  settlements: readonly Settlement[]
  /** The claim was proven wrong: nothing but 0 may be sent until a write of 0 settles. */
  alarm: boolean
  /** Until then writes that nobody told us of may still land (another tool's, or what a backup does not know): nothing settles. */
  doubtedUntil: number
}

/** When a write dies that rides a feed: nobody knows before the feed has ended. */
export const notYet = Number.MAX_SAFE_INTEGER

/** A slot of which nothing is known yet. */
export const unknownClaim: SlotClaim = {
  claim: null,
  live: null,
  strays: [],
  settlements: [],
  alarm: false,
  doubtedUntil: 0,
}

/** How clocks compare: a sale stamped within this of a moment may lie before or after it. */
export interface ClaimTimes {
  marginMs: number
  /** A reading is never older than this when it is noted. */
  staleMs: number
  /** How long a write, or the channel's own restock, may still take effect after it could last leave. */
  lifeMs: number
}

/** What a write adds to the claim the moment it leaves. */
export const chargeOf = (value: number, expected: number | null): number =>
  expected === null ? value : Math.max(0, value - expected)

/**
 * Whether a write may leave. `free`: units of the slot that no claim covers, the least over all components of a kit;
 * -Infinity while a claim of the variant is unknown. 0 may always be sent; a compare-and-set that lowers charges nothing.
 */
export function mayLeave(slot: SlotClaim, value: number, expected: number | null, free: number): boolean {
  if (value === 0 && expected === null) return true
  const charge = chargeOf(value, expected)
  if (charge === 0) return true
  return slot.claim !== null && !slot.alarm && charge <= free
}

/** The slot after a write has left. What was on its way before may still land: it becomes a stray. */
export function claimSent(
  slot: SlotClaim,
  write: { value: number; expected: number | null; version: number; deadAt: number; repeats?: number },
  now: number,
): SlotClaim {
  const charge = chargeOf(write.value, write.expected)
  const strays = slot.live ? [...slot.strays, strayOf(slot.live)] : slot.strays
  const next = { ...raised(slot, charge), strays }
  const sent = { ...write, sentAt: now }
  const assigns = slot.alarm && write.value === 0
  if (write.expected !== null && !assigns) {
    const taken = Math.max(0, write.expected - write.value)
    // What it leaves there may be sold, also where a sale was counted that the channel never took off its number.
    const bound = next.claim === null ? null : Math.max(next.claim - taken, Math.min(next.claim, write.value))
    return { ...next, live: { ...sent, bound, assigns } }
  }
  // Only what was dead before this write left is certain not to land behind it.
  const bound = now < slot.doubtedUntil ? null : write.value + landing(strays, now)
  return { ...next, live: { ...sent, bound, assigns } }
}

/** A write of ours without a place of its own any more. Of a compare-and-set only the difference can still come. */
const strayOf = (live: ClaimedWrite): Stray => ({
  version: live.version,
  value: chargeOf(live.value, live.expected),
  deadAt: live.deadAt,
})

const landing = (strays: readonly Stray[], since: number): number =>
  strays.reduce((sum, stray) => (stray.deadAt > since ? sum + stray.value : sum), 0)

/** Units came on top: of the claim, and of every bound that will replace it. */
function raised(slot: SlotClaim, units: number): SlotClaim {
  if (units === 0) return slot
  return {
    ...slot,
    claim: slot.claim === null ? null : slot.claim + units,
    live: slot.live && { ...slot.live, bound: slot.live.bound === null ? null : slot.live.bound + units },
    settlements: slot.settlements.map((one) => ({ ...one, bound: one.bound + units })),
  }
}

export interface KnownSale {
  quantity: number
  /** When the channel says that it was sold. */
  placedAt: number
  /** The account's orders were believed to be known beyond that moment: the belief was wrong. */
  isLate: boolean
}

/**
 * The slot after a sale became known, once per line and from the moment its units are taken. A late one was given up
 * by a settlement already: it lowers nothing here, and the slot is alarmed.
 */
export function claimLearned(slot: SlotClaim, sale: KnownSale, times: ClaimTimes): SlotClaim {
  if (sale.isLate) return { ...slot, alarm: true }
  const claim = slot.claim === null ? null : slot.claim - sale.quantity
  const isAfter = (moment: number) => sale.placedAt > moment + times.marginMs
  const { live } = slot
  // An absolute write overwrites what was sold before it; a compare-and-set takes its part from what the claim is then.
  const follows = live !== null && live.expected !== null && live.bound !== null && !live.assigns
  return {
    ...slot,
    claim,
    live: follows ? { ...live, bound: live.bound! - sale.quantity } : live,
    settlements: slot.settlements.map((one) => {
      if (isAfter(one.at)) return { ...one, bound: one.bound - sale.quantity }
      return one.unseen ? { ...one, unseen: Math.max(0, one.unseen - sale.quantity) } : one
    }),
    // More was sold than could be: somebody else raised it, or put units back that we were not told of.
    alarm: slot.alarm || (claim !== null && claim < 0),
  }
}

/**
 * The slot after a cancellation whose units the channel puts back by itself. `isDone`: the restock came with the
 * cancellation, so before this notice; otherwise it may still come.
 */
export function claimRestocked(
  slot: SlotClaim,
  quantity: number,
  isDone: boolean,
  now: number,
  times: ClaimTimes,
): SlotClaim {
  if (quantity === 0) return slot
  const stray: Stray = { version: null, value: quantity, deadAt: isDone ? now : now + times.lifeMs }
  const next = raised(slot, quantity)
  return { ...next, strays: [...next.strays, stray] }
}

/** A reading of which all is known that happened before it. */
export interface ToldReading {
  shown: number
  since: number
  /** Sales known behind it. */
  soldSince: number
}

/**
 * The slot after it became known that `units` came there (or went, less than 0) by other hands than ours and not by a sale:
 * the own store's number is the truth there. They may be sold at once. Where units went, the claim falls by them, but not
 * below what the reading that told of it still allows: a reading may have counted them before.
 */
export function claimMoved(slot: SlotClaim, units: number, reading: ToldReading): SlotClaim {
  if (units >= 0) {
    const next = raised(slot, units)
    return { ...next, strays: [...next.strays, { version: null, value: units, deadAt: reading.since }] }
  }
  if (slot.claim === null) return slot
  return loweredTo(slot, Math.max(slot.claim + units, Math.min(slot.claim, boundOf(slot, reading))))
}

/** The slot once everything is booked that a reading told: what stood there then bounds it, as any reading does whose sales are known. */
export function claimTold(slot: SlotClaim, reading: ToldReading): SlotClaim {
  if (slot.claim === null || slot.alarm || reading.since < slot.doubtedUntil) return slot
  return loweredTo(slot, Math.min(slot.claim, boundOf(slot, reading)))
}

function boundOf({ live, strays }: SlotClaim, { shown, since, soldSince }: ToldReading): number {
  const coming = live && live.deadAt > since ? chargeOf(live.value, live.expected) : 0
  return Math.max(0, shown) + landing(strays, since) + coming - soldSince
}

/** What is under way takes its part from what the claim is then. */
function loweredTo(slot: SlotClaim, claim: number): SlotClaim {
  const { live } = slot
  if (claim === slot.claim) return slot
  const follows = live !== null && live.expected !== null && live.bound !== null && !live.assigns
  return { ...slot, claim, live: follows ? { ...live, bound: live.bound! + claim - slot.claim! } : live }
}

/**
 * The slot after a proof that its write of `version` has taken effect by `at`: an answer that proves it, or a mark that
 * only this write can leave. "Accepted" proves nothing, and nor does reading the same value.
 */
export function claimConfirmed(slot: SlotClaim, version: number, at: number): SlotClaim {
  const { live } = slot
  if (live?.version !== version) return slot
  // Until its effect it could land on a reading taken before; behind that moment it cannot.
  const strays = [...slot.strays, { ...strayOf(live), deadAt: at }]
  const next = { ...slot, live: null, strays }
  // A compare-and-set to 0 that is to end an alarm is judged like an absolute one: what stands there now is certain.
  if (live.expected === null || live.assigns)
    return live.bound === null ? next : withSettlement(next, { at, bound: live.bound, assigns: live.assigns })
  // A reading may have counted what it took already: the better of both, not their sum.
  return { ...next, claim: slot.claim === null ? live.bound : Math.min(slot.claim, live.bound ?? slot.claim) }
}

/** The slot after an answer that its write of `version` was certainly not carried out, and never will be. */
export function claimRefused(slot: SlotClaim, version: number): SlotClaim {
  const { live } = slot
  if (live?.version !== version) return slot
  return raised({ ...slot, live: null }, -chargeOf(live.value, live.expected))
}

/** The slot after its write got no answer in time: it may have happened, or may still. */
export function claimUnanswered(slot: SlotClaim, version: number): SlotClaim {
  const { live } = slot
  if (live?.version !== version) return slot
  return { ...slot, live: null, strays: [...slot.strays, strayOf(live)] }
}

/**
 * The slot after its channel was read: it showed `shown` at some moment from `since` (before the question left, less what
 * the channel may answer from memory) until `at`. Whatever was not over before may have come on top. A reading frees
 * claims without a write. An alarm it ends only where a 0 that was sent since is dead, and everything else with it: what stands
 * there then is all that can be sold (a channel that only accepts never confirms that 0).
 *
 * `unseen`: units fewer than were expected. Sales explain them until the bound is to hold, or it never does: the answer may be
 * older than the channel says. More than an earlier reading promised disproves that one.
 */
export function claimRead(before: SlotClaim, shown: number, since: number, at: number, unseen = 0): SlotClaim {
  if (since < before.doubtedUntil) return before
  const { live } = before
  const isDisproved = (one: Settlement) => one.at < since && one.bound < shown
  const slot = before.settlements.some(isDisproved)
    ? { ...before, settlements: before.settlements.map((one) => (isDisproved(one) ? { ...one, bound: shown } : one)) }
    : before
  const coming = live && live.deadAt > since ? chargeOf(live.value, live.expected) : 0
  const bound = shown + landing(slot.strays, since) + coming
  const isOver = slot.strays.every((stray) => stray.deadAt <= since) && live !== null && live.deadAt <= since
  const assigns = slot.alarm && isOver && live.assigns
  return withSettlement(slot, { at, bound, assigns, ...(unseen > 0 ? { unseen } : {}) })
}

/**
 * The slot after it was seen to show more than anything that we know of explains, though it was read twice: somebody else
 * wrote it. So many it may sell, whatever was believed; bounds that were to hold soon were about what stood there before.
 */
export function claimOverwritten(slot: SlotClaim, shown: number, since: number): SlotClaim {
  const { live } = slot
  const coming = live && live.deadAt > since ? chargeOf(live.value, live.expected) : 0
  const units = shown + landing(slot.strays, since) + coming
  return {
    ...slot,
    claim: slot.claim === null ? null : Math.max(slot.claim, units),
    live: live && { ...live, bound: null, assigns: false },
    settlements: [],
    alarm: true,
  }
}

/**
 * The same where writes compare before they set: none of ours can land on top of what somebody else wrote, so nothing has to
 * be emptied to know what stands there. It may sell what was seen, and everything that may come besides.
 */
export function claimExceeded(slot: SlotClaim, shown: number, since: number): SlotClaim {
  if (slot.claim === null) return slot
  const units = boundOf(slot, { shown, since, soldSince: 0 }) - slot.claim
  return units > 0 ? claimMoved(slot, units, { shown, since, soldSince: 0 }) : slot
}

/** The slot once sales up to `watermark` are known. */
export function claimSettled(slot: SlotClaim, watermark: number, times: ClaimTimes): SlotClaim {
  const due = slot.settlements.filter((one) => one.at + times.marginMs <= watermark)
  if (due.length === 0) return slot
  let { claim, alarm } = slot
  for (const { bound, assigns, unseen = 0 } of due) {
    if (unseen > 0 && !assigns) continue
    claim = assigns || claim === null ? bound : Math.min(claim, bound)
    if (assigns) alarm = false
  }
  return { ...slot, claim, alarm, settlements: slot.settlements.filter((one) => !due.includes(one)) }
}

/** The slot once it is known when its write of `version` dies: the feed that carried it has ended. */
export function claimDies(slot: SlotClaim, version: number, deadAt: number): SlotClaim {
  const { live, strays, doubtedUntil } = slot
  return {
    ...slot,
    live: live?.version === version ? { ...live, deadAt } : live,
    strays: strays.map((stray) => (stray.version === version ? { ...stray, deadAt } : stray)),
    // A slot that was taken over while the feed was under way.
    doubtedUntil: doubtedUntil === notYet ? deadAt : doubtedUntil,
  }
}

/** When the write of `version` can no longer take effect; undefined where it can count no more. */
export const deathOf = ({ live, strays }: SlotClaim, version: number): number | undefined =>
  live?.version === version ? live.deadAt : strays.find((stray) => stray.version === version)?.deadAt

/** Without what can count no more: dead for longer than any reading may be old. Its units stay in the claim. */
export function claimPruned(slot: SlotClaim, now: number, times: ClaimTimes): SlotClaim {
  const isOver = (deadAt: number) => deadAt + times.staleMs <= now
  const strays = slot.strays.filter((stray) => stray.value > 0 && !isOver(stray.deadAt))
  const live = slot.live && !isOver(slot.live.deadAt) ? slot.live : null
  return { ...slot, live, strays, doubtedUntil: isOver(slot.doubtedUntil) ? 0 : slot.doubtedUntil }
}

/** The claim as it counts against what is available. */
export const claimedUnits = (slot: SlotClaim): number => Math.max(0, slot.claim ?? Number.POSITIVE_INFINITY)

/** So many bounds wait for the watermark at once: the eldest, which settles first, and the newest, which is best. */
const settlementsKept = 4

/** One that is no better than the claim now never will be: whatever lowers a bound lowers the claim as well. */
function withSettlement(slot: SlotClaim, settlement: Settlement): SlotClaim {
  const { claim, settlements } = slot
  if (claim !== null && settlement.bound >= claim && !settlement.assigns) return slot
  const all = [...settlements, settlement]
  const newest = all.slice(Math.max(1, all.length - settlementsKept + 1))
  return { ...slot, settlements: [all[0]!, ...newest] }
}
