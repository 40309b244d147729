/** The list of orders moves while it is walked, tells equal seconds in any order, and dates a checkout by its first page. */
import { expect, test } from 'vitest'
import type { State } from '../../../simulator/state.ts'
import { closed, minute, pullAll, wooBench } from '../../../test/support/woocommerce.ts'
import { woocommerce } from './index.ts'
import { writeTime } from './mapping.ts'
import { isPassedOver } from './zone.ts'

const pull = woocommerce.orders!.pull
const idsOf = (items: readonly { remoteId: string }[]) => [...new Set(items.map(({ remoteId }) => remoteId))].sort()
const stateOf = (bench: ReturnType<typeof wooBench>) => (bench.sim.snapshot() as State).woocommerce!

test('250 orders of one second: all of them are told, though a page holds a hundred', async () => {
  const bench = wooBench({ MUG: { quantity: 1_000 } })
  const ids = []
  for (let count = 0; count < 250; count += 1) ids.push(await bench.buy('MUG'))
  expect(new Set(stateOf(bench).orders.map(({ modifiedAt }) => modifiedAt)).size).toBe(1)
  await bench.pass(minute)
  const { items, pages } = await pullAll(pull, bench.account())
  expect(idsOf(items)).toEqual(ids.sort())
  expect(pages).toBeLessThanOrEqual(4)
})

test('an order of the same second changes between two pages: the one behind it is not skipped', async () => {
  const bench = wooBench({ MUG: { quantity: 1_000 } })
  const ids = []
  for (let count = 0; count < 150; count += 1) ids.push(await bench.buy('MUG'))
  await bench.pass(minute)
  const account = bench.account()
  const first = await pull(account, null)
  const seen = first.items.map(({ remoteId }) => remoteId)
  expect(first.more).toBe(true)
  await bench.control(`/orders/${seen[3]}/cancel`, {})
  const rest = await pullAll(pull, account, first.next)
  expect(idsOf([...first.items, ...rest.items])).toEqual(ids.sort())
  expect(rest.items.filter(({ remoteId }) => remoteId === seen[3]).at(-1)?.state).toBe('canceled')
})

test('the site lies five hours from UTC: moments are asked for in UTC and without a word about the zone', async () => {
  const bench = wooBench({ MUG: { quantity: 10 } }, { zoneHours: -5 })
  const account = bench.account()
  const first = await pullAll(pull, account)
  await bench.pass(30 * minute)
  const id = await bench.buy('MUG')
  await bench.pass(minute)
  const { items } = await pullAll(pull, account, first.last.next)
  expect(idsOf(items)).toEqual([id])
  expect(items[0]!.placedAt.getTime()).toBe(stateOf(bench).orders[0]!.createdAt)
  const asked = bench.traffic.map(({ url }) => url.searchParams.get('modified_after')!)
  for (const text of asked) expect(text).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/)
  expect(writeTime(new Date('2026-11-22T12:00:00.987Z'))).toBe('2026-11-22T12:00:00')
})

/** The checkout page was opened before the watermark, and the buyer bought after it. */
test('a checkout that was begun long ago is a sale of now, told the same when it is told again', async () => {
  const bench = wooBench({ MUG: { quantity: 10 } })
  const account = bench.account()
  const id = await bench.buy('MUG')
  await bench.control(`/woocommerce/orders/${id}`, { status: 'checkout-draft' })
  await bench.pass(minute)
  let walked = await pullAll(pull, account)
  expect(walked.items).toEqual([])
  for (let count = 0; count < 20; count += 1) {
    await bench.pass(minute)
    walked = await pullAll(pull, account, walked.last.next)
  }
  const watermark = walked.last.watermark!.getTime()
  await bench.control(`/woocommerce/orders/${id}`, { status: 'processing' })
  await bench.pass(minute)
  walked = await pullAll(pull, account, walked.last.next)
  const [order] = walked.items
  expect(order!.placedAt.getTime()).toBe(watermark)
  expect(stateOf(bench).orders[0]!.createdAt).toBeLessThan(watermark)
  expect(woocommerce.orders!.read(JSON.parse(JSON.stringify(order!.raw)))).toMatchObject({ placedAt: order!.placedAt })
  await bench.pass(minute)
  const again = await pullAll(pull, account, walked.last.next)
  expect(again.items[0]!.placedAt).toEqual(order!.placedAt)
})

test('words: what each status is here, and units that were given back', async () => {
  const bench = wooBench({ MUG: { quantity: 100 } })
  const states: Record<string, string> = {}
  for (const status of ['pending', 'on-hold', 'processing', 'completed', 'cancelled', 'failed', 'refunded', 'packed']) {
    const id = await bench.buy('MUG', 2)
    await bench.control(`/woocommerce/orders/${id}`, { status })
    await bench.pass(2_000)
    states[status] = (await pullAll(pull, bench.account())).items.find(({ remoteId }) => remoteId === id)!.state
  }
  expect(states).toEqual({
    pending: 'pending',
    'on-hold': 'pending',
    processing: 'open',
    completed: 'shipped',
    cancelled: 'canceled',
    failed: 'canceled',
    refunded: 'canceled',
    packed: 'unknown',
  })
  const id = await bench.buy('MUG', 5)
  await bench.control(`/woocommerce/orders/${id}`, { refund: { sku: 'MUG', quantity: 2 } })
  const order = (await pullAll(pull, bench.account())).items.find(({ remoteId }) => remoteId === id)!
  expect(order.lines).toMatchObject([{ quantity: 5, canceled: 2, shipped: 0 }])
  await bench.pass(2_000)
  await bench.control(`/orders/${id}/ship`, {})
  const shipped = (await pullAll(pull, bench.account())).items.find(({ remoteId }) => remoteId === id)!
  expect(shipped).toMatchObject({ state: 'shipped', lines: [{ shipped: 5, canceled: 0 }] })
  // Money back for goods that had left: nothing to send, nothing to put back.
  await bench.control(`/woocommerce/orders/${id}`, { status: 'refunded' })
  const back = (await pullAll(pull, bench.account())).items.find(({ remoteId }) => remoteId === id)!
  expect(back.state).toBe('shipped')
})

test('orders that the user of the key may not read are counted and left out: the walk ends all the same', async () => {
  const bench = wooBench({ MUG: { quantity: 100 } })
  await bench.buy('MUG')
  await bench.pass(minute)
  const account = bench.account()
  const hidden = {
    ...account,
    http: async (request: Parameters<typeof account.http>[0]) => {
      const answer = await account.http(request)
      return request.operation === 'listOrders' ? { ...answer, json: [], text: '[]' } : answer
    },
  }
  const page = await pull(hidden, null)
  expect([page.items, page.more]).toEqual([[], false])
})

test('the last orders of a page cannot be read, and one before them changes: none behind them is skipped', async () => {
  for (const oneSecond of [false, true])
    for (const odd of [1, 3]) {
      const bench = wooBench({ MUG: { quantity: 1_000 } })
      const plain = bench.account()
      const { last: before } = await pullAll(pull, plain)
      await bench.pass(minute)
      const ids: string[] = []
      for (let n = 0; n < 160; n += 1) {
        ids.push(await bench.buy('MUG'))
        if (!oneSecond) await bench.pass(20_000)
      }
      await bench.pass(minute)
      // Those that stand in places 99 and before of the first page.
      const spoilt = new Set(ids.slice(100 - odd, 100))
      let isSpoilt = true
      const account = {
        ...plain,
        http: async (request: Parameters<typeof plain.http>[0]) => {
          const answer = await plain.http(request)
          if (request.operation !== 'listOrders' || !isSpoilt) return answer
          const json = (answer.json as { id: number }[]).map((one) =>
            spoilt.has(String(one.id)) ? { ...one, date_modified_gmt: null } : one,
          )
          return { ...answer, json }
        },
      }
      const told = new Set<string>()
      let [cursor, more]: [unknown, boolean] = [before.next, true]
      for (let pages = 0; more; pages += 1) {
        const page = await pull(account, JSON.parse(JSON.stringify(cursor)))
        for (const { remoteId } of [...page.items, ...(page.unreadable ?? [])]) told.add(remoteId)
        if (page.items.length + (page.unreadable ?? []).length === 100)
          await bench.control(`/orders/${ids[3]}/cancel`, {})
        ;({ next: cursor, more } = page)
        expect(pages).toBeLessThan(10)
      }
      isSpoilt = false
      expect([...told].sort()).toEqual(ids.toSorted())
    }
})

test('a page that came empty though the store counts orders is asked for again before it is believed', async () => {
  for (const emptyPage of [1, 3]) {
    const bench = wooBench({ MUG: { quantity: 1_000 } })
    const plain = bench.account()
    const ids: string[] = []
    // All of one second: the third page is asked for by its place.
    for (let n = 0; n < 150; n += 1) ids.push(await bench.buy('MUG'))
    await bench.pass(minute)
    let pages = 0
    const account = {
      ...plain,
      http: async (request: Parameters<typeof plain.http>[0]) => {
        const answer = await plain.http(request)
        if (request.operation !== 'listOrders') return answer
        pages += 1
        return pages === emptyPage ? { ...answer, text: '[]', json: [] } : answer
      },
    }
    const { items } = await pullAll(pull, account)
    expect(idsOf(items)).toEqual(ids.sort())
    expect(pages).toBe(4)
  }
})

test('in the night in which the clock is put forward no hour of orders is passed over', async () => {
  const bench = wooBench({ MUG: { quantity: 1_000 } }, { zone: 'Europe/Berlin', at: '2027-03-28T01:30:00Z' })
  const account = bench.account()
  let cursor: unknown = null
  const bought: string[] = []
  const seen = new Set<string>()
  // 02:00 to 03:00 is no time in Berlin that day; in UTC it is.
  for (let count = 0; count < 24; count += 1) {
    await bench.pass(5 * minute)
    bought.push(await bench.buy('MUG'))
    await bench.pass(minute)
    const { items, last } = await pullAll(pull, account, cursor)
    for (const { remoteId } of items) seen.add(remoteId)
    expect([...seen]).toEqual(expect.arrayContaining(bought))
    cursor = last.next
  }
  expect(bench.traffic.filter(({ url }) => url.pathname.endsWith('/wp-json/'))).toHaveLength(1)
})

test('so many orders in that night that a page holds but a part: all are told', async () => {
  const bench = wooBench({ MUG: { quantity: 1_000 } }, { zone: 'Europe/Berlin', at: '2027-03-28T01:00:00Z' })
  const account = bench.account()
  const { last } = await pullAll(pull, account)
  const ids: string[] = []
  for (let count = 0; count < 360; count += 1) {
    await bench.pass(20_000)
    ids.push(await bench.buy('MUG'))
  }
  await bench.pass(minute)
  expect(idsOf((await pullAll(pull, account, last.next)).items)).toEqual(ids.sort())
})

test('the store’s index is closed to strangers: a moment is asked for an hour sooner at night, and nobody is refused', async () => {
  const bench = wooBench({ MUG: { quantity: 10 } }, { zone: 'Europe/Berlin', at: '2027-03-28T02:10:00Z' })
  const account = closed(bench.account())
  const { last } = await pullAll(pull, account)
  await bench.pass(10 * minute)
  const id = await bench.buy('MUG')
  await bench.pass(minute)
  expect(idsOf((await pullAll(pull, account, last.next)).items)).toEqual([id])
})

test('which times of the day a clock passes over', () => {
  const is = (text: string, zone: string) => isPassedOver(new Date(text), zone)
  expect(is('2027-03-28T02:00:00Z', 'Europe/Berlin')).toBe(true)
  expect(is('2027-03-28T02:59:59Z', 'Europe/Berlin')).toBe(true)
  expect(is('2027-03-28T01:59:59Z', 'Europe/Berlin')).toBe(false)
  expect(is('2027-03-28T03:00:00Z', 'Europe/Berlin')).toBe(false)
  expect(is('2027-03-28T02:30:00Z', 'UTC')).toBe(false)
  expect(is('2027-03-14T02:30:00Z', 'America/New_York')).toBe(true)
  // Put back: that hour is there twice.
  expect(is('2026-10-25T02:30:00Z', 'Europe/Berlin')).toBe(false)
  expect(is('2026-10-04T02:10:00Z', 'Australia/Lord_Howe')).toBe(true)
  expect(is('2027-03-28T02:30:00Z', 'Nowhere/Else')).toBe(true)
})

test('a refund that cannot be read holds up no order; its units stay sold', async () => {
  const bench = wooBench({ MUG: { quantity: 100 } })
  const id = await bench.buy('MUG', 5)
  const other = await bench.buy('MUG')
  await bench.control(`/woocommerce/orders/${id}`, { refund: { sku: 'MUG', quantity: 2 } })
  await bench.control(`/woocommerce/orders/${id}`, { refund: { sku: 'MUG', quantity: 1 } })
  const plain = bench.account()
  const account = {
    ...plain,
    http: async (request: Parameters<typeof plain.http>[0]) => {
      const answer = await plain.http(request)
      if (request.operation === 'listRefunds') delete (answer.json as { amount?: string }[])[0]!.amount
      return answer
    },
  }
  const { items, last } = await pullAll(pull, account)
  expect(idsOf(items)).toEqual([id, other].sort())
  expect(items.find(({ remoteId }) => remoteId === id)!.lines).toMatchObject([{ quantity: 5, canceled: 1 }])
  expect(last.strange).toEqual([{ field: 'refunds', isNew: false }])
})
