/** Live checks: each finds what is missing, says what to do, and blocks going live only where it must. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { registry } from '../src/channels/registry.ts'
import { checkFailures } from '../src/contract/check-failures.ts'
import { checkFailuresOfBigcommerce } from '../src/contract/check-failures-bigcommerce.ts'
import { checkFailuresOfWoocommerce } from '../src/contract/check-failures-woocommerce.ts'
import { hasCheckTitle, hasFeatureTitle } from '../src/contract/checks.ts'
import {
  amazonSecrets,
  type CheckTold,
  type Connecting,
  failed,
  openConnecting,
  type Person,
  stepsOf,
} from './support/connecting.ts'
import { useDatabase } from './support/database.ts'

const own = useDatabase()
const minute = 60_000
let it: Connecting
let owner: Person
let steps: ReturnType<typeof stepsOf>
beforeAll(async () => {
  it = await openConnecting(own.db)
  owner = it.owner
  steps = stepsOf(it)
})
afterAll(() => it?.close())

test('each thing that is missing is found by its own check, told in both languages, and blocks live only where it must', async () => {
  const { id } = await steps.draft({ secrets: amazonSecrets })
  const access = (change: object) => it.control('/access', { channel: 'amazon', ...change })
  const all = ['Product Listing', 'Inventory and Order Tracking', 'Amazon Fulfillment']
  const restricted = 'Direct-to-Consumer Shipping (Restricted)'
  const live = async () => (await owner.ask('POST', `/accounts/${id}/finish`, { stage: 'live' })).body.code

  await access({ roles: all })
  const buyerless = await steps.check(id)
  expect(failed(buyerless)).toEqual([['role.buyer', 'failed', 'buyer_absent']])
  expect(buyerless.items.at(-1)).toMatchObject({
    optional: true,
    serves: [{ feature: 'buyer', title: 'names and addresses of buyers' }],
    cause: expect.stringContaining('none came with an address'),
    next: expect.stringContaining(restricted),
  })
  await access({ roles: ['Inventory and Order Tracking', restricted] })
  expect(failed(await steps.check(id))).toEqual([
    ['role.listings', 'failed', 'role_missing'],
    ['role.held-stock', 'failed', 'role_missing'],
  ])
  expect(await live()).toBe('checks_failed')
  const told = (await steps.check(id, 'zh')).items.find((one: CheckTold) => one.id === 'role.listings')
  expect(told).toMatchObject({ title: '商品与库存权限', cause: expect.stringContaining('无法读取商品') })
  await access({ roles: [] })
  expect(failed(await steps.check(id)).map(([one]) => one)).toEqual([
    'role.orders',
    'role.listings',
    'role.held-stock',
    'role.buyer',
  ])
  await access({ roles: [...all, restricted], plan: 'INDIVIDUAL' })
  expect(failed(await steps.check(id))).toEqual([['plan', 'failed', 'plan_individual']])
  await access({ plan: 'PROFESSIONAL', away: ['ATVPDKIKX0DER'] })
  expect(failed(await steps.check(id))).toEqual([['marketplaces', 'failed', 'not_participating']])
  await access({ away: [], suspended: ['ATVPDKIKX0DER'] })
  expect(failed(await steps.check(id))).toEqual([['marketplaces', 'failed', 'listings_suspended']])
  await access({ suspended: [] })
  await it.control('/faults', { channel: 'amazon', operation: 'token', kind: 'wrong-date', delayMs: -90_000 })
  const clock = await steps.check(id)
  expect(failed(clock)).toEqual([['clock', 'failed', 'clock_off']])
  expect(Number(clock.items[1].facts.seconds)).toBeGreaterThan(85)
  await it.calm()
  // Without a way in nothing else can be told.
  await it.control('/faults', { channel: 'amazon', operation: 'token', kind: 'revoke' })
  const shut = await steps.check(id)
  expect(failed(shut)[0]).toEqual(['token', 'failed', 'invalid_grant'])
  expect(
    failed(shut)
      .slice(1)
      .every(([, state]) => state === 'skipped'),
  ).toBe(true)
  expect(await live()).toBe('checks_failed')
  await it.calm()
  // An answer of the past says nothing once the secrets have changed.
  await steps.check(id)
  await owner.ask('PATCH', `/accounts/${id}/draft`, { secrets: { clientSecret: 'wrong' } })
  expect(await live()).toBe('checks_missing')
  expect(failed(await steps.check(id))[0]).toEqual(['token', 'failed', 'invalid_client'])
  await owner.ask('PATCH', `/accounts/${id}/draft`, { secrets: amazonSecrets })
  expect((await owner.ask('POST', `/accounts/${id}/finish`, { stage: 'shadow' })).body.stage).toBe('shadow')
  // A connected account is checked likewise, and a failing one does not go live.
  await it.control('/faults', {
    channel: 'amazon',
    operation: 'searchOrders',
    kind: 'status',
    status: 403,
    durationMs: 5 * minute,
  })
  expect(failed(await steps.check(id)).map(([one]) => one)).toEqual(['role.orders', 'role.buyer'])
  expect((await owner.ask('PATCH', `/accounts/${id}`, { stage: 'live' })).body.code).toBe('checks_failed')
  await it.calm()
  // So many checks have used up what Amazon allows of searches in an hour.
  await it.control('/clock', { advanceMs: 60 * minute })
  expect(failed(await steps.check(id))).toEqual([])
  expect((await owner.ask('PATCH', `/accounts/${id}`, { stage: 'live' })).status).toBe(200)
})

test('an own store: reached, our signature taken and no other, clocks compared', async () => {
  const webhookSecret = `whsec_${Buffer.alloc(24, 7).toString('base64')}`
  const draftStore = async (name: string, webhookUrl: string, secret = webhookSecret) =>
    (
      await owner.ask('POST', '/accounts/drafts', {
        channel: 'storefront',
        name,
        settings: { webhookUrl, sameNetwork: true },
        secrets: { webhookSecret: secret },
      })
    ).body.id as string
  const away = await draftStore('Away', 'http://127.0.0.1:9/hook')
  expect(failed(await steps.check(away))).toEqual([
    ['reachable', 'failed', 'unavailable'],
    ['signature', 'skipped', null],
    ['forgery', 'skipped', null],
    ['clock', 'skipped', null],
  ])
  const elsewhere = await draftStore('Elsewhere', `${it.url}/nowhere`)
  expect(failed(await steps.check(elsewhere))[0]).toEqual(['reachable', 'failed', 'no_receiver'])
  // The simulated store has no secret at all yet, so ours is refused, and a forged one too.
  const store = await draftStore('Store', `${it.url}/storefront/webhooks`)
  const refused = await steps.check(store)
  expect(failed(refused)).toEqual([['signature', 'failed', 'signature_refused']])
  expect(refused.items[1].next).toContain('whsec_')
  it.knowSecret(webhookSecret)
  expect(failed(await steps.check(store))).toEqual([])
  // A store that looks at no signature at all.
  const careless = createServer((_request, response) =>
    response
      .writeHead(200, { 'content-type': 'application/json', date: new Date(Date.now() - 60_000).toUTCString() })
      .end('{"items":[]}'),
  )
  await new Promise<void>((done) => careless.listen(0, '127.0.0.1', done))
  const { port } = careless.address() as AddressInfo
  const loose = await steps.check(await draftStore('Careless', `http://127.0.0.1:${port}/`))
  await new Promise((done) => careless.close(done))
  expect(failed(loose)).toEqual([
    ['forgery', 'failed', 'forgery_accepted'],
    ['clock', 'failed', 'clock_off'],
  ])
})

test('a store with WooCommerce: a wrong setting is named by its field, a wrong secret shuts the way in', async () => {
  const key = { consumerKey: `ck_${'5'.repeat(40)}`, consumerSecret: `cs_${'b'.repeat(40)}` }
  const draft = { channel: 'woocommerce', name: 'Woo', settings: { url: `${it.url}/woocommerce`, sameNetwork: true } }
  const refused = await owner.ask('POST', '/accounts/drafts', { ...draft, secrets: { ...key, consumerKey: 'my key' } })
  expect(refused.body).toMatchObject({
    code: 'bad_request',
    errors: [{ path: 'secrets.consumerKey', message: 'begins with ck_' }],
  })
  const { id } = (await owner.ask('POST', '/accounts/drafts', { ...draft, secrets: key })).body
  const checked = await steps.check(id)
  const [wayIn, ...others] = failed(checked)
  expect(wayIn).toEqual(['token', 'failed', 'signature_refused'])
  expect(new Set(others.map(([, state]) => state))).toEqual(new Set(['skipped']))
  const told = checked.items.find((one: CheckTold) => one.id === 'token')
  expect(told.next).toContain('“Site Address”')
})

test('every check of every channel has words in both languages', () => {
  const checks = [...registry.values()].flatMap((one) =>
    (one.checks ?? []).map((each) => ({ ...each, channel: one.channel })),
  )
  expect(checks.length).toBeGreaterThan(10)
  const wordless = ({ channel, id, serves }: (typeof checks)[number]) =>
    !hasCheckTitle(channel, id) || serves.length === 0 || !serves.every(hasFeatureTitle)
  expect(checks.filter(wordless).map(({ channel, id }) => `${channel} ${id}`)).toEqual([])
  expect([wordless({ ...checks[0]!, id: 'x' }), wordless({ ...checks[0]!, serves: ['x'] })]).toEqual([true, true])
  // No channel's words take the place of another's.
  for (const words of [checkFailuresOfBigcommerce, checkFailuresOfWoocommerce])
    for (const [code, text] of Object.entries(words)) expect(checkFailures[code], code).toBe(text)
  for (const [code, { en, zh }] of Object.entries(checkFailures)) {
    const places = (texts: readonly string[]) => [...new Set(texts.join(' ').match(/\{\w+\}/g) ?? [])].sort()
    expect(places(zh), code).toEqual(places(en))
    expect(/\p{Script=Han}/u.test(zh[0]) && /\p{Script=Han}/u.test(zh[1]), code).toBe(true)
  }
})
