/** The chain of events behind an oversell, for each cause that can be brought about. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type OwnersApi, openOwnersApi } from '../../test/support/api.ts'
import { useDatabase } from '../../test/support/database.ts'
import { minute, openShop, storeOrigin, takingStore } from '../../test/support/oversold-shop.ts'
import { createWorld, type World } from '../../test/support/world.ts'
import { findAccount } from '../database/accounts.ts'
import { ensureJournalDays } from '../database/journal.ts'
import { callsOf } from '../database/views/oversells.ts'

const database = useDatabase()
let world: World
let api: OwnersApi
beforeAll(async () => {
  world = createWorld(database.db, { fetch: takingStore, allowedOrigins: [storeOrigin] })
  await ensureJournalDays(world.ctx.db, world.clock.now(), 2)
  api = await openOwnersApi(world)
  await api.post('/locations', { code: 'MAIN', name: 'Main' })
})
afterAll(() => api?.close())

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
  (await api.ask(`/variants/${sku}/oversells`, language)).items
const causeOf = (one: Told) => one.links.find((link) => link.isCause)
const stored = async () =>
  await database.db.one(
    'select (select count(*) from oversells) as rises, (select count(*) from slot_events) as misfits',
  )

test('a recount: what was counted is the cause, and the write before it stands there with its call', async () => {
  const { sku, store, knows, pushes, move, amazon } = await openShop(world, 10)
  await knows(amazon, 0)
  await knows(store, 0)
  expect(await pushes(store)).toBe(1)
  world.clock.advance(minute)
  const { claimed } = await api.ask(`/variants/${sku}/exposure`)
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
  expect(one!.links.map((link) => link.step)).toEqual(['received', 'sent-expecting', 'applied', 'lowered', 'uncovered'])
  expect(await api.ask(`/variants/${sku}/exposure`)).toMatchObject({
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

test('the call of a write is the one of its own SKU, not of one that begins alike', async () => {
  const { ctx, clock } = world
  const { id: accountId } = (await findAccount(ctx.db, 'Amazon 1'))!
  const since = clock.now()
  for (const [n, name] of ['A B-2.x', 'X-A B', 'A B', 'A B'].entries())
    ctx.journal.forAccount(accountId).record({
      operation: 'patchListingsItem',
      method: n === 3 ? 'GET' : 'PATCH',
      url: `https://amazon.example/listings/items/SELLER/${encodeURIComponent(name)}?marketplaceIds=A`,
      request: null,
      status: 200 + n,
      response: null,
      requestId: null,
      error: null,
      startedAt: new Date(since.getTime() + n),
      durationMs: 3,
    })
  await ctx.journal.flush()
  const until = new Date(since.getTime() + minute)
  const asked = { key: 'w', accountId, remoteSku: 'A B', isWrite: true, since, until }
  expect((await callsOf(ctx.db, [asked])).get('w')).toMatchObject({ status: 202 })
  expect((await callsOf(ctx.db, [{ ...asked, remoteSku: 'A B-2.x' }])).get('w')).toMatchObject({ status: 200 })
  for (const remoteSku of ['B', 'A.B', 'A B-2', '.*'])
    expect((await callsOf(ctx.db, [{ ...asked, remoteSku }])).size, remoteSku).toBe(0)
  expect((await callsOf(ctx.db, [{ ...asked, until: since }])).size).toBe(0)
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

test('another writer: one higher reading proves nothing, more sold than could be does', async () => {
  const { sku, amazon, store, knows, reads, sells } = await openShop(world, 3)
  await knows(store, 0)
  await knows(amazon, 3)
  await reads(amazon, 8)
  world.clock.advance(5 * minute)
  await sells(5)
  const [one] = await oversells(sku)
  expect(one).toMatchObject({ cause: 'other-writer', short: 2 })
  expect(causeOf(one!)).toMatchObject({
    step: 'beyond',
    text: `More was sold on ${amazon} ${sku} than it could have shown, by 2`,
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
  await api.post(`/variants/${sku}/mode`, { mode: 'shared' })
  expect(await pushes(store)).toBe(1)
  await api.post('/reservations', { account: store, reference: sku, lines: [{ sku, quantity: 2 }] })
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
  await api.post('/reservations', { account: store, reference: sku, lines: [{ sku, quantity: 2 }] })
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
  const { free } = await api.ask(`/variants/${sku}/exposure`)
  const line = { remoteId: '1', sku, title: 'Goods', quantity: free + 1, unitPrice: 100 }
  await api.post('/orders', {
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
