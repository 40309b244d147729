/** Signatures, quotas, and how calls are sent. */
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto'
import { expect, test } from 'vitest'
import { ebayBench, ebayItem, ebaySecrets } from '../../../test/support/ebay.ts'
import { dailyQuotas, limits, quotasLeft } from './client.ts'
import { ebay } from './index.ts'
import { isSigned, signatureBase, signatureHeaders, signBase } from './signature.ts'

/** RFC 9421, B.1.4 and B.2.6: its test key and the signature of its example, which eBay's own guide uses too. */
const rfc = {
  privateKey: 'MC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnF',
  components: [
    ['date', 'Tue, 20 Apr 2021 02:07:55 GMT'],
    ['@method', 'POST'],
    ['@path', '/foo'],
    ['@authority', 'example.com'],
    ['content-type', 'application/json'],
    ['content-length', '18'],
  ] as const,
  params:
    '("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473;keyid="test-key-ed25519"',
  signature: 'wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==',
}
const keyOf = (text: string) => createPrivateKey({ key: Buffer.from(text, 'base64'), format: 'der', type: 'pkcs8' })

test("RFC 9421's own example is signed as it stands there", () => {
  expect(signBase(signatureBase(rfc.components, rfc.params), keyOf(rfc.privateKey))).toBe(rfc.signature)
})

test('a call with a body and one without are signed over what eBay asks for', () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const pkcs8 = rsa.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  for (const privateKey of [rfc.privateKey, pkcs8]) {
    const key = privateKey === pkcs8 ? rsa.publicKey : createPublicKey(keyOf(privateKey))
    for (const body of [undefined, '{"hello": "world"}']) {
      const call = {
        method: body ? 'POST' : 'GET',
        url: 'https://apiz.ebay.com/sell/finances/v1/payout/1?limit=2',
        body,
      }
      const headers = signatureHeaders(call, { jwe: 'a.b.c', privateKey }, new Date(1_618_884_473_000))
      const digest = `sha-256=:${createHash('sha256')
        .update(body ?? '')
        .digest('base64')}:`
      expect(headers['content-digest']).toBe(body ? digest : undefined)
      const params = headers['signature-input']!.replace(/^sig1=/, '')
      expect(params).toBe(
        `(${body ? '"content-digest" ' : ''}"x-ebay-signature-key" "@method" "@path" "@authority");created=1618884473`,
      )
      const base = [
        ...(body ? [`"content-digest": ${digest}`] : []),
        '"x-ebay-signature-key": a.b.c',
        `"@method": ${call.method}`,
        '"@path": /sell/finances/v1/payout/1',
        '"@authority": apiz.ebay.com',
        `"@signature-params": ${params}`,
      ].join('\n')
      const signature = /^sig1=:(.+):$/.exec(headers.signature!)![1]!
      expect(isSigned(base, signature, key)).toBe(true)
      expect(isSigned(`${base} `, signature, key)).toBe(false)
    }
  }
})

test('every call of a seller with a key is signed, none of one without', async () => {
  const bench = ebayBench([ebayItem('MUG', 1)])
  const sent: Headers[] = []
  const fetch: typeof globalThis.fetch = async (input, init) => {
    sent.push(new Headers(init?.headers))
    return await bench.sim.handle(new Request(input, init))
  }
  const signing = { signingKey: 'a.b.c', signingPrivateKey: rfc.privateKey }
  for (const secrets of [ebaySecrets, { ...ebaySecrets, ...signing }]) {
    sent.length = 0
    await ebay.stock!.read(bench.account({ fetch, secrets }), ['MUG'])
    expect(sent.map((headers) => headers.has('signature'))).toEqual([false, secrets !== ebaySecrets])
  }
})

test('a signing key that cannot be read is told, and never shown', async () => {
  const bench = ebayBench([ebayItem('MUG', 1)])
  const secrets = { ...ebaySecrets, signingKey: 'a.b.c', signingPrivateKey: 'bm8ga2V5' }
  const error: unknown = await ebay.stock!.read(bench.account({ secrets }), ['MUG']).catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({ kind: 'auth', code: 'signing_key' })
  expect(String(error)).not.toContain('bm8ga2V5')
})

test('the shares of all operations add up to less than the quotas of a day', () => {
  const of = (names: (keyof typeof limits)[]) =>
    names.reduce((sum, name) => sum + limits[name].rate * 86_400 + limits[name].burst, 0)
  expect(of(['getInventoryItems', 'bulkGetInventoryItem', 'getOffers', 'bulkUpdatePriceQuantity'])).toBeLessThanOrEqual(
    dailyQuotas.inventory,
  )
  expect(
    of(['getOrders', 'getOrder', 'getShippingFulfillments', 'createShippingFulfillment', 'issueRefund']),
  ).toBeLessThanOrEqual(dailyQuotas.fulfillment)
  expect(of(['getPrivileges', 'getOptedInPrograms'])).toBeLessThanOrEqual(dailyQuotas.account)
  expect(
    of(['getPublicKey', 'getTopics', 'getDestinations', 'changeDestination', 'getSubscriptions', 'changeSubscription']),
  ).toBeLessThanOrEqual(dailyQuotas.notification)
})

test('what is left of the day is told by API', async () => {
  const bench = ebayBench([ebayItem('MUG', 1)], { limits: 'published' })
  const account = bench.account()
  await ebay.stock!.read(account, ['MUG'])
  const quotas = await quotasLeft(account)
  expect(quotas.find(({ api }) => api === 'Inventory')).toMatchObject({ limit: 2_000_000, remaining: 1_999_999 })
})

test('no secret, token or buyer stands in the journal', async () => {
  const bench = ebayBench([ebayItem('MUG', 9)])
  const account = bench.account()
  await bench.buy('MUG')
  await bench.pass(60_000)
  const page = await ebay.orders!.pull(account, null)
  const buyer = page.items[0]!.buyer!
  const journal = JSON.stringify(account.journal)
  expect(journal).toContain(page.items[0]!.remoteId)
  for (const hidden of [...Object.values(ebaySecrets), 'v^1.1#', buyer.name!, buyer.address!.line1!])
    expect(journal).not.toContain(hidden)
})
