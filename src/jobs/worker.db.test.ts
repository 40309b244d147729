import { expect, test } from 'vitest'
import { useDatabase } from '../../test/support/database.ts'
import { createRuleShop } from '../../test/support/rule-shop.ts'
import { createWorld } from '../../test/support/world.ts'
import { enqueueEvents } from '../database/webhooks.ts'
import { startWorker } from './worker.ts'

const own = useDatabase()

test('a stop gives up calls under way before their own deadline, and the event is sent again later', async () => {
  let asked: AbortSignal | undefined
  const world = createWorld(own.db, {
    // A receiver that takes the connection and never answers.
    fetch: (async (_url: string, init: RequestInit) => {
      asked = init.signal!
      return await new Promise((_resolve, reject) => asked!.addEventListener('abort', () => reject(asked!.reason)))
    }) as typeof fetch,
  })
  const { ctx } = world
  const id = ctx.newId()
  const secret = `whsec_${Buffer.alloc(24, 1).toString('base64')}`
  await own.db.run(
    'insert into webhook_endpoints (id, url, events, secret_sealed, created_at) values ($1, $2, $3, $4, $5)',
    [
      id,
      'https://erp.example/hook',
      ['order.imported'],
      ctx.sealing.sealSecret(secret, `webhook:${id}`),
      ctx.clock.now(),
    ],
  )
  await enqueueEvents(own.db, ctx, [{ event: 'order.imported', data: {} }], ctx.clock.now())
  const worker = startWorker(ctx, { holder: 'test', isDead: () => false, leaseMs: 15_000, idleMs: 20, scanMs: 20 })
  await expect.poll(() => asked).toBeDefined()
  await worker.stop()
  expect(asked!.reason.name).toBe('AbortError')
  expect(await own.db.one('select state, attempts from webhook_deliveries')).toEqual({ state: 'waiting', attempts: 1 })
})

test('a saved rule reaches its slots by itself', async () => {
  const shop = await createRuleShop(own.db, 1)
  const sku = await shop.stocked('mug', { units: 10 })
  // The account is left alone: only the rules are to be carried out.
  await own.db.run(`update accounts set stage = 'paused'`)
  const worker = startWorker(shop.world.ctx, {
    holder: 'test',
    isDead: () => false,
    leaseMs: 15_000,
    idleMs: 20,
    scanMs: 20,
  })
  try {
    await shop.add({}, { cap: 4 })
    await expect.poll(() => shop.wish(sku), { timeout: 20_000 }).toBe(4)
  } finally {
    await worker.stop()
  }
})
