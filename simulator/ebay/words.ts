/** Words to the seller's app: topics, destinations, subscriptions, and deliveries signed with a key of eBay's. */
import { createECDH, createHash, createPrivateKey, createPublicKey, createSign, type KeyObject } from 'node:crypto'
import * as z from 'zod'
import { json, readJson } from '../http.ts'
import { EbayRefusal } from './answers.ts'
import type { Ebay } from './market.ts'
import type { EbayDestination, EbayWord } from './types.ts'

const domain = 'API_NOTIFICATION'
const refuse = (status: number, errorId: number, message: string) => new EbayRefusal(status, errorId, message, domain)

const topics: Record<string, string> = {
  MARKETPLACE_ACCOUNT_DELETION: '1.0',
  AUTHORIZATION_REVOCATION: '1.0',
  ORDER_CONFIRMATION: '1.0',
  ITEM_MARKED_SHIPPED: '1.0',
}

/** Says something to all who subscribed to it; delivered at the next tick. */
export function say(ebay: Ebay, topicId: string, data: Record<string, unknown>): void {
  const now = ebay.now()
  for (const { destinationId, schemaVersion, status, topicId: wanted } of ebay.state.subscriptions) {
    if (wanted !== topicId || status !== 'ENABLED') continue
    const random = ebay.random('words')
    ebay.state.words.push({
      id: `${random.uuid()}_${random.uuid()}`,
      topicId,
      destinationId,
      schemaVersion,
      eventAt: now,
      dueAt: now + random.between(500, 5_000),
      attempts: 0,
      data,
    })
  }
  ebay.core.touch()
}

const retriesMs = [30_000, 120_000, 600_000]
/** So many failures one after the other, and eBay stops trying (the number is assumed). */
const failuresAtMost = 10

const keys = new WeakMap<Ebay, { kid: string; key: KeyObject }>()

/** The key that signs, the same for the same seed. */
function signingKey(ebay: Ebay): { kid: string; key: KeyObject } {
  const found = keys.get(ebay)
  if (found) return found
  const secret = createHash('sha256').update(`simulated ebay ${ebay.core.options.seed}`).digest()
  const pair = createECDH('prime256v1')
  pair.setPrivateKey(secret)
  const point = pair.getPublicKey()
  const text = (bytes: Buffer) => bytes.toString('base64url')
  const key = createPrivateKey({
    format: 'jwk',
    key: { kty: 'EC', crv: 'P-256', d: text(secret), x: text(point.subarray(1, 33)), y: text(point.subarray(33)) },
  })
  const hex = createHash('sha256').update(point).digest('hex')
  const kid = `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`
  const made = { kid, key }
  keys.set(ebay, made)
  return made
}

/** GET /public_key/{public_key_id}: one line without breaks, as eBay gives it. */
export function getPublicKey(ebay: Ebay, kid: string): Response {
  const own = signingKey(ebay)
  if (kid !== own.kid) throw refuse(404, 195012, 'Invalid public key Id.')
  const pem = createPublicKey(own.key).export({ type: 'spki', format: 'pem' }).toString().replaceAll('\n', '')
  return json(200, { key: pem, algorithm: 'ECDSA', digest: 'SHA1' })
}

/** The header beside a body. */
export function signBody(ebay: Ebay, body: string): string {
  const { kid, key } = signingKey(ebay)
  const signature = createSign('sha1').update(body).sign(key, 'base64')
  return Buffer.from(JSON.stringify({ alg: 'ecdsa', kid, signature, digest: 'SHA1' })).toString('base64')
}

/** Delivers what is due, once each; what is not taken comes again a few times. */
export async function deliverWords(ebay: Ebay): Promise<void> {
  const now = ebay.now()
  const due = ebay.state.words.filter((word) => word.dueAt <= now)
  for (const word of due) {
    const destination = ebay.state.destinations.find((one) => one.destinationId === word.destinationId)
    const isTaken = destination?.status === 'ENABLED' ? await deliver(ebay, destination, word) : false
    word.attempts += 1
    const again = retriesMs[word.attempts - 1]
    if (isTaken || again === undefined || destination?.status !== 'ENABLED')
      ebay.state.words = ebay.state.words.filter((one) => one !== word)
    else word.dueAt = ebay.now() + again
    ebay.core.touch()
  }
}

async function deliver(ebay: Ebay, destination: EbayDestination, word: EbayWord): Promise<boolean> {
  const body = bodyOf(ebay, word)
  ebay.core.count('ebay', 'deliver')
  try {
    const answer = await ebay.core.fetch(destination.endpoint, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-ebay-signature': signBody(ebay, body) },
      body,
      signal: AbortSignal.timeout(10_000),
    })
    await answer.arrayBuffer()
    if ([200, 201, 202, 204].includes(answer.status)) {
      destination.failures = 0
      return true
    }
  } catch {
    // Nobody there counts like a refusal.
  }
  destination.failures += 1
  if (destination.failures >= failuresAtMost) destination.status = 'MARKED_DOWN'
  return false
}

export function bodyOf(ebay: Ebay, word: EbayWord): string {
  return JSON.stringify({
    metadata: { topic: word.topicId, schemaVersion: word.schemaVersion, deprecated: false },
    notification: {
      notificationId: word.id,
      eventDate: new Date(word.eventAt).toISOString(),
      publishDate: new Date(ebay.now()).toISOString(),
      publishAttemptCount: word.attempts + 1,
      data: word.data,
    },
  })
}

export function getTopics(): Response {
  return json(200, {
    total: Object.keys(topics).length,
    href: '/commerce/notification/v1/topic?limit=100',
    limit: 100,
    topics: Object.entries(topics).map(([topicId, schemaVersion]) => ({
      topicId,
      description: topicId,
      status: 'ENABLED',
      context: 'SELLER',
      scope: topicId === 'MARKETPLACE_ACCOUNT_DELETION' ? 'APPLICATION' : 'USER',
      supportedPayloads: [{ format: ['JSON'], schemaVersion, deliveryProtocol: 'HTTPS', deprecated: false }],
      filterable: false,
    })),
  })
}

const destinationBody = z.object({
  name: z.string().min(1).max(64),
  status: z.enum(['ENABLED', 'DISABLED']),
  deliveryConfig: z.object({
    endpoint: z.url(),
    verificationToken: z.string().regex(/^[A-Za-z0-9_-]{32,80}$/),
  }),
})

export function getDestinations(ebay: Ebay): Response {
  const { destinations } = ebay.state
  return json(200, {
    total: destinations.length,
    href: '/commerce/notification/v1/destination?limit=100',
    limit: 100,
    destinations: destinations.map(({ destinationId, name, status, endpoint, verificationToken }) => ({
      destinationId,
      name,
      status,
      deliveryConfig: { endpoint, verificationToken },
    })),
  })
}

/** POST or PUT /destination: eBay asks the address first whether it is the seller's. */
export async function putDestination(ebay: Ebay, request: Request, id: string | undefined): Promise<Response> {
  const parsed = destinationBody.safeParse(await readJson(request))
  if (!parsed.success) throw refuse(400, 195017, 'Invalid or missing endpoint.')
  const { name, status, deliveryConfig } = parsed.data
  const { destinations } = ebay.state
  const known = destinations.find((one) => one.destinationId === id)
  if (id !== undefined && !known) throw refuse(404, 195013, 'Invalid destination Id.')
  if (destinations.some((one) => one !== known && one.endpoint === deliveryConfig.endpoint))
    throw refuse(409, 195021, 'Destination exists for this endpoint')
  if (!(await isOwn(ebay, deliveryConfig)))
    throw refuse(409, 195020, 'Challenge verification failed for requested endpoint')
  if (known) Object.assign(known, { name, status, ...deliveryConfig, failures: 0 })
  const destinationId = known?.destinationId ?? ebay.random('ids').uuid()
  if (!known) destinations.push({ destinationId, name, status, ...deliveryConfig, failures: 0 })
  ebay.core.touch()
  if (known) return new Response(null, { status: 204 })
  return json(201, {}, { location: `https://api.ebay.com/commerce/notification/v1/destination/${destinationId}` })
}

async function isOwn(ebay: Ebay, { endpoint, verificationToken }: { endpoint: string; verificationToken: string }) {
  const challenge = ebay.random('words').letters(24)
  const url = new URL(endpoint)
  url.searchParams.set('challenge_code', challenge)
  try {
    const answer = await ebay.core.fetch(url, { signal: AbortSignal.timeout(10_000) })
    const { challengeResponse } = (await answer.json()) as { challengeResponse?: string }
    const wanted = createHash('sha256').update(challenge).update(verificationToken).update(endpoint).digest('hex')
    return answer.status === 200 && challengeResponse === wanted
  } catch {
    return false
  }
}

export function getSubscriptions(ebay: Ebay): Response {
  const { subscriptions } = ebay.state
  return json(200, {
    total: subscriptions.length,
    href: '/commerce/notification/v1/subscription?limit=100',
    limit: 100,
    subscriptions: subscriptions.map(({ schemaVersion, createdAt, ...one }) => ({
      ...one,
      creationDate: new Date(createdAt).toISOString(),
      payload: { format: 'JSON', schemaVersion, deliveryProtocol: 'HTTPS' },
    })),
  })
}

const subscriptionBody = z.object({
  topicId: z.string().optional(),
  destinationId: z.string(),
  status: z.enum(['ENABLED', 'DISABLED']),
  payload: z.object({ format: z.literal('JSON'), schemaVersion: z.string(), deliveryProtocol: z.literal('HTTPS') }),
})

export async function putSubscription(ebay: Ebay, request: Request, id: string | undefined): Promise<Response> {
  const parsed = subscriptionBody.safeParse(await readJson(request))
  if (!parsed.success) throw refuse(400, 195004, 'The subscription is not valid.')
  const { topicId, destinationId, status, payload } = parsed.data
  const { subscriptions, destinations } = ebay.state
  if (!destinations.some((one) => one.destinationId === destinationId))
    throw refuse(400, 195013, 'Invalid destination Id.')
  const known = subscriptions.find((one) => one.subscriptionId === id)
  if (id !== undefined && !known) throw refuse(404, 195011, 'Invalid subscription Id.')
  if (!known && (!topicId || !Object.hasOwn(topics, topicId))) throw refuse(400, 195002, 'Invalid or missing topic Id.')
  if (!known && subscriptions.some((one) => one.topicId === topicId))
    throw refuse(409, 195009, 'A subscription for the topic exists already.')
  const { schemaVersion } = payload
  const subscriptionId = known?.subscriptionId ?? ebay.random('ids').uuid()
  if (known) Object.assign(known, { destinationId, status, schemaVersion })
  else
    subscriptions.push({
      subscriptionId,
      topicId: topicId!,
      destinationId,
      schemaVersion,
      status,
      createdAt: ebay.now(),
    })
  ebay.core.touch()
  if (known) return new Response(null, { status: 204 })
  return json(201, {}, { location: `https://api.ebay.com/commerce/notification/v1/subscription/${subscriptionId}` })
}
