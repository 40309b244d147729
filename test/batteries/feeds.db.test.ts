/**
 * Feeds among calls (R30, R31), and the process that ends at every point of one. The hub's own pump and collector against
 * the simulated marketplace over real HTTP: whatever becomes of a feed, the newest value stands at the end, claims bound
 * what can be sold at every moment, and no slot has a feed and a call above 0 at once.
 */
import { afterEach, expect, test } from 'vitest'
import { LeaseLost } from '../../src/database/leases.ts'
import type { Database } from '../../src/database/pool.ts'
import { checkClaims, checkStep } from '../simulation/checks.ts'
import { type Bulk, type BulkOptions, openBulk } from '../support/bulk-market.ts'
import { useDatabase } from '../support/database.ts'
import { feedCrashes, printCount } from '../support/iterations.ts'
import { hour, minute, openFindings } from '../support/market.ts'

const own = useDatabase()
let bulk: Bulk | undefined
afterEach(async () => {
  await bulk?.close()
  bulk = undefined
})

const second = 1_000
/** Longer than single calls need: nothing but the feed's lines is open when it lands. */
const pace = { queueMs: second, feedMs: 90 * second, per1000Ms: 0 }
const many = 240

async function opened(options: Partial<BulkOptions> = {}): Promise<Bulk> {
  bulk = await openBulk(own.db, { skus: many, feedPace: pace, tookMs: second, isReading: true, ...options })
  return bulk
}

/** A change of everything, and the feed of it is with the marketplace. */
async function fed(it: Bulk): Promise<string[]> {
  await it.cap(4)
  await it.drive(30 * second, async () => (await it.feeds()).some((feed) => feed.state === 'underway'))
  await it.drive(10 * second)
  const rows = await own.db.rows<{ sku: string }>(
    'select remote_sku as sku from stock_slots where feed_id is not null order by remote_sku',
  )
  expect(rows.length).toBeGreaterThanOrEqual(200)
  return rows.map((row) => row.sku)
}

/** Time goes by until nothing is open; claims hold all the while. */
async function atRest(it: Bulk, mostMs: number): Promise<void> {
  for (let passed = 0; passed < mostMs; passed += minute) {
    await it.drive(minute)
    await checkClaims({ ...it.market, meddled: new Set() })
    if ((await it.unsettled()) === 0 && (await it.feeds()).every((feed) => feed.state === 'ended')) break
  }
  await checkStep(it.market)
  expect(await it.overlaps()).toBe(0)
  expect(await it.unsettled()).toBe(0)
  expect(await own.db.rows('select 1 from stock_slots where feed_id is not null')).toEqual([])
}

test('R30: newer values while a feed holds an older one: a zero at once and again behind the feed, the others behind it', async () => {
  const it = await opened()
  const [zero, lower, higher] = await fed(it)
  const set = (sku: string, cap: number) =>
    own.db.run(
      `insert into publishing_rules (id, variant_id, cap, changed_by, created_at, changed_at) select $1, id, $2, 'test', $3, $3 from variants where sku = $4`,
      [it.ctx.newId(), cap, it.ctx.clock.now(), sku],
    )
  await set(lower!, 2)
  await set(higher!, 7)
  // Guarded raises nothing before its re-order point.
  await own.db.run(
    `update pool_levels set mode = 'shared' where variant_id = (select id from variants where sku = $1)`,
    [higher!],
  )
  await it.sellOut(zero!)
  await it.cap(4)
  await it.drive(50 * second)
  expect((await it.feeds())[0]).toMatchObject({ state: 'underway' })
  expect((await it.shown())[zero!], 'a zero waits for no feed').toBe(0)
  expect((await it.shown())[lower!]).toBe(10)
  // The feed lands on top of the zero.
  await it.drive(2 * minute, async () => (await it.shown())[zero!] === 4)
  await atRest(it, 20 * minute)
  const shown = await it.shown()
  expect([shown[zero!], shown[lower!], shown[higher!]]).toEqual([0, 2, 7])
  const writes = async (sku: string) =>
    (
      await own.db.rows<{ quantity: number; fed: boolean }>(
        `select (intent->>'quantity')::int as quantity, intent ? 'feed' as fed from effects e join stock_slots s on e.subject = 'slot:' || s.id
         where s.remote_sku = $1 order by (intent->>'version')::int`,
        [sku],
      )
    ).map(({ quantity, fed: isFed }) => `${quantity}${isFed ? ' by feed' : ''}`)
  expect(await writes(zero!)).toEqual(['4 by feed', '0', '0'])
  expect(await writes(lower!)).toEqual(['4 by feed', '2'])
}, 120_000)

test.each([
  { what: 'one line in ten is refused', kind: 'refuse', more: { rate: 0.1 }, outcome: 'done' },
  { what: 'FATAL: some of it carried out', kind: 'fatal', outcome: 'unknown' },
  { what: 'CANCELLED before it was begun', kind: 'cancelled', outcome: 'canceled' },
  { what: 'a report that cannot be unpacked', kind: 'corrupt', outcome: 'unknown' },
  { what: 'no report', kind: 'no-report', outcome: 'unknown' },
  { what: 'a report whose sums are short', kind: 'miscount', outcome: 'done' },
])(
  'R31: $what',
  async ({ kind, more, outcome }) => {
    const it = await opened()
    await it.market.fault({ operation: 'JSON_LISTINGS_FEED', kind, ...(more ?? { count: 1 }) })
    const lines = (await fed(it)).length
    await it.drive(20 * minute, async () => (await it.feeds()).every((feed) => feed.state === 'ended'))
    expect(await it.feeds()).toMatchObject([{ state: 'ended', outcome, lines }])
    const refused = await openFindings(own.db, 'slot_refused')
    if (kind === 'refuse') expect(refused.length).toBeGreaterThan(10)
    else expect(refused).toEqual([])
    await it.market.calm()
    // A refused line is tried again after half an hour.
    await atRest(it, 90 * minute)
    expect(await openFindings(own.db, 'slot_refused')).toEqual([])
  },
  120_000,
)

test('R31: stuck for a day: sell-outs pass, one finding, and then everything stands', async () => {
  const it = await opened({ isReading: false })
  await it.market.fault({ operation: 'JSON_LISTINGS_FEED', kind: 'stuck', delayMs: 24 * hour, count: 1 })
  const [first, last] = await fed(it)
  for (let hours = 0; hours < 12; hours += 1) {
    await it.market.pass(hour)
    await it.drive(second)
  }
  expect(await openFindings(own.db, 'feed_stuck')).toHaveLength(1)
  await it.sellOut(first!)
  await it.drive(2 * minute)
  expect((await it.shown())[first!]).toBe(0)
  expect((await it.shown())[last!]).toBe(10)
  const asked = await own.db.one<{ count: number }>(
    `select count(*) as count from channel_calls where operation = 'getFeed'`,
  )
  for (let hours = 0; hours < 14; hours += 1) {
    await it.market.pass(hour)
    await it.drive(second)
  }
  expect(asked!.count).toBeLessThan(100)
  expect(await openFindings(own.db, 'feed_stuck')).toEqual([])
  await it.drive(5 * minute)
  expect(await it.unsettled()).toBe(0)
  expect((await it.shown())[first!]).toBe(0)
  expect(await it.overlaps()).toBe(0)
}, 120_000)

test.each([
  { what: 'it never arrived', kind: 'drop', untilMs: 20 * minute },
  { what: 'it is there, and lands after an hour and a half', kind: 'timeout-after-apply', untilMs: 100 * minute },
])(
  'a feed whose answer was lost ($what): its slots wait until the marketplace has none, then everything stands',
  async ({ kind, untilMs }) => {
    const it = await opened()
    if (kind !== 'drop')
      await it.market.fault({ operation: 'JSON_LISTINGS_FEED', kind: 'stuck', delayMs: 90 * minute, count: 1 })
    await it.market.fault({ operation: 'createFeed', kind, count: 1 })
    const startedAt = it.ctx.clock.now().getTime()
    await it.cap(4)
    await it.drive(2 * minute, async () => (await it.feeds()).some((feed) => feed.state === 'lost'))
    const [sku] = (
      await own.db.rows<{ sku: string }>('select remote_sku as sku from stock_slots where feed_id is not null limit 1')
    ).map((row) => row.sku)
    await it.sellOut(sku!)
    await it.drive(minute)
    expect((await it.shown())[sku!]).toBe(0)
    await it.drive(10 * minute)
    expect((await it.feeds())[0]).toMatchObject({ state: 'lost' })
    await atRest(it, 150 * minute)
    expect((await it.feeds())[0]).toMatchObject({ state: 'ended', outcome: 'unknown' })
    expect(it.ctx.clock.now().getTime() - startedAt).toBeGreaterThan(kind === 'drop' ? 15 * minute : 90 * minute)
    expect(it.ctx.clock.now().getTime() - startedAt).toBeLessThan(untilMs + 20 * minute)
    expect((await it.shown())[sku!]).toBe(0)
  },
  120_000,
)

/** The process ends with its so many-th transaction since a feed is prepared: before it is stored, or right after. */
function dying(db: Database, at: { transaction: number; isCommitted: boolean }): { db: Database; isDead(): boolean } {
  let count = 0
  let hasBegun = false
  let dead = false
  const die = () => {
    dead = true
    throw new LeaseLost('the process ended')
  }
  const wrapped: Database = {
    ...db,
    async transaction(run) {
      if (dead) die()
      let isLast = false
      const result = await db.transaction(async (tx) => {
        const watched = {
          ...tx,
          run: async (text: string, values?: readonly unknown[]) => {
            hasBegun ||= text.startsWith('insert into feeds')
            return await tx.run(text, values)
          },
        }
        const answer = await run(watched)
        if (hasBegun) count += 1
        isLast = hasBegun && count === at.transaction
        if (isLast && !at.isCommitted) die()
        return answer
      })
      if (isLast) die()
      return result
    },
  }
  for (const name of ['rows', 'one', 'run', 'send'] as const)
    Object.assign(wrapped, {
      [name]: (...given: [string, readonly unknown[]]) => {
        if (dead) die()
        return (db[name] as (...all: unknown[]) => Promise<unknown>)(...given)
      },
    })
  return { db: wrapped, isDead: () => dead }
}

test('the process ends at any point around a feed: the next holder brings everything there, and claims hold', async () => {
  printCount('points around a feed at which the process ends', feedCrashes)
  let ended = 0
  for (let index = 0; index < feedCrashes; index += 1) {
    const it = await opened()
    await it.cap(4)
    const end = dying(it.ctx.db, { transaction: 1 + Math.floor(index / 2), isCommitted: index % 2 === 1 })
    it.ctx.db = end.db
    // All that the hub does until here is the change itself.
    await it
      .drive(4 * minute, async () => end.isDead())
      .catch((error: Error) => {
        if (!(error instanceof LeaseLost)) throw error
      })
    if (end.isDead()) ended += 1
    it.restart()
    await it.market.pass(61 * second)
    await atRest(it, 60 * minute)
    await it.close()
    bulk = undefined
  }
  expect(ended).toBe(feedCrashes)
}, 600_000)

test('R34: no feed may be handed in (rationed, or refused as too large): sell-outs leave first, by call, and so does the rest', async () => {
  for (const how of ['rationed', 'too large']) {
    const it = await opened({ isReading: false })
    if (how === 'rationed') {
      await it.work()
      await own.db.run(
        `update budgets set tokens = 0, rate = 0.00001, refilled_at = $1 where operation in ('createFeed', 'createFeedDocument')`,
        [it.ctx.clock.now()],
      )
    } else await it.market.fault({ operation: 'uploadFeedDocument', kind: 'status', status: 413 })
    const soldOut = it.skus.slice(-6)
    for (const sku of soldOut) await it.sellOut(sku)
    await it.cap(4)
    await it.drive(3 * minute)
    expect(
      (await it.feeds()).every((feed) => feed.outcome === 'not-sent'),
      how,
    ).toBe(true)
    const first = await own.db.rows<{ sku: string }>(
      `select intent->>'sku' as sku from effects where not intent ? 'feed' order by intended_at, (intent->>'quantity')::int limit 6`,
    )
    expect(new Set(first.map((row) => row.sku)), how).toEqual(new Set(soldOut))
    expect(await it.unsettled(), how).toBe(0)
    expect(await openFindings(own.db, 'slot_refused')).toEqual([])
    await it.close()
    bulk = undefined
  }
}, 120_000)
