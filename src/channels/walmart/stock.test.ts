/** Readings by single calls: one odd SKU is no trouble of the others. */
import { expect, test } from 'vitest'
import { walmartBench, walmartItem } from '../../../test/support/walmart.ts'
import { walmart } from './index.ts'

const { read } = walmart.stock!
const untold = (remoteSku: string) => ({ remoteSku, quantity: null, isUntold: true })
const refusal = (status: number) => Response.json({ error: [{ code: 'ODD', description: 'odd' }] }, { status })

/** Readings where the answers for some SKUs are others. */
function reading() {
  const bench = walmartBench(['MUG', 'ODD', 'CUP'].map((sku) => walmartItem(sku, 5)))
  const answers = new Map<string, () => Response>()
  const asked: string[] = []
  const account = bench.account({
    fetch: async (input, init) => {
      const [, sku] = /\/v3\/inventories\/([^?]+)/.exec(String(input)) ?? []
      if (sku) asked.push(sku)
      return answers.get(sku ?? '')?.() ?? (await bench.fetch(input, init))
    },
  })
  return { account, answers, asked }
}

test('what is told of one SKU and cannot be believed leaves it untold', async () => {
  const { account, answers } = reading()
  const node = { shipNode: 'N1', availToSellQty: { unit: 'EACH', amount: 5 } }
  for (const [status, body] of [
    [200, { sku: 'ODD', nodes: [{ ...node, errors: [{ code: 'X' }] }] }],
    [200, { sku: 'ANOTHER', nodes: [node] }],
    [400, { error: [{ code: 'ODD', description: 'odd' }] }],
  ] as const) {
    answers.set('ODD', () => Response.json(body, { status }))
    expect(await read(account, ['ODD'])).toEqual([untold('ODD')])
    const three = [{ remoteSku: 'MUG', quantity: 5 }, untold('ODD'), { remoteSku: 'CUP', quantity: 5 }]
    expect(await read(account, ['MUG', 'ODD', 'CUP'])).toEqual(three)
  }
})

test('a SKU that is never answered is untold after some tries, while another one is answered', async () => {
  for (const answer of [() => refusal(500), () => new Response('no JSON'), () => Response.json({})]) {
    const { account, answers, asked } = reading()
    answers.set('ODD', answer)
    const fails = async () => await expect(read(account, ['ODD'])).rejects.toMatchObject({ kind: 'unavailable' })
    await fails()
    await fails()
    expect(await read(account, ['ODD'])).toEqual([untold('ODD')])
    expect(asked).toEqual(['ODD', 'ODD', 'ODD', 'MUG'])
    // Where no other is answered either it is no trouble of its own.
    answers.set('MUG', () => refusal(503))
    await fails()
    answers.clear()
    expect(await read(account, ['ODD'])).toEqual([{ remoteSku: 'ODD', quantity: 5 }])
    answers.set('ODD', answer)
    await fails()
  }
})

test('the allowance and the login are nobody’s own', async () => {
  for (const [status, kind] of [
    [429, 'throttled'],
    [403, 'auth'],
  ] as const) {
    const { account, answers } = reading()
    await read(account, ['MUG'])
    answers.set('ODD', () => refusal(status))
    await expect(read(account, ['ODD'])).rejects.toMatchObject({ kind })
  }
})
