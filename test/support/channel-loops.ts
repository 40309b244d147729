/** What the hub's loops do for every account, turned by hand: what is due by the clock, and what notifications ask for. */
import { getCursor } from '../../src/database/accounts.ts'
import { planAcknowledgements } from '../../src/operations/acknowledge-orders.ts'
import type { AccountAtWork } from '../../src/operations/context.ts'
import { expireReservations } from '../../src/operations/end-reservation.ts'
import { createHeeding, type Heeding } from '../../src/operations/heed-notifications.ts'
import { createKeeping, type Keeping } from '../../src/operations/keep-notifications.ts'
import { pullHeldStock } from '../../src/operations/pull-held-stock.ts'
import { pullListings } from '../../src/operations/pull-listings.ts'
import { type PullResult, pullOrders } from '../../src/operations/pull-orders.ts'
import { pushStock } from '../../src/operations/push-stock.ts'
import { readStock } from '../../src/operations/read-stock.ts'
import { sendErrands } from '../../src/operations/send-errands.ts'
import type { Installation } from '../simulation/installation.ts'
import { accountOf } from '../simulation/places.ts'
import { deliverEvents } from './world.ts'

export interface Loops {
  /** Everything that is due now, once. */
  turn(): Promise<void>
  /** What is on its way still, and how much of it. */
  busy(): Promise<string[]>
  /** Parcels that channels were told of. */
  shipments(): Promise<number>
}

interface Station {
  work: AccountAtWork
  heeding: Heeding
  keeping: Keeping
  notBefore: Map<string, Date | null>
  readAfter: Date | null
}

/** A halted account is tried again after this long, as the worker does it. */
const retryHaltMs = 15 * 60_000

export function openLoops(it: Installation): Loops {
  const { ctx } = it
  const { db } = ctx
  const stations = new Map<string, Station>()

  const stationOf = async (channel: string): Promise<Station> => {
    const work = await it.work(accountOf(channel))
    const known = stations.get(channel)
    if (known?.work === work) return known
    const keeping = createKeeping(ctx, work)
    const made = { work, heeding: createHeeding(ctx, work), keeping, notBefore: new Map(), readAfter: null }
    stations.set(channel, made)
    return made
  }

  const isDue = async ({ work, notBefore, heeding }: Station, stream: string): Promise<boolean> => {
    const now = ctx.clock.now()
    const wait = notBefore.get(stream)
    if (wait && wait > now) return false
    if (heeding.isDue(stream)) return true
    const cursor = await getCursor(db, work.row.id, stream)
    return !cursor || cursor.next_at <= now
  }

  const pulls = async (station: Station): Promise<void> => {
    const { work, heeding, notBefore } = station
    const { listings, orders, heldStock } = work.connector
    const streams: [name: string, pull: () => Promise<PullResult>][] = []
    if (listings) streams.push(['listings', () => pullListings(ctx, work)])
    if (orders) streams.push(['orders', () => pullOrders(ctx, work)])
    if (heldStock) streams.push(['held-stock', () => pullHeldStock(ctx, work)])
    await heeding.listen(streams.map(([name]) => name))
    for (const [name, pull] of streams) {
      if (!(await isDue(station, name))) continue
      const began = ctx.clock.now()
      for (let more = true; more; ) {
        const result = await pull()
        more = result.more
        notBefore.set(name, result.notBefore)
        if (!more && !result.notBefore) await heeding.looked(name, began)
      }
    }
    await station.keeping.step()
  }

  const workAt = async (channel: string): Promise<void> => {
    const station = await stationOf(channel)
    const { work } = station
    const now = ctx.clock.now()
    if (work.row.halted_code !== null) {
      if (now.getTime() - work.row.halted_at!.getTime() < retryHaltMs) return
      await db.run('update accounts set halted_code = null, halted_at = null where id = $1', [work.row.id])
      return
    }
    await pulls(station)
    while ((await pushStock(ctx, work)).sent > 0);
    if (!station.readAfter || station.readAfter <= now) {
      for (let read = 1; read > 0; ) {
        const result = await readStock(ctx, work)
        read = result.read
        station.readAfter = result.nextAt
      }
    }
    await planAcknowledgements(ctx, work)
    await sendErrands(ctx, work)
  }

  return {
    async turn() {
      for (const channel of it.channels) await workAt(channel)
      await expireReservations(ctx)
      while ((await deliverEvents(ctx)) > 0);
      await ctx.journal.flush()
    },
    async busy() {
      const rows = await db.rows<{ what: string; count: number }>(
        `select a.channel || ': slots that differ' as what, count(*)::int as count from stock_slots s join accounts a on a.id = s.account_id where s.dirty group by 1
         union all select a.channel || ': writes under way', count(*)::int from stock_slots s join accounts a on a.id = s.account_id where s.live_value is not null group by 1
         union all select a.channel || ': slots to be read', count(*)::int from stock_slots s join accounts a on a.id = s.account_id
           where s.read_due_at is not null and s.merchant_fulfilled group by 1
         union all select a.channel || ': errands ' || e.kind || ' ' || e.state, count(*)::int from errands e join accounts a on a.id = e.account_id
           where e.state in ('waiting', 'sent', 'accepted', 'unknown') group by 1
         union all select channel || ': halted by ' || halted_code, 1 from accounts where halted_code is not null
         union all select a.channel || ': orders to be looked for', 1 from cursors c join accounts a on a.id = c.account_id
           where c.stream = 'orders' and c.next_at <= $1`,
        [ctx.clock.now()],
      )
      return rows.map(({ what, count }) => `${what} ${count}`)
    },
    async shipments() {
      const row = await db.one<{ told: number }>(
        `select count(*) as told from errands where kind = 'shipment' and state = 'applied'`,
      )
      return Number(row!.told)
    },
  }
}
