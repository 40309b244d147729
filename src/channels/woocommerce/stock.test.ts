/** Variations, what keeps no count, numbers below 0, renamed SKUs, batches with errors in a 200, and how calls are signed. */
import { expect, test } from 'vitest'
import { minute, wooBench, wooSecrets } from '../../../test/support/woocommerce.ts'
import type { WireResponse } from '../../http/client.ts'
import { readError } from './errors.ts'
import { woocommerce } from './index.ts'

const { push, read } = woocommerce.stock!
const line = (remoteSku: string, quantity: number) => ({
  key: remoteSku,
  remoteSku,
  quantity,
  version: 1,
  expected: null,
})
const kinds = (outcomes: Awaited<ReturnType<typeof push>>) =>
  outcomes.map((one) => (one.kind === 'failed' ? `${one.error.kind} ${one.error.code}` : one.kind))

async function listed(bench: ReturnType<typeof wooBench>) {
  const account = bench.account()
  const items = []
  let cursor: unknown = null
  for (;;) {
    const page = await woocommerce.listings!.pull(account, cursor)
    items.push(...page.items)
    if (!page.more) return items
    cursor = JSON.parse(JSON.stringify(page.next))
  }
}

const shirts = {
  MUG: { quantity: 5 },
  'SHIRT-S': { quantity: 3, of: 'Shirt' },
  'SHIRT-M': { quantity: 4, of: 'Shirt' },
  'CAP-1': { quantity: 2, of: 'Cap' },
}

test('variations are listings of their product, and are written by it', async () => {
  const bench = wooBench(shirts)
  const items = await listed(bench)
  expect(items.map(({ remoteSku }) => remoteSku).sort()).toEqual(['CAP-1', 'MUG', 'SHIRT-M', 'SHIRT-S'])
  expect(items.find(({ remoteSku }) => remoteSku === 'SHIRT-M')).toMatchObject({
    merchantQuantity: 4,
    product: { title: 'Shirt' },
    options: [{ name: 'Kind' }],
    price: { currency: 'USD' },
  })
  const outcomes = await push(bench.account(), [
    line('MUG', 7),
    line('SHIRT-S', 0),
    line('SHIRT-M', 9),
    line('CAP-1', 1),
  ])
  expect(kinds(outcomes)).toEqual(['applied', 'applied', 'applied', 'applied'])
  expect((await bench.store()).shown).toEqual({ MUG: 7, 'SHIRT-S': 0, 'SHIRT-M': 9, 'CAP-1': 1 })
  const writes = bench.traffic.filter(({ method }) => method === 'POST').map(({ url }) => url.pathname)
  expect(writes).toHaveLength(3)
})

test('what keeps no count of its own is refused and not switched on', async () => {
  const bench = wooBench(shirts)
  await bench.control('/woocommerce/items', { sku: 'SHIRT-S', manageStock: 'parent' })
  await bench.control('/woocommerce/items', { sku: 'MUG', manageStock: false })
  const outcomes = await push(bench.account(), [line('MUG', 7), line('SHIRT-S', 2), line('SHIRT-M', 2)])
  expect(kinds(outcomes)).toEqual(['rejected not_stocked', 'rejected stock_on_parent', 'applied'])
  expect(await read(bench.account(), ['MUG', 'SHIRT-S'])).toEqual([
    { remoteSku: 'MUG', quantity: null },
    { remoteSku: 'SHIRT-S', quantity: null },
  ])
  const items = await listed(bench)
  expect(items.find(({ remoteSku }) => remoteSku === 'SHIRT-S')?.merchantQuantity).toBeNull()
  // It was switched off after its ids were learned: the answer says so.
  const account = bench.account()
  await push(account, [line('SHIRT-M', 3)])
  await bench.control('/woocommerce/items', { sku: 'SHIRT-M', manageStock: false })
  expect(kinds(await push(account, [line('SHIRT-M', 8)]))).toEqual(['rejected not_stocked'])
})

test('a number below 0 counts as 0, and can be written over', async () => {
  const bench = wooBench(shirts)
  await bench.control('/woocommerce/items', { sku: 'MUG', stock: -3 })
  expect(await read(bench.account(), ['MUG'])).toEqual([{ remoteSku: 'MUG', quantity: 0, belowZero: -3 }])
  expect((await listed(bench)).find(({ remoteSku }) => remoteSku === 'MUG')?.merchantQuantity).toBe(0)
  expect(kinds(await push(bench.account(), [line('MUG', 2)]))).toEqual(['applied'])
  expect((await bench.store()).stock.MUG).toBe(2)
})

test('what expects a number is looked at right before it is set, and left alone where it is another', async () => {
  const bench = wooBench(shirts)
  const account = bench.account()
  const from = (remoteSku: string, expected: number | null, quantity: number) => ({
    ...line(remoteSku, quantity),
    expected,
  })
  await push(account, [line('MUG', 5), line('SHIRT-S', 3), line('SHIRT-M', 4), line('CAP-1', 2)])
  await bench.control('/woocommerce/items', { sku: 'MUG', stock: -3 })
  await bench.control('/woocommerce/items', { sku: 'SHIRT-S', stock: 8 })
  const passed = bench.traffic.length
  const outcomes = await push(account, [
    from('MUG', 0, 7),
    from('SHIRT-S', 3, 1),
    from('SHIRT-M', 4, 2),
    from('CAP-1', null, 6),
  ])
  expect(outcomes).toMatchObject([
    { kind: 'applied', replaced: -3 },
    { kind: 'mismatch', shown: 8 },
    { kind: 'applied', replaced: 4 },
    { kind: 'applied' },
  ])
  expect(outcomes[3]).not.toHaveProperty('replaced')
  expect((await bench.store()).stock).toMatchObject({ MUG: 7, 'SHIRT-S': 8, 'SHIRT-M': 2, 'CAP-1': 6 })
  // A look and its write, by product; what expects nothing is not looked at.
  expect(bench.traffic.slice(passed).map(({ method }) => method)).toEqual(['GET', 'POST', 'GET', 'POST', 'POST'])
})

test('a look that fails has changed nothing; a write that may have arrived says what it would have replaced', async () => {
  const bench = wooBench(shirts)
  const account = bench.account()
  const expecting = { ...line('MUG', 7), expected: 5 }
  await push(account, [line('MUG', 5)])
  const fault = (operation: string, kind: string) =>
    bench.control('/faults', { channel: 'woocommerce', operation, kind, count: 1 })
  await fault('listProducts', 'drop')
  const [failed] = await push(account, [expecting])
  expect(failed).toMatchObject({ kind: 'failed', error: { kind: 'unavailable', mayHaveApplied: false } })
  await fault('batchProducts', 'timeout-after-apply')
  const [lost] = await push(account, [expecting])
  expect(lost).toMatchObject({ kind: 'failed', error: { mayHaveApplied: true }, replaced: 5 })
  await bench.control('/woocommerce/items', { sku: 'MUG', manageStock: false })
  expect(kinds(await push(account, [expecting]))).toEqual(['rejected not_stocked'])
})

test('counted, and the number did not come: neither 0 nor gone', async () => {
  const bench = wooBench(shirts)
  const plain = bench.account()
  const account = {
    ...plain,
    http: async (request: Parameters<typeof plain.http>[0]) => {
      const answer = await plain.http(request)
      for (const one of [answer.json].flat() as Record<string, unknown>[]) one.stock_quantity = null
      return answer
    },
  }
  expect(await read(account, ['MUG'])).toEqual([{ remoteSku: 'MUG', quantity: null, isUntold: true }])
  expect((await woocommerce.listings!.pull(account, null)).items[0]).toMatchObject({
    merchantQuantity: null,
    isUntold: true,
  })
  expect((await woocommerce.storeStock!.pull(account, null)).items).toEqual([])
})

test('a SKU that moved to another product is noticed, and looked up anew', async () => {
  const bench = wooBench(shirts)
  const account = bench.account()
  await push(account, [line('MUG', 4)])
  await bench.control('/woocommerce/items', { sku: 'MUG', newSku: 'CUP' })
  expect(kinds(await push(account, [line('MUG', 6)]))).toEqual(['conflict sku_moved'])
  expect(kinds(await push(account, [line('MUG', 6)]))).toEqual(['missing unknown_sku'])
})

test('two hundred lines go in batches of a hundred', async () => {
  const many = Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`SKU-${index}`, { quantity: 1 }]))
  const bench = wooBench(many)
  const lines = Object.keys(many).map((sku) => line(sku, 2))
  expect(new Set(kinds(await push(bench.account(), lines)))).toEqual(new Set(['applied']))
  const sizes = bench.traffic.flatMap(({ body }) => (body as { update?: [] } | undefined)?.update?.length ?? [])
  expect(sizes).toEqual([100, 100])
})

test('by https the key is a password; by http it never is, and nothing of it stands in the journal', async () => {
  const bench = wooBench({ MUG: { quantity: 1 } })
  await read(bench.account(), ['MUG'])
  expect(bench.traffic[0]!.headers.get('authorization')).toMatch(/^Basic /)
  expect(bench.traffic[0]!.url.search).not.toContain('oauth')
  const signed = bench.account({ signed: true })
  expect(await read(signed, ['MUG'])).toEqual([{ remoteSku: 'MUG', quantity: 1 }])
  const plain = bench.account({ url: 'http://store.test/woocommerce', sameNetwork: true })
  expect(await read(plain, ['MUG'])).toEqual([{ remoteSku: 'MUG', quantity: 1 }])
  const { consumerKey, consumerSecret } = wooSecrets()
  for (const { url, headers } of bench.traffic.slice(1)) {
    expect(headers.get('authorization')).toBeNull()
    expect(url.search).toContain('oauth_signature=')
    expect(url.search).not.toContain(consumerSecret)
  }
  expect(JSON.stringify([signed.journal, plain.journal])).not.toContain(consumerKey)
})

test('plain http outside of the own network is refused when it is entered', () => {
  const { settings } = woocommerce
  expect(settings.safeParse({ url: 'http://store.example' }).success).toBe(false)
  expect(settings.safeParse({ url: 'http://store.example', sameNetwork: true }).success).toBe(true)
  expect(settings.safeParse({ url: 'https://user:word@store.example' }).success).toBe(false)
  const identity = woocommerce.identityOf!
  expect(identity({ url: 'https://www.Store.example/' })).toBe(identity({ url: 'https://store.example' }))
})

test('a clock that is off is refused by the signature, and told as the sign-in’s trouble', async () => {
  const bench = wooBench({ MUG: { quantity: 1 } })
  const account = bench.account({ signed: true })
  const late = { ...account, now: () => new Date(account.now().getTime() - 20 * minute) }
  await expect(read(late, ['MUG'])).rejects.toMatchObject({ kind: 'auth' })
  const check = woocommerce.checks!.find(({ id }) => id === 'token')!
  expect(await check.run(late)).toEqual({ ok: false, code: 'signature_refused' })
})

test('one product that cannot be read holds up none of those that were asked for with it', async () => {
  const bench = wooBench(shirts)
  const plain = bench.account()
  const account = {
    ...plain,
    http: async (request: Parameters<typeof plain.http>[0]) => {
      const answer = await plain.http(request)
      // A plugin counts in parts of a unit.
      for (const one of [answer.json].flat() as Record<string, unknown>[])
        if (one.sku === 'CAP-1') one.stock_quantity = 1.5
      return answer
    },
  }
  const outcomes = await push(account, [line('MUG', 0), line('CAP-1', 0), line('SHIRT-M', 0)])
  expect(kinds(outcomes)).toEqual(['applied', 'unavailable unreadable', 'applied'])
  expect(outcomes[1]).toMatchObject({ error: { mayHaveApplied: false } })
  expect(await read(account, ['MUG', 'CAP-1'])).toEqual([
    { remoteSku: 'MUG', quantity: 0 },
    { remoteSku: 'CAP-1', quantity: null, isUntold: true },
  ])
})

/** The pages of the catalog, each to the account whose turn it is. */
async function walkCatalog(...accounts: ReturnType<ReturnType<typeof wooBench>['account']>[]) {
  for (let cursor: unknown = null, turn = 0; ; turn += 1) {
    const { more, next } = await woocommerce.listings!.pull(accounts[Math.min(turn, accounts.length - 1)]!, cursor)
    cursor = next
    if (!more) return
  }
}

test('two things of one SKU are written by nobody, though the list of products was read before', async () => {
  const bench = wooBench(shirts)
  const account = bench.account()
  await walkCatalog(account)
  await bench.control('/woocommerce/items', { sku: 'SHIRT-S', newSku: 'MUG' })
  await walkCatalog(account)
  expect(kinds(await push(account, [line('MUG', 5)]))).toEqual(['rejected sku_not_unique'])
  expect((await bench.store()).stock).toMatchObject({ MUG: 3 })
})

test('what a whole list of products told is written without a lookup; of half a list nothing is learned', async () => {
  const bench = wooBench(shirts)
  const account = bench.account()
  const methodsOf = async (lines: ReturnType<typeof line>[]) => {
    const passed = bench.traffic.length
    expect(new Set(kinds(await push(account, lines)))).toEqual(new Set(['applied']))
    return bench.traffic.slice(passed).map(({ method }) => method)
  }
  await walkCatalog(bench.account(), account)
  expect(await methodsOf([line('CAP-1', 4)])).toEqual(['GET', 'POST'])
  await walkCatalog(account)
  expect(await methodsOf([line('CAP-1', 1), line('SHIRT-S', 2)])).toEqual(['POST', 'POST'])
  await bench.control('/woocommerce/items', { sku: 'SHIRT-M', manageStock: false })
  await walkCatalog(account)
  expect(kinds(await push(account, [line('SHIRT-M', 8)]))).toEqual(['rejected not_stocked'])
})

test('an answer that a cache has kept is no reading', async () => {
  const bench = wooBench(shirts)
  const plain = bench.account()
  let age = '0'
  const account = {
    ...plain,
    http: async (request: Parameters<typeof plain.http>[0]) => {
      const answer = await plain.http(request)
      const headers = new Headers(answer.headers)
      headers.set('age', age)
      return { ...answer, headers }
    },
  }
  expect(await read(account, ['MUG'])).toEqual([{ remoteSku: 'MUG', quantity: 5 }])
  age = '40'
  await expect(read(account, ['MUG'])).rejects.toMatchObject({ kind: 'unavailable', code: 'from_a_cache' })
})

test('which refusals of a write may be of one that was carried out', () => {
  const of = (status: number) =>
    readError({ status, json: undefined, headers: new Headers() } as WireResponse, new Date(0), true).mayHaveApplied
  expect([400, 401, 403, 404, 409, 413, 429].filter(of)).toEqual([])
  expect([408, 500, 502, 503, 504].filter((status) => !of(status))).toEqual([])
})

test('a variable product that is deleted after it was listed has no variations, and the others are told', async () => {
  const bench = wooBench({ ...shirts, 'BAG-1': { quantity: 6, of: 'Bag' } })
  const cap = (await listed(bench)).find(({ remoteSku }) => remoteSku === 'CAP-1')!.product!.remoteId
  const plain = bench.account()
  const account = {
    ...plain,
    http: async (request: Parameters<typeof plain.http>[0]): Promise<WireResponse> => {
      const answer = await plain.http(request)
      if (!request.url.includes(`/products/${cap}/variations`)) return answer
      const json = { code: 'woocommerce_rest_product_invalid_id', message: 'Invalid ID.', data: { status: 404 } }
      return { ...answer, status: 404, json }
    },
  }
  for (const what of ['listings', 'storeStock'] as const) {
    const skus: string[] = []
    for (let cursor: unknown = null, more = true; more; ) {
      const page = await woocommerce[what]!.pull(account, JSON.parse(JSON.stringify(cursor)))
      skus.push(...page.items.map(({ remoteSku }) => remoteSku))
      cursor = page.next
      more = page.more
    }
    expect(skus.sort()).toEqual(['BAG-1', 'MUG', 'SHIRT-M', 'SHIRT-S'])
  }
})
