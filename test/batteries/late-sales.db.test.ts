/** A list that lies: orders hidden for longer than its margin. Each is noticed, what it hit is safe again, and the margin grows. */
import { afterEach, expect, test, vi } from 'vitest'
import { checkClaims, checkStep, stateOf } from '../simulation/checks.ts'
import { useDatabase } from '../support/database.ts'
import { lateSales, patienceMs, printCount } from '../support/iterations.ts'
import { hour, type Market, minute, openFindings, openMarket, sku } from '../support/market.ts'
import { atWork, shift, slotState } from '../support/shift.ts'
import { seeded } from '../support/world.ts'

vi.setConfig({ testTimeout: patienceMs })
const own = useDatabase()
let market: Market
afterEach(async () => await market?.close())

async function buyHidden(hiddenMs: number): Promise<string> {
  const id = await market.buy({ quantity: 1 })
  await market.fault({ operation: 'searchOrders', kind: 'omit', orderId: id, delayMs: hiddenMs, count: 1 })
  return id
}

const lateOrdersSaid = async () =>
  (
    await own.db.rows<{ remote_id: string }>(
      `select distinct o.remote_id from order_events e join orders o on o.id = e.order_id where e.kind = 'late-sale'`,
    )
  ).map((row) => row.remote_id)
const isKnown = async (id: string) =>
  (await own.db.one('select 1 from orders where remote_id = $1', [id])) !== undefined
const margin = async () => {
  const row = await own.db.one<{ behind: number }>(`select (lag->'behindMs')::float8 as behind from accounts`)
  return row?.behind ?? 0
}
/** While a list lies no claim can be right; once everything is told, and what was wrong is counted anew, all are. */
const check = async () => await checkStep(market)
const checkTold = async () => expect(await checkClaims({ ...market, meddled: new Set() })).toBeGreaterThan(0)

test('an order behind its watermark is told, its slot is emptied and counted anew, and sells again', async () => {
  market = await openMarket(own.db, { onHand: 20 })
  await atWork(market)
  expect(await slotState(market, sku)).toMatchObject({ claim: 20, alarm: false })
  const id = await buyHidden(hour)
  await shift(market, 2 * hour + 10 * minute, { after: check })
  expect(await isKnown(id)).toBe(true)
  const [finding] = await openFindings(own.db, 'late_sale')
  expect(finding).toMatchObject({ order: id, sku, units: 1 })
  const { minutes, margin: told } = finding as { minutes: number; margin: number }
  expect(minutes).toBeGreaterThan(20)
  expect(told, 'the margin covers what was seen, with headroom').toBeGreaterThan(minutes + 10)
  expect(await slotState(market, sku)).toMatchObject({ alarm: true, wish: 0, confirmed_value: 0 })
  expect((await stateOf(market)).channels.amazon.shown[sku]).toBe(0)
  await shift(market, 4 * hour, { after: check })
  const after = await slotState(market, sku)
  expect(after).toMatchObject({ alarm: false })
  expect((await stateOf(market)).channels.amazon.shown[sku]).toBe(after.confirmed_value)
  expect(after.confirmed_value!, 'what is there is for sale again').toBeGreaterThan(0)
  await checkTold()
})

test('a margin that grows takes nothing back: what was settled by the narrow one is late all the same', async () => {
  market = await openMarket(own.db, { onHand: 20 })
  await atWork(market)
  const first = await buyHidden(84 * minute)
  const second = await buyHidden(93 * minute)
  // Both show as soon as they change; the margin that the first has taught would cover the second.
  await shift(market, 84 * minute, { after: check })
  await market.change(first, 'ship')
  await shift(market, 9 * minute, { after: check })
  expect([await isKnown(first), await isKnown(second)]).toEqual([true, false])
  await market.change(second, 'ship')
  await shift(market, 9 * minute, { after: check })
  expect(await isKnown(second)).toBe(true)
  expect((await lateOrdersSaid()).sort()).toEqual([first, second].sort())
})

test('what is late by less than the margin that was learned is not late any more', async () => {
  market = await openMarket(own.db, { onHand: 40 })
  await atWork(market)
  const first = await buyHidden(80 * minute)
  await shift(market, 6 * hour, { after: check })
  expect(await lateOrdersSaid()).toEqual([first])
  const before = await margin()
  const second = await buyHidden(40 * minute)
  await shift(market, 3 * hour, { after: check })
  expect(await isKnown(second)).toBe(true)
  expect(await lateOrdersSaid()).toEqual([first])
  expect(await openFindings(own.db, 'late_sale')).toHaveLength(1)
  expect(await margin()).toBe(before)
  await checkTold()
})

test('every lie is noticed, whatever it hides and for how long', async () => {
  printCount('late sales', lateSales)
  market = await openMarket(own.db, { onHand: 200 + lateSales })
  await atWork(market)
  const random = seeded(7)
  const placed = new Map<string, number>()
  const due = new Set<string>()
  const seen = new Set<string>()
  let believed: Date | null = null
  const before = async () => {
    believed = (await own.db.one<{ sure: Date | null }>('select max(sales_sure) as sure from cursors'))!.sure
  }
  const after = async () => {
    const rows = await own.db.rows<{ remote_id: string }>('select remote_id from orders')
    for (const { remote_id: id } of rows) {
      if (seen.has(id) || !placed.has(id)) continue
      seen.add(id)
      if (believed !== null && Math.floor(placed.get(id)! / 1_000) * 1_000 <= believed.getTime()) due.add(id)
    }
    await check()
  }
  for (let n = 0; n < lateSales; n += 1) {
    // What a lie hit sells nothing until it was counted anew.
    for (let waited = 0; (await stateOf(market)).channels.amazon.shown[sku] === 0; waited += hour) {
      expect(waited, 'it never sells again').toBeLessThan(24 * hour)
      await shift(market, hour, { before, after })
    }
    const isHidden = random() < 0.7
    const at = market.ctx.clock.now().getTime()
    placed.set(isHidden ? await buyHidden(Math.floor(random() ** 2 * 5 * hour)) : await market.buy(), at)
    await shift(market, Math.floor(20 + random() * 60) * minute, { before, after })
  }
  await shift(market, 12 * hour, { before, after })
  expect(seen.size).toBe(lateSales)
  expect(due.size, 'some were behind').toBeGreaterThan(0)
  expect((await lateOrdersSaid()).sort()).toEqual([...due].sort())
  await checkTold()
})
