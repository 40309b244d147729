/** Exposure from outside, and the chain of events behind an oversell, for each cause that can be brought about. */
import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { useDatabase } from '../../test/support/database.ts'
import { minute, openShop, storeOrigin, takingStore } from '../../test/support/oversold-shop.ts'
import { createWorld, seededBytes, type World } from '../../test/support/world.ts'
import { findAccount } from '../database/accounts.ts'
import { ensureJournalDays } from '../database/journal.ts'
import { changeStage } from '../operations/change-stage.ts'
import { createReservationDesk } from '../operations/reservation-desk.ts'
import { addApiKey } from '../sign-in/people.ts'
import { createMetrics } from './metrics.ts'
import { buildApi } from './server.ts'

const database = useDatabase()
let world: World
let app: FastifyInstance
let key: string
let count = 0

async function inject(method: 'GET' | 'POST', url: string, payload?: object, language = 'en') {
  return await app.inject({
    method,
    url: `/api/v1${url}`,
    headers: {
      authorization: `Bearer ${key}`,
      'accept-language': language,
      ...(method === 'POST' ? { 'idempotency-key': `key ${(count += 1)}` } : {}),
    },
    ...(payload === undefined ? {} : { payload }),
  })
}
async function ask(url: string, language?: string) {
  const answer = await inject('GET', url, undefined, language)
  expect(answer.statusCode, answer.payload).toBe(200)
  return answer.json()
}
async function post(url: string, payload: object) {
  const answer = await inject('POST', url, payload)
  expect(answer.statusCode, answer.payload).toBeLessThan(300)
  return answer.json()
}
interface Told {
  cause: string
  title: string
  next: string
  short: number
  uncovered: number
  links: {
    at: string
    step: string
    text: string
    isCause: boolean
    order: { remoteId: string } | null
    call: { operation: string; status: number } | null
  }[]
}
const oversells = async (sku: string, language?: string): Promise<Told[]> =>
  (await ask(`/variants/${sku}/oversells`, language)).items
const causeOf = (one: Told) => one.links.find((link) => link.isCause)
const stored = async () =>
  (await database.db.one<{ rises: number; events: number }>(
    'select (select count(*) from oversells) as rises, (select count(*) from slot_events) as events',
  ))!

beforeAll(async () => {
  world = createWorld(database.db, { fetch: takingStore, allowedOrigins: [storeOrigin] })
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
    publicUrl: 'http://127.0.0.1',
    demo: null,
    desk: createReservationDesk(ctx),
    metrics: createMetrics(ctx.db, ctx.clock),
    ready: async () => true,
    dashboard: () => Promise.reject(new Error('none')),
  })
  await ensureJournalDays(ctx.db, ctx.clock.now(), 2)
  key = (await addApiKey(ctx.db, ctx, 'Owner', 'owner')).key
  await post('/locations', { code: 'MAIN', name: 'Main' })
})
afterAll(() => app?.close())

describe('after an oversell', () => {
  test('a recount: what was counted is the cause, and the write before it stands there with its call', async () => {
    const { sku, store, knows, pushes, move, amazon } = await openShop(world, 10)
    await knows(amazon, 0)
    await knows(store, 0)
    expect(await pushes(store)).toBe(1)
    world.clock.advance(minute)
    const { claimed } = await ask(`/variants/${sku}/exposure`)
    await move('count', claimed - 4)
    const [one, ...more] = await oversells(sku)
    expect(more).toEqual([])
    expect(one).toMatchObject({
      cause: 'recount',
      short: 0,
      uncovered: 4,
      title: 'Fewer units are there than the books said',
    })
    const fewer = 10 - (claimed - 4)
    expect(causeOf(one!)!.text).toBe(`${fewer} fewer in stock (counted or adjusted, Li)`)
    const sent = one!.links.find((link) => link.step === 'sent-expecting')!
    expect(sent.text).toBe(`${claimed} in the place of 0 was sent to ${store} ${sku}`)
    expect(sent.call).toMatchObject({ operation: 'stock.set', status: 200 })
    expect(one!.links.map((link) => link.step)).toEqual([
      'received',
      'sent-expecting',
      'applied',
      'lowered',
      'uncovered',
    ])
    expect(await ask(`/variants/${sku}/exposure`)).toMatchObject({
      risk: 'uncovered',
      uncovered: 4,
      worstCase: 4,
      free: 0,
    })
  })

  test('what a recount took away is sold later: the recount is still the cause', async () => {
    const { sku, amazon, store, knows, move, sells } = await openShop(world, 3)
    await knows(store, 0)
    await knows(amazon, 3)
    await move('count', 2)
    world.clock.advance(20 * minute)
    const order = await sells(3)
    const [sold, counted] = await oversells(sku)
    expect(counted).toMatchObject({ cause: 'recount', uncovered: 1 })
    expect(sold).toMatchObject({ cause: 'recount', short: 1, uncovered: 0 })
    expect(sold!.links.map((link) => (link.isCause ? `${link.step}!` : link.step))).toEqual([
      'received',
      'lowered!',
      'uncovered',
      'sold',
      'learned',
      'oversold',
    ])
    expect(sold!.links.find((link) => link.step === 'sold')).toMatchObject({ order: { remoteId: order } })
  })

  test('an order behind its watermark, in both languages', async () => {
    const { sku, amazon, store, knows, sells } = await openShop(world, 5)
    await knows(store, 0)
    await knows(amazon, 5)
    const now = world.clock.now()
    const order = await sells(1, { placedAt: new Date(now.getTime() - 30 * minute), knownUntil: now })
    const [one] = await oversells(sku)
    expect(one).toMatchObject({ cause: 'late-order', uncovered: 1, short: 0 })
    expect(causeOf(one!)).toMatchObject({ step: 'learned-late', order: { remoteId: order } })
    expect(causeOf(one!)!.text).toBe(
      `Order ${order} of ${amazon} ${sku} became known here, 30 min after the sale: its orders were believed to be known beyond that moment, so its 1 had been given up`,
    )
    const [zh] = await oversells(sku, 'zh')
    expect(zh!.title).toMatch(/^订单到达时/)
    expect(zh!.links.at(-1)!.text).toBe('可能超卖 1 件')
  })

  test('another writer: the reading that showed it', async () => {
    const { sku, amazon, store, knows, reads, sells } = await openShop(world, 3)
    await knows(store, 0)
    await knows(amazon, 3)
    await reads(amazon, 8)
    world.clock.advance(5 * minute)
    await sells(5)
    const [one] = await oversells(sku)
    expect(one).toMatchObject({ cause: 'other-writer', short: 2 })
    expect(causeOf(one!)).toMatchObject({
      step: 'higher',
      text: `A reading of ${amazon} ${sku} showed 8, expected was 3: somebody else wrote it`,
    })
    expect(one!.links.map((link) => link.step)).toContain('beyond')
  })

  test('an account that showed more than there is when it was taken over', async () => {
    const { sku, amazon, store, knows } = await openShop(world, 5)
    await knows(store, 0)
    await knows(amazon, 9)
    const [one] = await oversells(sku)
    expect(one).toMatchObject({ cause: 'take-over', uncovered: 4 })
    expect(causeOf(one!)!.text).toBe(`What ${amazon} ${sku} may still sell became known: 9`)
  })

  test('a chosen mode, by whom', async () => {
    const { sku, amazon, store, knows, pushes, sells } = await openShop(world, 2)
    await knows(store, 0)
    await knows(amazon, 2)
    await post(`/variants/${sku}/mode`, { mode: 'shared' })
    expect(await pushes(store)).toBe(1)
    await post('/reservations', { account: store, reference: sku, lines: [{ sku, quantity: 2 }] })
    expect(await oversells(sku)).toEqual([])
    world.clock.advance(minute)
    await sells(2)
    const [one] = await oversells(sku)
    expect(one).toMatchObject({ cause: 'mode', short: 2, mode: 'shared' })
    expect(causeOf(one!)!.text).toBe('Sharing out changed from guarded to shared (Owner)')
  })

  test('a checkout while nobody knew what another account may sell', async () => {
    const { sku, store, amazon, sells, reads } = await openShop(world, 2)
    await reads(store, 2)
    await reads(amazon, 2)
    await post('/reservations', { account: store, reference: sku, lines: [{ sku, quantity: 2 }] })
    world.clock.advance(minute)
    await sells(1)
    const [one] = await oversells(sku)
    expect(one).toMatchObject({ cause: 'unknown-claim', short: 1 })
    expect(causeOf(one!)!.text).toBe('A checkout of the own store took 2')
  })

  test('an own store that sold without a checkout', async () => {
    const { sku, store, amazon, knows, pushes } = await openShop(world, 4)
    await knows(amazon, 0)
    await knows(store, 0)
    await pushes(store)
    world.clock.advance(minute)
    const placedAt = world.clock.now().toISOString()
    const { free } = await ask(`/variants/${sku}/exposure`)
    const line = { remoteId: '1', sku, title: 'Goods', quantity: free + 1, unitPrice: 100 }
    await post('/orders', {
      account: store,
      remoteId: `till ${sku}`,
      state: 'open',
      placedAt,
      updatedAt: placedAt,
      currency: 'USD',
      total: 100,
      lines: [line],
    })
    expect((await oversells(sku))[0]).toMatchObject({ cause: 'own-order', uncovered: 1, short: 0 })
  })

  test('an order that waited for its SKU', async () => {
    const { sku, amazon, store, knows, sells, links } = await openShop(world, 2)
    await knows(store, 0)
    await knows(amazon, 2)
    await sells(1, { sku: `other ${sku}` })
    await sells(2)
    expect(await oversells(sku)).toEqual([])
    await links(amazon, `other ${sku}`, sku)
    const [one] = await oversells(sku)
    expect(one).toMatchObject({ short: 1, cause: 'linked-late' })
  })

  test('where all is well nothing is kept', async () => {
    const before = await stored()
    const { sku, amazon, store, knows, pushes, sells, move, reads } = await openShop(world, 9)
    await knows(store, 0)
    await knows(amazon, 4)
    await pushes(store)
    await sells(2)
    await reads(amazon, 2)
    await move('count', 12)
    await move('receipt', 3)
    expect(await oversells(sku)).toEqual([])
    expect(await stored()).toEqual(before)
  })

  test('a rise is told once, and again when it rises again', async () => {
    const { sku, amazon, store, knows, move } = await openShop(world, 6)
    await knows(store, 0)
    await knows(amazon, 6)
    for (const units of [5, 5, 6, 3]) await move('count', units)
    expect((await oversells(sku)).map((one) => one.uncovered)).toEqual([3, 1])
  })
})

describe('exposure', () => {
  test('each place with what it shows, may sell at worst, and why', async () => {
    const { sku, amazon, store, knows, sells, pushes } = await openShop(world, 10)
    await knows(store, 0)
    await knows(amazon, 3)
    await pushes(store)
    await sells(1)
    const one = await ask(`/variants/${sku}/exposure`)
    expect(one).toMatchObject({
      sku,
      mode: 'guarded',
      onHand: 10,
      reserved: 1,
      canSell: 9,
      places: 2,
      risk: 'covered',
      uncovered: 0,
      unknownClaims: 0,
      worstCase: 0,
      channelHeld: [],
    })
    expect(one.claimed + one.free).toBe(9)
    const place = (account: string) => one.placeList.find((each: { account: string }) => each.account === account)
    expect(place(amazon)).toMatchObject({
      confirmed: 2,
      claim: 2,
      claimUnits: 2,
      units: 1,
      isCounted: true,
      stage: 'live',
    })
    expect(place(amazon).perHour).toBeGreaterThan(0)
    const { confirmed } = place(store)
    expect(place(store)).toMatchObject({ claim: confirmed, reason: expect.any(String), perHour: null })
    expect(confirmed).toBeGreaterThan(0)
    expect(one).toMatchObject({ offered: 2 + confirmed, claimed: 2 + confirmed })
  })

  test('a place whose claim is not known makes nothing free, and one of a shadow account does not count', async () => {
    const { sku, amazon, store, knows, reads } = await openShop(world, 5)
    await knows(store, 0)
    await reads(amazon, 1)
    expect(await ask(`/variants/${sku}/exposure`)).toMatchObject({ risk: 'unknown', free: null, worstCase: null })
    const { ctx } = world
    await ctx.db.transaction(async (tx) => changeStage(tx, ctx, (await findAccount(tx, amazon))!, 'shadow'))
    const one = await ask(`/variants/${sku}/exposure`)
    expect(one).toMatchObject({ risk: 'covered', unknownClaims: 0 })
    expect(one.placeList.find((each: { account: string }) => each.account === amazon)).toMatchObject({
      isCounted: false,
      stage: 'shadow',
    })
  })

  test('what a slot may sell counts from the moment it is linked, and against what its kit is made of from then on', async () => {
    const { sku, store, amazon, knows, links } = await openShop(world, 8)
    expect(await ask(`/variants/${sku}/exposure`)).toMatchObject({ unknownClaims: 1, free: null })
    await knows(store, 3)
    await knows(amazon, 0)
    expect(await ask(`/variants/${sku}/exposure`)).toMatchObject({ unknownClaims: 0, claimed: 3, free: 5 })
    const part = `PART ${sku}`
    await post('/products', { title: part, variants: [{ sku: part }] })
    await post('/stock/movements', { sku: part, location: 'MAIN', kind: 'receipt', quantity: 10 })
    await post('/stock/movements', { sku, location: 'MAIN', kind: 'count', quantity: 0 })
    await post(`/variants/${sku}/components`, { components: [{ sku: part, quantity: 2 }] })
    expect(await ask(`/variants/${encodeURIComponent(part)}/exposure`)).toMatchObject({ claimed: 6, free: 4 })
    await links(store, part, part)
    expect(await ask(`/variants/${encodeURIComponent(part)}/exposure`)).toMatchObject({ unknownClaims: 1, free: null })
  })

  test('kits show the places of their parts, and parts the places of their kits', async () => {
    const { sku, amazon, store, knows, links } = await openShop(world, 8)
    await knows(store, 0)
    await knows(amazon, 2)
    const kit = `KIT ${sku}`
    await post('/products', { title: kit, variants: [{ sku: kit }] })
    await post(`/variants/${encodeURIComponent(kit)}/components`, { components: [{ sku, quantity: 3 }] })
    await links(store, kit, kit, 2)
    const part = await ask(`/variants/${sku}/exposure`)
    expect(part.placeList.find((each: { sku: string }) => each.sku === kit)).toMatchObject({ units: 6 })
    expect(part).toMatchObject({ places: 3, unreadPlaces: 1 })
    expect(await ask(`/variants/${encodeURIComponent(kit)}/exposure`)).toMatchObject({
      isKit: true,
      canSell: 2,
      places: 1,
      mode: 'guarded',
    })
  })

  test('the riskiest first, in pages that neither skip nor repeat; filters; a file', async () => {
    const { items, counts } = await ask('/exposure?limit=200')
    const rank = { short: 0, uncovered: 0, unknown: 1, exposed: 2, covered: 2, nowhere: 2 }
    const ranks = items.map((one: { risk: keyof typeof rank }) => rank[one.risk])
    expect(ranks).toEqual([...ranks].sort())
    expect(new Set(ranks).size).toBe(3)
    const rest = items.filter((one: { risk: keyof typeof rank }) => rank[one.risk] === 2)
    const ratios = rest.map((one: { offered: number | null; canSell: number }) =>
      one.offered === null ? -1 : one.canSell > 0 ? one.offered / one.canSell : one.offered > 0 ? Infinity : 0,
    )
    expect(ratios).toEqual([...ratios].sort((a, b) => b - a))
    const paged: unknown[] = []
    for (let cursor: string | null = ''; cursor !== null; ) {
      const page: { items: unknown[]; nextCursor: string | null } = await ask(`/exposure?limit=3&cursor=${cursor}`)
      paged.push(...page.items)
      cursor = page.nextCursor
    }
    expect(paged).toEqual(items)
    expect(counts.all).toBe(items.length)
    const uncovered = (await ask('/exposure?view=uncovered&limit=200')).items
    expect(uncovered).toHaveLength(counts.uncovered)
    expect(uncovered.every((one: { risk: string }) => one.risk === 'short' || one.risk === 'uncovered')).toBe(true)
    expect((await ask('/exposure?view=unknown&limit=200')).items.length).toBeGreaterThan(0)
    const shared = (await ask('/exposure?mode=shared')).items
    expect(shared.map((one: { mode: string }) => one.mode)).toEqual(['shared'])
    expect((await ask('/exposure?account=Store%201')).items.map((one: { sku: string }) => one.sku)).toEqual(['SKU-1'])
    expect((await ask('/exposure?q=sku-2')).items.map((one: { sku: string }) => one.sku)).toEqual(['SKU-2'])
    const file = await inject('GET', '/exports/exposure')
    expect(file.headers['content-type']).toMatch(/csv/)
    const lines = file.payload
      .replace(/^\uFEFF/, '')
      .trim()
      .split('\r\n')
    expect(lines).toHaveLength(items.length + 1)
    expect(lines[0]).toMatch(/^sku,title,mode,risk,canSell/)
    const [narrow] = [await inject('GET', '/exports/exposure?q=sku-2')]
    expect(narrow!.payload.trim().split('\r\n')).toHaveLength(2)
  })

  test('an unknown SKU and a cursor of another order are refused in words', async () => {
    for (const path of ['/variants/none/exposure', '/variants/none/oversells'])
      expect((await inject('GET', path)).statusCode).toBe(404)
    const { nextCursor } = await ask('/exposure?limit=1')
    expect((await inject('GET', `/exposure?sort=sku&cursor=${nextCursor}`)).json()).toMatchObject({
      code: 'bad_request',
    })
  })
})
