/** What can happen in a step. Each action is drawn by weight from the seed; what it did goes into the event log. */

import { expireReservations } from '../../src/operations/end-reservation.ts'
import { moveStock } from '../../src/operations/move-stock.ts'
import { pullListings } from '../../src/operations/pull-listings.ts'
import { pullOrders } from '../../src/operations/pull-orders.ts'
import { pushStock } from '../../src/operations/push-stock.ts'
import { readStock } from '../../src/operations/read-stock.ts'
import { amazonName, Crash, type Installation, storeName } from './installation.ts'

export interface Action {
  name: string
  weight: number
  run(it: Installation): Promise<string>
}

const pick = <T>(it: Installation, list: readonly T[]): T => list[Math.floor(it.random() * list.length)]!
const upTo = (it: Installation, n: number) => 1 + Math.floor(it.random() * n)

interface State {
  channels: Record<'amazon' | 'storefront', { orders: { id: string; status: string; past?: boolean }[] }>
}

async function buy(it: Installation, channel: 'amazon' | 'storefront'): Promise<string> {
  const items = it.catalog.filter((item) => item[channel])
  const sku = pick(it, items).sku
  const quantity = it.random() < 0.8 ? 1 : upTo(it, 3)
  const { status } = await it.control('/orders', { channel, sku, quantity })
  return `${quantity} ${sku} ${status}`
}

async function someOrder(it: Installation, states: readonly string[]): Promise<string | undefined> {
  const { body } = await it.control('/state?limit=30')
  const { channels } = body as State
  const open = [...channels.amazon.orders, ...channels.storefront.orders].filter(
    (order) => states.includes(order.status) && !order.past,
  )
  return open.length === 0 ? undefined : pick(it, open).id
}

/** Faults that a run plants; each lasts for a few calls. `slow` needs real time and is left to the demo. */
export const plantable = [
  ['amazon', 'searchOrders', 'status'],
  ['amazon', 'searchOrders', 'drop'],
  ['amazon', 'searchOrders', 'malformed'],
  ['amazon', 'searchOrders', 'duplicate'],
  ['amazon', 'searchOrders', 'reorder'],
  ['amazon', 'searchOrders', 'expire-token'],
  ['amazon', 'searchOrders', 'stale-read'],
  ['amazon', 'patchListingsItem', 'status'],
  ['amazon', 'patchListingsItem', 'drop'],
  ['amazon', 'patchListingsItem', 'timeout-after-apply'],
  ['amazon', 'patchListingsItem', 'malformed'],
  ['amazon', 'patchListingsItem', 'reorder'],
  ['amazon', 'patchListingsItem', 'expire-token'],
  ['amazon', 'searchListingsItems', 'status'],
  ['amazon', 'searchListingsItems', 'stale-read'],
  ['amazon', 'searchListingsItems', 'malformed'],
  ['amazon', 'patchListingsItem', 'bucket-halved'],
  ['amazon', 'token', 'status'],
  ['amazon', 'token', 'drop'],
  ['storefront', 'stock.set', 'status'],
  ['storefront', 'stock.set', 'drop'],
  ['storefront', 'stock.set', 'timeout-after-apply'],
  ['storefront', 'stock.set', 'malformed'],
  ['storefront', 'stock.read', 'status'],
  ['storefront', 'reserve', 'timeout-after-apply'],
  ['storefront', 'reserve', 'duplicate'],
  ['storefront', 'confirm', 'drop'],
  ['storefront', 'order', 'timeout-after-apply'],
  ['storefront', 'order', 'duplicate'],
] as const

export const actions: Action[] = [
  { name: 'buy on Amazon', weight: 6, run: (it) => buy(it, 'amazon') },
  { name: 'buy in the store', weight: 6, run: (it) => buy(it, 'storefront') },
  {
    name: 'cancel',
    weight: 2,
    run: async (it) => {
      const id = await someOrder(it, ['PENDING', 'UNSHIPPED', 'open'])
      return id ? `${id} ${(await it.control(`/orders/${id}/cancel`, { restock: it.random() < 0.7 })).status}` : 'none'
    },
  },
  {
    name: 'ship',
    weight: 2,
    run: async (it) => {
      const id = await someOrder(it, ['UNSHIPPED', 'open'])
      return id ? `${id} ${(await it.control(`/orders/${id}/ship`, {})).status}` : 'none'
    },
  },
  {
    name: 'receive or count',
    weight: 2,
    run: async (it) => {
      const item = pick(
        it,
        it.catalog.filter((one) => one.storefront),
      )
      const quantity = it.random() < 0.6 ? upTo(it, 4) : -upTo(it, 2)
      const brought = () => it.brought.set(item.sku, (it.brought.get(item.sku) ?? 0) + quantity)
      try {
        await it.ctx.db.transaction((tx) =>
          moveStock(tx, it.ctx, { sku: item.sku, location: 'MAIN', kind: 'adjustment', quantity }, 'person'),
        )
        brought()
        return `${item.sku} ${quantity}`
      } catch (error) {
        // The process died after the commit: the units are there, though nobody was told.
        if (error instanceof Crash && error.message === 'after the commit') brought()
        if ((error as { code?: string }).code !== 'stock_below_zero') throw error
        return `${item.sku} ${quantity} refused`
      }
    },
  },
  {
    name: 'somebody else writes',
    weight: 0.5,
    run: async (it) => {
      const sku = pick(
        it,
        it.catalog.filter((one) => one.storefront),
      ).sku
      return `${sku} ${(await it.control('/quantities', { channel: 'amazon', sku, quantity: upTo(it, 5) })).status}`
    },
  },
  {
    name: 'time passes',
    weight: 8,
    run: async (it) => {
      const ms = pick(it, [1_000, 10_000, 30_000, 60_000, 180_000, 300_000])
      it.advance(ms)
      await it.sim.tick()
      return `${ms}`
    },
  },
  {
    name: 'pull orders',
    weight: 6,
    run: async (it) => `${(await pullOrders(it.ctx, await it.work(amazonName))).more}`,
  },
  {
    name: 'pull listings',
    weight: 1.5,
    run: async (it) => `${(await pullListings(it.ctx, await it.work(amazonName))).more}`,
  },
  { name: 'push Amazon', weight: 6, run: async (it) => `${(await pushStock(it.ctx, await it.work(amazonName))).sent}` },
  { name: 'push store', weight: 6, run: async (it) => `${(await pushStock(it.ctx, await it.work(storeName))).sent}` },
  { name: 'read Amazon', weight: 4, run: async (it) => `${(await readStock(it.ctx, await it.work(amazonName))).read}` },
  { name: 'read store', weight: 3, run: async (it) => `${(await readStock(it.ctx, await it.work(storeName))).read}` },
  { name: 'expire', weight: 1, run: async (it) => `${await expireReservations(it.ctx)}` },
  {
    name: 'fault',
    weight: 3,
    run: async (it) => {
      const [channel, operation, kind] = pick(it, plantable)
      const { status } = await it.control('/faults', {
        channel,
        operation,
        kind,
        count: upTo(it, 2),
        ...(kind === 'status' ? { status: pick(it, [500, 503, 429]) } : {}),
      })
      return `${channel} ${operation} ${kind} ${status}`
    },
  },
  {
    name: 'crash',
    weight: 1,
    run: async (it) => {
      const when = it.random() < 0.5 ? 'before' : 'after'
      it.crashAtNextCommit(when)
      return when
    },
  },
]

export function draw(it: Installation): Action {
  const total = actions.reduce((sum, action) => sum + action.weight, 0)
  let at = it.random() * total
  for (const action of actions) {
    at -= action.weight
    if (at < 0) return action
  }
  return actions[0]!
}
