/** Words that the store sends, signed by Standard Webhooks with the API account's client secret (facts: channels.md §5). */
import { timingSafeEqual } from 'node:crypto'
import { Webhook } from 'standardwebhooks'
import { z } from 'zod'
import { ChannelError } from '../../domain/errors.ts'
import type { HookVerdict, IncomingHook, LookAgain } from '../capabilities.ts'
import type { Account } from '../connector.ts'
import { call } from './client.ts'
import { readSettings, secrets } from './settings.ts'
import { hook, hookAnswer, pageAnswer, type WireHook } from './wire.ts'

const scopes: Record<string, readonly LookAgain[]> = {
  'store/order/created': ['orders'],
  'store/order/updated': ['orders'],
  'store/order/archived': ['orders'],
  'store/order/refund/created': ['orders'],
  'store/shipment/created': ['orders', 'shipments'],
  'store/shipment/updated': ['orders', 'shipments'],
  'store/shipment/deleted': ['orders', 'shipments'],
  'store/product/created': ['listings'],
  'store/product/updated': ['listings'],
  'store/product/deleted': ['listings'],
  'store/product/inventory/updated': ['stock'],
  'store/sku/inventory/updated': ['stock'],
}

/** A word may be two days on its way: it is repeated for 48 hours, and each time signed with the time of its sending. */
const toleranceSeconds = 5 * 60
/** By this the hooks that we made are told from those of others who use the same API account. */
const ownHeader = 'x-entrepot-account'

const payload = z.object({
  scope: z.string().min(1).max(100),
  producer: z.string(),
  created_at: z.number().int().nullish().catch(null),
  data: z
    .object({ id: z.number().int().nullish().catch(null), orderId: z.number().int().nullish().catch(null) })
    .catch({ id: null, orderId: null }),
})

const refused = (why: string): HookVerdict => ({ kind: 'refused', why })

export async function verifyHook(account: Account, incoming: IncomingHook): Promise<HookVerdict> {
  const { 'webhook-id': id, 'webhook-timestamp': sentAt, 'webhook-signature': signatures } = incoming.headers
  const { clientSecret } = secrets.parse(await account.secrets())
  if (!clientSecret) return refused('no client secret is known')
  if (!id || !sentAt || !signatures) return refused('not signed')
  if (!/^\d{1,12}$/.test(sentAt)) return refused('no time')
  const seconds = Number(sentAt)
  if (Math.abs(account.now().getTime() / 1_000 - seconds) > toleranceSeconds) return refused('too old or too new')
  const text = textOf(incoming.body)
  if (text === undefined) return refused('not text')
  // The key is the secret's own bytes, and the library takes keys as base64.
  const key = Buffer.from(clientSecret, 'utf8').toString('base64')
  const expected = new Webhook(key).sign(id, new Date(seconds * 1_000), text)
  if (!signatures.split(' ').some((one) => isSame(one, expected))) return refused('wrong signature')
  const parsed = payload.safeParse(jsonOf(text))
  if (!parsed.success) return refused('not a message')
  const { scope, producer, created_at: createdAt, data } = parsed.data
  if (producer !== `stores/${readSettings(account.settings).storeHash}`) return refused('it is about another store')
  const order = scope.startsWith('store/order/') ? data.id : scope.startsWith('store/shipment/') ? data.orderId : null
  return {
    kind: 'accepted',
    dedupe: id.slice(0, 200),
    topic: scope,
    happenedAt: createdAt == null ? null : new Date(createdAt * 1_000),
    look: Object.hasOwn(scopes, scope) ? scopes[scope]! : [],
    ...(order == null ? {} : { orderRemoteIds: [String(order)] }),
  }
}

/** The signature covers bytes; two bodies that read as the same text must not both fit it. */
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

function isSame(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)]
  return a.length === b.length && timingSafeEqual(a, b)
}

/** A hook that failed for two days, or had nothing to tell for 90, is switched off by the store: here it is made good. */
export async function subscribe(account: Account, address: string) {
  const known = await allHooks(account)
  const states: { topic: string; state: 'kept' | 'created' | 'failed' }[] = []
  for (const scope of Object.keys(scopes)) {
    const here = known.filter((one) => one.scope === scope)
    const own =
      here.find((one) => one.destination === address) ?? here.find((one) => one.headers?.[ownHeader] === account.id)
    if (own?.destination === address && own.is_active) states.push({ topic: scope, state: 'kept' })
    else states.push({ topic: scope, state: await make(account, scope, address, own) })
  }
  return states
}

async function allHooks(account: Account): Promise<WireHook[]> {
  const found: WireHook[] = []
  for (let page = 1; ; page += 1) {
    const { body } = await call(account, {
      operation: 'getHooks',
      version: 'v3',
      method: 'GET',
      path: '/hooks',
      query: { page, limit: 250 },
      answer: pageAnswer,
    })
    for (const raw of body.data) {
      const one = hook.safeParse(raw)
      if (one.success) found.push(one.data)
    }
    if (page >= body.meta.pagination.total_pages) return found
  }
}

async function make(account: Account, scope: string, destination: string, own: WireHook | undefined) {
  const body = { scope, destination, is_active: true, headers: { [ownHeader]: account.id } }
  try {
    await call(account, {
      operation: own ? 'updateHook' : 'createHook',
      version: 'v3',
      method: own ? 'PUT' : 'POST',
      path: own ? `/hooks/${own.id}` : '/hooks',
      body,
      answer: hookAnswer,
    })
    return 'created' as const
  } catch (error) {
    // One scope that the API account may not have does not stop the others; a login that is refused stops all.
    if (error instanceof ChannelError && error.kind === 'rejected') return 'failed' as const
    throw error
  }
}
