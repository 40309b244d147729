/** Keeps an account's subscriptions at its channel what they should be: channels drop them when they please. */
import { raise, resolve } from '../database/findings.ts'
import { getHealth, type HealthRow, saveSubscriptions } from '../database/notifications.ts'
import { ChannelError, isChannelError } from '../domain/errors.ts'
import { WireError } from '../http/client.ts'
import type { AccountAtWork, Context } from './context.ts'
import { hookAddress } from './hear-notification.ts'

/** A queue of the seller's own has no pace of its connector's: its subscriptions are looked at daily. */
const queueEveryMs = 24 * 3_600_000
/** After a failure: soon, for it may be the network; a channel that refuses is asked no more often than hourly. */
const retryMs = { unanswered: 5 * 60_000, refused: 60 * 60_000 }

type Subscribing = { everyMs: number; address: string | null; run(): Promise<NonNullable<HealthRow['topics']>> }

/** What there is to subscribe: by webhook where the channel reaches us, or into a queue. */
function subscribingOf(ctx: Context, { row, connector, account }: AccountAtWork): Subscribing | undefined {
  const { webhooks, notifications } = connector
  const address = hookAddress(ctx, row.channel, row.id)
  if (webhooks?.subscribe && address)
    return { everyMs: webhooks.everyMs, address, run: () => webhooks.subscribe!(account, address) }
  if (notifications?.isSetUp(row.settings))
    return { everyMs: queueEveryMs, address: null, run: () => notifications.subscribe(account) }
  return undefined
}

/** At going live, whenever it is due, and when our address changed. A subscription is a write: only a live account makes one. */
export async function subscribeNotifications(ctx: Context, work: AccountAtWork): Promise<void> {
  const { row } = work
  const subscribing = row.stage === 'live' ? subscribingOf(ctx, work) : undefined
  if (!subscribing) return
  const { address, everyMs } = subscribing
  const before = await getHealth(ctx.db, row.id)
  const began = ctx.clock.now()
  if (before?.subscribe_at && before.subscribe_at > began && before.address === address) return
  let topics: HealthRow['topics'] = null
  let error: ChannelError | null = null
  try {
    topics = await subscribing.run()
  } catch (failed) {
    error = asFailure(failed)
  }
  const now = ctx.clock.now()
  const failed = topics?.filter((one) => one.state === 'failed').map((one) => one.topic) ?? []
  const isRefused = failed.length > 0 || (error !== null && error.kind !== 'unavailable' && error.kind !== 'throttled')
  const waitMs =
    error === null && failed.length === 0
      ? everyMs
      : Math.min(everyMs, isRefused ? retryMs.refused : retryMs.unanswered)
  const nextAt = error?.retryAt ?? new Date(now.getTime() + waitMs)
  const failure = error && { code: error.code, message: error.message }
  const subject = `account:${row.id}:subscriptions`
  await ctx.db.transaction(async (tx) => {
    await saveSubscriptions(tx, row.id, { address, topics, failure, nextAt }, now)
    if (!error && failed.length === 0) return await resolve(tx, 'subscribing_failing', [subject], now)
    const data = { account: row.name, topics: error ? error.code : failed.join(', ') }
    const about = { severity: 'warning' as const, accountId: row.id, subject }
    await raise(tx, [{ ...about, code: 'subscribing_failing', data }], now, ctx.newId)
  })
}

export function asFailure(failed: unknown): ChannelError {
  if (isChannelError(failed)) return failed
  if (failed instanceof WireError) return new ChannelError('unavailable', failed.kind, failed.message)
  throw failed
}
