/** What remote SKUs stand for, from outside: views, suggestions, links, ignored ones, and catalogs made of listings. */
import { afterAll, beforeEach, expect, test } from 'vitest'
import { type OwnersApi, openOwnersApi } from '../../test/support/api.ts'
import { type Bazaar, bazaarChannel, createBazaar, knowBazaar, listingOf } from '../../test/support/bazaar.ts'
import { useDatabase } from '../../test/support/database.ts'
import { createWorld, type World, workFor } from '../../test/support/world.ts'
import type { IncomingOrder } from '../domain/orders.ts'
import { workOnCatalog } from '../operations/make-catalog.ts'
import { pullListings } from '../operations/pull-listings.ts'
import { pullOrders } from '../operations/pull-orders.ts'

const own = useDatabase()
const mugGtin = '4006381333931'
let world: World
let api: OwnersApi
let bazaar: Bazaar
let round = 0
let name = ''

beforeEach(async () => {
  await api?.close()
  round += 1
  world = createWorld(own.db, { seed: round })
  bazaar = createBazaar()
  knowBazaar(world.ctx, bazaar)
  api = await openOwnersApi(world)
  name = `Bazaar ${round}`
  await api.post('/accounts', { channel: bazaarChannel, name, stage: 'shadow', settings: {} })
})
afterAll(async () => await api.close())

/** SKUs are unique in the database that all tests share. */
const s = (sku: string) => `${sku} ${round}`
const addVariant = (sku: string, gtin?: string) =>
  api.post('/products', { title: sku, variants: [{ sku, ...(gtin ? { gtin } : {}) }] })

async function readAll(account = name): Promise<void> {
  await own.db.run('update leases set released = true')
  const work = await workFor(world.ctx, account, 'test', 3_600_000)
  await own.db.run('update cursors set next_at = $1', [world.clock.now()])
  while ((await pullListings(world.ctx, work)).more);
  while ((await pullOrders(world.ctx, work)).more);
}

const view = (which: string, account = name, more = '') =>
  api.ask(`/matching?view=${which}&account=${encodeURIComponent(account)}${more}`)
const skusIn = async (which: string) =>
  (await view(which)).items.map((one: { remoteSku: string }) => one.remoteSku) as string[]
const counts = () => api.ask(`/matching/counts?account=${encodeURIComponent(name)}`)
const item = async (remoteSku: string, which = 'unmatched') =>
  (await view(which)).items.find((one: { remoteSku: string }) => one.remoteSku === remoteSku)

const orderOf = (remoteId: string, remoteSku: string, quantity: number): IncomingOrder => ({
  remoteId,
  updatedAt: world.clock.now(),
  placedAt: world.clock.now(),
  state: 'open',
  fulfilledBy: 'merchant',
  marketplace: 'main',
  currency: 'USD',
  total: null,
  shipBy: null,
  deliverBy: null,
  lines: [{ remoteId: '1', remoteSku, title: remoteSku, quantity, shipped: 0, canceled: 0, unitPrice: null }],
  buyer: null,
  raw: {},
})

test('the same SKU links by itself; what a number speaks against waits for a person', async () => {
  await addVariant(s('MUG'))
  await addVariant(s('LAMP'), '5901234123457')
  bazaar.listings = [listingOf(s('MUG')), listingOf(s('LAMP'), { gtin: mugGtin }), listingOf(s('CAP'))]
  await readAll()
  expect(await skusIn('linked')).toEqual([s('MUG')])
  expect(await counts()).toEqual({ unmatched: 2, suggested: 1, ignored: 0, linked: 1 })
  expect(await item(s('LAMP'))).toMatchObject({
    verdict: 'open',
    gtin: `0${mugGtin}`,
    suggestions: [{ sku: s('LAMP'), reasons: ['sku'], hasOtherGtin: true }],
  })
  expect(await item(s('CAP'))).toMatchObject({ verdict: 'none', suggestions: [], title: `Title of ${s('CAP')}` })
  expect(await skusIn('suggested')).toEqual([s('LAMP')])
})

test('sure suggestions are accepted at once: a GTIN, and an id that is linked elsewhere, with its units', async () => {
  await addVariant(s('MUG'), mugGtin)
  await addVariant(s('TEA'))
  await addVariant(s('POT'))
  bazaar.listings = [
    listingOf(s('b-mug'), { gtin: mugGtin }),
    listingOf(s('tea')),
    listingOf(s('POT'), { remoteId: 'family', marketplace: 'a' }),
    listingOf(s('POT-2'), { remoteId: 'family', marketplace: 'a' }),
    listingOf(s('SIX'), { remoteId: 'B00SIX' }),
    listingOf(s('SIX-FBA'), { remoteId: 'B00SIX', fulfilledBy: 'channel', merchantQuantity: null }),
  ]
  await readAll()
  await api.post('/matching/link', { account: name, links: [{ remoteSku: s('SIX'), sku: s('TEA'), unitsPerSale: 6 }] })
  expect(await item(s('SIX-FBA'))).toMatchObject({
    verdict: 'sure',
    suggestions: [{ sku: s('TEA'), reasons: ['remote_id'], unitsPerSale: 6 }],
  })
  // It shares its id with one that is linked: a family, not a thing.
  expect(await item(s('POT-2'))).toMatchObject({ verdict: 'open', suggestions: [{ sku: s('POT') }] })
  expect(await item(s('tea'))).toMatchObject({ verdict: 'open', suggestions: [{ reasons: ['similar_sku'] }] })

  expect(await api.post('/matching/accept', { account: name })).toEqual({ checked: 4, linked: 2, next: null })
  expect((await skusIn('unmatched')).sort()).toEqual([s('POT-2'), s('tea')].sort())
  expect(await item(s('SIX-FBA'), 'linked')).toMatchObject({ linked: { sku: s('TEA'), unitsPerSale: 6 } })
  expect(await item(s('b-mug'), 'linked')).toMatchObject({ linked: { sku: s('MUG'), unitsPerSale: 1 } })
  // Nothing is left to accept.
  expect(await api.post('/matching/accept', { account: name })).toEqual({ checked: 2, linked: 0, next: null })
})

test('what orders wait for comes first, with or without a listing, and ends with the link', async () => {
  await addVariant(s('MUG'))
  bazaar.listings = [listingOf(s('aaa')), listingOf(s('zzz'))]
  bazaar.orders = [orderOf('1', s('zzz'), 2), orderOf('2', s('ghost'), 1), orderOf('3', s('zzz'), 3)]
  await readAll()
  const { items } = await view('unmatched')
  expect(items.map((one: { remoteSku: string }) => one.remoteSku)).toEqual([s('zzz'), s('ghost'), s('aaa')])
  expect(items[0].waiting).toEqual({ orders: 2, units: 5 })
  expect(items[1]).toMatchObject({ title: null, waiting: { orders: 1, units: 1 }, marketplaces: [] })
  const link = (remoteSku: string) => ({ remoteSku, sku: s('MUG') })
  expect(await api.post('/matching/link', { account: name, links: [link(s('zzz')), link(s('ghost'))] })).toEqual({
    outcomes: ['changed', 'new'],
  })
  const level = await own.db.one(
    'select short, reserved from pool_levels p join variants v on v.id = p.variant_id where v.sku = $1',
    [s('MUG')],
  )
  expect(level).toEqual({ short: 6, reserved: 0 })
  expect(await skusIn('unmatched')).toEqual([s('aaa')])
  // Pages by cursor lose nothing and repeat nothing.
  bazaar.listings = Array.from({ length: 30 }, (_, n) => listingOf(s(`many-${String(n).padStart(2, '0')}`)))
  await readAll()
  const seen: string[] = []
  for (let cursor: string | null = ''; cursor !== null; ) {
    const page: { items: { remoteSku: string }[]; nextCursor: string | null } = await view(
      'unmatched',
      name,
      `&limit=7${cursor && `&cursor=${cursor}`}`,
    )
    seen.push(...page.items.map((one) => one.remoteSku))
    cursor = page.nextCursor
  }
  expect(seen).toEqual([s('aaa'), ...bazaar.listings.map((one) => one.remoteSku)])
})

test('what is set aside stays so, whatever is read or made later, until a person takes it back', async () => {
  bazaar.listings = [listingOf(s('GIFT')), listingOf(s('MUG'))]
  await readAll()
  const open = () =>
    own.db.rows(
      `select data from findings where code = 'listings_unlinked' and resolved_at is null and subject like 'account:%' and data->>'account' = $1`,
      [name],
    )
  expect(await open()).toEqual([{ data: { account: name, count: 2 } }])
  expect(await api.post('/matching/ignore', { account: name, remoteSkus: [s('GIFT')], ignored: true })).toEqual({
    changed: 1,
  })
  expect(await open()).toEqual([{ data: { account: name, count: 1 } }])
  await addVariant(s('GIFT'))
  await addVariant(s('MUG'))
  await readAll()
  expect(await counts()).toEqual({ unmatched: 0, suggested: 0, ignored: 1, linked: 1 })
  expect(await open()).toEqual([])
  expect(await api.post('/matching/accept', { account: name })).toMatchObject({ checked: 0 })
  await api.post('/matching/ignore', { account: name, remoteSkus: [s('GIFT')], ignored: false })
  await readAll()
  expect(await skusIn('linked')).toEqual([s('GIFT'), s('MUG')])
})

test('a link is taken back where nothing happened through it, and does not come back by itself', async () => {
  await addVariant(s('MUG'))
  await addVariant(s('CUP'))
  bazaar.listings = [listingOf(s('MUG')), listingOf(s('CUP'))]
  bazaar.orders = [orderOf('1', s('CUP'), 1)]
  await readAll()
  expect(await api.post('/matching/unlink', { account: name, remoteSku: s('MUG') })).toEqual({ remoteSku: s('MUG') })
  await readAll()
  expect(await api.post('/matching/accept', { account: name })).toMatchObject({ linked: 0 })
  expect(await item(s('MUG'))).toMatchObject({
    decision: 'unlinked',
    verdict: 'automatic',
    suggestions: [{ sku: s('MUG') }],
  })
  const slot = await own.db.one('select variant_id, wish, claim, dirty from stock_slots where remote_sku = $1', [
    s('MUG'),
  ])
  expect(slot).toEqual({ variant_id: null, wish: null, claim: null, dirty: false })
  // Their own link ends that.
  await api.post('/matching/link', { account: name, links: [{ remoteSku: s('MUG'), sku: s('CUP') }] })
  expect(await item(s('MUG'), 'linked')).toMatchObject({ decision: null, linked: { sku: s('CUP') } })

  const sold = await api.inject('POST', '/matching/unlink', { account: name, remoteSku: s('CUP') }, 'zh')
  expect([sold.statusCode, sold.json().code]).toEqual([409, 'link_has_orders'])
  // What was written may still sell.
  await own.db.run('update stock_slots set version = 1, claim = 3 where remote_sku = $1', [s('MUG')])
  const written = await api.inject('POST', '/matching/unlink', { account: name, remoteSku: s('MUG') })
  expect([written.statusCode, written.json().code]).toEqual([409, 'link_was_written'])
  await own.db.run('update stock_slots set claim = 0 where remote_sku = $1', [s('MUG')])
  await api.post('/matching/unlink', { account: name, remoteSku: s('MUG') })
})

test('a listing on another marketplace follows the link that its SKU has', async () => {
  await addVariant(s('OURS'))
  bazaar.listings = [listingOf(s('theirs'), { marketplace: 'a' })]
  await readAll()
  await api.post('/matching/link', {
    account: name,
    links: [{ remoteSku: s('theirs'), sku: s('OURS'), unitsPerSale: 3 }],
  })
  bazaar.listings.push(listingOf(s('theirs'), { marketplace: 'b' }))
  await readAll()
  expect(await counts()).toMatchObject({ unmatched: 0, linked: 1 })
  expect(
    await own.db.rows('select units_per_sale as units from listings where remote_sku = $1', [s('theirs')]),
  ).toEqual([{ units: 3 }, { units: 3 }])
})

test('variants are made of listings, as the channel describes them, and linked at once', async () => {
  await addVariant(s('TAKEN'), '5901234123457')
  bazaar.listings = [
    listingOf(s('S'), {
      product: { remoteId: 'shirt', title: s('Shirt') },
      options: [{ name: 'Size', value: 'S' }],
      imageUrl: 'https://img.example/s.png',
    }),
    listingOf(s('M'), { product: { remoteId: 'shirt', title: s('Shirt') }, options: [{ name: 'Size', value: 'M' }] }),
    listingOf(s('X')),
    listingOf(s('Y')),
  ]
  bazaar.orders = [orderOf('1', s('M'), 1)]
  await readAll()
  const asked = {
    account: name,
    items: [
      { remoteSku: s('S') },
      { remoteSku: s('M'), title: 'Medium' },
      { remoteSku: s('X'), sku: s('TAKEN') },
      { remoteSku: s('Y'), gtin: '5901234123457' },
      { remoteSku: s('none') },
    ],
  }
  expect(await api.post('/matching/variants', asked)).toEqual({
    outcomes: ['created', 'created', 'sku_taken', 'gtin_taken', 'not_open'],
  })
  const made = await own.db.rows(
    'select p.title as product, v.sku, v.title, v.options, v.image_url as image, l.short from variants v join products p on p.id = v.product_id join pool_levels l on l.variant_id = v.id where p.title = $1 order by v.title',
    [s('Shirt')],
  )
  expect(made).toEqual([
    {
      product: s('Shirt'),
      sku: s('M'),
      title: 'Medium',
      options: [{ name: 'Size', value: 'M' }],
      image: null,
      short: 1,
    },
    {
      product: s('Shirt'),
      sku: s('S'),
      title: `Title of ${s('S')}`,
      options: [{ name: 'Size', value: 'S' }],
      image: 'https://img.example/s.png',
      short: 0,
    },
  ])
  expect((await skusIn('linked')).sort()).toEqual([s('M'), s('S')].sort())
})

test('a catalog is previewed, made page by page, goes on after a crash, and is made once', async () => {
  const { items } = await api.ask('/accounts')
  const { id } = items.find((one: { name: string }) => one.name === name)
  const path = `/accounts/${id}/catalog`
  await addVariant(s('known'), '73513537')
  await addVariant(s('Odd 1'))
  bazaar.listings = [
    ...Array.from({ length: 450 }, (_, n) =>
      listingOf(s(`v${String(n).padStart(3, '0')}`), {
        product: { remoteId: `p${Math.floor(n / 3)}`, title: s(`Product ${Math.floor(n / 3)}`) },
      }),
    ),
    listingOf(s('by-number'), { gtin: '73513537' }),
    listingOf(s('odd1')),
    listingOf(s('twin'), { gtin: '96385074' }),
    listingOf(s('twin-by-channel'), { gtin: '96385074', fulfilledBy: 'channel', merchantQuantity: null }),
  ]
  bazaar.orders = [orderOf('1', s('ghost'), 1)]
  await readAll()
  expect(await api.ask(`${path}/run`)).toEqual({ run: null })
  const preview = await api.ask(path)
  expect(preview).toMatchObject({
    total: 455,
    products: 151,
    variants: 451,
    exists: 2,
    open: { ambiguous: 1, undone: 0, unknown: 1, too_long: 0 },
  })
  expect(preview.sample.filter((one: { kind: string }) => one.kind === 'create')).toHaveLength(20)
  expect((await counts()).linked).toBe(0)

  expect((await api.post(`${path}/run`, {})).run).toMatchObject({ state: 'running', total: 455, done: 0 })
  // Asked twice it is still one run.
  await api.post(`${path}/run`, {})
  await workOnCatalog(world.ctx)
  expect((await api.ask(`${path}/run`)).run).toMatchObject({ state: 'running', done: 200 })
  // The process ends in the middle of the next page: nothing of it is there.
  const before = await counts()
  const dying = {
    ...world.ctx,
    db: {
      ...own.db,
      transaction: <T>(work: Parameters<typeof own.db.transaction<T>>[0]) =>
        own.db.transaction(async (tx) => {
          await work(tx)
          throw new Error('killed')
        }),
    },
  }
  await expect(workOnCatalog(dying as typeof world.ctx)).rejects.toThrow('killed')
  expect(await counts()).toEqual(before)
  while (await workOnCatalog(world.ctx));
  const { run } = await api.ask(`${path}/run`)
  expect(run).toMatchObject({ state: 'done', done: 455, products: 151, variants: 451, linked: 2, leftOpen: 2 })
  const product = await own.db.rows(
    'select count(*) as variants from variants v join products p on p.id = v.product_id where p.title = $1',
    [s('Product 7')],
  )
  expect(product).toEqual([{ variants: 3 }])
  expect((await skusIn('unmatched')).sort()).toEqual([s('ghost'), s('odd1')].sort())

  // Again, with one more variant of a product that is there: only that is made.
  bazaar.listings.push(listingOf(s('v999'), { product: { remoteId: 'p7', title: s('Product 7') } }))
  await readAll()
  expect(await api.ask(path)).toMatchObject({ total: 3, products: 0, variants: 1 })
  await api.post(`${path}/run`, {})
  while (await workOnCatalog(world.ctx));
  expect((await api.ask(`${path}/run`)).run).toMatchObject({
    state: 'done',
    products: 0,
    variants: 1,
    linked: 0,
    leftOpen: 2,
  })
  expect(
    await own.db.rows(
      'select count(*) as variants from variants v join products p on p.id = v.product_id where p.title = $1',
      [s('Product 7')],
    ),
  ).toEqual([{ variants: 4 }])
})
