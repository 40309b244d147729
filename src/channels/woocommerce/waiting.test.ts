/** Refunds cost a call an order: a page that needs more calls than there are is told in parts, and nothing is asked for twice. */
import { expect, test } from 'vitest'
import { minute, pullAll, type WooBench, wooBench } from '../../../test/support/woocommerce.ts'
import type { ChannelError } from '../../domain/errors.ts'
import type { IncomingOrder } from '../../domain/orders.ts'
import type { Account, Pulled } from '../connector.ts'
import { calls } from './client.ts'
import { woocommerce } from './index.ts'

const { pull } = woocommerce.orders!
const stored = (cursor: unknown) => (cursor === null ? null : JSON.parse(JSON.stringify(cursor)))

async function selling(count: number) {
  const bench = wooBench({ MUG: { quantity: 1_000 } })
  const ids: string[] = []
  for (let n = 0; n < count; n += 1) {
    ids.push(await bench.buy('MUG', 3))
    await bench.control(`/woocommerce/orders/${ids[n]}`, { refund: { sku: 'MUG', quantity: 1 } })
    await bench.pass(1_000)
  }
  await bench.pass(minute)
  return { bench, ids }
}

/** Waits as long as it is told to, as the hub does. */
async function patiently(bench: WooBench, account: Account, onPage?: (page: Pulled<IncomingOrder>) => Promise<void>) {
  const items: IncomingOrder[] = []
  const unreadable: string[] = []
  const strange = new Set<string>()
  let [cursor, refused]: [unknown, number] = [null, 0]
  for (let turn = 0; turn < 400; turn += 1) {
    try {
      const page = await pull(account, stored(cursor))
      items.push(...page.items)
      unreadable.push(...(page.unreadable ?? []).map(({ remoteId }) => remoteId))
      for (const { field } of page.strange ?? []) strange.add(field)
      cursor = page.next
      expect(page.watermark === undefined).toBe(page.more)
      if (!page.more) return { items, unreadable, strange: [...strange], refused, next: cursor }
      await onPage?.(page)
    } catch (error) {
      const { kind, retryAt } = error as ChannelError
      if (kind !== 'throttled') throw error
      refused += 1
      await bench.pass(Math.max(1, retryAt!.getTime() - bench.sim.now().getTime()))
    }
  }
  throw new Error('it never ends')
}

const asked = (bench: WooBench, what: RegExp) => bench.traffic.filter(({ url }) => what.test(url.pathname)).length
const unitsOf = (items: readonly IncomingOrder[]) =>
  items.map(({ remoteId, lines }) => [remoteId, lines[0]!.canceled] as const).sort(([a], [b]) => Number(a) - Number(b))

type Http = Account['http']
const answering = (account: Account, odd: (request: Parameters<Http>[0]) => number | undefined): Account => ({
  ...account,
  http: async (request) => {
    const status = odd(request)
    const answer = await account.http(request)
    return status === undefined ? answer : { ...answer, status, json: { code: 'odd', message: 'odd' } }
  },
})

test('a page needs more calls than the allowance holds: what was read is told, the others wait by their ids', async () => {
  const { bench, ids } = await selling(60)
  const account = bench.account({}, { budget: true })
  const pages: number[] = []
  const { items } = await patiently(bench, account, async ({ items: some, next }) => {
    pages.push(some.length)
    expect(JSON.stringify(next)).not.toMatch(/@|address|phone/)
  })
  expect(unitsOf(items)).toEqual(ids.map((id) => [id, 1]))
  expect(pages[0]).toBeGreaterThan(30)
  expect(asked(bench, /\/orders$/)).toBe(1)
  expect(asked(bench, /\/refunds$/)).toBe(60)
  expect(asked(bench, /\/orders\/\d+$/)).toBe(60 - pages[0]!)
})

test('an allowance that is used up when it begins, and never holds more than a call: every one is a step on', async () => {
  const { bench, ids } = await selling(5)
  const plain = bench.account({}, { budget: true })
  await plain.budget.exhausted(calls)
  const account: Account = {
    ...plain,
    http: async (request) => {
      const answer = await plain.http(request)
      // Others spend what comes in.
      await plain.budget.exhausted(calls)
      return answer
    },
  }
  const { items, refused } = await patiently(bench, account)
  expect(unitsOf(items)).toEqual(ids.map((id) => [id, 1]))
  expect(asked(bench, /\/orders$/)).toBe(1)
  expect(refused).toBeLessThan(30)
})

test('what waits and changes meanwhile is told as it is then; what is deleted holds up nothing', async () => {
  const { bench, ids } = await selling(60)
  const account = bench.account({}, { budget: true })
  const [changed, gone, over] = ids.slice(-3) as [string, string, string]
  const odd = answering(account, ({ url }) => (url.includes(`/orders/${gone}/refunds`) ? 404 : undefined))
  const http: Http = async (request) => {
    const answer = await odd.http(request)
    return answer.status === 404 ? { ...answer, json: { code: 'woocommerce_rest_shop_order_invalid_id' } } : answer
  }
  let isDone = false
  const { items } = await patiently(bench, { ...account, http }, async ({ next }) => {
    const { waiting } = (next as { window: { waiting: { refunded?: object }[] } }).window
    if (isDone || waiting.some(({ refunded }) => !refunded)) return
    isDone = true
    await bench.control(`/woocommerce/orders/${changed}`, { refund: { sku: 'MUG', quantity: 1 } })
    await bench.control(`/orders/${over}/cancel`, {})
  })
  const known = new Map(items.map((order) => [order.remoteId, order]))
  expect(items).toHaveLength(59)
  expect(known.has(gone)).toBe(false)
  expect(known.get(changed)!.lines[0]).toMatchObject({ quantity: 3, canceled: 2 })
  expect(known.get(over)).toMatchObject({ state: 'canceled', lines: [{ canceled: 3 }] })
})

test('refunds of one order that are never answered: its units stay sold, the others are told, and that is said', async () => {
  for (const status of [500, 400]) {
    const { bench, ids } = await selling(10)
    const account = answering(bench.account(), ({ url }) => (url.includes(`/${ids[3]}/refunds`) ? status : undefined))
    const { items, strange, unreadable } = await patiently(bench, account)
    expect(unitsOf(items)).toEqual(ids.map((id) => [id, id === ids[3] ? 0 : 1]))
    expect([strange, unreadable]).toEqual([['refunds'], []])
    expect(asked(bench, new RegExp(`/${ids[3]}/refunds$`))).toBe(6)
  }
})

test('an order that waits and is never answered is set aside, and the others are told', async () => {
  const { bench, ids } = await selling(60)
  const plain = bench.account({}, { budget: true })
  const account = answering(plain, ({ url }) => (url.endsWith(`/orders/${ids[55]}`) ? 500 : undefined))
  const { items, unreadable } = await patiently(bench, account)
  expect(unreadable).toEqual([ids[55]])
  expect(items).toHaveLength(59)
})

test('a store that answers nothing sets no order aside', async () => {
  const { bench, ids } = await selling(3)
  let isDown = false
  const account = answering(bench.account(), ({ operation }) =>
    isDown || operation === 'listRefunds' ? 500 : undefined,
  )
  const first = await pull(account, null)
  isDown = true
  for (let n = 0; n < 20; n += 1)
    await expect(pull(account, stored(first.next))).rejects.toMatchObject({ kind: 'unavailable' })
  const { items } = await pullAll(pull, bench.account() as never, first.next)
  expect(unitsOf(items)).toEqual(ids.map((id) => [id, 1]))
})
