/**
 * The two other modes, for a seller who accepts a stated rate of oversells. *Shared* shows what is available everywhere.
 * *Adaptive* keeps back what all slots together may sell before the write that answers it has landed, so that more is
 * asked for in no more than the stated part of the cases; the last units are divided by their claims, not hidden.
 *
 * Pure.
 */
import { unitsThatLast } from './demand.ts'
import { neededUnits, planGuarded } from './guard.ts'
import { type Planner, type PoolView, type SlotPlan, type SlotView, standing } from './pool-view.ts'

/** Everything everywhere, less a fixed number of units. */
export const planShared =
  (keptBack = 0): Planner =>
  (view) =>
    view.slots.map((slot) => follow(slot, Math.max(0, possibleUnits(view, slot) - keptBack), Number.POSITIVE_INFINITY))

/** `chance`: in so many cases more is asked for than was kept back. */
export const planAdaptive =
  (chance: number): Planner =>
  (view) => {
    const byDemand = [...view.slots].sort((a, b) => b.perHour - a.perHour)
    let guarded: SlotPlan[] | null = null
    return view.slots.map((slot, index) => {
      const units = possibleUnits(view, slot)
      const share = Math.floor((units + byDemand.length - 1 - byDemand.indexOf(slot)) / byDemand.length)
      const spare = units - bufferOf(view, slot, chance)
      // What is shown beyond the need would have to be lowered soon.
      if (spare > share) return follow(slot, spare, neededUnits(slot))
      // The last units: nothing is raised beyond its claims, and nobody keeps more than a share.
      guarded ??= planGuarded(view)
      return guarded[index]!
    })
  }

/** What is kept back for sales that this slot is not told of in time. Its own are among them: a write overwrites them. */
export function bufferOf(view: PoolView, slot: SlotView, chance: number): number {
  const expected = view.slots.reduce(
    (sum, { perHour, darkHours }) => sum + perHour * Math.max(darkHours, slot.darkHours),
    0,
  )
  return unitsThatLast(expected, chance)
}

function possibleUnits({ components }: PoolView, { takes, limit }: SlotView): number {
  let units = limit
  components.forEach((each, component) => {
    const one = takes[component]!
    if (one > 0) units = Math.min(units, Math.floor(standing(each) / one))
  })
  return Math.max(0, units)
}

/** Lowered as soon as it shows more; raised where it shows less than it needs. */
function follow(slot: SlotView, value: number, need: number): SlotPlan {
  const { id, isBusy, isCompareAndSet } = slot
  const shown = slot.stands ?? slot.shown
  if (shown === null) return { id, wish: value, reason: 'unknown', send: null }
  if (shown <= value && (shown === value || shown >= need)) return { id, wish: shown, reason: 'share', send: null }
  if (isBusy && (isCompareAndSet || shown < value)) return { id, wish: value, reason: 'waiting', send: null }
  return { id, wish: value, reason: 'buffer', send: { value, expected: isCompareAndSet ? shown : null } }
}
