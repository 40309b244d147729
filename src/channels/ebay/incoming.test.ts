/** Words from eBay, consent and checks, against the simulator. */
import { expect, test } from 'vitest'
import { ebayBench, ebayItem, ebaySecrets, ebaySettings } from '../../../test/support/ebay.ts'
import type { HookVerdict, IncomingHook } from '../capabilities.ts'
import type { Account } from '../connector.ts'
import { ebay } from './index.ts'

const address = 'https://hub.example/hooks/ebay/k'
const { verify, subscribe } = ebay.webhooks!
const hookOf = (body: string, headers: Record<string, string>): IncomingHook => ({
  method: 'POST',
  address,
  query: {},
  headers,
  body: Buffer.from(body),
})

/** eBay calls our address; what it said is kept. */
function listening(seed = 3) {
  const bench = ebayBench([ebayItem('MUG', 50)], {}, seed)
  const account = bench.account()
  const heard: IncomingHook[] = []
  const state = { isUp: true }
  bench.outside.fetch = (async (input: string | URL | Request, init?: RequestInit) => {
    const url = new URL(String(input))
    const at = `${url.origin}${url.pathname}`
    if (!state.isUp) return new Response(null, { status: 500 })
    if (init?.method !== 'POST') {
      const asked = {
        method: 'GET' as const,
        address: at,
        query: Object.fromEntries(url.searchParams),
        headers: {},
        body: new Uint8Array(),
      }
      const verdict = await verify(account, asked)
      return verdict.kind === 'answer'
        ? new Response(verdict.body, { status: verdict.status })
        : new Response(null, { status: 412 })
    }
    heard.push(hookOf(String(init.body), Object.fromEntries(new Headers(init.headers))))
    return new Response(null, { status: 200 })
  }) as typeof fetch
  return { bench, account, heard, state }
}

const accepted = (verdict: HookVerdict) => {
  expect(verdict.kind).toBe('accepted')
  return verdict as Extract<HookVerdict, { kind: 'accepted' }>
}

test('subscriptions are made, kept, moved, and mended after eBay has marked our address down', async () => {
  const { bench, account, state } = listening()
  const created = await subscribe!(account, address)
  expect(created.map(({ topic, state: how }) => [topic, how])).toEqual([
    ['MARKETPLACE_ACCOUNT_DELETION', 'created'],
    ['AUTHORIZATION_REVOCATION', 'created'],
    ['ORDER_CONFIRMATION', 'created'],
    ['ITEM_MARKED_SHIPPED', 'created'],
  ])
  const kept = await subscribe!(account, address)
  expect(kept.every((one) => one.state === 'kept')).toBe(true)
  expect((await bench.truth()).calls.changeDestination!.count).toBe(1)
  const check = ebay.checks!.find(({ id }) => id === 'notifications')!
  expect(await check.run(account)).toMatchObject({ ok: true, facts: { destinations: '1' } })
  state.isUp = false
  for (let n = 0; n < 5; n += 1) await bench.buy('MUG')
  for (let n = 0; n < 20; n += 1) await bench.pass(60_000)
  expect(await check.run(account)).toMatchObject({ ok: false, code: 'destination_down' })
  state.isUp = true
  await subscribe!(account, address)
  expect(await check.run(account)).toMatchObject({ ok: true })
  await subscribe!(account, 'https://hub.example/hooks/ebay/moved')
  expect(await check.run(account)).toMatchObject({ ok: true, facts: { destinations: '1' } })
})

test('an address that does not answer the question is not subscribed', async () => {
  const { account, state } = listening()
  state.isUp = false
  await expect(subscribe!(account, address)).rejects.toMatchObject({ kind: 'conflict', code: '195020' })
})

test('an order and a closed account are heard; each changed bit is refused; the key is asked for once', async () => {
  const { bench, account, heard } = listening(11)
  await subscribe!(account, address)
  const orderId = await bench.buy('MUG')
  const { username } = await bench.control<{ username: string }>('/ebay/account-deletion', {})
  await bench.pass(10_000)
  const verdicts = []
  for (const hook of heard) verdicts.push(accepted(await verify(account, hook)))
  const byTopic = new Map(verdicts.map((verdict) => [verdict.topic, verdict]))
  expect(byTopic.get('ORDER_CONFIRMATION')).toMatchObject({ look: ['orders'], orderRemoteIds: [orderId] })
  expect(byTopic.get('MARKETPLACE_ACCOUNT_DELETION')).toMatchObject({
    look: [],
    erase: { orderRemoteIds: [], buyer: username, whole: false },
  })
  expect(accepted(await verify(account, heard[0]!)).dedupe).toBe(verdicts[0]!.dedupe)
  const hook = heard[0]!
  for (let at = 0; at < hook.body.length; at += 1) {
    const body = Buffer.from(hook.body)
    body[at] = body[at]! ^ 1
    expect((await verify(account, { ...hook, body })).kind, `bit of byte ${at}`).toBe('refused')
  }
  const signature = hook.headers['x-ebay-signature']!
  for (let at = 0; at < signature.length; at += 1) {
    const other = signature.slice(0, at) + (signature[at] === 'A' ? 'B' : 'A') + signature.slice(at + 1)
    const verdict = await verify(account, { ...hook, headers: { 'x-ebay-signature': other } }).catch(
      (error: Error) => error,
    )
    // A letter of the key's name asks for another key; where eBay cannot be asked for it, the word is to come again.
    expect(verdict instanceof Error ? (verdict as Error & { code: string }).code : verdict.kind).toMatch(
      /^(refused|budget)$/,
    )
  }
  for (const headers of [{}, { 'x-ebay-signature': '' }, { 'x-ebay-signature': 'odd words' }])
    expect((await verify(account, { ...hook, headers: headers as Record<string, string> })).kind).toBe('refused')
  const again = Buffer.concat([Buffer.from(hook.body), Buffer.from(' ')])
  expect((await verify(account, { ...hook, body: again })).kind).toBe('refused')
  const before = (await bench.truth()).calls.getPublicKey!.count
  for (let n = 0; n < 20; n += 1) await verify(account, hook)
  expect((await bench.truth()).calls.getPublicKey!.count).toBe(before)
})

test('while eBay does not show its key nobody can tell, and the word is to come again', async () => {
  const { bench, account, heard } = listening(12)
  await subscribe!(account, address)
  await bench.buy('MUG')
  await bench.pass(10_000)
  await bench.fault('getPublicKey', 'status', { count: 1, status: 500 })
  await expect(verify(account, heard[0]!)).rejects.toMatchObject({ kind: 'unavailable' })
  accepted(await verify(account, heard[0]!))
})

/** A word that is signed by nobody, under a key's name. */
const under = (kid: string): IncomingHook => {
  const signature = Buffer.from('nobody').toString('base64')
  const stamp = { alg: 'ecdsa', kid, signature, digest: 'SHA1' }
  return hookOf('{}', { 'x-ebay-signature': Buffer.from(JSON.stringify(stamp)).toString('base64') })
}
const kidOf = ({ headers }: IncomingHook): string =>
  (JSON.parse(Buffer.from(headers['x-ebay-signature']!, 'base64').toString()) as { kid: string }).kid

test('what strangers name as a key takes nothing from a word that eBay signed', async () => {
  const { bench, account, heard } = listening(14)
  await subscribe!(account, address)
  await bench.buy('MUG')
  await bench.pass(10_000)
  const hook = heard[0]!
  const free = bench.account({ budget: false })
  // The key's own name in other letters, before the key itself was ever asked for.
  expect((await verify(free, under(kidOf(hook).toUpperCase()))).kind).toBe('refused')
  accepted(await verify(free, hook))
  const asked = async () => (await bench.truth()).calls.getPublicKey!.count
  const before = await asked()
  for (let n = 0; n < 250; n += 1)
    expect((await verify(free, under(`00000000-0000-4000-a000-${String(n).padStart(12, '0')}`))).kind).toBe('refused')
  expect(await asked()).toBe(before + 250)
  accepted(await verify(free, hook))
  expect(await asked()).toBe(before + 250)
  // While eBay cannot be asked, a key that is known goes on proving its words.
  await bench.pass(2 * 3_600_000)
  await bench.fault('getPublicKey', 'status', { status: 500 })
  accepted(await verify(free, hook))
})

test.each([400, 409, 422])(
  'an answer %i says of no key that it does not exist: the word is to come again',
  async (status) => {
    const { bench, account, heard } = listening(status)
    await subscribe!(account, address)
    await bench.buy('MUG')
    await bench.pass(10_000)
    await bench.fault('getPublicKey', 'status', { count: 1, status })
    await expect(verify(account, heard[0]!)).rejects.toMatchObject({ name: 'ChannelError' })
    accepted(await verify(account, heard[0]!))
  },
)

test('a consent of another user of eBay is refused, whatever it would bring', async () => {
  const bench = ebayBench([ebayItem('MUG', 5)])
  const { refreshToken: _, ...before } = ebaySecrets
  const agree = async () => {
    const url = ebay.consent!.url(ebaySettings, { state: 's', redirectUri: 'unused' })
    const back = await bench.sim.handle(new Request(url))
    return Object.fromEntries(new URL(back.headers.get('location')!).searchParams)
  }
  const account = bench.account({ secrets: before })
  const changes = [{ at: '/username', value: 'somebody_else' }]
  await bench.fault('getUser', 'rewrite', { count: 1, changes })
  const refused = ebay.consent!.exchange(account, await agree(), 'unused')
  await expect(refused).rejects.toMatchObject({ kind: 'rejected', code: 'other_seller' })
  await expect(refused).rejects.toThrow(/somebody_else.*simulated_seller/)
  await bench.fault('getUser', 'rewrite', { count: 1, changes: [{ at: '/username', value: 'Simulated_SELLER' }] })
  await expect(ebay.consent!.exchange(account, await agree(), 'unused')).resolves.toMatchObject({ secrets: {} })
  // Nobody can tell whose it is: it is not taken.
  await bench.fault('getUser', 'status', { count: 1, status: 500 })
  await expect(ebay.consent!.exchange(account, await agree(), 'unused')).rejects.toMatchObject({ kind: 'unavailable' })
  const journal = JSON.stringify(account.journal)
  expect(journal).not.toContain('seller@simulated.example')
})

test('the seller agrees, and comes back with a token that works; a wrong code, RuName or secret is told', async () => {
  const bench = ebayBench([ebayItem('MUG', 5)])
  const { refreshToken: _, ...before } = ebaySecrets
  const account = (more: object = {}): Account => bench.account({ secrets: before, ...more })
  const url = ebay.consent!.url(ebaySettings, { state: 'a state/+=&', redirectUri: 'unused' })
  expect(url).not.toContain(ebaySecrets.clientSecret)
  const back = await bench.sim.handle(new Request(url))
  const returned = Object.fromEntries(new URL(back.headers.get('location')!).searchParams)
  expect(returned.state).toBe('a state/+=&')
  await expect(ebay.consent!.exchange(account(), {}, 'unused')).rejects.toMatchObject({ code: 'no_code' })
  const wrong = { ...returned, code: `${returned.code}x` }
  await expect(ebay.consent!.exchange(account(), wrong, 'unused')).rejects.toMatchObject({ code: 'invalid_grant' })
  const other = account({ secrets: { clientSecret: 'other' } })
  await expect(ebay.consent!.exchange(other, returned, 'unused')).rejects.toMatchObject({ code: 'invalid_client' })
  const { secrets } = await ebay.consent!.exchange(account(), returned, 'unused')
  const whole = bench.account({ secrets: { ...before, ...(secrets as object) } })
  expect(await ebay.stock!.read(whole, ['MUG'])).toEqual([{ remoteSku: 'MUG', quantity: 5 }])
  await expect(ebay.consent!.exchange(account(), returned, 'unused')).rejects.toMatchObject({ code: 'invalid_grant' })
})

test('checks pass on a good day, and tell what is missing', async () => {
  const bench = ebayBench([ebayItem('MUG', 5)])
  const run = async (account: Account) => {
    const results: Record<string, unknown> = {}
    for (const { id, run: check } of ebay.checks!) {
      const result = await check(account).catch((error: Error & { code: string }) => ({
        ok: false as const,
        code: error.code,
      }))
      results[id] = result.ok ? 'ok' : result.code
    }
    return results
  }
  expect([...new Set(Object.values(await run(bench.account())))]).toEqual(['ok'])
  await bench.fault('getOrders', 'status', { status: 403 })
  expect(await run(bench.account())).toMatchObject({ 'scope.sell.fulfillment': 'scope_missing', token: 'ok' })
  await bench.fault('getPayouts', 'status', { status: 403 })
  expect(await run(bench.account())).toMatchObject({ 'scope.sell.finances': 'scope_missing' })
  const strange = { ...ebaySecrets, refreshToken: 'another' }
  expect(await run(bench.account({ secrets: strange }))).toMatchObject({ token: 'invalid_grant' })
  expect(await run(bench.account({ secrets: { ...ebaySecrets, clientSecret: 'other' } }))).toMatchObject({
    token: 'invalid_client',
  })
})
