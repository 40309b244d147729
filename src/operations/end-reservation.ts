/** What becomes of a reservation: confirmed, given up, or run out. */
import type { Sql } from '../database/pool.ts'
import type { ReservationState } from '../database/reservations.ts'
import { lockStock, saveStock } from '../database/stock.ts'
import { enqueueEvents } from '../database/webhooks.ts'
import { Problem } from '../domain/errors.ts'
import type { Context } from './context.ts'
import { noteOversold } from './import-orders.ts'
import { refreshSlots } from './refresh-slots.ts'

type ReserveContext = Pick<Context, 'clock' | 'newId' | 'registry'>

async function lock(tx: Sql, id: string, accountId: string | null): Promise<ReservationState> {
  const row = await tx.one<{ state: ReservationState; account_id: string }>(
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
  await refreshSlots(tx, ctx, [...change.levels.keys()], [], now)
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
