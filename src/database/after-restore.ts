/** What a restored database must not believe: who owns what, what is under way, and what channels show. */
import { notYet } from '../domain/claims.ts'
import { countJoined } from './claims.ts'
import type { Sql } from './pool.ts'
import { forgetBasis } from './store-stock.ts'

/**
 * Between the backup and now another process may have taken leases, spent allowances and written quantities. Counts
 * that must never go back jump ahead by the clock, so that two restores of one backup do not count the same twice.
 */
export async function forgetWhatMayBeStale(tx: Sql, now: Date, strayLifeMs: number): Promise<void> {
  const ahead = Math.floor(now.getTime() / 1_000)
  await tx.run(
    `insert into leases (account_id, holder, epoch, expires_at, released) select id, 'restore', $2, $1, true from accounts
     on conflict (account_id) do update set holder = 'restore', epoch = greatest(leases.epoch, $2) + 1, expires_at = $1, released = true`,
    [now, ahead],
  )
  // Nobody knows what was spent since; a token may have been replaced.
  await tx.run('update budgets set tokens = 0, refilled_at = $1', [now])
  await tx.run('delete from tokens')
  await tx.run('delete from sessions')
  await tx.run('delete from setup_links')
  await tx.run(
    `update effects e set outcome = 'unknown', outcome_at = $1 where outcome is null
       and not exists (select 1 from feed_lines l where l.effect_id = e.id)`,
    [now],
  )
  // A feed that was about to leave then may have left: its slots wait until no feed of that time is unfinished.
  await tx.run(
    `update feeds set state = 'lost', left_at = begun_at, ask_at = $1, overdue_at = $1 where state in ('preparing', 'leaving')`,
    [new Date(now.getTime() + strayLifeMs)],
  )
  // What the backup knows as waiting may have been told since: it is read back before it leaves, or a person says.
  await tx.run(
    `update errands set state = 'unknown', doubt = 'lost', absences = 0, left_at = $1, due_at = $2, changed_at = $1 where state in ('waiting', 'sent')`,
    [now, new Date(now.getTime() + strayLifeMs)],
  )
  // Orders since the backup lie behind the saved cursors: they are asked for at once.
  await tx.run('update cursors set next_at = $1, failed_at = null, failures = 0, failure = null', [now])
  await tx.run('update accounts set look_again_at = $1', [now])
  // What the store and we changed since the backup cannot be told apart: its levels begin anew.
  for (const { id } of await tx.rows<{ id: string }>('select id from accounts')) await forgetBasis(tx, id)
  await doubtSlots(tx, now, ahead, strayLifeMs)
}

/**
 * As after a take-over: a number on a channel is unknown until it is read, and is raised only when the orders up to that
 * reading are known. A store ignores versions it has seen, so the next one must be newer than any that was sent.
 */
async function doubtSlots(tx: Sql, now: Date, ahead: number, strayLifeMs: number): Promise<void> {
  await tx.run(
    `update stock_slots set version = greatest(version, $2) + 1,
       live_value = null, live_version = null, live_expected = null, live_sent_at = null, live_accepted_at = null, live_sales = 0,
       confirmed_value = null, confirmed_version = null, confirmed_at = null, hold_until = $1, read_due_at = null, retry_at = null,
       claim = null, settle_at = null,
       claim_state = jsonb_build_object('doubtedUntil', case when feed_id is null then $3::bigint else $4::bigint end),
       urgency = case when wish = 0 then 0 else 3 end`,
    // Whatever was under way, also what the backup does not know of, has landed by then or never will.
    [now, ahead, now.getTime() + strayLifeMs, notYet],
  )
  const levels = await tx.rows<{ id: string }>('select variant_id as id from pool_levels order by variant_id')
  for (let from = 0; from < levels.length; from += levelsAtOnce)
    await countJoined(
      tx,
      levels.slice(from, from + levelsAtOnce).map((one) => one.id),
    )
}

const levelsAtOnce = 10_000

/** Where the ledger does not add up; empty in a sound database (P-1, P-2, P-3). */
export async function brokenSums(sql: Sql): Promise<{ promise: string; what: string }[]> {
  return await sql.rows(
    `select 'P-1' as promise, v.sku as what from pool_levels p join variants v on v.id = p.variant_id
       where p.reserved + p.allocated > p.on_hand - p.unsellable
     union all
     select 'P-2', remote_id from orders group by account_id, remote_id having count(*) > 1
     union all
     select 'P-3', v.sku from pool_levels p join variants v on v.id = p.variant_id
       left join (select variant_id, sum(on_hand) oh, sum(unsellable) un, sum(reserved) re, sum(allocated) al, sum(short) sh
         from stock_movements group by 1) m on m.variant_id = p.variant_id
       where (p.on_hand, p.unsellable, p.reserved, p.allocated, p.short)
         is distinct from (coalesce(m.oh, 0), coalesce(m.un, 0), coalesce(m.re, 0), coalesce(m.al, 0), coalesce(m.sh, 0))
     union all
     select 'P-3 places', v.sku from variants v join pool_levels p on p.variant_id = v.id
       left join (select variant_id, sum(on_hand) oh from stock_levels group by 1) s on s.variant_id = v.id
       where p.on_hand <> coalesce(s.oh, 0)
     union all
     select 'P-3 promises', v.sku from variants v join pool_levels p on p.variant_id = v.id
       left join (select variant_id, sum(quantity - short) re, sum(short) sh from reservation_lines group by 1) r on r.variant_id = v.id
       where (p.reserved, p.short) is distinct from (coalesce(r.re, 0), coalesce(r.sh, 0))
     order by 1, 2 limit 20`,
  )
}
