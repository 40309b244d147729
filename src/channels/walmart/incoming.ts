/**
 * Words from Walmart: ORDER_UPDATES, with the password that we gave at the subscription. Every one only says "look again".
 * A signature is described for some of them only (facts: channels.md §2, webhooks); where one comes it must be right.
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { z } from 'zod'
import type { HookVerdict, IncomingHook } from '../capabilities.ts'
import type { Account } from '../connector.ts'
import { basicOf, passwordOf } from './subscriptions.ts'

const refused = (why: string): HookVerdict => ({ kind: 'refused', why })

const time = z.iso.datetime({ offset: true }).nullish().catch(null)
const message = z.object({
  source: z.object({
    eventType: z.string().min(1).max(100),
    eventTime: time,
    eventId: z.string().min(1).max(300),
  }),
  payload: z.unknown(),
})
const orderId = z.union([z.string().min(1).max(100), z.number().int().transform(String)])
const aboutOrder = z.union([
  z.object({ order: z.object({ purchaseOrderId: orderId }) }).transform(({ order }) => order.purchaseOrderId),
  z.object({ purchaseOrderId: orderId }).transform(({ purchaseOrderId }) => purchaseOrderId),
])

/** What is older was kept by somebody. */
const oldestMs = 10 * 60_000

export async function verify(account: Account, hook: IncomingHook): Promise<HookVerdict> {
  if (hook.method !== 'POST') return refused('not a message')
  if (!isSame(hook.headers.authorization ?? '', await basicOf(account))) return refused('wrong password')
  const signature = hook.headers['wm_sec.signature']
  if (signature !== undefined) {
    const why = await whyUnsigned(account, hook, signature)
    if (why) return refused(why)
  }
  const said = message.safeParse(jsonOf(hook.body))
  if (!said.success) return refused('not a message')
  const { eventType, eventTime, eventId } = said.data.source
  const about = aboutOrder.safeParse(said.data.payload)
  return {
    kind: 'accepted',
    dedupe: eventId,
    topic: eventType,
    happenedAt: eventTime ? new Date(eventTime) : null,
    // What we do not know says nothing; sending it again would not help.
    look: eventType === 'ORDER_UPDATES' ? ['orders'] : [],
    ...(about.success ? { orderRemoteIds: [about.data] } : {}),
  }
}

/** Over method, path, time and the body's digest, with a line each. */
async function whyUnsigned(account: Account, hook: IncomingHook, signature: string): Promise<string | undefined> {
  const timestamp = hook.headers['wm_sec.timestamp'] ?? ''
  if (!/^\d{9,12}$/.test(timestamp)) return 'no time'
  if (account.now().getTime() - Number(timestamp) * 1_000 > oldestMs) return 'too old'
  const { pathname, search } = new URL(hook.address)
  const digest = createHash('sha256').update(hook.body).digest('hex')
  const text = [hook.method, `${pathname}${search}`, timestamp, digest].join('\n')
  const wanted = createHmac('sha256', await passwordOf(account))
    .update(text)
    .digest('base64')
  return isSame(signature, wanted) ? undefined : 'wrong signature'
}

/** In the same time, however much of it is right. */
function isSame(given: string, wanted: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(given), digest(wanted))
}

function jsonOf(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body))
  } catch {
    return undefined
  }
}
