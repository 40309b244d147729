/** Reads what slots show: after take-over, to prove a write, and at rest, the most suspicious first. */

import type { Connector, QuantityReading } from '../channels/connector.ts'
import { clearFailure, getCursor, lookAgain } from '../database/accounts.ts'
import { noteReadings, type SlotToRead, saveSuspicions, slotsAtRest, slotsDue, tracesOf } from '../database/audit.ts'
import { lockLevelsOfSlots } from '../database/claims.ts'
import { resolveStops } from '../database/findings.ts'
import { fence } from '../database/leases.ts'
import { noteSlotEvents } from '../database/oversells.ts'
import type { Sql } from '../database/pool.ts'
import { clearProblems, isOurs, lockSlots, type SlotRow, setProblem } from '../database/slots.ts'
import { lookAtStore, noteSlotsShown } from '../database/store-stock.ts'
import { isChannelError } from '../domain/errors.ts'
import { isOdd, type ReadBack, readAsking, readBack } from '../domain/read-back.ts'
import { type ReadingTimes, strayLifeMs } from '../domain/slots.ts'
import { mostSuspicious } from '../domain/suspicion.ts'
import type { AccountAtWork, Context } from './context.ts'
import { deviationsAmong, misfitsAmong, noteDeviations } from './note-deviations.ts'
import { saveAndPlan } from './plan-slots.ts'
import { pullFailed } from './pull-orders.ts'
import { settleClaims } from './settle-claims.ts'
import { watermarkOf } from './watermarks.ts'

export interface ReadResult {
  read: number
  nextAt: Date | null
}

/** Of each call this part is kept for the audit, however many writes wait for their proof. */
const auditPart = 0.2

/** One call's worth of readings. */
export async function readStock(ctx: Context, work: AccountAtWork): Promise<ReadResult> {
  const { row, connector } = work
  const capability = connector.stock
  if (!capability) return { read: 0, nextAt: null }
  // What a stream of orders tells is settled with its pages; a store tells each order by itself.
  if (connector.ordersKnownAtOnce) await settleClaims(ctx, work)
  const due = await nextReadings(ctx, row.id, capability.readBatch, capability.auditEveryMs)
  if (due.length === 0) return { read: 0, nextAt: null }
  try {
    const askedAt = ctx.clock.now()
    await readSlots(ctx, work, due)
    await ctx.db.transaction(async (tx) => {
      await fence(tx, work.lease())
      const now = ctx.clock.now()
      const failed = (await clearFailure(tx, row.id, stream, now)) > 0
      await resolveStops(tx, row.id, failed ? stream : null, askedAt, now)
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

/** What must be read, and the most suspicious of what rests. */
async function nextReadings(
  ctx: Context,
  accountId: string,
  batch: number,
  auditEveryMs: number,
): Promise<SlotToRead[]> {
  const now = ctx.clock.now()
  const [due, atRest] = await Promise.all([
    slotsDue(ctx.db, accountId, now, batch),
    slotsAtRest(ctx.db, accountId, now, auditEveryMs),
  ])
  const audited = mostSuspicious(atRest, auditEveryMs, now.getTime(), batch)
  const kept = Math.min(audited.length, Math.floor(batch * auditPart))
  const first = due.slice(0, batch - kept)
  return [...first, ...audited.slice(0, batch - first.length)]
}

/** A call that is refused because of one SKU is split, so that the others are read all the same. */
async function readSlots(ctx: Context, work: AccountAtWork, due: readonly SlotToRead[]): Promise<void> {
  let readings: Map<string, QuantityReading>
  const askedAt = ctx.clock.now()
  try {
    const answers = await work.connector.stock!.read(
      work.account,
      due.map((slot) => slot.remoteSku),
    )
    readings = new Map(answers.map((one) => [one.remoteSku, one]))
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
    const untold = due.filter((slot) => readings.get(slot.remoteSku)?.isUntold)
    const told = due.filter((slot) => !untold.includes(slot))
    const list = told.map((slot) => {
      const { quantity = null, belowZero } = readings.get(slot.remoteSku) ?? {}
      return { slotId: slot.id, quantity, ...(belowZero === undefined ? {} : { belowZero }) }
    })
    await applyReadings(tx, ctx, work, list, { askedAt, at })
    if (untold.length > 0) await askAgain(tx, untold, at)
  })
}

/** An answer without the number proves nothing, neither 0 nor that the entry is gone. */
const untoldAgainMs = 5 * 60_000

async function askAgain(tx: Sql, slots: readonly SlotToRead[], at: Date): Promise<void> {
  const ids = slots.map((slot) => slot.id)
  await tx.run('update stock_slots set read_due_at = $2 where id = any($1::uuid[])', [
    ids,
    new Date(at.getTime() + untoldAgainMs),
  ])
}

interface Reading {
  slotId: string
  quantity: number | null
  belowZero?: number
  /** It is 0, and the store may be below that: it tells nothing of the store's own number. */
  mayBeLess?: boolean
}

/**
 * What slots showed at some moment from `askedAt` until `at`, or even before where the channel answers from memory. A reading of null: the channel keeps no merchant quantity there, so nothing is written until one
 * appears.
 */
export async function applyReadings(
  tx: Sql,
  ctx: Context,
  work: AccountAtWork,
  readings: readonly Reading[],
  { askedAt, at, isTold }: { askedAt: Date; at: Date; isTold?: boolean },
): Promise<void> {
  if (readings.length === 0) return
  const watermark = await watermarkOf(tx, work, at)
  const times = { since: new Date(askedAt.getTime() - (work.connector.stock?.readsMayBeOldMs ?? 0)), askedAt, at }
  const quantities = new Map(readings.map((one) => [one.slotId, one.quantity]))
  const variantIds = await lockLevelsOfSlots(tx, [...quantities.keys()])
  const all = await lockSlots(tx, { variantIds, slotIds: [...quantities.keys()] })
  const slots = all.filter((slot) => quantities.has(slot.id))
  const absent: SlotRow[] = []
  for (const slot of slots)
    if ((quantities.get(slot.id) ?? null) === null) absent.push(await withoutEntry(tx, slot, at))
  const shown = slots.filter((slot) => (quantities.get(slot.id) ?? null) !== null)
  const read = await weighed(tx, work.connector, shown, quantities as Map<string, number>, { times, watermark })
  await clearProblems(
    tx,
    // A refusal ends when a write is taken; a reading only says that there is an entry.
    shown.filter((slot) => slot.problemCode === noEntry.code).map((slot) => slot.id),
  )
  const readNow = new Map([...absent, ...read.map((one) => one.slot)].map((slot) => [slot.id, slot]))
  const after = all.map((slot) => readNow.get(slot.id) ?? slot)
  const judged = shown.flatMap((slot, index) => (isMasters(slot) ? [] : [index]))
  const told = judged.map((index) => shown[index]!)
  const means = judged.map((index) => read[index]!)
  await noteSlotEvents(tx, misfitsAmong(told, means, quantities, askedAt), at)
  await saveAndPlan(tx, ctx, all, after, at)
  const doubts = shown.flatMap((slot) => {
    const { suspicion } = readNow.get(slot.id)!
    return suspicion === slot.suspicion ? [] : [[slot.id, suspicion] as const]
  })
  await saveSuspicions(tx, new Map(doubts))
  await noteReadings(
    tx,
    work.row.id,
    shown.filter(isOurs).length,
    deviationsAmong(told, means, quantities),
    at,
    ctx.newId,
  )
  // Never repaired upwards: the orders that explain it are fetched first.
  const asks = read.some((one) => ['lower', 'again'].includes(one.meaning) || one.slot.holdUntil === at)
  if (asks && !work.connector.ordersKnownAtOnce) await lookAgain(tx, work.row.id, at)
  await noteDeviations(tx, ctx, work, told, means, quantities, at)
  const isOther = read.some((one) => isMasters(one.slot) && (one.meaning === 'lower' || one.meaning === 'higher'))
  if (isOther) await lookAtStore(tx, work.row.id, at)
  // The store's own list tells more of it.
  if (!isTold) await noteSlotsShown(tx, followed(shown, readings), { since: times.since, at })
}

async function weighed(
  tx: Sql,
  { quantityWrites, ordersKnownAtOnce: asks }: Connector,
  slots: readonly SlotRow[],
  quantities: ReadonlyMap<string, number>,
  { times, watermark }: { times: ReadingTimes; watermark: Date | null },
): Promise<ReadBack<SlotRow>[]> {
  // Where another tool may write, or the store is the master, nothing is odd. One that asks before it sells may be behind its
  // own checkouts.
  const isWatched = (slot: SlotRow) => isOurs(slot) && !asks && slot.store === null
  const odd = slots.filter((slot) => isWatched(slot) && isOdd(slot, quantities.get(slot.id)!))
  const since = new Date(times.since.getTime() - strayLifeMs)
  const traces = odd.length === 0 ? new Map() : await tracesOf(tx, odd, { since, memory: times.since })
  return slots.map((slot) => {
    const ours = { ...slot, merchantFulfilled: slot.merchantFulfilled ?? true }
    const quantity = quantities.get(slot.id)!
    if (asks && isOurs(slot)) return readAsking(ours, quantity, times, watermark)
    const one = readBack(ours, quantity, times, watermark, traces.get(slot.id) ?? null, quantityWrites)
    if (isMasters(slot)) return { ...one, slot: leftToTheStore(slot, one) }
    return isOurs(slot) ? one : { ...one, slot: { ...one.slot, suspicion: slot.suspicion } }
  })
}

/** The own store is the master: what it shows is told by its own numbers, and is no drift. */
const isMasters = (slot: SlotRow) => slot.store === 'following' && slot.claim.claim !== null

function followed(slots: readonly SlotRow[], readings: readonly Reading[]) {
  const following = new Set(slots.flatMap(({ id, store }) => (store === null ? [] : [id])))
  return readings.flatMap(({ slotId, quantity, belowZero, mayBeLess }) =>
    following.has(slotId) && quantity !== null && !mayBeLess ? [{ slotId, quantity: belowZero ?? quantity }] : [],
  )
}

/** Units that came there are not written over before they could be booked. */
const masterFirstMs = 60_000

/**
 * What stands there is believed, but the claim waits until the store's change is booked: units that went must leave what is
 * available and the claim in one step, or the difference would look free in between.
 */
function leftToTheStore(before: SlotRow, { slot, meaning }: ReadBack<SlotRow>): SlotRow {
  const waits = meaning === 'higher' && (slot.wish ?? 0) > 0
  const retryAt = waits ? new Date(slot.confirmed!.at.getTime() + masterFirstMs) : slot.retryAt
  return { ...slot, claim: before.claim, suspicion: before.suspicion, retryAt }
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
