/**
 * Decides what slots should show, by the mode of what they sell from, and counts their claims. Callers hold the levels of
 * all components and then the slots: one writer a variant.
 */
import { type Component, componentsOf, countClaims, type Mode, type Recipe, recipesOf } from '../database/claims.ts'
import { lentSides } from '../database/lent-sides.ts'
import { noteRises, noteSlotEvents } from '../database/oversells.ts'
import type { Sql } from '../database/pool.ts'
import { isOurs, type SlotRow, saveSlots, saveWishes } from '../database/slots.ts'
import { type ClaimTimes, claimedUnits } from '../domain/claims.ts'
import { demandOnChange, demandUntil, newDemand, perHour, severalOf } from '../domain/demand.ts'
import { planGuarded } from '../domain/guard.ts'
import { type LagTail, marginOf } from '../domain/lag.ts'
import { type LentSide, sharesOf } from '../domain/lending.ts'
import { planAdaptive, planShared } from '../domain/modes.ts'
import type { Planner, PoolView, SlotView } from '../domain/pool-view.ts'
import { wishOf } from '../domain/publishing.ts'
import { claimTimes, defaultMarginMs, expectedValue } from '../domain/slots.ts'
import { staysAhead } from '../domain/suspicion.ts'
import { compareText } from '../domain/values.ts'
import type { Context } from './context.ts'
import { noteHiddenShort } from './note-hidden-short.ts'
import { isOwnStore, ownStoreChannels } from './own-store.ts'

export type PlanContext = Pick<Context, 'registry'>
/** Facts may have to be told to a person. */
export type FactContext = Pick<Context, 'registry' | 'newId'>

/** How moments of an account's channel compare: its margin grows with what its list was seen to tell late. */
export const timesOf = (ctx: PlanContext, account: { channel: string; lag: LagTail | null }, now: Date): ClaimTimes =>
  claimTimes(marginOf(account.lag, channelMarginMs(ctx, account.channel), now.getTime()))

const channelMarginMs = (ctx: PlanContext, channel: string) =>
  ctx.registry.get(channel)?.stock?.marginMs ?? defaultMarginMs

/** How often *adaptive* may ask for more than it kept back. */
const adaptiveChance = 0.001
const planners: Record<Mode, Planner> = {
  guarded: planGuarded,
  adaptive: planAdaptive(adaptiveChance),
  shared: planShared(),
}
const strictest: readonly Mode[] = ['guarded', 'adaptive', 'shared']

/**
 * Saves what changed of the slots, counts their claims as facts, and writes what all of them should show now. `before` are
 * all slots that sell some variants, or kits that hold them, locked; `happened` are they with what happened.
 */
export async function saveAndPlan(
  tx: Sql,
  ctx: FactContext,
  before: readonly SlotRow[],
  happened: readonly SlotRow[],
  now: Date,
): Promise<void> {
  const after = happened.map((slot, index) => withHours(before[index]!, slot, now))
  const changed = after.filter((slot, index) => slot !== before[index])
  const recounted = after.filter((slot, index) => isCountedAnew(before[index]!, slot))
  await saveSlots(tx, changed, now)
  const recipes = await recipesOf(tx, variantsOf(after))
  const counted = partsOf(recipes, recounted)
  const rest = partsOf(recipes, after).filter((id) => !counted.includes(id))
  const [facts, others] = await Promise.all([countClaims(tx, counted, 'fact'), componentsOf(tx, rest)])
  const components = new Map([...facts, ...others])
  await noteNews(tx, before, after, recipes, components, now)
  const sides = await sidesOf(tx, ctx, components, now)
  await noteHiddenShort(tx, ctx, components, sides, now)
  await savePlans(tx, after, planned(ctx, after, recipes, components, sides, now), now)
}

type Sides = ReadonlyMap<string, LentSide>

/** Where a channel lends of a component; mostly nowhere, and nothing is asked. */
async function sidesOf(
  sql: Sql,
  ctx: PlanContext,
  components: ReadonlyMap<string, Component>,
  now: Date,
): Promise<Sides> {
  const ids = [...components.values()].flatMap((one) => (one.isLent ? [one.variantId] : []))
  return ids.length > 0 ? await lentSides(sql, ids, ownStoreChannels(ctx), now) : new Map()
}

/** With the hours up to now in its demand, where it begins or ends to show something. */
export function withHours(before: SlotRow, after: SlotRow, now: Date): SlotRow {
  if (before === after) return after
  const isShowing = (slot: SlotRow) => (expectedValue(slot) ?? 0) > 0
  const demand = demandOnChange(after.demand, now.getTime(), isShowing(before), isShowing(after))
  return demand === after.demand ? after : { ...after, demand }
}

/** What an oversell is explained by, where there may be one. */
async function noteNews(
  tx: Sql,
  before: readonly SlotRow[],
  after: readonly SlotRow[],
  recipes: ReadonlyMap<string, Recipe>,
  components: ReadonlyMap<string, Component>,
  now: Date,
): Promise<void> {
  const news = new Set([...components.values()].flatMap((one) => (one.isNews ? [one.variantId] : [])))
  if (news.size === 0) return
  const joined = after.filter((slot, index) => {
    const was = before[index]!
    const isKnown = isOurs(slot) && (slot.claim.claim ?? 0) > 0
    return isKnown && (was.claim.claim === null || !isOurs(was)) && partsOf(recipes, [slot]).some((id) => news.has(id))
  })
  await noteSlotEvents(
    tx,
    joined.map((slot) => ({ slotId: slot.id, kind: 'joined', data: { claim: slot.claim.claim } })),
    now,
  )
  await noteRises(tx, [...news].sort(compareText), now)
}

const isCountedAnew = (before: SlotRow, after: SlotRow) =>
  before.claim.claim !== after.claim.claim || isOurs(before) !== isOurs(after)

/** Plans slots of which nothing but their rules changed. */
export async function planSlots(tx: Sql, ctx: PlanContext, slots: readonly SlotRow[], now: Date): Promise<SlotRow[]> {
  const recipes = await recipesOf(tx, variantsOf(slots))
  const components = await componentsOf(tx, partsOf(recipes, slots))
  return planned(ctx, slots, recipes, components, await sidesOf(tx, ctx, components, now), now)
}

/** Plans all slots of one variant that is no part of a kit and that nobody lends, by what was read of its level. */
export function planVariant(
  ctx: PlanContext,
  slots: readonly SlotRow[],
  level: Component,
  now: Date,
): readonly SlotRow[] {
  const { variantId } = level
  const recipe: Recipe = { variantId, parts: [{ variantId, quantity: 1 }] }
  return planned(ctx, slots, new Map([[variantId, recipe]]), new Map([[variantId, level]]), new Map(), now)
}

const variantsOf = (slots: readonly SlotRow[]) => [...new Set(slots.flatMap((slot) => slot.variantId ?? []))]

/** Everything that the slots are made of. */
export function partsOf(recipes: ReadonlyMap<string, Recipe>, slots: readonly SlotRow[]): string[] {
  const ids = variantsOf(slots).flatMap((id) => recipes.get(id)!.parts.map((part) => part.variantId))
  return [...new Set(ids)].sort(compareText)
}

function planned(
  ctx: PlanContext,
  slots: readonly SlotRow[],
  recipes: ReadonlyMap<string, Recipe>,
  components: ReadonlyMap<string, Component>,
  sides: Sides,
  now: Date,
): SlotRow[] {
  const plans = new Map<string, SlotRow>()
  for (const group of groups(slots, recipes)) {
    const view = viewOf(ctx, group, components, sides, now)
    const mode = strictest.find((one) => view.modes.has(one)) ?? 'guarded'
    const decided = view.pool.slots.length > 0 ? planners[mode](view.pool) : []
    for (const [index, { wish, reason, send }] of decided.entries()) {
      const slot = view.ours[index]!
      const isOpen = wish !== expectedValue(slot) || reason === 'alarm'
      plans.set(slot.id, { ...slot, wish, reason, waits: isOpen && send === null })
    }
    for (const slot of view.others) plans.set(slot.id, slot)
  }
  return slots.map((slot) => plans.get(slot.id) ?? slot)
}

/** Writes what planning changed, and nothing else. */
export async function savePlans(
  tx: Sql,
  before: readonly SlotRow[],
  after: readonly SlotRow[],
  now: Date,
): Promise<void> {
  const changed = after.filter((slot, index) => {
    const was = before[index]!
    return slot.wish !== was.wish || slot.reason !== was.reason || slot.waits !== was.waits
  })
  await saveWishes(tx, changed, now)
}

interface Group {
  slots: SlotRow[]
  recipes: Recipe[]
}

/** Slots that share a component, directly or by others, are decided together. */
function groups(slots: readonly SlotRow[], recipes: ReadonlyMap<string, Recipe>): Group[] {
  const leader = new Map<string, string>()
  const find = (id: string): string => {
    const up = leader.get(id) ?? id
    return up === id ? id : find(up)
  }
  for (const { parts } of recipes.values())
    for (const { variantId } of parts) leader.set(find(variantId), find(parts[0]!.variantId))
  const found = new Map<string, Group>()
  const groupOf = (recipe: Recipe) => {
    const key = find(recipe.parts[0]!.variantId)
    const group = found.get(key) ?? { slots: [], recipes: [] }
    found.set(key, group)
    return group
  }
  for (const recipe of recipes.values()) groupOf(recipe).recipes.push(recipe)
  for (const slot of slots) {
    const recipe = slot.variantId ? recipes.get(slot.variantId) : undefined
    if (recipe) groupOf(recipe).slots.push(slot)
  }
  return [...found.values()].filter((group) => group.slots.length > 0)
}

function viewOf(ctx: PlanContext, group: Group, components: ReadonlyMap<string, Component>, sides: Sides, now: Date) {
  const ids = [...new Set(group.recipes.flatMap(({ parts }) => parts.map((part) => part.variantId)))]
  const recipeOf = new Map(group.recipes.map((recipe) => [recipe.variantId, recipe]))
  // What is lent and what is not are told apart by a part of its own: marketplaces take of it, own stores do not.
  const lentIds = ids.filter((id) => sides.has(id))
  const availableOf = (id: string) => components.get(id)?.available ?? 0
  const shares = new Map(lentIds.map((id) => [id, sharesOf(availableOf(id), sides.get(id)!)]))
  const ours: SlotRow[] = []
  const others: SlotRow[] = []
  const views: SlotView[] = []
  for (const slot of group.slots) {
    const { parts } = recipeOf.get(slot.variantId!)!
    const mayLend = sellsLent(ctx, slot)
    const units = parts.map((part) => {
      const share = shares.get(part.variantId)
      const units = share ? (mayLend ? share.stores : share.keepable) : availableOf(part.variantId)
      return Math.floor(units / part.quantity)
    })
    const limit = wishOf(Math.max(0, Math.min(...units)), slot.unitsPerSale, slot.rule).shows
    if (!isOurs(slot)) {
      // Another tool writes it, or the channel fulfills: what it would show by its rule, or nothing.
      others.push({ ...slot, wish: slot.merchantFulfilled ? limit : null, reason: null, waits: false })
      continue
    }
    ours.push(slot)
    views.push(slotView(ctx, slot, limit, parts, [ids, lentIds], now))
  }
  const pool: PoolView = {
    components: [
      ...ids.map((id) => ({
        available: shares.get(id)?.stores ?? availableOf(id),
        claimed: components.get(id)?.claimed ?? 0,
      })),
      ...lentIds.map((id) => {
        const { raisable, keepable } = shares.get(id)!
        const claimed = claimedByMarkets(ctx, group, recipeOf, id)
        return { available: raisable, pending: keepable - raisable, claimed }
      }),
    ],
    slots: views,
  }
  return { pool, ours, others, modes: new Set(ids.map((id) => components.get(id)?.mode ?? 'guarded')) }
}

/** Units that a channel lends go to own stores only. */
function sellsLent(ctx: PlanContext, slot: SlotRow): boolean {
  const connector = ctx.registry.get(slot.channel)
  return connector !== undefined && isOwnStore(connector)
}

/** What marketplaces may sell of a component, at worst. */
function claimedByMarkets(
  ctx: PlanContext,
  group: Group,
  recipeOf: ReadonlyMap<string, Recipe>,
  componentId: string,
): number {
  return group.slots.reduce((sum, slot) => {
    const part = recipeOf.get(slot.variantId!)!.parts.find((one) => one.variantId === componentId)
    if (!part || !isOurs(slot) || sellsLent(ctx, slot)) return sum
    return sum + claimedUnits(slot.claim) * slot.unitsPerSale * part.quantity
  }, 0)
}

const hourMs = 3_600_000

function slotView(
  ctx: PlanContext,
  slot: SlotRow,
  limit: number,
  parts: Recipe['parts'],
  [ids, lentIds]: readonly [string[], string[]],
  now: Date,
): SlotView {
  const takes = (id: string) => slot.unitsPerSale * (parts.find((part) => part.variantId === id)?.quantity ?? 0)
  const connector = ctx.registry.get(slot.channel)
  const shown = expectedValue(slot)
  const demand = demandUntil(slot.demand ?? newDemand(now.getTime()), now.getTime(), (shown ?? 0) > 0)
  const isCompareAndSet = connector?.quantityWrites === 'compare-and-set'
  const { refillHours, darkHours } = delaysOf(ctx, slot.channel)
  // A wider margin keeps what an emptied slot held for longer.
  const waitMs = timesOf(ctx, slot, now).marginMs - channelMarginMs(ctx, slot.channel)
  return {
    id: slot.id,
    claim: slot.claim,
    isCompareAndSet,
    isTank: isCompareAndSet,
    // More than its claim it cannot show, unless that was proven wrong.
    shown: shown === null || slot.claim.alarm ? shown : Math.min(shown, claimedUnits(slot.claim)),
    ...(isCompareAndSet && isAhead(slot) ? { stands: slot.confirmed!.value } : {}),
    // What cannot be written now is left as it is.
    isBusy: slot.live !== null || slot.feedId !== null || slot.stage !== 'live' || slot.isHalted,
    isHalted: slot.stage !== 'live' || slot.isHalted,
    limit,
    takes: [...ids.map(takes), ...lentIds.map((id) => (sellsLent(ctx, slot) ? 0 : takes(id)))],
    perHour: perHour(demand),
    several: severalOf(demand),
    refillHours,
    darkHours: darkHours + waitMs / hourMs,
  }
}

/** It stands above its claim, and a reading showed that it does not come down by itself. */
const isAhead = ({ confirmed, claim, live, suspicion }: SlotRow) =>
  confirmed !== null &&
  live === null &&
  confirmed.value > claimedUnits(claim) &&
  staysAhead(suspicion, confirmed.at.getTime())

/** How long a raise takes at a channel, and how long an emptied slot is dark. */
export function delaysOf(ctx: PlanContext, channel: string): Pick<SlotView, 'refillHours' | 'darkHours'> {
  const { effectMs, salesKnownMs } = ctx.registry.get(channel)?.stock?.delays ?? unknownDelays
  return { refillHours: (effectMs + salesKnownMs / 2) / hourMs, darkHours: (effectMs + salesKnownMs) / hourMs }
}
const unknownDelays = { effectMs: 60_000, salesKnownMs: 600_000 }
