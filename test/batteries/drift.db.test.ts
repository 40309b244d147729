/** R29, R35, R36, and who else writes: what channels show, read back. */
import { afterEach, expect, test, vi } from 'vitest'
import { driftReport, listDeviations } from '../../src/database/views/drift.ts'
import { listSlots } from '../../src/database/views/stock.ts'
import { moveStock } from '../../src/operations/move-stock.ts'
import { readStock } from '../../src/operations/read-stock.ts'
import { checkClaims, stateOf } from '../simulation/checks.ts'
import { useDatabase } from '../support/database.ts'
import { patienceMs } from '../support/iterations.ts'
import { hour, type Market, minute, openFindings, openMarket, sku } from '../support/market.ts'
import { atWork, shift, slotState } from '../support/shift.ts'
import { seeded } from '../support/world.ts'

vi.setConfig({ testTimeout: patienceMs })
const own = useDatabase()
let market: Market
afterEach(async () => await market?.close())

const shownThere = async () => (await stateOf(market)).channels.amazon.shown[sku]
const writes = async () =>
  (await own.db.rows(`select 1 from effects where intent->>'sku' = $1 and kind = 'stock.push'`, [sku])).length
const move = (quantity: number) =>
  own.db.transaction((tx) => moveStock(tx, market.ctx, { sku, location: 'MAIN', kind: 'adjustment', quantity }, 'test'))
const deviations = async () => (await listDeviations(own.db, { limit: 50 })).items
const kindsOf = async () => (await deviations()).map((one) => one.kind)

/** The channel answers with this number until then, now and then or always, whatever was written meanwhile. */
async function answersOld(quantity: number, ms: number, isOld: () => boolean = () => true): Promise<void> {
  const work = await market.work()
  const stock = work.connector.stock!
  const until = market.ctx.clock.now().getTime() + ms
  work.connector = {
    ...work.connector,
    stock: {
      ...stock,
      async read(account, skus) {
        const answers = await stock.read(account, skus)
        if (market.ctx.clock.now().getTime() >= until) return answers
        return answers.map((one) => (one.remoteSku === sku && isOld() ? { ...one, quantity } : one))
      },
    },
  }
}

/** Everything everywhere, so that each change of stock is written at once. */
async function openShop(mode: 'shared' | 'guarded' = 'shared'): Promise<void> {
  market = await openMarket(own.db, { onHand: 20 })
  await own.db.run('update pool_levels set mode = $1', [mode])
  await atWork(market)
  expect(await shownThere()).toBe(20)
}

test.each([
  ['a sell-out', -20, 0],
  ['a lower number', -13, 7],
  ['a higher number', 12, 32],
])(
  'R29 %s: the old number is read for 30 minutes: one more write at most, nothing taken over',
  async (_what, by, to) => {
    await openShop()
    const before = await writes()
    await move(by)
    await answersOld(20, 30 * minute)
    await shift(market, 2 * hour, { everyMs: minute })
    expect((await writes()) - before).toBeLessThanOrEqual(2)
    expect(await shownThere()).toBe(to)
    expect(await slotState(market, sku)).toMatchObject({ wish: to, confirmed_value: to, live_value: null })
    expect(await kindsOf()).toEqual([])
    expect(await openFindings(own.db, 'slot_drift')).toEqual([])
  },
)

test('R29 half of all answers are old for half an hour after each write: no flapping', async () => {
  await openShop()
  const random = seeded(29)
  for (const [by, from, to] of [
    [-13, 20, 7],
    [9, 7, 16],
    [-16, 16, 0],
  ] as const) {
    const before = await writes()
    await move(by)
    await shift(market, 3 * minute, { everyMs: minute })
    await answersOld(from, 25 * minute, () => random() < 0.5)
    // Read again and again, as a suspicious slot is.
    const ask = () => own.db.run('update stock_slots set read_due_at = $1', [market.ctx.clock.now()])
    await shift(market, 28 * minute, { everyMs: minute, before: async () => void (await ask()) })
    expect((await writes()) - before).toBeLessThanOrEqual(2)
    await shift(market, hour)
    expect(await slotState(market, sku)).toMatchObject({ wish: to, confirmed_value: to, live_value: null })
    expect(await shownThere()).toBe(to)
  }
})

test('another writer is named: account, SKU, number and moment; the slot is emptied, counted anew and sells again', async () => {
  await openShop('guarded')
  await market.control('/quantities', { channel: 'amazon', sku, quantity: 50 })
  const named = () => openFindings(own.db, 'another_writer')
  for (let waited = 0; (await named()).length === 0; waited += minute) {
    expect(waited, 'nobody is named').toBeLessThan(40 * minute)
    await shift(market, minute, { everyMs: minute })
  }
  const [finding] = await named()
  expect(finding).toMatchObject({ account: 'Amazon', sku, shown: 50, surplus: 30 })
  expect((finding as { at: string }).at).toMatch(/^2026-11-22 \d\d:\d\d UTC$/)
  const level = await own.db.one('select claimed, uncovered from pool_levels where uncovered > 0')
  expect(level, 'what may be sold that is not there is said').toMatchObject({ claimed: 50, uncovered: 30 })
  await shift(market, 3 * minute, { everyMs: minute })
  expect(await shownThere()).toBe(0)
  expect(await kindsOf()).toEqual(['writer'])
  const report = await driftReport(own.db, 'Amazon', market.ctx.clock.now())
  expect(report).toMatchObject({ slots: 2, deviating: 1, writers: 1, share: 0.5 })
  expect(report.hours.at(-1)!.readings).toBeGreaterThan(0)
  await shift(market, 3 * hour)
  const { alarm, claim, confirmed_value } = await slotState(market, sku)
  expect({ alarm, claim }).toEqual({ alarm: false, claim: confirmed_value })
  expect(await shownThere()).toBe(confirmed_value)
  expect(confirmed_value).toBeGreaterThan(5)
  // A day without another one ends it.
  await shift(market, 26 * hour, { everyMs: 30 * minute })
  expect(await openFindings(own.db, 'another_writer')).toEqual([])
})

test('an order canceled on the channel puts its units back before it is told: nobody is accused', async () => {
  await openShop('guarded')
  const id = await market.buy({ quantity: 4 })
  await shift(market, 2 * hour)
  expect(await shownThere()).toBe(16)
  await market.change(id, 'cancel')
  await own.db.run('update stock_slots set read_due_at = $1', [market.ctx.clock.now()])
  expect((await readStock(market.ctx, await market.work())).read).toBeGreaterThan(0)
  await shift(market, 2 * hour, { everyMs: minute })
  expect(await openFindings(own.db, 'another_writer')).toEqual([])
  expect(await shownThere()).toBe(20)
})

test('a lower number asks for the orders at once and is never raised before they are known', async () => {
  await openShop()
  const before = await writes()
  await market.control('/quantities', { channel: 'amazon', sku, quantity: 11 })
  await own.db.run('update stock_slots set read_due_at = $1', [market.ctx.clock.now()])
  await readStock(market.ctx, await market.work())
  const asked = await own.db.one<{ at: Date | null }>('select look_again_at as at from accounts')
  expect(asked!.at).not.toBeNull()
  await shift(market, minute, { everyMs: minute })
  expect(await writes()).toBe(before)
  expect(await kindsOf()).toEqual(['lower'])
  expect((await deviations())[0]).toMatchObject({ account: 'Amazon', sku, expected: 20, shown: 11, isExplained: false })
})

test('one answer from before all memory frees nothing: what stands there stays claimed, and nothing is written', async () => {
  await openShop('guarded')
  const before = await writes()
  const confirmed = (await slotState(market, sku)).confirmed_value!
  let lies = 1
  await answersOld(5, 24 * hour, () => lies-- > 0)
  await own.db.run('update stock_slots set read_due_at = $1', [market.ctx.clock.now()])
  await readStock(market.ctx, await market.work())
  expect((await slotState(market, sku)).confirmed_value).toBe(5)
  const check = async () => void (await checkClaims({ ...market, meddled: new Set() }))
  await shift(market, 3 * hour, { everyMs: minute, after: check })
  expect(await slotState(market, sku)).toMatchObject({ confirmed_value: confirmed, claim: confirmed })
  expect(await shownThere()).toBe(confirmed)
  expect(await writes()).toBe(before)
  expect(await openFindings(own.db, 'another_writer')).toEqual([])
})

test('a sale that is told after the reading explains it, and counts as no drift', async () => {
  await openShop()
  await market.buy({ quantity: 3 })
  await own.db.run('update stock_slots set read_due_at = $1', [market.ctx.clock.now()])
  await readStock(market.ctx, await market.work())
  const report = () => driftReport(own.db, undefined, market.ctx.clock.now())
  expect(await report()).toMatchObject({ deviating: 1 })
  await shift(market, 15 * minute)
  expect((await deviations())[0]).toMatchObject({ kind: 'lower', isExplained: true })
  expect(await report()).toMatchObject({ deviating: 0, share: 0 })
  expect((await listDeviations(own.db, { limit: 50, open: 'yes' })).items).toEqual([])
})

test('R35 a suppressed listing: its trouble stays in sight, a few tries a day, and it recovers by itself', async () => {
  await openShop()
  await market.fault({ operation: 'patchListingsItem', kind: 'status', status: 400 })
  const before = await writes()
  await move(-5)
  await shift(market, 24 * hour, { everyMs: 6 * minute })
  const tries = (await writes()) - before
  process.stdout.write(`R35 suppressed: ${tries} tries in 24 hours\n`)
  expect(tries).toBeLessThanOrEqual(8)
  expect(await openFindings(own.db, 'slot_refused')).toHaveLength(1)
  const slot = async () => (await listSlots(own.db, { limit: 9, sku }, market.ctx.clock.now())).items[0]!
  expect(await slot()).toMatchObject({ state: 'problem', wish: 15, confirmed: 20 })
  await market.calm()
  // Whatever changes is sent at once, not after hours.
  await move(-1)
  await shift(market, 10 * minute, { everyMs: minute })
  expect(await shownThere()).toBe(14)
  expect(await slot()).toMatchObject({ state: 'clean', problem: null })
  expect(await openFindings(own.db, 'slot_refused')).toEqual([])
})

test('R35 a deleted listing: shown as gone, no write any more, looked for twice an hour at most', async () => {
  await openShop()
  const work = await market.work()
  const stock = work.connector.stock!
  let asked = 0
  let isGone = true
  work.connector = {
    ...work.connector,
    stock: {
      ...stock,
      async read(account, skus) {
        if (skus.includes(sku)) asked += 1
        const answers = await stock.read(account, skus)
        return answers.map((one) => (isGone && one.remoteSku === sku ? { ...one, quantity: null } : one))
      },
    },
  }
  delete work.connector.listings
  await market.fault({ operation: 'patchListingsItem', kind: 'status', status: 404 })
  await shift(market, hour)
  const before = await writes()
  asked = 0
  await move(-5)
  await shift(market, 12 * hour, { everyMs: 6 * minute })
  expect((await writes()) - before).toBe(0)
  expect(asked).toBeLessThanOrEqual(25)
  const slot = async () => (await listSlots(own.db, { limit: 9, sku }, market.ctx.clock.now())).items[0]!
  expect(await slot()).toMatchObject({ state: 'problem', problem: { code: 'no_merchant_entry' }, wish: null })
  isGone = false
  await market.calm()
  await shift(market, 2 * hour)
  expect(await slot()).toMatchObject({ state: 'clean', problem: null, wish: 15 })
  expect(await shownThere()).toBe(15)
})
