import { request } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { useDatabase } from '../../test/support/database.ts'
import {
  connectTelling,
  createTellingChannel,
  orderOf,
  pathOf,
  secretOfTests,
  signed,
  type TellingChannel,
} from '../../test/support/telling-channel.ts'
import { createWorld, seededBytes, type World } from '../../test/support/world.ts'
import { importOrders } from '../operations/import-orders.ts'
import { createReservationDesk } from '../operations/reservation-desk.ts'
import { addApiKey } from '../sign-in/people.ts'
import { largestNotification, mostOnTheWay } from './hooks.ts'
import { createMetrics } from './metrics.ts'
import { buildApi } from './server.ts'

const own = useDatabase()
let world: World
let app: FastifyInstance
let channel: TellingChannel
let accountId: string
let path: string

beforeEach(async () => {
  await own.db.run('truncate accounts, findings cascade')
  world = createWorld(own.db)
  const { ctx } = world
  channel = createTellingChannel()
  accountId = await connectTelling(ctx, channel)
  path = pathOf(ctx, accountId)
  app = await buildApi({
    ctx,
    people: { db: ctx.db, clock: ctx.clock, newId: ctx.newId, sealing: ctx.sealing, random: seededBytes(world.random) },
    publicUrl: 'https://hub.example',
    demo: null,
    desk: createReservationDesk(ctx),
    metrics: createMetrics(ctx.db, ctx.clock),
    ready: async () => true,
    dashboard: () => Promise.reject(new Error('none')),
  })
})
afterEach(async () => await app.close())

const inbox = () =>
  own.db.rows<{ topic: string; look: string[]; order_ids: string[] }>(
    'select topic, look, order_ids from notification_inbox order by received_at',
  )
const tell = async (id: string, said: object = {}, url = path) => {
  const { body, headers } = signed(world.clock.now(), id, said)
  return await app.inject({ method: 'POST', url, payload: body, headers })
}
const openFindings = async (code: string) =>
  (
    await own.db.rows<{ data: object }>('select data from findings where code = $1 and resolved_at is null', [code])
  ).map((one) => one.data)

describe('a notification', () => {
  test('is stored before it is answered, and once however often it comes', async () => {
    for (let times = 0; times < 3; times += 1) expect((await tell('msg_1', { orders: ['A-1'] })).statusCode).toBe(204)
    expect((await tell('msg_2', { orders: ['A-1', 'A-1', 'A-2'] })).statusCode).toBe(204)
    expect(await inbox()).toEqual([
      { topic: 'orders.changed', look: ['orders'], order_ids: ['A-1'] },
      { topic: 'orders.changed', look: ['orders'], order_ids: ['A-1', 'A-2'] },
    ])
    expect(world.woken()).toBeGreaterThan(0)
  })

  test('is not answered well while it cannot be stored', async () => {
    const { transaction } = own.db
    own.db.transaction = () => Promise.reject(Object.assign(new Error('gone'), { code: '57P01' }))
    try {
      const answer = await tell('msg_1')
      expect(answer.statusCode).toBe(503)
      expect(answer.headers['retry-after']).toBeDefined()
    } finally {
      own.db.transaction = transaction
    }
    expect((await tell('msg_1')).statusCode).toBe(204)
    expect(await inbox()).toHaveLength(1)
  })

  test('keeps nothing of its body', async () => {
    await tell('msg_1', { orders: ['A-1'], buyer: { name: 'Ada Lovelace', email: 'ada@example.com' } })
    const rows = JSON.stringify(await own.db.rows('select * from notification_inbox'))
    expect(rows).toContain('A-1')
    expect(rows).not.toMatch(/Ada|example/)
  })

  test('with what no text can hold spoils nobody else’s', async () => {
    const answers = await Promise.all([
      tell('msg_1', { orders: ['a\0b', '\ud800'] }),
      tell('msg_\0', { orders: ['A-2'] }).catch(() => undefined),
      tell('msg_3', { orders: ['A-3'] }),
    ])
    expect(answers[0]!.statusCode).toBe(204)
    expect(answers[2]!.statusCode).toBe(204)
    expect((await inbox()).flatMap((one) => one.order_ids)).toEqual(expect.arrayContaining(['ab', 'A-3']))
  })
})

describe('the address', () => {
  const refuses = async (url: string) => {
    const answer = await tell('msg_1', {}, url)
    expect(answer.statusCode, url).toBe(404)
    return answer.json()
  }

  test('is known by its key alone; a wrong one is told nothing', async () => {
    const other = pathOf(world.ctx, accountId, 'storefront').replace('storefront', 'telling')
    const last = path.at(-1)!
    const answers = []
    for (const url of [
      '/hooks/telling/x',
      '/hooks/nowhere/x',
      other,
      path.replace('telling', 'storefront'),
      `${path.slice(0, -1)}${last === 'A' ? 'B' : 'A'}`,
      `${path}=`,
      `${path.slice(0, -2)}${path.at(-2) === 'A' ? 'B' : 'A'}${last}`,
      pathOf(world.ctx, world.ctx.newId()),
    ])
      answers.push(await refuses(url))
    const told = answers.map(({ code, detail, title, params }) => JSON.stringify({ code, detail, title, params }))
    expect(new Set(told).size).toBe(1)
    expect(await inbox()).toEqual([])
  })

  test('stays the same, and is gone with its account', async () => {
    expect(pathOf(world.ctx, accountId)).toBe(path)
    await own.db.run('delete from accounts where id = $1', [accountId])
    await refuses(path)
  })

  test('is handed to the channel’s check byte for byte, with the body as it came', async () => {
    const seen: { address: string; body: Uint8Array; query: object; method: string }[] = []
    channel.connector.webhooks!.verify = async (_account, hook) => {
      seen.push(hook)
      return { kind: 'answer', status: 200, contentType: 'application/json', body: '{"challengeResponse":"1"}' }
    }
    const body = Buffer.from([0xff, 0, 0x7b, 0xc3, 0x28])
    const answer = await app.inject({
      method: 'GET',
      url: `${path}?challenge_code=a%20b&challenge_code=c`,
    })
    expect(answer.json()).toEqual({ challengeResponse: '1' })
    expect(answer.headers['content-type']).toMatch(/^application\/json/)
    await app.inject({
      method: 'POST',
      url: path,
      payload: body,
      headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' },
    })
    expect(seen[0]).toMatchObject({
      address: `https://hub.example${path}`,
      query: { challenge_code: 'a b' },
      method: 'GET',
    })
    expect(Buffer.from(seen[1]!.body).equals(body)).toBe(true)
  })
})

describe('what is refused', () => {
  test('wrong signatures, old calls and other methods leave nothing', async () => {
    const { body, headers } = signed(world.clock.now(), 'msg_1', {})
    const post = (payload: string, more: object) =>
      app.inject({ method: 'POST', url: path, payload, headers: { ...headers, ...more } })
    expect((await post(`${body} `, {})).statusCode).toBe(401)
    expect((await post(body, { 'webhook-id': 'msg_2' })).statusCode).toBe(401)
    expect((await post(body, { 'webhook-signature': '' })).statusCode).toBe(401)
    world.clock.advance(5 * 60_000 + 1_000)
    expect((await post(body, {})).statusCode).toBe(401)
    expect((await app.inject({ method: 'GET', url: path, headers })).statusCode).toBe(401)
    for (const method of ['PUT', 'PATCH', 'DELETE', 'HEAD'] as const)
      expect((await app.inject({ method, url: path, headers })).statusCode, method).toBe(404)
    expect(await inbox()).toEqual([])
  })

  test('many in a row are shown, until one is accepted', async () => {
    const wrong = signed(world.clock.now(), 'msg_1', {}, `whsec_${Buffer.alloc(24, 8).toString('base64')}`)
    const post = () => app.inject({ method: 'POST', url: path, payload: wrong.body, headers: wrong.headers })
    for (let count = 0; count < 9; count += 1) await post()
    expect(await openFindings('notifications_refused')).toEqual([])
    await post()
    expect(await openFindings('notifications_refused')).toEqual([{ account: 'Teller', why: 'wrong signature' }])
    await tell('msg_2')
    expect(await openFindings('notifications_refused')).toEqual([])
    await app.close()
    expect(await own.db.one('select refused, refused_why from notification_health')).toEqual({
      refused: 10,
      refused_why: 'wrong signature',
    })
  })

  test('a body beyond the limit: told so, never held', async () => {
    await app.listen({ host: '127.0.0.1', port: 0 })
    const { port } = app.server.address() as AddressInfo
    const answer = await new Promise<{ status: number; body: string }>((resolve, reject) => {
      const call = request(
        { port, method: 'POST', path, headers: { 'content-length': 6 * 1024 * 1024 } },
        (response) => {
          const parts: Buffer[] = []
          response.on('data', (part) => parts.push(part))
          response.on('end', () => resolve({ status: response.statusCode!, body: Buffer.concat(parts).toString() }))
        },
      )
      call.on('error', reject)
      call.flushHeaders()
    })
    expect(answer.status).toBe(413)
    expect(JSON.parse(answer.body)).toMatchObject({ code: 'notification_too_large', params: { megabytes: 5 } })
  })

  test('bodies on their way in are bounded together, and make room when they end', async () => {
    await app.listen({ host: '127.0.0.1', port: 0 })
    const { port } = app.server.address() as AddressInfo
    const begin = (size: number) => {
      const call = request({ port, method: 'POST', path, headers: { 'content-length': size } })
      const status = new Promise<number>((resolve) => {
        call.on('response', (response) => resolve(response.statusCode!))
        call.on('error', () => resolve(0))
      })
      call.flushHeaders()
      return { call, status }
    }
    const held = Array.from({ length: Math.floor(mostOnTheWay / largestNotification) }, () =>
      begin(largestNotification),
    )
    // Too large by itself: told so where it is looked at, and sent away before that where there is no room.
    const one = async () => {
      const { call, status } = begin(largestNotification + 1)
      const answer = await status
      call.destroy()
      return answer
    }
    await expect.poll(one, { timeout: 10_000 }).toBe(503)
    for (const { call } of held) call.destroy()
    await expect.poll(one, { timeout: 10_000 }).toBe(413)
    expect((await tell('msg_small')).statusCode).toBe(204)
  })

  test('a check that fails inside is asked for again, and tells nothing', async () => {
    channel.connector.webhooks!.verify = async () => JSON.parse('{"name": Ada')
    const answer = await tell('msg_1')
    expect(answer.statusCode).toBe(503)
    expect(JSON.stringify(world.logged)).not.toContain('Ada')
    expect(world.logged.filter((one) => one.level === 'error')).toHaveLength(1)
  })
})

describe('a person’s data that must go', () => {
  const erase = (more: object) => ({
    look: [],
    erase: { orderRemoteIds: ['A-1', 'A-9'], buyer: 'ada', whole: false, ...more },
  })
  const known = async () => {
    await own.db.transaction((tx) =>
      importOrders(tx, world.ctx, { id: accountId, openedAt: new Date(0) }, [orderOf('A-1', world.clock.now())]),
    )
  }

  test('is asked of a person, with the order and the day; once', async () => {
    await known()
    for (let times = 0; times < 2; times += 1) expect((await tell('msg_1', erase({}))).statusCode).toBe(204)
    expect(await openFindings('erasure_asked')).toEqual([{ account: 'Teller', orders: 'A-1', by: '2026-12-22' }])
    const [row, ...others] = await own.db.rows<{ buyer_sealed: Buffer; epoch: string; id: string }>(
      'select * from erasure_requests',
    )
    expect(others).toEqual([])
    expect(row!.buyer_sealed.toString('latin1')).not.toContain('ada')
    expect(world.ctx.sealing.openBuyer(row!.buyer_sealed, `erasure:${row!.id}`, row!.epoch)).toBe('ada')
    expect(await own.db.one('select done_at is not null as done from notification_inbox')).toEqual({ done: true })
  })

  test('of a stranger is kept and shown to nobody', async () => {
    await tell('msg_1', erase({}))
    expect(await openFindings('erasure_asked')).toEqual([])
    expect(await own.db.rows('select 1 from erasure_requests')).toHaveLength(1)
    await tell('msg_2', erase({ whole: true }))
    expect(await openFindings('erasure_of_all')).toHaveLength(1)
  })
})

test('the secret of a store signs both ways, and what it says makes its numbers be read again', async () => {
  const { ctx } = world
  const id = ctx.newId()
  await own.db.run(
    `insert into accounts (id, channel, name, stage, settings, opened_at, created_at) values ($1, 'storefront', 'Shop', 'live', $2, $3, $3)`,
    [id, { webhookUrl: 'https://shop.example/hook' }, ctx.clock.now()],
  )
  await own.db.run('insert into account_secrets (account_id, sealed, updated_at) values ($1, $2, $3)', [
    id,
    ctx.sealing.sealSecret(JSON.stringify({ webhookSecret: secretOfTests }), `account:${id}`),
    ctx.clock.now(),
  ])
  expect((await tell('msg_1', { type: 'stock.changed' }, pathOf(ctx, id, 'storefront'))).statusCode).toBe(204)
  expect((await tell('msg_2', { type: 'stock.set' }, pathOf(ctx, id, 'storefront'))).statusCode).toBe(204)
  expect(await inbox()).toEqual([
    { topic: 'stock.changed', look: ['stock'], order_ids: [] },
    { topic: 'stock.set', look: [], order_ids: [] },
  ])
})

describe('what a person sees', () => {
  const ask = async (method: 'GET' | 'POST' | 'PATCH', url: string, payload?: object) => {
    const { key } = await addApiKey(own.db, world.ctx, 'Owner', 'owner')
    const answer = await app.inject({
      method,
      url: `/api/v1/accounts/${accountId}${url}`,
      headers: { authorization: `Bearer ${key}`, 'idempotency-key': `${method} ${url}` },
      ...(payload ? { payload } : {}),
    })
    expect(answer.statusCode, answer.payload).toBe(200)
    return answer.json()
  }

  test('whether they can arrive, the address, the last one, and what was refused', async () => {
    expect(await ask('GET', '/notifications')).toMatchObject({ way: 'webhook', state: 'unreachable', address: null })
    world.ctx.publicUrl = 'https://hub.example'
    expect(await ask('GET', '/notifications')).toMatchObject({
      state: 'unproven',
      address: `https://hub.example${path}`,
      lastAt: null,
      waiting: 0,
      pollSeconds: 180,
    })
    await tell('msg_1', { orders: ['A-1'] })
    await own.db.run(
      `insert into notification_health (account_id, topics, failure) values ($1, '[{"topic": "orders", "state": "failed"}]', null)`,
      [accountId],
    )
    expect(await ask('GET', '/notifications')).toMatchObject({ state: 'failing', waiting: 1 })
  })

  test('a test needs a queue', async () => {
    expect(await ask('POST', '/notifications/test', {})).toEqual({ kind: 'failed', why: 'no_queue' })
  })

  test('some settings and secrets change, the others stay; what is wrong changes nothing', async () => {
    channel.connector.settings = z.object({ one: z.string().optional(), two: z.number().optional() })
    await ask('PATCH', '/settings', { settings: { one: 'a', two: 2 } })
    await ask('PATCH', '/settings', { settings: { one: null }, secrets: { webhookSecret: secretOfTests } })
    expect(await own.db.one('select settings from accounts')).toEqual({ settings: { two: 2 } })
    await expect(ask('PATCH', '/settings', { settings: { two: 'x' } })).rejects.toThrow(/settings.two/)
    expect(await own.db.one('select settings from accounts')).toEqual({ settings: { two: 2 } })
    expect((await tell('msg_1')).statusCode).toBe(204)
  })
})
