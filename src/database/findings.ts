/** What is wrong and waits for a person. One open finding per code and subject; it ends when its cause does. */
import type { NewId } from '../domain/values.ts'
import type { Sql } from './pool.ts'

export interface Finding {
  code: string
  severity: 'loss' | 'warning' | 'info'
  accountId: string | null
  /** What it is about: `variant:<sku>`, `order:<id>`, `slot:<id>`, `account:<id>`, `lent:<id>` (the variant). */
  subject: string
  /** Shown and logged: no secrets, no buyer data. */
  data: Record<string, unknown>
}

export async function raise(tx: Sql, findings: readonly Finding[], now: Date, newId: NewId): Promise<void> {
  if (findings.length === 0) return
  // One row per key: a statement may not touch the same row twice.
  const unique = [...new Map(findings.map((one) => [`${one.code} ${one.subject}`, one])).values()].sort((a, b) =>
    a.subject + a.code < b.subject + b.code ? -1 : 1,
  )
  const column = (pick: (finding: Finding) => unknown) => unique.map(pick)
  await tx.send(
    `insert into findings (id, code, severity, account_id, subject, data, first_at, last_at)
     select t.*, $7, $7 from unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::text[], $6::jsonb[]) as t(id, code, severity, account_id, subject, data)
     on conflict (code, subject) where resolved_at is null do update set last_at = $7, data = excluded.data, severity = excluded.severity`,
    [
      column(() => newId()),
      column((f) => f.code),
      column((f) => f.severity),
      column((f) => f.accountId),
      column((f) => f.subject),
      column((f) => JSON.stringify(f.data)),
      now,
    ],
  )
}

export async function resolve(tx: Sql, code: string, subjects: readonly string[], now: Date): Promise<void> {
  if (subjects.length === 0) return
  await tx.send('update findings set resolved_at = $3 where code = $1 and subject = any($2) and resolved_at is null', [
    code,
    subjects,
    now,
  ])
}

/**
 * A call of the account that began at `askedAt` was answered: what stopped it is over, and so is the failing of this stream.
 * A call that began before the account was stopped, with a token that was still good, proves nothing.
 */
export async function resolveStops(
  tx: Sql,
  accountId: string,
  failing: string | null,
  askedAt: Date,
  now: Date,
): Promise<void> {
  await tx.send(
    `update findings set resolved_at = $3 where resolved_at is null
       and (code = 'pull_failing' and subject = $2 or code = 'account_halted' and subject = $1 and last_at < $4)`,
    [`account:${accountId}`, failing && `account:${accountId}:${failing}`, now, askedAt],
  )
}

/** Ends "late sale" of what was said before `until`, once no slot that it was sold at is alarmed any more. */
export async function endLateSales(tx: Sql, until: Date, now: Date): Promise<void> {
  await tx.send(
    `update findings f set resolved_at = $2 where f.code = 'late_sale' and f.resolved_at is null and f.last_at <= $1
       and not exists (select 1 from order_lines l join stock_slots s on s.id = l.slot_id
         where 'order:' || l.order_id = f.subject and (s.claim_state->>'alarm')::boolean)`,
    [until, now],
  )
}
