/** The final check at checkout: every line or none, in one transaction; and what becomes of it afterwards. */
import type { AccountRow } from '../database/accounts.ts'
import { mappingsOf } from '../database/orders.ts'
import type { Sql } from '../database/pool.ts'
import { lockStock, type PromiseOwner, saveStock } from '../database/stock.ts'
import { enqueueEvents } from '../database/webhooks.ts'
import { Problem } from '../domain/errors.ts'
import type { Context } from './context.ts'
import { noteOversold } from './import-orders.ts'
import { refreshSlots } from './refresh-slots.ts'

type ReserveContext = Pick<Context, 'clock' | 'newId'>

export interface ReservationRequest {
  reference: string
  expiresInSeconds: number
  /** In the listing's units, by the store's own SKU. */
  lines: readonly { sku: string; quantity: number }[]
}

interface Resolved {
  sku: string
  quantity: number
  variantId: string
  unitsPerSale: number
  slotId: string | null
}

/**
 * Reserves. The same reference again answers the reservation that stands. Refusals: `unknown_sku`,
 * `insufficient_stock` (with what is there for every line that lacks), `reservation_closed` (the reference is used up).
 */
export async function reserveStock(
  tx: Sql,
  ctx: ReserveContext,
  account: AccountRow,
  request: ReservationRequest,
): Promise<string> {
  const now = ctx.clock.now()
  const id = ctx.newId()
  const inserted = await tx.run(
    `insert into reservations (id, account_id, reference, state, expires_at, created_at, changed_at) values ($1, $2, $3, 'held', $4, $5, $5)
     on conflict (account_id, reference) do nothing`,
    [id, account.id, request.reference, new Date(now.getTime() + request.expiresInSeconds * 1_000), now],
  )
  if (inserted === 0) return await standing(tx, account.id, request.reference)
  const lines = await resolveLines(tx, account.id, request.lines)
  const stock = await lockStock(
    tx,
    lines.map((line) => line.variantId),
  )
  const owners = new Map<string, PromiseOwner>()
  const missing: { sku: string; requested: number; available: number }[] = []
  for (const line of lines) {
    const lineId = ctx.newId()
    const available = stock.available(line.variantId)
    const taken = stock.tryPromise(
      { id: lineId, variantId: line.variantId, promisedAt: now },
      line.quantity * line.unitsPerSale,
      `reservation:${id}:${lineId}`,
    )
    if (taken) owners.set(lineId, { reservationId: id, slotId: line.slotId })
    else missing.push({ sku: line.sku, requested: line.quantity, available: Math.floor(available / line.unitsPerSale) })
  }
  // Thrown, so that the whole transaction goes back: all lines or none.
  if (missing.length > 0)
    throw new Problem('insufficient_stock', {
      lines: missing,
      sku: missing[0]!.sku,
      requested: missing[0]!.requested,
      available: missing[0]!.available,
    })
  const change = stock.change()
  await saveStock(tx, change, { now, newId: ctx.newId, actor: 'checkout', owners })
  // The store lowers itself: the reservation is the sale. It lies after everything confirmed before it.
  const placedAt = new Date(now.getTime() + 1)
  const sales = lines.flatMap((line) =>
    line.slotId ? [{ slotId: line.slotId, quantity: line.quantity, placedAt }] : [],
  )
  await refreshSlots(tx, change.levels, sales, now)
  return id
}

async function standing(tx: Sql, accountId: string, reference: string): Promise<string> {
  const row = await tx.one<{ id: string; state: string }>(
    'select id, state from reservations where account_id = $1 and reference = $2',
    [accountId, reference],
  )
  if (!row || row.state === 'released' || row.state === 'expired')
    throw new Problem('reservation_closed', { reference, state: row?.state ?? 'unknown' })
  return row.id
}

/** By listing only: an order of the same SKU is understood by the same listing. */
async function resolveLines(
  tx: Sql,
  accountId: string,
  lines: readonly { sku: string; quantity: number }[],
): Promise<Resolved[]> {
  const mappings = await mappingsOf(
    tx,
    accountId,
    lines.map((line) => line.sku),
  )
  return lines.map(({ sku, quantity }) => {
    const found = mappings.get(sku)
    if (!found) throw new Problem('unknown_sku', { sku })
    return { sku, quantity, variantId: found.variantId, unitsPerSale: found.unitsPerSale, slotId: found.slotId }
  })
}

type State = 'held' | 'confirmed' | 'ordered' | 'released' | 'expired'

async function lock(tx: Sql, id: string, accountId: string | null): Promise<State> {
  const row = await tx.one<{ state: State; account_id: string }>(
    'select state, account_id from reservations where id = $1 for update',
    [id],
  )
  if (!row || (accountId !== null && row.account_id !== accountId))
    throw new Problem('not_found', { what: 'reservation', id })
  return row.state
}

/** The buyer paid. Whoever comes first, this or the expiry, decides; never both. */
export async function confirmReservation(
  tx: Sql,
  ctx: ReserveContext,
  id: string,
  accountId: string | null = null,
): Promise<void> {
  const state = await lock(tx, id, accountId)
  if (state === 'confirmed' || state === 'ordered') return
  if (state !== 'held') throw new Problem('reservation_expired', { id, state })
  await tx.run(`update reservations set state = 'confirmed', expires_at = null, changed_at = $2 where id = $1`, [
    id,
    ctx.clock.now(),
  ])
}

/** The checkout was given up: its units are free again, and every channel's wish with them. */
export async function releaseReservation(
  tx: Sql,
  ctx: ReserveContext,
  id: string,
  accountId: string | null = null,
): Promise<void> {
  const state = await lock(tx, id, accountId)
  if (state === 'released' || state === 'expired') return
  if (state === 'ordered') throw new Problem('reservation_closed', { reference: id, state })
  await close(tx, ctx, [id], 'released')
}

async function close(
  tx: Sql,
  ctx: ReserveContext,
  ids: readonly string[],
  state: 'released' | 'expired',
): Promise<void> {
  const now = ctx.clock.now()
  const lines = await tx.rows<{ id: string; variant_id: string; quantity: number }>(
    'select id, variant_id, quantity from reservation_lines where reservation_id = any($1::uuid[]) and quantity > 0 order by id',
    [ids],
  )
  const stock = await lockStock(
    tx,
    lines.map((line) => line.variant_id),
    { promiseIds: lines.map((line) => line.id) },
  )
  for (const line of lines) stock.release(line.id, line.quantity, `reservation-line:${line.id}:${state}`)
  const change = stock.change()
  await saveStock(tx, change, { now, newId: ctx.newId, actor: 'checkout' })
  await tx.run('update reservations set state = $2, expires_at = null, changed_at = $3 where id = any($1::uuid[])', [
    ids,
    state,
    now,
  ])
  await refreshSlots(tx, change.levels, [], now)
  await noteOversold(tx, ctx, change.levels, now)
}

/** Ends reservations whose time has passed. Answers how many. */
export async function expireReservations(ctx: Context): Promise<number> {
  const expired = await ctx.db.transaction(async (tx) => {
    const now = ctx.clock.now()
    const rows = await tx.rows<{ id: string; account_id: string; reference: string }>(
      `select id, account_id, reference from reservations where state = 'held' and expires_at <= $1 order by id limit 200 for update skip locked`,
      [now],
    )
    if (rows.length === 0) return 0
    await close(
      tx,
      ctx,
      rows.map((row) => row.id),
      'expired',
    )
    await enqueueEvents(
      tx,
      ctx,
      rows.map((row) => ({ event: 'reservation.expired', data: { reservationId: row.id, reference: row.reference } })),
      now,
    )
    return rows.length
  })
  if (expired > 0) ctx.wake()
  return expired
}
