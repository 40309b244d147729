/** What an account's notifications need now and then: their subscriptions, and a judgment of how well they arrive. */
import type { AccountAtWork, Context } from './context.ts'
import { judgeNotifications } from './judge-notifications.ts'
import { subscribeNotifications } from './subscribe-notifications.ts'

/** How often it is looked whether there is something to do. */
const everyMs = { judge: 60_000, subscribe: 30_000 }

export interface Keeping {
  step(): Promise<void>
}

export function createKeeping(ctx: Context, work: AccountAtWork): Keeping {
  const { connector } = work
  const tells = connector.webhooks !== undefined || connector.notifications !== undefined
  const next = { judge: 0, subscribe: 0 }
  let address = ctx.publicUrl
  let stage = work.row.stage
  return {
    async step() {
      if (!tells) return
      const now = ctx.clock.now().getTime()
      // Going live, or another address, waits for nothing.
      if (now >= next.subscribe || address !== ctx.publicUrl || stage !== work.row.stage) {
        next.subscribe = now + everyMs.subscribe
        address = ctx.publicUrl
        stage = work.row.stage
        await subscribeNotifications(ctx, work)
      }
      if (now < next.judge) return
      next.judge = now + everyMs.judge
      await judgeNotifications(ctx, work)
    },
  }
}
