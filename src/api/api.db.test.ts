/** The API from outside: who may what, keys against doubling, errors in words, answers as the contract says. */
import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { goodsBodies, layOut, withErrands } from '../../test/support/api-goods.ts'
import { useDatabase } from '../../test/support/database.ts'
import { draftBodies, makeDrafts } from '../../test/support/drafts.ts'
import { work } from '../../test/support/imports.ts'
import { matchingBodies } from '../../test/support/matched.ts'
import { anOversell } from '../../test/support/oversold-shop.ts'
import { fileTypes, fillStore, queryOf, storeBodies } from '../../test/support/store-rows.ts'
import { createWorld, seededBytes, type World } from '../../test/support/world.ts'
import { isAllowed, type Permission } from '../contract/permissions.ts'
import type { Route } from '../contract/route.ts'
import { type RouteName, routes } from '../contract/routes.ts'
import { raise } from '../database/findings.ts'
import { createReservationDesk } from '../operations/reservation-desk.ts'
import { addApiKey, addUser, type SignInContext } from '../sign-in/people.ts'
import { createMetrics } from './metrics.ts'
import { buildApi } from './server.ts'

const database = useDatabase()
const password = 'correct horse battery'
const buyer = { name: 'canary-Ada Lovelace', email: 'ada@example.com', address: { city: 'London' } }
const names = Object.keys(routes) as RouteName[]
const routeOf = (name: RouteName): Route => routes[name]
const closed = names.filter((name) => routeOf(name).permission !== 'public')
const posts = closed.filter((name) => routeOf(name).method === 'POST')
let world: World
let people: SignInContext
let app: FastifyInstance
let keys: Record<'owner' | 'operator' | 'viewer', string>
let [cookie, csrf] = ['', '']
/** What was made before, by the beginning of its routes' path. */
let ids: Record<string, string>
let times = 0
interface Ask {
  auth?: string | null
  key?: string | null
  headers?: Record<string, string>
  payload?: object | string
}

/** Asks as the owner's API key, under a new idempotency key, unless said otherwise. */
async function ask(
  method: Route['method'],
  url: string,
  { auth = keys.owner, key = `key ${(times += 1)}`, headers = {}, payload }: Ask = {},
) {
  const answer = await app.inject({
    method,
    url: `/api/v1${url}`,
    headers: {
      ...(auth === null ? {} : { authorization: `Bearer ${auth}` }),
      ...(key === null || method !== 'POST' ? {} : { 'idempotency-key': key }),
      ...(payload === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(payload === undefined ? {} : { payload }),
  })
  return {
    status: answer.statusCode,
    headers: answer.headers,
    text: answer.payload,
    body: String(answer.headers['content-type']).includes('json') ? answer.json() : undefined,
  }
}

/** A valid body for each route that takes one; `n` keeps what must be unique unique. */
const bodies: Partial<Record<RouteName, (n: number) => object>> = {
  addAccount: (n) => ({
    channel: 'storefront',
    name: `Account ${n}`,
    settings: { webhookUrl: 'https://store.example/hooks' },
    secrets: { webhookSecret: `whsec_${'A'.repeat(32)}` },
  }),
  addProduct: (n) => ({ title: 'Mug', variants: [{ sku: `SKU ${n}`, gtin: '2000000000015' }] }),
  ...{ changeAccount: () => ({}), changeSettings: () => ({}), changeProduct: () => ({ category: 'Mugs' }) },
  addRule: (n) => ({ category: `Category ${n}`, safetyUnits: 2 }),
  changeRule: (n) => ({ cap: 100 + n }),
  addLocation: (n) => ({ code: `L${n}`, name: 'Shelf' }),
  addMovement: () => ({ sku: 'MUG', location: 'MAIN', kind: 'receipt', quantity: 1 }),
  addReservation: (n) => ({ account: 'Store', reference: `checkout ${n}`, lines: [{ sku: 'MUG', quantity: 1 }] }),
  ...{ lookAgain: () => ({}), confirmReservation: () => ({}), releaseReservation: () => ({}) },
  // None: a plain variant stays one.
  defineKit: () => ({ components: [] }),
  setMode: () => ({ mode: 'shared' }),
  linkListing: () => ({ account: 'Store', remoteSku: 'MUG', sku: 'MUG' }),
  addOrder: (n) => ({
    account: 'Store',
    remoteId: `order ${n}`,
    updatedAt: '2026-11-22T08:00:00Z',
    placedAt: '2026-11-22T08:00:00Z',
    currency: 'USD',
    buyer,
    lines: [{ remoteId: '1', sku: 'MUG', quantity: 1, unitPrice: 1490 }],
  }),
  ...{ replayFinding: () => ({}), replayWebhook: () => ({}), changeImport: () => ({}), runImport: () => ({}) },
  ...{ ...goodsBodies, ...matchingBodies, ...draftBodies, ...storeBodies },
  addWebhook: () => ({ url: 'https://events.example/hook', events: ['order.imported'] }),
  addUser: (n) => ({ email: `user${n}@example.com`, name: 'User', role: 'viewer', password }),
  addApiKey: () => ({ name: 'Key' }),
}
const bodyOf = (name: RouteName) => bodies[name]?.((times += 1))
const csv = (n: number): Ask => ({ payload: `sku,title\nCSV ${n},Mug`, headers: { 'content-type': 'text/csv' } })
const givenTo = (name: RouteName) => (routeOf(name).file === 'up' ? csv((times += 1)) : { payload: bodyOf(name)! })

/** The route's address with the parameters of what was made before. */
function urlOf(name: RouteName): string {
  const { path } = routeOf(name)
  const id = ids[name] ?? ids[path.split('/')[1]!] ?? ids.reservations!
  const filled = path.replace('{id}', id).replace('{sku}', 'MUG').replace('{kind}', 'variants')
  return `${filled}${queryOf(filled)}`
}

async function add(name: RouteName): Promise<{ id: string; key: string; secret: string }> {
  const { status, body } = await ask('POST', urlOf(name), givenTo(name))
  expect(status, JSON.stringify(body)).toBe(201)
  return body
}

beforeAll(async () => {
  world = withErrands(createWorld(database.db))
  const { ctx } = world
  people = { db: ctx.db, clock: ctx.clock, newId: ctx.newId, sealing: ctx.sealing, random: seededBytes(world.random) }
  app = await buildApi({
    ctx,
    people,
    desk: createReservationDesk(ctx),
    publicUrl: 'http://127.0.0.1',
    demo: null,
    metrics: createMetrics(ctx.db, ctx.clock),
    ready: async () => true,
    dashboard: () => Promise.reject(new Error('canary of an inner error')),
  })
  keys = {
    owner: (await addApiKey(ctx.db, ctx, 'Owner', 'owner')).key,
    operator: (await addApiKey(ctx.db, ctx, 'Operator', 'operator')).key,
    viewer: (await addApiKey(ctx.db, ctx, 'Viewer', 'viewer')).key,
  }
  await addUser(ctx.db, people, { email: 'owner@example.com', name: 'Olga', role: 'owner', password, language: 'en' })
  const session = await ask('POST', '/session', { auth: null, payload: { email: 'owner@example.com', password } })
  cookie = String(session.headers['set-cookie']).split(';')[0]!
  csrf = session.body.csrf
  const account = await ask('POST', '/accounts', {
    payload: { ...bodies.addAccount!(0), name: 'Store', stage: 'live', withoutChecks: true },
  })
  ids = { accounts: account.body.id }
  await ask('POST', '/locations', { payload: { code: 'MAIN', name: 'Main' } })
  ids.products = (await ask('POST', '/products', { payload: { title: 'Mug', variants: [{ sku: 'MUG' }] } })).body.id
  await ask('POST', '/stock/movements', { payload: { sku: 'MUG', location: 'MAIN', kind: 'receipt', quantity: 1_000 } })
  await ask('POST', '/listings', { payload: bodies.linkListing!(0) })
  ids.settlements = await fillStore(ctx, ids.accounts!)
  ids.reservations = (await add('addReservation')).id
  ids.orders = (await add('addOrder')).id
  Object.assign(ids, await layOut(ctx, ids.accounts!, (url, payload) => ask('POST', url, { payload })))
  ids['publishing-rules'] = (await add('addRule')).id
  ids.webhooks = (await add('addWebhook')).id
  ids['api-keys'] = (await add('addApiKey')).id
  ids.imports = (await add('addImport')).id
  Object.assign(ids, await makeDrafts((url, payload) => ask('POST', url, { payload })))
  await work(ctx)
  await add('addOrder')
  await ctx.db.run(anOversell, ['MUG', ctx.clock.now()])
  await raise(
    ctx.db,
    [{ code: 'oversold', severity: 'loss', accountId: ids.accounts!, subject: 'test', data: { sku: 'MUG', units: 2 } }],
    ctx.clock.now(),
    ctx.newId,
  )
  ctx.journal.forAccount(ids.accounts!).record({
    operation: 'stock.set',
    method: 'POST',
    url: '/hooks',
    request: { sku: 'MUG' },
    status: 200,
    response: null,
    requestId: null,
    error: null,
    startedAt: ctx.clock.now(),
    durationMs: 3,
  })
  await ctx.journal.flush()
})
afterAll(() => app?.close())

test('every route that takes a body has a valid one here', () => {
  expect(names.filter((name) => routeOf(name).body && routeOf(name).permission !== 'public' && !bodies[name])).toEqual(
    [],
  )
})

describe('who calls', () => {
  test.each(closed)('%s asks it', async (name) => {
    for (const auth of [null, 'ek_no_such_key', keys.owner.slice(0, -1)]) {
      const answer = await ask(routeOf(name).method, urlOf(name), { auth, payload: {} })
      expect(answer).toMatchObject({ status: 401, body: { code: 'unauthorized' } })
    }
  })

  test.each(closed.filter((name) => routeOf(name).permission !== 'signed-in'))(
    '%s lets a viewer read, no more',
    async (name) => {
      const { method, permission } = routeOf(name)
      const { status, body } = await ask(method, urlOf(name), { auth: keys.viewer, payload: {} })
      if (isAllowed('viewer', permission as Permission))
        expect({ method, status }).toEqual({ method: 'GET', status: 200 })
      else expect({ status, body }).toMatchObject({ status: 403, body: { code: 'forbidden', params: { permission } } })
    },
  )

  test.each(closed.filter((name) => routeOf(name).method !== 'GET'))(
    '%s wants the page’s token of a browser',
    async (name) => {
      for (const token of ['', 'wrong', csrf.slice(1)]) {
        const headers = { cookie, 'x-csrf-token': token }
        const answer = await ask(routeOf(name).method, urlOf(name), { auth: null, headers, payload: {} })
        expect(answer).toMatchObject({ status: 403, body: { code: 'csrf' } })
      }
    },
  )
})

test.each(names.filter((name) => routeOf(name).method === 'GET'))(
  '%s answers what the contract says, and nothing more',
  async (name) => {
    const { status, body, headers } = await ask('GET', urlOf(name))
    expect(status, JSON.stringify(body)).toBe(200)
    const { file, response } = routeOf(name)
    if (file) return expect(headers['content-type']).toBe(fileTypes[name] ?? fileTypes[file])
    expect(response.parse(body)).toEqual(body)
    expect(headers['cache-control']).toBe('no-store')
    if (Array.isArray(body.items)) expect(body.items.length).toBeGreaterThan(0)
  },
)

describe('a key against doubling', () => {
  test.each(posts)('%s wants one', async (name) => {
    const none: Record<string, string>[] = [{}, { 'idempotency-key': '' }, { 'idempotency-key': 'x'.repeat(256) }]
    for (const headers of none) {
      const given: Ask = givenTo(name)
      const answer = await ask('POST', urlOf(name), { ...given, key: null, headers: { ...given.headers, ...headers } })
      expect(answer).toMatchObject({ status: 400, body: { code: 'idempotency_key_missing' } })
    }
  })

  test.each(posts.filter((name) => name !== 'replayFinding'))(
    '%s answers a repeat with the same answer',
    async (name) => {
      const given = givenTo(name)
      const key = `repeat ${name}`
      const first = await ask('POST', urlOf(name), { ...given, key })
      expect(first.status, first.text).toBe(routeOf(name).status ?? 200)
      expect(routeOf(name).response.parse(first.body)).toEqual(first.body)
      const second = await ask('POST', urlOf(name), { ...given, key })
      expect(second).toMatchObject({
        status: first.status,
        body: first.body,
        headers: { 'idempotency-replayed': 'true' },
      })
      expect(first.headers).not.toHaveProperty('idempotency-replayed')
    },
  )

  const onHand = async () => (await ask('GET', '/stock/levels/MUG')).body.onHand as number

  test('does the work once, also for repeats that come at once', async () => {
    const before = await onHand()
    const payload = bodies.addMovement!(0)
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => ask('POST', '/stock/movements', { key: 'at once', payload })),
    )
    expect(new Set(answers.map((one) => one.text)).size).toBe(1)
    expect(answers.every((one) => one.status === 201)).toBe(true)
    expect(answers.filter((one) => one.headers['idempotency-replayed'] === 'true')).toHaveLength(9)
    expect(await onHand()).toBe(before + 1)
  })

  test('is for one request only', async () => {
    const payload = { ...bodies.addMovement!(0), note: 'one' }
    await ask('POST', '/stock/movements', { key: 'reused', payload })
    const before = await onHand()
    expect(
      await ask('POST', '/stock/movements', { key: 'reused', payload: { ...payload, note: 'two' } }),
    ).toMatchObject({ status: 422, body: { code: 'idempotency_key_reused' } })
    expect(await ask('POST', '/locations', { key: 'reused', payload: bodies.addLocation!(1) })).toMatchObject({
      status: 422,
    })
    expect(await onHand()).toBe(before)
  })

  test('belongs to its caller', async () => {
    const before = await onHand()
    for (const auth of [keys.owner, keys.operator])
      expect(
        await ask('POST', '/stock/movements', { auth, key: 'mine', payload: bodies.addMovement!(0) }),
      ).toMatchObject({ status: 201 })
    expect(await onHand()).toBe(before + 2)
  })

  test('of a refused request may be used again', async () => {
    const wanted = { account: 'Store', reference: 'too many', lines: [{ sku: 'MUG', quantity: 900_000 }] }
    expect(await ask('POST', '/reservations', { key: 'refused', payload: wanted })).toMatchObject({
      status: 409,
      body: { code: 'insufficient_stock' },
    })
    expect(
      await ask('POST', '/reservations', {
        key: 'refused',
        payload: { ...wanted, lines: [{ sku: 'MUG', quantity: 1 }] },
      }),
    ).toMatchObject({ status: 201 })
  })

  test('keeps an answer that is shown once sealed', async () => {
    const { secret } = await add('addWebhook')
    const { key } = await add('addApiKey')
    for (const { answer } of await database.db.rows<{ answer: Buffer }>('select answer from idempotency_keys')) {
      expect(answer.includes(secret) || answer.includes(key)).toBe(false)
    }
  })
})

describe('a browser’s session', () => {
  test('signs in by a cookie that no script reads, and changes things with the page’s token', async () => {
    const { headers } = await ask('POST', '/session', { auth: null, payload: { email: 'owner@example.com', password } })
    expect(headers['set-cookie']).toMatch(/^entrepot_session=[\w-]{43};.*HttpOnly; SameSite=Lax/)
    expect(
      await ask('POST', '/locations', {
        auth: null,
        headers: { cookie, 'x-csrf-token': csrf },
        payload: bodyOf('addLocation')!,
      }),
    ).toMatchObject({ status: 201 })
    expect(await ask('GET', '/session', { auth: null, headers: { cookie } })).toMatchObject({
      status: 200,
      body: { user: { name: 'Olga' }, csrf },
    })
  })

  test('ends by signing out', async () => {
    const { headers, body } = await ask('POST', '/session', {
      auth: null,
      payload: { email: 'owner@example.com', password },
    })
    const own = { cookie: String(headers['set-cookie']).split(';')[0]!, 'x-csrf-token': body.csrf as string }
    expect(await ask('DELETE', '/session', { auth: null, headers: own })).toMatchObject({ status: 204, text: '' })
    expect(await ask('GET', '/session', { auth: null, headers: own })).toMatchObject({ status: 401 })
  })
})

test('wrong fields are named one by one', async () => {
  const { body } = await ask('POST', '/products', {
    payload: { title: 'Mug', variants: [{ sku: '' }, { sku: 'A', gtin: 'x' }] },
  })
  expect((body.errors as { path: string }[]).map((one) => one.path)).toEqual([
    'body.variants.0.sku',
    'body.variants.1.gtin',
  ])
})

test('an inner error is told by its request id only, and logged', async () => {
  const answer = await app.inject({ method: 'GET', url: '/' })
  expect(answer.json()).toMatchObject({ status: 500, code: 'internal' })
  expect(answer.payload).not.toContain('canary')
  expect(world.logged.at(-1)).toMatchObject({
    level: 'error',
    data: { requestId: answer.json().requestId, message: 'canary of an inner error' },
  })
})

test('what needs no sign-in shows no person, no buyer and no secret', async () => {
  for (const url of ['/healthz', '/readyz', '/metrics', '/api/v1/openapi.json', '/api/v1/setup']) {
    const { statusCode, payload } = await app.inject({ method: 'GET', url })
    expect(statusCode, url).toBe(200)
    for (const hidden of [buyer.name, 'Olga', 'owner@example.com', 'whsec_', keys.owner])
      expect(payload, url).not.toContain(hidden)
  }
})

test('the buyer is shown by the one route that asks for it', async () => {
  expect(await ask('GET', `/orders/${ids.orders}/buyer`)).toMatchObject({ status: 200, body: buyer })
  const others = names.filter((name) => routeOf(name).method === 'GET' && name !== 'orderBuyer')
  for (const name of others) expect((await ask('GET', urlOf(name))).text, name).not.toContain('canary-Ada')
  expect(
    JSON.stringify(await database.db.rows("select encode(sealed, 'escape') as sealed from buyer_data")),
  ).not.toContain('canary-Ada')
})

test('pages follow each other without gap or repeat', async () => {
  const whole = (await ask('GET', '/orders?limit=200')).body.items.map((one: { id: string }) => one.id)
  const walked: string[] = []
  let cursor: string | null = null
  do {
    const { body } = await ask('GET', `/orders?limit=1${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ''}`)
    walked.push(...body.items.map((one: { id: string }) => one.id))
    cursor = body.nextCursor
  } while (cursor)
  expect(walked).toEqual(whole)
  expect(whole.length).toBeGreaterThan(1)
})
