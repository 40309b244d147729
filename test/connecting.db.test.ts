/** Connecting an account: drafts, the seller's consent, and what can go wrong on the way. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { findConsent, useConsent } from '../src/database/connecting.ts'
import {
  amazonSecrets,
  amazonSettings,
  type CheckTold,
  type Connecting,
  clientOnly,
  confirmAt,
  failed,
  openConnecting,
  type Person,
  redirectUri,
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

test('from nothing to live: a draft, the seller’s consent, the checks, the stage', async () => {
  const { id, name } = await steps.draft()
  const before = await steps.connection(id)
  expect(before).toMatchObject({ draft: true, stage: 'paused', consent: { state: 'none', redirectUri } })
  expect(before.secrets).toContainEqual({ name: 'refreshToken', given: false, missing: true, byConsent: true })
  // Nobody works for it, and it cannot be finished or changed around its steps.
  expect((await owner.ask('PATCH', `/accounts/${id}`, { stage: 'live' })).body).toMatchObject({ code: 'account_draft' })
  expect((await owner.ask('POST', `/accounts/${id}/finish`, { stage: 'shadow' })).body).toMatchObject({
    code: 'secrets_missing',
    params: { names: 'refreshToken' },
  })
  const { url } = await steps.begin(id)
  const page = await fetch(url)
  expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('A1SIMULATEDSEL')])
  expect((await steps.connection(id)).consent.state).toBe('waiting')
  const back = await confirmAt(url)
  expect(back.startsWith(`${redirectUri}?`)).toBe(true)
  const arrived = await owner.open(back)
  expect(arrived).toMatchObject({ status: 303, location: `/accounts/connect?account=${id}` })
  const after = await steps.connection(id)
  expect(after.consent).toMatchObject({ state: 'done', failure: null })
  expect(after.secrets.filter((one: { missing: boolean }) => one.missing)).toEqual([])
  expect(after.secrets).toContainEqual(expect.objectContaining({ name: 'refreshToken', given: true }))

  expect((await owner.ask('POST', `/accounts/${id}/finish`, { stage: 'live' })).body.code).toBe('checks_missing')
  const checks = await steps.check(id)
  expect(failed(checks)).toEqual([])
  expect(checks.items.map((one: CheckTold) => one.id)).toEqual([
    'token',
    'clock',
    'marketplaces',
    'plan',
    'role.orders',
    'role.listings',
    'role.held-stock',
    'role.buyer',
  ])
  const done = await owner.ask('POST', `/accounts/${id}/finish`, { stage: 'live' })
  expect(done.body).toMatchObject({ name, stage: 'live', draft: false })
  expect((await owner.ask('POST', `/accounts/${id}/finish`, {})).body.code).toBe('account_connected')
  expect((await owner.ask('DELETE', `/accounts/${id}/draft`)).body.code).toBe('account_connected')
})

test('secrets and codes stand nowhere in the open', async () => {
  const { id } = await steps.draft()
  const { url } = await steps.begin(id)
  const back = await confirmAt(url)
  await owner.open(back)
  await it.world.ctx.journal.flush()
  const hidden = [
    new URL(url).searchParams.get('state')!,
    new URL(back).searchParams.get('spapi_oauth_code')!,
    ...Object.values(amazonSecrets).filter((one) => !one.includes('client.')),
  ]
  const tables = await own.db.rows<{ name: string }>(
    "select table_name as name from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE'",
  )
  expect(tables.length).toBeGreaterThan(20)
  for (const { name } of tables) {
    const text = (await own.db.rows<{ text: string }>(`select t::text as text from ${name} t`)).map((one) => one.text)
    const hexOf = (value: string) => Buffer.from(value).toString('hex')
    for (const value of hidden)
      expect(
        text.filter((one) => one.includes(value) || one.includes(hexOf(value))),
        name,
      ).toEqual([])
  }
  expect(JSON.stringify(it.world.logged)).not.toContain('Atzr|')
})

test('a state is good once, for ten minutes, and for the person who began', async () => {
  const { id } = await steps.draft()
  const stranger = await it.signIn('stranger@example.com')
  const { url } = await steps.begin(id)
  const back = await confirmAt(url)
  for (const other of [stranger, it.nobody])
    expect((await other.open(back)).location).toBe(`/accounts/connect?account=${id}&problem=consent_other_person`)
  expect((await steps.connection(id)).consent.state).toBe('waiting')
  const all = await Promise.all(Array.from({ length: 12 }, () => owner.open(back)))
  expect(all.filter((one) => one.location === `/accounts/connect?account=${id}`)).toHaveLength(1)
  expect(all.filter((one) => one.location.endsWith('&problem=consent_used'))).toHaveLength(11)
  expect((await steps.connection(id)).consent.state).toBe('done')
  for (const state of ['', '?state=', '?state=guessed'])
    expect((await owner.open(`${redirectUri}${state}`)).location).toBe('/accounts/connect?problem=consent_unknown')

  const raced = (await steps.begin(id)).url
  const row = (await findConsent(own.db, it.world.ctx.sealing.hashToken(new URL(raced).searchParams.get('state')!)))!
  const uses = await Promise.all(Array.from({ length: 12 }, () => useConsent(own.db, row.id, it.world.clock.now())))
  expect(uses.filter(Boolean)).toHaveLength(1)

  const late = await steps.begin(id)
  const returned = await confirmAt(late.url)
  await it.control('/clock', { advanceMs: 10 * minute + 1_000 })
  expect((await steps.connection(id)).consent.state).toBe('expired')
  expect((await owner.open(returned)).location).toContain('problem=consent_expired')
  expect((await steps.connection(id)).consent).toMatchObject({ state: 'failed', failure: { code: 'consent_expired' } })
})

test('an address of return that differs is named, by the channel or by us, to the last slash', async () => {
  const { id } = await steps.draft()
  await it.control('/access', { channel: 'amazon', redirectUris: [`${redirectUri}/`] })
  // Amazon tells it on its own page and sends nobody back.
  const first = await steps.begin(id)
  const page = await (await fetch(first.url)).text()
  expect(page).toContain('MD5101')
  expect(page).toContain(`Registered: ${redirectUri}/. Got: ${redirectUri}.`)
  // A channel that minds only what is registered sends the seller to the other address: we name both.
  const anyhow = new URL(first.url)
  anyhow.searchParams.delete('redirect_uri')
  const back = await confirmAt(anyhow.toString())
  expect((await owner.open(back)).location).toContain('problem=consent_redirect')
  const { failure } = (await steps.connection(id)).consent
  expect(failure.title).toContain(`registered ${redirectUri}/, got ${redirectUri}`)
  expect((await steps.connection(id, 'zh')).consent.failure.title).toContain(`已登记 ${redirectUri}/`)
  await it.control('/access', { channel: 'amazon', redirectUris: [redirectUri] })
  // The code was given for another address than the one that it is exchanged with.
  const second = await steps.begin(id)
  await own.db.run("update consents set redirect_uri = redirect_uri || '/' where used_at is null and account_id = $1", [
    id,
  ])
  const other = new URL(await confirmAt(second.url))
  other.pathname += '/'
  expect((await owner.open(other.toString())).location).toContain('problem=consent_redirect_refused')
  await it.control('/access', { channel: 'amazon', redirectUris: null })
})

test('what the seller or the channel refuses is told, and the draft stays', async () => {
  const { id } = await steps.draft()
  const denied = await confirmAt((await steps.begin(id)).url, { refuse: true })
  await owner.open(denied)
  expect((await steps.connection(id)).consent.failure).toMatchObject({
    code: 'consent_denied',
    title: 'The seller did not agree (access_denied)',
  })
  const wrongSeller = await steps.draft({ settings: { sellerId: 'A9OTHERSELLER' } })
  await owner.open(await confirmAt((await steps.begin(wrongSeller.id)).url))
  const { failure } = (await steps.connection(wrongSeller.id)).consent
  expect(failure.code).toBe('consent_refused')
  expect(failure.next).toContain('A1SIMULATEDSEL authorized, the account is for A9OTHERSELLER')
  expect((await steps.connection(wrongSeller.id)).secrets).toContainEqual(
    expect.objectContaining({ name: 'refreshToken', given: false }),
  )
  const wrongSecret = await steps.draft({ secrets: { ...clientOnly, clientSecret: 'wrong' } })
  await owner.open(await confirmAt((await steps.begin(wrongSecret.id)).url))
  expect((await steps.connection(wrongSecret.id)).consent.failure.title).toContain('invalid_client')
  const silent = await steps.draft()
  const back = await confirmAt((await steps.begin(silent.id)).url)
  await it.control('/faults', { channel: 'amazon', operation: 'token', kind: 'status', status: 503, count: 1 })
  await owner.open(back)
  expect((await steps.connection(silent.id)).consent.failure.code).toBe('consent_unanswered')
  // Given what was wrong, the same draft goes on.
  expect(
    (await owner.ask('PATCH', `/accounts/${wrongSecret.id}/draft`, { secrets: clientOnly })).body.consent.state,
  ).toBe('failed')
  await owner.open(await confirmAt((await steps.begin(wrongSecret.id)).url))
  expect((await steps.connection(wrongSecret.id)).consent.state).toBe('done')
})

test('what cannot come back is told before the seller leaves', async () => {
  const real = await steps.draft({ settings: { consentPage: undefined } })
  expect((await owner.ask('POST', `/accounts/${real.id}/consent`, {})).body).toMatchObject({
    code: 'consent_needs_https',
    params: { address: 'http://hub.example' },
  })
  const without = await steps.draft({ settings: { applicationId: undefined } })
  expect((await owner.ask('POST', `/accounts/${without.id}/consent`, {})).body).toMatchObject({
    code: 'consent_unready',
    params: { message: expect.stringContaining('applicationId') },
  })
  const store = await owner.ask('POST', '/accounts/drafts', {
    channel: 'storefront',
    name: 'Store without consent',
    settings: { webhookUrl: 'https://store.example/hook' },
  })
  expect((await owner.ask('POST', `/accounts/${store.body.id}/consent`, {})).body.code).toBe('consent_none')
  expect(store.body.consent).toBeNull()
})

test('a draft is corrected, kept, and thrown away with all that was kept for it', async () => {
  const { id, name } = await steps.draft({ secrets: {} })
  const same = { channel: 'amazon', name: 'Twice', settings: amazonSettings(it.url) }
  expect((await owner.ask('POST', '/accounts/drafts', same)).body.params.message).toContain(
    `connected already, as ${name}`,
  )
  expect((await owner.ask('PATCH', `/accounts/${id}/draft`, { secrets: { colour: 'red' } })).body.params.message).toBe(
    'secrets.colour: this channel has no such secret',
  )
  expect(
    (await owner.ask('PATCH', `/accounts/${id}/draft`, { settings: { ...amazonSettings(it.url), region: 'mars' } }))
      .status,
  ).toBe(400)
  const changed = await owner.ask('PATCH', `/accounts/${id}/draft`, {
    name: 'Renamed',
    settings: { ...amazonSettings(it.url), historyDays: 3 },
    secrets: { clientId: 'one' },
  })
  expect(changed.body).toMatchObject({ name: 'Renamed', settings: { historyDays: 3 } })
  expect(changed.body.secrets[0]).toMatchObject({ name: 'clientId', given: true, missing: false })
  await steps.begin(id)
  await steps.check(id)
  expect((await owner.ask('DELETE', `/accounts/${id}/draft`)).status).toBe(204)
  expect((await owner.ask('GET', `/accounts/${id}/connection`)).status).toBe(404)
  for (const table of ['account_secrets', 'consents', 'check_rounds', 'checks', 'tokens', 'budgets', 'leases'])
    expect(await own.db.rows(`select 1 from ${table} where account_id = $1`, [id]), table).toEqual([])
})
