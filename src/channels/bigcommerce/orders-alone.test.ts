/** Long orders, whose lines are read by calls of their own, against the simulated store. */
import { expect, test } from 'vitest'
import { storeBench, storeItem } from '../../../test/support/bigcommerce.ts'
import { pullAllOf } from '../../../test/support/ebay.ts'
import { bigcommerce } from './index.ts'

const minute = 60_000
const stored = (cursor: unknown) => (cursor === null ? null : JSON.parse(JSON.stringify(cursor)))

const longOrder = (bench: ReturnType<typeof storeBench>, lines: number) =>
  bench.control<{ orderId: string }>('/orders', {
    channel: 'bigcommerce',
    sku: 'MUG',
    quantity: 1,
    further: Array.from({ length: lines - 1 }, () => ({ sku: 'MUG', quantity: 1 })),
  })

test('one odd line of a long order makes it unreadable, all of it is kept, and the list goes on', async () => {
  const bench = storeBench([storeItem('MUG', 500)], { limits: 'none' })
  const { orderId } = await longOrder(bench, 130)
  const other = await bench.buy('MUG')
  await bench.pass(minute)
  const account = bench.account({
    fetch: async (input, init) => {
      const response = await bench.fetch(input, init)
      if (!String(input).includes('/products?page=1') || response.status !== 200) return response
      const lines = (await response.json()) as object[]
      lines[3] = { ...lines[3], quantity: 'two' }
      return Response.json(lines, { headers: response.headers })
    },
  })
  const seen: { remoteId: string; raw: unknown }[] = []
  const ids: string[] = []
  let watermark: Date | undefined
  for (let cursor: unknown = null, page = 0; page < 10; page += 1) {
    const pulled = await bigcommerce.orders!.pull(account, stored(cursor))
    seen.push(...(pulled.unreadable ?? []))
    ids.push(...pulled.items.map(({ remoteId }) => remoteId))
    cursor = pulled.next
    watermark = pulled.watermark
    if (!pulled.more) break
  }
  expect([ids, seen.map(({ remoteId }) => remoteId)]).toEqual([[other], [orderId]])
  expect((seen[0]!.raw as { products: unknown[] }).products).toHaveLength(130)
  expect(watermark).toBeInstanceOf(Date)
})

/** Answers for one order's lines only, or for all calls, with a status of its own. */
const answering = (
  account: ReturnType<ReturnType<typeof storeBench>['account']>,
  odd: (request: { url: string; operation: string }) => number | undefined,
) => ({
  ...account,
  http: async (request: Parameters<typeof account.http>[0]) => {
    const status = odd(request)
    return status === undefined
      ? await account.http(request)
      : { status, headers: new Headers(), text: '{}', json: { title: 'odd' } }
  },
})

test.each([500, 400, 403])(
  'a long order whose lines are always answered %i is set aside after some tries, and the others are told',
  async (status) => {
    const bench = storeBench([storeItem('MUG', 900)], { limits: 'none' })
    const before = await bench.buy('MUG')
    const { orderId } = await longOrder(bench, 130)
    const other = (await longOrder(bench, 130)).orderId
    await bench.pass(minute)
    let tries = 0
    const account = answering(bench.account(), ({ url }) => {
      if (!url.includes(`/${orderId}/products`)) return undefined
      tries += 1
      return status
    })
    const told: string[] = []
    const aside: object[] = []
    const { watermark } = await pullAllOf(async (cursor) => {
      const page = await bigcommerce.orders!.pull(account, stored(cursor))
      aside.push(...(page.unreadable ?? []))
      told.push(...page.items.map(({ remoteId }) => remoteId))
      return page
    })
    expect(told).toEqual([before, other])
    expect(aside).toEqual([{ remoteId: orderId, where: `HTTP ${status}`, raw: null }])
    expect([watermark instanceof Date, tries]).toEqual([true, 5])
  },
)

test('a refused token halts the account, and a store that answers nobody sets no order aside', async () => {
  const bench = storeBench([storeItem('MUG', 900)], { limits: 'none' })
  const { orderId } = await longOrder(bench, 130)
  await bench.pass(minute)
  const first = await bigcommerce.orders!.pull(bench.account(), null)
  for (const status of [401, 403, 500]) {
    const down = answering(bench.account(), ({ url }) =>
      status !== 401 || url.includes('products') ? status : undefined,
    )
    let next = first.next
    for (let n = 0; n < 10; n += 1) {
      const refused = await bigcommerce.orders!.pull(down, stored(next)).then(
        (page) => void (next = page.next),
        (error: unknown) => error,
      )
      expect(refused).toMatchObject({ kind: status === 500 ? 'unavailable' : 'auth', code: `HTTP ${status}` })
    }
    const { items } = await pullAllOf((cursor) => bigcommerce.orders!.pull(bench.account(), stored(cursor)), next)
    expect(items.map(({ remoteId }) => remoteId)).toEqual([orderId])
  }
})

test('a long order that changes while it is read is told before everything up to then counts as known', async () => {
  const bench = storeBench([storeItem('MUG', 500)], { limits: 'none' })
  const { orderId } = await longOrder(bench, 130)
  await bench.pass(10 * minute)
  let isChanged = false
  const account = bench.account({
    fetch: async (input, init) => {
      const response = await bench.fetch(input, init)
      if (String(input).includes('/products?') && !isChanged) {
        isChanged = true
        await bench.pass(1_000)
        await bench.control(`/orders/${orderId}/cancel`, {})
      }
      return response
    },
  })
  const { items, watermark } = await pullAllOf((cursor) => bigcommerce.orders!.pull(account, stored(cursor)))
  expect(items.map(({ remoteId, state, lines }) => [remoteId, state, lines.length])).toEqual([
    [orderId, 'canceled', 130],
  ])
  expect(watermark!.getTime()).toBeGreaterThan(items[0]!.placedAt.getTime())
})

test('lines and parcels are read to their end where the store gives fewer at once than we ask for', async () => {
  const bench = storeBench([storeItem('MUG', 500)], { limits: 'none' })
  const { orderId } = await longOrder(bench, 130)
  await bench.pass(minute)
  const account = bench.account({
    fetch: async (input, init) => await bench.fetch(String(input).replace('limit=250', 'limit=50'), init),
  })
  const one = await bigcommerce.orders!.recount!.read!(account, orderId)
  expect((one as unknown as { lines: unknown[] }).lines).toHaveLength(130)
})
