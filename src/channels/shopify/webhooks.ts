/** Words that the store sends: signed over the raw bytes with the app's client secret, repeated under one id. */
import { createHmac, timingSafeEqual } from 'node:crypto'
import { z } from 'zod'
import { ChannelError } from '../../domain/errors.ts'
import type { HookVerdict, IncomingHook, LookAgain } from '../capabilities.ts'
import type { Account } from '../connector.ts'
import { call } from './client.ts'
import * as documents from './documents-account.ts'
import { readSettings, secrets } from './settings.ts'
import { createSubscriptionAnswer, moveSubscriptionAnswer, subscriptionsAnswer } from './wire-account.ts'

/** What is subscribed to; the words about privacy are not subscribed to but set in the app itself. */
const topics = [
  'ORDERS_CREATE',
  'ORDERS_UPDATED',
  'ORDERS_CANCELLED',
  'REFUNDS_CREATE',
  'FULFILLMENTS_CREATE',
  'FULFILLMENTS_UPDATE',
  'INVENTORY_LEVELS_UPDATE',
  'PRODUCTS_UPDATE',
  'PRODUCTS_DELETE',
  'APP_UNINSTALLED',
] as const

const looks: [beginning: string, look: readonly LookAgain[]][] = [
  ['orders/', ['orders']],
  ['refunds/', ['orders']],
  ['fulfillments/', ['orders', 'shipments']],
  ['inventory_levels/', ['stock']],
  ['products/', ['listings']],
  ['app/', ['account']],
  ['shop/', ['account']],
]

const number = z.union([z.number().int(), z.string().regex(/^\d{1,20}$/)])
const body = z.object({
  id: number.optional().catch(undefined),
  order_id: number.optional().catch(undefined),
  orders_to_redact: z.array(number).optional().catch(undefined),
  orders_requested: z.array(number).optional().catch(undefined),
  customer: z.object({ email: z.string().nullish() }).nullish().catch(undefined),
})
type Body = z.output<typeof body>

export async function verifyHook(account: Account, hook: IncomingHook): Promise<HookVerdict> {
  const { headers } = hook
  const { clientSecret } = secrets.parse(await account.secrets())
  if (!clientSecret) return { kind: 'refused', why: 'no client secret is known' }
  if (!isSigned(hook.body, headers['x-shopify-hmac-sha256'] ?? '', clientSecret))
    return { kind: 'refused', why: 'the signature is missing or wrong' }
  if ((headers['x-shopify-shop-domain'] ?? '').toLowerCase() !== readSettings(account.settings).shop)
    return { kind: 'refused', why: 'it is about another store' }
  const topic = (headers['x-shopify-topic'] ?? '').slice(0, 100)
  const dedupe = headers['x-shopify-webhook-id']
  if (!topic || !dedupe) return { kind: 'refused', why: 'topic or id is missing' }
  const triggeredAt = Date.parse(headers['x-shopify-triggered-at'] ?? '')
  const parsed = body.safeParse(jsonOf(hook.body))
  const told = parsed.success ? parsed.data : {}
  const orders = ordersOf(topic, told)
  const erase = eraseOf(topic, told)
  return {
    kind: 'accepted',
    dedupe: dedupe.slice(0, 200),
    topic,
    happenedAt: Number.isNaN(triggeredAt) ? null : new Date(triggeredAt),
    look: looks.find(([beginning]) => topic.startsWith(beginning))?.[1] ?? [],
    ...(orders.length > 0 ? { orderRemoteIds: orders } : {}),
    ...(erase ? { erase } : {}),
  }
}

function isSigned(bytes: Uint8Array, signature: string, secret: string): boolean {
  const expected = createHmac('sha256', secret).update(bytes).digest()
  const given = Buffer.from(signature, 'base64')
  // What decodes alike must also be written alike, so that no other text counts as the same signature.
  return given.length === expected.length && timingSafeEqual(given, expected) && given.toString('base64') === signature
}

function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'))
  } catch {
    return undefined
  }
}

function ordersOf(topic: string, { id, order_id }: Body): string[] {
  if (topic.startsWith('orders/') && id !== undefined) return [String(id)]
  return /^(refunds|fulfillments)\//.test(topic) && order_id !== undefined ? [String(order_id)] : []
}

/** The store's own words for "a person must be forgotten", and for "all of a store that left". */
function eraseOf(topic: string, { orders_to_redact = [], orders_requested = [], customer }: Body) {
  const buyer = customer?.email ?? null
  if (topic === 'customers/data_request')
    return { asks: 'export' as const, orderRemoteIds: orders_requested.map(String), buyer, whole: false }
  if (topic === 'customers/redact') return { orderRemoteIds: orders_to_redact.map(String), buyer, whole: false }
  return topic === 'shop/redact' ? { orderRemoteIds: [], buyer: null, whole: true } : undefined
}

/** Shopify drops a subscription after eight failed tries; it is made again here. */
export async function subscribe(account: Account, address: string) {
  const known: z.output<typeof subscriptionsAnswer>['webhookSubscriptions']['nodes'] = []
  for (let after = null as string | null; ; ) {
    const { data }: { data: z.output<typeof subscriptionsAnswer> } = await call(
      account,
      documents.subscriptions,
      { after },
      subscriptionsAnswer,
    )
    known.push(...data.webhookSubscriptions.nodes)
    const { hasNextPage, endCursor } = data.webhookSubscriptions.pageInfo
    if (!hasNextPage || !endCursor) break
    after = endCursor
  }
  const states: { topic: string; state: 'kept' | 'created' | 'failed' }[] = []
  for (const topic of topics) {
    const own = known.filter((one) => one.topic === topic)
    if (own.some((one) => one.uri === address)) states.push({ topic, state: 'kept' })
    else states.push({ topic, state: await make(account, topic, address, own[0]?.id) })
  }
  return states
}

async function make(account: Account, topic: string, uri: string, id: string | undefined) {
  try {
    const made = id
      ? (await call(account, documents.moveSubscription, { id, uri }, moveSubscriptionAnswer)).data
          .webhookSubscriptionUpdate
      : (await call(account, documents.createSubscription, { topic, uri }, createSubscriptionAnswer)).data
          .webhookSubscriptionCreate
    return made?.webhookSubscription ? ('created' as const) : ('failed' as const)
  } catch (error) {
    // One topic that the app may not have does not stop the others; a login that is refused stops all.
    if (error instanceof ChannelError && error.kind === 'rejected') return 'failed' as const
    throw error
  }
}
