/** Takes what waits in the seller's queue into the inbox: stored first, acknowledged after. */
import { clearFailure, getCursor } from '../database/accounts.ts'
import { resolve } from '../database/findings.ts'
import { isChannelError } from '../domain/errors.ts'
import type { AccountAtWork, Context } from './context.ts'
import type { NotificationDesk } from './notification-desk.ts'
import { pullFailed } from './pull-orders.ts'

export const queueStream = 'notifications'

/** A queue answers as soon as something comes; a call must end well before its own deadline. */
const waitMs = 5_000

export interface QueueRead {
  messages: number
  /** After a failure: not before this moment again. */
  notBefore: Date | null
}

export async function readQueue(ctx: Context, work: AccountAtWork, desk: NotificationDesk): Promise<QueueRead> {
  const { row, account, connector } = work
  const capability = connector.notifications
  if (!capability?.isSetUp(row.settings)) return { messages: 0, notBefore: null }
  try {
    const messages = await capability.read(account, waitMs)
    await Promise.all(
      messages.map(({ verdict }) =>
        verdict.kind === 'accepted' ? desk.take({ id: row.id, name: row.name }, verdict) : null,
      ),
    )
    // What is no notification would come again for ever.
    if (messages.length > 0)
      await capability.acknowledge(
        account,
        messages.map((one) => one.receipt),
      )
    const now = ctx.clock.now()
    if ((await clearFailure(ctx.db, row.id, queueStream, now)) > 0)
      await resolve(ctx.db, 'pull_failing', [`account:${row.id}:${queueStream}`], now)
    return { messages: messages.length, notBefore: null }
  } catch (error) {
    if (!isChannelError(error)) throw error
    const failures = (await getCursor(ctx.db, row.id, queueStream))?.failures ?? 0
    return { messages: 0, notBefore: await pullFailed(ctx, work, queueStream, error, failures) }
  }
}
