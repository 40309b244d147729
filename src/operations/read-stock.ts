/** Reads what slots show: after take-over, to prove a write, and now and then at rest. */
import { getCursor, lookAgain } from '../database/accounts.ts'
import { raise, resolve } from '../database/findings.ts'
import { fence } from '../database/leases.ts'
import type { Sql } from '../database/pool.ts'
import { lockSlots, type SlotRow, saveSlots, setProblem, slotsToRead } from '../database/slots.ts'
import { isChannelError } from '../domain/errors.ts'
import { read } from '../domain/slots.ts'
import type { AccountAtWork, Context } from './context.ts'
import { halt } from './pull-orders.ts'
import { withWish } from './refresh-slots.ts'

export interface ReadResult {
  read: number
  nextAt: Date | null
}

/** One call's worth of readings. */
export async function readStock(ctx: Context, work: AccountAtWork): Promise<ReadResult> {
  const { row, connector, account } = work
  const capability = connector.stock
  if (!capability) return { read: 0, nextAt: null }
  const now = ctx.clock.now()
  const due = await slotsToRead(
    ctx.db,
    row.id,
    now,
    new Date(now.getTime() - capability.auditEveryMs),
    capability.readBatch,
  )
  if (due.length === 0) return { read: 0, nextAt: null }
  try {
    const readings = await capability.read(
      account,
      due.map((slot) => slot.remoteSku),
    )
    const at = ctx.clock.now()
    const bySku = new Map(readings.map((one) => [one.remoteSku, one.quantity]))
    await ctx.db.transaction(async (tx) => {
      await fence(tx, work.lease())
      await applyReadings(
        tx,
        ctx,
        work,
        due.map((slot) => ({ slotId: slot.id, quantity: bySku.get(slot.remoteSku) ?? null })),
        at,
      )
    })
    ctx.wake()
    return { read: due.length, nextAt: null }
  } catch (error) {
    if (!isChannelError(error)) throw error
    if (error.kind === 'auth') await halt(ctx, work, error)
    return { read: 0, nextAt: error.retryAt ?? new Date(ctx.clock.now().getTime() + 10_000) }
  }
}

/** Orders of the account are known up to here. */
export async function watermarkOf(
  tx: Sql,
  work: Pick<AccountAtWork, 'row' | 'connector'>,
  now: Date,
): Promise<Date | null> {
  if (work.connector.ordersKnownAtOnce) return now
  return (await getCursor(tx, work.row.id, 'orders'))?.watermark ?? null
}

/** A reading of null: the channel keeps no merchant quantity there, so nothing is written until one appears. */
export async function applyReadings(
  tx: Sql,
  ctx: Context,
  work: AccountAtWork,
  readings: readonly { slotId: string; quantity: number | null }[],
  at: Date,
): Promise<void> {
  if (readings.length === 0) return
  const watermark = await watermarkOf(tx, work, at)
  const quantities = new Map(readings.map((one) => [one.slotId, one.quantity]))
  const slots = await lockSlots(tx, { slotIds: [...quantities.keys()] })
  const changed: SlotRow[] = []
  const drifted: SlotRow[] = []
  const fine: SlotRow[] = []
  let unseenSale = false
  for (const slot of slots) {
    const quantity = quantities.get(slot.id) ?? null
    if (quantity === null) {
      await setProblem(
        tx,
        slot.id,
        { code: 'no_merchant_entry', message: 'the channel shows no quantity of ours for this SKU' },
        at,
      )
      changed.push({
        ...slot,
        readDueAt: new Date(at.getTime() + 30 * 60_000),
        retryAt: new Date(at.getTime() + 30 * 60_000),
      })
      continue
    }
    const { slot: next, meaning } = read(slot, quantity, at, watermark)
    if (meaning === 'lower') unseenSale = true
    if (meaning === 'higher' || meaning === 'lost') drifted.push(slot)
    if (meaning === 'same' || meaning === 'effective') fine.push(slot)
    changed.push({ ...slot, ...next, merchantFulfilled: slot.merchantFulfilled ?? true })
    await setProblem(tx, slot.id, null, at)
  }
  await saveSlots(tx, await withWishes(tx, changed), at)
  // Never repaired upwards: the orders that explain it are fetched first.
  if (unseenSale && !work.connector.ordersKnownAtOnce) await lookAgain(tx, work.row.id, at)
  await raise(
    tx,
    drifted.map((slot) => ({
      code: 'slot_drift',
      severity: 'info' as const,
      accountId: work.row.id,
      subject: `slot:${slot.id}`,
      data: {
        account: work.row.name,
        sku: slot.remoteSku,
        expected: slot.live?.value ?? slot.confirmed?.value ?? null,
        shown: quantities.get(slot.id),
      },
    })),
    at,
    ctx.newId,
  )
  await resolve(
    tx,
    'slot_drift',
    fine.map((slot) => `slot:${slot.id}`),
    at,
  )
}

/** A slot that was just found to be ours gets its wish now. Levels are only read: whoever changes them sets wishes anew. */
async function withWishes(tx: Sql, slots: readonly SlotRow[]): Promise<SlotRow[]> {
  const without = slots.filter((slot) => slot.wish === null && slot.variantId && slot.merchantFulfilled)
  if (without.length === 0) return [...slots]
  const rows = await tx.rows<{
    variant_id: string
    on_hand: number
    unsellable: number
    reserved: number
    allocated: number
    short: number
  }>(
    'select variant_id, on_hand, unsellable, reserved, allocated, short from pool_levels where variant_id = any($1::uuid[])',
    [without.map((slot) => slot.variantId)],
  )
  const levels = new Map(
    rows.map((row) => [
      row.variant_id,
      {
        onHand: row.on_hand,
        unsellable: row.unsellable,
        reserved: row.reserved,
        allocated: row.allocated,
        short: row.short,
      },
    ]),
  )
  return slots.map((slot) => {
    const level = slot.wish === null && slot.variantId ? levels.get(slot.variantId) : undefined
    return level ? withWish(slot, level) : slot
  })
}
