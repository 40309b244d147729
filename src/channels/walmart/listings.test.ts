/** What a listing shows of a seller with several ship nodes. */
import { expect, test } from 'vitest'
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
