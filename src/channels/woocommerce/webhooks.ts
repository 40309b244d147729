/**
 * Words that the store sends: signed over the raw bytes, sent once, and built when they leave, not when it happened. So a word
 * only says where to look. After some that nobody took the store switches its webhook off; it is switched on again here.
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { z } from 'zod'
import { ChannelError } from '../../domain/errors.ts'
import type { HookVerdict, IncomingHook, LookAgain } from '../capabilities.ts'
import type { Account } from '../connector.ts'
import { call, largestPage, page, wc } from './client.ts'
import { secrets } from './settings.ts'
import { list, made, webhook } from './wire.ts'

const topics = [
  'order.created',
  'order.updated',
  'order.deleted',
  'product.created',
  'product.updated',
  'product.deleted',
] as const

const looks: Record<string, readonly LookAgain[]> = { order: ['orders', 'shipments'], product: ['listings', 'stock'] }

/** Made of the key's own secret, so that there is one secret fewer to keep; in letters that no store changes. */
async function secretOf(account: Account): Promise<string> {
  const { consumerSecret } = secrets.parse(await account.secrets())
  return createHmac('sha256', consumerSecret).update('entrepot webhooks').digest('hex')
}

/** On creation the store asks whether somebody is there, by a form without a signature (facts §9); nothing is kept of it. */
const pingBody = /^webhook_id=\d{1,20}$/

export async function verifyHook(account: Account, { headers, body }: IncomingHook): Promise<HookVerdict> {
  const signature = headers['x-wc-webhook-signature']
  if (signature === undefined) {
    const isForm = (headers['content-type'] ?? '').startsWith('application/x-www-form-urlencoded')
    return isForm && pingBody.test(Buffer.from(body).toString('latin1'))
      ? { kind: 'answer', status: 200, contentType: 'text/plain', body: '' }
      : { kind: 'refused', why: 'the signature is missing' }
  }
  if (!isSigned(body, signature, await secretOf(account))) return { kind: 'refused', why: 'the signature is wrong' }
  const topic = (headers['x-wc-webhook-topic'] ?? '').slice(0, 100)
  const dedupe = headers['x-wc-webhook-delivery-id']
  if (!topic || !dedupe) return { kind: 'refused', why: 'topic or id is missing' }
  const kind = topic.split('.')[0] ?? ''
  const id = kind === 'order' ? idIn(body) : undefined
  return {
    kind: 'accepted',
    // The store makes its number of the webhook and the second: two orders of one second have the same.
    dedupe: `${dedupe.slice(0, 100)}:${signature}`,
    topic,
    happenedAt: null,
    look: looks[kind] ?? [],
    ...(id === undefined ? {} : { orderRemoteIds: [id] }),
  }
}

function isSigned(bytes: Uint8Array, signature: string, secret: string): boolean {
  const expected = createHmac('sha256', secret).update(bytes).digest()
  const given = Buffer.from(signature, 'base64')
  // What decodes alike must also be written alike, so that no other text counts as the same signature.
  return given.length === expected.length && timingSafeEqual(given, expected) && given.toString('base64') === signature
}

function idIn(bytes: Uint8Array): string | undefined {
  try {
    const { id } = JSON.parse(Buffer.from(bytes).toString('utf8')) as { id?: unknown }
    return Number.isSafeInteger(id) ? String(id) : undefined
  } catch {
    return undefined
  }
}

type Known = z.output<typeof webhook>
type State = { topic: string; state: 'kept' | 'created' | 'failed' }

/** The store never shows a webhook's secret: its name tells by which one it was made. */
const nameOf = (topic: string, secret: string) =>
  `Entrepot ${topic} ${createHash('sha256').update(secret).digest('hex').slice(0, 8)}`

export async function subscribe(account: Account, address: string): Promise<State[]> {
  const secret = await secretOf(account)
  const known = await allHooks(account)
  const states: State[] = []
  for (const topic of topics) {
    const name = nameOf(topic, secret)
    const own = known.filter((one) => one.topic === topic && one.name.startsWith('Entrepot '))
    const here = own.filter((one) => one.delivery_url === address)
    const good = here.find((one) => one.name === name && one.status === 'active')
    if (good) states.push({ topic, state: 'kept' })
    else states.push({ topic, state: await make(account, { topic, name, secret, address }, here[0]?.id) })
    // Of another address, and switched off there: nobody takes its words any more.
    for (const { id, delivery_url, status } of own)
      if (delivery_url !== address && status === 'disabled') await drop(account, id)
  }
  return states
}

export async function allHooks(account: Account): Promise<Known[]> {
  const { items } = await page(account, {
    operation: 'listWebhooks',
    path: wc('/webhooks'),
    query: { per_page: largestPage },
    from: 0,
    answer: list,
  })
  return items.flatMap((raw) => webhook.safeParse(raw).data ?? [])
}

async function drop(account: Account, id: number): Promise<void> {
  const query = { force: 'true' }
  await call(account, {
    operation: 'deleteWebhook',
    method: 'DELETE',
    path: wc(`/webhooks/${id}`),
    query,
    answer: made,
  })
}

/** The address of one that is there cannot be changed. */
async function make(
  account: Account,
  { topic, name, secret, address }: { topic: string; name: string; secret: string; address: string },
  id: number | undefined,
): Promise<State['state']> {
  try {
    await call(account, {
      operation: id === undefined ? 'createWebhook' : 'updateWebhook',
      method: id === undefined ? 'POST' : 'PUT',
      path: wc(id === undefined ? '/webhooks' : `/webhooks/${id}`),
      body: { name, topic, secret, status: 'active', ...(id === undefined ? { delivery_url: address } : {}) },
      answer: made,
    })
    return 'created'
  } catch (error) {
    // One topic that the store does not take does not stop the others; a login that is refused stops all.
    if (error instanceof ChannelError && error.kind === 'rejected') return 'failed'
    throw error
  }
}
