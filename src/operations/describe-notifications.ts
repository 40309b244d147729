/** What a person sees of an account's notifications. */
import type { AccountRow } from '../database/accounts.ts'
import { countWaiting, getHealth, type HealthRow } from '../database/notifications.ts'
import type { Sql } from '../database/pool.ts'
import {
  type Announced,
  isDeliveryPoor,
  isProven,
  nothingAnnounced,
  pollEveryMs,
  shareOf,
} from '../domain/notifications.ts'
import { accountOutside, sparing } from './account-outside.ts'
import type { Context } from './context.ts'
import { hookAddress } from './hear-notification.ts'
import { asFailure } from './subscribe-notifications.ts'

export type DeliveryState = 'none' | 'optional' | 'unreachable' | 'failing' | 'unproven' | 'proven' | 'poor'

export async function describeNotifications(db: Sql, ctx: Context, row: AccountRow) {
  const connector = ctx.registry.get(row.channel)
  const hasQueue = connector?.notifications?.isSetUp(row.settings) ?? false
  const way = connector?.webhooks ? ('webhook' as const) : hasQueue ? ('queue' as const) : ('none' as const)
  const health = await getHealth(db, row.id)
  const waiting = await countWaiting(db, row.id)
  const announced = health?.announced ?? nothingAnnounced
  const everyMs = connector?.orders?.everyMs ?? 0
  const now = ctx.clock.now()
  return {
    way,
    // Without orders to announce there is nothing to prove.
    state:
      connector?.orders || way === 'none'
        ? stateOf(way, ctx.publicUrl !== undefined, health, announced, now)
        : ('optional' as const),
    address: way === 'webhook' ? (hookAddress(ctx, row.channel, row.id) ?? null) : null,
    subscribes: way === 'queue' || connector?.webhooks?.subscribe !== undefined,
    subscribedAt: health?.subscribed_at?.toISOString() ?? null,
    topics: health?.topics ?? [],
    failure: health?.failure ?? null,
    lastAt: health?.last_at?.toISOString() ?? null,
    waiting,
    refused: health?.refused_at
      ? { count: health.refused, why: health.refused_why ?? '', at: health.refused_at.toISOString() }
      : null,
    announced: { ...shareOf(announced), inARow: announced.streak },
    pollSeconds: Math.round(pollEveryMs(everyMs, announced, now) / 1_000),
    pollSecondsUnproven: Math.round(everyMs / 1_000),
  }
}

function stateOf(
  way: 'webhook' | 'queue' | 'none',
  isReachable: boolean,
  health: HealthRow | undefined,
  announced: Announced,
  now: Date,
): DeliveryState {
  if (way === 'none') return 'none'
  if (way === 'webhook' && !isReachable) return 'unreachable'
  if (health?.failure || health?.topics?.some((one) => one.state === 'failed')) return 'failing'
  if (isDeliveryPoor(announced)) return 'poor'
  return isProven(announced, now) ? 'proven' : 'unproven'
}

/** Puts a word into the account's queue; that it was read shows like any other. */
export async function testNotifications(
  ctx: Context,
  row: AccountRow,
): Promise<{ kind: 'sent' | 'failed'; why: string | null }> {
  const connector = ctx.registry.get(row.channel)
  const capability = connector?.notifications
  if (!connector || !capability?.sendTest || !capability.isSetUp(row.settings))
    return { kind: 'failed', why: 'no_queue' }
  try {
    const result = await capability.sendTest(accountOutside(ctx, row, connector, sparing(ctx)))
    return result.kind === 'sent' ? { kind: 'sent', why: null } : result
  } catch (failed) {
    return { kind: 'failed', why: asFailure(failed).code }
  }
}
