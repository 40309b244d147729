import { createHmac } from 'node:crypto'
import type { Shop } from './shop.ts'
import type { Delivery } from './state.ts'

const minute = 60_000
/** Eight more tries over four hours, then the subscription is dropped (facts: channels.md §3); how they are spread is assumed. */
const waits = [1, 5, 10, 20, 30, 40, 60, 74].map((minutes) => minutes * minute)
/** The whole answer must be there by then. */
const timeoutMs = 5_000
/** Words that are over are kept so far. */
const longest = 5_000

/** Notes a word for everybody who subscribed to the topic. */
export function announce(shop: Shop, topic: string, body: object): void {
  const { subscriptions, deliveries } = shop.state
  for (const one of subscriptions) {
    if (one.topic !== topic) continue
    deliveries.push(newDelivery(shop, one.id, topic, JSON.stringify(body)))
  }
  if (deliveries.length > longest) shop.state.deliveries = deliveries.filter(({ state }) => state === 'waiting')
}

export function newDelivery(shop: Shop, subscriptionId: string, topic: string, body: string): Delivery {
  const now = shop.now()
  return {
    id: shop.random('webhooks').uuid(),
    subscriptionId,
    topic,
    body,
    happenedAt: now,
    attempts: 0,
    nextAt: now,
    state: 'waiting',
  }
}

/** Sends what is due. A word that is not taken comes again under its id; at last its subscription is gone. */
export async function deliverDue(shop: Shop): Promise<void> {
  const now = shop.now()
  for (const delivery of shop.state.deliveries.filter((one) => one.state === 'waiting' && one.nextAt <= now)) {
    const subscription = shop.state.subscriptions.find(({ id }) => id === delivery.subscriptionId)
    if (!subscription) {
      delivery.state = 'given-up'
      continue
    }
    delivery.attempts += 1
    shop.core.touch()
    if (await send(shop, subscription.uri, delivery)) delivery.state = 'delivered'
    else if (delivery.attempts > waits.length) {
      delivery.state = 'given-up'
      shop.state.subscriptions = shop.state.subscriptions.filter((one) => one !== subscription)
    } else delivery.nextAt = now + waits[delivery.attempts - 1]!
  }
}

const resources = ['orders', 'refunds', 'inventory_levels', 'products', 'fulfillment_orders', 'fulfillments', 'app']

/** `INVENTORY_LEVELS_UPDATE` → `inventory_levels/update`; words that cannot be subscribed to have that form already. */
function wordOf(topic: string): string {
  const text = topic.toLowerCase()
  const resource = resources.find((one) => text.startsWith(`${one}_`))
  return resource ? `${resource}/${text.slice(resource.length + 1)}` : text
}

async function send(shop: Shop, uri: string, { id, topic, body, happenedAt }: Delivery): Promise<boolean> {
  const { clientSecret, shop: domain } = shop.settings
  try {
    const answer = await shop.core.fetch(uri, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'x-shopify-topic': wordOf(topic),
        'x-shopify-shop-domain': domain,
        'x-shopify-api-version': '2026-10',
        'x-shopify-webhook-id': id,
        'x-shopify-event-id': id,
        'x-shopify-triggered-at': new Date(happenedAt).toISOString(),
        'x-shopify-hmac-sha256': createHmac('sha256', clientSecret).update(body).digest('base64'),
      },
      body,
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMs),
    })
    await answer.arrayBuffer()
    return answer.status >= 200 && answer.status < 300
  } catch {
    return false
  }
}
