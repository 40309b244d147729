/** What a listing shows of a seller with several ship nodes. */
import { expect, test } from 'vitest'
import { pullAllOf } from '../../../test/support/ebay.ts'
import { walmartBench, walmartItem, walmartSettings } from '../../../test/support/walmart.ts'
import { walmart } from './index.ts'

test('a listing shows the node that is written, as its single readings do; without one, all of them', async () => {
  const bench = walmartBench([walmartItem('MUG', 5)])
  const units = (amount: number) => ({ unit: 'EACH', amount })
  const node = (shipNode: string, amount: number) => ({ shipNode, availToSellQty: units(amount) })
  const quantities = async (shipNode?: string) => {
    const account = bench.account({
      settings: { ...walmartSettings, programs: [], ...(shipNode ? { shipNode } : {}) },
      fetch: async (input, init) =>
        String(input).includes('/v3/inventories')
          ? Response.json({
              meta: { totalCount: 1 },
              elements: { inventories: [{ sku: 'MUG', nodes: [node('N1', 5), node('N2', 7)] }] },
            })
          : await bench.fetch(input, init),
    })
    const { items } = await walmart.listings!.pull(account, null)
    return items.map(({ merchantQuantity }) => merchantQuantity)
  }
  expect([await quantities(), await quantities('N2')]).toEqual([[12], [7]])
})

test('a page that needs more calls than the allowance holds is told in parts, each item once', async () => {
  const skus = Array.from({ length: 60 }, (_, index) => `SKU-${index}`)
  const bench = walmartBench(skus.map((sku) => walmartItem(sku, 5)))
  let left = 0
  const account = bench.account({
    settings: { ...walmartSettings, programs: [] },
    fetch: async (input, init) => {
      if (!String(input).includes('/v3/items/')) return await bench.fetch(input, init)
      left -= 1
      return left < 0 ? new Response('{}', { status: 429 }) : await bench.fetch(input, init)
    },
  })
  const pull = async (cursor: unknown) => {
    await bench.pass(60_000)
    left = 12
    return await walmart.listings!.pull(account, JSON.parse(JSON.stringify(cursor)))
  }
  const { items, pages } = await pullAllOf(pull)
  expect(items.map(({ remoteSku }) => remoteSku).toSorted()).toEqual(skus.toSorted())
  expect(pages).toBe(6)
  const dry = async () => {
    await bench.pass(60_000)
    left = 0
    return await walmart.listings!.pull(account, null)
  }
  await expect(dry()).rejects.toMatchObject({ kind: 'throttled' })
})

/** The walk over all listings, where calls for items are answered otherwise. */
async function walk(skus: readonly string[], answer: (sku: string) => Response | undefined) {
  const bench = walmartBench(skus.map((sku) => walmartItem(sku, 5)))
  const account = bench.account({
    fetch: async (input, init) => {
      const [, sku] = /\/v3\/items\/([^?]+)/.exec(String(input)) ?? []
      return (sku && answer(sku)) || (await bench.fetch(input, init))
    },
  })
  const unreadable: [string, string][] = []
  const { items } = await pullAllOf(async (cursor) => {
    const page = await walmart.listings!.pull(account, JSON.parse(JSON.stringify(cursor)))
    unreadable.push(...(page.unreadable ?? []).map(({ remoteId, where }): [string, string] => [remoteId, where]))
    return page
  })
  return { told: items.map(({ remoteSku }) => remoteSku).toSorted(), unreadable }
}

test('an item whose own call is refused, or never answered, is told as unreadable, and the walk goes on', async () => {
  const skus = Array.from({ length: 101 }, (_, index) => `SKU-${index}`)
  for (const status of [400, 500]) {
    const odd = () => Response.json({ error: [{ code: 'ODD', description: 'odd' }] }, { status })
    // The last one stands alone on its page.
    for (const bad of ['SKU-30', 'SKU-100']) {
      const { told, unreadable } = await walk(skus, (sku) => (sku === bad ? odd() : undefined))
      expect([told, unreadable]).toEqual([skus.filter((sku) => sku !== bad).toSorted(), [[bad, 'ODD']]])
    }
    await expect(walk(skus, odd)).rejects.toMatchObject({ code: 'ODD' })
  }
})
