import { beforeEach, expect, test } from 'vitest'
import { useDatabase } from '../../test/support/database.ts'
import { createRuleShop, type RuleShop } from '../../test/support/rule-shop.ts'
import { workFor } from '../../test/support/world.ts'
import type { QuantityLine, QuantityOutcome } from '../channels/connector.ts'
import { allowance } from '../database/budgets.ts'
import type { AccountAtWork } from './context.ts'
import { createPump, type Pump } from './push-stock.ts'

const own = useDatabase()
let shop: RuleShop
let work: AccountAtWork
let pump: Pump
let answers = 0
/** Calls under way, by SKU: each waits until it is told what to answer. */
let calls: { line: QuantityLine; answer(kind: 'applied' | Error): void }[]
let round = 0

beforeEach(async () => {
  shop = await createRuleShop(own.db, (round += 1))
  calls = []
  answers = 0
  const plain = await workFor(shop.world.ctx, shop.account.name, 'a pump')
  const push = (_account: unknown, [line]: readonly QuantityLine[]) =>
    new Promise<QuantityOutcome[]>((resolve, reject) => {
      const answer = (kind: 'applied' | Error) =>
        kind === 'applied' ? resolve([{ key: line!.key, kind }]) : reject(kind)
      calls.push({ line: line!, answer })
    })
  const stock = { ...plain.connector.stock!, pushBatch: 1, pushAtOnce: 3, push }
  work = { ...plain, connector: { ...plain.connector, stock } }
  pump = createPump(shop.world.ctx, work, { onAnswer: () => (answers += 1) })
})

/** So many SKUs with 5 on the shelf, whose slots show 9. */
async function goods(count: number): Promise<string[]> {
  const skus: string[] = []
  for (let index = 0; index < count; index += 1) skus.push(await shop.stocked(`P${index}`, { units: 5 }))
  await own.db.run(
    `update stock_slots set confirmed_value = 9, confirmed_at = $2, waits = false where account_id = $1`,
    [work.row.id, shop.world.clock.now()],
  )
  return skus
}

const sent = () => calls.map((one) => one.line.remoteSku)

test('a call that takes long keeps none of the others from leaving', async () => {
  const skus = await goods(5)
  expect((await pump.step()).sent).toBe(3)
  expect((await pump.step()).sent, 'as many as may be under way').toBe(0)
  calls[1]!.answer('applied')
  calls[2]!.answer('applied')
  await expect.poll(() => answers).toBe(2)
  expect((await pump.step()).sent).toBe(2)
  expect(new Set(sent())).toEqual(new Set(skus))
  for (const one of calls) one.answer('applied')
  await pump.settled()
  expect(
    await own.db.rows('select 1 from stock_slots where account_id = $1 and (dirty or live_value is not null)', [
      work.row.id,
    ]),
  ).toEqual([])
})

test('calls that fail before they leave cost nothing of the allowance', async () => {
  await goods(3)
  const { pushOperation } = work.connector.stock!
  const left = async () => (await allowance(own.db, work.row.id, pushOperation, shop.world.clock.now())).calls
  const before = await left()
  expect((await pump.step()).sent).toBe(3)
  expect(await left()).toBe(before - 3)
  for (const one of calls) one.answer(new Error('no token'))
  await pump.settled()
  expect(await left()).toBe(before)
})

test('a slot has one call under way: a lower number waits for the answer', async () => {
  const [sku] = await goods(1)
  expect((await pump.step()).sent).toBe(1)
  await shop.receive(sku!, -2)
  expect((await pump.step()).sent).toBe(0)
  calls[0]!.answer('applied')
  await pump.settled()
  expect((await pump.step()).sent).toBe(1)
  expect(calls.map(({ line }) => [line.quantity, line.version])).toEqual([
    [5, 1],
    [3, 2],
  ])
  calls[1]!.answer('applied')
  await pump.settled()
})

test('the hours in which a slot showed something count, although it shows nothing any more', async () => {
  const [sku] = await goods(1)
  const { clock } = shop.world
  const demand = { units: 1, hours: 24, sales: 1, several: 0, at: clock.now().getTime() - 8 * 3_600_000 }
  await own.db.run('update stock_slots set demand = $1 where account_id = $2', [demand, work.row.id])
  await shop.receive(sku!, -5)
  expect((await pump.step()).sent).toBe(1)
  calls[0]!.answer('applied')
  await pump.settled()
  expect(
    await own.db.rows('select confirmed_value, demand from stock_slots where account_id = $1', [work.row.id]),
  ).toEqual([{ confirmed_value: 0, demand: { ...demand, hours: 32, at: clock.now().getTime() } }])
})

test('where an answer cannot be noted, the others are waited for, and what is open is settled before anything leaves', async () => {
  await goods(4)
  const { ctx } = shop.world
  let isAway = false
  const transaction: typeof ctx.db.transaction = async (run) => {
    if (isAway) throw new Error('the database is away')
    return await ctx.db.transaction(run)
  }
  pump = createPump({ ...ctx, db: { ...ctx.db, transaction } }, work, { onAnswer: () => (answers += 1) })
  expect((await pump.step()).sent).toBe(3)
  isAway = true
  calls[0]!.answer('applied')
  await expect.poll(() => answers).toBe(1)
  isAway = false
  let isTold = false
  const told = pump.step().catch((error: Error) => {
    isTold = true
    return error.message
  })
  calls[1]!.answer('applied')
  await expect.poll(() => answers).toBe(2)
  expect(isTold).toBe(false)
  calls[2]!.answer('applied')
  expect(await told).toBe('the database is away')
  const outcomes = async () =>
    (
      await own.db.rows<{ outcome: string | null }>(
        'select outcome from effects where account_id = $1 order by intended_at, outcome',
        [work.row.id],
      )
    ).map((row) => row.outcome)
  expect(await outcomes()).toEqual(['applied', 'applied', null])
  await pump.step()
  expect((await outcomes()).slice(0, 3)).toContain('unknown')
  for (const one of calls) one.answer('applied')
  await pump.settled()
})
