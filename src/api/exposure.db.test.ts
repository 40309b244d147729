/** Exposure from outside: what may be sold where against what is there. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type OwnersApi, openOwnersApi } from '../../test/support/api.ts'
import { useDatabase } from '../../test/support/database.ts'
import { openShop, storeOrigin, takingStore } from '../../test/support/oversold-shop.ts'
import { createWorld, type World, workFor } from '../../test/support/world.ts'
import { findAccount } from '../database/accounts.ts'
import { ensureJournalDays } from '../database/journal.ts'
import { changeStage } from '../operations/change-stage.ts'
import { pullListings } from '../operations/pull-listings.ts'

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

test('each place with what it shows, may sell at worst, and why', async () => {
  const { sku, amazon, store, knows, sells, pushes } = await openShop(world, 10)
  await knows(store, 0)
  await knows(amazon, 3)
  await pushes(store)
  await sells(1)
  const one = await api.ask(`/variants/${sku}/exposure`)
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
  expect(await api.ask(`/variants/${sku}/exposure`)).toMatchObject({ risk: 'unknown', free: null, worstCase: null })
  const { ctx } = world
  await ctx.db.transaction(async (tx) => changeStage(tx, ctx, (await findAccount(tx, amazon))!, 'shadow'))
  const one = await api.ask(`/variants/${sku}/exposure`)
  expect(one).toMatchObject({ risk: 'covered', unknownClaims: 0 })
  expect(one.placeList.find((each: { account: string }) => each.account === amazon)).toMatchObject({
    isCounted: false,
    stage: 'shadow',
  })
})

test('what a slot may sell counts from the moment it is linked, and against what its kit is made of from then on', async () => {
  const { sku, store, amazon, knows, links } = await openShop(world, 8)
  expect(await api.ask(`/variants/${sku}/exposure`)).toMatchObject({ unknownClaims: 1, free: null })
  await knows(store, 3)
  await knows(amazon, 0)
  expect(await api.ask(`/variants/${sku}/exposure`)).toMatchObject({ unknownClaims: 0, claimed: 3, free: 5 })
  const part = `PART ${sku}`
  await api.post('/products', { title: part, variants: [{ sku: part }] })
  await api.post('/stock/movements', { sku: part, location: 'MAIN', kind: 'receipt', quantity: 10 })
  await api.post('/stock/movements', { sku, location: 'MAIN', kind: 'count', quantity: 0 })
  await api.post(`/variants/${sku}/components`, { components: [{ sku: part, quantity: 2 }] })
  expect(await api.ask(`/variants/${encodeURIComponent(part)}/exposure`)).toMatchObject({ claimed: 6, free: 4 })
  await links(store, part, part)
  expect(await api.ask(`/variants/${encodeURIComponent(part)}/exposure`)).toMatchObject({
    unknownClaims: 1,
    free: null,
  })
})

test('a listing that a pull brings counts at once as not known', async () => {
  const { sku, store, amazon, knows } = await openShop(world, 5)
  await knows(store, 0)
  const listing = (remoteSku: string) => ({
    marketplace: 'ATVPDKIKX0DER',
    remoteSku,
    remoteId: null,
    title: sku,
    fulfilledBy: 'merchant' as const,
    merchantQuantity: 3,
    buyable: true,
    price: null,
  })
  const { ctx } = world
  const real = ctx.registry.get('amazon')!
  const told = {
    ...real,
    listings: { everyMs: 1, pull: async () => ({ items: [listing(sku)], next: null, more: false }) },
  }
  const work = await workFor(ctx, amazon)
  await pullListings(ctx, { ...work, connector: told })
  expect(await api.ask(`/variants/${sku}/exposure`)).toMatchObject({ unknownClaims: 1, risk: 'unknown', free: null })
})

test('kits show the places of their parts, and parts the places of their kits', async () => {
  const { sku, amazon, store, knows, links } = await openShop(world, 8)
  await knows(store, 0)
  await knows(amazon, 2)
  const kit = `KIT ${sku}`
  await api.post('/products', { title: kit, variants: [{ sku: kit }] })
  await api.post(`/variants/${encodeURIComponent(kit)}/components`, { components: [{ sku, quantity: 3 }] })
  await links(store, kit, kit, 2)
  const part = await api.ask(`/variants/${sku}/exposure`)
  expect(part.placeList.find((each: { sku: string }) => each.sku === kit)).toMatchObject({ units: 6 })
  expect(part).toMatchObject({ places: 3, unreadPlaces: 1 })
  expect(await api.ask(`/variants/${encodeURIComponent(kit)}/exposure`)).toMatchObject({
    isKit: true,
    canSell: 2,
    places: 1,
    mode: 'guarded',
  })
})

test('the riskiest first, in pages that neither skip nor repeat; filters; a file', async () => {
  const over = await openShop(world, 5)
  await over.knows(over.store, 0)
  await over.knows(over.amazon, 9)
  const open = await openShop(world, 5)
  await api.post(`/variants/${open.sku}/mode`, { mode: 'shared' })
  const { items, counts } = await api.ask('/exposure?limit=200')
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
    const page: { items: unknown[]; nextCursor: string | null } = await api.ask(`/exposure?limit=3&cursor=${cursor}`)
    paged.push(...page.items)
    cursor = page.nextCursor
  }
  expect(paged).toEqual(items)
  expect(counts.all).toBe(items.length)
  const uncovered = (await api.ask('/exposure?view=uncovered&limit=200')).items
  expect(uncovered).toHaveLength(counts.uncovered)
  expect(uncovered.every((one: { risk: string }) => one.risk === 'short' || one.risk === 'uncovered')).toBe(true)
  expect((await api.ask('/exposure?view=unknown&limit=200')).items.length).toBeGreaterThan(0)
  const shared = (await api.ask('/exposure?mode=shared')).items
  expect(shared.map((one: { mode: string }) => one.mode)).toEqual(['shared'])
  expect((await api.ask('/exposure?account=Store%201')).items.map((one: { sku: string }) => one.sku)).toEqual(['SKU-1'])
  expect((await api.ask('/exposure?q=sku-2')).items.map((one: { sku: string }) => one.sku)).toEqual(['SKU-2'])
  const file = await api.inject('GET', '/exports/exposure')
  expect(file.headers['content-type']).toMatch(/csv/)
  const lines = file.payload
    .replace(/^\uFEFF/, '')
    .trim()
    .split('\r\n')
  expect(lines).toHaveLength(items.length + 1)
  expect(lines[0]).toMatch(/^sku,title,mode,risk,canSell/)
  const [narrow] = [await api.inject('GET', '/exports/exposure?q=sku-2')]
  expect(narrow!.payload.trim().split('\r\n')).toHaveLength(2)
})

test('an unknown SKU and a cursor of another order are refused in words', async () => {
  for (const path of ['/variants/none/exposure', '/variants/none/oversells'])
    expect((await api.inject('GET', path)).statusCode).toBe(404)
  const { nextCursor } = await api.ask('/exposure?limit=1')
  expect((await api.inject('GET', `/exposure?sort=sku&cursor=${nextCursor}`)).json()).toMatchObject({
    code: 'bad_request',
  })
})
