/** Amazon's notifications against the simulated marketplace and a simulated queue, over real HTTP. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { useDatabase } from '../../../test/support/database.ts'
import { type Market, openMarket } from '../../../test/support/market.ts'
import { putSecrets } from '../../database/accounts.ts'
import { createHeeding } from '../../operations/heed-notifications.ts'
import { createNotificationDesk } from '../../operations/notification-desk.ts'
import { readQueue } from '../../operations/read-queue.ts'
import { subscribeNotifications } from '../../operations/subscribe-notifications.ts'
import { faultOf, readMessage } from './notifications.ts'

const own = useDatabase()
const queue = {
  arn: 'arn:aws:sqs:us-east-1:123456789012:entrepot',
  accessKeyId: 'AKIASIMULATED',
  secretAccessKey: 'the secret of the queue',
}
let market: Market

beforeEach(async () => {
  market = await openMarket(own.db, {
    amazon: { queue, lagMs: { min: 30_000, typical: 40_000, tail: 40_000, tailShare: 0 } },
  })
  await give({})
})
afterEach(() => market.close())

/** The account with its queue; `more` is what a person got wrong. */
async function give(more: { arn?: string; secret?: string }): Promise<void> {
  const { ctx } = market
  const account = (await own.db.one<{ id: string }>('select id from accounts'))!
  await own.db.run('update accounts set settings = settings || $1', [
    JSON.stringify({
      queueArn: more.arn ?? queue.arn,
      queueAccessKeyId: queue.accessKeyId,
      queueEndpoint: `${market.url}/sqs`,
    }),
  ])
  const secrets = {
    clientId: 'amzn1.application-oa2-client.simulated',
    clientSecret: 'amzn1.oa2-cs.v1.simulated',
    refreshToken: 'Atzr|simulated',
    queueSecret: more.secret ?? queue.secretAccessKey,
  }
  await putSecrets(
    own.db,
    account.id,
    ctx.sealing.sealSecret(JSON.stringify(secrets), `account:${account.id}`),
    ctx.clock.now(),
  )
}

const atWork = async () => {
  const work = await market.work()
  const row = await own.db.one<{ settings: unknown }>('select settings from accounts')
  Object.assign(work.row, { settings: row!.settings })
  Object.assign(work.account, { settings: row!.settings })
  return work
}
const subscribe = async () => await subscribeNotifications(market.ctx, await atWork())
const health = () =>
  own.db.one<{ topics: { topic: string; state: string }[] | null; failure: { code: string } | null }>(
    'select topics, failure from notification_health',
  )
const read = async () => await readQueue(market.ctx, await atWork(), createNotificationDesk(market.ctx))
const inbox = async () =>
  (await own.db.rows<{ order_ids: string[] }>('select order_ids from notification_inbox')).flatMap(
    (one) => one.order_ids,
  )
const again = async () => {
  await own.db.run('update notification_health set subscribe_at = null')
  await subscribe()
}

test('a destination and its subscriptions are made once, and made again when they were dropped', async () => {
  await subscribe()
  expect((await health())?.topics).toEqual(
    ['ORDER_CHANGE', 'FBA_INVENTORY_AVAILABILITY_CHANGES', 'ACCOUNT_STATUS_CHANGED'].map((topic) => ({
      topic,
      state: 'created',
    })),
  )
  await again()
  expect((await health())?.topics?.map((one) => one.state)).toEqual(['kept', 'kept', 'kept'])
  const state = market.sim.snapshot() as { amazon: { queue: { destinations: unknown[]; subscriptions: unknown[] } } }
  expect(state.amazon.queue.destinations).toHaveLength(1)
  expect(state.amazon.queue.subscriptions).toHaveLength(3)
})

test('an order is announced before the list shows it, told twice, kept once, looked for until it is there', async () => {
  await subscribe()
  const work = await atWork()
  await market.pull()
  const heeding = createHeeding(market.ctx, work)
  await market.fault({ operation: 'notification', kind: 'duplicate', count: 1 })
  const id = await market.buy()
  expect((await read()).messages).toBe(2)
  expect(await inbox()).toEqual([id])
  expect((await read()).messages, 'acknowledged').toBe(0)
  await market.pass(2_000)
  const look = async () => {
    await heeding.listen(['listings', 'orders'])
    if (!heeding.isDue('orders')) return false
    const began = market.ctx.clock.now()
    await market.pull()
    await heeding.looked('orders', began)
    return true
  }
  expect(await look()).toBe(true)
  const known = () => own.db.one('select 1 from orders where remote_id = $1', [id])
  expect(await known()).toBeUndefined()
  let looks = 1
  for (let seconds = 0; seconds < 300 && !(await known()); seconds += 5) {
    await market.pass(5_000)
    looks += (await look()) ? 1 : 0
  }
  expect(await known()).toBeDefined()
  // The list leaves out the last two minutes.
  expect(looks).toBeLessThanOrEqual(4)
  expect(await own.db.rows('select 1 from notification_inbox where done_at is null')).toEqual([])
})

test('what could not be stored stays in the queue', async () => {
  await subscribe()
  const id = await market.buy()
  const { transaction } = own.db
  own.db.transaction = () => Promise.reject(Object.assign(new Error('gone'), { code: '57P01' }))
  await expect(read()).rejects.toThrow()
  own.db.transaction = transaction
  await market.pass(31_000)
  await read()
  expect(await inbox()).toContain(id)
})

test('nothing of a buyer’s goes into the journal', async () => {
  await subscribe()
  await market.buy()
  await read()
  await market.ctx.journal.flush()
  const rows = JSON.stringify(await own.db.rows(`select * from channel_calls where operation = 'receiveMessage'`))
  expect(rows).toMatch(/‹text \d+›/)
  expect(rows).not.toMatch(/ORDER_CHANGE|AKIASIMULATED|secret/)
})

describe('what a person got wrong', () => {
  const findings = async () =>
    (
      await own.db.rows<{ code: string; data: { code?: string } }>(
        'select code, data from findings where resolved_at is null',
      )
    ).map((one) => `${one.code} ${one.data.code ?? ''}`.trim())

  test.each([
    ['the secret', { secret: 'another' }, 'InvalidSignatureException'],
    ['the queue', { arn: 'arn:aws:sqs:us-east-1:123456789012:other' }, 'QueueDoesNotExist'],
  ])('%s: the queue is shown as failing, and the account goes on', async (_what, more, code) => {
    await give(more)
    for (let times = 0; times < 3; times += 1) expect((await read()).notBefore).not.toBeNull()
    expect(await findings()).toEqual([`pull_failing ${code}`])
    expect(await own.db.one('select halted_code from accounts')).toEqual({ halted_code: null })
    await market.pull()
    await give({})
    await read()
    expect(await findings()).toEqual([])
  })

  test('the policy: subscribing fails and is shown; the test of delivery names it', async () => {
    const attributes = async () => (await atWork()).connector.notifications!.sendTest!((await atWork()).account)
    expect(await attributes()).toMatchObject({ kind: 'sent' })
    await read()
    expect(await own.db.one(`select topic, look from notification_inbox`)).toEqual({ topic: 'test', look: [] })
    await give({ arn: 'arn:aws:sqs:us-east-1:123456789012:other' })
    await subscribe()
    expect((await health())?.failure?.code).toBe('InvalidInput')
    expect(await findings()).toEqual(['subscribing_failing'])
    const { arn } = queue
    expect(faultOf({ QueueArn: arn, Policy: '{}' }, arn)).toBe('policy_missing')
    expect(faultOf({ QueueArn: arn, FifoQueue: 'true' }, arn)).toBe('fifo_queue')
    expect(faultOf({ QueueArn: arn }, `${arn}2`)).toBe('another_queue')
  })
})

describe('a message', () => {
  const metadata = { notificationId: 'n-1' }
  test('in small letters, and through a rule of EventBridge', () => {
    const small = {
      notificationType: 'ACCOUNT_STATUS_CHANGED',
      eventTime: '2026-11-22T08:00:00Z',
      notificationMetadata: metadata,
    }
    expect(readMessage(JSON.stringify(small))).toEqual({
      kind: 'accepted',
      dedupe: 'n-1',
      topic: 'ACCOUNT_STATUS_CHANGED',
      happenedAt: new Date('2026-11-22T08:00:00Z'),
      look: ['account'],
    })
    const detail = {
      NotificationType: 'LISTINGS_ITEM_STATUS_CHANGE',
      NotificationMetadata: { NotificationId: 'n-2' },
      Payload: {},
    }
    expect(readMessage(JSON.stringify({ 'detail-type': 'LISTINGS_ITEM_STATUS_CHANGE', detail }))).toMatchObject({
      dedupe: 'n-2',
      look: ['listings'],
    })
  })

  test.each([
    '',
    'x',
    '[]',
    '{}',
    '{"NotificationType":"ORDER_CHANGE"}',
    '{"NotificationType":1,"NotificationMetadata":{}}',
  ])('that is none is refused: %s', (text) => expect(readMessage(text).kind).toBe('refused'))
})
