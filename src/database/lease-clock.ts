/** The one place that reads the database's clock: all processes judge leases by it, whatever their own clocks say. */
import type { Sql } from './pool.ts'

export type LeaseClock = () => Promise<Date>

export function databaseClock(db: Sql): LeaseClock {
  return async () => (await db.one<{ now: Date }>('select clock_timestamp() as now'))!.now
}
