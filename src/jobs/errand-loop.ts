/** Tells one account's channel what is due, while its lease is held. */
import { planAcknowledgements, watchDeadlines } from '../operations/acknowledge-orders.ts'
import type { AccountAtWork, Context } from '../operations/context.ts'
import { dispatchOrders } from '../operations/dispatch-orders.ts'
import { followCopies } from '../operations/follow-copies.ts'
import { sendErrands } from '../operations/send-errands.ts'
import { planCopies } from '../operations/write-through.ts'
import type { createSignal } from './wait.ts'

/** Whoever makes an errand wakes the loop; this is for what was made elsewhere. */
const errandIdleMs = 5_000
/** Looking for orders to copy costs a few statements. */
const copiesEveryMs = 2_000
/** Deadlines are hours. */
const deadlinesEveryMs = 60_000

/** How a fault of ours is shown, and ended. */
interface Failing {
  end(): Promise<void>
  note(loop: string, error: unknown): Promise<void>
}

/** Acknowledgements, shipments, cancellations, refunds, copies, dispatches. A turn that broke off is read back by the next. */
export async function errandLoop(
  ctx: Context,
  work: AccountAtWork,
  signal: ReturnType<typeof createSignal>,
  idleMs: number,
  failing: Failing,
): Promise<void> {
  let copiesAt = 0
  let deadlinesAt = 0
  const isStopping = () => signal.stopped
  while (!signal.stopped) {
    try {
      const now = ctx.clock.now().getTime()
      if (copiesAt <= now) {
        copiesAt = now + copiesEveryMs
        await planCopies(ctx, work)
        await followCopies(ctx, work, isStopping)
        await planAcknowledgements(ctx, work)
      }
      // What channels are to ship for the own store is handed out first, so that it leaves in the same turn.
      try {
        await dispatchOrders(ctx, work, isStopping)
      } catch (error) {
        await failing.note('dispatches', error)
      }
      if (deadlinesAt <= now) {
        deadlinesAt = now + deadlinesEveryMs
        await watchDeadlines(ctx, work)
      }
      const { done, nextAt } = await sendErrands(ctx, work, isStopping)
      await failing.end()
      const waitMs = nextAt ? nextAt.getTime() - ctx.clock.now().getTime() : errandIdleMs
      if (done === 0) await signal.wait(Math.max(idleMs, Math.min(errandIdleMs, waitMs)))
    } catch (error) {
      await failing.note('errands', error)
      await signal.wait(2_000)
    }
  }
}
