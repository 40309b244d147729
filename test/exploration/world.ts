/**
 * A small world around the project's claims: some slots, a few units, buyers, a network that delays, loses and reorders.
 * Everything that can happen in a moment is a step; `explore.ts` takes them in every order. Quantities are ones and
 * twos, moments are ranks: only their order matters, so states that differ in dates alone are one.
 */
import {
  type ClaimTimes,
  chargeOf,
  claimConfirmed,
  claimedUnits,
  claimLearned,
  claimMoved,
  claimRead,
  claimRefused,
  claimRestocked,
  claimSent,
  claimSettled,
  claimTold,
  claimUnanswered,
  mayLeave,
  type SlotClaim,
} from '../../src/domain/claims.ts'

/** The rules under test; an unsafe variant replaces some of them. */
export interface Rules {
  sent: typeof claimSent
  learned: typeof claimLearned
  restocked: typeof claimRestocked
  confirmed: typeof claimConfirmed
  refused: typeof claimRefused
  unanswered: typeof claimUnanswered
  read: typeof claimRead
  moved: typeof claimMoved
  told: typeof claimTold
  settled: typeof claimSettled
  mayLeave: typeof mayLeave
  /** Called when the deadline of strays has passed. */
  died(slot: SlotClaim, now: number): SlotClaim
  /** Units of a component that one sale of the slot takes, as the rules count them. */
  weight(units: number): number
  /** Sales up to a moment count as known although this many of the newest are not. */
  ignoresPending: boolean
  /** The network, a client or a proxy may carry one write out twice. */
  repeatsWrites: boolean
  /** A compare-and-set without an answer is sent again as it is, without a new charge. */
  repeatsUncharged: boolean
  /** A zero is sent again under the number of the one before. */
  repeatsZero: boolean
}

export const projectRules: Rules = {
  sent: claimSent,
  learned: claimLearned,
  restocked: claimRestocked,
  confirmed: claimConfirmed,
  refused: claimRefused,
  unanswered: claimUnanswered,
  read: claimRead,
  moved: claimMoved,
  told: claimTold,
  settled: claimSettled,
  mayLeave,
  died: (slot) => slot,
  weight: (units) => units,
  ignoresPending: false,
  repeatsWrites: false,
  repeatsUncharged: false,
  repeatsZero: false,
}

export interface Case {
  name: string
  /** Of each component. */
  units: readonly number[]
  slots: readonly {
    compareAndSet?: boolean
    /** Units of each component that one sale takes; by default one of the first. */
    takes?: readonly number[]
    /** Shown at first; the claim begins with it. */
    shows?: number
    /** The hub has just taken it over: it knows nothing. */
    isTakenOver?: boolean
    /** Index of the slot whose shelf this one really shows. */
    sameShelfAs?: number
    /** An own store that tells what people change there: its readings are judged, and booked with the claim in one step. */
    isMaster?: boolean
  }[]
  writes: number
  buys: number
  lost?: number
  reads?: number
  /** Cancellations, and when the channel puts their units back. */
  cancels?: number
  restock?: 'at once' | 'late' | 'never'
  /** Recounts that find one unit less. */
  recounts?: number
  /** Units that people put into a store that is the master, or take out of it. */
  edits?: number
  /** Values that are sent; by default up to the units of the scarcest component. */
  values?: readonly number[]
  /** Stamps of sales are off by up to two events. */
  isSkewed?: boolean
  /** Slots keep their places, so that the steps can be read; otherwise worlds that differ in the order of equal slots are one. */
  isNamed?: boolean
  /** Sales may be told after the watermark has passed them, so often. */
  lies?: number
}

interface Sale {
  /** The moment the channel stamps on it. */
  stamp: number
  state: 'unknown' | 'known' | 'canceled unknown' | 'canceled known'
}

interface Flight {
  version: number
  value: number
  expected: number | null
}

export interface SlotWorld {
  shown: number
  flights: Flight[]
  /** Answers on their way back. */
  answers: { version: number; isDone: boolean; at: number }[]
  sales: Sale[]
  /** Units that the channel will put back. */
  restocks: number
  /** What people changed there and nobody booked yet. */
  edits: { at: number; units: number }[]
  /** A reading on its way back. */
  reading: { shown: number; since: number } | null
  writes: number
  version: number
  claim: SlotClaim
  watermark: number
}

export interface World {
  now: number
  /** What is really on the shelf and not promised to a known sale, by component. */
  available: number[]
  /** Units that facts took from under the claims, by component: what no rule can prevent. */
  uncovered: number[]
  slots: SlotWorld[]
  /** A settlement after an alarm is a fact, whatever is available. */
  hadAlarm: boolean
  left: { buys: number; lost: number; reads: number; cancels: number; recounts: number; lies: number; edits: number }
}

/** Enough to stamp a sale from before an effect behind it. */
export const skewed = 2
/** Longer than any number of events. */
export const life = 10_000
export const times = (one: Case): ClaimTimes => ({
  marginMs: one.isSkewed ? skewed : 0,
  staleMs: life * 10,
  lifeMs: life,
})

export function firstWorld(one: Case): World {
  return {
    now: 1,
    available: [...one.units],
    uncovered: one.units.map(() => 0),
    hadAlarm: false,
    slots: one.slots.map(({ shows = 0, isTakenOver = false }) => ({
      shown: shows,
      flights: [],
      answers: [],
      sales: [],
      restocks: 0,
      edits: [],
      reading: null,
      writes: 0,
      version: 0,
      claim: {
        claim: isTakenOver ? null : shows,
        live: null,
        strays: [],
        settlements: [],
        alarm: false,
        doubtedUntil: 0,
      },
      watermark: 0,
    })),
    left: {
      buys: one.buys,
      lost: one.lost ?? 0,
      reads: one.reads ?? 0,
      cancels: one.cancels ?? 0,
      recounts: one.recounts ?? 0,
      lies: one.lies ?? 0,
      edits: one.edits ?? 0,
    },
  }
}

export const takesOf = (one: Case, slot: number): readonly number[] => one.slots[slot]!.takes ?? [1]
export const shelfOf = (one: Case, slot: number): number => one.slots[slot]!.sameShelfAs ?? slot

/** Units sold and not canceled beyond what was there, less what facts took: above 0 is an oversell. */
export function oversold(world: World, one: Case): number {
  let worst = 0
  for (const [component, available] of world.available.entries()) {
    // A canceled sale's unit is back, whoever knows it.
    const counts = { unknown: 1, 'canceled known': -1, known: 0, 'canceled unknown': 0 }
    const sold = world.slots
      .flatMap(({ sales }, index) => sales.map(({ state }) => counts[state] * (takesOf(one, index)[component] ?? 0)))
      .reduce((sum, units) => sum + units, 0)
    const changed = world.slots.reduce((sum, { edits }) => sum + (component === 0 ? netOf(edits) : 0), 0)
    worst = Math.max(worst, sold - available - changed - world.uncovered[component]!)
  }
  return worst
}

/** Units that came (or went, less than 0) by people's hands. */
export const netOf = (edits: readonly { units: number }[]): number => edits.reduce((sum, { units }) => sum + units, 0)

/**
 * What a slot sold unseen, shows, and may still come to show, against its claim: the reason why nothing is oversold. A
 * sale behind its watermark stands outside until it is learned.
 */
export function isBounded(world: World, index: number, one: Case): boolean {
  const slot = world.slots[index]!
  if (slot.claim.claim === null || shelfOf(one, index) !== index) return true
  const unknown = slot.sales.filter(({ state, stamp }) => state.endsWith('unknown') && stamp > slot.watermark).length
  const isLied = slot.sales.some(({ state, stamp }) => state.endsWith('unknown') && stamp <= slot.watermark)
  const coming = slot.flights.reduce((sum, { value, expected }) => sum + chargeOf(value, expected), 0)
  const restocked = restockedUnseen(slot, one)
  return isLied || unknown + slot.shown + coming + slot.restocks <= slot.claim.claim + restocked + netOf(slot.edits)
}

/** Sales whose unit the channel puts back and whose cancellation the hub does not know. */
const restockedUnseen = (slot: SlotWorld, one: Case): number =>
  one.restock === 'never' ? 0 : slot.sales.filter(({ state }) => state.startsWith('canceled')).length

/** Units of a component that came back unseen: until they are known, sales of them look like too many. */
export const backUnseen = (world: World, one: Case, component: number): number =>
  world.slots.reduce((sum, slot, index) => sum + restockedUnseen(slot, one) * (takesOf(one, index)[component] ?? 0), 0)

/** The claims in units of a component, as the rules count them. */
export function claimed(world: World, one: Case, rules: Rules, component: number): number {
  return world.slots.reduce((sum, slot, index) => {
    const takes = takesOf(one, index)[component] ?? 0
    return takes === 0 ? sum : sum + rules.weight(takes) * claimedUnits(slot.claim)
  }, 0)
}
