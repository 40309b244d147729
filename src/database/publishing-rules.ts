/** Publishing rules, and the settings that hold for a slot, kept with the slot for orders and checkouts. */
import {
  type PublishingRule,
  type RuleScope,
  type RuleTarget,
  ruleBook,
  type ShowSettings,
} from '../domain/publishing.ts'
import type { Sql } from './pool.ts'

export interface RawRule {
  id: string
  account_id: string | null
  channel: string | null
  variant_id: string | null
  category: string | null
  safety_units: number | null
  safety_percent: number | null
  cap: number | null
  minimum: number | null
  stop_below: number | null
}

const toRule = (row: RawRule): PublishingRule => ({
  id: row.id,
  accountId: row.account_id,
  channel: row.channel,
  variantId: row.variant_id,
  category: row.category,
  safetyUnits: row.safety_units,
  safetyPercent: row.safety_percent,
  cap: row.cap,
  minimum: row.minimum,
  stopBelow: row.stop_below,
})

export async function allRules(db: Sql): Promise<PublishingRule[]> {
  return (await db.rows<RawRule>('select * from publishing_rules')).map(toRule)
}

/** The rules that reach at least one of these slots, and some that do not. */
export async function rulesReaching(db: Sql, targets: readonly RuleTarget[]): Promise<PublishingRule[]> {
  const pick = (of: (target: RuleTarget) => string | null) =>
    [...new Set(targets.map(of))].filter((one) => one !== null)
  const rows = await db.rows<RawRule>(
    `select * from publishing_rules
     where (account_id is null or account_id = any($1::uuid[])) and (channel is null or channel = any($2::text[]))
       and (variant_id is null or variant_id = any($3::uuid[])) and (category is null or category = any($4::text[]))`,
    [
      pick((one) => one.accountId),
      pick((one) => one.channel),
      pick((one) => one.variantId),
      pick((one) => one.category),
    ],
  )
  return rows.map(toRule)
}

const settingsOf = (rule: ShowSettings) => [
  rule.safetyUnits,
  rule.safetyPercent,
  rule.cap,
  rule.minimum,
  rule.stopBelow,
]

/** False where the scope has a rule already. */
export async function insertRule(tx: Sql, rule: PublishingRule, by: string, now: Date): Promise<boolean> {
  const added = await tx.run(
    `insert into publishing_rules (id, account_id, channel, variant_id, category, safety_units, safety_percent, cap, minimum, stop_below,
       changed_by, created_at, changed_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12) on conflict on constraint publishing_rules_scope do nothing`,
    [rule.id, rule.accountId, rule.channel, rule.variantId, rule.category, ...settingsOf(rule), by, now],
  )
  return added === 1
}

export async function lockRule(tx: Sql, id: string): Promise<PublishingRule | undefined> {
  const row = await tx.one<RawRule>('select * from publishing_rules where id = $1 for update', [id])
  return row && toRule(row)
}

export async function updateRule(tx: Sql, id: string, settings: ShowSettings, by: string, now: Date): Promise<void> {
  await tx.run(
    `update publishing_rules set safety_units = $2, safety_percent = $3, cap = $4, minimum = $5, stop_below = $6,
       changed_by = $7, changed_at = $8 where id = $1`,
    [id, ...settingsOf(settings), by, now],
  )
}

export async function deleteRule(tx: Sql, id: string): Promise<void> {
  await tx.run('delete from publishing_rules where id = $1', [id])
}

/** Held shared by whoever gives slots their settings, until it commits; see `nobodyUsesOlderRules`. */
const usingRules = 736_002

/**
 * True where every transaction that read rules before this moment has ended. It tries and never waits, so that nobody
 * who holds the lock shared, with rows locked beside it, ever queues behind it.
 */
export async function nobodyUsesOlderRules(tx: Sql): Promise<boolean> {
  const row = await tx.one<{ free: boolean }>('select pg_try_advisory_xact_lock($1) as free', [usingRules])
  return row?.free === true
}

/**
 * Writes the settings that hold for these slots, by the rules of this moment, and answers them by slot. It sets no
 * wish. Called with the slots locked, by id: the update here would lock them in any order.
 */
export async function applyRules(tx: Sql, slotIds: readonly string[]): Promise<Map<string, ShowSettings>> {
  if (slotIds.length === 0) return new Map()
  await tx.rows('select pg_advisory_xact_lock_shared($1)', [usingRules])
  const slots = await tx.rows<RuleTarget & { id: string }>(
    `select s.id, s.account_id as "accountId", a.channel, s.variant_id as "variantId", p.category
     from stock_slots s join accounts a on a.id = s.account_id join variants v on v.id = s.variant_id join products p on p.id = v.product_id
     where s.id = any($1::uuid[]) order by s.id`,
    [slotIds],
  )
  const book = ruleBook(await rulesReaching(tx, slots))
  const rows = slots.map((slot) => ({ id: slot.id, settings: book.of(slot).settings }))
  const column = (index: number) => rows.map((row) => settingsOf(row.settings)[index])
  await tx.run(
    `update stock_slots s set show_safety_units = t.units, show_safety_percent = t.percent, show_cap = t.cap, show_minimum = t.minimum,
       show_stop_below = t.below
     from unnest($1::uuid[], $2::bigint[], $3::int[], $4::bigint[], $5::bigint[], $6::bigint[]) as t(id, units, percent, cap, minimum, below)
     where s.id = t.id and (s.show_safety_units, s.show_safety_percent, s.show_cap, s.show_minimum, s.show_stop_below)
       is distinct from (t.units, t.percent, t.cap, t.minimum, t.below)`,
    [rows.map((row) => row.id), column(0), column(1), column(2), column(3), column(4)],
  )
  return new Map(rows.map((row) => [row.id, row.settings]))
}

/** Slots that a scope reaches, as a condition over `s` (slot), `a` (account), `d` (product); `?` as in `conditions`. */
export function scopeConditions(scope: RuleScope & { productId?: string | null }): [text: string, value: string][] {
  const all: [string, string | null | undefined][] = [
    ['s.account_id = ?::uuid', scope.accountId],
    ['a.channel = ?::text', scope.channel],
    ['s.variant_id = ?::uuid', scope.variantId],
    ['d.category = ?::text', scope.category],
    ['d.id = ?::uuid', scope.productId],
  ]
  return all.filter((one): one is [string, string] => typeof one[1] === 'string')
}

export const slotsWithGoods = `stock_slots s join accounts a on a.id = s.account_id join variants v on v.id = s.variant_id
  join products d on d.id = v.product_id`
