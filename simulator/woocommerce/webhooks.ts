import { createHmac } from 'node:crypto'
import { findOrder, itemById, type Woo } from './store.ts'
import type { WooDelivery, WooWebhook } from './types.ts'
import { orderWire, productWire } from './wire.ts'

/** After more failures than this, one after the other, the store sends no more (facts: channels.md §4). */
const mostFailures = 5
const timeoutMs = 5_000
const longest = 5_000

/** Notes a word for everybody who subscribed; what waits for the same thing already is enough. */
export function announce(woo: Woo, topic: string, resource: number): void {
  const { webhooks, deliveries } = woo.state
  for (const one of webhooks) {
    if (one.topic !== topic || one.status !== 'active') continue
    if (deliveries.some((known) => known.webhookId === one.id && known.resource === resource)) continue
    deliveries.push(delivery(woo, one, resource, woo.now() + woo.settings.webhookDelayMs))
  }
  if (deliveries.length > longest) deliveries.splice(0, deliveries.length - longest)
}

export const delivery = (woo: Woo, { id, topic }: WooWebhook, resource: number | null, dueAt: number): WooDelivery => ({
  id: woo.random('webhooks').letters(32),
  webhookId: id,
  topic,
  resource,
  dueAt,
})

/** Sends what is due, once: nothing is repeated. What it says is what stands there now, not what happened. */
export async function deliverWoo(woo: Woo): Promise<void> {
  const now = woo.now()
  const due = woo.state.deliveries.filter(({ dueAt }) => dueAt <= now)
  if (due.length === 0) return
  woo.state.deliveries = woo.state.deliveries.filter(({ dueAt }) => dueAt > now)
  woo.core.touch()
  for (const one of due) {
    const hook = woo.state.webhooks.find(({ id }) => id === one.webhookId)
    if (hook?.status !== 'active') continue
    const isTaken = one.resource === null ? await ping(woo, hook) : await send(woo, hook, one, one.resource)
    hook.failures = isTaken ? 0 : hook.failures + (one.resource === null ? 0 : 1)
    if (hook.failures > mostFailures) hook.status = 'disabled'
  }
}

/** Seen on a running store (facts §9): a form without a signature. */
const ping = (woo: Woo, hook: WooWebhook) =>
  post(woo, hook.url, `webhook_id=${hook.id}`, { 'content-type': 'application/x-www-form-urlencoded' })

async function send(woo: Woo, hook: WooWebhook, { id }: WooDelivery, resource: number): Promise<boolean> {
  const [kind, event] = hook.topic.split('.') as [string, string]
  const order = kind === 'order' ? findOrder(woo, resource) : undefined
  const item = kind === 'product' ? itemById(woo, resource) : undefined
  const body = JSON.stringify(order ? orderWire(woo, order) : item ? productWire(woo, item) : { id: resource })
  return await post(woo, hook.url, body, {
    'content-type': 'application/json',
    'user-agent': 'WooCommerce/10.0.2 Hookshot (WordPress/6.9.7)',
    'x-wc-webhook-source': `${woo.settings.homeUrl ?? 'https://simulated.example'}/`,
    'x-wc-webhook-topic': hook.topic,
    'x-wc-webhook-resource': kind,
    'x-wc-webhook-event': event,
    'x-wc-webhook-signature': createHmac('sha256', hook.secret).update(body).digest('base64'),
    'x-wc-webhook-id': String(hook.id),
    'x-wc-webhook-delivery-id': id,
  })
}

async function post(woo: Woo, url: string, body: string, headers: Record<string, string>): Promise<boolean> {
  try {
    const init = { method: 'POST', headers, body, redirect: 'manual' as const, signal: AbortSignal.timeout(timeoutMs) }
    const answer = await woo.core.fetch(url, init)
    await answer.arrayBuffer()
    return answer.status >= 200 && answer.status < 400
  } catch {
    return false
  }
}
