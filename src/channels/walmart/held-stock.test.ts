/** What Walmart holds, over pages of a list that changes: by itself, and behind the seller's own listings. */
import { expect, test } from 'vitest'
import { pullAllOf } from '../../../test/support/ebay.ts'
import { walmartBench, walmartItem } from '../../../test/support/walmart.ts'
import type { Pulled } from '../connector.ts'
import { walmart } from './index.ts'

type Pull = (cursor: unknown) => Promise<Pulled<{ remoteSku: string }>>

interface Body {
  headers: { totalCount: number }
  payload: { inventory: { sku: string }[] }
}

const skus = Array.from({ length: 320 }, (_, index) => `S${String(index).padStart(3, '0')}`)

/** Pages are asked for by other addresses, or changed on their way. */
function holding({
  ask = (url) => url,
  spoil = () => undefined,
}: {
  ask?(url: URL, page: number): URL
  spoil?(body: Body, page: number): unknown
}) {
  const bench = walmartBench(skus.map((sku) => walmartItem(sku, 0, { held: 5 })))
  const wire = { pages: 0 }
  const account = bench.account({
    fetch: async (input, init) => {
      const url = new URL(String(input))
      // Nothing is in the seller's own warehouse.
      if (url.pathname.endsWith('/v3/inventories'))
        return Response.json({ error: [{ code: 'CONTENT_NOT_FOUND', description: 'nothing' }] }, { status: 404 })
      if (!url.pathname.endsWith('/fulfillment/inventory')) return await bench.fetch(input, init)
      wire.pages += 1
      const answer = await bench.fetch(ask(url, wire.pages), init)
      const body = (await answer.json()) as Body
      spoil(body, wire.pages)
      return Response.json(body, { headers: answer.headers })
    },
  })
  const saved = (cursor: unknown) => (cursor === null ? null : JSON.parse(JSON.stringify(cursor)))
  const heldStock: Pull = (cursor) => walmart.heldStock!.pull(account, saved(cursor))
  const listings: Pull = (cursor) => walmart.listings!.pull(account, saved(cursor))
  return { wire, heldStock, listings }
}

const told = (items: readonly { remoteSku: string }[]) =>
  [...new Set(items.map(({ remoteSku }) => remoteSku))].toSorted()
const lists = ['heldStock', 'listings'] as const

/** From the second page on the first SKU is gone: every later place is one lower. */
const gone = {
  ask(url: URL, page: number): URL {
    if (page > 1) url.searchParams.set('offset', String(Number(url.searchParams.get('offset')) + 1))
    return url
  },
  spoil({ headers }: Body, page: number): void {
    if (page > 1) headers.totalCount -= 1
  },
}

test.each(lists)('%s: a SKU that leaves between two pages hides no other', async (list) => {
  const walk = holding(gone)
  expect(told((await pullAllOf(walk[list])).items)).toEqual(expect.arrayContaining(skus.slice(1)))
})

test.each(lists)('%s: a number that is another one on every page has an end', async (list) => {
  const walk = holding({ spoil: ({ headers }, page) => void (headers.totalCount += page % 2) })
  await pullAllOf(walk[list])
  expect(walk.wire.pages).toBeLessThan(20)
})

test.each(lists)('%s: a page that is empty while more is promised is no end', async (list) => {
  const walk = holding({
    spoil({ payload }, page) {
      if (page === 2) payload.inventory = []
    },
  })
  const first = await walk[list](null)
  await expect(walk[list](first.next)).rejects.toMatchObject({ kind: 'unavailable' })
  expect(told([...first.items, ...(await pullAllOf(walk[list], first.next)).items])).toEqual(skus)
})
