/** What must hold after any kill, asked of the database itself, of the marketplaces and of the test's own store. */
import type { Database } from '../../../src/database/pool.ts'
import { Broken, checkStep } from '../../simulation/checks.ts'
import type { Installation } from '../../simulation/installation.ts'
import { names } from '../../support/real/installation.ts'
import type { SimulatorProcess } from '../../support/real/processes.ts'
import type { Store } from '../../support/real/store.ts'
import type { Ledger, ReservationState } from './load.ts'

export interface Verdict {
  lost: string[]
  doubled: string[]
  /** Promises that do not hold. */
  broken: string[]
}

export const clean = (verdict: Verdict): boolean =>
  verdict.lost.length + verdict.doubled.length + verdict.broken.length === 0

/** P-1, P-2, P-3, P-6, and everything acknowledged so far. */
export async function verifyStep(db: Database, ledger: Ledger, store: Store): Promise<Verdict> {
  const verdict: Verdict = { lost: [], doubled: [], broken: [...ledger.odd.splice(0)] }
  try {
    await checkStep({ ctx: { db } } as Installation)
  } catch (error) {
    if (!(error instanceof Broken)) throw error
    verdict.broken.push(error.message)
  }
  await checkReservations(db, ledger, verdict)
  await checkMovements(db, ledger, verdict)
  checkStore(store, verdict)
  return verdict
}

/** A confirmed one is never expired, released or held again; a released one stays released. */
const allowed: Record<ReservationState, string[]> = {
  held: ['held', 'confirmed', 'released', 'expired'],
  confirmed: ['confirmed', 'ordered'],
  released: ['released'],
}

async function checkReservations(db: Database, ledger: Ledger, verdict: Verdict): Promise<void> {
  // Read before the database: what is acknowledged later is not looked for.
  const known = new Map([...ledger.reservations].map(([reference, one]) => [reference, { ...one }]))
  const rows = await db.rows<{ id: string; reference: string; state: string }>(
    `select r.id, r.reference, r.state from reservations r join accounts a on a.id = r.account_id where a.name = $1`,
    [names.till],
  )
  const stored = new Map<string, { id: string; state: string }>()
  for (const row of rows) {
    if (stored.has(row.reference)) verdict.doubled.push(`reservation ${row.reference}`)
    stored.set(row.reference, row)
  }
  for (const [reference, { id, state }] of known) {
    const row = stored.get(reference)
    if (row?.id !== id) verdict.lost.push(`reservation ${reference}`)
    else if (!allowed[state].includes(row.state))
      verdict.lost.push(`reservation ${reference} is ${row.state}, acknowledged was ${state}`)
  }
  const lines = await db.rows<{ reference: string }>(
    `select r.reference from reservations r join reservation_lines l on l.reservation_id = r.id join accounts a on a.id = r.account_id
     where a.name = $1 group by r.id, r.reference having count(*) > 1`,
    [names.till],
  )
  for (const { reference } of lines) verdict.doubled.push(`lines of ${reference}`)
}

async function checkMovements(db: Database, ledger: Ledger, verdict: Verdict): Promise<void> {
  const known = [...ledger.movements]
  const rows = await db.rows<{ note: string; count: number }>(
    `select note, count(*) as count from stock_movements where note like 'move %' and kind in ('receipt', 'adjustment') group by note`,
  )
  const counts = new Map(rows.map((row) => [row.note, row.count]))
  for (const note of known) if (!counts.has(note)) verdict.lost.push(`movement ${note}`)
  for (const [note, count] of counts) if (count > 1) verdict.doubled.push(`movement ${note}`)
}

/** A version takes effect once, and none after a newer one. */
function checkStore(store: Store, verdict: Verdict): void {
  const newest = new Map<string, number>()
  for (const { sku, version, applied } of store.sets) {
    if (!applied) continue
    if (version <= (newest.get(sku) ?? 0)) verdict.doubled.push(`stock.set ${sku} version ${version}`)
    newest.set(sku, version)
  }
}

interface Told {
  channels: Record<
    'amazon' | 'storefront',
    {
      orders: { id: string; createdTime: string; untold?: string[]; refusedByHub?: string }[]
      effects: { operation: string; sku: string; quantity: number }[]
      calls: Record<string, { count: number; throttled: number }>
    }
  >
}

export interface EndFigures {
  orders: number
  calls: number
  throttled: number
}

/** With the hub at rest: every order that the marketplaces told is here once, and nothing was written that was not meant. */
export async function verifyEnd(db: Database, simulator: SimulatorProcess, verdict: Verdict): Promise<EndFigures> {
  const { channels } = await simulator.control<Told>('/state?limit=1000000')
  const rows = await db.rows<{ remote_id: string; count: number }>(
    'select remote_id, count(*) as count from orders group by account_id, remote_id',
  )
  const stored = new Map(rows.map((row) => [row.remote_id, row.count]))
  const told = [
    ...channels.amazon.orders,
    ...channels.storefront.orders.filter((order) => !order.untold?.includes('order')),
  ]
  for (const { id } of told) if (!stored.has(id)) verdict.lost.push(`order ${id}`)
  for (const [id, count] of stored) if (count > 1) verdict.doubled.push(`order ${id}`)
  for (const { id, refusedByHub } of channels.storefront.orders)
    if (refusedByHub) verdict.broken.push(`order ${id}: ${refusedByHub}`)
  const intents = await db.rows<{ sku: string; quantity: number; count: number }>(
    `select intent->>'sku' as sku, (intent->>'quantity')::int as quantity, count(*) as count from effects e join accounts a on a.id = e.account_id
     where a.name = $1 group by 1, 2`,
    [names.amazon],
  )
  const intended = new Map(intents.map((row) => [`${row.sku} ${row.quantity}`, row.count]))
  const arrived = new Map<string, number>()
  for (const { operation, sku, quantity } of channels.amazon.effects)
    if (operation === 'patchListingsItem')
      arrived.set(`${sku} ${quantity}`, (arrived.get(`${sku} ${quantity}`) ?? 0) + 1)
  for (const [key, count] of arrived)
    if (count > (intended.get(key) ?? 0)) verdict.doubled.push(`write ${key}: ${count} of ${intended.get(key) ?? 0}`)
  const calls = Object.values(channels.amazon.calls)
  return {
    orders: stored.size,
    calls: calls.reduce((sum, one) => sum + one.count, 0),
    throttled: calls.reduce((sum, one) => sum + one.throttled, 0),
  }
}

/** Events that count as delivered were received; none was given up. Deliveries under way at a kill leave again later. */
export async function verifyEvents(db: Database, store: Store, verdict: Verdict): Promise<void> {
  const rows = await db.rows<{ id: string; state: string }>(
    `select id, state from webhook_deliveries where state <> 'waiting'`,
  )
  for (const { id, state } of rows) {
    if (state === 'dead') verdict.lost.push(`event ${id} was given up`)
    else if (!store.events.has(`msg_${id}`)) verdict.lost.push(`event ${id}`)
  }
}
