/** Many changes at once against the simulated marketplace: what rides a feed, what a call carries, and in which order. */
import { afterEach, expect, test } from 'vitest'
import { checkClaims, stateOf } from '../../test/simulation/checks.ts'
import { type Bulk, firstShown, onHand, openBulk } from '../../test/support/bulk-market.ts'
import { useDatabase } from '../../test/support/database.ts'
import { minute } from '../../test/support/market.ts'

const own = useDatabase()
let bulk: Bulk | undefined
afterEach(async () => {
  await bulk?.close()
  bulk = undefined
})

const second = 1_000
const quick = { feedPace: { queueMs: second, feedMs: 10 * second, per1000Ms: 0 }, tookMs: 12 * second }

test('two thousand changes: the sold out leave by call at once, the bulk by feed, far sooner than calls could', async () => {
  bulk = await openBulk(own.db, { skus: 2_000, ...quick })
  const soldOut = bulk.skus.slice(0, 12)
  for (const sku of soldOut) await bulk.sellOut(sku)
  await bulk.cap(4)
  const startedAt = bulk.ctx.clock.now().getTime()
  await bulk.drive(10 * minute, async () => {
    const shown = await bulk!.shown()
    return bulk!.skus.every((sku) => shown[sku] === (soldOut.includes(sku) ? 0 : 4))
  })
  const seconds = (bulk.ctx.clock.now().getTime() - startedAt) / second
  // Calls alone: 5 at once, then 5 a second.
  expect(seconds).toBeLessThan((2_000 - 5) / 5 / 2)
  const { effects } = (await stateOf(bulk.market)).channels.amazon
  const byCall = effects.filter(({ operation }) => operation === 'patchListingsItem')
  expect(new Set(byCall.slice(0, soldOut.length).map(({ sku }) => sku))).toEqual(new Set(soldOut))
  expect(effects.filter(({ operation, sku }) => operation === 'JSON_LISTINGS_FEED' && soldOut.includes(sku))).toEqual(
    [],
  )
  // Each left once: nothing in a feed and a call.
  expect(effects).toHaveLength(2_000)
  const feeds = await bulk.feeds()
  expect(feeds).toHaveLength(1)
  expect(feeds[0]!.lines + byCall.length).toBe(2_000)
  await checkClaims({ ...bulk.market, meddled: new Set() })
  await bulk.drive(3 * minute)
  expect(await bulk.feeds()).toMatchObject([{ state: 'ended', outcome: 'done', detail: { refused: 0, unknown: 0 } }])
  expect(await own.db.rows('select 1 from feed_lines')).toEqual([])
  expect(await own.db.rows('select 1 from stock_slots where feed_id is not null or dirty')).toEqual([])
  expect(await own.db.rows('select 1 from effects where outcome is null')).toEqual([])
}, 120_000)

test('few changes leave by calls alone', async () => {
  bulk = await openBulk(own.db, { skus: 150, ...quick })
  await bulk.cap(4)
  await bulk.drive(2 * minute)
  expect(await bulk.feeds()).toEqual([])
  expect(await bulk.unsettled()).toBe(0)
})

test('the claims of what rides a feed count until it has ended and its lines are dead', async () => {
  bulk = await openBulk(own.db, { skus: 300, ...quick, isReading: true })
  await bulk.cap(4)
  await bulk.drive(8 * second)
  const claims = async () =>
    await own.db.rows<{ claim: number; count: number }>(
      'select claim, count(*) as count from stock_slots where feed_id is not null group by claim',
    )
  expect((await claims()).map(({ claim }) => claim)).toEqual([firstShown + 4])
  // The rest of the shelf may go elsewhere, no more.
  const levels = await own.db.rows<{ claimed: number }>('select distinct claimed from pool_levels order by 1')
  expect(levels.every(({ claimed }) => claimed <= onHand)).toBe(true)
  await bulk.drive(80 * minute)
  expect(await own.db.rows('select distinct claim from stock_slots')).toEqual([{ claim: 4 }])
  expect(await bulk.unsettled()).toBe(0)
}, 120_000)

test('a feed is given up where the process stops before it left', async () => {
  bulk = await openBulk(own.db, { skus: 700, ...quick })
  await bulk.cap(4)
  const pump = await bulk.pump()
  await pump.step()
  await pump.stop()
  const feeds = await bulk.feeds()
  expect(feeds.filter((feed) => feed.state !== 'ended' || feed.outcome !== 'not-sent')).toEqual([])
  expect(await own.db.rows('select 1 from stock_slots where feed_id is not null')).toEqual([])
  bulk.restart()
  await bulk.market.pass(minute + second)
  await bulk.drive(4 * minute)
  expect(await bulk.unsettled()).toBe(0)
}, 120_000)
