import { beforeEach, expect, test } from 'vitest'
import { useDatabase } from '../../test/support/database.ts'
import { createWorld, deliverEvents, type World } from '../../test/support/world.ts'
import { claimDeliveries, enqueueEvents, settleDelivery } from '../database/webhooks.ts'

const own = useDatabase()

let world: World
let asked = 0
/** What happens while the receiver is asked. */
let meanwhile: () => Promise<void> = async () => {}

beforeEach(async () => {
  await own.db.run('truncate webhook_endpoints cascade')
  asked = 0
  meanwhile = async () => {}
  world = createWorld(own.db, {
    fetch: (async () => {
      asked += 1
      await meanwhile()
      return new Response(null, { status: 500 })
    }) as typeof fetch,
  })
  const { ctx } = world
  const id = ctx.newId()
  const sealed = ctx.sealing.sealSecret(`whsec_${Buffer.alloc(24, 1).toString('base64')}`, `webhook:${id}`)
  await own.db.run(
    'insert into webhook_endpoints (id, url, events, secret_sealed, created_at) values ($1, $2, $3, $4, $5)',
    [id, 'https://erp.example/hook', ['order.imported'], sealed, ctx.clock.now()],
  )
  await enqueueEvents(own.db, ctx, [{ event: 'order.imported', data: {} }], ctx.clock.now())
})

const stored = async () => await own.db.one('select state, attempts from webhook_deliveries')
const claim = async () => {
  const now = world.clock.now()
  return await claimDeliveries(own.db, now, new Date(now.getTime() + 60_000), 5)
}

test('a delivery is claimed by one process, and by another one only after its time', async () => {
  expect((await Promise.all([claim(), claim(), claim()])).flat()).toHaveLength(1)
  world.clock.advance(59_999)
  expect(await claim()).toHaveLength(0)
  world.clock.advance(1)
  expect(await claim()).toMatchObject([{ attempts: 2 }])
})

test('what a process learns after its claim ran out changes nothing', async () => {
  meanwhile = async () => {
    world.clock.advance(60_000)
    const [again] = await claim()
    const now = world.clock.now()
    await settleDelivery(own.db, again!, { state: 'delivered', nextAt: null, status: 204, error: null }, now)
  }
  await deliverEvents(world.ctx)
  expect(asked).toBe(1)
  expect(await stored()).toEqual({ state: 'delivered', attempts: 2 })
})

test('a process that stood still after its claim sends nothing', async () => {
  const { sealing } = world.ctx
  const openSecret = sealing.openSecret
  world.ctx.sealing = {
    ...sealing,
    openSecret(...args) {
      // Between the claim and the call.
      world.clock.advance(55_000)
      return openSecret(...args)
    },
  }
  await deliverEvents(world.ctx)
  expect(asked).toBe(0)
  expect(await stored()).toEqual({ state: 'waiting', attempts: 1 })
})
