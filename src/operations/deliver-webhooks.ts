/** Sends waiting events: signed, at least once, in no promised order, with growing waits for about three days. */
import { Webhook } from 'standardwebhooks'
import { raise, resolve } from '../database/findings.ts'
import { claimDeliveries, type Delivery, settleDelivery } from '../database/webhooks.ts'
import { createHttp, WireError } from '../http/client.ts'
import { refuseUrl } from '../http/guard.ts'
import { type Context, callTimeoutMs } from './context.ts'

/** Standard Webhooks' suggestion, in seconds; after the last one the event is given up and shown. */
const waits = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400]

/** Answers how many were sent. */
export async function deliverWebhooks(ctx: Context, stopping?: AbortSignal): Promise<number> {
  const now = ctx.clock.now()
  const due = await claimDeliveries(ctx.db, now, new Date(now.getTime() + 60_000), 5)
  await Promise.all(due.map((delivery) => deliver(ctx, delivery, stopping)))
  return due.length
}

const unmetered = { spend: async () => undefined, exhausted: async () => {}, learned: async () => {} }

async function deliver(ctx: Context, delivery: Delivery, stopping?: AbortSignal): Promise<void> {
  const http = createHttp({
    fetch: ctx.fetch,
    now: () => ctx.clock.now(),
    budget: unmetered,
    journal: ctx.journal.forAccount(null),
    keep: new Set(['type', 'timestamp', 'orderId', 'remoteId', 'state']),
    guard: (url) => refuseUrl(url, { allowedOrigins: ctx.allowedOrigins }),
    timeoutMs: callTimeoutMs,
    hidePaths: true,
    ...(stopping ? { stopping } : {}),
  })
  const secret = ctx.sealing.openSecret(delivery.secret_sealed, `webhook:${delivery.endpoint_id}`)
  const body = JSON.stringify(delivery.body)
  const id = `msg_${delivery.id}`
  const now = ctx.clock.now()
  let status: number | null = null
  let error: string | null = null
  try {
    const answer = await http({
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
    status = answer.status
    if (status < 200 || status >= 300) error = `HTTP ${status}`
  } catch (failed) {
    if (!(failed instanceof WireError)) throw failed
    error = failed.kind
  }
  const after = ctx.clock.now()
  if (error === null) {
    await settleDelivery(ctx.db, delivery.id, { state: 'delivered', nextAt: null, status, error }, after)
    await resolve(ctx.db, 'webhook_failing', [`webhook:${delivery.endpoint_id}`], after)
    return
  }
  const wait = waits[delivery.attempts - 1]
  const nextAt = wait === undefined ? null : new Date(after.getTime() + wait * 1_000)
  await settleDelivery(ctx.db, delivery.id, { state: nextAt ? 'waiting' : 'dead', nextAt, status, error }, after)
  if (delivery.attempts >= 2) {
    await raise(
      ctx.db,
      [
        {
          code: 'webhook_failing',
          severity: 'warning',
          accountId: null,
          subject: `webhook:${delivery.endpoint_id}`,
          data: { reason: error, attempts: delivery.attempts, origin: new URL(delivery.url).origin },
        },
      ],
      after,
      ctx.newId,
    )
  }
}
