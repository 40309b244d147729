/** Pages that do not tell what they promise: an order without its number, empty ones, one order in the place of another. */
import { expect, test } from 'vitest'
import { ebayBench, ebayItem, pullAllOf } from '../../../test/support/ebay.ts'
import { ebay } from './index.ts'

const minute = 60_000

interface Body {
  orders: Record<string, unknown>[]
  total: number
}
type Spoil = (body: Body, page: number) => unknown

/** 250 orders within forty minutes, and both ways to ask for them; pages are changed on their way. */
async function away(spoil: Spoil = () => undefined) {
  const bench = ebayBench([ebayItem('MUG', 5_000)])
  const from = bench.sim.now()
  const bought: string[] = []
  for (let n = 0; n < 250; n += 1) {
    bought.push(await bench.buy('MUG'))
    await bench.pass(10_000)
  }
  await bench.pass(2 * minute)
  const until = bench.sim.now()
  const wire = { spoil, pages: 0 }
  const account = bench.account({
    fetch: async (input, init) => {
      const answer = await bench.fetch(input, init)
      if (!new URL(String(input)).pathname.endsWith('/order')) return answer
      const body = (await answer.json()) as Body
      wire.pages += 1
      wire.spoil(body, wire.pages)
      return Response.json(body, { headers: answer.headers })
    },
  })
  const saved = (cursor: unknown) => (cursor === null ? null : JSON.parse(JSON.stringify(cursor)))
  const pull = (cursor: unknown) => ebay.orders!.pull(account, saved(cursor))
  const count = (cursor: unknown) => ebay.orders!.recount!.pull(account, { from, until }, saved(cursor))
  return { bench, wire, bought: bought.toSorted(), pull, count }
}

const idsOf = (items: readonly { remoteId: string }[]) => [...new Set(items.map(({ remoteId }) => remoteId))].toSorted()
const ways = ['pull', 'count'] as const

test.each(ways)('%s: a full page whose last order has no number is not the last one', async (way) => {
  const hub = await away(({ orders }) => {
    if (orders.length === 200) orders[199] = { ...orders[199], orderId: null }
  })
  // The odd one is told once more by the next page, which begins before it.
  expect(idsOf((await pullAllOf(hub[way])).items)).toEqual(hub.bought)
})

test.each(ways)('%s: where no order of a page has a number there is no end, and it is said', async (way) => {
  const hub = await away(({ orders }) => {
    for (const order of orders.slice(1)) order.orderId = null
  })
  await expect(hub[way](null)).rejects.toMatchObject({ kind: 'unavailable', code: 'unreadable' })
})

test.each(ways)('%s: a page that is empty, or ends early, while more is promised is no end', async (way) => {
  for (const left of [0, 1, 50]) {
    for (const short of [1, 2]) {
      const hub = await away((body, page) => {
        if (page === short) body.orders = body.orders.slice(0, left)
      })
      const first = short === 1 ? { items: [], next: null } : await hub[way](null)
      if (left < 2) await expect(hub[way](first.next)).rejects.toMatchObject({ kind: 'unavailable' })
      const { items } = await pullAllOf(hub[way], first.next)
      expect(idsOf([...first.items, ...items]), `${left} left of page ${short}`).toEqual(hub.bought)
    }
  }
})

test.each(ways)('%s: a page that tells one order twice has left out another, and is no end', async (way) => {
  for (const odd of [1, 2]) {
    const hub = await away(({ orders }, page) => {
      if (page === odd) orders[30] = orders[31]!
    })
    expect(idsOf((await pullAllOf(hub[way])).items)).toEqual(hub.bought)
  }
})

test('the last page, with its first order in the place of its last, is read again', async () => {
  const { bench, bought, pull, count } = await away()
  for (const way of [pull, count]) {
    const first = await way(null)
    await bench.fault('getOrders', 'duplicate', { count: 1 })
    expect(idsOf([...first.items, ...(await pullAllOf(way, first.next)).items])).toEqual(bought)
  }
})

test.each(ways)(
  '%s: a list that never tells all of it has no end, and is said; later it is begun anew',
  async (way) => {
    const hub = await away(({ orders }) => {
      if (orders.length > 1) orders[0] = orders[1]!
    })
    const found: { remoteId: string }[] = []
    const tries = async (cursor: unknown) => {
      let next = cursor
      for (let pages = 0; pages < 200; pages += 1) {
        const page = await hub[way](next).catch(({ code }: { code: string }) => code)
        if (typeof page === 'string') return { code: page, next }
        found.push(...page.items)
        expect(page.more).toBe(true)
        next = page.next
      }
      throw new Error('it never ends')
    }
    const stuck = await tries(null)
    expect(stuck.code).toBe('incomplete')
    // What was told is known all the same.
    if (way === 'pull') expect(idsOf(found).length).toBeGreaterThan(150)
    await hub.bench.pass(1_000)
    const late = await hub.bench.buy('MUG')
    await hub.bench.pass(2 * minute)
    expect((await tries(stuck.next)).code).toBe('incomplete')
    expect(idsOf(found)).not.toContain(late)
    await hub.bench.pass(60 * minute)
    hub.wire.spoil = () => undefined
    const { items } = await pullAllOf(hub[way], stuck.next)
    expect(idsOf([...(way === 'pull' ? found : []), ...items])).toEqual(
      way === 'pull' ? [...hub.bought, late].toSorted() : hub.bought,
    )
  },
)
