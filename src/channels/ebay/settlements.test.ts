/** Settlements and the second count of orders, against the simulator. */
import { generateKeyPairSync } from 'node:crypto'
import { expect, test } from 'vitest'
import { ebayBench, ebayItem, ebaySecrets } from '../../../test/support/ebay.ts'
import type { RawSettlement } from '../capabilities.ts'
import type { Account } from '../connector.ts'
import { ebay } from './index.ts'

const hour = 3_600_000
const day = 24 * hour
const pull = ebay.settlements!.pull

/** Another process each time: all it has is the text of the cursor. */
async function pullAll(account: Account, from: unknown = null) {
  const items: RawSettlement[] = []
  const unreadable: string[] = []
  let cursor = from
  for (let n = 0; n < 2_000; n += 1) {
    const page = await pull(account, JSON.parse(JSON.stringify(cursor)))
    items.push(...page.items)
    unreadable.push(...(page.unreadable ?? []).map(({ remoteId }) => remoteId))
    cursor = page.next
    if (!page.more) return { items, unreadable, cursor }
  }
  throw new Error('it never ends')
}

/** Sales on so many days, the same number on each; then days without any, so that all is paid out. */
async function selling(days: number, each: number, seed = 3) {
  const bench = ebayBench([ebayItem('MUG', 10_000)], {}, seed)
  for (let n = 0; n < days; n += 1) {
    for (let one = 0; one < each; one += 1) await bench.buy('MUG')
    await bench.pass(day)
  }
  await bench.pass(5 * day)
  return bench
}

const bodies = (items: readonly RawSettlement[], kind: string) =>
  items
    .filter(({ remoteId }) => remoteId.startsWith(`${kind}:`))
    .map(({ body }) => JSON.parse(Buffer.from(body).toString()) as Record<string, never>)
const transactionsOf = (list: readonly Record<string, { transactionId: string }[]>[]) =>
  list.flatMap(({ transactions = [] }) => transactions.map(({ transactionId }) => transactionId))

test('each payout with its transactions, and the transactions of each day; each once', async () => {
  const bench = await selling(3, 4)
  const account = { ...bench.account(), openedAt: new Date(Date.UTC(2026, 10, 22, 8)) }
  const first = await pullAll(account)
  const ids = first.items.map(({ remoteId }) => remoteId)
  expect(new Set(ids).size).toBe(ids.length)
  expect(ids.filter((id) => /^payout:\d+$/.test(id))).toHaveLength(3)
  const sold = (await bench.truth()).orders.map(({ id }) => id)
  expect(transactionsOf(bodies(first.items, 'payout')).sort()).toEqual(sold.sort())
  expect(transactionsOf(bodies(first.items, 'day')).sort()).toEqual(sold.sort())
  const names = first.items.map(({ name }) => name)
  expect(new Set(names).size).toBe(names.length)
  expect(
    names.filter((name) => /^ebay-payout-2026-11-\d\d-5\d{9}(-transactions-1-4-of-4)?\.json$/.test(name)),
  ).toHaveLength(6)
  expect((await pullAll(account, first.cursor)).items).toEqual([])
  await bench.buy('MUG')
  await bench.pass(6 * day)
  const later = await pullAll(account, first.cursor)
  expect(later.items.map(({ remoteId }) => remoteId.replace(/\d{9,}/, 'N').replace(/2026-11-\d\d/, 'D'))).toEqual([
    'payout:N',
    'payout:N:transactions-1-1-of-1',
    'day:D:transactions-1-1-of-1',
  ])
})

test('bytes as they came; the call goes to the home of the seller, signed without its query', async () => {
  const bench = await selling(1, 1)
  const { privateKey } = generateKeyPairSync('ed25519')
  const signingPrivateKey = privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64')
  const came = new Map<string, string>()
  const calls: { url: URL; headers: Headers }[] = []
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const url = new URL(String(input))
    let answer = await bench.fetch(input, init)
    if (!url.pathname.includes('/sell/finances/')) return answer
    calls.push({ url, headers: new Headers(init?.headers) })
    const text = `\n  ${(await answer.text()).replace('{', '{ "über": "ñ\\u00e9",')}\n`
    if (answer.status === 200) {
      came.set(text, url.pathname)
      answer = new Response(text, { status: 200, headers: answer.headers })
    } else answer = new Response(null, { status: answer.status })
    return answer
  }
  const account = bench.account({ fetch, secrets: { ...ebaySecrets, signingKey: 'a-jwe', signingPrivateKey } })
  const { items } = await pullAll(account)
  expect(items).toHaveLength(2)
  for (const { body } of items) expect(came.has(Buffer.from(body).toString())).toBe(true)
  for (const { headers } of calls) {
    expect(headers.get('x-ebay-c-marketplace-id')).toBe('EBAY_US')
    expect(headers.get('signature-input')).toContain('"x-ebay-signature-key" "@method" "@path" "@authority"')
  }
  // Who bought stands in the pages, and nowhere in the journal.
  const { username } = (await bench.truth()).orders[0]!
  expect(items.some(({ body }) => Buffer.from(body).includes(username))).toBe(true)
  expect(JSON.stringify(account.journal)).not.toContain(username)
})

test('pages of a payout: none is lost, and one told late has them kept anew', async () => {
  const bench = await selling(1, 7)
  let late = 0
  let asked = 0
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const url = String(input).replace('limit=1000', 'limit=3')
    const answer = await bench.fetch(url, init)
    if (!url.includes('payoutId')) return answer
    asked += 1
    const body = (await answer.json()) as { total: number; transactions: object[] }
    // From the third call on there is one more, in front of the others.
    if (asked > 2) late = 1
    return Response.json({ ...body, total: body.total + late }, { headers: answer.headers })
  }
  const { items } = await pullAll(bench.account({ fetch })).catch((error: Error & { code: string }) => {
    // The simulator has seven, whatever was said: the page behind them is empty, and that is told.
    expect(error.code).toBe('unreadable')
    return { items: undefined }
  })
  expect([items, late]).toEqual([undefined, 1])
  const plain: typeof globalThis.fetch = (input, init) =>
    bench.fetch(String(input).replace('limit=1000', 'limit=3'), init)
  const whole = await pullAll(bench.account({ fetch: plain }))
  const parts = whole.items.filter(({ remoteId }) => remoteId.includes('transactions') && remoteId.startsWith('payout'))
  expect(parts.map(({ remoteId }) => remoteId.split(':')[2])).toEqual([
    'transactions-1-3-of-7',
    'transactions-4-6-of-7',
    'transactions-7-7-of-7',
  ])
  expect(new Set(transactionsOf(bodies(parts, 'payout'))).size).toBe(7)
})

test('a payout that is on its way is waited for; one that is refused is named, and the others come', async () => {
  const bench = await selling(2, 1)
  await bench.buy('MUG')
  await bench.pass(day + 2 * hour)
  let refusals = 1
  const error = { errorId: 135010, domain: 'API_FINANCES', category: 'REQUEST', message: 'odd' }
  const account = bench.account({
    fetch: async (input, init) =>
      /payout\/\d+$/.test(String(input)) && refusals-- > 0
        ? Response.json({ errors: [error] }, { status: 400 })
        : await bench.fetch(input, init),
  })
  const first = await pullAll(account)
  expect(first.unreadable).toEqual([expect.stringMatching(/^payout:5\d{9}$/)])
  expect(first.items.filter(({ remoteId }) => /^payout:\d+$/.test(remoteId))).toHaveLength(1)
  await bench.pass(2 * day)
  const later = await pullAll(account, first.cursor)
  expect(later.items.filter(({ remoteId }) => /^payout:\d+$/.test(remoteId))).toHaveLength(2)
})

test('the count finds an order that the usual list never told, page by page, also where a page moves', async () => {
  const bench = await selling(1, 6, 9)
  const { orders } = await bench.truth()
  const span = { from: new Date(Date.UTC(2026, 10, 22)), until: new Date(Date.UTC(2026, 10, 24)) }
  const small: typeof globalThis.fetch = (input, init) =>
    bench.fetch(String(input).replace('limit=200', 'limit=3'), init)
  const account = bench.account({ fetch: small })
  const { recount } = ebay.orders!
  const found = new Set<string>()
  let cursor: unknown = null
  let pages = 0
  for (let more = true; more; pages += 1) {
    const page = await recount!.pull(account, span, JSON.parse(JSON.stringify(cursor)))
    for (const { remoteId } of page.items) found.add(remoteId)
    cursor = page.next
    more = page.more
  }
  expect([...found].sort()).toEqual(orders.map(({ id }) => id).sort())
  expect(pages).toBe(3)
  const moved = await recount!.pull(account, span, { offset: 2, last: 'another' })
  expect(moved).toMatchObject({ items: [], next: { offset: 0, last: null }, more: true })
})
