/**
 * A stock slot: what one quantity write on a channel addresses. It remembers what it should show (wish), the write
 * on its way (live), what was last proven to stand there (confirmed), and a bound on what it may still sell (claim,
 * see claims.ts). "Accepted" proves nothing; a reading, or a compare-and-set answer, does.
 *
 * What is shown and what may be sold are two matters: a reading that fits a write shows it as arrived, while its claim
 * still counts the write, for it may have been the old value that was read. A reading below what we expected means an
 * unseen sale, and holds every raise until the account's orders are known up to that reading.
 */
import {
  type ClaimTimes,
  claimConfirmed,
  claimDies,
  claimExceeded,
  claimLearned,
  claimOverwritten,
  claimRead,
  claimRefused,
  claimRestocked,
  claimSent,
  claimSettled,
  claimUnanswered,
  deathOf,
  notYet,
  type SlotClaim,
} from './claims.ts'

export type QuantityWrites = 'absolute' | 'compare-and-set'
/**
 * `look-first`: absolute, and the number is looked at right before; only one that is as expected is set. For a claim that is an
 * absolute write; which number it replaced is known all the same, as long as no other of ours can land in between.
 */
export type SlotWrites = QuantityWrites | 'look-first'

export interface LiveWrite {
  value: number
  version: number
  /** What the slot showed when a compare-and-set left; null for absolute writes. */
  expected: number | null
  sentAt: Date
  /** When the channel accepted it; null while unanswered. */
  acceptedAt: Date | null
  /** Known sales at this slot since it left, in slot units: they may lie before or after its effect. */
  sales: number
}

export interface Slot {
  id: string
  wish: number | null
  live: LiveWrite | null
  claim: SlotClaim
  confirmed: { value: number; at: Date; version: number } | null
  /** No raise before the orders of the account are known up to here. */
  holdUntil: Date | null
  /** The newest version ever sent. Never goes back (P-6). */
  version: number
  readDueAt: Date | null
  retryAt: Date | null
  /** A feed that is not over carries a write of it. */
  feedId?: string | null
}

/** How long a write may still take effect after it was given out to leave (LAST-UNIT, D; the call's own time is in it). */
export const strayLifeMs = 15 * 60_000

/** No reading is older when it is noted: some channels answer from memory. */
export const staleMs = 45 * 60_000
/**
 * How moments of a channel compare: within `marginMs` clocks may differ, and a list may show an order behind its own
 * mark.
 */
export const claimTimes = (marginMs: number): ClaimTimes => ({ marginMs, staleMs, lifeMs: strayLifeMs })

/** Of a channel that does not say. */
export const defaultMarginMs = 10 * 60_000

/** A zero that was accepted and is not seen after this long leaves again. */
const zeroAgainMs = 90_000

/** Waits between readings of an accepted write: most take effect within seconds, some within minutes. */
const readWaitsMs = [8_000, 15_000, 30_000, 60_000]

export type Urgency = 0 | 1 | 2 | 3

/** Sell-outs first, then decreases, then raises from nothing, then other raises. */
export function urgencyOf(wish: number, shown: number | null): Urgency {
  if (wish === 0) return 0
  if (shown !== null && wish < shown) return 1
  return shown === 0 ? 2 : 3
}

/** What the slot shows as far as we know: the write on its way, else the confirmed value. */
export function expectedValue(slot: Pick<Slot, 'live' | 'confirmed'>): number | null {
  return slot.live?.value ?? slot.confirmed?.value ?? null
}

export type Due = 'send' | 'wait' | 'clean'

/**
 * Whether a write should leave now. A raise waits for the write before it and for the orders it must know of; a
 * lower value supersedes at once. A slot never read shows an unknown number: only 0 may be sent, and only where a write
 * need not say what it replaces. Where it must be told what a write replaced, one leaves at a time.
 */
export function isDue(slot: Slot, watermark: Date | null, now: Date, writes: SlotWrites = 'absolute'): Due {
  if (slot.wish === null) return 'clean'
  const expected = expectedValue(slot)
  if (slot.wish === expected) return 'clean'
  if (slot.retryAt && slot.retryAt > now) return 'wait'
  // No order holds between a feed and a call; a zero passes all the same, and leaves again when the feed has ended.
  if (slot.feedId && slot.wish !== 0) return 'wait'
  if (expected === null) return slot.wish === 0 && writes === 'absolute' ? 'send' : 'wait'
  if (writes === 'look-first' && !isSettled(slot)) return 'wait'
  if (slot.wish < expected) return 'send'
  if (slot.live) return 'wait'
  if (slot.holdUntil && (!watermark || watermark < slot.holdUntil)) return 'wait'
  return 'send'
}

/** Nothing of ours is on its way, and a reading or an answer told what stands there. */
export const isSettled = ({ live, confirmed }: Pick<Slot, 'live' | 'confirmed'>): boolean =>
  live === null && confirmed !== null

/** The slot after a write of its wish has left. */
export function sent(slot: Slot, value: number, now: Date, writes: SlotWrites): Slot {
  const version = slot.version + 1
  const expected = writes === 'compare-and-set' ? (slot.confirmed?.value ?? null) : null
  const earlier = slot.live === null ? slot.claim.live : null
  const repeats = earlier?.value === value ? (earlier.repeats ?? 0) + 1 : 0
  const write = { value, expected, version, deadAt: now.getTime() + strayLifeMs }
  return {
    ...slot,
    version,
    live: { value, version, expected, sentAt: now, acceptedAt: null, sales: 0 },
    claim: claimSent(slot.claim, { ...write, ...(repeats > 0 ? { repeats } : {}) }, now.getTime()),
    readDueAt: readAfter(now, 0),
    retryAt: null,
  }
}

/** The slot after a write of its wish went into a feed. It is not read for it before the feed has ended. */
export function sentByFeed(slot: Slot, value: number, now: Date): Slot {
  const next = sent(slot, value, now, 'absolute')
  const claim = claimSent(slot.claim, { value, expected: null, version: next.version, deadAt: notYet }, now.getTime())
  return { ...next, claim, readDueAt: null }
}

/**
 * The slot after the feed has ended that carried its write of `version`, with what became of that line. Whatever of it
 * may land does so within the life of a stray. A newer zero that passed the feed may have been overwritten: then nobody
 * knows what the slot shows, and the zero leaves again.
 */
export function feedEnded(
  before: Slot,
  version: number,
  answer: WriteAnswer,
  { endedAt, now, watermark }: { endedAt: Date; now: Date; watermark: Date | null },
): Slot {
  const deadAt = answer.kind === 'refused' ? now.getTime() : endedAt.getTime() + strayLifeMs
  const slot = { ...before, feedId: null, claim: claimDies(before.claim, version, deadAt) }
  if (slot.live?.version === version) return answered(slot, version, answer, now, watermark)
  // It was read as arrived, and nothing left since.
  if (slot.version === version || answer.kind === 'refused') return slot
  return {
    ...slot,
    live: null,
    claim: slot.live ? claimUnanswered(slot.claim, slot.live.version) : slot.claim,
    confirmed: null,
    retryAt: null,
    readDueAt: readAfter(now, 0),
  }
}

export type WriteAnswer =
  /** Taken for processing: proves nothing yet. */
  | { kind: 'accepted' }
  /** Proven to stand there (a compare-and-set that matched). */
  | { kind: 'applied' }
  /** A compare-and-set that did not match: what it shows instead. */
  | { kind: 'mismatch'; shown: number }
  /** Certainly not carried out. `isOutdated`: for what is known of it is not so any more; it is read before it leaves again. */
  | { kind: 'refused'; retryAt: Date; isOutdated?: boolean }
  /** No answer: it may still take effect. */
  | { kind: 'unknown' }

/** The slot after an answer to its write of `version`. Answers to superseded writes change nothing here. */
export function answered(
  slot: Slot,
  version: number,
  answer: WriteAnswer,
  now: Date,
  watermark: Date | null,
  writes: SlotWrites = 'absolute',
): Slot {
  const live = slot.live
  if (!live || live.version !== version) return slot
  switch (answer.kind) {
    case 'accepted':
      return { ...slot, live: { ...live, acceptedAt: now }, readDueAt: readAfter(now, 0) }
    case 'applied':
      return {
        ...slot,
        live: null,
        claim: claimConfirmed(slot.claim, version, now.getTime()),
        confirmed: { value: Math.max(0, live.value - live.sales), at: now, version },
        holdUntil: null,
        readDueAt: null,
      }
    case 'mismatch': {
      const refused = { ...slot, live: null, claim: claimRefused(slot.claim, version) }
      const times = { since: live.sentAt, askedAt: now, at: now }
      return read({ ...refused, retryAt: new Date(now.getTime() + 1_000) }, answer.shown, times, watermark).slot
    }
    case 'refused': {
      const readDueAt = answer.isOutdated ? now : slot.readDueAt
      return { ...slot, live: null, claim: claimRefused(slot.claim, version), retryAt: answer.retryAt, readDueAt }
    }
    case 'unknown': {
      // A compare-and-set may be tried again: it cannot hit twice. So may a lower value: it exposes nothing new. A
      // raise without an answer waits for readings, and for its own death, before another one leaves. So does whatever must
      // know what it replaces.
      const isLower = live.value === 0 || (slot.confirmed !== null && live.value < slot.confirmed.value)
      const harmless = live.expected !== null || (isLower && writes !== 'look-first')
      const claim = claimUnanswered(slot.claim, version)
      if (!harmless) return { ...slot, claim, readDueAt: readAfter(now, 0) }
      return {
        ...slot,
        live: null,
        claim,
        retryAt: new Date(now.getTime() + 3_000),
        readDueAt: now,
      }
    }
  }
}

/** A reading shows the slot at some moment from `since` until `at`; `since` lies before the question where a channel answers from memory. */
export interface ReadingTimes {
  since: Date
  askedAt: Date
  at: Date
}

export type ReadingMeaning =
  /** As expected. */
  | 'same'
  /** The write on its way has taken effect. */
  | 'effective'
  /** The write on its way is not visible yet. */
  | 'waiting'
  /** Not visible after long, but the answer may be older than the write: it leaves once more, and what was read counts for nothing. */
  | 'unseen'
  /** The write can no longer take effect and never did. */
  | 'lost'
  /** Lower than expected: units were sold that we do not know yet. */
  | 'lower'
  /** Higher than expected: somebody else writes this quantity, or an old write landed late. */
  | 'higher'
  /** First reading of this slot. */
  | 'first'

/**
 * The slot after its channel was read: it showed `shown`. `watermark`: orders are known up to here.
 * Where the meaning is 'lower' the caller asks for the account's orders at once; nothing is raised before.
 */
export function read(
  before: Slot,
  shown: number,
  { since, askedAt, at }: ReadingTimes,
  watermark: Date | null,
): { slot: Slot; meaning: ReadingMeaning } {
  const { live, confirmed } = before
  const lowest = live ? Math.min(live.value - live.sales, confirmed?.value ?? live.value) : (confirmed?.value ?? shown)
  // Overtaken: what was written or answered meanwhile is newer than the question.
  const isOvertaken = (confirmed && confirmed.at > askedAt) || (live && live.sentAt > askedAt)
  const unseen = isOvertaken ? 0 : Math.max(0, lowest - shown)
  const slot = { ...before, claim: claimRead(before.claim, shown, since.getTime(), at.getTime(), unseen) }
  if (isOvertaken) return { slot, meaning: 'same' }
  const settle = (meaning: ReadingMeaning, hold: Date | null) => ({
    meaning,
    slot: {
      ...slot,
      live: null,
      confirmed: { value: shown, at, version: live?.version ?? confirmed?.version ?? slot.version },
      holdUntil: hold,
      readDueAt: null,
    },
  })
  const known = watermark !== null && watermark >= at
  if (!live) {
    if (!confirmed) return settle('first', known ? null : at)
    if (shown === confirmed.value) return settle('same', slot.holdUntil)
    return shown < confirmed.value ? settle('lower', known ? null : at) : settle('higher', slot.holdUntil)
  }
  if (shown <= live.value && shown >= live.value - live.sales) return settle('effective', slot.holdUntil)
  const deadAt = deathOf(before.claim, live.version) ?? live.sentAt.getTime() + strayLifeMs
  const age = at.getTime() - (deadAt - strayLifeMs)
  const isLower = shown < lowest
  // A zero that does not show is sent again: repeating it is free, and waiting sells what is not there.
  const isZero = live.value === 0 && shown > 0
  // What the channel may answer from memory proves nothing of a newer write. That is sent once more, and then waited for.
  const mayBeOld = since < live.sentAt
  const wasRepeated = before.claim.live?.version === live.version && (before.claim.live.repeats ?? 0) > 0
  const isOver = mayBeOld && wasRepeated ? false : age >= (isZero ? zeroAgainMs : strayLifeMs)
  if (isOver && mayBeOld && !isLower && confirmed !== null && confirmed.value !== live.value) {
    return { slot: { ...slot, live: null, readDueAt: null }, meaning: 'unseen' }
  }
  if (isZero && isOver) return settle('lost', slot.holdUntil)
  if (!isOver) {
    const holdUntil = isLower && !known ? at : slot.holdUntil
    const readDueAt = deadAt === notYet ? null : readAfter(at, age)
    return { slot: { ...slot, holdUntil, readDueAt }, meaning: isLower ? 'lower' : 'waiting' }
  }
  return isLower ? settle('lower', known ? null : at) : settle('lost', slot.holdUntil)
}

export interface Sold {
  quantity: number
  /** Of these, canceled before we knew of them: whether they are shown again is for a reading to say. */
  canceled: number
  placedAt: Date
  /** The channel certainly lowered itself; otherwise only a reading tells. */
  isSure: boolean
  /** It lies behind what was believed to be known of its account. */
  isLate: boolean
}

/**
 * The channel sold slot units and lowered itself: no write is due for it. A sale before the confirming reading is already in
 * that reading.
 */
export function soldHere(slot: Slot, { quantity, canceled, placedAt, isSure, isLate }: Sold, times: ClaimTimes): Slot {
  const units = quantity - canceled
  const live = slot.live && placedAt >= slot.live.sentAt ? { ...slot.live, sales: slot.live.sales + units } : slot.live
  const confirmed =
    slot.confirmed && placedAt > slot.confirmed.at
      ? { ...slot.confirmed, value: Math.max(0, slot.confirmed.value - units) }
      : slot.confirmed
  const sale = { quantity, placedAt: placedAt.getTime(), isLate }
  const claim = isSure ? claimLearned(slot.claim, sale, times) : slot.claim
  return { ...slot, live, confirmed, claim }
}

/** A cancellation: the channel puts the units back by itself, now or later; a reading tells when. */
export function restockedHere(slot: Slot, quantity: number, now: Date, times: ClaimTimes): Slot {
  return { ...slot, claim: claimRestocked(slot.claim, quantity, false, now.getTime(), times) }
}

/** Every sale up to here is known where the account's orders are read up to `watermark`. */
export const surelyKnown = (watermark: Date | null, { marginMs }: ClaimTimes): Date | null =>
  watermark && new Date(watermark.getTime() - marginMs)

/** Better bounds hold once the account's sales are known up to them. */
export function settledHere<S extends Slot>(slot: S, watermark: Date, times: ClaimTimes): S {
  const claim = claimSettled(slot.claim, watermark.getTime(), times)
  return claim === slot.claim ? slot : { ...slot, claim }
}

function readAfter(now: Date, ageMs: number): Date {
  const wait = readWaitsMs.find((one) => ageMs < one * 2) ?? readWaitsMs.at(-1)!
  return new Date(now.getTime() + wait)
}

/**
 * Somebody else wrote what was read: what it may sell is at least that, and where a write of ours could land on top of it nothing
 * but 0 leaves until it was counted anew.
 */
export function overwrittenHere<S extends Slot>(
  slot: S,
  shown: number,
  { since, at }: ReadingTimes,
  writes: QuantityWrites,
): S {
  const exceeded = writes === 'compare-and-set' ? claimExceeded : claimOverwritten
  const claim = exceeded(slot.claim, shown, since.getTime())
  if (slot.live) return { ...slot, claim }
  return { ...slot, claim, confirmed: { value: shown, at, version: slot.version }, readDueAt: null }
}
