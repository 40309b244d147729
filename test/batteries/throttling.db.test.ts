/**
 * R25: the marketplace refuses for lack of allowance: everything for ten minutes, or half of it from some moment on. The
 * hub's own pump, budget and connector over real HTTP: nothing is lost, little is wasted, and it ends in time.
 */
import { afterEach, expect, test } from 'vitest'
import { stateOf } from '../simulation/checks.ts'
import { type Bulk, openBulk } from '../support/bulk-market.ts'
import { useDatabase } from '../support/database.ts'
import { patienceMs, printCount, throttledSlots } from '../support/iterations.ts'
import { minute } from '../support/market.ts'

const own = useDatabase()
let bulk: Bulk | undefined
afterEach(async () => {
  await bulk?.close()
  bulk = undefined
})

const second = 1_000
/** Feeds take so long that none is chosen, however few calls go through: this is about calls. */
const month = 30 * 24 * 60 * minute
/** Single calls of Amazon: at once, and a second. */
const limit = { burst: 5, rate: 5 }
const seconds = (lines: number, rate = limit.rate) => (lines - limit.burst) / rate

async function counted(it: Bulk) {
  const { calls } = (await stateOf(it.market)).channels.amazon as unknown as {
    calls: Record<string, { count: number; throttled: number }>
  }
  const row = await own.db.one<{ refused: number; taken: number }>(
    `select count(*) filter (where status = 429) as refused, count(*) filter (where status = 200) as taken
     from channel_calls where operation = 'patchListingsItem'`,
  )
  return { ...row!, there: calls.patchListingsItem! }
}

/** Runs until all stands there as written; answers the seconds until the last call was taken. */
async function drained(it: Bulk, mostMs: number): Promise<number> {
  const startedAt = it.ctx.clock.now().getTime()
  await it.drive(mostMs, async () => {
    const row = await own.db.one('select 1 from stock_slots where dirty limit 1')
    return row === undefined
  })
  await it.ctx.journal.flush()
  return (it.ctx.clock.now().getTime() - startedAt) / second
}

test(
  'R25: every call refused for ten minutes, then all is well: few calls wasted, nothing lost, the end in time',
  async () => {
    printCount('R25: slots behind a storm of refusals', throttledSlots)
    bulk = await openBulk(own.db, { skus: throttledSlots, tookMs: month, everyMs: second })
    await bulk.market.fault({ operation: 'patchListingsItem', kind: 'status', status: 429, durationMs: 10 * minute })
    await bulk.cap(4)
    const took = await drained(bulk, 60 * minute)
    const { refused, taken } = await counted(bulk)
    expect(taken).toBe(throttledSlots)
    expect(refused).toBeLessThanOrEqual(50)
    expect(took).toBeLessThanOrEqual((600 + seconds(throttledSlots)) * 1.1)
    await bulk.drive(2 * minute)
    expect(await bulk.unsettled()).toBe(0)
  },
  patienceMs,
)

test(
  'R25: the allowance is halved while it works, and the header still tells the old rate: found by few refusals',
  async () => {
    bulk = await openBulk(own.db, {
      skus: throttledSlots,
      tookMs: month,
      everyMs: second,
      amazon: { limits: 'published' },
    })
    await bulk.market.fault({ operation: 'patchListingsItem', kind: 'bucket-halved' })
    await bulk.cap(4)
    const took = await drained(bulk, 60 * minute)
    const { refused, taken, there } = await counted(bulk)
    expect(taken).toBe(throttledSlots)
    expect(refused).toBe(there.throttled)
    expect(refused).toBeLessThanOrEqual(8)
    expect(took).toBeLessThanOrEqual(seconds(throttledSlots, limit.rate / 2) * 1.1 + 5)
  },
  patienceMs,
)
