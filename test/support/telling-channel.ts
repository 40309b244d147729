/** A channel for tests that tells of its orders by signed notifications and lists them when asked, both as the test says. */
import { Webhook } from 'standardwebhooks'
import { z } from 'zod'
import type { HookVerdict, LookAgain } from '../../src/channels/capabilities.ts'
import type { Connector } from '../../src/channels/connector.ts'
import { verify } from '../../src/channels/storefront/incoming.ts'
import type { IncomingOrder } from '../../src/domain/orders.ts'
import { connectAccount } from '../../src/operations/connect-account.ts'
import type { Context } from '../../src/operations/context.ts'
import { hookKey } from '../../src/operations/hear-notification.ts'

export const secretOfTests = `whsec_${Buffer.alloc(24, 7).toString('base64')}`

const minute = 60_000

export interface TellingChannel {
  connector: Connector
  /** What the list shows, oldest change first. */
  list: IncomingOrder[]
  /** How often each list was asked for. */
  asked: { orders: number; listings: number }
  subscribed: { address: string }[]
  /** What the next subscribing answers. */
  subscribe: () => { topic: string; state: 'kept' | 'created' | 'failed' }[]
}

/** Names the orders that a body names, as channels do; says of itself what to look at. */
async function hear(...args: Parameters<typeof verify>): Promise<HookVerdict> {
  const verdict = await verify(...args)
  if (verdict.kind !== 'accepted') return verdict
  const said = JSON.parse(Buffer.from(args[1].body).toString()) as {
    look?: LookAgain[]
    orders?: string[]
    erase?: { orderRemoteIds: string[]; buyer: string | null; whole: boolean }
  }
  return {
    ...verdict,
    look: said.look ?? ['orders'],
    orderRemoteIds: said.orders ?? [],
    ...(said.erase ? { erase: said.erase } : {}),
  }
}

export function createTellingChannel(): TellingChannel {
  const channel: TellingChannel = {
    list: [],
    asked: { orders: 0, listings: 0 },
    subscribed: [],
    subscribe: () => [{ topic: 'orders', state: 'kept' }],
    connector: {
      channel: 'telling',
      title: 'Tells of its orders',
      settings: z.object({}),
      secrets: z.object({ webhookSecret: z.string() }),
      regionOf: () => '',
      limits: {},
      journalKeys: new Set(),
      quantityWrites: 'absolute',
      orders: {
        async pull(account, cursor) {
          channel.asked.orders += 1
          const from = typeof cursor === 'number' ? cursor : 0
          return { items: channel.list.slice(from), next: channel.list.length, more: false, watermark: account.now() }
        },
        read: () => ({ remoteId: '', where: '', raw: null }),
        everyMs: 3 * minute,
      },
      listings: {
        async pull() {
          channel.asked.listings += 1
          return { items: [], next: null, more: false }
        },
        everyMs: 60 * minute,
      },
      webhooks: {
        status: { accepted: 204, refused: 401 },
        verify: hear,
        async subscribe(_account, address) {
          channel.subscribed.push({ address })
          return channel.subscribe()
        },
        everyMs: 60 * minute,
      },
    },
  }
  return channel
}

/** Connects an account of it, the only channel there is; answers the account's id. */
export async function connectTelling(ctx: Context, channel: TellingChannel, name = 'Teller'): Promise<string> {
  ctx.registry = new Map([...ctx.registry, [channel.connector.channel, channel.connector]])
  return await ctx.db.transaction((tx) =>
    connectAccount(tx, ctx, {
      channel: channel.connector.channel,
      name,
      stage: 'live',
      settings: {},
      secrets: { webhookSecret: secretOfTests },
    }),
  )
}

export const pathOf = (ctx: Context, accountId: string, channel = 'telling') =>
  `/hooks/${channel}/${hookKey(ctx, channel, accountId)}`

/** A call as the channel makes it. */
export function signed(now: Date, id: string, said: object, secret = secretOfTests) {
  const body = JSON.stringify({ type: 'orders.changed', timestamp: now.toISOString(), ...said })
  return {
    body,
    headers: {
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(now.getTime() / 1_000)),
      'webhook-signature': new Webhook(secret).sign(id, now, body),
    } as Record<string, string>,
  }
}

export function orderOf(remoteId: string, placedAt: Date): IncomingOrder {
  return {
    remoteId,
    updatedAt: placedAt,
    placedAt,
    state: 'open',
    fulfilledBy: 'merchant',
    marketplace: null,
    currency: null,
    total: null,
    shipBy: null,
    deliverBy: null,
    lines: [],
    buyer: null,
    raw: {},
  }
}
