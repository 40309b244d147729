/**
 * Books what changed in the own store that nobody told us, where it is the master of a location: as movements of that
 * location, with a cause of their own, and at the store's slot in the same step, so that no unit is free in between.
 */
import { lockLevelsOfSlots } from '../database/claims.ts'
import { raise, resolve } from '../database/findings.ts'
import { kitsAmong } from '../database/kits.ts'
import { fence } from '../database/leases.ts'
import type { Sql } from '../database/pool.ts'
import { lockSlots, type SlotRow } from '../database/slots.ts'
import { lockStock, saveStock } from '../database/stock.ts'
import {
  countedSince,
  everWritten,
  forgetSales,
  lockPending,
  type Master,
  masterOf,
  ordersOf,
  type PendingLevel,
  pendingLevels,
  type SlotStep,
  saveJudged,
  stepsOf,
} from '../database/store-stock.ts'
import { claimMoved, claimTold } from '../domain/claims.ts'
import { staleMs, strayLifeMs } from '../domain/slots.ts'
import type { PlaceLevel, Stock } from '../domain/stock.ts'
import { isBefore, judgeStore, type StoreReading, type StoreVerdict } from '../domain/store-changes.ts'
import type { AccountAtWork, Context } from './context.ts'
import { noteOversold } from './import-orders.ts'
import { saveAndPlan, timesOf } from './plan-slots.ts'
import { salesKnown } from './watermarks.ts'

const atOnce = 100
/** What is not certain yet is read once more after so long. */
const readAgainAt = (now: Date) => new Date(now.getTime() + 30_000)
/** Units that the store holds for an order which does not come are booked as gone after so long. */
const orderComingMs = 30 * 60_000

/** Judges the readings whose sales are known by now. Answers how many changes were booked. */
export async function bookStoreChanges(ctx: Context, work: AccountAtWork): Promise<number> {
  const master = await masterOf(ctx.db, work.row.id)
  if (!master) return 0
  for (let booked = 0; ; ) {
    const judged = await ctx.db.transaction(async (tx) => {
      await fence(tx, work.lease())
      const now = ctx.clock.now()
      const { until, lag } = await salesKnown(tx, work, now)
      if (!until) return { count: 0, booked: 0 }
      const { marginMs } = timesOf(ctx, { channel: work.row.channel, lag }, now)
      const known = new Date(until.getTime() - marginMs)
      const waiting = await pendingLevels(tx, work.row.id, master.remoteId, known, atOnce)
      if (waiting.length === 0) return { count: 0, booked: 0 }
      return { count: waiting.length, booked: await judgeAll(tx, ctx, work, master, waiting, marginMs, now) }
    })
    booked += judged.booked
    if (judged.count < atOnce) return booked
  }
}

/** One reading with all that it is judged by. */
interface Case {
  row: PendingLevel
  slot: SlotRow
  reading: StoreReading
  steps: readonly SlotStep[]
}

async function judgeAll(
  tx: Sql,
  ctx: Context,
  work: AccountAtWork,
  master: Master,
  waiting: readonly PendingLevel[],
  marginMs: number,
  now: Date,
): Promise<number> {
  const slotIds = waiting.flatMap((row) => row.slotId ?? [])
  const variantIds = await lockLevelsOfSlots(tx, slotIds)
  const kits = await kitsAmong(tx, variantIds)
  const stock = await lockStock(
    tx,
    variantIds.filter((id) => !kits.has(id)),
    { places: true, allPromises: true },
  )
  const slots = await lockSlots(tx, { variantIds, slotIds })
  const slotOf = new Map(slots.map((slot) => [slot.id, slot]))
  const rows = await lockPending(
    tx,
    waiting.map((row) => row.id),
  )
  const withSlot = rows.flatMap((row) =>
    row.slotId ? [{ slotId: row.slotId, basisAt: row.basisAt ?? lifeBefore(row.pendingSince) }] : [],
  )
  const steps = await stepsOf(tx, withSlot, { marginMs, lifeMs: strayLifeMs })
  const cases = rows.flatMap((row): Case[] => {
    const slot = row.slotId ? slotOf.get(row.slotId) : undefined
    // What is not linked, and kits, hold nothing of ours: their numbers are shown and move nothing.
    if (!slot?.variantId || kits.has(slot.variantId)) return []
    return [{ row, slot, reading: readingOf(row), steps: steps.get(slot.id)! }]
  })
  const adopted = await adoptable(tx, work, cases)
  const judged = new Map(rows.map((row) => [row.id, row]))
  const moved = new Map<string, SlotRow>()
  const trouble: Trouble = { unclear: [], beyond: [], fine: [] }
  const counted: number[] = []
  let booked = 0
  for (const one of cases) {
    const isFirst = one.row.basisAt === null
    const verdict = isFirst ? begun(one, adopted, stock, master) : verdictOf(one, marginMs, now)
    if (!verdict) {
      moved.set(one.slot.id, { ...one.slot, readDueAt: readAgainAt(now) })
      continue
    }
    if (isFirst) moved.set(one.slot.id, { ...one.slot, retryAt: null })
    const change = bookable(one, verdict.change, stock, master)
    if (change !== 0) {
      booked += 1
      book(one, change, stock, master)
    }
    const isWhole = verdict.kind === 'certain' && change === verdict.change
    if (!isFirst) moved.set(one.slot.id, slotAfter(one, change, isWhole, now))
    judged.set(one.row.id, afterVerdict(one, verdict, change, isWhole, now))
    if (isWhole)
      counted.push(...one.steps.flatMap((step) => (step.seq !== null && isBefore(step, one.reading) ? [step.seq] : [])))
    noteTrouble(trouble, one, verdict, change)
  }
  await saveJudged(tx, [...judged.values()])
  await forgetSales(tx, [...new Set(counted)])
  const change = stock.change()
  await saveStock(tx, change, { now, newId: ctx.newId, actor: 'store' })
  const after = slots.map((slot) => moved.get(slot.id) ?? slot)
  await saveAndPlan(tx, ctx, slots, after, now)
  await noteOversold(tx, ctx, change.levels, now)
  await tellTrouble(tx, ctx, work, master, trouble, now)
  return booked
}

/** What left earlier has landed, or never will. */
const lifeBefore = (moment: Date) => new Date(moment.getTime() - 2 * strayLifeMs)

const readingOf = (row: PendingLevel): StoreReading => ({
  available: row.pendingAvailable,
  committed: row.pendingCommitted,
  since: row.pendingSince.getTime(),
  at: row.pendingAt.getTime(),
  changedAt: row.pendingChangedAt?.getTime() ?? null,
})

function verdictOf({ row, reading, steps }: Case, marginMs: number, now: Date): StoreVerdict {
  const basis = { available: row.basisAvailable!, committed: row.basisCommitted!, booked: row.booked }
  const ordersUntil = (row.waitingSince ?? now).getTime() + orderComingMs
  return judgeStore(basis, reading, steps, { marginMs, ordersUntil, now: now.getTime() })
}

/** Slots that we never wrote: what the store shows there is a count, less what its own orders hold. */
async function adoptable(tx: Sql, work: AccountAtWork, cases: readonly Case[]): Promise<Map<string, { open: number }>> {
  const first = cases.filter(({ row }) => row.basisAt === null)
  if (first.length === 0) return new Map()
  const written = await everWritten(
    tx,
    first.map(({ slot }) => slot.id),
  )
  const orders = await ordersOf(
    tx,
    work.row.id,
    first.map(({ slot }) => slot.variantId!),
  )
  return new Map(
    first.flatMap(({ slot }) => {
      const { open, slots } = orders.get(slot.variantId!)!
      // Two of its SKUs for one variant may be one shelf told twice.
      return written.has(slot.id) || slots !== 1 ? [] : [[slot.id, { open }] as const]
    }),
  )
}

/**
 * The first certain reading. Where we never wrote, the store's number becomes ours; else it follows from what we wrote, and
 * only its changes from here on count. Null while something is under way about the reading.
 */
function begun(
  { slot, reading, steps }: Case,
  adopted: ReadonlyMap<string, { open: number }>,
  stock: Stock,
  master: Master,
): StoreVerdict | null {
  const later = steps.filter((step) => !isBefore(step, reading))
  if (later.some((step) => step.from <= reading.at)) return null
  // What was written by another tool may still land on top of it.
  if (reading.since < slot.claim.doubtedUntil) return null
  const one = adopted.get(slot.id)
  if (!one) return { kind: 'certain', change: 0, isUnclear: false }
  const place = stock.place(slot.variantId!, master.locationId)
  const since = later.reduce((total, step) => total + step.units, 0)
  // In units of the variant; those that are unsellable here are not among what the store sells.
  const units = (reading.available + since) * slot.unitsPerSale + one.open + place.unsellable
  const change = Math.max(0, units) - place.onHand
  return { kind: 'certain', change: Math.trunc(change / slot.unitsPerSale), isUnclear: false }
}

const takeable = (place: Readonly<PlaceLevel>) => place.onHand - place.unsellable - place.allocated

/** Books never go below nothing: what the location does not have is not booked, and said. */
function bookable({ slot }: Case, change: number, stock: Stock, master: Master): number {
  const most = Math.floor(Math.max(0, takeable(stock.place(slot.variantId!, master.locationId))) / slot.unitsPerSale)
  return Math.max(change, -most)
}

function book({ row, slot, reading }: Case, change: number, stock: Stock, master: Master): void {
  const cause = `store:${row.id}:${row.bookings + 1}`
  const units = { onHand: change * slot.unitsPerSale }
  stock.adjust('adjustment', slot.variantId!, master.locationId, units, cause, 'store', new Date(reading.at))
}

/** The claim follows in the same step; what a certain reading showed bounds it, now that all before it is booked. */
function slotAfter({ slot, reading, steps }: Case, change: number, isWhole: boolean, now: Date): SlotRow {
  const behind = steps.filter((step) => step.kind === 'sale' && step.from > reading.at)
  const soldSince = -behind.reduce((total, step) => total + step.units, 0)
  const told = { shown: reading.available, since: reading.since, soldSince }
  // Later than this, what may have come on top of the reading is remembered by nobody: then it bounds nothing.
  const isFresh = now.getTime() - reading.since < staleMs
  const claim = change === 0 || (change < 0 && !isFresh) ? slot.claim : claimMoved(slot.claim, change, told)
  const settled = isWhole && isFresh ? claimTold(claim, told) : claim
  // What waited for the store's change to be booked waits no longer.
  const retryAt = change === 0 || slot.problemCode !== null ? slot.retryAt : null
  // A store need not tell a number again that does not change.
  const readDueAt = isWhole ? slot.readDueAt : readAgainAt(now)
  if (settled === slot.claim && retryAt === slot.retryAt && readDueAt === slot.readDueAt) return slot
  return { ...slot, claim: settled, retryAt, readDueAt }
}

function afterVerdict(
  { row, reading }: Case,
  verdict: StoreVerdict,
  change: number,
  isWhole: boolean,
  now: Date,
): PendingLevel {
  const isComing = verdict.kind === 'open' && verdict.why === 'order_coming'
  const next = {
    ...row,
    booked: row.booked + change,
    bookings: row.bookings + (change === 0 ? 0 : 1),
    waitingSince: isComing ? (row.waitingSince ?? now) : null,
    movedUnits: change === 0 ? row.movedUnits : change,
    movedAt: change === 0 ? row.movedAt : row.pendingAt,
    isUnclear: row.isUnclear || (verdict.kind === 'certain' && verdict.isUnclear),
  }
  if (!isWhole) return next
  const basis = { basisAvailable: reading.available, basisCommitted: reading.committed }
  return { ...next, ...basis, basisSince: row.pendingSince, basisAt: row.pendingAt, booked: 0 }
}

interface Trouble {
  unclear: Case[]
  beyond: { one: Case; units: number }[]
  fine: Case[]
}

function noteTrouble(trouble: Trouble, one: Case, verdict: StoreVerdict, change: number): void {
  if (verdict.kind === 'certain' && verdict.isUnclear) trouble.unclear.push(one)
  if (change !== verdict.change) trouble.beyond.push({ one, units: change - verdict.change })
  else if (verdict.kind === 'certain') trouble.fine.push(one)
}

const subjectOf = ({ row }: Case) => `store:${row.id}`

/** What only a person can set right: they count; what was missing comes, or was never there. */
async function tellTrouble(
  tx: Sql,
  ctx: Context,
  work: AccountAtWork,
  master: Master,
  { unclear, beyond, fine }: Trouble,
  now: Date,
): Promise<void> {
  const { id: accountId, name: account } = work.row
  const found = [
    ...unclear.map((one) => ({ code: 'store_level_unclear', one, data: { account, sku: one.slot.remoteSku } })),
    ...beyond.map(({ one, units }) => ({
      code: 'store_beyond_books',
      one,
      data: { account, sku: one.slot.remoteSku, units },
    })),
  ]
  await raise(
    tx,
    found.map(({ code, one, data }) => ({
      code,
      severity: 'warning' as const,
      accountId,
      subject: subjectOf(one),
      data,
    })),
    now,
    ctx.newId,
  )
  await resolve(tx, 'store_beyond_books', fine.map(subjectOf), now)
  const doubted = fine.filter(({ row }) => row.isUnclear)
  const set = await countedSince(
    tx,
    master.locationId,
    doubted.map(({ row, slot }) => ({ id: row.id, variantId: slot.variantId!, since: row.basisAt! })),
  )
  const clear = doubted.filter(({ row }) => set.has(row.id))
  await resolve(tx, 'store_level_unclear', clear.map(subjectOf), now)
  if (clear.length > 0)
    await tx.send('update store_levels set is_unclear = false where id = any($1::uuid[])', [
      clear.map(({ row }) => row.id),
    ])
}
