/** Prometheus figures, read from the database when asked. No names of buyers, no SKUs. */
import { Gauge, Registry } from 'prom-client'
import type { Database } from '../database/pool.ts'
import { countOrders } from '../database/views/orders.ts'
import { stockFigures } from '../database/views/stock.ts'
import type { Clock } from '../domain/values.ts'

export interface Metrics {
  text(): Promise<string>
}

export function createMetrics(db: Database, clock: Clock): Metrics {
  const registers = [new Registry()]
  const gauge = (name: string, help: string, labelNames: string[] = []) =>
    new Gauge({ name, help, labelNames, registers })
  const orders = gauge('entrepot_orders', 'Orders by view', ['view'])
  const units = gauge('entrepot_stock_units', 'Units in the pool', ['kind'])
  const slots = gauge('entrepot_slots', 'Stock slots by state', ['state'])
  const lag = gauge('entrepot_pull_age_seconds', 'Seconds since a stream was last read', ['account', 'stream'])
  return {
    async text() {
      const now = clock.now()
      const counts = await countOrders(db, now)
      for (const [view, value] of Object.entries(counts)) orders.set({ view }, value)
      const stock = await stockFigures(db, now)
      for (const kind of ['onHand', 'available', 'oversold'] as const) units.set({ kind }, stock[kind])
      slots.set({ state: 'all' }, stock.slots)
      slots.set({ state: 'dirty' }, stock.dirtySlots)
      slots.set({ state: 'unread' }, stock.unreadSlots)
      slots.set({ state: 'problem' }, stock.problemSlots)
      const streams = await db.rows<{ name: string; stream: string; pulled_at: Date | null }>(
        'select a.name, c.stream, c.pulled_at from cursors c join accounts a on a.id = c.account_id',
      )
      for (const row of streams)
        if (row.pulled_at)
          lag.set({ account: row.name, stream: row.stream }, (now.getTime() - row.pulled_at.getTime()) / 1_000)
      return await registers[0]!.metrics()
    },
  }
}
