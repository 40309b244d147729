/** Signed webhooks (Standard Webhooks: id, timestamp, HMAC-SHA256 over all three parts). */
import { Webhook } from 'standardwebhooks'
import type { z } from 'zod'
import { ChannelError } from '../../domain/errors.ts'
import type { WireResponse } from '../../http/client.ts'
import { type Account, asChannelError } from '../connector.ts'
import { readSettings, secrets } from './settings.ts'

/** A signature that fits no message. */
const forgedSignature = `v1,${Buffer.alloc(32).toString('base64')}`

/** `forged`: signed wrongly on purpose, to see that the store refuses it. */
export async function send(
  account: Account,
  type: string,
  data: unknown,
  { forged = false }: { forged?: boolean } = {},
): Promise<WireResponse> {
  const { webhookUrl } = readSettings(account.settings)
  const { webhookSecret } = secrets.parse(await account.secrets())
  const id = `msg_${account.newId()}`
  const now = account.now()
  const body = JSON.stringify({ type, timestamp: now.toISOString(), data })
  const answer = await account.http({
    operation: type,
    method: 'POST',
    url: webhookUrl,
    headers: {
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(now.getTime() / 1_000)),
      'webhook-signature': forged ? forgedSignature : new Webhook(webhookSecret).sign(id, now, body),
    },
    body,
  })
  if (answer.status === 429) await account.budget.exhausted(type)
  else if (answer.status < 300) account.budget.taken?.(type)
  return answer
}

/** Sends items and reads the answers by SKU. */
export async function readItems<T extends { sku: string }>(
  account: Account,
  type: string,
  items: readonly unknown[],
  answer: z.ZodType<{ items: T[] }>,
): Promise<Map<string, T>> {
  const isWrite = type === 'stock.set'
  try {
    const response = await send(account, type, { items })
    if (response.status < 200 || response.status >= 300) throw readError(response, account.now(), isWrite)
    const parsed = answer.safeParse(response.json)
    if (!parsed.success) {
      throw new ChannelError('unavailable', 'unreadable', `the store's answer to ${type} could not be read`, {
        mayHaveApplied: isWrite,
      })
    }
    return new Map(parsed.data.items.map((item) => [item.sku, item]))
  } catch (error) {
    throw asChannelError(error)
  }
}

function readError({ status, headers }: WireResponse, now: Date, isWrite: boolean): ChannelError {
  const message = `the store answered ${status}`
  // A 403 is more often a firewall's page than the store's own word: it is tried again.
  if (status === 403) return new ChannelError('unavailable', 'HTTP 403', message)
  if (status === 401)
    return new ChannelError('auth', `HTTP ${status}`, `${message}: is the webhook secret the same on both sides?`)
  if (status === 429) {
    const wait = Number(headers.get('retry-after')) || 10
    return new ChannelError('throttled', 'HTTP 429', message, { retryAt: new Date(now.getTime() + wait * 1_000) })
  }
  if (status === 404 || status === 410)
    return new ChannelError('missing', `HTTP ${status}`, `${message}: no webhook receiver at this address`)
  if (status < 500) return new ChannelError('rejected', `HTTP ${status}`, message)
  return new ChannelError('unavailable', `HTTP ${status}`, message, { mayHaveApplied: isWrite })
}
