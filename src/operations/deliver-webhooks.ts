/** Sends waiting events: signed, at least once, in no promised order, with growing waits for about three days. */
import { Webhook } from 'standardwebhooks'
import { raise, resolve } from '../database/findings.ts'
import { claimDeliveries, countDead, type Delivery, settleDelivery } from '../database/webhooks.ts'
import { createHttp, WireError } from '../http/client.ts'
import { refuseUrl } from '../http/guard.ts'
import { type Context, callTimeoutMs } from './context.ts'

/** Standard Webhooks' suggestion, in seconds; after the last one the event is given up and shown. */
const waits = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400]

/** After this many tries that failed for a fault of ours, not of the receiver, an event is given up. */
const ownFaultsAtMost = 5

export interface WebhookSender {
  /** Begins what is due; answers how many. Does not wait for receivers: one that hangs delays no other. */
  send(): Promise<number>
  /** Resolves when nothing is under way. */
  settled(): Promise<void>
}

/** `done` is called when an endpoint was served, so that what waits behind it goes next. */
export function createWebhookSender(ctx: Context, stopping?: AbortSignal, done: () => void = () => {}): WebhookSender {
  const underWay = new Map<string, Promise<void>>()
  return {
    async send() {
      const now = ctx.clock.now()
      const until = ctx.monotonic() + claimMs
      const due = await claimDeliveries(ctx.db, now, new Date(now.getTime() + claimMs), 5, [...underWay.keys()])
      for (const [endpoint, deliveries] of Map.groupBy(due, (one) => one.endpoint_id)) {
        const serving = Promise.all(deliveries.map((one) => deliver(ctx, one, until, stopping)))
          .catch((error: Error) => ctx.log.error('webhook failed inside', { endpoint, error: error.message }))
          .then(() => {
            underWay.delete(endpoint)
            done()
          })
        underWay.set(endpoint, serving)
      }
      return due.length
    },
    async settled() {
      await Promise.all(underWay.values())
    },
  }
}

/** How long a delivery is this process's own; then another one may send it. */
const claimMs = 60_000

/** The process stood still until others may send the event: it must not. */
class ClaimLost extends Error {}

const unmetered = { spend: async () => undefined, exhausted: async () => {}, learned: async () => {} }

/** What came of it; absent where it must not leave any more. */
interface Outcome {
  status: number | null
  error: string | null
  /** The fault is ours: an event that cannot even be sent. */
  isOurs?: true
}

async function post(
  ctx: Context,
  delivery: Delivery,
  until: number,
  stopping?: AbortSignal,
): Promise<Outcome | undefined> {
  const http = createHttp({
    fetch: ctx.fetch,
    now: () => ctx.clock.now(),
    budget: unmetered,
    journal: ctx.journal.forAccount(null),
    keep: new Set(['type', 'timestamp', 'orderId', 'remoteId', 'state']),
    guard: (url) => refuseUrl(url, { allowedOrigins: ctx.allowedOrigins }),
    timeoutMs: callTimeoutMs,
    hidePaths: true,
    beforeCall(timeoutMs) {
      if (ctx.monotonic() + timeoutMs > until) throw new ClaimLost()
    },
    ...(stopping ? { stopping } : {}),
  })
  try {
    const secret = ctx.sealing.openSecret(delivery.secret_sealed, `webhook:${delivery.endpoint_id}`)
    const body = JSON.stringify(delivery.body)
    const id = `msg_${delivery.id}`
    const now = ctx.clock.now()
    const { status } = await http({
      operation: delivery.event,
      method: 'POST',
      url: delivery.url,
      body,
      headers: {
        'content-type': 'application/json',
        'webhook-id': id,
        'webhook-timestamp': String(Math.floor(now.getTime() / 1_000)),
        'webhook-signature': new Webhook(secret).sign(id, now, body),
      },
    })
    return { status, error: status < 200 || status >= 300 ? `HTTP ${status}` : null }
  } catch (failed) {
    if (failed instanceof ClaimLost) return undefined
    if (failed instanceof WireError) return { status: null, error: failed.kind }
    ctx.log.error('event could not be sent', { event: delivery.event, error: (failed as Error).message })
    return { status: null, error: 'internal', isOurs: true }
  }
}

async function deliver(ctx: Context, delivery: Delivery, until: number, stopping?: AbortSignal): Promise<void> {
  const outcome = await post(ctx, delivery, until, stopping)
  if (!outcome) return
  const { status, error, isOurs } = outcome
  const after = ctx.clock.now()
  const subject = `webhook:${delivery.endpoint_id}`
  if (error === null) {
    await settleDelivery(ctx.db, delivery, { state: 'delivered', nextAt: null, status, error }, after)
    await resolve(ctx.db, 'webhook_failing', [subject], after)
    return
  }
  const wait = isOurs && delivery.attempts >= ownFaultsAtMost ? undefined : waits[delivery.attempts - 1]
  const nextAt = wait === undefined ? null : new Date(after.getTime() + wait * 1_000)
  await settleDelivery(ctx.db, delivery, { state: nextAt ? 'waiting' : 'dead', nextAt, status, error }, after)
  const { origin } = new URL(delivery.url)
  const about = { severity: 'warning' as const, accountId: null, subject }
  if (!nextAt) {
    const count = await countDead(ctx.db, delivery.endpoint_id)
    await raise(
      ctx.db,
      [{ ...about, code: 'webhook_given_up', data: { reason: error, count, origin } }],
      after,
      ctx.newId,
    )
  }
  if (delivery.attempts >= 2) {
    const data = { reason: error, attempts: delivery.attempts, origin }
    await raise(ctx.db, [{ ...about, code: 'webhook_failing', data }], after, ctx.newId)
  }
}
