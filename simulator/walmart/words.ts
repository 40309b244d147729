/** Words to the seller's address: subscriptions, and deliveries with a password, signed as well. */
import { createHash, createHmac } from 'node:crypto'
import * as z from 'zod'
import { json, readJson } from '../http.ts'
import { WalmartRefusal } from './answers.ts'
import type { Walmart } from './market.ts'
import { findOrder } from './orders.ts'
import type { WalmartSubscription, WalmartWord } from './types.ts'

const bad = (description: string) => new WalmartRefusal(400, 'INVALID_REQUEST_CONTENT.GMP_NOTIFICATION', description)

/** Two more tries (facts: channels.md §2, webhooks). */
const retriesMs = [60_000, 300_000]

/** Says something of an order to all who subscribed; delivered at the next tick. */
export function say(walmart: Walmart, subEventType: string, orderId: string): void {
  const now = walmart.now()
  for (const { subscriptionId, status, eventType } of walmart.state.subscriptions) {
    if (eventType !== 'ORDER_UPDATES' || status !== 'ACTIVE') continue
    const random = walmart.random('words')
    const dueAt = now + random.between(500, 5_000)
    walmart.state.words.push({
      id: random.uuid(),
      subscriptionId,
      eventAt: now,
      dueAt,
      attempts: 0,
      subEventType,
      orderId,
    })
  }
}

/** Delivers what is due, once each; what is not taken comes again. */
export async function deliverWalmart(walmart: Walmart): Promise<void> {
  const due = walmart.state.words.filter((word) => word.dueAt <= walmart.now())
  for (const word of due) {
    const to = walmart.state.subscriptions.find((one) => one.subscriptionId === word.subscriptionId)
    const isTaken = to?.status === 'ACTIVE' ? await deliver(walmart, to, word) : true
    const again = retriesMs[word.attempts]
    word.attempts += 1
    if (isTaken || again === undefined) walmart.state.words = walmart.state.words.filter((one) => one !== word)
    else word.dueAt = walmart.now() + again
    walmart.core.touch()
  }
}

async function deliver(walmart: Walmart, to: WalmartSubscription, word: WalmartWord): Promise<boolean> {
  const body = bodyOf(walmart, word)
  walmart.core.count('walmart', 'deliver')
  try {
    const headers = headersOf(walmart, to, body)
    const signal = AbortSignal.timeout(10_000)
    const answer = await walmart.core.fetch(to.eventUrl, { method: 'POST', headers, body, signal })
    await answer.arrayBuffer()
    return answer.status >= 200 && answer.status < 300
  } catch {
    return false
  }
}

/** What the subscription asked for, and a signature as performance webhooks carry it. */
export function headersOf(
  walmart: Walmart,
  { authDetails, eventUrl }: WalmartSubscription,
  body: string,
): Record<string, string> {
  const { userName = '', password = '', authHeaderName = 'Authorization' } = authDetails
  const url = new URL(eventUrl)
  const timestamp = String(Math.floor(walmart.now() / 1_000))
  const digest = createHash('sha256').update(body).digest('hex')
  const text = ['POST', `${url.pathname}${url.search}`, timestamp, digest].join('\n')
  return {
    'content-type': 'application/json',
    [authHeaderName]: `Basic ${Buffer.from(`${userName}:${password}`).toString('base64')}`,
    'WM_SEC.TIMESTAMP': timestamp,
    'WM_SEC.SIGNATURE': createHmac('sha256', password).update(text).digest('base64'),
  }
}

export function bodyOf(walmart: Walmart, word: WalmartWord): string {
  const order = findOrder(walmart, word.orderId)
  return JSON.stringify({
    source: {
      eventType: 'ORDER_UPDATES',
      eventFilters: null,
      eventTime: new Date(word.eventAt).toISOString(),
      eventId: word.id,
    },
    payload: {
      subEventType: word.subEventType,
      partnerId: walmart.settings.partnerId,
      order: {
        purchaseOrderId: word.orderId,
        customerOrderId: order?.customerOrderId,
        orderDate: new Date(order?.createdAt ?? word.eventAt).toISOString(),
        orderLines: (order?.lines ?? []).map(({ lineNumber, sku, quantity }) => ({
          lineNumber,
          sku,
          quantity: { unitOfMeasure: 'EACH', measurementValue: String(quantity) },
        })),
      },
    },
  })
}

const subscriptionBody = z.object({
  eventType: z.string().min(1),
  eventVersion: z.string(),
  resourceName: z.string(),
  eventUrl: z.url(),
  authDetails: z.record(z.string(), z.string()).optional(),
  headers: z.record(z.string(), z.string()).optional(),
  status: z.enum(['ACTIVE', 'INACTIVE']),
})

/** A password is never told again. */
function shown(walmart: Walmart, { authDetails, ...one }: WalmartSubscription): object {
  const { password: _, clientSecret: __, ...details } = authDetails
  return { ...one, partnerId: walmart.settings.partnerId, authDetails: details }
}

export function listSubscriptions(walmart: Walmart): Response {
  return json(200, { events: walmart.state.subscriptions.map((one) => shown(walmart, one)) })
}

export async function createSubscription(walmart: Walmart, request: Request): Promise<Response> {
  const parsed = z.object({ events: z.array(subscriptionBody).min(1) }).safeParse(await readJson(request))
  if (!parsed.success) throw bad(parsed.error.issues[0]!.message)
  const made = parsed.data.events.map(({ headers: _, authDetails = {}, ...event }): WalmartSubscription => {
    const isThere = walmart.state.subscriptions.some(
      (one) => one.eventType === event.eventType && one.eventUrl === event.eventUrl,
    )
    if (isThere) throw bad('The subscription exists already')
    return { subscriptionId: walmart.random('ids').uuid(), ...event, authDetails }
  })
  walmart.state.subscriptions.push(...made)
  walmart.core.touch()
  return json(200, { events: made.map((one) => shown(walmart, one)) })
}

export async function changeSubscription(walmart: Walmart, request: Request, id: string): Promise<Response> {
  const found = walmart.state.subscriptions.find((one) => one.subscriptionId === id)
  if (!found) throw new WalmartRefusal(404, 'CONTENT_NOT_FOUND.GMP_NOTIFICATION', 'There is no such subscription')
  const parsed = subscriptionBody.partial().safeParse(await readJson(request))
  if (!parsed.success) throw bad(parsed.error.issues[0]!.message)
  const { headers: _, ...change } = parsed.data
  Object.assign(found, change)
  walmart.core.touch()
  return json(200, { events: [shown(walmart, found)] })
}

export function deleteSubscription(walmart: Walmart, id: string): Response {
  const before = walmart.state.subscriptions.length
  walmart.state.subscriptions = walmart.state.subscriptions.filter((one) => one.subscriptionId !== id)
  if (walmart.state.subscriptions.length === before)
    throw new WalmartRefusal(404, 'CONTENT_NOT_FOUND.GMP_NOTIFICATION', 'There is no such subscription')
  walmart.core.touch()
  return json(200, { subscriptionId: id, message: 'Successfully deleted subscription' })
}
