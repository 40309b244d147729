/** The second count: all that were placed in a span, each once, whatever becomes of the list; one that is missing is read alone. */
import { expect, test } from 'vitest'
import { minute, pullAll, type WooBench, wooBench } from '../../../test/support/woocommerce.ts'
import type { Account } from '../connector.ts'
import { woocommerce } from './index.ts'

const day = 24 * 60 * minute
const { recount } = woocommerce.orders!

async function count(account: Account, span: { from: Date; until: Date }, between = async () => {}) {
  const ids: string[] = []
  const unreadable: string[] = []
  for (let [cursor, more, pages]: [unknown, boolean, number] = [null, true, 0]; more; pages += 1) {
    if (pages > 100) throw new Error('the pages have no end')
    if (pages > 0) await between()
    const page = await recount!.pull(account, span, cursor === null ? null : JSON.parse(JSON.stringify(cursor)))
    ids.push(...(page.ids ?? []))
    unreadable.push(...(page.unreadable ?? []).map(({ where }) => where))
    ;({ next: cursor, more } = page)
  }
  return { ids, unreadable }
}

const buyMany = async (bench: WooBench, orders: number, everyMs = 0) => {
  const ids: string[] = []
  for (let n = 0; n < orders; n += 1) {
    ids.push(await bench.buy('MUG'))
    if (everyMs > 0) await bench.pass(everyMs)
  }
  return ids
}

const shop = { MUG: { quantity: 2_000 } }
const now = (bench: WooBench) => bench.sim.now()
/** Changes what lists of orders say. */
const spoiling = (account: Account, spoil: (orders: Record<string, unknown>[]) => unknown): Account => ({
  ...account,
  http: async (request) => {
    const answer = await account.http(request)
    if (request.operation === 'listOrders') spoil(answer.json as Record<string, unknown>[])
    return answer
  },
})

test('all of the span, each once; of its bounds the first second belongs to it; asked for in UTC, oldest first', async () => {
  const bench = wooBench(shop, { zoneHours: -5 })
  const account = bench.account()
  await bench.buy('MUG')
  await bench.pass(1_000)
  const from = now(bench)
  const ids = await buyMany(bench, 230, 7 * minute)
  const until = now(bench)
  const [later] = await buyMany(bench, 1)
  await bench.pass(day)
  // A change moves it in the usual list, and nothing here.
  await bench.control(`/orders/${ids[3]}/cancel`, {})
  expect((await count(account, { from, until })).ids).toEqual(ids)
  expect((await count(account, { from: until, until: now(bench) })).ids).toEqual([later])
  const asked = bench.traffic.filter(({ url }) => url.searchParams.has('before'))
  expect(asked).toHaveLength(4)
  for (const { url } of asked) {
    expect(Object.fromEntries(url.searchParams)).toMatchObject({ dates_are_gmt: 'true', orderby: 'date', order: 'asc' })
    expect(url.searchParams.get('after')).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/)
    expect(url.searchParams.has('modified_after')).toBe(false)
  }
})

test('250 orders of one second, and checkouts that nobody finished', async () => {
  const bench = wooBench(shop)
  const from = now(bench)
  const ids = await buyMany(bench, 250)
  const drafts = ids.filter((_, index) => index % 50 === 7)
  for (const id of drafts) await bench.control(`/woocommerce/orders/${id}`, { status: 'checkout-draft' })
  await bench.pass(day)
  const counted = await count(bench.account(), { from, until: now(bench) })
  expect(counted.ids).toEqual(ids.filter((id) => !drafts.includes(id)))
  expect(await recount!.read!(bench.account(), drafts[0]!)).toBeNull()
})

test('the store deletes old checkouts while pages are read: the orders behind them are not skipped', async () => {
  const bench = wooBench(shop)
  const from = now(bench)
  const gone = await buyMany(bench, 40, 1_000)
  const ids = await buyMany(bench, 220, 1_000)
  for (const id of gone) await bench.control(`/woocommerce/orders/${id}`, { status: 'checkout-draft' })
  await bench.pass(day)
  let removed = new Set<string>()
  const account = spoiling(bench.account(), (orders) => {
    const kept = orders.filter(({ id }) => !removed.has(String(id)))
    orders.splice(0, orders.length, ...kept)
  })
  const { ids: found } = await count(account, { from, until: now(bench) }, async () => void (removed = new Set(gone)))
  expect(found).toEqual(ids)
})

test('orders that the user of the key may not read are counted by the store and left out: it ends all the same', async () => {
  const bench = wooBench(shop)
  const from = now(bench)
  await buyMany(bench, 120, 1_000)
  const account = spoiling(bench.account(), (orders) => orders.splice(0, orders.length))
  expect(await count(account, { from, until: now(bench) })).toEqual({ ids: [], unreadable: [] })
})

test('in the night in which the clock is put forward each order is counted once all the same', async () => {
  const bench = wooBench(shop, { zone: 'Europe/Berlin', at: '2027-03-28T00:30:00Z' })
  const from = now(bench)
  const ids = await buyMany(bench, 300, 40_000)
  const account = bench.account()
  // One bound lies in the hour that is no time there.
  const middle = new Date('2027-03-28T02:20:00Z')
  const first = await count(account, { from, until: middle })
  const second = await count(account, { from: middle, until: now(bench) })
  expect([...first.ids, ...second.ids]).toEqual(ids)
})

test('one without a number or a date hides no other; what is missing is read as the usual list reads it', async () => {
  const bench = wooBench(shop)
  const from = now(bench)
  const ids = await buyMany(bench, 4, 1_000)
  await bench.control(`/woocommerce/orders/${ids[3]}`, { refund: { sku: 'MUG', quantity: 1 } })
  const account = bench.account()
  const odd = spoiling(account, (orders) => {
    orders[0]!.id = 'x'
    delete orders[1]!.date_created_gmt
    orders[2]!.line_items = 'none'
  })
  expect(await count(odd, { from, until: now(bench) })).toEqual({ ids: ids.slice(1), unreadable: ['id'] })
  const { items } = await pullAll(woocommerce.orders!.pull, account)
  for (const id of ids) {
    const usual = items.findLast(({ remoteId }) => remoteId === id)!
    expect(await recount!.read!(account, id)).toEqual(usual)
  }
  expect(await recount!.read!(account, '999999')).toBeNull()
  const strange = {
    ...account,
    http: async (request: Parameters<typeof account.http>[0]) => {
      const answer = await account.http(request)
      return { ...answer, json: { ...(answer.json as object), line_items: 'none' } }
    },
  }
  expect(await recount!.read!(strange, ids[0]!)).toMatchObject({ remoteId: ids[0], where: 'line_items' })
  const { name } = items[0]!.buyer!
  expect(name!.length).toBeGreaterThan(3)
  expect(JSON.stringify(account.journal)).not.toContain(name)
})
