/** eBay's published signed messages: what its own library takes and refuses is taken and refused here. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { IncomingHook } from '../../src/channels/capabilities.ts'
import { ebay } from '../../src/channels/ebay/index.ts'
import { ebaySecrets, ebaySettings } from '../support/ebay.ts'
import { createAccount } from './support/account.ts'

interface Published {
  signature: string
  message: object
  key: string
}
/** Of event-notification-nodejs-sdk 1.0.3. */
const published = JSON.parse(
  readFileSync(new URL('./support/ebay-signed-messages.json', import.meta.url), 'utf8'),
) as Record<'valid' | 'invalid' | 'mismatch', Published>

/** An account to which eBay shows the published key. */
function accountWith(key: string, endpoint: string) {
  const fetch = (async (input: string | URL | Request) =>
    String(input).includes('/oauth2/token')
      ? Response.json({ access_token: 'token', expires_in: 7_200 })
      : Response.json({ key, algorithm: 'ECDSA', digest: 'SHA1' })) as typeof globalThis.fetch
  const settings = { ...ebaySettings, endpoint }
  return createAccount({
    fetch,
    now: () => new Date('2026-11-22T08:00:00Z'),
    settings,
    secrets: ebaySecrets,
    connector: ebay,
  })
}

const hookOf = ({ signature }: Published, text: string): IncomingHook => ({
  method: 'POST',
  address: 'https://hub.example/hooks/ebay/k',
  query: {},
  headers: { 'x-ebay-signature': signature },
  body: Buffer.from(text),
})
const verify = async (one: Published, text = JSON.stringify(one.message)) =>
  await ebay.webhooks!.verify(accountWith(published.valid.key, 'http://keys.test/published'), hookOf(one, text))

test('the valid one is taken, as it came and laid out otherwise', async () => {
  const { valid } = published
  const expected = {
    kind: 'accepted',
    topic: 'MARKETPLACE_ACCOUNT_DELETION',
    dedupe: '49feeaeb-4982-42d9-a377-9645b8479411_33f7e043-fed8-442b-9d44-791923bd9a6d',
    happenedAt: new Date('2021-03-19T20:43:59.462Z'),
    look: [],
    // Every name that orders may know the member by.
    erase: {
      orderRemoteIds: [],
      buyer: 'test_user',
      buyerIds: ['test_user', expect.any(String), expect.any(String)],
      whole: false,
    },
  }
  expect(await verify(valid)).toEqual(expected)
  expect(await verify(valid, JSON.stringify(valid.message, null, 2))).toEqual(expected)
})

test('the changed one and the one of another signature are refused', async () => {
  expect(await verify(published.invalid)).toMatchObject({ kind: 'refused', why: 'wrong signature' })
  expect(await verify(published.mismatch)).toMatchObject({ kind: 'refused', why: 'wrong signature' })
})

test('the answer to a challenge is the published hash', async () => {
  const account = createAccount({
    fetch: globalThis.fetch,
    now: () => new Date(),
    settings: ebaySettings,
    secrets: { ...ebaySecrets, verificationToken: '71745723-d031-455c-bfa5-f90d11b4f20a' },
    connector: ebay,
  })
  const asked = {
    method: 'GET' as const,
    headers: {},
    body: new Uint8Array(),
    query: { challenge_code: 'a8628072-3d33-45ee-9004-bee86830a22d' },
  }
  const verdict = await ebay.webhooks!.verify(account, { ...asked, address: 'http://www.testendpoint.com/webhook' })
  expect(verdict).toEqual({
    kind: 'answer',
    status: 200,
    contentType: 'application/json',
    body: JSON.stringify({ challengeResponse: 'ca527df75caa230092d7e90484071e8f05d63068f1317973d6a3a42593734bbb' }),
  })
})
