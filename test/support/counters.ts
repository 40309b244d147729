/** A store with goods and several processes that sell them: each has its own connections and desk, and they meet only in the database. */
import { type AccountRow, findAccount } from '../../src/database/accounts.ts'
import { type Database, openDatabase } from '../../src/database/pool.ts'
import { levelOf } from '../../src/database/views/stock.ts'
import { Problem } from '../../src/domain/errors.ts'
import type { IncomingOrder } from '../../src/domain/orders.ts'
import { connectAccount } from '../../src/operations/connect-account.ts'
import { releaseReservation } from '../../src/operations/end-reservation.ts'
import { importOrders } from '../../src/operations/import-orders.ts'
import { addLocation, addProduct, linkListing } from '../../src/operations/manage-catalog.ts'
import { moveStock, type StockMove } from '../../src/operations/move-stock.ts'
import { createReservationDesk } from '../../src/operations/reservation-desk.ts'
import { createWorld, type World } from './world.ts'

export interface Counters {
  world: World
  account: AccountRow
  /** A variant with units on the shelf, linked to the store's SKU of the same name. */
  stocked(sku: string, units: number): Promise<void>
  /** At the desk of one process. Answers the reservation's id, or what the refusal says. */
  reserve(process: number, reference: string, lines: Record<string, number> | Line[]): Promise<Sold>
  release(id: string): Promise<void>
  take(process: number, orders: readonly IncomingOrder[]): Promise<void>
  move(process: number, move: Omit<StockMove, 'location'>): Promise<void>
  level(sku: string): Promise<{ onHand: number; reserved: number; short: number; available: number }>
  close(): Promise<void>
}

interface Line {
  sku: string
  quantity: number
}
export type Sold = { id: string; ms: number } | { refused: string; available: number; ms: number }
export const isSold = (one: Sold): one is { id: string; ms: number } => 'id' in one

let stores = 0

export async function openCounters(db: Database, processes: number): Promise<Counters> {
  const world = createWorld(db, { seed: (stores += 1) })
  const name = `Counter ${stores}`
  const location = `C${stores}`
  await db.transaction(async (tx) => {
    await addLocation(tx, world.ctx, { code: location, name: 'Main', kind: 'own', priority: 1 })
    await connectAccount(tx, world.ctx, {
      channel: 'storefront',
      name,
      stage: 'live',
      settings: { webhookUrl: 'https://store.example/hooks' },
      secrets: { webhookSecret: `whsec_${'A'.repeat(32)}` },
    })
  })
  const account = (await findAccount(db, name))!
  const pools = Array.from({ length: processes }, () => openDatabase(db.url, { max: 4, queryTimeoutMs: 120_000 }))
  const desks = pools.map((pool) => createReservationDesk({ ...world.ctx, db: pool }))
  const move = async (process: number, one: Omit<StockMove, 'location'>) => {
    await pools[process % processes]!.transaction((tx) => moveStock(tx, world.ctx, { ...one, location }, 'test'))
  }
  return {
    world,
    account,
    move,
    async stocked(sku, units) {
      await db.transaction(async (tx) => {
        await addProduct(tx, world.ctx, { title: sku, variants: [{ sku }] })
        await linkListing(tx, world.ctx, {
          account: name,
          remoteSku: sku,
          sku,
          unitsPerSale: 1,
          marketplace: '',
          fulfilledBy: 'merchant',
        })
      })
      if (units > 0) await move(0, { sku, kind: 'receipt', quantity: units })
    },
    async reserve(process, reference, lines) {
      const began = performance.now()
      const list = Array.isArray(lines) ? lines : Object.entries(lines).map(([sku, quantity]) => ({ sku, quantity }))
      const request = { reference, expiresInSeconds: 900, lines: list }
      try {
        const answer = await desks[process % processes]!.reserve({ account: name, request })
        if (!('reserved' in answer)) throw new Error('nobody gave a key')
        return { id: answer.reserved.id, ms: performance.now() - began }
      } catch (error) {
        if (!(error instanceof Problem)) throw error
        return { refused: error.code, available: Number(error.params.available), ms: performance.now() - began }
      }
    },
    release: (id) => db.transaction((tx) => releaseReservation(tx, world.ctx, id)),
    take: async (process, orders) => {
      await pools[process % processes]!.transaction((tx) =>
        importOrders(tx, world.ctx, { id: account.id, openedAt: account.opened_at }, orders),
      )
    },
    async level(sku) {
      const { onHand, reserved, short, availableToPromise } = (await levelOf(db, sku))!
      return { onHand, reserved, short, available: availableToPromise }
    },
    async close() {
      for (const pool of pools) await pool.close()
    },
  }
}

/** P-1 to P-3 over the whole ledger, and that no checkout stands without its lines or the other way round. Empty where all holds. */
export async function brokenBooks(db: Database): Promise<unknown[]> {
  return await db.rows(
    `select 'level is not the sum of its movements' as broken, p.variant_id::text as what from pool_levels p
       left join (select variant_id, sum(on_hand) oh, sum(unsellable) un, sum(reserved) re, sum(allocated) al, sum(short) sh from stock_movements group by 1) m on m.variant_id = p.variant_id
       where (p.on_hand, p.unsellable, p.reserved, p.allocated, p.short) is distinct from
         (coalesce(m.oh, 0), coalesce(m.un, 0), coalesce(m.re, 0), coalesce(m.al, 0), coalesce(m.sh, 0))
     union all
     select 'promises are not the sum of reservation lines', p.variant_id::text from pool_levels p
       left join (select variant_id, sum(quantity - short) re, sum(short) sh from reservation_lines group by 1) r on r.variant_id = p.variant_id
       where (p.reserved, p.short) is distinct from (coalesce(r.re, 0), coalesce(r.sh, 0))
     union all
     select 'more promised than there is', variant_id::text from pool_levels where reserved + allocated > on_hand - unsellable
     union all
     select 'a checkout without lines', r.id::text from reservations r where r.state in ('held', 'confirmed')
       and not exists (select 1 from reservation_lines l where l.reservation_id = r.id and l.quantity > 0)
     union all
     select 'lines of an ended checkout', r.id::text from reservations r join reservation_lines l on l.reservation_id = r.id
       where r.state in ('released', 'expired') and l.quantity > 0
     union all
     select 'two promises for one line and part', order_line_id::text from reservation_lines where order_line_id is not null
       group by order_line_id, variant_id having count(*) > 1`,
  )
}

/** Deadlocks that this database has seen; statistics arrive with a delay, so they are asked for anew. */
export async function deadlocksOf(db: Database): Promise<number> {
  await db.one('select pg_stat_clear_snapshot()')
  return (await db.one<{ deadlocks: number }>(
    'select deadlocks from pg_stat_database where datname = current_database()',
  ))!.deadlocks
}
