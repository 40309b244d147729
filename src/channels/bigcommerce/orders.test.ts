/** Orders against the simulated store: pages that are cut, many orders of one second, long orders, unfinished ones. */
import { expect, test } from 'vitest'
import { storeBench, storeItem } from '../../../test/support/bigcommerce.ts'
import { pullAllOf } from '../../../test/support/ebay.ts'
import { bigcommerce } from './index.ts'

const minute = 60_000
const stored = (cursor: unknown) => (cursor === null ? null : JSON.parse(JSON.stringify(cursor)))

test.each([250, 55, 50])(
  'pages of %i: 60 orders of one second and as many later ones, each told',
  async (largestPage) => {
    const bench = storeBench([storeItem('MUG', 500)], { largestPage, limits: 'none' })
    const account = bench.account()
    const ids: string[] = []
    for (let n = 0; n < 60; n += 1) ids.push(await bench.buy('MUG'))
    for (let n = 0; n < 60; n += 1) {
      await bench.pass(1_000)
      ids.push(await bench.buy('MUG'))
    }
    await bench.pass(minute)
    const pull = (cursor: unknown) => bigcommerce.orders!.pull(account, stored(cursor))
    const first = await pullAllOf(pull)
    expect(new Set(first.items.map(({ remoteId }) => remoteId))).toEqual(new Set(ids))
    // Nothing new, everything listed twice, and the overlap over: one call is enough to see that.
    await bench.pass(15 * minute)
    const second = await pullAllOf(pull, (await pullAllOf(pull, first.next)).next)
    const calls = () => bench.truth().then((truth) => truth.calls.getOrders!.count)
    const before = await calls()
    const again = await pullAllOf(pull, second.next)
    expect([again.items, (await calls()) - before]).toEqual([[], 1])
    expect(again.watermark!.getTime()).toBeLessThan(bench.sim.now().getTime())
  },
)

test.each([250, 55])(
  'pages of %i: one that told an order twice does not make the next full one the last',
  async (largestPage) => {
    const bench = storeBench([storeItem('MUG', 900)], { largestPage, limits: 'none' })
    const account = bench.account()
    const pull = (cursor: unknown) => bigcommerce.orders!.pull(account, stored(cursor))
    const ids: string[] = []
    const buy = async (count: number) => {
      for (let n = 0; n < count; n += 1) {
        await bench.pass(1_000)
        ids.push(await bench.buy('MUG'))
      }
      await bench.pass(minute)
    }
    await buy(largestPage)
    await bench.control('/faults', { channel: 'bigcommerce', operation: 'getOrders', kind: 'duplicate', count: 1 })
    const first = await pullAllOf(pull)
    await bench.pass(15 * minute)
    await buy(largestPage + 20)
    const second = await pullAllOf(pull, first.next)
    expect(new Set([...first.items, ...second.items].map(({ remoteId }) => remoteId))).toEqual(new Set(ids))
  },
)

test('a full page that is one short is not the last: what it left room for is told all the same', async () => {
  const bench = storeBench([storeItem('MUG', 2_000)], { limits: 'none' })
  const account = bench.account()
  let lacking = 0
  const short = {
    ...account,
    http: async (request: Parameters<typeof account.http>[0]) => {
      const answer = await account.http(request)
      const orders = answer.json
      if (lacking === 0 || request.operation !== 'getOrders' || !Array.isArray(orders)) return answer
      const json = orders.filter((_, index) => index === 0 || index > lacking)
      lacking = 0
      return { ...answer, json }
    },
  }
  const pull = (cursor: unknown) => bigcommerce.orders!.pull(short, stored(cursor))
  const ids: string[] = []
  const buy = async (count: number) => {
    for (let n = 0; n < count; n += 1) {
      await bench.pass(4_000)
      ids.push(await bench.buy('MUG'))
    }
    await bench.pass(minute)
  }
  await buy(260)
  const told = new Set<string>()
  let next: unknown = null
  const calls = async () => (await bench.truth()).calls.getOrders?.count ?? 0
  for (const missing of [1, 200]) {
    const before = await calls()
    lacking = missing
    const pulled = await pullAllOf(pull, next)
    next = pulled.next
    for (const { remoteId } of pulled.items) told.add(remoteId)
    // Only what the channel itself left out of a page is missing, and is told by the overlap of a later window at most.
    expect(ids.filter((id) => !told.has(id)).length).toBeLessThanOrEqual(missing)
    expect(told.has(ids.at(-1)!)).toBe(true)
    expect((await calls()) - before).toBeLessThanOrEqual(4)
    await bench.pass(20 * minute)
    await buy(400)
  }
})

test('many orders of one second, of which no number can be read: an error, and no cursor that nobody can go on from', async () => {
  const bench = storeBench([storeItem('MUG', 500)], { largestPage: 50, limits: 'none' })
  for (let n = 0; n < 120; n += 1) await bench.buy('MUG')
  await bench.pass(minute)
  const account = bench.account({
    fetch: async (input, init) => {
      const response = await bench.fetch(input, init)
      if (!String(input).includes('max_date_modified') || response.status !== 200) return response
      const orders = (await response.json()) as object[]
      return Response.json(
        orders.map((one) => ({ ...one, id: null })),
        { headers: response.headers },
      )
    },
  })
  await expect(pullAllOf((cursor) => bigcommerce.orders!.pull(account, stored(cursor)))).rejects.toMatchObject({
    kind: 'unavailable',
    code: 'unreadable',
  })
})

test('orders that change between pages are told as they are in the end', async () => {
  const bench = storeBench([storeItem('MUG', 500)], { largestPage: 50, limits: 'none' })
  const account = bench.account()
  const ids: string[] = []
  for (let n = 0; n < 200; n += 1) {
    ids.push(await bench.buy('MUG'))
    await bench.pass(1_000)
  }
  const newest = new Map<string, string>()
  let cursor: unknown = null
  for (let page = 0; ; page += 1) {
    const pulled = await bigcommerce.orders!.pull(account, stored(cursor))
    for (const order of pulled.items) newest.set(order.remoteId, order.state)
    cursor = pulled.next
    if (!pulled.more) break
    if (page < 3) {
      for (const index of [page, 100 + page, 199 - page]) await bench.control(`/orders/${ids[index]}/cancel`, {})
      await bench.pass(1_000)
    }
  }
  const canceled = [0, 1, 2, 100, 101, 102, 197, 198, 199].map((index) => ids[index]!)
  expect([...newest.keys()].toSorted()).toEqual(ids.toSorted())
  expect(
    [...newest]
      .filter(([, state]) => state === 'canceled')
      .map(([id]) => id)
      .toSorted(),
  ).toEqual(canceled.toSorted())
})

test('what nobody finished buying is left out; an order of 130 lines is read to its end; a deleted one holds up nothing', async () => {
  const bench = storeBench([storeItem('MUG', 500)], { incompleteShare: 1, limits: 'none' })
  const account = bench.account()
  const { orderId } = await bench.control<{ orderId: string }>('/orders', {
    channel: 'bigcommerce',
    sku: 'MUG',
    quantity: 2,
    further: Array.from({ length: 129 }, () => ({ sku: 'MUG', quantity: 1 })),
  })
  await bench.pass(minute)
  const { items } = await pullAllOf((cursor) => bigcommerce.orders!.pull(account, stored(cursor)))
  expect(items.map(({ remoteId, lines }) => [remoteId, lines.length])).toEqual([[orderId, 130]])
  expect(items[0]!.buyer?.address?.city).toBeTruthy()
  expect(bigcommerce.orders!.read(stored(items[0]!.raw))).toEqual({ ...items[0]!, raw: stored(items[0]!.raw) })
  await bench.fault('getOrderProducts', 'status', { status: 404 })
  const without = await pullAllOf((cursor) => bigcommerce.orders!.pull(account, stored(cursor)))
  expect(without.items).toEqual([])
})

test('an adjustment goes out in one call; one bad line is found by halves', async () => {
  const skus = Array.from({ length: 40 }, (_, index) => `SKU-${index}`)
  const bench = storeBench(
    skus.map((sku) => storeItem(sku, 1)),
    { limits: 'none' },
  )
  const account = bench.account()
  await pullAllOf((cursor) => bigcommerce.listings!.pull(account, cursor))
  const lines = skus.map((remoteSku) => ({ key: remoteSku, remoteSku, quantity: 5, version: 1, expected: null }))
  const calls = async () => (await bench.truth()).calls.setInventory?.count ?? 0
  await bigcommerce.stock!.push(account, lines)
  expect(await calls()).toBe(1)
  // Nobody counts it any more, and we learn that from the refusal.
  await bench.control('/bigcommerce', { sku: 'SKU-17', tracking: 'none' })
  const outcomes = await bigcommerce.stock!.push(account, lines)
  expect(outcomes.filter(({ kind }) => kind === 'failed').map(({ key }) => key)).toEqual(['SKU-17'])
  expect((await calls()) - 1).toBeLessThanOrEqual(13)
  await bench.pass(minute)
  const { shown } = await bench.truth()
  expect(skus.filter((sku) => sku !== 'SKU-17').every((sku) => shown[sku] === 5)).toBe(true)
  const [again] = await bigcommerce.stock!.push(account, [lines[17]!])
  expect(again).toMatchObject({ kind: 'failed', error: { kind: 'missing', code: 'unknown_sku' } })
})

test('a store that lowers its numbers late would sell a unit twice: it is found before going live', async () => {
  const run = async (options: Parameters<typeof storeBench>[1]) => {
    const bench = storeBench([storeItem('MUG', 1)], { limits: 'none', ...options })
    const answer = await bigcommerce.checks!.find(({ id }) => id === 'counting')!.run(bench.account())
    await bench.buy('MUG')
    return { answer, shown: (await bench.truth()).shown }
  }
  expect(await run({})).toEqual({ answer: { ok: true }, shown: { MUG: 0 } })
  const late = await run({ lowersAt: 'order_completed_or_shipped' })
  expect(late).toEqual({ answer: { ok: false, code: 'counts_late' }, shown: { MUG: 1 } })
  expect((await run({ scopes: ['orders', 'inventory'] })).answer).toMatchObject({ ok: false, code: 'scope_missing' })
})

test('other programs spend of the same allowance: we wait until the window ends, and are refused once at most', async () => {
  const bench = storeBench([storeItem('MUG', 5)])
  const account = bench.account()
  await bigcommerce.orders!.pull(account, null)
  await bench.control('/bigcommerce', { others: 10_000 })
  const error = await bigcommerce.orders!.pull(account, null).then(
    () => null,
    (thrown: { kind: string; retryAt: Date }) => thrown,
  )
  expect(error!.kind).toBe('throttled')
  const waits = error!.retryAt.getTime() - bench.sim.now().getTime()
  expect([waits > 0, waits <= 30_000]).toEqual([true, true])
  await bench.pass(waits)
  await bigcommerce.orders!.pull(account, null)
  expect((await bench.truth()).calls.getOrders).toMatchObject({ throttled: 1 })
})

test('money goes back the way it came, in part by our own amount, and never where the store cannot pay', async () => {
  const issue = async (offlineShare: number, amount: number, shippingAmount = 0) => {
    const bench = storeBench([storeItem('MUG', 50)], { offlineShare, limits: 'none' })
    const account = bench.account()
    const id = await bench.buy('MUG', 2)
    const { items } = await pullAllOf((cursor) => bigcommerce.orders!.pull(account, stored(cursor)))
    const answer = await bigcommerce.refunds!.issue(account, {
      reference: '4711',
      orderRemoteId: id,
      currency: 'USD',
      lines: [{ remoteId: items[0]!.lines[0]!.remoteId, quantity: 1, amount }],
      shippingAmount,
      reason: 'returned',
    })
    return { answer, known: await bigcommerce.refunds!.read(account, id) }
  }
  expect(await issue(0, 1_490)).toMatchObject({
    answer: { kind: 'accepted' },
    known: [{ amount: 1_490, reference: '4711' }],
  })
  expect(await issue(0, 700, 300)).toMatchObject({
    answer: { kind: 'accepted' },
    known: [{ amount: 1_000, state: 'done' }],
  })
  expect(await issue(0, 1_491)).toMatchObject({ answer: { error: { code: 'more_than_paid' } }, known: [] })
  expect(await issue(1, 1_490)).toMatchObject({ answer: { error: { code: 'paid_outside' } }, known: [] })
})

test('money back on a price takes no unit out of an order that is still to leave', async () => {
  const bench = storeBench([storeItem('MUG', 50)], { limits: 'none' })
  const account = bench.account()
  const id = await bench.buy('MUG', 2)
  const pull = () => pullAllOf((cursor) => bigcommerce.orders!.pull(account, stored(cursor)))
  const [line] = (await pull()).items[0]!.lines
  const refund = { reference: '4712', orderRemoteId: id, currency: 'USD', shippingAmount: 0, reason: 'price' as const }
  const answer = await bigcommerce.refunds!.issue(account, {
    ...refund,
    lines: [{ remoteId: line!.remoteId, quantity: 2, amount: 500 }],
  })
  expect(answer).toMatchObject({ kind: 'accepted' })
  expect(await bigcommerce.refunds!.read(account, id)).toMatchObject([
    { amount: 500, reference: '4712', state: 'done' },
  ])
  expect((await pull()).items[0]).toMatchObject({ state: 'open', lines: [{ quantity: 2, canceled: 0, shipped: 0 }] })
})

test('a scope that is missing for refunds refuses the refund, and does not stop the account', async () => {
  const scopes = ['orders', 'products', 'inventory', 'locations', 'information']
  const bench = storeBench([storeItem('MUG', 50)], { limits: 'none', scopes })
  const account = bench.account()
  const id = await bench.buy('MUG', 2)
  const { items } = await pullAllOf((cursor) => bigcommerce.orders!.pull(account, stored(cursor)))
  const about = {
    reference: '4713',
    orderRemoteId: id,
    currency: 'USD',
    shippingAmount: 0,
    reason: 'returned' as const,
  }
  const lines = [{ remoteId: items[0]!.lines[0]!.remoteId, quantity: 1, amount: 1_490 }]
  const answer = await bigcommerce.refunds!.issue(account, { ...about, lines })
  expect(answer).toMatchObject({
    kind: 'failed',
    error: { kind: 'rejected', code: 'scope_missing', mayHaveApplied: false },
  })
  await expect(bigcommerce.refunds!.read(account, id)).rejects.toMatchObject({ kind: 'rejected' })
})

test('the second count names all that were placed in its days, in pages that are cut, and reads each by itself', async () => {
  const day = 86_400_000
  const bench = storeBench([storeItem('MUG', 500)], { incompleteShare: 0.3, largestPage: 50, limits: 'none' })
  const account = bench.account()
  const from = bench.sim.now()
  const ids: string[] = []
  for (let n = 0; n < 120; n += 1) ids.push(await bench.buy('MUG'))
  await bench.pass(day)
  const until = bench.sim.now()
  await bench.pass(minute)
  const later = await bench.buy('MUG')
  // A change moves it in the usual list, and nothing here.
  await bench.control(`/orders/${ids[3]}/cancel`, {})
  const { recount } = bigcommerce.orders!
  const found: string[] = []
  for (let cursor: unknown = null, more = true; more; ) {
    const page = await recount!.pull(account, { from, until }, stored(cursor))
    found.push(...page.ids!)
    cursor = page.next
    more = page.more
  }
  expect(found).toEqual(ids)
  expect(found).not.toContain(later)
  const one = await recount!.read!(account, ids[3]!)
  expect(one).toMatchObject({ remoteId: ids[3], state: 'canceled', lines: [{ quantity: 1, canceled: 1 }] })
  const { items } = await pullAllOf((cursor) => bigcommerce.orders!.pull(account, stored(cursor)))
  expect({ ...(one as object), raw: null }).toEqual({
    ...items.findLast(({ remoteId }) => remoteId === ids[3]),
    raw: null,
  })
  expect(await recount!.read!(account, '999999')).toBeNull()
})
