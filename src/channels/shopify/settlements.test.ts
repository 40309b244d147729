/** Settlements of Shopify Payments and the second count of orders, against the simulated store. */
import { expect, test } from 'vitest'
import { pullAll as pullOrders, type ShopBench, shopBench, startedAt } from '../../../test/support/shopify.ts'
import type { RawSettlement } from '../capabilities.ts'
import type { Account } from '../connector.ts'
import { shopify } from './index.ts'

const day = 86_400
const pull = shopify.settlements!.pull

/** Another process each time: all it has is the text of the cursor. */
async function pullAll(account: Account, from: unknown = null) {
  const items: RawSettlement[] = []
  const unreadable: string[] = []
  let cursor = from
  for (let n = 0; n < 500; n += 1) {
    const page = await pull(account, JSON.parse(JSON.stringify(cursor)))
    items.push(...page.items)
    unreadable.push(...(page.unreadable ?? []).map(({ remoteId, where }) => `${remoteId} ${where}`))
    cursor = page.next
    if (!page.more) return { items, unreadable, cursor }
  }
  throw new Error('it never ended')
}

const buy = async (bench: ShopBench) =>
  (
    (await bench.control('POST', '/orders', { channel: 'shopify', sku: 'MUG', quantity: 1 })).body as {
      orderId: string
    }
  ).orderId

async function selling(days: number, each: number, options = {}) {
  const bench = shopBench({ skus: { MUG: 10_000 }, points: 'none', ...options })
  const ids: string[] = []
  for (let n = 0; n < days; n += 1) {
    for (let one = 0; one < each; one += 1) ids.push(await buy(bench))
    await bench.pass(day)
  }
  await bench.pass(4 * day)
  return { bench, ids }
}

interface Page {
  data: {
    node: { net: { amount: string } }
    shopifyPaymentsAccount: { balanceTransactions: { nodes: { associatedOrder: { id: string } }[] } }
  }
}
const read = ({ body }: RawSettlement) => JSON.parse(Buffer.from(body).toString()) as Page
const ordersIn = (items: readonly RawSettlement[]) =>
  items.flatMap((one) =>
    read(one).data.shopifyPaymentsAccount.balanceTransactions.nodes.map(({ associatedOrder }) =>
      associatedOrder.id.replace(/^.*\//, ''),
    ),
  )

/** Asks for smaller pages than the connector does. */
const smaller = (bench: ShopBench, first: number): typeof fetch => {
  return async (input, init) =>
    await bench.sim.handle(
      new Request(input, { ...init, body: String(init?.body).replace(/"first":75/, `"first":${first}`) }),
    )
}

test('each payout that is paid, with all of its transactions, once; later ones as they come', async () => {
  const { bench, ids } = await selling(3, 5)
  const account = bench.account({ budget: false, fetch: smaller(bench, 2) })
  const first = await pullAll(account)
  expect(first.items).toHaveLength(9)
  expect(new Set(first.items.map(({ remoteId }) => remoteId)).size).toBe(9)
  expect(ordersIn(first.items).sort()).toEqual(ids.sort())
  expect(first.items.slice(0, 3).map(({ name }) => name.replace(/\d{11}/, 'N'))).toEqual([
    'shopify-payout-2026-11-23-N-1.json',
    'shopify-payout-2026-11-23-N-2.json',
    'shopify-payout-2026-11-23-N-3.json',
  ])
  expect(read(first.items[0]!).data.node.net.amount).toMatch(/^\d+\.\d\d$/)
  expect((await pullAll(account, first.cursor)).items).toEqual([])
  const next = await buy(bench)
  await bench.pass(day)
  // Issued, and not paid yet.
  expect((await pullAll(account, first.cursor)).items).toEqual([])
  await bench.pass(3 * day)
  expect(ordersIn((await pullAll(account, first.cursor)).items)).toEqual([next])
})

test('bytes as they came', async () => {
  const { bench } = await selling(1, 1)
  const came = new Set<string>()
  const account = bench.account({
    budget: false,
    fetch: (async (input, init) => {
      const answer = await bench.sim.handle(new Request(input, init))
      const text = `\n ${(await answer.text()).replace('{', '{"ü":"ñ\\u00e9", ')}\n`
      came.add(text)
      return new Response(text, { status: answer.status, headers: answer.headers })
    }) as typeof fetch,
  })
  const { items } = await pullAll(account)
  expect(items.map(({ body }) => came.has(Buffer.from(body).toString()))).toEqual([true])
})

test('a cursor that ran out, a page too costly, a filter that is not taken', async () => {
  const { bench, ids } = await selling(2, 4)
  const answers: string[] = []
  const spoilt = (
    odd: (body: { query: string; variables: { after: string | null; first: number } }) => object | undefined,
  ) =>
    bench.account({
      budget: false,
      fetch: (async (input, init) => {
        const body = String(input).endsWith('graphql.json') ? JSON.parse(String(init?.body)) : undefined
        const error = body?.query ? odd(body) : undefined
        answers.push(error ? 'odd' : 'plain')
        return error ? Response.json(error) : await smaller(bench, 2)(input, init)
      }) as typeof fetch,
    })
  let times = 0
  const refusal = (code: string) => ({ errors: [{ message: 'odd', extensions: { code } }] })
  const once = spoilt(({ variables }) => (variables.after && times++ < 2 ? refusal('BAD_REQUEST') : undefined))
  const { items } = await pullAll(once)
  // Kept pages are told again under the same name: the hub keeps the first.
  expect(times).toBeGreaterThanOrEqual(2)
  expect([...new Set(items.map(({ remoteId }) => remoteId))]).toHaveLength(4)
  expect([...new Set(ordersIn(items))].sort()).toEqual(ids.sort())
  const costly = spoilt(({ query, variables }) =>
    query.includes('PayoutPage') && variables.first > 20 ? refusal('MAX_COST_EXCEEDED') : undefined,
  )
  expect(ordersIn((await pullAll(costly)).items).sort()).toEqual(ids.sort())
  const deaf = bench.account({
    budget: false,
    fetch: (async (input, init) => {
      const body = String(init?.body).replace(/payments_transfer_id:\d+/, '')
      return await bench.sim.handle(new Request(input, { ...init, body }))
    }) as typeof fetch,
  })
  const all = await pullAll(deaf)
  expect([all.items, all.unreadable]).toEqual([
    [],
    all.unreadable.map((one) => expect.stringContaining(`${one.split(' ')[0]} other_payout`)),
  ])
  expect(all.unreadable).toHaveLength(2)
})

test('a later page that is always refused is not asked for without end', async () => {
  const { bench, ids } = await selling(2, 6)
  let refused = 0
  const odd = (isOdd: (body: { query: string; variables: { after: string | null } }) => boolean) =>
    bench.account({
      budget: false,
      fetch: (async (input, init) => {
        const body = String(input).endsWith('graphql.json') ? JSON.parse(String(init?.body)) : undefined
        if (!body?.query || !isOdd(body)) return await smaller(bench, 2)(input, init)
        refused += 1
        return Response.json({ errors: [{ message: 'odd', extensions: { code: 'ODD' } }] })
      }) as typeof fetch,
    })
  const pages = new Map<string, number>()
  // The third page of the first payout.
  let third: string | undefined
  const account = odd(({ query, variables: { after } }) => {
    if (!query.includes('PayoutPage') || !after) return false
    pages.set(after, (pages.get(after) ?? 0) + 1)
    if (pages.size === 2) third ??= after
    return after === third
  })
  const { items, unreadable } = await pullAll(account)
  expect(unreadable).toEqual([expect.stringMatching(/^payout:\d+ ODD$/)])
  expect(refused).toBe(6)
  // The other payout is told whole, and of the first one what could be read.
  expect(new Set(ordersIn(items)).size).toBe(4 + 6)
  expect(ids).toEqual(expect.arrayContaining(ordersIn(items)))
})

test('without Shopify Payments there is nothing, and no error; a missing scope is named by the check', async () => {
  const check = shopify.checks!.find(({ id }) => id === 'payments')!
  const { bench } = await selling(1, 1, { payments: false })
  expect((await pullAll(bench.account())).items).toEqual([])
  expect(await check.run(bench.account())).toEqual({ ok: false, code: 'payments_absent' })
  const denied = (await selling(1, 1, { scopes: ['read_orders', 'read_shopify_payments_accounts'] })).bench
  await expect(pull(denied.account(), null)).rejects.toMatchObject({ kind: 'auth', code: 'ACCESS_DENIED' })
  expect(await check.run(denied.account())).toMatchObject({ ok: false, code: 'scope_missing' })
})

test('the count names every order of the span, and one that the usual list left out is read alone', async () => {
  const { bench, ids } = await selling(2, 2)
  const account = bench.account()
  const { recount } = shopify.orders!
  const span = { from: new Date(startedAt - day * 1_000), until: new Date(startedAt + 3 * day * 1_000) }
  const page = await recount!.pull(account, span, null)
  expect([page.items, page.more, page.ids!.sort()]).toEqual([[], false, [...ids].sort()])
  const usual = await pullOrders(shopify.orders!.pull, account)
  const one = (await recount!.read!(account, ids[0]!)) as { raw: unknown; remoteId: string }
  const { raw: _, ...plain } = one
  const { raw: __, ...listed } = usual.items.find(({ remoteId }) => remoteId === ids[0])!
  expect(plain).toEqual(listed)
  expect(await recount!.read!(account, '1')).toBe(null)
  const half = await recount!.pull(account, { ...span, from: new Date(startedAt + day * 500) }, null)
  expect(half.ids).toHaveLength(2)
})
