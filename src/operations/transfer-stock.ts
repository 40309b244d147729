/** Brings units from one location to another. They stay in the pool all the way, so no channel is told anything. */
import { kitsAmong } from '../database/kits.ts'
import type { Sql } from '../database/pool.ts'
import { lockStock, saveStock } from '../database/stock.ts'
import {
  insertTransfers,
  lockTransfer,
  saveTransfer,
  type TransferRow,
  transitPlace,
  variantOfTransfer,
} from '../database/transfers.ts'
import { Problem } from '../domain/errors.ts'
import { mayLeave } from '../domain/replenishment.ts'
import type { Stock } from '../domain/stock.ts'
import type { Context } from './context.ts'
import { noteOversold } from './import-orders.ts'
import { refreshSlots } from './refresh-slots.ts'

export interface WantedTransfer {
  sku: string
  from: string
  to: string
  quantity: number
}

interface Known {
  variantId: string
  fromId: string
  toId: string
}

/**
 * Takes the units off their shelves. With `upTo` each line takes what can leave now, at most its quantity, and lines of
 * nothing are left out; without, a line that is too large refuses all. Answers the ids of what left.
 * Refusals: `unknown_sku`, `unknown_location`, `kit_holds_nothing`, `transfer_same_place`, `transfer_too_large`.
 */
export async function bookTransfers(
  tx: Sql,
  ctx: Pick<Context, 'clock' | 'newId'>,
  wanted: readonly WantedTransfer[],
  options: { upTo: boolean; actor: string },
): Promise<string[]> {
  const now = ctx.clock.now()
  const known = await findAll(tx, wanted)
  const transitId = await transitPlace(tx, ctx.newId, now)
  const stock = await lockStock(
    tx,
    known.map((one) => one.variantId),
    { places: true },
  )
  const booked: (Known & { id: string; quantity: number })[] = []
  for (const [index, line] of wanted.entries()) {
    const { variantId, fromId, toId } = known[index]!
    const can = leaving(stock, variantId, fromId, transitId)
    if (can < line.quantity && !options.upTo)
      throw new Problem('transfer_too_large', { sku: line.sku, location: line.from, can, quantity: line.quantity })
    const quantity = Math.min(can, line.quantity)
    if (quantity === 0) continue
    const id = ctx.newId()
    stock.transfer(variantId, fromId, transitId, quantity, `transfer:${id}:out`)
    booked.push({ id, variantId, fromId, toId, quantity })
  }
  await saveStock(tx, stock.change(), { now, newId: ctx.newId, actor: options.actor })
  await insertTransfers(tx, booked, options.actor, now)
  return booked.map((one) => one.id)
}

/** What no order waits for lies on shelves and on the road; what is on the road cannot leave a shelf. */
function leaving(stock: Stock, variantId: string, fromId: string, transitId: string): number {
  const { onHand, unsellable, allocated } = stock.place(variantId, fromId)
  const spare = stock.available(variantId) - stock.place(variantId, transitId).onHand
  return mayLeave(onHand - unsellable - allocated, spare)
}

async function findAll(tx: Sql, wanted: readonly WantedTransfer[]): Promise<Known[]> {
  const variants = await tx.rows<{ id: string; sku: string }>('select id, sku from variants where sku = any($1)', [
    wanted.map((one) => one.sku),
  ])
  const idOf = new Map(variants.map((row) => [row.sku, row.id]))
  const kits = await kitsAmong(tx, [...idOf.values()])
  const places = await findPlaces(
    tx,
    wanted.flatMap((one) => [one.from, one.to]),
  )
  return wanted.map(({ sku, from, to }) => {
    const variantId = idOf.get(sku)
    if (!variantId) throw new Problem('unknown_sku', { sku })
    if (kits.has(variantId)) throw new Problem('kit_holds_nothing', { sku })
    if (from === to) throw new Problem('transfer_same_place', { location: to })
    return { variantId, fromId: places(from), toId: places(to) }
  })
}

/** Locations of ours by code; asked for one that is none, the answer refuses. */
export async function findPlaces(tx: Sql, codes: readonly string[]): Promise<(code: string) => string> {
  const rows = await tx.rows<{ id: string; code: string }>(
    `select id, code from locations where code = any($1) and kind in ('own', 'third-party')`,
    [codes],
  )
  const idOf = new Map(rows.map((row) => [row.code, row.id]))
  return (code) => {
    const id = idOf.get(code)
    if (!id) throw new Problem('unknown_location', { location: code })
    return id
  }
}

/** What became of units on their way: they came, or they will not come. */
export interface Arrival {
  received: number
  lost: number
}

/** Refusals: `not_found`, `transfer_closed`, `transfer_more_than_open`. */
export async function receiveTransfer(
  tx: Sql,
  ctx: Pick<Context, 'clock' | 'newId' | 'registry'>,
  id: string,
  arrival: Arrival,
  actor: string,
): Promise<void> {
  await endUnits(tx, ctx, id, actor, ({ row, open }) => {
    if (open === 0) throw new Problem('transfer_closed', { state: stateOf(row) })
    const quantity = arrival.received + arrival.lost
    if (quantity > open) throw new Problem('transfer_more_than_open', { open, quantity })
    return { ...arrival, returned: 0 }
  })
}

/** What is still open goes back to where it came from. Refusals: `not_found`, `transfer_closed` (all of it came or was lost). */
export async function cancelTransfer(
  tx: Sql,
  ctx: Pick<Context, 'clock' | 'newId' | 'registry'>,
  id: string,
  actor: string,
): Promise<void> {
  await endUnits(tx, ctx, id, actor, ({ row, open }) => {
    if (open === 0 && row.returned === 0) throw new Problem('transfer_closed', { state: stateOf(row) })
    return { received: 0, lost: 0, returned: open }
  })
}

const stateOf = (row: TransferRow) => (row.received > 0 ? 'received' : row.returned > 0 ? 'canceled' : 'lost')

async function endUnits(
  tx: Sql,
  ctx: Pick<Context, 'clock' | 'newId' | 'registry'>,
  id: string,
  actor: string,
  decide: (at: { row: TransferRow; open: number }) => { received: number; lost: number; returned: number },
): Promise<void> {
  const now = ctx.clock.now()
  const variantId = await variantOfTransfer(tx, id)
  if (!variantId) throw new Problem('not_found', { what: 'transfer', id })
  const transitId = await transitPlace(tx, ctx.newId, now)
  // A loss lowers what there is, so all promises are at hand.
  const stock = await lockStock(tx, [variantId], { places: true, allPromises: true })
  const row = (await lockTransfer(tx, id))!
  const open = row.quantity - row.received - row.returned - row.lost
  const ended = decide({ row, open })
  const step = ctx.newId()
  // Where an order shipped beyond the shelves, units left from here before anybody said that they had come: they are not
  // there to come a second time.
  const there = () => stock.place(variantId, transitId).onHand
  const bring = (toId: string, units: number, what: string) => {
    const quantity = Math.min(units, there())
    if (quantity > 0) stock.transfer(variantId, transitId, toId, quantity, `transfer:${id}:${what}:${step}`)
  }
  bring(row.toId, ended.received, 'in')
  bring(row.fromId, ended.returned, 'back')
  const lost = Math.min(ended.lost, there())
  const cause = `transfer:${id}:lost:${step}`
  if (lost > 0) stock.adjust('adjustment', variantId, transitId, { onHand: -lost }, cause, 'lost on the way')
  const change = stock.change()
  await saveStock(tx, change, { now, newId: ctx.newId, actor })
  const after = {
    ...row,
    received: row.received + ended.received,
    returned: row.returned + ended.returned,
    lost: row.lost + ended.lost,
  }
  await saveTransfer(tx, after, now)
  if (lost === 0) return
  await refreshSlots(tx, ctx, [variantId], [], now)
  await noteOversold(tx, ctx, change.levels, now)
}
