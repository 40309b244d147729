/**
 * Nobody outside is waited for while a transaction is open. Every test's network holds that (support/world.ts); here the routes
 * that ask a channel while a person waits.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { putSecrets } from '../src/database/accounts.ts'
import { openOwnersApi } from './support/api.ts'
import { useDatabase } from './support/database.ts'
import { type Market, openMarket } from './support/market.ts'

const own = useDatabase()
const queue = {
  arn: 'arn:aws:sqs:us-east-1:123456789012:entrepot',
  accessKeyId: 'AKIASIMULATED',
  secretAccessKey: 'the secret of the queue',
}
let market: Market
let api: Awaited<ReturnType<typeof openOwnersApi>>
let accountId: string
let calls = 0
beforeAll(async () => {
  market = await openMarket(own.db, { amazon: { queue } })
  const { ctx } = market
  accountId = (await own.db.one<{ id: string }>('select id from accounts'))!.id
  const settings = { queueArn: queue.arn, queueAccessKeyId: queue.accessKeyId, queueEndpoint: `${market.url}/sqs` }
  await own.db.run('update accounts set settings = settings || $1', [JSON.stringify(settings)])
  const secrets = { clientId: 'a', clientSecret: 'b', refreshToken: 'c', queueSecret: queue.secretAccessKey }
  const sealed = ctx.sealing.sealSecret(JSON.stringify(secrets), `account:${accountId}`)
  await putSecrets(own.db, accountId, sealed, ctx.clock.now())
  const fetched = ctx.fetch
  ctx.fetch = async (input, init) => {
    calls += 1
    return await fetched(input, init)
  }
  api = await openOwnersApi({ ctx, random: () => 0.5 } as Parameters<typeof openOwnersApi>[0])
})
afterAll(async () => {
  await api?.close()
  await market?.close()
})

test('a test message leaves with no transaction open, and once for one Idempotency-Key', async () => {
  const ask = () => api.inject('POST', `/accounts/${accountId}/notifications/test`, {}, 'en', 'one key')
  const [first, again] = [await ask(), await ask()]
  expect(first.json()).toEqual({ kind: 'sent', why: null })
  expect(calls).toBeGreaterThan(0)
  const before = calls
  expect([again.json(), again.headers['idempotency-replayed']]).toEqual([first.json(), 'true'])
  expect(calls).toBe(before)
  const other = await api.inject('POST', `/accounts/${accountId}/look-again`, {}, 'en', 'one key')
  expect(other.json().code).toBe('idempotency_key_reused')
})

test('a call inside a transaction is found', async () => {
  const inside = own.db.transaction(() => market.ctx.fetch(`${market.url}/control/state`))
  await expect(inside).rejects.toThrow('inside a transaction')
  expect((await market.ctx.fetch(`${market.url}/control/state`)).status).toBe(200)
})
