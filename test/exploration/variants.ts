/**
 * The unsafe variants that LAST-UNIT.md names, each with an instance small enough to see why. All but the ones that are about
 * the world (a shelf that is shown twice, a client that repeats) replace one rule of the project by a tempting one.
 */
import {
  claimConfirmed,
  claimLearned,
  claimMoved,
  claimRead,
  claimSent,
  type SlotClaim,
} from '../../src/domain/claims.ts'
import { type Case, projectRules, type Rules } from './world.ts'

export interface Variant {
  name: string
  why: string
  rules: Partial<Rules>
  case: Case
  /** What must be found; by default an oversell. */
  finds?: RegExp
}

const one = (slots: Case['slots'], rest: Partial<Case> = {}): Case => ({
  name: 'small',
  units: [1],
  slots,
  writes: 2,
  buys: 2,
  isNamed: true,
  ...rest,
})

const less = (slot: SlotClaim, units: number): SlotClaim => ({
  ...slot,
  claim: slot.claim === null ? null : slot.claim - units,
})

export const variants: readonly Variant[] = [
  {
    name: 'the claim is replaced, not added to',
    why: 'a sale that nobody has seen yet is repaired away and sold again',
    rules: {
      sent: (slot, write, now) => ({ ...claimSent(slot, write, now), claim: write.value }),
      mayLeave: (slot, value, _expected, free) => value <= free + Math.max(0, slot.claim ?? 0),
    },
    case: one([{ shows: 1 }]),
  },
  {
    name: 'released at the confirmation',
    why: 'a sale between the effect and the watermark is not known yet',
    rules: {
      confirmed: (slot, version, at) => {
        const next = claimConfirmed(slot, version, at)
        return next === slot || !slot.live ? next : { ...next, claim: Math.min(next.claim ?? 0, slot.live.bound ?? 0) }
      },
    },
    case: one([{ shows: 1 }]),
  },
  {
    name: 'sales subtracted by the time they are learned',
    why: 'a sale from before the write is taken from what the write shows',
    rules: {
      learned: (slot, sale, times) => {
        const next = claimLearned(slot, sale, times)
        return { ...next, settlements: slot.settlements.map((s) => ({ ...s, bound: s.bound - sale.quantity })) }
      },
    },
    case: one([{ shows: 1 }], { units: [3], buys: 4, values: [0, 1, 2] }),
  },
  {
    name: 'a dead stray is released',
    why: 'it may have landed before it died',
    rules: {
      died: (slot, now) =>
        less(
          slot,
          slot.strays.reduce((sum, stray) => (stray.deadAt === now ? sum + stray.value : sum), 0),
        ),
    },
    case: one([{}]),
  },
  {
    name: 'a write without an answer is forgotten',
    why: 'it may still land',
    rules: {
      unanswered: (slot, version) =>
        slot.live?.version === version ? { ...less(slot, slot.live.value), live: null } : slot,
    },
    case: one([{}]),
  },
  {
    name: 'a compare-and-set releases when it is sent',
    why: 'it may not match, and nothing is taken away',
    rules: {
      sent: (slot, write, now) => less(claimSent(slot, write, now), Math.max(0, (write.expected ?? 0) - write.value)),
      confirmed: (slot) => ({ ...slot, live: null }),
    },
    case: one([{ compareAndSet: true, shows: 1 }, {}], { writes: 1 }),
  },
  {
    name: 'a restock is forgotten at the settlement',
    why: 'the channel puts the unit back on top of what was settled',
    rules: { restocked: (slot, quantity) => less(slot, -quantity) },
    case: one([{ shows: 1 }, {}], { cancels: 1, restock: 'late', buys: 3, reads: 1 }),
  },
  {
    name: 'reading the same value counts as confirmation',
    why: 'the value may be the old one, and the write still lands',
    rules: {
      read: (slot, shown, since, at) =>
        slot.live?.value === shown ? claimConfirmed(slot, slot.live.version, at) : claimRead(slot, shown, since, at),
    },
    case: one([{ shows: 1 }], { units: [2], buys: 3, reads: 1, values: [0, 1] }),
  },
  {
    name: 'sales after the write without a margin',
    why: 'clocks differ: a sale from before its effect is stamped behind it',
    rules: { learned: (slot, sale, times) => claimLearned(slot, sale, { ...times, marginMs: 0 }) },
    case: one([{ shows: 1 }], { units: [2], buys: 3, values: [0, 1], isSkewed: true }),
  },
  {
    name: 'a sale behind its watermark lowers the claim',
    why: 'the settlement has given its unit up already',
    rules: { learned: (slot, sale, times) => claimLearned(slot, { ...sale, isLate: false }, times) },
    case: one([{ shows: 1 }], { units: [2], lies: 1, values: [0, 1] }),
    finds: /may sell more than its claim/,
  },
  {
    name: 'a repeated zero takes a new note and the old answer',
    why: 'between the old zero and the new one a stray landed',
    rules: { repeatsZero: true },
    case: one([{}], { units: [1], writes: 4, buys: 2, values: [0, 1] }),
  },
  {
    name: 'a compare-and-set is repeated without a charge',
    why: 'sold in between, it matches again and adds again',
    rules: { repeatsUncharged: true },
    case: one([{ compareAndSet: true }], { buys: 2 }),
  },
  {
    name: 'a store’s reading bounds what was written behind it',
    why: 'the write came on top of what was read',
    rules: {
      told: (slot, { shown, soldSince }) =>
        slot.claim === null ? slot : { ...slot, claim: Math.min(slot.claim, shown - soldSince) },
    },
    case: one([{ compareAndSet: true, isMaster: true }], { units: [1], buys: 2, reads: 1, values: [0, 1] }),
  },
  {
    name: 'units that people put into a store do not raise a write under way',
    why: 'its answer sets the claim to what it was without them',
    rules: {
      moved: (slot, units, told) =>
        units > 0 && slot.claim !== null ? { ...slot, claim: slot.claim + units } : claimMoved(slot, units, told),
    },
    case: one([{ compareAndSet: true, isMaster: true, shows: 1 }], {
      units: [1],
      buys: 3,
      reads: 1,
      edits: 1,
      values: [0, 1, 2],
    }),
  },
  {
    name: 'kits are counted in kits',
    why: 'a kit of two takes two',
    rules: { weight: () => 1 },
    case: one([{ takes: [2] }], { values: [0, 1] }),
  },
  {
    name: 'pending orders are ignored',
    why: 'their units are taken all the same, and a settlement passes them',
    rules: { ignoresPending: true },
    case: one([{ shows: 1 }]),
  },
  {
    name: 'one shelf is seen as two slots',
    why: 'settling one says nothing of sales through the other',
    rules: {},
    case: one([{}, { sameShelfAs: 0 }], { buys: 3, reads: 1 }),
  },
  {
    name: 'a client repeats a write',
    why: 'the second effect was charged to nobody',
    rules: { repeatsWrites: true },
    case: one([{}]),
  },
]

export const rulesOf = (variant: Variant): Rules => ({ ...projectRules, ...variant.rules })
