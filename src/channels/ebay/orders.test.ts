/** Orders of the simulated eBay, over pages that move, by every trap that its lists have. */
import { expect, test } from 'vitest'
import { ebayBench, ebayItem, pullAllOf } from '../../../test/support/ebay.ts'
import { ebay } from './index.ts'

const minute = 60_000
const pull = (account: Parameters<NonNullable<typeof ebay.orders>['pull']>[0]) => (cursor: unknown) =>
  ebay.orders!.pull(account, cursor)

test('every order once, over pages of 200, with watermark; once more by the sweep, and by the look after it', async () => {
  const bench = ebayBench([ebayItem('MUG', 2_000)])
  const account = bench.account()
  const bought: string[] = []
  for (let n = 0; n < 450; n += 1) {
    bought.push(await bench.buy('MUG'))
    await bench.pass(1_000)
  }
  await bench.pass(2 * minute)
  const first = await pullAllOf(pull(account))
  expect(first.pages).toBe(3)
  // The last order of a page is the first of the next one.
  expect(first.items).toHaveLength(452)
  expect([...new Set(first.items.map((order) => order.remoteId))].sort()).toEqual([...bought].sort())
  expect(first.watermark!.getTime()).toBe(bench.sim.now().getTime() - minute)
  await bench.pass(30 * minute)
  const again = await pullAllOf(pull(account), first.next)
  // Fifteen minutes after the first pull the whole history is read once more.
  expect(new Set(again.items.map((order) => order.remoteId)).size).toBe(450)
  await bench.pass(30 * minute)
  const third = await pullAllOf(pull(account), again.next)
  await bench.pass(30 * minute)
  expect((await pullAllOf(pull(account), third.next)).items).toEqual([])
})

test('an order that changes while its list is paged through hides no other', async () => {
  const bench = ebayBench([ebayItem('MUG', 2_000)])
  const account = bench.account()
  const bought: string[] = []
  for (let n = 0; n < 420; n += 1) {
    bought.push(await bench.buy('MUG'))
    await bench.pass(10_000)
  }
  await bench.pass(2 * minute)
  // Only those of the window's beginning: those that change leave a closed window.
  const begun = await ebay.orders!.pull(account, null)
  expect(begun.more).toBe(true)
  const seen = new Set(begun.items.map((order) => order.remoteId))
  const early = [...seen].slice(0, 5)
  for (const id of early) await bench.control(`/orders/${id}/ship`, {})
  const late = await bench.buy('MUG')
  await bench.pass(2_000)
  const rest = await pullAllOf(pull(account), begun.next)
  for (const order of rest.items) seen.add(order.remoteId)
  expect([...seen].sort()).toEqual([...bought, late].sort())
  const shipped = rest.items.filter((order) => early.includes(order.remoteId) && order.state === 'shipped')
  expect(new Set(shipped.map((order) => order.remoteId)).size).toBe(5)
})

test('states, lines, money, the hub of international orders, and a request for cancellation read singly once', async () => {
  const bench = ebayBench([ebayItem('MUG', 500), ebayItem('BOWL', 50)], {
    lifecycle: { slowPaymentShare: 0, buyerCancelShare: 0, cancelRequestShare: 1 },
  })
  const account = bench.account()
  const ids: string[] = []
  for (let n = 0; n < 40; n += 1) ids.push(await bench.buy('MUG', 3))
  const [shipped, canceled] = ids
  await bench.control(`/orders/${shipped}/ship`, {})
  await bench.control(`/orders/${canceled}/cancel`, {})
  await bench.pass(61 * minute)
  const { items, next } = await pullAllOf(pull(account))
  const byId = new Map(items.map((order) => [order.remoteId, order]))
  expect(byId.get(shipped!)).toMatchObject({ state: 'shipped', lines: [{ shipped: 3, canceled: 0 }] })
  expect(byId.get(canceled!)).toMatchObject({ state: 'canceled', lines: [{ shipped: 0, canceled: 3 }] })
  expect(byId.get(ids[2]!)).toMatchObject({
    state: 'open',
    fulfilledBy: 'merchant',
    marketplace: 'EBAY_US',
    currency: 'USD',
    total: 4_470,
    lines: [{ remoteSku: 'MUG', quantity: 3, unitPrice: 1_490 }],
  })
  interface Raw {
    cancelStatus: { cancelRequests: unknown[] }
    fulfillmentStartInstructions: {
      ebaySupportedFulfillment: boolean
      finalDestinationAddress?: { addressLine1: string }
    }[]
  }
  const asked = items.filter((order) => (order.raw as Raw).cancelStatus.cancelRequests.length > 0)
  expect(asked.length).toBeGreaterThanOrEqual(38)
  const abroad = items.filter((order) => (order.raw as Raw).fulfillmentStartInstructions[0]!.ebaySupportedFulfillment)
  expect(abroad.length).toBeGreaterThan(0)
  for (const order of abroad) {
    expect(order.buyer!.address).toMatchObject({ line1: '1 Example Hub Way', line3: `eBay:${order.remoteId}` })
    expect(JSON.stringify(order.buyer)).not.toContain(
      (order.raw as Raw).fulfillmentStartInstructions[0]!.finalDestinationAddress!.addressLine1,
    )
  }
  const singly = (await bench.truth()).calls.getOrder!.count
  await bench.pass(minute)
  const again = await pullAllOf(pull(account), next)
  expect(again.items.length).toBeGreaterThan(0)
  expect((await bench.truth()).calls.getOrder!.count).toBe(singly)
})

test('an order that cannot be read stands alone; unknown words become unknown and are told', async () => {
  const bench = ebayBench([ebayItem('MUG', 50)])
  const [odd, worded, plain] = [await bench.buy('MUG'), await bench.buy('MUG'), await bench.buy('MUG')]
  await bench.fault('getOrders', 'rewrite', { orderId: odd, changes: [{ at: '/lineItems/0/quantity', value: 'x' }] })
  const changes = [
    { at: '/orderFulfillmentStatus', value: 'ON_THE_MOON' },
    { at: '/brandNew', value: 1 },
  ]
  await bench.fault('getOrders', 'rewrite', { orderId: worded, changes })
  await bench.pass(2 * minute)
  const page = await ebay.orders!.pull(bench.account(), null)
  expect(page.unreadable).toMatchObject([{ remoteId: odd, where: 'lineItems.0.quantity' }])
  expect(page.items.map((order) => [order.remoteId, order.state]).sort()).toEqual(
    [
      [worded, 'unknown'],
      [plain, 'open'],
    ].sort(),
  )
  expect(page.strange).toEqual([
    { field: 'brandNew', isNew: true },
    { field: 'orderFulfillmentStatus', isNew: false },
  ])
  expect(ebay.orders!.read(page.unreadable![0]!.raw)).toMatchObject({ where: 'lineItems.0.quantity' })
})
