/** What people read while the hub runs: findings and refusals, in their language, each with what to do next. */
import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createSimulator, type Simulator } from '../simulator/index.ts'
import { buildApi } from '../src/api/server.ts'
import { findingText } from '../src/contract/findings.ts'
import { problemText } from '../src/contract/problems.ts'
import { problem } from '../src/contract/schemas.ts'
import { findAccount } from '../src/database/accounts.ts'
import { releaseLease } from '../src/database/leases.ts'
import { changeAccount, connectAccount } from '../src/operations/connect-account.ts'
import { addLocation, addProduct, linkListing } from '../src/operations/manage-catalog.ts'
import { moveStock } from '../src/operations/move-stock.ts'
import { pullOrders } from '../src/operations/pull-orders.ts'
import { createReservationDesk } from '../src/operations/reservation-desk.ts'
import { addApiKey } from '../src/sign-in/people.ts'
import { useDatabase } from './support/database.ts'
import { createWorld, seededBytes, type World, workFor } from './support/world.ts'

const database = useDatabase()
const languages = ['en', 'zh'] as const
const secrets = {
  clientId: 'amzn1.application-oa2-client.simulated',
  clientSecret: 'amzn1.oa2-cs.v1.simulated',
  refreshToken: 'Atzr|simulated',
}
const settings = {
  sellerId: 'A1SIMULATEDSEL',
  region: 'na',
  marketplaceIds: ['ATVPDKIKX0DER'],
  endpoint: 'http://simulator/amazon',
  tokenEndpoint: 'http://simulator/lwa/auth/o2/token',
}

let world: World
let sim: Simulator
let app: FastifyInstance
let key: string
let time = Date.parse('2026-11-22T08:00:00Z')
const minutes = (count: number) => {
  time += count * 60_000
}

async function control(path: string, body: unknown): Promise<void> {
  const headers = { 'content-type': 'application/json' }
  const answer = await sim.handle(
    new Request(`http://simulator/control${path}`, { method: 'POST', headers, body: JSON.stringify(body) }),
  )
  expect(answer.status, await answer.clone().text()).toBe(201)
}

beforeAll(async () => {
  sim = createSimulator({
    seed: 7,
    realNow: () => time,
    startAt: new Date(time),
    catalog: [
      { sku: 'MUG', title: 'Mug', asin: 'B0SIM00001', price: 1490, currency: 'USD', amazon: { quantity: 10 } },
      { sku: 'A/B +1', title: 'Towel', asin: 'B0SIM00002', price: 990, currency: 'USD', amazon: { quantity: 4 } },
    ],
    amazon: { lifecycle: { slowPaymentShare: 0, pendingCancelShare: 0, buyerCancelShare: 0, cancelRequestShare: 0 } },
  })
  world = createWorld(database.db, { now: () => sim.now(), fetch: (url, init) => sim.handle(new Request(url, init)) })
  const { ctx } = world
  const people = {
    db: ctx.db,
    clock: ctx.clock,
    newId: ctx.newId,
    sealing: ctx.sealing,
    random: seededBytes(world.random),
  }
  app = await buildApi({
    ctx,
    people,
    desk: createReservationDesk(ctx),
    publicUrl: 'http://127.0.0.1',
    demo: null,
    metrics: { text: async () => '' },
    dashboard: async () => '/',
    ready: async () => true,
  })
  key = (await addApiKey(ctx.db, ctx, 'test', 'owner')).key
  await ctx.db.transaction(async (tx) => {
    await addLocation(tx, ctx, { code: 'MAIN', name: 'Main', kind: 'own', priority: 1 })
    await addProduct(tx, ctx, { title: 'Mug', variants: [{ sku: 'MUG' }] })
    await connectAccount(tx, ctx, { channel: 'amazon', name: 'Amazon US', stage: 'live', settings, secrets })
    await connectAccount(tx, ctx, {
      channel: 'storefront',
      name: 'Store',
      stage: 'live',
      settings: { webhookUrl: 'https://store.example/hooks' },
      secrets: { webhookSecret: `whsec_${'A'.repeat(32)}` },
    })
    await linkListing(tx, ctx, {
      account: 'Store',
      remoteSku: 'MUG',
      sku: 'MUG',
      unitsPerSale: 1,
      marketplace: '',
      fulfilledBy: 'merchant',
    })
  })
})
afterAll(() => app?.close())

async function ask(
  method: 'GET' | 'POST' | 'PATCH',
  url: string,
  language: string,
  body?: object | string,
  auth = `Bearer ${key}`,
) {
  const answer = await app.inject({
    method,
    url: `/api/v1${url}`,
    headers: {
      authorization: auth,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      'accept-language': language === 'zh' ? 'zh-CN,zh;q=0.9,en;q=0.8' : 'en-US,en;q=0.9,zh;q=0.8',
      'idempotency-key': `${method} ${url} ${language}`,
    },
    ...(body ? { payload: body } : {}),
  })
  return { status: answer.statusCode, type: String(answer.headers['content-type']), body: answer.json() }
}

interface Shown {
  code: string
  title: string
  next: string
  account: string | null
  data: Record<string, unknown>
}

/** The open finding of this code as people see it; its text is whole. */
async function findingOf(code: string, language: 'en' | 'zh'): Promise<Shown | undefined> {
  const { body } = await ask('GET', '/findings', language)
  const shown = (body.items as Shown[]).find((one) => one.code === code)
  if (!shown) return undefined
  expect(shown).toMatchObject(findingText(code, shown.data, language))
  expect(shown.title + shown.next).not.toMatch(/\{\w+\}/)
  return shown
}

/** Pulls until nothing more waits, as the runner does. */
async function pull(): Promise<void> {
  const work = await workFor(world.ctx, 'Amazon US')
  let more = true
  for (let pages = 0; more && pages < 50; pages += 1) more = (await pullOrders(world.ctx, work)).more
  await releaseLease(database.db, work.lease())
  expect(more).toBe(false)
}

describe('a refresh token that was revoked', () => {
  test('halts the account, in words', async () => {
    await control('/faults', { channel: 'amazon', operation: 'token', kind: 'revoke' })
    await pull()
    expect(await findAccount(database.db, 'Amazon US')).toMatchObject({ halted_code: 'invalid_grant' })
    for (const language of languages) {
      const shown = await findingOf('account_halted', language)
      expect(shown).toMatchObject({ account: 'Amazon US', data: { account: 'Amazon US', code: 'invalid_grant' } })
      expect(shown!.title).toContain('Amazon US')
      expect(shown!.title).toContain('invalid_grant')
    }
    expect((await findingOf('account_halted', 'en'))!.next).toContain('Authorize the account again')
    expect((await findingOf('account_halted', 'zh'))!.next).toContain('请重新授权')
    const { body } = await ask('GET', '/accounts', 'en')
    expect(body.items).toContainEqual(
      expect.objectContaining({ name: 'Amazon US', halted: expect.objectContaining({ code: 'invalid_grant' }) }),
    )
  })

  test('shows no secret in log, journal or answer', async () => {
    await world.ctx.journal.flush()
    const calls = await database.db.rows('select * from channel_calls')
    expect(calls.length).toBeGreaterThan(0)
    const said = JSON.stringify([
      world.logged,
      calls,
      (await ask('GET', '/accounts', 'en')).body,
      (await ask('GET', '/findings', 'en')).body,
    ])
    for (const secret of Object.values(secrets)) expect(said).not.toContain(secret)
  })

  test('ends with new secrets', async () => {
    await sim.handle(new Request('http://simulator/control/faults', { method: 'DELETE' }))
    const row = (await findAccount(database.db, 'Amazon US'))!
    await database.db.transaction((tx) => changeAccount(tx, world.ctx, row, { secrets }))
    expect(await findingOf('account_halted', 'en')).toBeUndefined()
    await pull()
    expect(await findAccount(database.db, 'Amazon US')).toMatchObject({ halted_code: null })
  })
})

describe('an order with a SKU that is not known', () => {
  test('is kept, and shown in words', async () => {
    await control('/orders', { channel: 'amazon', sku: 'A/B +1', quantity: 2 })
    minutes(60)
    await pull()
    const { body } = await ask('GET', '/orders?view=problem', 'en')
    expect(body.items).toHaveLength(1)
    expect(body.items[0]).toMatchObject({
      problems: ['unknown-sku'],
      lines: [{ remoteSku: 'A/B +1', sku: null, quantity: 2 }],
    })
    for (const language of languages) {
      const shown = await findingOf('unknown_sku', language)
      expect(shown).toMatchObject({ account: 'Amazon US', data: { order: body.items[0].remoteId, sku: 'A/B +1' } })
      expect(shown!.title).toContain('A/B +1')
    }
    expect((await findingOf('unknown_sku', 'en'))!.next).toContain('Link the SKU to a variant')
    expect((await findingOf('unknown_sku', 'zh'))!.next).toContain('与变体配对')
  })

  test('takes its stock and ends the finding once the SKU is linked', async () => {
    const { ctx } = world
    await ctx.db.transaction(async (tx) => {
      await addProduct(tx, ctx, { title: 'Towel', variants: [{ sku: 'TOWEL' }] })
      await moveStock(tx, ctx, { sku: 'TOWEL', location: 'MAIN', kind: 'receipt', quantity: 5 }, 'test')
      await linkListing(tx, ctx, {
        account: 'Amazon US',
        remoteSku: 'A/B +1',
        sku: 'TOWEL',
        unitsPerSale: 1,
        marketplace: 'ATVPDKIKX0DER',
        fulfilledBy: 'merchant',
      })
    })
    expect(await findingOf('unknown_sku', 'en')).toBeUndefined()
    expect((await ask('GET', '/stock/levels/TOWEL', 'en')).body).toMatchObject({
      onHand: 5,
      reserved: 2,
      short: 0,
      availableToPromise: 3,
    })
  })
})

describe.each(languages)('a refusal over HTTP in %s', (language) => {
  type Case = [
    what: string,
    code: string,
    method: 'GET' | 'POST' | 'PATCH',
    url: string,
    body?: object | string,
    auth?: string,
  ]
  const cases: Case[] = [
    [
      'an unknown SKU',
      'unknown_sku',
      'POST',
      '/stock/movements',
      { sku: 'NO SUCH', location: 'MAIN', kind: 'receipt', quantity: 1 },
    ],
    [
      'an unknown location',
      'unknown_location',
      'POST',
      '/stock/movements',
      { sku: 'MUG', location: 'NOWHERE', kind: 'receipt', quantity: 1 },
    ],
    [
      'less than nothing',
      'stock_below_zero',
      'POST',
      '/stock/movements',
      { sku: 'MUG', location: 'MAIN', kind: 'adjustment', quantity: -1 },
    ],
    [
      'an unknown account',
      'unknown_account',
      'POST',
      '/reservations',
      { account: 'No such', reference: 'r1', lines: [{ sku: 'MUG', quantity: 1 }] },
    ],
    [
      'too little stock',
      'insufficient_stock',
      'POST',
      '/reservations',
      { account: 'Store', reference: 'r2', lines: [{ sku: 'MUG', quantity: 3 }] },
    ],
    [
      'a private address',
      'url_refused',
      'POST',
      '/webhooks',
      { url: 'https://169.254.169.254/latest', events: ['order.imported'] },
    ],
    ['wrong fields', 'bad_request', 'POST', '/products', { title: '', variants: [] }],
    ['no JSON', 'bad_request', 'POST', '/products', '{"title":'],
    ['too much', 'bad_request', 'POST', '/products', `{"title":"${'x'.repeat(6 * 1024 * 1024)}"}`],
    ['a wrong query', 'bad_request', 'GET', '/orders?limit=201'],
    ['a wrong cursor', 'bad_request', 'GET', '/orders?cursor=nonsense'],
    ['a wrong id', 'bad_request', 'GET', '/orders/not-a-uuid'],
    ['an unknown order', 'not_found', 'GET', '/orders/00000000-0000-7000-8000-000000000000'],
    ['no such page', 'not_found', 'GET', '/no/such/page'],
    ['no such method', 'not_found', 'PATCH', '/orders', {}],
    ['no caller', 'unauthorized', 'GET', '/orders', undefined, ''],
    ['a wrong password', 'wrong_password', 'POST', '/session', { email: 'nobody@example.com', password: 'wrong' }],
  ]
  test.each(cases)('%s', async (_, code, method, url, payload, auth) => {
    const { status, type, body } = await ask(method, url, language, payload, auth)
    expect(problem.parse(body)).toEqual(body)
    const text = problemText(code, body.params ?? {}, language)
    expect(body).toMatchObject({
      type: `urn:entrepot:problem:${code}`,
      code,
      status: text.status,
      title: text.title,
      detail: text.next,
    })
    expect(status).toBe(text.status)
    expect(type).toContain('application/problem+json')
    expect(body.title + body.detail).not.toMatch(/\{\w+\}/)
    expect(body.title).toMatch(language === 'zh' ? /\p{Script=Han}/u : /^[^\p{Script=Han}]+$/u)
  })
})
