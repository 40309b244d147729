/**
 * What a decision about showing sees: all slots that share a component, with their claims, and what it answers. Quantities are
 * the slot's own units; `takes` says what one of them is of each component.
 */
import type { SlotClaim } from './claims.ts'

export interface ComponentView {
  /** Available to promise; below 0 where more was sold than is there. */
  available: number
  /** What the claims of all slots that draw from it add up to; Infinity while one is unknown. */
  claimed: number
  /** Units beside what is available that will most likely be: what stands may stand on them, nothing is raised on them. */
  pending?: number
}

/** What may go on standing. */
export const standing = ({ available, pending = 0 }: ComponentView): number => available + pending

export interface SlotView {
  id: string
  claim: SlotClaim
  isCompareAndSet: boolean
  /** A compare-and-set slot that holds what others do not need. */
  isTank: boolean
  /** What it shows, or will once the write under way has landed; null where nobody knows. */
  shown: number | null
  /** What stands there although its claim is less: a checkout that the store never learned of. */
  stands?: number
  /** A write is under way, or none may leave. */
  isBusy: boolean
  /** None may leave for long: its account is not live, or halted. */
  isHalted?: boolean
  /** The most it may show by publishing rules. */
  limit: number
  /** What one sale takes of each component of the view. */
  takes: readonly number[]
  /** Units that buyers ask for in an hour. */
  perHour: number
  /** The part of the buyers that takes more than one unit. */
  several: number
  /** From a sale until buyers see the raise that answers it: learning of it, deciding, the write's effect. */
  refillHours: number
  /** From a write of 0 until its claim has come back: effect, answer, watermark. */
  darkHours: number
}

/** All slots that share a component, and those components. */
export interface PoolView {
  components: readonly ComponentView[]
  slots: readonly SlotView[]
}

export type GuardReason =
  /** It shows what its publishing rule allows. */
  | 'full'
  /** It shows its share, above its re-order point. */
  | 'share'
  /** It holds what nobody else needs. */
  | 'tank'
  /** It was down to its re-order point and is raised. */
  | 'reorder-point'
  /** Units come from the tank first. */
  | 'lending'
  /** Emptied for faster slots. */
  | 'donor'
  /** Units are bound by claims that have not settled, or its own write is under way. */
  | 'waiting'
  /** Others sell the units that there are sooner. */
  | 'scarce'
  /** Its claim or what it shows is not known: it must be read. */
  | 'unknown'
  /** Its claim was proven wrong: it is emptied and counted anew. */
  | 'alarm'
  /** More is claimed than is there: what cannot be covered is emptied. */
  | 'shortage'
  /** It shows more than its publishing rule allows. */
  | 'limit'
  /** The other modes: what is available, less what others may sell before this slot is told. */
  | 'buffer'

export interface SlotPlan {
  id: string
  /** What it should show now. */
  wish: number
  reason: GuardReason
  /** A write that may leave now, and brings it there; null where none may or none is needed. */
  send: { value: number; expected: number | null } | null
}

/** How a mode decides; all of them have this form. */
export type Planner = (view: PoolView) => SlotPlan[]

/** So many of the slot's units can be made of these. */
export function unitsOf(slot: SlotView, units: readonly number[]): number {
  let least = Number.POSITIVE_INFINITY
  for (let component = 0; component < units.length; component += 1) {
    const takes = slot.takes[component]!
    if (takes > 0) least = Math.min(least, Math.floor(units[component]! / takes))
  }
  return least
}

/** Takes so many of the slot's units from these. */
export function take(units: number[], slot: SlotView, count: number): void {
  for (let component = 0; component < units.length; component += 1) units[component]! -= count * slot.takes[component]!
}
