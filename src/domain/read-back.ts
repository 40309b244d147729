/**
 * A reading, weighed against all that is known before it is believed. Fewer than expected is believed at once where it
 * matters: nothing is raised, and orders are asked for. An answer that may come from the channel's memory changes nothing that is shown;
 * more than anything explains is read once more, and then somebody else writes there.
 *
 * Pure.
 */
import { claimedUnits } from './claims.ts'
import {
  expectedValue,
  overwrittenHere,
  type QuantityWrites,
  type ReadingMeaning,
  type ReadingTimes,
  read,
  type Slot,
} from './slots.ts'
import {
  againMs,
  calmer,
  couldBeOld,
  judgeHigher,
  odder,
  type Suspicion,
  surplusOf,
  type Trace,
  toldWithinMs,
} from './suspicion.ts'

export interface WatchedSlot extends Slot {
  suspicion: Suspicion | null
}

export type ReadBackMeaning =
  | ReadingMeaning
  /** It may be what stood there before a write; it is asked again. */
  | 'old'
  /** Nothing explains so many; it is asked again. */
  | 'again'
  /** Somebody else wrote it. */
  | 'writer'

export interface ReadBack<S extends WatchedSlot> {
  slot: S
  meaning: ReadBackMeaning
  /** Units beyond anything that is known; of 'writer' only. */
  surplus: number
}

/** An answer from memory is asked for again after so long. */
const oldAgainMs = 5 * 60_000
/** What a cancellation may explain waits for the orders. */
const ordersAgainMs = 60_000

/** Whether the meaning of this number needs the slot's trace. */
export function isOdd(slot: WatchedSlot, shown: number): boolean {
  if (slot.confirmed === null) return false
  return shown > claimedUnits(slot.claim) || (slot.live === null && shown !== slot.confirmed.value)
}

/** `trace`: of an odd number. `watermark`: orders are known up to here. */
export function readBack<S extends WatchedSlot>(
  before: S,
  shown: number,
  times: ReadingTimes,
  watermark: Date | null,
  trace: Trace | null,
  writes: QuantityWrites = 'absolute',
): ReadBack<S> {
  const { slot: plain, meaning } = read(before, shown, times, watermark)
  const slot: S = { ...before, ...plain }
  if (!trace) return remembered({ slot, meaning, surplus: 0 }, times.at)
  const now = times.at.getTime()
  const surplus = surplusOf(shown, claimedUnits(before.claim), expectedValue(before), trace)
  const known = watermark?.getTime() ?? null
  const verdict = judgeHigher(shown, surplus, { suspicion: before.suspicion, trace, known, now })
  if (verdict === 'writer') {
    const written = overwrittenHere(before, shown, times, writes)
    const suspicion = odder(before.suspicion, now, { writerAt: now })
    return { slot: { ...written, suspicion }, meaning: 'writer', surplus }
  }
  if (verdict === 'again') {
    const first = before.suspicion?.higher ?? null
    const isSame = first !== null && shown >= first.shown - trace.sold
    const suspicion: Suspicion = {
      ...(before.suspicion ?? { deviations: 0, at: now, writerAt: null }),
      higher: isSame ? first : { shown, at: now },
    }
    const readDueAt = new Date(now + (isSame ? ordersAgainMs : againMs))
    return { slot: { ...before, readDueAt, suspicion }, meaning: 'again', surplus: 0 }
  }
  const isFromMemory = times.since < times.askedAt && before.live === null && before.confirmed !== null
  if (isFromMemory && couldBeOld(shown, before.confirmed!.value, trace)) {
    const isUnknown = watermark === null || watermark < times.at
    const holdUntil = shown < before.confirmed!.value && isUnknown ? times.at : before.holdUntil
    const readDueAt = new Date(now + oldAgainMs)
    return { slot: { ...before, claim: slot.claim, holdUntil, readDueAt }, meaning: 'old', surplus: 0 }
  }
  return remembered({ slot, meaning, surplus: 0 }, times.at)
}

/** The same of a store that asks before it sells; where it is ahead of its claim it is read again once its answers have arrived. */
export function readAsking<S extends WatchedSlot>(
  before: S,
  shown: number,
  times: ReadingTimes,
  watermark: Date | null,
): ReadBack<S> {
  const one = readBack(before, shown, times, watermark, null)
  const { slot } = one
  if (slot.live || shown <= claimedUnits(slot.claim)) return one
  const now = times.at.getTime()
  const higher = before.suspicion?.higher ?? { shown, at: now }
  const suspicion: Suspicion = { deviations: 0, at: now, writerAt: null, ...slot.suspicion, higher }
  const again = higher.at + toldWithinMs
  return { ...one, slot: { ...slot, suspicion, readDueAt: again > now ? new Date(again) : slot.readDueAt } }
}

/** What such a reading leaves in the memory of its slot. */
function remembered<S extends WatchedSlot>(one: ReadBack<S>, at: Date): ReadBack<S> {
  const { slot, meaning } = one
  const { suspicion } = slot
  if (meaning === 'lower' || meaning === 'higher' || meaning === 'lost')
    return { ...one, slot: { ...slot, suspicion: odder(suspicion, at.getTime()) } }
  if (suspicion && (meaning === 'same' || meaning === 'effective'))
    return { ...one, slot: { ...slot, suspicion: calmer(suspicion, at.getTime()) } }
  return one
}
