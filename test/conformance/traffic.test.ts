/** Everything the connector sends and everything the simulator answers, held against Amazon's models. */
import { describe, expect, test } from 'vitest'
import { amazon } from '../../src/channels/amazon/index.ts'
import type { Account } from '../../src/channels/connector.ts'
import type { ChannelError } from '../../src/domain/errors.ts'
import type { IncomingOrder } from '../../src/domain/orders.ts'
import {
  type Bench,
  type BenchOptions,
  createBench,
  describeFindings,
  say,
  seller,
  type Tally,
} from './support/bench.ts'
import { awkwardCatalog, awkwardSkus } from './support/catalog.ts'
import { plannedFaults, underFault } from './support/faults.ts'
import { probeAll } from './support/probes.ts'
import {
  drivers,
  handInFeeds,
  openDispatch,
  openParcel,
  operationsHere,
  type PulledOrders,
  parcelOf,
  pullListings,
  pullOrders,
  push,
  writes,
} from './support/scenario.ts'

const benches: Bench[] = []
const marketplaceIds = ['ATVPDKIKX0DER', 'A2EUQ1WTGCTBG2']
const minute = 60_000

function bench(options: Partial<BenchOptions> = {}): Bench {
  const ids = options.marketplaceIds ?? marketplaceIds
  const catalog = awkwardCatalog({ marketplaceIds: ids })
  const one = createBench({ marketplaceIds: ids, catalog, history: { orders: 420, days: 6 }, ...options })
  benches.push(one)
  return one
}

interface Truth {
  channels: {
    amazon: {
      shown: Record<string, number>
      orders: {
        id: string
        status: string
        fulfilledBy: string
        lines: { sku: string; quantity: number }[]
        past: boolean
      }[]
    }
  }
}

const states: Record<string, string> = {
  PENDING: 'pending',
  UNSHIPPED: 'open',
  PARTIALLY_SHIPPED: 'partly_shipped',
  SHIPPED: 'shipped',
  CANCELLED: 'canceled',
}

const truthOf = async (one: Bench) => (await one.control<Truth>('GET', '/state')).channels.amazon
const refusal = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: ChannelError) => error,
  )

describe('orders', () => {
  test("hundreds of orders, over pages, in every state, from buyers and from Amazon's own warehouses", async () => {
    const one = bench()
    const account = one.account()
    const first = await pullOrders(account)
    expect(first.pages).toBeGreaterThanOrEqual(5)
    await buyCancelAndShip(one)
    const second = await pullUntilSettled(one, account, first.cursor)
    expect([...first.unreadable, ...second.unreadable]).toEqual([])
    const known = new Map([...first.byId, ...second.byId])
    const truth = await truthOf(one)
    expect(known.size).toBe(truth.orders.length)
    expect(differences(known, truth)).toEqual([])
    for (const order of truth.orders) {
      const told = known.get(order.id)!
      expect(told.lines.map((line) => ({ sku: line.remoteSku, quantity: line.quantity }))).toEqual(order.lines)
    }
    const told = [...first.byId.values(), ...second.byId.values()]
    const seen = new Set(told.map((order) => `${order.state} ${order.fulfilledBy}`))
    const needed = [
      'pending merchant',
      'open merchant',
      'partly_shipped merchant',
      'shipped merchant',
      'canceled merchant',
    ]
    for (const state of [...needed, 'shipped channel', 'open channel']) expect(seen).toContain(state)
    expect(describeFindings(one.findings)).toEqual([])
  })

  test('getOrder: every state, and one that does not exist', async () => {
    const one = bench()
    const account = one.account()
    const { orders } = await truthOf(one)
    for (const status of ['PENDING', 'UNSHIPPED', 'SHIPPED', 'CANCELLED']) {
      const { id } = orders.find((order) => order.status === status)!
      await drivers.getOrder!(account, { orderId: id, skus: [] })
    }
    const unknown = await refusal(drivers.getOrder!(account, { orderId: '111-0000000-0000000', skus: [] }))
    expect(unknown?.kind).toBe('missing')
    expect(describeFindings(one.findings)).toEqual([])
  })

  test('a page token that has expired: the window begins anew', async () => {
    const one = bench()
    const account = one.account()
    const first = await amazon.orders!.pull(account, null)
    await one.pass(25 * 60 * minute)
    const restarted = await amazon.orders!.pull(account, first.next)
    expect(restarted).toMatchObject({ items: [], more: true })
    const all = await pullOrders(account, restarted.next)
    expect(all.byId.size).toBe((await truthOf(one)).orders.length)
    expect(one.tallies.get('searchOrders')!.statuses['400']).toBe(1)
    expect(describeFindings(one.findings)).toEqual([])
  })
})

type Told = Map<string, IncomingOrder>

/** Orders whose state or fulfiller the connector tells otherwise than they are. */
function differences(known: Told, truth: Truth['channels']['amazon']): string[] {
  return truth.orders.flatMap(({ id, status, fulfilledBy }) => {
    const told = known.get(id)
    const right =
      told?.state === states[status] && told?.fulfilledBy === (fulfilledBy === 'AMAZON' ? 'channel' : 'merchant')
    return right ? [] : [`${id} is ${status}, told as ${told?.state} ${told?.fulfilledBy}`]
  })
}

/** Orders go on changing and show late, so pulls are repeated until one finds nothing that has moved since. */
async function pullUntilSettled(one: Bench, account: Account, from: unknown): Promise<PulledOrders> {
  const all = await pullOrders(account, from)
  for (let tries = 0; tries < 10 && differences(all.byId, await liveOrders(one)).length > 0; tries++) {
    await one.pass(7 * minute)
    const more = await pullOrders(account, all.cursor)
    for (const [id, order] of more.byId) all.byId.set(id, order)
    all.unreadable.push(...more.unreadable)
    all.cursor = more.cursor
  }
  return all
}

/** Those of the present; the past ones were told before. */
async function liveOrders(one: Bench): Promise<Truth['channels']['amazon']> {
  const truth = await truthOf(one)
  return { ...truth, orders: truth.orders.filter((order) => !order.past) }
}

/** Buyers buy; some orders are shipped, in whole and in part, some are canceled; then everything has become visible. */
async function buyCancelAndShip(one: Bench): Promise<void> {
  const ids: string[] = []
  const skus = [...awkwardSkus, 'PLAIN-006', 'PLAIN-011']
  for (const sku of skus) {
    const { orderId } = await one.control<{ orderId: string }>('POST', '/orders', {
      channel: 'amazon',
      sku,
      quantity: 2,
    })
    ids.push(orderId)
  }
  await one.pass(45 * minute)
  const { orders } = await truthOf(one)
  const open = ids.filter((id) =>
    orders.some((order) => order.id === id && order.status === 'UNSHIPPED' && order.fulfilledBy === 'MERCHANT'),
  )
  await one.control('POST', `/orders/${open[0]}/cancel`)
  await one.control('POST', `/orders/${open[1]}/ship`)
  await shipHalf(one, open[2]!)
  await one.pass(15 * minute)
}

/** Ships one of two units, and reads the parcel back. */
async function shipHalf(one: Bench, orderId: string): Promise<void> {
  const account = one.account()
  const parcel = await parcelOf(one, orderId, 1)
  expect(await amazon.shipments!.confirm(account, parcel)).toEqual({ kind: 'applied', remoteId: parcel.reference })
  await one.pass(amazon.shipments!.visibleAfterMs)
  expect(await amazon.shipments!.read(account, orderId)).toMatchObject([
    { remoteId: parcel.reference, carrier: 'Royal Mail', trackingNumber: 'RM 1Z0-7', lines: parcel.lines },
  ])
}

describe('listings', () => {
  test('all listings, over pages, in two marketplaces', async () => {
    const one = bench()
    const { listings, pages } = await pullListings(one.account())
    const catalog = awkwardCatalog({ marketplaceIds })
    expect(pages).toBe(Math.ceil(catalog.length / 20))
    expect(listings).toHaveLength(catalog.reduce((sum, item) => sum + item.amazon!.marketplaceIds!.length, 0))
    for (const item of catalog) {
      const found = listings.find((listing) => listing.remoteSku === item.sku)
      const own = item.amazon!.fulfilledBy === 'MERCHANT'
      expect(found, item.sku).toMatchObject({
        remoteId: item.asin,
        title: item.title,
        price: { amount: item.price, currency: 'USD' },
        buyable: true,
        fulfilledBy: own ? 'merchant' : 'channel',
        merchantQuantity: own ? item.amazon!.quantity : null,
      })
    }
    expect(describeFindings(one.findings)).toEqual([])
  })

  test('quantities of awkward SKUs, read and written', async () => {
    const one = bench()
    const account = one.account()
    const { shown } = await truthOf(one)
    const read = await amazon.stock!.read(account, [...awkwardSkus, 'NO SUCH/SKU', 'NO, SUCH'])
    const expected = awkwardSkus.map((remoteSku) => ({ remoteSku, quantity: shown[remoteSku] }))
    expect(read).toEqual([
      ...expected,
      { remoteSku: 'NO SUCH/SKU', quantity: null },
      { remoteSku: 'NO, SUCH', quantity: null },
    ])
    for (const [index, sku] of awkwardSkus.entries()) {
      await one.pass(1_000)
      expect(await push(account, sku, index + 1)).toMatchObject({
        kind: 'accepted',
        detail: { submissionId: expect.any(String) },
      })
    }
    const paths = one.calls.filter((call) => call.operation?.id === 'patchListingsItem').map((call) => call.path)
    expect(paths).toEqual(awkwardSkus.map((sku) => ({ sellerId: seller, sku })))
    await one.pass(5 * minute)
    const after = await truthOf(one)
    expect(awkwardSkus.map((sku) => after.shown[sku])).toEqual(awkwardSkus.map((_, index) => index + 1))
    expect(describeFindings(one.findings)).toEqual([])
  })

  test('writes that are refused: a wrong value inside a 200, an unknown SKU, a foreign seller', async () => {
    const one = bench()
    const account = one.account()
    expect(await refusal(push(account, awkwardSkus[0]!, -1))).toMatchObject({ kind: 'rejected', code: '90225' })
    expect(await refusal(push(account, 'NO SUCH/SKU', 1))).toMatchObject({ kind: 'missing' })
    const settings = { sellerId: 'A2SOMEBODYELSE', region: 'na', marketplaceIds }
    expect(await refusal(push(one.account({ settings }), awkwardSkus[0]!, 1))).toMatchObject({ kind: 'auth' })
    expect(one.tallies.get('patchListingsItem')!.statuses).toEqual({ 200: 1, 404: 1, 403: 1 })
    expect(describeFindings(one.findings)).toEqual([])
  })
})

describe('allowances', () => {
  test.each([...operationsHere])('%s: refused with 429 when drained, held back when the budget knows', async (name) => {
    const one = bench()
    const orderId = (await truthOf(one)).orders[0]!.id
    const { burst } = amazon.limits[name]!
    const heedless = one.account({ budget: false })
    const feeds = await handInFeeds(one, [awkwardSkus[0]!])
    const parcel = await openParcel(one, awkwardSkus[0]!)
    const subjects = { orderId, skus: [awkwardSkus[0]!], feeds, parcel, ...(await openDispatch(one)) }
    const before = one.tallies.get(name)?.requests ?? 0
    for (let i = 0; i < burst; i++) await drivers[name]!(heedless, subjects)
    const refused = await refusal(drivers[name]!(heedless, subjects))
    expect(refused).toMatchObject({ kind: 'throttled', code: 'QuotaExceeded', retryAt: expect.any(Date) })
    expect(heedless.exhausted).toEqual([name])
    expect(heedless.learned.get(name)).toBe(amazon.limits[name]!.rate)
    const { requests, statuses } = one.tallies.get(name)!
    expect([requests, statuses['429']]).toEqual([before + burst + 1, 1])
    await one.pass(3_600_000)
    const careful = one.account()
    for (let i = 0; i < burst; i++) await drivers[name]!(careful, subjects)
    expect(await refusal(drivers[name]!(careful, subjects))).toMatchObject({ kind: 'throttled', code: 'budget' })
    expect(one.tallies.get(name)!.requests).toBe(before + 2 * burst + 1)
    expect(describeFindings(one.findings)).toEqual([])
  })
})

describe('other regions', () => {
  test.each([
    { region: 'eu' as const, ids: ['A1PA6795UKMFR9', 'A1F83G8C2ARO7P'], currency: 'EUR' },
    { region: 'fe' as const, ids: ['A1VC38T7YXB528'], currency: 'JPY' },
  ])('$region, in $currency', async ({ region, ids, currency }) => {
    const origin = `https://sellingpartnerapi-${region}.amazon.com`
    const catalog = awkwardCatalog({ marketplaceIds: ids, currency })
    const one = bench({ region, marketplaceIds: ids, catalog, origin })
    const account = one.account()
    const { byId } = await pullOrders(account)
    expect(byId.size).toBe(420)
    const { listings } = await pullListings(account)
    expect(listings[0]!.price).toEqual({
      amount: catalog.find((item) => item.sku === listings[0]!.remoteSku)!.price,
      currency,
    })
    await push(account, awkwardSkus[1]!, 3)
    expect(describeFindings(one.findings)).toEqual([])
  })
})

test('faults of every kind, on every operation', async () => {
  const one = bench()
  const { orders } = await truthOf(one)
  const shipped = orders.find((order) => order.status === 'SHIPPED')!
  const skus = [awkwardSkus[0]!, awkwardSkus[1]!, 'PLAIN-001']
  const feeds = await handInFeeds(one, skus)
  const parcel = await openParcel(one, skus[0]!)
  const subjects = { orderId: shipped.id, skus, feeds, parcel, ...(await openDispatch(one)) }
  const planned = plannedFaults(one)
  for (const fault of planned) {
    // Long enough for a call of searchOrders; the short-lived tokens run out too.
    await one.pass(3_600_000)
    const { fired, error } = await underFault(one, fault, subjects)
    const what = `${fault.operation} ${fault.kind} ${fault.status ?? ''}`
    expect([what, fired, error?.kind]).toEqual([what, 1, fault.expected])
    const isWrite = writes.has(fault.operation)
    const mayHaveApplied =
      ['drop', 'timeout-after-apply'].includes(fault.kind) || (isWrite && error?.kind === 'unavailable')
    expect([what, error?.mayHaveApplied ?? false]).toEqual([what, mayHaveApplied])
  }
  const malformed = planned.filter((fault) => fault.kind === 'malformed').length
  const lost = planned.filter((fault) => ['drop', 'timeout-after-apply'].includes(fault.kind)).length
  expect(describeFindings(one.findings.filter((finding) => finding.kind === 'invalid'))).toEqual([])
  // What was planted as unreadable was found unreadable, each time, and nothing else was.
  expect(one.findings.filter((finding) => finding.kind === 'unreadable')).toHaveLength(malformed)
  expect([...one.tallies.values()].reduce((sum, tally) => sum + tally.lost, 0)).toBe(lost)
  say(
    `${planned.length} faults planted on ${Object.keys(amazon.limits).length} operations and the token endpoint, all fired`,
  )
})

test('what else the simulator can be asked within the models', async () => {
  const one = bench()
  await buyCancelAndShip(one)
  const { orders } = await truthOf(one)
  const ids = ['PENDING', 'UNSHIPPED', 'PARTIALLY_SHIPPED', 'SHIPPED', 'CANCELLED'].flatMap((status) => {
    const found = orders.filter((order) => order.status === status)
    return ['AMAZON', 'MERCHANT'].flatMap((by) => found.find((order) => order.fulfilledBy === by)?.id ?? [])
  })
  expect(ids.length).toBeGreaterThanOrEqual(7)
  expect(await probeAll(one, ids, awkwardSkus[0]!)).toEqual([])
  expect(describeFindings(one.findings)).toEqual([])
})

test('what was validated, by operation', () => {
  const sum = new Map<string, Tally>()
  for (const one of benches) {
    for (const [name, tally] of one.tallies) {
      const total = sum.get(name) ?? { requests: 0, answers: 0, statuses: {}, unreadable: 0, lost: 0 }
      for (const [status, count] of Object.entries(tally.statuses))
        total.statuses[status] = (total.statuses[status] ?? 0) + count
      for (const key of ['requests', 'answers', 'unreadable', 'lost'] as const) total[key] += tally[key]
      sum.set(name, total)
    }
  }
  say('connector ↔ simulator, validated against the models:')
  for (const [name, { requests, answers, statuses }] of [...sum].sort()) {
    const byStatus = Object.entries(statuses)
      .map(([status, count]) => `${status}×${count}`)
      .join(' ')
    say(
      `${name}: ${requests} requests, ${answers} answers (${byStatus})${name === 'token' ? ', by hand: no model' : ''}`,
    )
  }
  for (const name of operationsHere) {
    expect(sum.get(name)?.requests, `requests of ${name}`).toBeGreaterThan(0)
    expect(sum.get(name)?.answers, `answers of ${name}`).toBeGreaterThan(0)
  }
  // Nothing slips by: a request without a validated answer is one whose answer was lost or broken on purpose.
  for (const { requests, answers, unreadable, lost } of sum.values()) expect(answers + unreadable + lost).toBe(requests)
  expect(sum.has('unknown')).toBe(false)
})
