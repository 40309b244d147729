import { expect, test } from 'vitest'
import { pullAll, type ShopBench, shopBench, startedAt } from '../../../test/support/shopify.ts'
import type { ChannelError } from '../../domain/errors.ts'
import type { Account } from '../connector.ts'
import { pullOrders, readRaw } from './orders.ts'

async function buy(bench: ShopBench, sku: string, quantity = 1, more: object = {}): Promise<string> {
  const answer = await bench.control('POST', '/orders', { channel: 'shopify', sku, quantity, ...more })
  expect(answer.status).toBe(201)
  return (answer.body as { orderId: string }).orderId
}

test('an order as it comes: money of the buyer, units, buyer, watermark behind the store’s time', async () => {
  const bench = shopBench({ presentment: { currency: 'EUR', rate: 0.9 } })
  const account = bench.account()
  const id = await buy(bench, 'MUG', 2)
  await bench.pass(60)
  const { items, last } = await pullAll(pullOrders, account)
  expect(items).toHaveLength(1)
  expect(items[0]).toMatchObject({
    remoteId: id,
    state: 'open',
    fulfilledBy: 'merchant',
    currency: 'EUR',
    total: 2_682,
    lines: [{ remoteSku: 'MUG', quantity: 2, shipped: 0, canceled: 0, unitPrice: 1_341 }],
  })
  expect(items[0]!.buyer).toMatchObject({ address: { country: 'US' } })
  expect(last.watermark!.getTime()).toBe(startedAt + 30_000)
  expect(readRaw(items[0]!.raw)).toEqual(items[0])
})

test('pages of a second, none lost, none doubled; a page’s cursor that is refused begins the window anew', async () => {
  const bench = shopBench({ skus: { MUG: 500 }, points: 'none' })
  const account = bench.account({ budget: false })
  const ids = new Set<string>()
  for (let count = 0; count < 130; count += 1) ids.add(await buy(bench, 'MUG'))
  await bench.pass(60)
  await bench.control('POST', '/faults', { channel: 'shopify', operation: 'orders', kind: 'expire-token', count: 1 })
  const { items, calls } = await pullAll(pullOrders, account)
  expect(new Set(items.map((order) => order.remoteId))).toEqual(ids)
  // Ten orders of whatever length, the refused page, then pages for orders of one line.
  expect(calls).toBe(4)
})

test('an order of 1,000 lines is read page by page, over pulls, and told once, whole', async () => {
  const skus = Object.fromEntries(Array.from({ length: 1_000 }, (_, index) => [`SKU-${index}`, 3]))
  const bench = shopBench({ skus })
  const account = bench.account()
  const further = Object.keys(skus)
    .slice(1)
    .map((sku) => ({ sku, quantity: 1 }))
  await buy(bench, 'SKU-0', 1, { further })
  await buy(bench, 'SKU-1')
  await bench.pass(60)
  const items: string[] = []
  let cursor: unknown = null
  let throttled = 0
  for (let turn = 0; turn < 60; turn += 1) {
    try {
      const pulled = await pullOrders(account, cursor)
      items.push(...pulled.items.map((order) => `${order.lines.length}`))
      // No watermark while anything of the window is missing.
      expect(pulled.watermark === undefined).toBe(pulled.more)
      cursor = JSON.parse(JSON.stringify(pulled.next))
      expect(JSON.stringify(cursor)).not.toMatch(/@buyers|address/)
      if (!pulled.more) break
    } catch (error) {
      expect(error).toMatchObject({ kind: 'throttled' })
      throttled += 1
      await bench.pass(5)
    }
  }
  expect(items).toEqual(['1', '1000'])
  expect(throttled).toBeGreaterThan(0)
  const { calls } = await bench.state()
  expect([calls.orders!.throttled, calls.order!.throttled]).toEqual([0, 0])
})

test('a page asks for as many lines as the orders have; longer ones are read together', async () => {
  const skus = Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`SKU-${index}`, 1_000]))
  const bench = shopBench({ skus, points: 'none' })
  const account = bench.account({ budget: false })
  const lines = (count: number) =>
    Object.keys(skus)
      .slice(1, count)
      .map((sku) => ({ sku, quantity: 1 }))
  const ids = new Set<string>()
  for (let one = 0; one < 200; one += 1) ids.add(await buy(bench, 'SKU-0', 1, { further: lines(8) }))
  await bench.pass(60)
  const first = await pullAll(pullOrders, account)
  expect(new Set(first.items.map(({ remoteId }) => remoteId))).toEqual(ids)
  for (const { lines } of first.items) expect(lines).toHaveLength(8)
  // Ten orders of whatever length; then 32 to a page.
  expect(first.calls).toBe(1 + Math.ceil((200 - 10) / 32))
  // What was told is told once more, and then is behind every window.
  const quiet = async (told: unknown) => {
    let next = told
    for (let looks = 0; looks < 2; looks += 1) {
      await bench.pass(900)
      next = (await pullAll(pullOrders, account, next)).next
    }
    return next
  }
  // A few long ones among short ones do not make pages of long ones.
  const afterFirst = await quiet(first.next)
  for (let one = 0; one < 300; one += 1)
    ids.add(await buy(bench, 'SKU-0', 1, one % 30 === 7 ? { further: lines(one === 7 ? 55 : 12) } : {}))
  await bench.pass(60)
  const mixed = await pullAll(pullOrders, account, afterFirst)
  expect(new Set([...first.items, ...mixed.items].map(({ remoteId }) => remoteId))).toEqual(ids)
  expect(mixed.items.filter(({ lines }) => lines.length === 12)).toHaveLength(9)
  expect(mixed.items.filter(({ lines }) => lines.length === 55)).toHaveLength(1)
  expect(mixed.calls).toBeLessThan(12)
  const afterMixed = await quiet(mixed.next)
  for (let one = 0; one < 300; one += 1)
    ids.add(await buy(bench, 'SKU-0', 1, one % 30 === 7 ? { further: lines(12) } : {}))
  await bench.pass(60)
  const again = await pullAll(pullOrders, account, afterMixed)
  // Four pages, and one call for the ten long ones.
  expect(again.calls).toBe(5)
})

test('what is shipped, canceled and refunded', async () => {
  const bench = shopBench()
  const account = bench.account()
  const [canceled, shipped, part] = [
    await buy(bench, 'MUG', 1),
    await buy(bench, 'MUG', 3),
    await buy(bench, 'LAMP', 2),
  ]
  await bench.control('POST', `/orders/${canceled}/cancel`)
  await bench.control('POST', `/orders/${shipped}/ship`)
  await bench.control('POST', `/orders/${shipped}/refund`, { sku: 'MUG', quantity: 1, restockType: 'RETURN' })
  await bench.control('POST', `/orders/${part}/refund`, { sku: 'LAMP', quantity: 1 })
  await bench.pass(60)
  const { items } = await pullAll(pullOrders, account)
  const byId = new Map(items.map((order) => [order.remoteId, order]))
  expect(byId.get(canceled)).toMatchObject({ state: 'canceled', lines: [{ quantity: 1, canceled: 1 }] })
  expect(byId.get(shipped)).toMatchObject({ state: 'shipped', lines: [{ quantity: 3, shipped: 3, canceled: 0 }] })
  expect(byId.get(part)).toMatchObject({ state: 'open', lines: [{ quantity: 2, shipped: 0, canceled: 1 }] })
  expect(readRaw(byId.get(shipped)!.raw)).toEqual(byId.get(shipped))
})

test('test orders are left out, unpaid ones are pending, unknown words are unknown, and one odd order spoils itself only', async () => {
  const bench = shopBench({ pendingShare: 1 })
  const account = bench.account()
  await buy(bench, 'MUG', 1, { test: true })
  const pending = await buy(bench, 'MUG')
  const odd = await buy(bench, 'MUG')
  const strange = await buy(bench, 'MUG')
  const rewrite = (orderId: string, at: string, value?: unknown) =>
    bench.control('POST', '/faults', {
      channel: 'shopify',
      operation: 'orders',
      kind: 'rewrite',
      orderId,
      changes: [{ at, value }],
    })
  await rewrite(odd, '/lineItems/nodes/0/quantity', 'two')
  await rewrite(strange, '/displayFulfillmentStatus', 'TELEPORTED')
  await bench.pass(60)
  const pulled = await pullOrders(account, null)
  expect(pulled.items.map(({ remoteId, state }) => [remoteId, state])).toEqual([
    [pending, 'pending'],
    [strange, 'unknown'],
  ])
  expect(pulled.unreadable).toMatchObject([{ remoteId: odd, where: 'lineItems.nodes.0.quantity' }])
  expect(pulled.strange).toEqual([{ field: 'displayFulfillmentStatus', isNew: false }])
})

test('without leave to read buyers, orders come without them', async () => {
  const bench = shopBench({ buyerData: false })
  const account = bench.account()
  await buy(bench, 'MUG')
  await bench.pass(60)
  const first = await pullOrders(account, null)
  expect(first).toMatchObject({ items: [], more: true, strange: [{ field: 'shippingAddress' }] })
  const { items, next } = await pullAll(pullOrders, account, first.next)
  expect(items).toMatchObject([{ buyer: null, lines: [{ quantity: 1 }] }])
  const before = (await bench.state()).calls.orders!.count
  await bench.pass(60)
  await pullAll(pullOrders, account, next)
  // Not asked for again every time.
  expect((await bench.state()).calls.orders!.count).toBe(before + 1)
})

test('a missing scope stops the account; a page that is too costly gets smaller', async () => {
  const denied = shopBench({ scopes: [] })
  await expect(pullOrders(denied.account(), null)).rejects.toMatchObject({ kind: 'auth', code: 'ACCESS_DENIED' })
  const bench = shopBench()
  const account = bench.account()
  const cursor = {
    completeTo: new Date(startedAt).toISOString(),
    sweptAt: new Date(startedAt).toISOString(),
    room: 5_000,
    restarts: 0,
  }
  const pulled = await pullOrders(account, cursor)
  expect(pulled).toMatchObject({ items: [], more: true, next: { room: 4_000 } })
})

test('throttled inside a 200: not before the missing points are there, and the store’s own bucket is believed', async () => {
  const bench = shopBench({ points: { burst: 1_000, rate: 10 } })
  const heedless = bench.account({ budget: false })
  const results = await Promise.allSettled([1, 2, 3].map(() => pullOrders(heedless, null)))
  const refused = results.flatMap((one) => (one.status === 'rejected' ? [one.reason as ChannelError] : []))
  expect(refused).toHaveLength(2)
  // 972 points are asked for, and 28 are left of 1,000.
  for (const error of refused) {
    expect(error).toMatchObject({ kind: 'throttled', code: 'THROTTLED', mayHaveApplied: false })
    expect(error.retryAt!.getTime() - startedAt).toBeGreaterThanOrEqual(94_400)
    expect(error.retryAt!.getTime() - startedAt).toBeLessThan(95_000)
  }
  expect(heedless.learned.get('points')).toBe(10)
  const careful = bench.account()
  await pullOrders(careful, null)
  const { points } = await bench.state()
  expect(points).toBeGreaterThan(880)
})

test('a token that the store forgot is minted anew, once; a permanent one that is refused stops the account', async () => {
  const bench = shopBench()
  const account = bench.account()
  await pullOrders(account, null)
  await bench.control('POST', '/faults', { channel: 'shopify', operation: 'orders', kind: 'expire-access', count: 1 })
  await pullOrders(account, null)
  expect((await bench.state()).calls.token!.count).toBe(2)
  const refused = bench.account({ secrets: { accessToken: 'shpat_other' } })
  await expect(pullOrders(refused, null)).rejects.toMatchObject({ kind: 'auth' })
  const wrong = bench.account({ secrets: { clientId: 'x', clientSecret: 'y' } })
  await expect(pullOrders(wrong, null)).rejects.toMatchObject({ kind: 'auth', code: 'invalid_client' })
  const permanent = bench.account({ secrets: { accessToken: 'shpat_simulated' } })
  await pullOrders(permanent, null)
  expect((await bench.state()).calls.token!.count).toBe(3)
})

const stored = (cursor: unknown) => (cursor === null ? null : JSON.parse(JSON.stringify(cursor)))

type Asked = { operation: string; variables: Record<string, unknown> }

/** Some questions are answered by an error, the others by the store. */
function refusing(account: ReturnType<ShopBench['account']>, odd: (asked: Asked) => string | number | undefined) {
  const http: Account['http'] = async (request) => {
    const variables = request.body?.startsWith('{') ? JSON.parse(request.body).variables : {}
    const error = odd({ operation: request.operation, variables })
    if (error === undefined) return await account.http(request)
    const json = typeof error === 'string' ? { errors: [{ message: 'odd', extensions: { code: error } }] } : {}
    return { status: typeof error === 'string' ? 200 : error, headers: new Headers(), text: '{}', json }
  }
  return { ...account, http }
}

/** Three long orders between short ones. */
async function withLongOnes() {
  const skus = Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`SKU-${index}`, 100]))
  const bench = shopBench({ skus, points: 'none' })
  const further = Object.keys(skus)
    .slice(1)
    .map((sku) => ({ sku, quantity: 1 }))
  const ids: string[] = []
  for (let n = 0; n < 8; n += 1) ids.push(await buy(bench, 'SKU-0', 1, n % 3 === 1 ? { further } : {}))
  await bench.pass(60)
  return { bench, ids, long: ids.filter((_, n) => n % 3 === 1) }
}

test.each(['INTERNAL_SERVER_ERROR', 'UNDEFINED_SOMETHING', 'ACCESS_DENIED', 'MAX_COST_EXCEEDED', 403, 500])(
  'an order that is always answered %s is set aside after some tries, and the others are told',
  async (error) => {
    const { bench, ids, long } = await withLongOnes()
    let tries = 0
    const account = refusing(bench.account({ budget: false }), ({ operation, variables }) => {
      const asked =
        operation === 'order' ? [variables.id] : operation === 'ordersById' ? (variables.ids as string[]) : []
      if (!asked.some((id) => String(id).endsWith(`/${long[1]}`))) return undefined
      if (operation === 'order') tries += 1
      return error
    })
    const told: string[] = []
    const aside: object[] = []
    let watermark: Date | undefined
    await pullAll(async (one, cursor) => {
      const page = await pullOrders(one, cursor)
      told.push(...page.items.map(({ remoteId }) => remoteId))
      aside.push(...(page.unreadable ?? []))
      watermark = page.watermark
      return page
    }, account)
    expect(told.toSorted()).toEqual(ids.filter((id) => id !== long[1]).toSorted())
    expect(aside).toEqual([
      { remoteId: long[1], where: typeof error === 'number' ? `HTTP ${error}` : error, raw: null },
    ])
    expect([watermark instanceof Date, tries]).toEqual([true, 5])
  },
)

test('a refused token halts the account, and a store that answers nobody sets no order aside', async () => {
  const { bench, ids } = await withLongOnes()
  const first = await pullOrders(bench.account({ budget: false }), null)
  for (const [error, kind] of [
    [401, 'auth'],
    [403, 'auth'],
    ['ACCESS_DENIED', 'auth'],
    ['INTERNAL_SERVER_ERROR', 'unavailable'],
  ] as const) {
    const down = refusing(bench.account({ budget: false, secrets: { accessToken: 'shpat_simulated' } }), () => error)
    for (let n = 0; n < 10; n += 1) await expect(pullOrders(down, first.next)).rejects.toMatchObject({ kind })
  }
  const { items } = await pullAll(pullOrders, bench.account({ budget: false }), first.next)
  expect([...first.items, ...items].map(({ remoteId }) => remoteId).toSorted()).toEqual(ids.toSorted())
})

test('a second page that is always refused: the window begins anew some times, then now and then only', async () => {
  const bench = shopBench({ skus: { MUG: 500 }, points: 'none' })
  for (let count = 0; count < 150; count += 1) await buy(bench, 'MUG')
  await bench.pass(60)
  const plain = bench.account({ budget: false })
  let refused = 0
  const account = refusing(plain, ({ operation, variables }) => {
    if (operation !== 'orders' || !variables.after) return undefined
    refused += 1
    return 'UNDEFINED_SOMETHING'
  })
  let cursor: unknown = null
  const goOn = async (one: Account) => {
    const { next, more } = await pullOrders(one, stored(cursor))
    cursor = next
    return more
  }
  const untilRefused = async () => {
    for (let pulls = 1; ; pulls += 1) {
      const error = await goOn(account).then(() => undefined, String)
      if (error !== undefined || pulls > 100) return pulls
    }
  }
  expect(await untilRefused()).toBe(12)
  for (let n = 0; n < 5; n += 1) await expect(goOn(account)).rejects.toMatchObject({ code: 'UNDEFINED_SOMETHING' })
  // Its cursor may be dead for good, and another one is taken.
  await bench.pass(1_800)
  expect(await untilRefused()).toBe(3)
  expect(refused).toBe(13)
  await bench.pass(1_800)
  const { items, last } = await pullAll(pullOrders, plain, cursor)
  expect(items.length).toBeGreaterThanOrEqual(50)
  expect(last.next).toMatchObject({ restarts: 0 })
})
