/** What the API's routes of goods and errands are asked with, and what they find. */
import { storefront } from '../../src/channels/storefront/index.ts'
import type { Context } from '../../src/operations/context.ts'
import { replenish, replenishmentBodies } from './replenished.ts'
import type { World } from './world.ts'

export const goodsBodies = {
  ...replenishmentBodies,
  shipOrder: () => ({ lines: [{ line: '1', quantity: 1 }], carrier: 'DHL', trackingNumber: 'JD1' }),
  cancelOrder: () => ({ lines: [{ line: '1', quantity: 1 }], reason: 'out_of_stock' }),
  refundOrder: () => ({ lines: [{ line: '1', quantity: 1, amount: 100 }], reason: 'damaged' }),
  decideErrand: () => ({ decision: 'again' }),
  setWriteThrough: () => ({ store: 'Store', isOn: true }),
}

/** The own store as one that can be asked for everything. */
export function withErrands(world: World): World {
  const applied = async () => ({ kind: 'applied' as const, remoteId: null })
  const store = {
    ...storefront,
    cancellations: { partial: true, request: applied },
    refunds: { visibleAfterMs: 1_000, issue: applied, read: async () => [] },
  }
  world.ctx.registry = new Map([...world.ctx.registry, [storefront.channel, store]])
  return world
}

/** Thresholds and transfers, and an order with a refund that was refused. */
export async function layOut(
  ctx: Context,
  accountId: string,
  post: (url: string, payload: object) => Promise<{ body: unknown }>,
): Promise<Record<string, string>> {
  const ids = await replenish(ctx, accountId, post)
  const order = {
    account: 'Store',
    remoteId: 'order with errands',
    updatedAt: '2026-11-22T08:00:00Z',
    placedAt: '2026-11-22T08:00:00Z',
    currency: 'USD',
    buyer: { name: 'canary-Ada Lovelace', email: 'ada@example.com', address: { city: 'London' } },
    lines: [{ remoteId: '1', sku: 'MUG', quantity: 9, unitPrice: 1_490 }],
  }
  const { id: orders } = (await post('/orders', order)).body as { id: string }
  const errand = (await post(`/orders/${orders}/refunds`, goodsBodies.refundOrder())).body as { id: string }
  await ctx.db.run(`update errands set state = 'refused', due_at = null where id = $1`, [errand.id])
  return { ...ids, orders, errands: errand.id }
}
