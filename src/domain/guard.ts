/**
 * What to show where, in guarded mode. Nothing here can oversell: a write leaves only where the claims allow it
 * (`claims.ts`). This decides which lawful writes are worth their while:
 *
 * - a channel's own sale needs no write: a slot is left alone until it is down to its re-order point, what its buyers take
 *   in the time that a raise needs;
 * - the tank, a compare-and-set slot, holds what nobody else needs and lends it at once; of several the first one is it, and
 *   the others lend as well what they do not need;
 * - the next unit goes where it is wanted soonest: the first one on as many slots as possible, the fastest first, then depth;
 * - where there is plenty, what is left is divided by demand;
 * - a slow slot is emptied for faster ones only where that sells more than its dark time costs.
 *
 * Pure. Quantities are the slot's own units; `takes` says what one of them is of each component.
 */
import { chargeOf, claimedUnits, mayLeave } from './claims.ts'
import { chanceOfAtLeast, unitsThatLast } from './demand.ts'
import {
  type GuardReason,
  type Planner,
  type PoolView,
  type SlotPlan,
  type SlotView,
  standing,
  take,
  unitsOf,
} from './pool-view.ts'
import { leftInShortage } from './shortage.ts'

/** A slot runs empty before a raise arrives in no more than this part of the cases. */
export const emptyChance = 0.02
/** Of what is left after everybody's needs, so much is handed out; the rest stays where it can still be lent. */
const handedOut = 0.6
/** A unit leaves the tank only for a slot that sells it so much sooner. */
const lendingGain = 1.1
/** A donor must gain so many units, and so many times what it loses while it is dark. */
const donorGain = 0.08
const donorFactor = 1
/** Demand is only estimated: a smaller gain in speed than this part of all demand may be none. */
const donorPart = 0.01

/** Nobody's depth is worth as much as something to show. */
const firstOne = 1e9

interface Player {
  index: number
  slot: SlotView
  /** Where it is now; a tank begins at 0, for what it holds can be had back. */
  level: number
  /** Units that are needed until a raise arrives. */
  need: number
}

export const planGuarded: Planner = (view) => {
  const free = view.components.map(({ available, claimed }) => available - claimed)
  const short = view.components.map((one) => {
    const units = standing(one) - one.claimed
    return units < 0 && Number.isFinite(units)
  })
  const left = short.some(Boolean) ? leftInShortage(view, short) : null
  const plans: (SlotPlan | null)[] = []
  for (const [index, slot] of view.slots.entries()) {
    const plan = outOfPlay(slot, free, short, left?.get(index) ?? 0)
    // What a correction sends counts before anything else.
    if (plan?.send) take(free, slot, chargeOf(plan.send.value, plan.send.expected))
    plans.push(plan)
  }
  const players = playersAmong(view, plans)
  const tanks: Tanks = { all: players.filter(({ slot }) => slot.isTank), main: mainTank(view, players) }
  const wanting = wantingAmong(players, tanks)
  const targets = wanting.length > 0 ? split(view, free, wanting, tanks) : new Map<number, number>()
  let isBorrowed = false
  for (const player of wanting) {
    const value = targets.get(player.index)!
    if (value <= player.slot.shown!) continue
    isBorrowed = raise(player, value, free, tanks, isBorrowed, plans) || isBorrowed
  }
  if (isBorrowed) lend(tanks, free, targets, plans)
  if (tanks.main) plans[tanks.main.index] ??= planOfTank(tanks.main, free)
  const best = isBorrowed ? null : donorFor(view, plans, players)
  const donor = best !== null && !getsItBack(best, view, free, players, tanks) ? best : null
  return view.slots.map((slot, index) => {
    if (index === donor) return { id: slot.id, wish: 0, reason: 'donor', send: { value: 0, expected: null } }
    return plans[index] ?? kept(slot, free, wanting)
  })
}

/** What the own stores hold can be had back. One of them holds what nobody needs; while that one is written, none does. */
interface Tanks {
  all: readonly Player[]
  main: Player | null
}

/** The first one always, or two would shift what nobody needs to and fro. One that is written to keeps its place meanwhile. */
function mainTank(view: PoolView, players: readonly Player[]): Player | null {
  for (const [index, { isTank, isBusy, isHalted }] of view.slots.entries()) {
    if (!isTank) continue
    const player = players.find((one) => one.index === index)
    if (player || (isBusy && !isHalted)) return player ?? null
  }
  return null
}

/** The main tank comes last, and only where others may lend to it: what is free it takes anyway. */
function wantingAmong(players: readonly Player[], { all, main }: Tanks): Player[] {
  const lacks = ({ slot, need, level }: Player) => (slot.isTank ? slot.shown! : level) < Math.min(need, slot.limit)
  const others = players.filter((one) => one !== main && lacks(one))
  return main && all.length > 1 && lacks(main) ? [...others, main] : others
}

/** What is decided without looking at the others; null where it takes part in the split. */
function outOfPlay(
  slot: SlotView,
  free: readonly number[],
  short: readonly boolean[],
  leftInShortage: number,
): SlotPlan | null {
  const { id, claim, shown } = slot
  const wish = (value: number, reason: GuardReason, send: SlotPlan['send'] = null) => ({
    id,
    wish: value,
    reason,
    send,
  })
  if (claim.alarm) {
    // While writes that we do not know of may land, a zero that stands there settles nothing: another one is sent afterwards.
    const isDoubted = claim.doubtedUntil > 0 && shown === 0
    // One that was lost leaves again; one that stands there is waited for, until it has settled.
    const isThere = claim.live?.assigns === true && (slot.isBusy || shown === 0)
    const isOnItsWay = isDoubted || isThere || claim.settlements.some((one) => one.assigns)
    return wish(0, 'alarm', isOnItsWay ? null : { value: 0, expected: null })
  }
  if (slot.takes.some((units, component) => units > 0 && short[component]!)) {
    const isLeft = shown === leftInShortage || (slot.isBusy && slot.isCompareAndSet)
    const expected = slot.isCompareAndSet ? shown : null
    return wish(leftInShortage, 'shortage', isLeft ? null : { value: leftInShortage, expected })
  }
  if (claim.claim === null || shown === null) return wish(Math.min(shown ?? 0, slot.limit), 'unknown')
  if (slot.isBusy && shown <= slot.limit) return wish(shown, 'waiting')
  if (slot.stands !== undefined && !slot.isBusy) {
    const value = Math.min(shown, slot.limit)
    return wish(value, 'waiting', { value, expected: slot.stands })
  }
  if (shown > slot.limit) {
    if (slot.isBusy && slot.isCompareAndSet) return wish(slot.limit, 'limit')
    if (slot.isCompareAndSet) return wish(slot.limit, 'limit', { value: slot.limit, expected: shown })
    // Anything but 0 adds to what may be sold.
    const value = slot.limit <= unitsOf(slot, free) ? slot.limit : 0
    return wish(value, 'limit', { value, expected: null })
  }
  return null
}

function playersAmong(view: PoolView, plans: readonly (SlotPlan | null)[]): Player[] {
  const players: Player[] = []
  for (let index = 0; index < view.slots.length; index += 1) {
    const slot = view.slots[index]!
    if (plans[index]) continue
    players.push({ index, slot, level: slot.isTank ? 0 : slot.shown!, need: neededUnits(slot) })
  }
  return players
}

/** Units that last until a raise arrives: for those who come meanwhile, and for one who wants several. */
export const neededUnits = (slot: SlotView): number =>
  unitsThatLast(slot.perHour * slot.refillHours, emptyChance) + unitsAtOnce(slot.several)

/** A buyer wants more at once in no more than so many cases. Buyers of two are the `several`; of three, that part of them. */
export const largerChance = 0.001
export const unitsAtOnce = (several: number): number =>
  Math.max(1, Math.ceil(Math.log(largerChance) / Math.log(several)))

/** How much sooner the next unit is sold there. */
const worthOf = (player: Player, level: number): number =>
  player.slot.perHour *
  Math.min(1, chanceOfAtLeast(level, player.slot.perHour * player.slot.refillHours) + player.slot.several ** level)

/** What everybody who wants more would get of what is free and of what the tanks hold, and what these would keep. */
function split(view: PoolView, free: readonly number[], wanting: readonly Player[], tanks: Tanks): Map<number, number> {
  const left = [...free]
  // Always in the same order: of two tanks that are worth the same none takes from the other.
  const sharing = [...wanting.filter(({ slot }) => !slot.isTank), ...tanks.all]
  for (const { slot } of tanks.all) take(left, slot, -slot.shown!)
  const isLending = (one: Player, level: number) =>
    one.slot.isTank && (tanks.all.length === 1 || level < one.slot.shown!)
  const levels = new Map(sharing.map((one) => [one.index, one.level]))
  const most = (one: Player) => Math.min(one.need, one.slot.limit)
  const all = view.slots.reduce((sum, slot) => sum + slot.perHour, 0)
  for (;;) {
    let best: Player | null = null
    let worth = 0
    for (const one of sharing) {
      const level = levels.get(one.index)!
      if (level >= most(one)) continue
      const cost = costOf(one, level)
      if (unitsOf(one.slot, left) < cost) continue
      const price = 1 + (cost - 1) * Math.min(1, all * one.slot.darkHours)
      const gain = (worthOf(one, level) * (isLending(one, level) ? lendingGain : 1)) / price
      const value = level === 0 ? gain + firstOne : gain
      if (value > worth) [best, worth] = [one, value]
    }
    if (!best) break
    const level = levels.get(best.index)!
    take(left, best.slot, costOf(best, level))
    levels.set(best.index, level + 1)
  }
  divide(left, wanting, levels, all)
  return levels
}

/**
 * A raise counts in full beside what stands there until it has settled. What stands there comes back then, so it only costs
 * what is sold meanwhile.
 */
const costOf = (one: Player, level: number): number =>
  level === one.level && !one.slot.isCompareAndSet ? level + 1 : 1

/** What nobody needs yet is divided by demand, so that nobody needs a write soon. */
function divide(left: number[], wanting: readonly Player[], levels: Map<number, number>, all: number): void {
  const rest = [...left]
  for (const { index, slot, level: from } of wanting) {
    const level = levels.get(index)!
    if (level === from) continue
    const share = Math.floor((handedOut * unitsOf(slot, rest) * slot.perHour) / all)
    const units = Math.max(0, Math.min(share, unitsOf(slot, left), slot.limit - level))
    levels.set(index, level + units)
    take(left, slot, units)
  }
}

/** Sends the raise where it may leave; answers whether tanks must lend for it otherwise. */
function raise(
  player: Player,
  value: number,
  free: number[],
  tanks: Tanks,
  isBorrowed: boolean,
  plans: (SlotPlan | null)[],
): boolean {
  const { slot, index } = player
  const expected = slot.isCompareAndSet ? slot.shown : null
  const units = chargeOf(value, expected)
  if (!isBorrowed && mayLeave(slot.claim, value, expected, unitsOf(slot, free))) {
    // The main tank takes more than that.
    if (player === tanks.main) return false
    take(free, slot, units)
    plans[index] = { id: slot.id, wish: value, reason: 'reorder-point', send: { value, expected } }
    return false
  }
  if (tanks.all.length === 0) return false
  take(free, slot, units)
  plans[index] = { id: slot.id, wish: value, reason: 'lending', send: null }
  return true
}

/**
 * The tanks give what is lacking (`free` is below 0 there), the main one first, each down to what it would keep. What is left by
 * kits that do not come out even, the main one gives as well.
 */
function lend(
  { all, main }: Tanks,
  free: number[],
  targets: ReadonlyMap<number, number>,
  plans: (SlotPlan | null)[],
): void {
  const lenders = all.filter(({ index }) => plans[index] === null)
  const rounds = main && plans[main.index] === null ? [main, ...lenders.filter((one) => one !== main), main] : lenders
  const given = new Map<number, number>()
  for (const [round, { slot, index }] of rounds.entries()) {
    const already = given.get(index) ?? 0
    const isLast = rounds.length > lenders.length && round === rounds.length - 1
    const keeps = isLast ? 0 : Math.min(targets.get(index)!, slot.shown!)
    const units = Math.min(lackingOf(slot, free), slot.shown! - keeps - already)
    if (units <= 0) continue
    take(free, slot, -units)
    given.set(index, already + units)
  }
  for (const { slot, index } of lenders) {
    const units = given.get(index) ?? 0
    if (units === 0) continue
    const value = slot.shown! - units
    plans[index] = { id: slot.id, wish: value, reason: 'tank', send: { value, expected: slot.shown } }
  }
}

/** In units of the slot: the most that any component lacks. */
function lackingOf(slot: SlotView, free: readonly number[]): number {
  let lacking = 0
  for (const [component, units] of free.entries()) {
    const gives = slot.takes[component]!
    if (gives > 0) lacking = Math.max(lacking, Math.ceil(-units / gives))
  }
  return lacking
}

function planOfTank({ slot, need }: Player, free: readonly number[]): SlotPlan {
  const shown = slot.shown!
  const { id } = slot
  const units = Math.min(unitsOf(slot, free), slot.limit - shown)
  if (units <= 0 || shown >= need)
    return { id, wish: shown, reason: shown === slot.limit ? 'full' : 'tank', send: null }
  const value = shown + units
  return { id, wish: value, reason: 'tank', send: { value, expected: shown } }
}
/** A slot that keeps what it shows, and why. */
function kept(slot: SlotView, free: readonly number[], wanting: readonly Player[]): SlotPlan {
  const shown = slot.shown!
  const reason = (): GuardReason => {
    if (shown >= slot.limit) return 'full'
    if (!wanting.some((one) => one.slot === slot)) return 'share'
    const units = unitsOf(slot, free)
    // Less than nothing: a claim beside it is not known.
    if (units === Number.NEGATIVE_INFINITY || (units < 1 && claimedUnits(slot.claim) > shown)) return 'waiting'
    return 'scarce'
  }
  return { id: slot.id, wish: shown, reason: reason(), send: null }
}

/**
 * The slot to be emptied so that its units are divided anew, if that sells more than its dark time costs. What is about to
 * come back by itself is counted first.
 */
function donorFor(view: PoolView, plans: readonly (SlotPlan | null)[], players: readonly Player[]): number | null {
  const shown = view.slots.map((slot, index) => plans[index]?.wish ?? slot.shown ?? 0)
  const first = view.slots[0]!
  // Kits and components take different things of each other: only slots of one kind exchange units.
  const isAlike = ({ slot }: Player) => slot.takes.every((takes, component) => takes === first.takes[component])
  const alike = players.filter(isAlike)
  if (alike.every(({ index, slot, need }) => shown[index]! >= Math.min(need, slot.limit))) return null
  const coming = view.slots.reduce((sum, { claim }, index) => sum + Math.max(0, claimedUnits(claim) - shown[index]!), 0)
  if (!Number.isFinite(coming)) return null
  const now = rateWith(alike, shown, coming, null)
  const all = view.slots.reduce((sum, { perHour }) => sum + perHour, 0)
  let best: number | null = null
  let most = 0
  for (const { slot, index } of alike) {
    const units = shown[index]!
    if (slot.isCompareAndSet || units === 0 || plans[index]) continue
    const then = rateWith(alike, shown, coming + units, index)
    const hours = shown.reduce((sum, one) => sum + one, coming) / all
    const gain = (then - now) * hours
    const loss = slot.perHour * (slot.darkHours + slot.refillHours)
    if (then - now < donorPart * all || gain - loss <= most || gain < donorGain || gain < donorFactor * loss) continue
    best = index
    most = gain - loss
  }
  return best
}

/**
 * Dividing what a donor gave would only fill it up again: a raise from something costs what stands there as well, so nobody else
 * can be raised. It would be emptied and filled for ever.
 */
function getsItBack(
  donor: number,
  view: PoolView,
  free: readonly number[],
  players: readonly Player[],
  tanks: Tanks,
): boolean {
  const units = view.slots[donor]!.shown!
  const left = [...free]
  take(left, view.slots[donor]!, -units)
  const emptied = players.map((one) => (one.index === donor ? { ...one, level: 0 } : one))
  return split(view, left, wantingAmong(emptied, tanks), tanks).get(donor)! >= units
}

/** Units an hour that are sold when so many more are divided; `emptied` begins at 0. */
function rateWith(players: readonly Player[], shown: readonly number[], units: number, emptied: number | null): number {
  const levels = players.map(({ index }) => (index === emptied ? 0 : shown[index]!))
  for (let left = units; left > 0; left -= 1) {
    let best = -1
    let worth = 0
    players.forEach((player, place) => {
      const level = levels[place]!
      const value = level < player.slot.limit ? worthOf(player, level) + (level === 0 ? firstOne : 0) : 0
      if (value > worth) [best, worth] = [place, value]
    })
    if (best < 0 || worth * 100 < players[best]!.slot.perHour) break
    levels[best]! += 1
  }
  return players.reduce(
    (sum, { slot }, place) => sum + (levels[place]! === 0 ? 0 : slot.perHour * (1 - slot.several ** levels[place]!)),
    0,
  )
}
