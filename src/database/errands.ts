/** What channels must be told once: errands with their lines. */
import type { Errand, ErrandKind, ErrandState } from '../domain/errands.ts'
import type { Sql } from './pool.ts'

export interface ErrandRow extends Errand {
  id: string
  accountId: string
  orderId: string
  kind: ErrandKind
  reference: string
  target: string | null
  payload: unknown
  effectId: string | null
}

export interface ErrandLine {
  orderLineId: string
  quantity: number
  amount: number | null
}

export interface NewErrand {
  id: string
  accountId: string
  orderId: string
  kind: ErrandKind
  reference: string
  target: string | null
  payload: unknown
  state: ErrandState
  dueAt: Date | null
  /** Of those due, the earliest goes first; absent: after all that have one. */
  deadlineAt?: Date
  cause: string
  lines: readonly ErrandLine[]
}

interface Raw {
  id: string
  account_id: string
  order_id: string
  kind: ErrandKind
  reference: string
  target: string | null
  payload: unknown
  state: ErrandState
  due_at: Date | null
  attempts: number
  left_at: Date | null
  absences: number
  failures: number
  doubt: Errand['doubt']
  problem_code: string | null
  problem_message: string | null
  remote_id: string | null
  effect_id: string | null
}

const toRow = (raw: Raw): ErrandRow => ({
  id: raw.id,
  accountId: raw.account_id,
  orderId: raw.order_id,
  kind: raw.kind,
  reference: raw.reference,
  target: raw.target,
  payload: raw.payload,
  state: raw.state,
  dueAt: raw.due_at,
  attempts: raw.attempts,
  leftAt: raw.left_at,
  absences: raw.absences,
  failures: raw.failures,
  doubt: raw.doubt,
  problem: raw.problem_code === null ? null : { code: raw.problem_code, message: raw.problem_message ?? '' },
  remoteId: raw.remote_id,
  effectId: raw.effect_id,
})

/** Answers whether it is new: the same cause makes one errand. */
export async function insertErrand(tx: Sql, errand: NewErrand, actor: string, now: Date): Promise<boolean> {
  const inserted = await tx.run(
    `insert into errands (id, account_id, order_id, kind, reference, target, payload, state, due_at, attempts, absences, failures, cause, actor, created_at, changed_at, deadline_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, 0, 0, $10, $11, $12, $12, $13) on conflict (account_id, kind, cause) do nothing`,
    [
      errand.id,
      errand.accountId,
      errand.orderId,
      errand.kind,
      errand.reference,
      errand.target,
      JSON.stringify(errand.payload),
      errand.state,
      errand.dueAt,
      errand.cause,
      actor,
      now,
      errand.deadlineAt ?? null,
    ],
  )
  if (inserted === 0) return false
  await tx.run(
    `insert into errand_lines (errand_id, order_line_id, quantity, amount)
     select $1, t.line, t.quantity, t.amount from unnest($2::uuid[], $3::bigint[], $4::bigint[]) as t(line, quantity, amount)`,
    [
      errand.id,
      errand.lines.map((line) => line.orderLineId),
      errand.lines.map((line) => line.quantity),
      errand.lines.map((line) => line.amount),
    ],
  )
  return true
}

/**
 * Of one order and kind the others wait while it is not known what became of one: else nobody could tell them apart.
 */
const mayAct = `(e.state <> 'waiting' or not exists (select 1 from errands b where b.order_id = e.order_id and b.kind = e.kind
  and b.account_id = e.account_id and b.id <> e.id and b.state in ('sent', 'unknown', 'undecided')))`

/** What is due for an account. */
export async function dueErrands(tx: Sql, accountId: string, now: Date, limit: number): Promise<string[]> {
  const rows = await tx.rows<{ id: string }>(
    `select e.id from errands e where e.account_id = $1 and e.due_at <= $2 and ${mayAct} order by e.deadline_at nulls last, e.due_at, e.id limit $3`,
    [accountId, now, limit],
  )
  return rows.map((row) => row.id)
}

/** Whether it still may act, in the transaction that would let it leave: another one of the order may be in doubt by now. */
export async function mayStillAct(tx: Sql, id: string): Promise<boolean> {
  return (await tx.one(`select 1 from errands e where e.id = $1 and ${mayAct}`, [id])) !== undefined
}

/** Those that never left, of an account. */
export async function lockWaitingErrands(tx: Sql, accountId: string): Promise<ErrandRow[]> {
  return (
    await tx.rows<Raw>(`select * from errands where account_id = $1 and state = 'waiting' order by id for update`, [
      accountId,
    ])
  ).map(toRow)
}

/** The channel takes no more of this kind until then: others of the kind need not try before. */
export async function holdKind(tx: Sql, accountId: string, kind: ErrandKind, until: Date): Promise<void> {
  await tx.run(
    `update errands set due_at = $3 where account_id = $1 and kind = $2 and state = 'waiting' and due_at < $3`,
    [accountId, kind, until],
  )
}

/** When the next one is due. */
export async function nextErrandAt(sql: Sql, accountId: string): Promise<Date | null> {
  const row = await sql.one<{ at: Date | null }>(
    `select min(e.due_at) as at from errands e where e.account_id = $1 and e.due_at is not null and ${mayAct}`,
    [accountId],
  )
  return row?.at ?? null
}

export async function hasSent(sql: Sql, accountId: string): Promise<boolean> {
  return (
    (await sql.one(`select 1 from errands where account_id = $1 and state = 'sent' limit 1`, [accountId])) !== undefined
  )
}

/** Those whose send was never noted as ended. */
export async function sentErrands(tx: Sql, accountId: string): Promise<ErrandRow[]> {
  return (
    await tx.rows<Raw>(`select * from errands where account_id = $1 and state = 'sent' order by id for update`, [
      accountId,
    ])
  ).map(toRow)
}

export async function lockErrand(tx: Sql, id: string): Promise<ErrandRow | undefined> {
  const row = await tx.one<Raw>('select * from errands where id = $1 for update', [id])
  return row && toRow(row)
}

export async function saveErrand(tx: Sql, errand: ErrandRow, now: Date): Promise<void> {
  await tx.run(
    `update errands set state = $2, due_at = $3, attempts = $4, left_at = $5, absences = $6, failures = $7, doubt = $8,
       problem_code = $9, problem_message = $10, remote_id = $11, effect_id = $12, changed_at = $13 where id = $1`,
    [
      errand.id,
      errand.state,
      errand.dueAt,
      errand.attempts,
      errand.leftAt,
      errand.absences,
      errand.failures,
      errand.doubt,
      errand.problem?.code ?? null,
      errand.problem?.message ?? null,
      errand.remoteId,
      errand.effectId,
      now,
    ],
  )
}

export interface ErrandOrder {
  remoteId: string
  account: string
  channel: string
  state: string
  marketplace: string | null
  placedAt: Date
  currency: string | null
  total: number | null
  lines: ErrandOrderLine[]
}

export interface ErrandOrderLine {
  id: string
  remoteId: string
  title: string
  quantity: number
  canceled: number
  unitPrice: number | null
  /** Of the errand; 0 where it does not name the line. */
  units: number
  amount: number
}

/** The order an errand is about, as it is known, with the errand's units beside its lines. */
export async function orderOfErrand(sql: Sql, errand: Pick<ErrandRow, 'id' | 'orderId'>): Promise<ErrandOrder> {
  const order = (await sql.one<Omit<ErrandOrder, 'lines'>>(
    `select o.remote_id as "remoteId", a.name as account, a.channel, o.state, o.marketplace, o.placed_at as "placedAt", o.currency, o.total
     from orders o join accounts a on a.id = o.account_id where o.id = $1`,
    [errand.orderId],
  ))!
  const lines = await sql.rows<ErrandOrderLine>(
    `select l.id, l.remote_id as "remoteId", l.title, l.quantity, l.canceled, l.unit_price as "unitPrice",
       coalesce(e.quantity, 0) as units, coalesce(e.amount, 0) as amount
     from order_lines l left join errand_lines e on e.order_line_id = l.id and e.errand_id = $2
     where l.order_id = $1 order by l.remote_id`,
    [errand.orderId, errand.id],
  )
  return { ...order, lines }
}

/** What other errands of the order are known as at the channel. */
export async function namesTaken(
  sql: Sql,
  errand: Pick<ErrandRow, 'id' | 'orderId' | 'kind' | 'accountId'>,
): Promise<Set<string>> {
  const rows = await sql.rows<{ remote_id: string }>(
    `select remote_id from errands where order_id = $1 and kind = $2 and account_id = $3 and id <> $4 and remote_id is not null`,
    [errand.orderId, errand.kind, errand.accountId, errand.id],
  )
  return new Set(rows.map((row) => row.remote_id))
}

/** Units of each line in errands of this kind that are not given up, and the money of them. */
export async function toldUnits(
  sql: Sql,
  orderId: string,
  kind: ErrandKind,
): Promise<Map<string, { units: number; open: number; amount: number }>> {
  const rows = await sql.rows<{ id: string; units: number; open: number; amount: number }>(
    `select l.order_line_id as id, sum(l.quantity)::bigint as units, coalesce(sum(l.amount), 0)::bigint as amount,
       coalesce(sum(l.quantity) filter (where e.state not in ('applied', 'untold')), 0)::bigint as open
     from errand_lines l join errands e on e.id = l.errand_id
     where e.order_id = $1 and e.kind = $2 and e.state <> 'dropped' group by 1`,
    [orderId, kind],
  )
  return new Map(rows.map(({ id, ...one }) => [id, one]))
}
