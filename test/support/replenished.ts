/** What the routes of replenishment and of held stock are asked with, and what they find. */
import { channelLocation, saveHeld } from '../../src/database/held-stock.ts'
import type { Context } from '../../src/operations/context.ts'

export const replenishmentBodies = {
  testNotifications: () => ({}),
  setThreshold: () => ({ sku: 'MUG', location: 'SHOP', source: 'MAIN', minimum: 300, maximum: 400 }),
  setLeadTime: () => ({ days: 14 }),
  bookTransfers: () => ({ lines: [{ sku: 'MUG', from: 'MAIN', to: 'SHOP', quantity: 5 }] }),
  receiveTransfer: () => ({ received: 1 }),
  cancelTransfer: () => ({}),
  setLending: () => ({ account: 'Lender', most: 5, leave: 1 }),
}

/** A second location with a threshold, and units on their way there; and units that a channel holds. */
export async function replenish(
  ctx: Context,
  accountId: string,
  post: (url: string, payload: object) => Promise<{ body: unknown }>,
): Promise<Record<string, string>> {
  await post('/locations', { code: 'SHOP', name: 'Shop' })
  await post('/accounts', {
    channel: 'amazon',
    name: 'Lender',
    stage: 'shadow',
    settings: { sellerId: 'A1LENDER', region: 'na', marketplaceIds: ['ATVPDKIKX0DER'] },
    secrets: { clientId: 'client', clientSecret: 'secret', refreshToken: 'Atzr|token' },
  })
  const threshold = (await post('/replenishment/thresholds', replenishmentBodies.setThreshold())).body as { id: string }
  const booked = (await post('/transfers', replenishmentBodies.bookTransfers())).body as { items: { id: string }[] }
  const now = ctx.clock.now()
  await ctx.db.transaction(async (tx) => {
    const place = await channelLocation(tx, { id: accountId, name: 'Held' }, ctx.newId, now)
    const units = { fulfillable: 5, inbound: 2, reserved: 1, unsellable: 0, changedAt: null }
    await saveHeld(tx, place, [{ marketplace: 'X', remoteSku: 'MUG', ...units }], now)
  })
  return { replenishment: threshold.id, transfers: booked.items[0]!.id }
}
