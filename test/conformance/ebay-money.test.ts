/** Settlements, the second count of orders and who agreed, held against eBay's published specs. */
import { expect, test } from 'vitest'
import { ebay } from '../../src/channels/ebay/index.ts'
import { ebayBench, ebayItem, ebaySecrets, ebaySettings, pullAllOf } from '../support/ebay.ts'
import { createEbayJudge } from './support/ebay-judge.ts'

const judge = createEbayJudge()
const day = 24 * 3_600_000

function judged() {
  const bench = ebayBench([ebayItem('MUG', 500)])
  const findings: string[] = []
  const seen = new Map<string, number>()
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const url = new URL(String(input))
    const path = url.pathname.replace(/^\/ebay/, '')
    const response = await bench.fetch(input, init)
    if (path === '/identity/v1/oauth2/token') return response
    const operation = judge.find(init?.method ?? 'GET', path)
    if (!operation) {
      findings.push(`${path}: no operation of the specs`)
      return response
    }
    // The header that says where the seller is at home is required by the Finances API.
    const required = (operation.raw.parameters ?? []).filter((one) => one.in === 'header' && one.required)
    for (const { name } of required)
      if (!new Headers(init?.headers).has(name)) findings.push(`${operation.id}: the header ${name} is missing`)
    const mismatches = [
      ...judge.request(operation, url.searchParams, typeof init?.body === 'string' ? init.body : null),
      ...judge.answer(operation, response.status, await response.clone().text()),
    ]
    findings.push(...mismatches.map(({ at, problem }) => `${operation.id} ${response.status}: ${at} ${problem}`))
    const name = `${operation.id} ${response.status}`
    seen.set(name, (seen.get(name) ?? 0) + 1)
    return response
  }
  return { bench, findings, seen, account: (more: object = {}) => bench.account({ fetch, ...more }) }
}

test('payouts, their transactions and those of days; refusals among them', async () => {
  const one = judged()
  const account = one.account()
  for (let n = 0; n < 3; n += 1) {
    const id = await one.bench.buy('MUG', 4)
    await one.bench.buy('MUG', 3)
    await one.bench.pass(60_000)
    const refund = { reference: `r${n}`, orderRemoteId: id, currency: 'USD', reason: 'price' as const }
    const { items } = await pullAllOf((cursor) => ebay.orders!.pull(account, cursor))
    const lines = items
      .find(({ remoteId }) => remoteId === id)!
      .lines.map(({ remoteId }) => ({ remoteId, quantity: 1, amount: 100 }))
    await ebay.refunds!.issue(account, { ...refund, lines, shippingAmount: 0 })
    await one.bench.pass(day)
  }
  await one.bench.pass(6 * day)
  await one.bench.fault('getPayout', 'status', { count: 1, status: 404 })
  await one.bench.fault('getTransactions', 'status', { count: 1, status: 500 })
  const pull = (cursor: unknown) => ebay.settlements!.pull(account, cursor)
  let cursor: unknown = null
  const kept: string[] = []
  for (let n = 0; n < 400; n += 1) {
    const page = await pull(cursor).catch(() => undefined)
    if (!page) continue
    kept.push(...page.items.map(({ body }) => Buffer.from(body).toString()))
    cursor = page.next
    if (!page.more) break
  }
  expect(kept.some((text) => text.includes('"transactionType":"REFUND"'))).toBe(true)
  const span = { from: new Date(one.bench.sim.now().getTime() - 20 * day), until: one.bench.sim.now() }
  expect((await ebay.orders!.recount!.pull(account, span, null)).items).toHaveLength(6)
  expect(one.findings).toEqual([])
  expect([...one.seen.keys()].sort()).toEqual(
    expect.arrayContaining([
      'getPayout 200',
      'getPayout 404',
      'getPayouts 200',
      'getTransactions 200',
      'getTransactions 204',
      'getTransactions 500',
    ]),
  )
})

test('who agreed', async () => {
  const one = judged()
  const { refreshToken: _, ...before } = ebaySecrets
  const url = ebay.consent!.url(ebaySettings, { state: 's', redirectUri: 'unused' })
  const back = await one.bench.sim.handle(new Request(url))
  const returned = Object.fromEntries(new URL(back.headers.get('location')!).searchParams)
  await ebay.consent!.exchange(one.account({ secrets: before }), returned, 'unused')
  expect([one.findings, [...one.seen.keys()]]).toEqual([[], ['getUser 200']])
})
