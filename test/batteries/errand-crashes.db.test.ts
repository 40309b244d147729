/** P-5: the process is interrupted at every await of telling a channel, in three ways; the channel counts what it was told. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Database, openDatabase } from '../../src/database/pool.ts'
import { refundOrder } from '../../src/operations/ask-channel.ts'
import type { AccountAtWork, Context } from '../../src/operations/context.ts'
import { sendErrands } from '../../src/operations/send-errands.ts'
import { shipOrder } from '../../src/operations/ship-order.ts'
import { createProcess, type Harm, harms, type Interruption, spots } from '../simulation/process.ts'
import { useDatabase } from '../support/database.ts'
import { type ErrandShop, errandsOf, lost, marketName, openErrandShop, orderOf } from '../support/errand-shop.ts'
import { errandCrashes, printCount } from '../support/iterations.ts'
import { seeded, workFor } from '../support/world.ts'

const own = useDatabase()
let connections: Database[]
beforeAll(() => {
  connections = [0, 1].map(() => openDatabase(own.url, { max: 1 }))
})
afterAll(async () => {
  for (const one of connections) await one.close()
})

interface Scene {
  name: string
  /** The first call of the scene is lost, carried out or not. */
  before?: { carried: boolean }
}
const scenes: Scene[] = [
  { name: 'told' },
  { name: 'told, and its answer was lost before', before: { carried: true } },
  { name: 'not told, because the call was lost before', before: { carried: false } },
]

/** Plays a scene with one interruption; answers the spots that were passed. */
async function play(scene: Scene, plan: Interruption | null): Promise<{ passed: number; states: string[] }> {
  const shop = await openErrandShop(own.db)
  const process = createProcess(connections, own.db, seeded(1))
  const ctx: Context = { ...shop.ctx, db: process.db }
  shop.market.through = (carry) => process.calling(async () => await carry())('http://market.example/')
  const orderId = (await shop.take([orderOf()])).get('M-1')!
  await own.db.transaction(async (tx) => {
    await shipOrder(tx, shop.ctx, orderId, { trackingNumber: 'JD1', carrier: 'DHL' }, { actor: 'Ann' })
    const lines = [{ line: '1', quantity: 1, amount: 700 }]
    await refundOrder(tx, shop.ctx, orderId, { lines, shippingAmount: 0, reason: 'price' }, { actor: 'Ann' })
  })
  if (scene.before)
    for (const call of ['confirm', 'issue'])
      shop.market.plan.push({ call, error: lost(), carried: scene.before.carried })
  let work = await workOf(shop, ctx)
  process.interrupt(plan)
  for (let turn = 0; turn < 60; turn += 1) {
    if (process.isDead()) {
      // A new process begins when the lease has run out.
      process.begin()
      shop.clock.advance(60_000)
      work = await workOf(shop, ctx)
    }
    Object.assign(work.lease(), { until: ctx.monotonic() + 60_000 })
    await own.db.run('update leases set expires_at = $1', [new Date(shop.clock.now().getTime() + 60_000)])
    const result = await process.run(() => sendErrands(ctx, work)).catch(() => undefined)
    if (result && result.nextAt === null) break
    shop.clock.advance(Math.max(1_000, (result?.nextAt?.getTime() ?? 0) - shop.clock.now().getTime()))
  }
  const passed = spots.reduce((sum, spot) => sum + process.passed[spot], 0)
  const told = { shipments: shop.market.shipments.length, refunds: shop.market.refunds.length }
  expect(told, `${scene.name}, ${JSON.stringify(plan)}`).toEqual({ shipments: 1, refunds: 1 })
  const states = (await errandsOf(own.db)).map((one) => one.state)
  expect(states, `${scene.name}, ${JSON.stringify(plan)}`).toEqual(['applied', 'applied'])
  const open = await own.db.rows('select 1 from effects where outcome is null')
  expect(open).toEqual([])
  return { passed, states }
}

/** Whoever takes the lease over notes what its predecessor left open. */
async function workOf(shop: ErrandShop, ctx: Context): Promise<AccountAtWork> {
  await own.db.run('update leases set released = true')
  return await workFor({ ...ctx, db: own.db }, marketName, `process ${shop.ctx.newId()}`).then((work) => ({
    ...work,
    account: { ...work.account },
  }))
}

test('each is told exactly once, wherever the process is interrupted', async () => {
  const all: { scene: Scene; after: number; harm: Harm }[] = []
  for (const scene of scenes) {
    const { passed } = await play(scene, null)
    expect(passed).toBeGreaterThan(30)
    for (let after = 0; after < passed; after += 1) for (const harm of harms) all.push({ scene, after, harm })
  }
  const number = Math.min(errandCrashes, all.length)
  for (let index = 0; index < number; index += 1) {
    const { scene, after, harm } = all[Math.floor((index * all.length) / number)]!
    await play(scene, { harm, after })
  }
  printCount(`interruptions of errands, of ${all.length}`, number)
}, 3_600_000)
