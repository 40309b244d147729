/** Reads what slots show: after take-over, to prove a write, and now and then at rest. */
import { clearFailure, getCursor, lookAgain } from '../database/accounts.ts'
import { lockLevelsOfSlots } from '../database/claims.ts'
import { raise, resolve } from '../database/findings.ts'
import { fence } from '../database/leases.ts'
import { noteSlotEvents, type SlotEvent } from '../database/oversells.ts'
import type { Sql } from '../database/pool.ts'
import { clearProblems, lockSlots, type SlotRow, setProblem, slotsToRead } from '../database/slots.ts'
import { isChannelError } from '../domain/errors.ts'
import { expectedValue, read } from '../domain/slots.ts'
import type { AccountAtWork, Context } from './context.ts'
import { saveAndPlan } from './plan-slots.ts'
import { pullFailed } from './pull-orders.ts'
import { settleClaims } from './settle-claims.ts'
import { watermarkOf } from './watermarks.ts'

export interface ReadResult {
  read: number
  nextAt: Date | null
}

/** One call's worth of readings. */
export async function readStock(ctx: Context, work: AccountAtWork): Promise<ReadResult> {
  const { row, connector } = work
  const capability = connector.stock
  if (!capability) return { read: 0, nextAt: null }
  // What a stream of orders tells is settled with its pages; a store tells each order by itself.
  if (connector.ordersKnownAtOnce) await settleClaims(ctx, work)
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
    await readSlots(ctx, work, due)
    await ctx.db.transaction(async (tx) => {
      await fence(tx, work.lease())
      await resolve(tx, 'account_halted', [`account:${row.id}`], ctx.clock.now())
      if ((await clearFailure(tx, row.id, stream, ctx.clock.now())) > 0)
        await resolve(tx, 'pull_failing', [`account:${row.id}:${stream}`], ctx.clock.now())
    })
    ctx.wake()
    return { read: due.length, nextAt: null }
  } catch (error) {
    if (!isChannelError(error)) throw error
    const failures = (await getCursor(ctx.db, row.id, stream))?.failures ?? 0
    return { read: 0, nextAt: await pullFailed(ctx, work, stream, error, failures) }
  }
}

const stream = 'stock'

type DueSlot = { id: string; remoteSku: string }

/** A call that is refused because of one SKU is split, so that the others are read all the same. */
async function readSlots(ctx: Context, work: AccountAtWork, due: readonly DueSlot[]): Promise<void> {
  let readings: Map<string, number | null>
  const askedAt = ctx.clock.now()
  try {
    const answers = await work.connector.stock!.read(
      work.account,
      due.map((slot) => slot.remoteSku),
    )
    readings = new Map(answers.map((one) => [one.remoteSku, one.quantity]))
  } catch (error) {
    if (!isChannelError(error) || error.kind !== 'rejected') throw error
    if (due.length > 1) {
      const half = Math.ceil(due.length / 2)
      for (const part of [due.slice(0, half), due.slice(half)]) await readSlots(ctx, work, part)
      return
    }
    readings = new Map()
  }
  const at = ctx.clock.now()
  await ctx.db.transaction(async (tx) => {
    await fence(tx, work.lease())
    const list = due.map((slot) => ({ slotId: slot.id, quantity: readings.get(slot.remoteSku) ?? null }))
    await applyReadings(tx, ctx, work, list, { askedAt, at })
  })
}

/**
 * What slots showed at some moment from `askedAt` until `at`, or even before where the channel answers from memory. A reading of null: the channel keeps no merchant quantity there, so nothing is written until one
 * appears.
 */
export async function applyReadings(
  tx: Sql,
  ctx: Context,
  work: AccountAtWork,
  readings: readonly { slotId: string; quantity: number | null }[],
  { askedAt, at }: { askedAt: Date; at: Date },
): Promise<void> {
  if (readings.length === 0) return
  const watermark = await watermarkOf(tx, work, at)
  const times = { since: new Date(askedAt.getTime() - (work.connector.stock?.readsMayBeOldMs ?? 0)), askedAt, at }
  const quantities = new Map(readings.map((one) => [one.slotId, one.quantity]))
  const variantIds = await lockLevelsOfSlots(tx, [...quantities.keys()])
  const all = await lockSlots(tx, { variantIds, slotIds: [...quantities.keys()] })
  const slots = all.filter((slot) => quantities.has(slot.id))
  const changed: SlotRow[] = []
  const drifted: SlotRow[] = []
  const fine: SlotRow[] = []
  const misfits: SlotEvent[] = []
  let unseenSale = false
  for (const slot of slots) {
    const quantity = quantities.get(slot.id) ?? null
    if (quantity === null) {
      changed.push(await withoutEntry(tx, slot, at))
      continue
    }
    const { slot: next, meaning } = read(slot, quantity, times, watermark)
    if (meaning === 'lower') unseenSale = true
    if (meaning === 'higher' || meaning === 'lost') drifted.push(slot)
    if (meaning === 'higher' || meaning === 'lower' || meaning === 'lost')
      misfits.push({
        slotId: slot.id,
        kind: meaning,
        data: { shown: quantity, expected: expectedValue(slot), askedAt: askedAt.toISOString() },
      })
    if (meaning === 'same' || meaning === 'effective') fine.push(slot)
    changed.push({ ...slot, ...next, merchantFulfilled: slot.merchantFulfilled ?? true })
  }
  const shown = slots.filter((slot) => slot.problemCode !== null && (quantities.get(slot.id) ?? null) !== null)
  await clearProblems(
    tx,
    shown.map((slot) => slot.id),
  )
  const readNow = new Map(changed.map((slot) => [slot.id, slot]))
  const after = all.map((slot) => readNow.get(slot.id) ?? slot)
  await noteSlotEvents(tx, misfits, at)
  await saveAndPlan(tx, ctx, all, after, at)
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

/**
 * The channel shows no quantity of ours. One answer may be incomplete, so it is asked again soon; only the second one
 * is believed, and then nothing is written until an entry appears.
 */
async function withoutEntry(tx: Sql, slot: SlotRow, at: Date): Promise<SlotRow> {
  const again = slot.problemCode === noEntry.code
  if (!again) {
    await setProblem(tx, slot.id, noEntry, at)
    return { ...slot, readDueAt: new Date(at.getTime() + 20_000) }
  }
  return { ...slot, merchantFulfilled: null, wish: null, live: null, readDueAt: new Date(at.getTime() + 30 * 60_000) }
}

export const noEntry = { code: 'no_merchant_entry', message: 'the channel shows no quantity of ours for this SKU' }
