/** Pulls orders around the hours in which clocks are changed and days are added; prints what is stored, in UTC. */
import { openDatabase } from '../../src/database/pool.ts'
import { checkMarket, hour, minute, openMarket } from './market.ts'

const moments = [
  // The United States leave summer time, enter it; a leap day; a year ends.
  '2026-11-01T05:10:00Z',
  '2027-03-14T06:10:00Z',
  '2028-02-28T23:10:00Z',
  '2026-12-31T23:10:00Z',
]

const db = openDatabase(process.argv[2]!)
const told: unknown[] = []
for (const moment of moments) {
  const market = await openMarket(db, { startAt: new Date(moment), history: { orders: 30, days: 2 }, historyDays: 3 })
  const ids: string[] = []
  for (let step = 0; step < 3; step += 1) {
    ids.push(await market.buy({ quantity: 1 + step }))
    await market.run(30 * minute, 30 * minute)
  }
  await market.change(ids[0]!, 'cancel')
  await market.change(ids[1]!, 'ship')
  await market.run(hour, 30 * minute)
  await checkMarket(market)
  await market.ctx.journal.flush()
  const utc = (column: string) => `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS.MS')`
  told.push(
    await db.rows(
      `select remote_id, state, before_opening, ${utc('placed_at')} as placed, ${utc('updated_at')} as updated, ${utc('ship_by')} as ship_by,
         ${utc('deliver_by')} as deliver_by, ${utc('imported_at')} as imported, ${utc('changed_at')} as changed from orders order by remote_id`,
    ),
    await db.rows(
      `select value, ${utc('watermark')} as watermark, ${utc('next_at')} as next_at from cursors order by stream`,
    ),
    await db.rows(`select kind, data, ${utc('at')} as at from order_events order by seq`),
    await db.rows(`select kind, reserved, on_hand, ${utc('at')} as at from stock_movements order by seq`),
    await db.rows(
      `select operation, status, ${utc('started_at')} as at from channel_calls order by started_at, operation`,
    ),
    await db.rows(`select epoch, ${utc('sealed_at')} as at from buyer_data order by sealed_at, epoch`),
  )
  await market.close()
}
await db.close()
process.stdout.write(JSON.stringify({ offset: new Date(moments[0]!).getTimezoneOffset(), told }))
