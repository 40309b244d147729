import { expect, test } from 'vitest'
import { bench, credentials, listingPath, market, mint, ordersPath, quantityPatch, seller } from '../testing.ts'

test('the token endpoint takes forms and JSON and refuses like Login with Amazon', async () => {
  const { send } = await bench()
  const form = { 'content-type': 'application/x-www-form-urlencoded' }
  const good = await send('POST', '/auth/o2/token', new URLSearchParams(credentials).toString(), form)
  expect(good.body).toMatchObject({ token_type: 'bearer', expires_in: 3600 })
  expect(good.body.access_token).toMatch(/^Atza\|/)
  const wrong = async (change: object) => {
    const { status, body } = await send('POST', '/lwa/auth/o2/token', { ...credentials, ...change })
    return [status, body.error]
  }
  expect(await wrong({ client_secret: 'x' })).toEqual([401, 'invalid_client'])
  expect(await wrong({ refresh_token: 'Atzr|x' })).toEqual([400, 'invalid_grant'])
  expect(await wrong({ grant_type: 'password' })).toEqual([400, 'unsupported_grant_type'])
})

test('an access token is needed and lasts an hour of simulator time', async () => {
  const { send, pass } = await bench()
  const call = (token?: string) =>
    send('GET', `/amazon${listingPath('MUG')}`, undefined, token ? { 'x-amz-access-token': token } : {})
  expect((await call()).body.errors[0]).toMatchObject({ code: 'Unauthorized' })
  const token = await mint(send)
  expect((await call(token)).status).toBe(200)
  await pass(3600)
  const late = await call(token)
  expect([late.status, late.body.errors[0].details]).toEqual([403, 'The access token you provided has expired.'])
})

test("Amazon's own host name leads to the same operations", async () => {
  const { sim, send } = await bench()
  const headers = { 'x-amz-access-token': await mint(send) }
  const url = `https://sellingpartnerapi-na.amazon.com${listingPath('MUG')}`
  expect((await sim.handle(new Request(url, { headers }))).status).toBe(200)
  const redirected = { ...headers, host: 'sellingpartnerapi-na.amazon.com' }
  expect((await send('GET', listingPath('MUG'), undefined, redirected)).status).toBe(200)
  expect((await send('GET', listingPath('MUG'), undefined, headers)).status).toBe(404)
})

test('buckets: published burst and rate, 429 without the rate header', async () => {
  const { amazon, control, pass } = await bench({ amazon: { limits: 'published' } })
  const write = () => amazon('PATCH', listingPath('MUG'), quantityPatch(1))
  const statuses: number[] = []
  for (let i = 0; i < 7; i++) statuses.push((await write()).status)
  expect(statuses).toEqual([200, 200, 200, 200, 200, 429, 429])
  const refused = await write()
  expect(refused.body.errors[0]).toEqual({
    code: 'QuotaExceeded',
    message: 'You exceeded your quota for the requested resource.',
    details: '',
  })
  expect(refused.headers.has('x-amzn-ratelimit-limit')).toBe(false)
  await pass(0.2)
  const again = await write()
  expect([again.status, again.headers.get('x-amzn-ratelimit-limit')]).toEqual([200, '5'])
  expect(again.headers.get('x-amzn-requestid')).toMatch(/^[0-9a-f-]{36}$/)
  const { calls } = (await control('GET', '/state')).body.channels.amazon
  expect(calls.patchListingsItem).toEqual({ count: 9, throttled: 3 })
})

test('searchOrders: 20 at once, then one in three minutes', async () => {
  const { amazon, pass } = await bench({ amazon: { limits: 'published' } })
  const search = async () => (await amazon('GET', `${ordersPath}?createdAfter=2026-11-01T00:00:00Z`)).status
  for (let i = 0; i < 20; i++) expect(await search()).toBe(200)
  expect(await search()).toBe(429)
  await pass(178)
  expect(await search()).toBe(429)
  await pass(1)
  expect(await search()).toBe(200)
})

test('a path that does not exist is forbidden, as at Amazon', async () => {
  const { amazon } = await bench()
  expect((await amazon('GET', '/orders/2030-01-01/orders')).status).toBe(403)
  expect((await amazon('GET', `/listings/2021-08-01/items/${seller}/%E0%A4%A?marketplaceIds=${market}`)).status).toBe(
    403,
  )
})

test('what the application and the account may is set by control: roles, plan, marketplaces', async () => {
  const { amazon, control } = await bench()
  const roles = async (given: string[]) => await control('POST', '/access', { channel: 'amazon', roles: given })
  await roles(['Inventory and Order Tracking'])
  expect((await amazon('GET', listingPath('MUG'))).status).toBe(403)
  expect((await amazon('GET', `${ordersPath}?createdAfter=2026-11-01T00:00:00Z`)).status).toBe(200)
  await roles([])
  expect((await amazon('GET', `${ordersPath}?createdAfter=2026-11-01T00:00:00Z`)).status).toBe(403)
  expect((await roles(['King'])).status).toBe(400)
  await control('POST', '/access', { channel: 'amazon', plan: 'INDIVIDUAL', away: [market] })
  const { payload } = JSON.parse((await amazon('GET', '/sellers/v1/account')).text)
  expect(payload).toMatchObject({
    sellingPlan: 'INDIVIDUAL',
    marketplaceParticipationList: [{ marketplace: { id: market }, participation: { isParticipating: false } }],
  })
})

test('the consent page sends back with a code that works once, or tells why it sends nobody back', async () => {
  const { send, control, pass } = await bench()
  const back = 'https://hub.example/callback'
  const query = (change: object = {}) =>
    new URLSearchParams({ application_id: 'amzn1.x', state: 's', version: 'beta', redirect_uri: back, ...change })
  const page = (change?: object) => send('POST', `/amazon/apps/authorize/consent?${query(change)}`)
  const code = async () => new URL((await page()).headers.get('location')!).searchParams.get('spapi_oauth_code') ?? ''
  const exchange = async (given: string, redirect_uri = back) => {
    const { client_id, client_secret } = credentials
    const body = { grant_type: 'authorization_code', code: given, redirect_uri, client_id, client_secret }
    const { status, text } = await send('POST', '/lwa/auth/o2/token', body)
    return [status, (JSON.parse(text) as { error_description?: string }).error_description]
  }
  expect((await page({ version: 'x' })).text).toContain('MD1000')
  await control('POST', '/access', { channel: 'amazon', redirectUris: [`${back}/`] })
  expect((await page()).text).toContain('MD5101')
  await control('POST', '/access', { channel: 'amazon', redirectUris: [back] })
  const good = await code()
  expect((await exchange(good, `${back}/`))[1]).toContain('redirect_uri')
  expect(await exchange(good)).toEqual([200, undefined])
  expect((await exchange(good))[1]).toContain('code')
  const late = await code()
  await pass(301)
  expect((await exchange(late))[0]).toBe(400)
  expect((await page({ application_id: '"><script>' })).text).not.toContain('<script>')
})
