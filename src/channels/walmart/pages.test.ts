/** Pages that do not tell what they promise: one order in the place of another, empty ones, lists that come out short. */
import { expect, test } from 'vitest'
import { pullAllOf } from '../../../test/support/ebay.ts'
import { walmartBench, walmartItem, walmartSettings } from '../../../test/support/walmart.ts'
import { walmart } from './index.ts'

const minute = 60_000

interface Order extends Record<string, unknown> {
  orderLines: { orderLine: { statusDate: number }[] }
}
interface Body {
  list: { meta: { totalCount?: number; nextCursor?: string }; elements: { order: Order[] } }
}
type Spoil = (body: Body, page: number, headers: Headers) => unknown

/** So many orders, one each ten seconds, and both ways to ask for them; pages are changed on their way. */
async function away(orders: number, spoil: Spoil = () => undefined) {
  const bench = walmartBench([walmartItem('MUG', 5_000)])
  const wire = { spoil, pages: 0 }
  const account = bench.account({
    settings: { ...walmartSettings, programs: [] },
    fetch: async (input, init) => {
      const answer = await bench.fetch(input, init)
      if (!String(input).includes('/v3/orders') || answer.status !== 200) return answer
      const body = (await answer.json()) as Body
      const headers = new Headers(answer.headers)
      wire.pages += 1
      wire.spoil(body, wire.pages, headers)
      return Response.json(body, { headers })
    },
  })
  const from = bench.sim.now()
  const bought: string[] = []
  const buy = async () => {
    await bench.pass(10_000)
    bought.push(await bench.buy('MUG'))
  }
  for (let n = 0; n < orders; n += 1) await buy()
  await bench.pass(2 * minute)
  const until = bench.sim.now()
  const saved = (cursor: unknown) => (cursor === null ? null : JSON.parse(JSON.stringify(cursor)))
  const pull = (cursor: unknown) => walmart.orders!.pull(account, saved(cursor))
  const count = (cursor: unknown) => walmart.orders!.recount!.pull(account, { from, until }, saved(cursor))
  return { bench, wire, bought, buy, pull, count }
}

const idsOf = (items: readonly { remoteId: string }[]) => [...new Set(items.map(({ remoteId }) => remoteId))].toSorted()
const ways = ['pull', 'count'] as const

/** The first order changes while the list is read: it stands behind the others, which all move up by one. */
function moving(now: () => number): Spoil {
  let moved: Order | undefined
  return ({ list: { elements } }, page) => {
    if (page === 1) moved = structuredClone(elements.order[0])
    if (page !== 2) return
    moved!.orderLines.orderLine[0]!.statusDate = now() + 5_000
    elements.order = [...elements.order.slice(1), moved!]
  }
}

test.each(ways)('%s: an order that is told twice does not count for the one in whose place it stands', async (way) => {
  for (const odd of [1, 2]) {
    const hub = await away(250, ({ list: { elements } }, page) => {
      if (page === odd) elements.order[10] = elements.order[11]!
    })
    expect(idsOf((await pullAllOf(hub[way])).items)).toEqual(hub.bought.toSorted())
  }
})

test.each(ways)('%s: where nothing says how many there are, an order told twice is enough', async (way) => {
  const hub = await away(250, ({ list: { elements, meta } }, page) => {
    delete meta.totalCount
    if (page === 2) elements.order[10] = elements.order[11]!
  })
  expect(idsOf((await pullAllOf(hub[way])).items)).toEqual(hub.bought.toSorted())
})

test.each(ways)('%s: a list that moves between two pages is read again, whatever its clock says', async (way) => {
  for (const aheadMs of [0, 20_000]) {
    const hub = await away(250)
    const now = () => hub.bench.sim.now().getTime()
    const move = moving(now)
    hub.wire.spoil = (body, page, headers) => {
      headers.set('date', new Date(now() + aheadMs).toUTCString())
      move(body, page, headers)
    }
    expect(idsOf((await pullAllOf(hub[way])).items)).toEqual(hub.bought.toSorted())
  }
})

test('an order that comes while the list is read does not count for one that was passed over', async () => {
  const hub = await away(250)
  hub.wire.spoil = moving(() => hub.bench.sim.now().getTime())
  const first = await hub.pull(null)
  await hub.buy()
  await hub.bench.pass(5_000)
  expect(idsOf([...first.items, ...(await pullAllOf(hub.pull, first.next)).items])).toEqual(hub.bought.toSorted())
})

test.each(ways)('%s: an order without a number counts as told', async (way) => {
  const hub = await away(250, ({ list: { elements } }) => {
    if (elements.order.length > 100) for (const order of elements.order.slice(5, 7)) order.purchaseOrderId = null
  })
  await pullAllOf(hub[way])
  expect(hub.wire.pages).toBe(2)
})

test.each(ways)('%s: an empty page that says that more follows is no end', async (way) => {
  for (const total of ['as many', 'none']) {
    const hub = await away(250, ({ list: { elements, meta } }, page) => {
      if (total === 'none') delete meta.totalCount
      if (page % 2 === 1 || page > 12) return
      meta.nextCursor = '?hasMoreElements=true'
      elements.order = []
    })
    // What is said is tried again.
    const tried = (cursor: unknown): ReturnType<typeof hub.pull> =>
      hub[way](cursor).catch((error: { code: string }) => {
        if (error.code !== 'incomplete') throw error
        return tried(cursor)
      })
    expect(idsOf((await pullAllOf(tried)).items)).toEqual(hub.bought.toSorted())
  }
})

test('second pages that stay empty for a while: the window is read in parts, and nothing is taken as known', async () => {
  const hub = await away(400, ({ list: { elements, meta } }, page) => {
    if (page < 40 && !meta.nextCursor) elements.order = elements.order.slice(0, 150)
  })
  const all = await pullAllOf(hub.pull)
  expect(idsOf(all.items)).toEqual(hub.bought.toSorted())
  expect(all.watermark).toBeInstanceOf(Date)
})

test('a window that tells less than it has, and cannot be halved, is said; later it is begun anew', async () => {
  const hub = await away(20)
  const known = await pullAllOf(hub.pull)
  await hub.bench.pass(20 * minute)
  const swept = await pullAllOf(hub.pull, known.next)
  await hub.buy()
  await hub.bench.pass(2 * minute)
  hub.wire.spoil = ({ list: { meta } }) => (meta.totalCount! += 1)
  const found: { remoteId: string }[] = []
  const stuck = async (cursor: unknown): Promise<unknown> => {
    for (let [next, pages] = [cursor, 0]; pages < 100; pages += 1) {
      const page = await hub.pull(next).catch(({ code }: { code: string }) => code)
      if (page === 'incomplete') return next
      if (typeof page === 'string') throw new Error(page)
      expect([page.more, page.watermark]).toEqual([true, undefined])
      found.push(...page.items)
      next = page.next
    }
    throw new Error('it never ends')
  }
  const first = await stuck(swept.next)
  expect(found.map(({ remoteId }) => remoteId)).toContain(hub.bought.at(-1))
  await hub.buy()
  await hub.bench.pass(15 * minute)
  const later = await stuck(first)
  // What came meanwhile is known although the list is never whole.
  expect(found.map(({ remoteId }) => remoteId)).toContain(hub.bought.at(-1))
  hub.wire.spoil = () => undefined
  await hub.bench.pass(15 * minute)
  expect((await pullAllOf(hub.pull, later)).watermark!.getTime()).toBeGreaterThan(swept.watermark!.getTime())
})

test('what the cursor keeps of the orders told is small', async () => {
  const hub = await away(250)
  const { next } = await hub.pull(null)
  expect(JSON.stringify(next).length).toBeLessThan(200 * 9 + 600)
})
