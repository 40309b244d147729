/** The second count: all that were placed in a span, whatever happens to its pages; nothing older than Walmart lists. */
import { expect, test } from 'vitest'
import { type WalmartBench, walmartBench, walmartItem } from '../../../test/support/walmart.ts'
import type { Account } from '../connector.ts'
import { walmart } from './index.ts'

const minute = 60_000
const day = 86_400_000
const { recount } = walmart.orders!

interface Span {
  from: Date
  until: Date
}

async function count(account: Account, span: Span) {
  const found: string[] = []
  const unreadable: string[] = []
  for (let [cursor, more, pages]: [unknown, boolean, number] = [null, true, 0]; more; pages += 1) {
    if (pages > 500) throw new Error('the pages have no end')
    const page = await recount!.pull(account, span, cursor === null ? null : JSON.parse(JSON.stringify(cursor)))
    found.push(...page.items.map(({ remoteId }) => remoteId))
    unreadable.push(...(page.unreadable ?? []).map(({ remoteId }) => remoteId))
    ;({ next: cursor, more } = page)
  }
  return { found, unreadable }
}

/** So many orders over a day, and one after it. */
async function dayOf(bench: WalmartBench, orders: number, sku = 'MUG') {
  const from = bench.sim.now()
  const ids: string[] = []
  await bench.pass(minute)
  for (let n = 0; n < orders; n += 1) {
    ids.push(await bench.buy(sku))
    await bench.pass(Math.floor((day - 2 * minute) / orders))
  }
  const until = new Date(from.getTime() + day)
  await bench.pass(until.getTime() - bench.sim.now().getTime() + minute)
  return { ids, later: await bench.buy(sku), span: { from, until } }
}

interface Answer {
  list: { meta: { totalCount: number; nextCursor?: string }; elements: { order: Record<string, unknown>[] } }
}

/** Changes pages of orders on their way. */
function spoiling(bench: WalmartBench, spoil: (answer: Answer, url: string) => unknown) {
  const urls: string[] = []
  const account = bench.account({
    fetch: async (input, init) => {
      const answer = await bench.fetch(input, init)
      if (!String(input).includes('/v3/orders') || answer.status !== 200) return answer
      urls.push(String(input))
      const body = (await answer.json()) as Answer
      const other = spoil(body, String(input))
      return other instanceof Response ? other : Response.json(body, { headers: answer.headers })
    },
  })
  return { account, urls }
}

const refused = () => Response.json({ error: [{ code: 'INVALID_CURSOR', description: 'gone' }] }, { status: 400 })

test('all of the span, each once, in pages and of every kind of warehouse; asked for by when they were placed', async () => {
  const bench = walmartBench([walmartItem('MUG', 500), walmartItem('HELD', 0, { held: 5 })])
  const held = await bench.buy('HELD')
  const { ids, later, span } = await dayOf(bench, 230)
  await bench.control(`/orders/${ids[3]}/cancel`, {})
  const { account, urls } = spoiling(bench, () => undefined)
  const { found } = await count(account, span)
  expect(found.toSorted()).toEqual([...ids, held].toSorted())
  expect(found).not.toContain(later)
  expect(urls).toHaveLength(3)
  for (const url of urls) {
    expect(url).toMatch(/createdStartDate=.*createdEndDate=/)
    expect(url).not.toContain('lastModified')
  }
})

test('an order that changes between two pages moves the others: the span is cut until a page stands alone', async () => {
  const bench = walmartBench([walmartItem('MUG', 500)])
  const { ids, span } = await dayOf(bench, 230)
  const now = () => bench.sim.now().getTime()
  let moved: { orderLines: { orderLine: { statusDate: number }[] } } | undefined
  const { account } = spoiling(bench, ({ list: { elements, meta } }, url) => {
    if (meta.nextCursor) moved = structuredClone(elements.order[0]) as typeof moved
    else if (url.includes('hasMoreElements')) {
      moved!.orderLines.orderLine[0]!.statusDate = now() + 5_000
      elements.order = [...elements.order.slice(1), moved as never]
    }
  })
  const { found } = await count(account, span)
  expect(new Set(found)).toEqual(new Set(ids))
})

test('a cursor that is not taken any more, or was left for an hour, loses nothing', async () => {
  const bench = walmartBench([walmartItem('MUG', 500)])
  const { ids, span } = await dayOf(bench, 230)
  const { account } = spoiling(bench, (_, url) => (url.includes('hasMoreElements') ? refused() : undefined))
  expect(new Set((await count(account, span)).found)).toEqual(new Set(ids))
  const { next } = await recount!.pull(bench.account(), span, null)
  await bench.pass(60 * minute)
  const again = await recount!.pull(account, span, JSON.parse(JSON.stringify(next)))
  expect([again.items.length, again.more]).toEqual([200, true])
})

test('where even the shortest part is refused it is said, not passed over', async () => {
  const bench = walmartBench([walmartItem('MUG', 500)])
  const from = bench.sim.now()
  for (let n = 0; n < 230; n += 1) await bench.buy('MUG')
  await bench.pass(day)
  const { account } = spoiling(bench, (_, url) => (url.includes('hasMoreElements') ? refused() : undefined))
  await expect(count(account, { from, until: bench.sim.now() })).rejects.toMatchObject({ kind: 'rejected' })
})

test('more orders than Walmart lists at a time are read in parts', async () => {
  const bench = walmartBench([walmartItem('MUG', 500)])
  const { ids, span } = await dayOf(bench, 60)
  // Here twenty stand for the 20,000: what lies behind them is an error.
  const { account, urls } = spoiling(bench, ({ list: { elements, meta } }, url) => {
    if (url.endsWith('behind')) return refused()
    if (elements.order.length <= 20) return undefined
    meta.totalCount = elements.order.length * 1_000
    meta.nextCursor = '?behind'
    elements.order = elements.order.slice(0, 20)
    return undefined
  })
  expect(new Set((await count(account, span)).found)).toEqual(new Set(ids))
  expect(urls.filter((url) => url.endsWith('behind'))).toEqual([])
})

test('a list that tells less than it promises is read in parts, and has an end', async () => {
  const bench = walmartBench([walmartItem('MUG', 500)])
  const { ids, span } = await dayOf(bench, 5)
  const { account, urls } = spoiling(bench, ({ list: { meta } }) => void (meta.totalCount += 1))
  expect(new Set((await count(account, span)).found)).toEqual(new Set(ids))
  expect(urls.length).toBeLessThan(60)
})

test('an order that cannot be read hides no other, and no buyer stands in the journal', async () => {
  const bench = walmartBench([walmartItem('MUG', 500)])
  const { ids, span } = await dayOf(bench, 3)
  const { account } = spoiling(bench, ({ list: { elements } }) => {
    elements.order[1]!.orderLines = {}
    for (const order of elements.order) order.shippingInfo = { postalAddress: { name: 'Canary Birdsong' } }
  })
  expect(await count(account, span)).toEqual({ found: [ids[0], ids[2]], unreadable: [ids[1]] })
  expect(account.journal.length).toBeGreaterThan(0)
  expect(JSON.stringify(account.journal)).not.toContain('Birdsong')
})

test('what lies behind the days that Walmart lists is not asked for', async () => {
  const bench = walmartBench([walmartItem('MUG', 500)])
  const { account, urls } = spoiling(bench, () => undefined)
  const back = (days: number) => new Date(bench.sim.now().getTime() - days * day)
  expect(await recount!.pull(account, { from: back(200), until: back(190) }, null)).toMatchObject({ more: false })
  expect(urls).toEqual([])
  const half = await count(account, { from: back(182), until: back(175) })
  expect(half.found).toEqual([])
})
