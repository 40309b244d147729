/** A person looked at the channel and says what became of an errand. */
import { lockErrand, saveErrand } from '../database/errands.ts'
import type { Sql } from '../database/pool.ts'
import { type Decision, decided, whyNot } from '../domain/errands.ts'
import { Problem } from '../domain/errors.ts'
import type { Context } from './context.ts'
import { noteErrand } from './note-errands.ts'

/** Refusals: `not_found`, `errand_closed`, `errand_under_way`, `errand_too_early`. Answers its order. */
export async function decideErrand(
  tx: Sql,
  ctx: Pick<Context, 'clock' | 'newId'>,
  id: string,
  decision: Decision,
  actor: string,
): Promise<string> {
  const now = ctx.clock.now()
  const errand = await lockErrand(tx, id)
  if (!errand) throw new Problem('not_found', { what: 'errand', id })
  const why = whyNot(errand, decision, now)
  if (why === 'closed') throw new Problem('errand_closed', { state: errand.state })
  if (why === 'under_way') throw new Problem('errand_under_way', { state: errand.state })
  if (why !== null) throw new Problem('errand_too_early', { until: why.toISOString() })
  const next = { ...errand, ...decided(errand, decision, now) }
  await saveErrand(tx, next, now)
  await noteErrand(tx, ctx, next, now)
  await tx.run(`insert into order_events (id, order_id, kind, data, at) values ($1, $2, 'decided', $3, $4)`, [
    ctx.newId(),
    errand.orderId,
    JSON.stringify({ errand: errand.kind, decision, by: actor }),
    now,
  ])
  return errand.orderId
}
