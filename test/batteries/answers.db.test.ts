/**
 * Answers that lie or never come: R26 (broken bodies for an hour), R27 (carried out, and the answer lost), R28 (the answer
 * lost and the process with it). Every promise is checked while it lasts, and at rest.
 */
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { checkCursor, checkRest, watchSteps } from '../simulation/checks.ts'
import { type Connections, type Installation, install, openConnections } from '../simulation/installation.ts'
import { harms } from '../simulation/process.ts'
import { attempt, quietRound, settle } from '../simulation/run.ts'
import { useDatabase } from '../support/database.ts'
import { brokenMinutes, lostAnswers, lostWithProcess, patienceMs, printCount } from '../support/iterations.ts'

vi.setConfig({ testTimeout: patienceMs })

const own = useDatabase()
let connections: Connections
beforeAll(() => {
  connections = openConnections(own.url)
})
afterAll(async () => await connections.close())

interface Planted {
  channel: 'amazon' | 'storefront'
  operation: string
  kind: string
  rate: number
  status?: number
}

const plant = async (it: Installation, fault: Planted) =>
  expect((await it.control('/faults', fault)).status, JSON.stringify(fault)).toBeLessThan(300)

async function hits(it: Installation): Promise<Map<string, number>> {
  const { body } = await it.control('/faults')
  const { faults } = body as { faults: { operation: string; kind: string; status?: number; fired: number }[] }
  return new Map(faults.map((one) => [`${one.kind} ${one.status ?? ''} ${one.operation}`, one.fired]))
}

const sum = (counts: Iterable<number>) => [...counts].reduce((all, one) => all + one, 0)

/** Buyers in both places and deliveries: with shared stock every one of them is written somewhere. */
async function trade(it: Installation): Promise<void> {
  const items = it.catalog.filter((item) => item.storefront)
  const { sku } = items[Math.floor(it.random() * items.length)]!
  const draw = it.random()
  if (draw < 0.3) await it.control('/orders', { channel: 'amazon', sku, quantity: 1 })
  else if (draw < 0.6) await it.control('/orders', { channel: 'storefront', sku, quantity: 1 })
  else {
    const quantity = 1 + Math.floor(it.random() * 3)
    await it.insist('/stock/movements', { sku, location: 'MAIN', kind: 'adjustment', quantity }, ({ status }) => {
      if (status === 201) it.brought.set(sku, (it.brought.get(sku) ?? 0) + quantity)
    })
  }
}

const stepMs = 15_000

/** A moment of trade and of what the hub's loops do. */
async function step(it: Installation, round: number): Promise<void> {
  it.advance(stepMs)
  await attempt(it, () =>
    it.process.run(async () => {
      await it.sim.tick()
      await trade(it)
      await it.insistAgain()
      await quietRound(it, round)
      return ''
    }),
  )
}

async function drive(
  seed: number,
  prepare: (it: Installation) => Promise<void>,
  isOver: (it: Installation, round: number) => Promise<boolean>,
  before: (it: Installation, round: number) => void = () => {},
): Promise<Map<string, number>> {
  const it = await install(connections, seed, { mode: 'shared' })
  const check = watchSteps(it)
  try {
    for (let round = 0; round < 8; round += 1) await step(it, round * 15)
    await prepare(it)
    for (let round = 1; !(await isOver(it, round)); round += 1) {
      before(it, round)
      await step(it, round)
      await check()
    }
    const counts = await hits(it)
    await settle(it, { restart: false })
    await check()
    await checkCursor(it)
    await checkRest(it)
    return counts
  } finally {
    await it.close()
  }
}

test('R26: three in ten answers are broken for an hour: nothing is lost, nothing done twice', async () => {
  const statuses = [500, 502, 503]
  const calls = [
    ['amazon', 'searchOrders'],
    ['amazon', 'searchListingsItems'],
    ['amazon', 'patchListingsItem'],
    ['amazon', 'token'],
    ['storefront', 'stock.set'],
    ['storefront', 'stock.read'],
  ] as const
  const counts = await drive(
    26,
    async (it) => {
      for (const [channel, operation] of calls) {
        for (const status of statuses) await plant(it, { channel, operation, kind: 'status', status, rate: 0.06 })
        for (const kind of ['malformed', 'drop']) await plant(it, { channel, operation, kind, rate: 0.06 })
      }
    },
    async (_, round) => round * stepMs > brokenMinutes * 60_000,
  )
  printCount('R26 minutes with broken answers', brokenMinutes)
  printCount('R26 answers broken', sum(counts.values()))
  expect(sum(counts.values())).toBeGreaterThan(brokenMinutes)
})

/** What changes something outside, and what stores tell the hub. */
const writes = [
  ['amazon', 'patchListingsItem'],
  ['storefront', 'stock.set'],
  ['storefront', 'reserve'],
  ['storefront', 'confirm'],
  ['storefront', 'order'],
] as const

test('R27: an answer that is lost after the write took effect leads to no second effect', async () => {
  const counts = await drive(
    27,
    async (it) => {
      for (const [channel, operation] of writes)
        await plant(it, { channel, operation, kind: 'timeout-after-apply', rate: 0.5 })
    },
    async (it) => sum((await hits(it)).values()) >= lostAnswers,
  )
  printCount('R27 answers lost after the effect', sum(counts.values()))
  for (const [name, fired] of counts) expect(fired, name).toBeGreaterThan(0)
})

test('R28: an answer that is lost together with the process leads to no second effect', async () => {
  let ended = 0
  await drive(
    28,
    async (it) => {
      for (const [channel, operation] of writes)
        await plant(it, { channel, operation, kind: 'timeout-after-apply', rate: 0.3 })
    },
    async (it) => {
      if (it.process.done.size > 0) ended += 1
      it.process.done.clear()
      return ended >= lostWithProcess
    },
    (it, round) => {
      const harm = harms[round % harms.length]!
      it.process.interrupt({ harm, spot: round % 2 === 0 ? 'call' : 'commit', after: Math.floor(it.random() * 3) })
    },
  )
  printCount('R28 processes that ended at a call or a commit', ended)
})
