/** R36, R37: one account whose access was revoked, or whose channel is dead for a day; the loops of a real worker. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createSimulator, type Simulator } from '../../simulator/index.ts'
import { ensureJournalDays } from '../../src/database/journal.ts'
import { startWorker, type Worker } from '../../src/jobs/worker.ts'
import type { Context } from '../../src/operations/context.ts'
import { moveStock } from '../../src/operations/move-stock.ts'
import { emptyDatabase } from '../simulation/installation.ts'
import { amazonName, base, someChannels } from '../simulation/places.ts'
import { catalogOf, seedInstallation } from '../simulation/seeding.ts'
import { useDatabase } from '../support/database.ts'
import { deadChannelChanges, patienceMs, printCount } from '../support/iterations.ts'
import { openFindings } from '../support/market.ts'
import { createWorld, seeded } from '../support/world.ts'

vi.setConfig({ testTimeout: patienceMs })
const own = useDatabase()
const minute = 60_000
const sku = 'PLAIN'
const day = 24 * 60 * minute

let time: number
let sim: Simulator
let ctx: Context
let worker: Worker
let patches: number

async function control(path: string, body?: unknown, method = body === undefined ? 'GET' : 'POST'): Promise<unknown> {
  const answer = await sim.handle(
    new Request(`${base}/control${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }),
  )
  expect(answer.ok, path).toBe(true)
  return answer.status === 204 ? null : await answer.json()
}
interface Place {
  shown: Record<string, number>
  orders: { id: string; past?: boolean }[]
}
const places = async () => ((await control('/state')) as { channels: Record<'amazon' | 'storefront', Place> }).channels
const fault = (more: Record<string, unknown>) => control('/faults', { channel: 'amazon', ...more })
const receive = (quantity: number) =>
  own.db.transaction((tx) => moveStock(tx, ctx, { sku, location: 'MAIN', kind: 'adjustment', quantity }, 'test'))

/** Time passes on both sides; the loops get a moment for each step. A step is shorter than a signature is valid. */
async function pass(ms: number, steps = 1): Promise<void> {
  for (let step = 0; step < steps; step += 1) {
    time += ms / steps
    await sim.tick()
    worker.wake()
    await new Promise((resolve) => setTimeout(resolve, 15))
  }
}

beforeEach(async () => {
  await emptyDatabase(own.db)
  time = Date.UTC(2026, 10, 22, 8)
  patches = 0
  const random = seeded(5)
  const catalog = catalogOf(random, someChannels, random)
  sim = createSimulator({
    seed: 5,
    realNow: () => time,
    startAt: new Date(time),
    catalog,
    amazon: {
      limits: 'none',
      lifecycle: { slowPaymentShare: 0, pendingCancelShare: 0, buyerCancelShare: 0, cancelRequestShare: 0 },
    },
  })
  const world = createWorld(own.db, {
    now: () => new Date(time),
    allowedOrigins: [base],
    fetch: (async (url: string, init: RequestInit) => {
      if (init.method === 'PATCH') patches += 1
      try {
        return await sim.handle(new Request(url, init))
      } catch {
        throw new TypeError('fetch failed', { cause: { code: 'ECONNRESET' } })
      }
    }) as typeof fetch,
  })
  ctx = world.ctx
  await ensureJournalDays(own.db, ctx.clock.now(), 3)
  const { apiKey, webhookSecret } = await own.db.transaction((tx) =>
    seedInstallation(tx, ctx, { catalog, brought: new Map(), channels: someChannels }),
  )
  await own.db.run(`update pool_levels set mode = 'shared'`)
  sim.connectStorefront({ hubUrl: 'http://hub.test', apiKey, account: 'Store', webhookSecret })
  worker = startWorker(ctx, { holder: 'test', isDead: () => false, leaseMs: 30 * day, idleMs: 20, scanMs: 20 })
  ctx.wake = () => worker.wake()
  await receive(30)
  await expect
    .poll(
      async () => {
        await pass(minute)
        return (await places()).storefront.shown[sku]
      },
      { timeout: 20_000 },
    )
    .toBeGreaterThan(20)
  await expect
    .poll(
      async () => {
        await pass(minute)
        return (await places()).amazon.shown[sku]
      },
      { timeout: 20_000 },
    )
    .toBeGreaterThan(20)
})
afterEach(async () => await worker.stop())

test('R36 access is revoked: the account stops with one alarm, the others go on, and nothing is lost when it is back', async () => {
  await fault({ operation: 'token', kind: 'revoke' })
  await fault({ operation: '*', kind: 'expire-access', count: 1 })
  await expect
    .poll(
      async () => {
        await pass(3 * minute)
        return (await openFindings(own.db, 'account_halted')).length
      },
      {
        timeout: 20_000,
      },
    )
    .toBe(1)
  const alarms = async () =>
    await own.db.rows(
      `select f.first_at, f.resolved_at from findings f join accounts a on a.id = f.account_id
       where f.code = 'account_halted' and a.name = $1`,
      [amazonName],
    )
  const said = await alarms()
  const before = patches
  const ids: string[] = []
  for (let hours = 0; hours < 6; hours += 1) {
    const { orderId } = (await control('/orders', { channel: 'amazon', sku, quantity: 1 })) as { orderId: string }
    ids.push(orderId)
    await receive(2)
    await pass(60 * minute, 15)
  }
  // The store has every change; the halted account tried its access now and then and wrote nothing.
  const wish = (await own.db.one<{ wish: number }>(
    `select wish from stock_slots s join accounts a on a.id = s.account_id where a.channel = 'storefront' and s.remote_sku = $1`,
    [sku],
  ))!.wish
  expect((await places()).storefront.shown[sku]).toBe(wish)
  expect(patches).toBe(before)
  // Each of two dozen tries finds the same trouble: it is one alarm.
  expect(await alarms()).toEqual(said)
  expect(said).toHaveLength(1)
  const others = await own.db.rows(
    `select 1 from findings f join accounts a on a.id = f.account_id where a.channel = 'storefront' and f.code in ('account_halted', 'pull_failing', 'push_failing')`,
  )
  expect(others).toEqual([])
  // Access is given back: it resumes by itself within a quarter of an hour.
  await control('/faults', undefined, 'DELETE')
  await expect
    .poll(
      async () => {
        await pass(4 * minute)
        return (await openFindings(own.db, 'account_halted')).length
      },
      {
        timeout: 20_000,
      },
    )
    .toBe(0)
  const known = async () =>
    (await own.db.rows<{ remote_id: string }>('select remote_id from orders where remote_id = any($1)', [ids])).length
  await expect
    .poll(
      async () => {
        await pass(3 * minute)
        return await known()
      },
      { timeout: 20_000 },
    )
    .toBe(ids.length)
  const there = async () => {
    await pass(3 * minute)
    const { amazon, storefront } = await places()
    const waiting = await own.db.rows('select 1 from stock_slots where dirty')
    return waiting.length === 0 && amazon.shown[sku] === storefront.shown[sku]
  }
  await expect.poll(there, { timeout: 30_000 }).toBe(true)
})

/** From a change of stock until the store shows it, in real milliseconds: the median of many. */
async function latency(): Promise<number> {
  const took: number[] = []
  for (let n = 0; n < deadChannelChanges; n += 1) {
    // Allowances come back by this clock.
    time += 100
    const target = (await places()).storefront.shown[sku]! + 1
    await receive(1)
    const begun = performance.now()
    worker.wake()
    while ((await places()).storefront.shown[sku]! < target) {
      expect(performance.now() - begun, 'the store never showed it').toBeLessThan(10_000)
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
    took.push(performance.now() - begun)
  }
  return took.sort((a, b) => a - b)[Math.floor(took.length / 2)]!
}

test('R37 one channel is dead for a day: the others are as quick as before', async () => {
  printCount('changes while a channel is dead', deadChannelChanges)
  await latency()
  const before = await latency()
  await fault({ operation: '*', kind: 'drop' })
  for (let hours = 0; hours < 24; hours += 1) {
    await receive(1)
    await pass(60 * minute, 15)
  }
  const dead = await latency()
  const failing = (await openFindings(own.db, 'pull_failing')).map((one) => one.account)
  expect([...new Set(failing)]).toEqual([amazonName])
  await control('/faults', undefined, 'DELETE')
  const there = async () => {
    await pass(4 * minute)
    const { amazon, storefront } = await places()
    return amazon.shown[sku] === storefront.shown[sku]
  }
  await expect.poll(there, { timeout: 30_000 }).toBe(true)
  // The machine is not always as quick: measured on both sides of the dead day. Of so few milliseconds a tenth is less
  // than what one tick of a busy machine takes.
  const after = await latency()
  process.stdout.write(
    `R37 median from change to store: ${before.toFixed(1)} ms before, ${dead.toFixed(1)} ms with a dead channel, ${after.toFixed(1)} ms after\n`,
  )
  expect(dead).toBeLessThanOrEqual(Math.max(before, after) * 1.1 + 10)
})
