/** Files through the API: streamed in, checked, corrected, run, and bad rows streamed out; who may what. */
import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { useDatabase } from '../../test/support/database.ts'
import { work } from '../../test/support/imports.ts'
import { createWorld, seededBytes, type World } from '../../test/support/world.ts'
import { addLocation, addProduct } from '../operations/manage-catalog.ts'
import { createReservationDesk } from '../operations/reservation-desk.ts'
import { addApiKey } from '../sign-in/people.ts'
import { createMetrics } from './metrics.ts'
import { buildApi } from './server.ts'

const database = useDatabase()
let world: World
let app: FastifyInstance
let base: string
let keys: Record<'owner' | 'fulfillment' | 'viewer', string>
let times = 0

beforeAll(async () => {
  world = createWorld(database.db)
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
    metrics: createMetrics(ctx.db, ctx.clock),
    ready: async () => true,
    dashboard: async () => '/nowhere',
  })
  base = await app.listen({ host: '127.0.0.1', port: 0 })
  keys = {
    owner: (await addApiKey(ctx.db, ctx, 'Owner', 'owner')).key,
    fulfillment: (await addApiKey(ctx.db, ctx, 'Shelf', 'fulfillment')).key,
    viewer: (await addApiKey(ctx.db, ctx, 'Viewer', 'viewer')).key,
  }
  await ctx.db.transaction((tx) => addLocation(tx, ctx, { code: 'MAIN', name: 'Main', kind: 'own', priority: 1 }))
  for (const sku of ['CUP', '=POT'])
    await ctx.db.transaction((tx) => addProduct(tx, ctx, { title: sku, variants: [{ sku }] }))
})
afterAll(async () => await app.close())

interface Ask {
  auth?: string
  body?: string | Uint8Array<ArrayBuffer> | object
  key?: string
  language?: string
}

async function ask(method: string, path: string, { auth = keys.owner, body, key, language = 'en' }: Ask = {}) {
  const isFile = typeof body === 'string' || body instanceof Uint8Array
  const answer = await fetch(`${base}/api/v1${path}`, {
    method,
    headers: {
      authorization: `Bearer ${auth}`,
      'accept-language': language,
      ...(method === 'POST' ? { 'idempotency-key': key ?? `key ${(times += 1)}` } : {}),
      ...(body === undefined ? {} : { 'content-type': isFile ? 'text/csv' : 'application/json' }),
    },
    ...(body === undefined ? {} : { body: isFile ? (body as string) : JSON.stringify(body) }),
  })
  // `text()` would drop the mark that spreadsheets need.
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(await answer.arrayBuffer())
  const isJson = answer.headers.get('content-type')?.includes('json') ?? false
  return { status: answer.status, headers: answer.headers, text, body: isJson ? JSON.parse(text) : undefined }
}

test('a file goes in, is checked, corrected and run, and its bad rows come back with reasons', async () => {
  const file = 'SKU;Pieces\r\nCUP;5\r\nNONE;1\r\n=POT;3\r\n'
  const taken = await ask('POST', '/imports?kind=stock&fileName=count.csv&location=MAIN', { body: file })
  expect(taken).toMatchObject({
    status: 201,
    body: { state: 'checking', delimiter: ';', missing: ['quantity'], fileName: 'count.csv' },
  })
  const path = `/imports/${taken.body.id}`
  await work(world.ctx)
  expect((await ask('GET', path)).body).toMatchObject({ state: 'checked', preview: null, rowsTotal: 3 })
  expect(await ask('POST', `${path}/run`, { body: {} })).toMatchObject({ status: 409, body: { code: 'import_closed' } })
  await ask('PATCH', path, { body: { mapping: { sku: 0, quantity: 1 } } })
  await work(world.ctx)
  const checked = (await ask('GET', path)).body
  expect(checked).toMatchObject({
    preview: { new: 2, changed: 0, same: 0, bad: 1 },
    sample: {
      changed: [{ row: 2, before: 0, after: 5 }, { row: 4 }],
      bad: [{ row: 3, reasons: ['There is no variant with the SKU NONE.'] }],
    },
  })
  expect((await ask('POST', `${path}/run`, { body: {} })).body).toMatchObject({ state: 'waiting' })
  await work(world.ctx)
  expect((await ask('GET', path)).body).toMatchObject({
    state: 'done',
    counts: { new: 2, bad: 1 },
    rowsDone: 3,
    rowsTotal: 3,
  })
  const bad = await ask('GET', `${path}/bad-rows`, { language: 'zh-CN' })
  expect(bad.headers.get('content-type')).toBe('text/csv; charset=utf-8')
  expect(bad.text).toBe('\uFEFFSKU,Pieces,行号,原因\r\nNONE,1,3,没有SKU为NONE的变体。\r\n')
  expect((await ask('GET', '/stock/levels/CUP')).body.onHand).toBe(5)
  expect((await ask('GET', '/imports')).body.items[0]).toMatchObject({ id: taken.body.id, state: 'done' })
  const again = await ask('POST', '/imports?kind=stock&location=MAIN', { body: file })
  expect(again.body.importedBefore).not.toBeNull()
})

test('the same upload sent again arrives once; another file under its key is refused', async () => {
  const send = (body: string) => ask('POST', '/imports?kind=variants', { body, key: 'same' })
  const first = await send('sku,title\nA,a\n')
  const second = await send('sku,title\nA,a\n')
  expect(second.body).toEqual(first.body)
  expect(second.headers.get('idempotency-replayed')).toBe('true')
  expect(await send('sku,title\nB,b\n')).toMatchObject({ status: 422, body: { code: 'idempotency_key_reused' } })
  expect(
    await database.db.one(
      'select count(*) as n from imports i where not exists (select 1 from import_chunks c where c.import_id = i.id)',
    ),
  ).toEqual({ n: 0 })
  expect(await database.db.one(`select count(*) as n from imports where state = 'uploading'`)).toEqual({ n: 0 })
})

describe('refused', () => {
  test('what is no CSV, too large, or no file at all', async () => {
    const send = (body: Ask['body']) => ask('POST', '/imports?kind=variants', { body })
    expect(await send(new TextEncoder().encode('PK\x03\x04 a workbook'))).toMatchObject({
      status: 422,
      body: { code: 'file_is_workbook' },
    })
    expect(await send({ sku: 'A' })).toMatchObject({ status: 400 })
    expect(await ask('POST', '/products', { body: 'sku\nA' })).toMatchObject({ status: 400 })
  })

  test('kinds that the caller’s role may not change or see', async () => {
    const auth = keys.fulfillment
    expect(await ask('POST', '/imports?kind=variants', { auth, body: 'sku\nA' })).toMatchObject({
      status: 403,
      body: { params: { permission: 'catalog.manage' } },
    })
    expect(await ask('POST', '/imports?kind=stock', { auth, body: 'sku,quantity\nCUP,1' })).toMatchObject({
      status: 201,
    })
    expect((await ask('GET', '/imports', { auth })).body.items.map((one: { kind: string }) => one.kind)).not.toContain(
      'variants',
    )
    expect(await ask('GET', '/imports', { auth: keys.viewer })).toMatchObject({ status: 403 })
  })
})

test('lists go out as CSV for those who may read them, with nothing that runs', async () => {
  const out = await ask('GET', '/exports/variants?q=POT', { auth: keys.viewer })
  expect(out.text).toBe("\uFEFFproduct,sku,title,gtin\r\n'=POT,'=POT,'=POT,\r\n")
  expect(out.headers.get('content-disposition')).toContain('attachment')
  for (const kind of ['stock', 'mappings', 'orders'])
    expect((await ask('GET', `/exports/${kind}`, { auth: keys.viewer })).status).toBe(200)
  expect(await ask('GET', '/exports/users')).toMatchObject({ status: 400 })
})
