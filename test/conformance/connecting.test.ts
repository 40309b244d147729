/** Amazon's consent and live checks, held against the models of the operations that they call. */
import { expect, test } from 'vitest'
import { amazon } from '../../src/channels/amazon/index.ts'
import { createBench, describeFindings, say, seller } from './support/bench.ts'
import { awkwardCatalog } from './support/catalog.ts'

const marketplaceIds = ['ATVPDKIKX0DER', 'A2EUQ1WTGCTBG2']
const redirectUri = 'https://hub.example/connect/callback'

test('every check passes, asks what the models know, and reads what they say', async () => {
  const one = createBench({
    marketplaceIds,
    catalog: awkwardCatalog({ marketplaceIds }),
    history: { orders: 20, days: 5 },
  })
  const account = one.account()
  for (const check of amazon.checks!) expect([check.id, (await check.run(account)).ok]).toEqual([check.id, true])
  const secrets = JSON.stringify(account.journal)
  expect(secrets).not.toContain('Atza|')
  expect(describeFindings(one.findings)).toEqual([])
  say(`${amazon.checks!.length} checks of Amazon`)
})

test('a seller who authorized is exchanged for a refresh token by the form of Login with Amazon', async () => {
  const one = createBench({
    marketplaceIds,
    catalog: awkwardCatalog({ marketplaceIds }),
    history: { orders: 0, days: 1 },
  })
  const account = one.account()
  const settings = { ...(account.settings as object), applicationId: 'amzn1.sp.solution.example' }
  const page = new URL(amazon.consent!.url(settings, { state: 'a state', redirectUri }))
  expect(`${page.origin}${page.pathname}`).toBe('https://sellercentral.amazon.com/apps/authorize/consent')
  expect(Object.fromEntries(page.searchParams)).toEqual({
    application_id: 'amzn1.sp.solution.example',
    state: 'a state',
    redirect_uri: redirectUri,
    version: 'beta',
  })
  const answer = await one.simulator.handle(
    new Request(`http://simulator/amazon/apps/authorize/consent${page.search}`, { method: 'POST' }),
  )
  const back = new URL(answer.headers.get('location')!)
  expect(back.searchParams.get('selling_partner_id')).toBe(seller)
  const returned = Object.fromEntries(back.searchParams)
  expect(await amazon.consent!.exchange(account, returned, redirectUri)).toEqual({
    secrets: { refreshToken: 'Atzr|simulated' },
  })
  // A code works once.
  await expect(amazon.consent!.exchange(account, returned, redirectUri)).rejects.toMatchObject({
    code: 'invalid_grant',
  })
  expect(describeFindings(one.findings)).toEqual([])
})
