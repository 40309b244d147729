/** What the store tells us, signed as we sign what we tell it. */
import { timingSafeEqual } from 'node:crypto'
import { Webhook } from 'standardwebhooks'
import { z } from 'zod'
import type { HookVerdict, IncomingHook, LookAgain } from '../capabilities.ts'
import type { Account } from '../connector.ts'
import { secrets } from './settings.ts'

/** How far the sender's clock may differ, and how long a call may be on its way (Standard Webhooks). */
const toleranceSeconds = 5 * 60

/** What a store may say, and what we look at again because of it. Documented in docs/connect-your-store.md. */
const looks: Record<string, readonly LookAgain[]> = { 'stock.changed': ['stock'] }

const message = z.object({ type: z.string().min(1).max(100), timestamp: z.iso.datetime({ offset: true }).optional() })

const refused = (why: string): HookVerdict => ({ kind: 'refused', why })

export async function verify(account: Account, hook: IncomingHook): Promise<HookVerdict> {
  const { 'webhook-id': id, 'webhook-timestamp': sentAt, 'webhook-signature': signatures } = hook.headers
  if (hook.method !== 'POST') return refused('not a POST')
  if (!id || !sentAt || !signatures) return refused('not signed')
  if (!/^\d{1,12}$/.test(sentAt)) return refused('no time')
  const seconds = Number(sentAt)
  if (Math.abs(account.now().getTime() / 1_000 - seconds) > toleranceSeconds) return refused('too old or too new')
  const text = textOf(hook.body)
  if (text === undefined) return refused('not text')
  const { webhookSecret } = secrets.parse(await account.secrets())
  const expected = new Webhook(webhookSecret).sign(id, new Date(seconds * 1_000), text)
  if (!signatures.split(' ').some((one) => isSame(one, expected))) return refused('wrong signature')
  const said = message.safeParse(jsonOf(text))
  if (!said.success) return refused('not a message')
  const { type, timestamp } = said.data
  return {
    kind: 'accepted',
    dedupe: id,
    topic: type,
    happenedAt: timestamp === undefined ? null : new Date(timestamp),
    // What we do not know says nothing; sending it again would not help.
    look: looks[type] ?? [],
  }
}

/** The signature covers bytes; two bodies that read as the same text must not both fit it. */
function textOf(body: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body)
  } catch {
    return undefined
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function isSame(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)]
  return a.length === b.length && timingSafeEqual(a, b)
}
