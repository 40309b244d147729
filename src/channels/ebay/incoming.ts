/**
 * Words from eBay: the question whether an address is ours, and messages signed with a key that eBay shows to its apps
 * (facts: channels.md §1, Notifications). Every one only says "look again".
 */
import { createHash, type KeyObject, verify as verifySignature } from 'node:crypto'
import { z } from 'zod'
import type { HookVerdict, IncomingHook, LookAgain } from '../capabilities.ts'
import type { Account } from '../connector.ts'
import { publicKeyOf } from './public-keys.ts'
import { verificationToken } from './subscriptions.ts'

const refused = (why: string): HookVerdict => ({ kind: 'refused', why })

const looks: Record<string, readonly LookAgain[]> = {
  ORDER_CONFIRMATION: ['orders'],
  ITEM_MARKED_SHIPPED: ['orders', 'shipments'],
  AUTHORIZATION_REVOCATION: ['account'],
}

const stamp = z.object({
  alg: z.string(),
  kid: z.string().regex(/^[0-9a-f-]{36}$/i),
  signature: z.string(),
  digest: z.string(),
})
const time = z.iso.datetime({ offset: true }).nullish().catch(null)
const message = z.object({
  metadata: z.object({ topic: z.string().min(1).max(100) }),
  notification: z.object({
    notificationId: z.string().min(1).max(300),
    eventDate: time,
    data: z.unknown(),
  }),
})
const aboutOrder = z.object({ order: z.object({ orderId: z.string().min(1).max(100) }) })
const memberName = z.string().min(1).max(200).nullish().catch(null)
const aboutMember = z.object({ username: memberName, userId: memberName })

export async function verify(account: Account, hook: IncomingHook): Promise<HookVerdict> {
  if (hook.method === 'GET') return await answerChallenge(account, hook)
  const header = hook.headers['x-ebay-signature']
  const signed = header === undefined ? undefined : readStamp(header)
  if (!signed) return refused('not signed')
  const text = textOf(hook.body)
  const json = text === undefined ? undefined : jsonOf(text)
  if (text === undefined || json === undefined) return refused('not a message')
  const key = await publicKeyOf(account, signed.kid)
  if (!key) return refused('unknown key')
  if (!isSigned(text, json, signed.signature, key)) return refused('wrong signature')
  const said = message.safeParse(json)
  if (!said.success) return refused('not a message')
  const { metadata, notification } = said.data
  return {
    kind: 'accepted',
    dedupe: notification.notificationId,
    topic: metadata.topic,
    happenedAt: notification.eventDate ? new Date(notification.eventDate) : null,
    // What we do not know says nothing; sending it again would not help.
    look: looks[metadata.topic] ?? [],
    ...details(metadata.topic, notification.data),
  }
}

function details(
  topic: string,
  data: unknown,
): Pick<Extract<HookVerdict, { kind: 'accepted' }>, 'orderRemoteIds' | 'erase'> {
  if (topic === 'MARKETPLACE_ACCOUNT_DELETION') {
    const member = aboutMember.safeParse(data).data
    // Orders name their buyer by the user name; where eBay withholds it, by the id that never changes.
    const buyer = member?.username ?? member?.userId ?? null
    return { erase: { orderRemoteIds: [], buyer, whole: false } }
  }
  const order = aboutOrder.safeParse(data)
  return order.success ? { orderRemoteIds: [order.data.order.orderId] } : {}
}

/** The hash covers the address as it was registered, whatever host the question came to (facts §6.9). */
async function answerChallenge(account: Account, { query, address }: IncomingHook): Promise<HookVerdict> {
  const challenge = query.challenge_code
  if (!challenge || challenge.length > 200) return refused('no challenge')
  const hash = createHash('sha256')
    .update(challenge)
    .update(await verificationToken(account))
    .update(address)
  const body = JSON.stringify({ challengeResponse: hash.digest('hex') })
  return { kind: 'answer', status: 200, contentType: 'application/json', body }
}

/** Only one spelling is the header: what decodes to the same is somebody's change of it. */
function readStamp(header: string): { kid: string; signature: Buffer } | undefined {
  if (header.length > 4_000) return undefined
  const bytes = exactBase64(header)
  const parsed = bytes && stamp.safeParse(jsonOf(bytes.toString('utf8')))
  if (!parsed?.success) return undefined
  const { alg, kid, signature, digest } = parsed.data
  const raw = exactBase64(signature)
  // The one way eBay signs; anything else is not by eBay, or new.
  if (!raw || alg.toLowerCase() !== 'ecdsa' || digest.toUpperCase() !== 'SHA1') return undefined
  return { kid, signature: raw }
}

function exactBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64')
  return bytes.length > 0 && bytes.toString('base64') === text ? bytes : undefined
}

/** Over the bytes as they came, or as eBay's own library reads and writes them again; only layout may differ then. */
function isSigned(text: string, json: unknown, signature: Buffer, key: KeyObject): boolean {
  const fits = (signedText: string) => verifySignature('sha1', Buffer.from(signedText), key, signature)
  if (fits(text)) return true
  const again = JSON.stringify(json)
  return again !== text && text === text.trim() && fits(again)
}

function textOf(body: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body)
  } catch {
    return undefined
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
