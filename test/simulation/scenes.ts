/** Fixed scenes for crashes at every point: what leads up to a scene is left alone, the scene itself is interrupted. */

import { connectAccount } from '../../src/operations/connect-account.ts'
import { expireReservations } from '../../src/operations/end-reservation.ts'
import { pullListings } from '../../src/operations/pull-listings.ts'
import { pullOrders } from '../../src/operations/pull-orders.ts'
import { pushStock } from '../../src/operations/push-stock.ts'
import { readStock } from '../../src/operations/read-stock.ts'
import { deliverEvents } from '../support/world.ts'
import { checkCursor, checkRest, watchSteps } from './checks.ts'
import { type Answer, type Connections, type Installation, install } from './installation.ts'
import { amazonName, storeName } from './places.ts'
import type { Harm, Spot } from './process.ts'
import { attempt, quietRound, settle } from './run.ts'
import { tellTill } from './till.ts'

export interface Scene {
  name: string
  /** Shared where absent: every change of stock is written everywhere. */
  mode?: 'guarded'
  prepare(it: Installation): Promise<void>
  play(it: Installation): Promise<void>
}

const sku = 'PLAIN'

/** Orders and claims known, every wish written and read back. */
async function rest(it: Installation): Promise<void> {
  for (const round of [0, 1, 3, 4, 5]) {
    it.advance(300_000)
    await it.sim.tick()
    await quietRound(it, round)
  }
}

async function receive(it: Installation, quantity: number): Promise<void> {
  const move = { sku, location: 'MAIN', kind: 'adjustment', quantity }
  await it.insist('/stock/movements', move, ({ status }) => {
    if (status === 201) it.brought.set(sku, (it.brought.get(sku) ?? 0) + quantity)
  })
}

async function basket(it: Installation): Promise<string | undefined> {
  let id: string | undefined
  const lines = [
    { sku, quantity: 1 },
    { sku: 'AWK/WARD+1', quantity: 1 },
  ]
  const body = { account: storeName, reference: `basket ${it.ctx.newId()}`, expiresInSeconds: 60, lines }
  await it.insist('/reservations', body, (answer: Answer) => {
    if (answer.status === 201) id = (answer.body as { id: string }).id
  })
  return id
}

const work = (it: Installation, name: string) => it.work(name)
const pages = async (it: Installation) => {
  while ((await pullOrders(it.ctx, await work(it, amazonName))).more);
}
const write = async (it: Installation, name: string) => {
  while ((await pushStock(it.ctx, await work(it, name))).sent > 0);
}
const readBack = async (it: Installation, name: string) => {
  it.advance(50_000)
  await it.sim.tick()
  while ((await readStock(it.ctx, await work(it, name))).read > 0);
}

export const scenes: readonly Scene[] = [
  {
    name: 'an account is connected',
    prepare: async () => {},
    play: async (it) => {
      const account = {
        channel: 'storefront',
        name: 'Second store',
        stage: 'paused' as const,
        settings: { webhookUrl: 'https://second.example/hook', sameNetwork: false },
        secrets: { webhookSecret: `whsec_${Buffer.alloc(24, 9).toString('base64')}` },
      }
      await it.ctx.db.transaction((tx) => connectAccount(tx, it.ctx, account))
    },
  },
  {
    name: 'accounts are taken over from a process that died with a write under way',
    prepare: async (it) => {
      await rest(it)
      await receive(it, -2)
      it.process.interrupt({ harm: 'after', spot: 'call', after: 0 })
      await write(it, amazonName).catch(() => {})
    },
    play: async (it) => {
      await work(it, amazonName)
      await work(it, storeName)
    },
  },
  { name: 'the first pages of orders', prepare: async (it) => void (await work(it, amazonName)), play: pages },
  {
    name: 'listings',
    prepare: async (it) => void (await work(it, amazonName)),
    play: async (it) => {
      while ((await pullListings(it.ctx, await work(it, amazonName))).more);
    },
  },
  {
    name: 'a lower number goes out and is read back',
    prepare: async (it) => {
      await rest(it)
      await receive(it, -2)
    },
    play: async (it) => {
      for (const name of [storeName, amazonName]) await write(it, name)
      for (const name of [storeName, amazonName]) await readBack(it, name)
    },
  },
  {
    name: 'a higher number goes out and is read back',
    prepare: async (it) => {
      await rest(it)
      await receive(it, 4)
    },
    play: async (it) => {
      for (const name of [storeName, amazonName]) await write(it, name)
      for (const name of [storeName, amazonName]) await readBack(it, name)
    },
  },
  {
    name: 'a delivery is shared out among claims, goes out and settles',
    mode: 'guarded',
    prepare: async (it) => {
      await rest(it)
      await receive(it, 4)
    },
    play: async (it) => {
      for (const name of [storeName, amazonName]) await write(it, name)
      for (const name of [storeName, amazonName]) await readBack(it, name)
      await pages(it)
    },
  },
  {
    name: 'a recount takes more than claims leave over',
    mode: 'guarded',
    prepare: async (it) => {
      await rest(it)
      await receive(it, -3)
    },
    play: async (it) => {
      for (const name of [storeName, amazonName]) await write(it, name)
      await readBack(it, amazonName)
    },
  },
  {
    name: 'a checkout becomes an order',
    prepare: async (it) => {
      await rest(it)
      await receive(it, 4)
      await rest(it)
    },
    play: async (it) => {
      await it.control('/orders', { channel: 'storefront', sku, quantity: 1 })
    },
  },
  {
    name: 'a checkout is given up',
    prepare: rest,
    play: async (it) => {
      const id = await basket(it)
      if (id) await it.insist(`/reservations/${id}/release`, {}, () => {})
    },
  },
  {
    name: 'a checkout runs out',
    prepare: async (it) => {
      await rest(it)
      await basket(it)
      it.advance(20 * 60_000)
      await it.sim.tick()
    },
    play: async (it) => void (await expireReservations(it.ctx)),
  },
  {
    name: 'units come and go',
    prepare: rest,
    play: async (it) => {
      await receive(it, 3)
      await receive(it, -1)
    },
  },
  {
    name: 'events are told',
    prepare: async (it) => {
      await tellTill(it, [{ sku, quantity: 1 }])
      await tellTill(it, [{ sku, quantity: 1 }])
    },
    play: async (it) => void (await deliverEvents(it.ctx)),
  },
  {
    name: 'sold on Amazon, shipped there, canceled at the till',
    prepare: async (it) => {
      await receive(it, 4)
      await rest(it)
      await rest(it)
      await tellTill(it, [
        { sku, quantity: 1 },
        { sku, quantity: 1 },
      ])
      const { body } = await it.control('/orders', { channel: 'amazon', sku, quantity: 1 })
      it.advance(11 * 60_000)
      await it.sim.tick()
      await pages(it)
      const { orderId } = body as { orderId?: string }
      if (orderId) await it.control(`/orders/${orderId}/ship`, {})
      it.advance(11 * 60_000)
      await it.sim.tick()
    },
    play: async (it) => {
      await pages(it)
      await tellTill(it, it.till[0]!.lines, 'canceled')
    },
  },
]

/** Lets a scene happen undisturbed and counts its points. */
export async function countPoints(connections: Connections, scene: Scene): Promise<Record<Spot, number>> {
  const it = await begun(connections, scene)
  const before = { ...it.process.passed }
  try {
    await it.process.run(() => scene.play(it))
    return Object.fromEntries(
      Object.entries(it.process.passed).map(([spot, count]) => [spot, count - before[spot as Spot]]),
    ) as Record<Spot, number>
  } finally {
    await it.close()
  }
}

/** Interrupts a scene at one point, lets the hub recover, and checks every promise. Answers what was done. */
export async function interruptAt(connections: Connections, scene: Scene, point: number, harm: Harm): Promise<string> {
  const it = await begun(connections, scene)
  const check = watchSteps(it)
  try {
    await check()
    it.process.interrupt({ harm, after: point })
    it.backAtOnce = point % 2 === 0
    const told = await attempt(it, () => it.process.run(async () => `${await scene.play(it)}`))
    await check()
    await checkCursor(it)
    const done = [...it.process.done].join()
    if (done === '') throw new Error(`nothing was interrupted: ${told}`)
    // A process that only lost an answer lives on: nobody takes over what it left open.
    await settle(it, { restart: false })
    await check()
    await checkCursor(it)
    await checkRest(it)
    return done
  } finally {
    await it.close()
  }
}

async function begun(connections: Connections, scene: Scene): Promise<Installation> {
  const it = await install(connections, 4, { history: 7, largestPage: 4, mode: scene.mode ?? 'shared' })
  await it.process.run(() => scene.prepare(it))
  if (it.process.isDead()) it.restart()
  it.process.done.clear()
  return it
}
