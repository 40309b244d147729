/** Headers, tokens, pace and errors. */
import { expect, test } from 'vitest'
import type { State } from '../../../simulator/state.ts'
import { walmartBench, walmartItem } from '../../../test/support/walmart.ts'
import type { ChannelError } from '../../domain/errors.ts'
import type { Account } from '../connector.ts'
import { nextCallAt, readError, readTokenError } from './errors.ts'
import { walmart } from './index.ts'
import { limits } from './limits.ts'
import { subscribe } from './subscriptions.ts'

const now = new Date('2026-11-22T08:00:00Z')
const answer = (status: number, json: unknown, headers: Record<string, string> = {}) => ({
  status,
  json,
  text: JSON.stringify(json),
  headers: new Headers(headers),
})

test('every call carries its own correlation id, and the token of the moment', async () => {
  const bench = walmartBench([walmartItem('MUG', 5)])
  const sent: Headers[] = []
  const account = bench.account({
    fetch: async (input, init) => {
      sent.push(new Headers(init?.headers))
      return await bench.fetch(input, init)
    },
  })
  for (let n = 0; n < 3; n += 1) await walmart.stock!.read(account, ['MUG'])
  expect(sent).toHaveLength(4)
  expect(new Set(sent.map((one) => one.get('wm_qos.correlation_id'))).size).toBe(4)
  expect(new Set(sent.map((one) => one.get('wm_svc.name')))).toEqual(new Set(['Walmart Marketplace']))
  const first = sent.at(-1)!.get('wm_sec.access_token')
  expect(first).toBeTruthy()
  // It lives for 15 minutes, and is renewed before it ends: no call is refused.
  await bench.pass(14 * 60_000)
  await walmart.stock!.read(account, ['MUG'])
  expect(sent.at(-1)!.get('wm_sec.access_token')).not.toBe(first)
  const { calls } = await bench.truth()
  expect([calls.token!.count, calls.getMultiNodeInventoryForSkuAndAllShipnodes!.count]).toEqual([2, 4])
})

test('the bucket is what the answer tells: others may spend of it', async () => {
  const bench = walmartBench([walmartItem('MUG', 5)], { limits: 'published' })
  const account = bench.account()
  const stranger = bench.account({ budget: false })
  const line = { key: 'k', remoteSku: 'MUG', quantity: 1, version: 1, expected: null }
  for (let n = 0; n < 190; n += 1) await walmart.stock!.push(stranger, [line])
  const outcomes = []
  for (let n = 0; n < 14; n += 1) outcomes.push(...(await walmart.stock!.push(account, [line])))
  const kinds = outcomes.map((one) => (one.kind === 'failed' ? one.error.code : one.kind))
  // Ten were left; the others did not even leave.
  expect(kinds).toEqual([...Array(10).fill('accepted'), ...Array(4).fill('budget')])
  expect((await bench.truth()).calls.updateInventoryForAnItem).toEqual({ count: 200, throttled: 0 })
})

test('when the next call may leave, in all the forms that were seen', () => {
  const at = (headers: Record<string, string>) => nextCallAt(new Headers(headers), now).toISOString().slice(11, 19)
  const name = 'x-next-replenishment-time'
  expect(at({ [name]: '20' })).toBe('08:00:20')
  expect(at({ [name]: String(now.getTime() + 30_000) })).toBe('08:00:30')
  expect(at({ [name]: String(now.getTime() / 1_000 + 40) })).toBe('08:00:40')
  expect(at({ [name]: '2026-11-22T08:00:50Z' })).toBe('08:00:50')
  expect(at({ 'retry-after': '90' })).toBe('08:01:30')
  expect(at({})).toBe('08:01:00')
  // A moment that is past, or far off, is not believed.
  expect(at({ [name]: '2026-11-22T07:00:00Z' })).toBe('08:00:01')
  expect(at({ [name]: '2027-11-22T07:00:00Z' })).toBe('09:00:00')
  expect(at({ [name]: 'soon' })).toBe('08:01:00')
})

test('errors: each body, each kind', () => {
  const body = { code: 'CODE.X', description: 'why' }
  for (const json of [{ errors: [body] }, { error: [body] }, { errors: { error: [body] } }])
    expect(readError(answer(400, json), now, true)).toMatchObject({ kind: 'rejected', code: 'CODE.X', message: 'why' })
  const kind = (status: number, json: unknown = { error: [body] }, isWrite = true) => {
    const { kind: one, mayHaveApplied } = readError(answer(status, json), now, isWrite)
    return [one, mayHaveApplied]
  }
  expect(kind(403)).toEqual(['auth', false])
  expect(kind(403, '<html>')).toEqual(['unavailable', false])
  expect(kind(404)).toEqual(['missing', false])
  expect(kind(404, '<html>')).toEqual(['unavailable', false])
  expect(kind(409)).toEqual(['conflict', false])
  expect(kind(413)).toEqual(['rejected', false])
  expect(kind(429)).toEqual(['throttled', false])
  // The state is unknown: it is looked at before anything is repeated.
  for (const status of [500, 503, 520]) expect(kind(status)).toEqual(['unavailable', true])
  expect(kind(520, undefined, false)).toEqual(['unavailable', false])
  expect(readTokenError(answer(400, { error: [body] }), now)).toMatchObject({ kind: 'auth' })
  expect(readTokenError(answer(400, '<html>'), now)).toMatchObject({ kind: 'unavailable' })
})

test('allowances are those of the table', () => {
  expect([limits.acknowledgeOrders.rate, limits.acknowledgeOrders.burst]).toEqual([1, 60])
  expect([limits.updateBulkInventory.rate * 3_600, limits.updateBulkInventory.burst]).toEqual([10, 10])
  expect(limits.updateInventoryForAnItem.rate * 60).toBeCloseTo(200)
})

test('words: password and signature, and a wrong one of either is refused', async () => {
  const bench = walmartBench([walmartItem('MUG', 5)])
  const account = bench.account()
  const address = 'https://hub.example/hooks/walmart/key'
  const words: { headers: Record<string, string>; body: Uint8Array }[] = []
  bench.outside.fetch = async (_input, init) => {
    words.push({
      headers: Object.fromEntries(new Headers(init?.headers)),
      body: new TextEncoder().encode(String(init?.body)),
    })
    return new Response(null, { status: 200 })
  }
  await subscribe(account, address)
  const id = await bench.buy('MUG')
  await bench.pass(10_000)
  const hook = { method: 'POST' as const, address, query: {}, ...words[0]! }
  expect(await walmart.webhooks!.verify(account, hook)).toMatchObject({
    kind: 'accepted',
    topic: 'ORDER_UPDATES',
    look: ['orders'],
    orderRemoteIds: [id],
  })
  const without = (name: string) => Object.fromEntries(Object.entries(hook.headers).filter(([key]) => key !== name))
  const kind = async (headers: Record<string, string>) =>
    (await walmart.webhooks!.verify(account, { ...hook, headers })).kind
  // Not every kind of word is said to be signed: the password alone lets it in.
  expect(await kind(without('wm_sec.signature'))).toBe('accepted')
  expect(await kind(without('authorization'))).toBe('refused')
  expect(await kind(without('wm_sec.timestamp'))).toBe('refused')
  expect(await kind({ ...hook.headers, authorization: 'Basic eDp5' })).toBe('refused')
  await bench.pass(11 * 60_000)
  expect(await kind(hook.headers)).toBe('refused')
})

test('a key that was renewed makes another password: the subscription learns it', async () => {
  const bench = walmartBench([walmartItem('MUG', 5)])
  const address = 'https://hub.example/hooks/walmart/key'
  const states = async (account: Account, at = address) => (await subscribe(account, at)).map(({ state }) => state)
  const before = bench.account()
  expect([await states(before), await states(before)]).toEqual([['created'], ['kept']])
  // The old token serves for the calls; only what we sign with has changed.
  const renewed: Account = { ...before, secrets: async () => ({ clientSecret: 'another' }) }
  expect([await states(renewed), await states(renewed)]).toEqual([['created'], ['kept']])
  expect(await states({ ...renewed, secrets: before.secrets }, `${address}2`)).toEqual(['created'])
  const { walmart: there } = bench.sim.snapshot() as State
  expect(there!.subscriptions).toHaveLength(1)
})

test('a SKU is one part of an address, whatever it holds', async () => {
  const skus = ['A/B +1', '100%', 'a?b#c', 'x&y=z', '茶']
  const bench = walmartBench(skus.map((sku) => walmartItem(sku, 4)))
  const readings = await walmart.stock!.read(bench.account(), skus)
  expect(readings).toEqual(skus.map((remoteSku) => ({ remoteSku, quantity: 4 })))
  const told = await walmart.stock!.push(
    bench.account(),
    skus.map((remoteSku) => ({ key: remoteSku, remoteSku, quantity: 2, version: 1, expected: null })),
  )
  expect(told.filter((one) => one.kind === 'failed').map((one) => (one as { error: ChannelError }).error)).toEqual([])
})
