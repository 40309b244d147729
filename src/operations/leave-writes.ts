/** Commits writes as under way before anything leaves: live at their slots, counted by the claims, noted as intents. */
import type { QuantityLine } from '../channels/connector.ts'
import { type Component, componentsOf, countClaims, type Recipe, recipesOf } from '../database/claims.ts'
import { intend } from '../database/journal.ts'
import type { Sql } from '../database/pool.ts'
import { openRevisions } from '../database/revisions.ts'
import { type SlotRow, saveSlots } from '../database/slots.ts'
import { chargeOf, mayLeave } from '../domain/claims.ts'
import { expectedValue, isDue, isSettled, type SlotWrites, sent, sentByFeed } from '../domain/slots.ts'
import type { AccountAtWork, Context } from './context.ts'
import { partsOf, withHours } from './plan-slots.ts'
import { writesOf } from './writes-of.ts'

export interface Leaving extends QuantityLine {
  slotId: string
  effectId: string
}

/** Whether its wish may still leave; asked again under its lock. */
export function isStillDue(slot: SlotRow, watermark: Date | null, now: Date, writes: SlotWrites): boolean {
  if (slot.waits) return false
  if (slot.reason !== 'alarm') return isDue(slot, watermark, now, writes) === 'send'
  return (!slot.feedId || slot.wish === 0) && (writes !== 'look-first' || isSettled(slot))
}

/**
 * Sends the wishes of these slots on their way, as far as the claims allow: locked, with the levels of all that they are
 * made of. A write that would claim more than there is waits until something changes for its variant.
 */
export async function commitWrites(
  tx: Sql,
  ctx: Context,
  work: AccountAtWork,
  due: readonly SlotRow[],
  now: Date,
  feedId: string | null = null,
): Promise<Leaving[]> {
  const writes = await writesOf(tx, work)
  const recipes = await recipesOf(tx, [...new Set(due.flatMap((slot) => slot.variantId ?? []))])
  const components = await componentsOf(tx, partsOf(recipes, due))
  const leave = (slot: SlotRow) => {
    const left = feedId ? sentByFeed(slot, slot.wish!, now) : sent(slot, slot.wish!, now, writes)
    return withHours(slot, { ...slot, ...left }, now)
  }
  const { leaving, waiting } = lawful(due, recipes, components, writes, leave)
  await saveSlots(tx, [...leaving, ...waiting], now)
  await countClaims(tx, partsOf(recipes, leaving), 'send')
  const replaced = new Map(due.map((slot) => [slot.id, expectedValue(slot)]))
  const lines = leaving.map(
    (slot): Leaving => ({
      key: slot.id,
      slotId: slot.id,
      effectId: ctx.newId(),
      remoteSku: slot.remoteSku,
      quantity: slot.live!.value,
      version: slot.live!.version,
      expected: writes === 'look-first' ? (slot.confirmed?.value ?? null) : slot.live!.expected,
    }),
  )
  await intend(
    tx,
    lines.map((line) => ({
      id: line.effectId,
      accountId: work.row.id,
      kind: 'stock.push',
      subject: `slot:${line.slotId}`,
      epoch: work.lease().epoch,
      intent: {
        sku: line.remoteSku,
        quantity: line.quantity,
        version: line.version,
        expected: line.expected,
        ...(writes === 'look-first' ? { looked: true } : {}),
        // What stood there: a reading that comes from memory may still say so.
        replaces: replaced.get(line.slotId) ?? null,
        ...(feedId ? { feed: feedId } : {}),
      },
    })),
    now,
  )
  return lines
}

/** The same where a listing may be changed so often a day only. */
export async function commitCounted(
  tx: Sql,
  ctx: Context,
  work: AccountAtWork,
  due: readonly SlotRow[],
  perDay: number,
  now: Date,
): Promise<Leaving[]> {
  const slotIds = due.map((slot) => slot.id)
  const revisions = await openRevisions(tx, { id: work.row.id, perDay }, slotIds, now)
  const allowed = due.filter((slot) => revisions.mayLeave({ ...slot, shown: expectedValue(slot) }))
  const lines = await commitWrites(tx, ctx, work, allowed, now)
  await revisions.note(lines.map((line) => line.slotId))
  return lines
}

/** The slots whose write may leave, as they are when it has left, and those that must wait. One by one: each takes from what is free. */
function lawful(
  due: readonly SlotRow[],
  recipes: ReadonlyMap<string, Recipe>,
  components: ReadonlyMap<string, Component>,
  writes: SlotWrites,
  leave: (slot: SlotRow) => SlotRow,
) {
  const claimed = new Map([...components].map(([id, one]) => [id, one.claimed]))
  const leaving: SlotRow[] = []
  const waiting: SlotRow[] = []
  for (const slot of due) {
    const parts = (slot.variantId ? recipes.get(slot.variantId) : undefined)?.parts ?? []
    const pools = parts.map((part) => ({
      pool: components.get(part.variantId)!,
      takes: part.quantity * slot.unitsPerSale,
    }))
    const expected = writes === 'compare-and-set' ? (slot.confirmed?.value ?? null) : null
    const isGuarded = pools.some(({ pool }) => pool.mode === 'guarded')
    const free = Math.min(
      ...pools.map(({ pool, takes }) => Math.floor((pool.available - claimed.get(pool.variantId)!) / takes)),
    )
    if (isGuarded && !mayLeave(slot.claim, slot.wish!, expected, free)) {
      waiting.push({ ...slot, waits: true })
      continue
    }
    const charge = chargeOf(slot.wish!, expected)
    for (const { pool, takes } of pools) claimed.set(pool.variantId, claimed.get(pool.variantId)! + takes * charge)
    leaving.push(leave(slot))
  }
  return { leaving, waiting }
}
