/** The three calls that the bridge makes to the hub. */
import { z } from 'zod'
import type { HubOrder } from './mapping.ts'

const errands = z.object({
  items: z.array(
    z
      .object({
        id: z.string(),
        carrier: z.string().nullish(),
        trackingNumber: z.string().nullish(),
      })
      .loose(),
  ),
})

export interface HubOptions {
  url: string
  /** An API key with the roles for orders. */
  key: string
  fetch: typeof fetch
}

export type Hub = ReturnType<typeof createHub>

export function createHub({ url, key, fetch }: HubOptions) {
  const call = async (method: string, path: string, more: { repeatKey?: string; body?: unknown } = {}) => {
    const answer = await fetch(`${url.replace(/\/$/, '')}/api/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        ...(more.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(more.repeatKey ? { 'idempotency-key': more.repeatKey } : {}),
      },
      ...(more.body === undefined ? {} : { body: JSON.stringify(more.body) }),
      signal: AbortSignal.timeout(20_000),
    })
    const text = await answer.text()
    if (answer.ok) return JSON.parse(text) as unknown
    // The problem's code and what to do; it holds no buyer.
    const { code, detail } = z
      .object({ code: z.string(), detail: z.string() })
      .catch({ code: '', detail: '' })
      .parse(text.startsWith('{') ? JSON.parse(text) : {})
    throw new Error(`the hub answered ${answer.status} ${code} to ${method} ${path}: ${detail}`)
  }
  return {
    /** The same order version any number of times is one order version. */
    async tell(order: HubOrder): Promise<void> {
      await call('POST', '/orders', { repeatKey: `magento ${order.remoteId} ${order.updatedAt}`, body: order })
    },
    async parcel(orderId: string, shipmentId: string) {
      const { items } = errands.parse(await call('GET', `/orders/${orderId}/errands`))
      return items.find(({ id }) => id === shipmentId)
    },
  }
}
