/** Items whose own call fails hold up no other. */
import { expect, test } from 'vitest'
import { ebayBench, ebayItem } from '../../../test/support/ebay.ts'
import { ebay } from './index.ts'

const skus = Array.from({ length: 120 }, (_, index) => `S${index}`)
const refusal = { errors: [{ errorId: 25709, category: 'REQUEST', message: 'Invalid value for sku' }] }

/** The walk over all listings, where calls for offers are answered otherwise. */
async function walk(answer: (sku: string) => Response | undefined) {
  const bench = ebayBench(skus.map((sku) => ebayItem(sku, 5)))
  const account = bench.account({
    fetch: async (input, init) => {
      const url = new URL(String(input))
      const other = url.pathname.endsWith('/offer') ? answer(url.searchParams.get('sku')!) : undefined
      return other ?? (await bench.fetch(input, init))
    },
  })
  const told: string[] = []
  const odd: [string, string][] = []
  for (let [next, more, pages] = [null as unknown, true, 0]; more; pages += 1) {
    if (pages === 40) throw new Error('it never ends')
    const page = await ebay.listings!.pull(account, next && JSON.parse(JSON.stringify(next)))
    told.push(...page.items.map(({ remoteSku }) => remoteSku))
    odd.push(...(page.unreadable ?? []).map(({ remoteId, where }): [string, string] => [remoteId, where]))
    ;({ next, more } = page)
  }
  return { told: told.toSorted(), odd }
}

const others = (...odd: string[]) => skus.filter((sku) => !odd.includes(sku)).toSorted()

test.each([
  ['refused', 400, '25709'],
  ['never answered', 500, '25709'],
])('an item that is %s is told as unreadable, and the walk goes on', async (_, status, code) => {
  // The first one of all is asked before any other was answered.
  for (const odd of ['S30', 'S0']) {
    const { told, odd: unreadable } = await walk((sku) =>
      sku === odd ? Response.json(refusal, { status }) : undefined,
    )
    expect([told, unreadable]).toEqual([others(odd), [[odd, code]]])
  }
})

test('offers that cannot be read are those of one item', async () => {
  const { told, odd } = await walk((sku) => (sku === 'S30' ? Response.json({ offers: [{ sku: 'S30' }] }) : undefined))
  expect([told, odd]).toEqual([others('S30'), [['S30', 'unreadable']]])
})

test('a whole page of them is passed where the last page was answered', async () => {
  const bad = skus.slice(50, 100)
  const { told, odd } = await walk((sku) => (bad.includes(sku) ? Response.json(refusal, { status: 400 }) : undefined))
  expect([told, odd.map(([sku]) => sku).toSorted()]).toEqual([others(...bad), bad.toSorted()])
})

test('where no item is answered the walk does not go on, whatever the answer', async () => {
  for (const status of [400, 500])
    await expect(walk(() => Response.json(refusal, { status }))).rejects.toMatchObject({ code: '25709' })
})
