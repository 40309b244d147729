/** Keeps what an account lends in step with what its channel holds: as units at a place of their own, in the pool. */
import { fence } from '../database/leases.ts'
import {
  lenderOf,
  lentPlace,
  lentState,
  lentVariants,
  saveLending,
  saveLent,
  variantsOfErrand,
} from '../database/lendings.ts'
import type { Sql } from '../database/pool.ts'
import { lockStock, saveStock } from '../database/stock.ts'
import { Problem } from '../domain/errors.ts'
import { lentLevel } from '../domain/lending.ts'
import type { AccountAtWork, Context } from './context.ts'
import { noteOversold } from './import-orders.ts'
import { noHiddenShort } from './note-hidden-short.ts'
import { refreshSlots } from './refresh-slots.ts'

type LendContext = Pick<Context, 'clock' | 'newId' | 'registry'>

/**
 * A channel that sold them itself takes lent units back: that is a fact, and orders they were promised to become short.
 */
export async function refreshLent(
  tx: Sql,
  ctx: LendContext,
  account: { id: string; name: string },
  variantIds: readonly string[],
): Promise<void> {
  const ids = [...new Set(variantIds)].sort()
  if (ids.length === 0) return
  const now = ctx.clock.now()
  const placeId = await lentPlace(tx, account, ctx.newId, now)
  const stock = await lockStock(tx, ids, { places: true, allPromises: true })
  const state = await lentState(tx, account.id, ids, now)
  const free = new Map<string, number>()
  for (const id of ids) {
    const { rule, readAt, fulfillable, perHour, orders } = state.get(id)!
    const lender = { fulfillable: rule && readAt ? fulfillable : 0, readAt: readAt ?? now, perHour }
    const wanted = lentLevel(rule ?? { most: 0, leave: 0 }, lender, orders, now)
    free.set(id, wanted.free)
    const difference = wanted.onHand - stock.place(id, placeId).onHand
    if (difference === 0) continue
    stock.adjust('adjustment', id, placeId, { onHand: difference }, `lent:${ctx.newId()}`, 'lent by the channel')
  }
  const change = stock.change()
  await saveLent(tx, account.id, free)
  await saveStock(tx, change, { now, newId: ctx.newId, actor: 'lending' })
  await refreshSlots(tx, ctx, ids, [], now)
  await noteOversold(tx, ctx, change.levels, now)
  // Where nothing is lent any more, nobody asks what it hides.
  await noHiddenShort(
    tx,
    ids.filter((id) => stock.place(id, placeId).onHand === 0),
    now,
  )
}

/** The channel answered a dispatch: what it took is there for good, and what it refused is needed on our own shelves. */
export async function recountDispatched(
  ctx: LendContext & Pick<Context, 'db'>,
  work: AccountAtWork,
  errandId: string,
): Promise<void> {
  await ctx.db.transaction(async (tx) => {
    await fence(tx, work.lease())
    await refreshLent(tx, ctx, work.row, await variantsOfErrand(tx, errandId))
  })
}

/** Everything that an account lends. Every variant by itself: nothing is locked for long. */
export async function refreshAllLent(
  ctx: LendContext & Pick<Context, 'db' | 'wake'>,
  account: { id: string; name: string },
): Promise<void> {
  const ids = await lentVariants(ctx.db, account.id)
  for (let from = 0; from < ids.length; from += lentAtOnce)
    await ctx.db.transaction((tx) => refreshLent(tx, ctx, account, ids.slice(from, from + lentAtOnce)))
  if (ids.length > 0) ctx.wake()
}
const lentAtOnce = 100

/** Channels that ship orders of other shops. */
export const lendersIn = (registry: Context['registry']): string[] =>
  [...registry.values()].flatMap((connector) => (connector.dispatches ? [connector.channel] : []))

/**
 * How much of what an account's channel holds of a variant the own store may sell; null: nothing. Refusals: `unknown_sku`,
 * `unknown_account`, `kit_holds_nothing`, `channel_lends_nothing`, `lent_by_another`.
 */
export async function setLending(
  tx: Sql,
  ctx: LendContext,
  { sku, account: name }: { sku: string; account: string },
  rule: { most: number; leave: number } | null,
  actor: string,
): Promise<void> {
  const variant = await tx.one<{ id: string; is_kit: boolean }>(
    'select id, exists (select 1 from kit_parts where kit_id = variants.id) as is_kit from variants where sku = $1',
    [sku],
  )
  if (!variant) throw new Problem('unknown_sku', { sku })
  if (variant.is_kit) throw new Problem('kit_holds_nothing', { sku })
  const account = await tx.one<{ id: string; name: string; channel: string }>(
    'select id, name, channel from accounts where name = $1 or id::text = $1',
    [name],
  )
  if (!account) throw new Problem('unknown_account', { account: name })
  if (!ctx.registry.get(account.channel)?.dispatches) throw new Problem('channel_lends_nothing', { account: name })
  const other = await lenderOf(tx, variant.id)
  if (other && other.accountId !== account.id) throw new Problem('lent_by_another', { sku, account: other.account })
  const now = ctx.clock.now()
  const key = { variantId: variant.id, accountId: account.id }
  if (await saveLending(tx, key, rule, { actor, now })) await refreshLent(tx, ctx, account, [variant.id])
}
