/** Publishing rules as people see them: the list, why a slot shows what it shows, and what a change would do. */
import {
  noSettings,
  type PublishingRule,
  type Reason,
  type RuleScope,
  type RuleTarget,
  ruleBook,
  type ShowSettings,
  scopeKey,
  settingOf,
  wishOf,
} from '../../domain/publishing.ts'
import { atp, kitAtp } from '../kits.ts'
import type { Sql } from '../pool.ts'
import { allRules, rulesReaching, scopeConditions, slotsWithGoods } from '../publishing-rules.ts'
import { conditions, type Page, type PageQuery, readCursor, toPage } from './page.ts'

export interface ScopeView {
  account: string | null
  channel: string | null
  sku: string | null
  category: string | null
}

export interface RuleView extends ScopeView, ShowSettings {
  id: string
  accountId: string | null
  changedBy: string
  createdAt: string
  changedAt: string
}

const selectRules = `select r.id, a.name as account, r.account_id as "accountId", r.channel, v.sku, r.category, r.safety_units as "safetyUnits",
    r.safety_percent as "safetyPercent", r.cap, r.minimum, r.stop_below as "stopBelow", r.changed_by as "changedBy",
    r.created_at as "createdAt", r.changed_at as "changedAt"
  from publishing_rules r left join accounts a on a.id = r.account_id left join variants v on v.id = r.variant_id`

export async function listRules(
  db: Sql,
  filter: PageQuery & { q?: string | undefined; account?: string | undefined; id?: string | undefined },
): Promise<Page<RuleView>> {
  const where = conditions()
  if (filter.id) where.add('r.id = ?::uuid', filter.id)
  if (filter.q) where.add(`(v.sku ilike '%' || ? || '%' or r.category ilike '%' || ? || '%')`, filter.q)
  if (filter.account) where.add('(a.name = ? or a.id::text = ?)', filter.account)
  if (filter.cursor) where.add('r.id < ?::uuid', ...readCursor(filter.cursor, 1))
  const rows = await db.rows<Omit<RuleView, 'createdAt' | 'changedAt'> & { createdAt: Date; changedAt: Date }>(
    `${selectRules} ${where.where} order by r.id desc limit ${filter.limit + 1}`,
    where.values,
  )
  const page = toPage(rows, filter.limit, (row) => [row.id])
  const items = page.items.map((row) => ({
    ...row,
    createdAt: row.createdAt.toISOString(),
    changedAt: row.changedAt.toISOString(),
  }))
  return { ...page, items }
}

/** Changes that have not reached all of their slots yet. */
export async function rulesApplying(db: Sql): Promise<{ rules: number; slots: number; done: number } | null> {
  const row = (await db.one<{ rules: number; slots: number; done: number }>(
    `select count(*) as rules, coalesce(sum(total), 0)::bigint as slots, coalesce(sum(least(done, total)), 0)::bigint as done from publishing_passes`,
  ))!
  return row.rules === 0 ? null : row
}

export async function listCategories(db: Sql, query: PageQuery): Promise<Page<{ category: string; products: number }>> {
  const after = query.cursor ? readCursor(query.cursor, 1) : ['']
  const rows = await db.rows<{ category: string; products: number }>(
    `select category, sum(products)::bigint as products from (
       select category, count(*) as products from products where category is not null group by category
       union all select category, 0 from publishing_rules where category is not null) c
     where category > $1::text group by category order by category limit ${query.limit + 1}`,
    after,
  )
  return toPage(rows, query.limit, (row) => [row.category])
}

/** What of a slot the explanation needs; read in one statement, so that level and wish belong together. */
export interface ExplainableSlot {
  accountId: string
  channel: string
  variantId: string | null
  category: string | null
  unitsPerSale: number
  atp: number | null
  wish: number | null
  settings: ShowSettings
}

export interface Explanation {
  shows: number
  pending: boolean
  reasons: (Reason & { rule: (ScopeView & { id: string }) | null })[]
}

/** The steps from ATP to the wish of each slot, by the settings the slot has, with the rules they come from. */
export async function explain(db: Sql, slots: readonly ExplainableSlot[]): Promise<(Explanation | null)[]> {
  const targets = slots.filter((slot) => slot.wish !== null && slot.variantId !== null).map(targetOf)
  if (targets.length === 0) return slots.map(() => null)
  const rules = await rulesReaching(db, targets)
  const book = ruleBook(rules)
  const names = await namesOf(db, rules)
  return slots.map((slot) => {
    if (slot.wish === null || slot.variantId === null || slot.atp === null) return null
    const now = book.of(targetOf(slot))
    const { shows, reasons } = wishOf(slot.atp, slot.unitsPerSale, slot.settings)
    return {
      shows,
      pending: JSON.stringify(settingsIn(now.settings)) !== JSON.stringify(settingsIn(slot.settings)),
      reasons: reasons.map((reason) => {
        const setting = settingOf[reason.code]
        // A setting that a changed rule has not reached yet comes from no rule that still says so.
        const rule = setting && isSame(setting, now.settings, slot.settings) ? now.from[setting] : null
        return { ...reason, rule: (rule && names.get(rule)) || null }
      }),
    }
  })
}

const targetOf = (slot: ExplainableSlot): RuleTarget => ({
  accountId: slot.accountId,
  channel: slot.channel,
  variantId: slot.variantId!,
  category: slot.category,
})
const settingsIn = (one: ShowSettings) => [one.safetyUnits, one.safetyPercent, one.cap, one.minimum, one.stopBelow]

function isSame(setting: 'safety' | 'cap' | 'minimum' | 'stopBelow', a: ShowSettings, b: ShowSettings): boolean {
  if (setting === 'safety') return a.safetyUnits === b.safetyUnits && a.safetyPercent === b.safetyPercent
  return a[setting] === b[setting]
}

async function namesOf(db: Sql, rules: readonly PublishingRule[]): Promise<Map<string, ScopeView & { id: string }>> {
  if (rules.length === 0) return new Map()
  const rows = await db.rows<RuleView>(`${selectRules} where r.id = any($1::uuid[])`, [rules.map((rule) => rule.id)])
  return new Map(rows.map(({ id, account, channel, sku, category }) => [id, { id, account, channel, sku, category }]))
}

export interface RulePreview {
  slots: number
  changed: number
  toZero: number
  fromZero: number
  lower: number
  higher: number
  samples: { sku: string; account: string; from: number; to: number }[]
  /** How many of each account, by its id. */
  byAccount: Map<string, number>
}

const previewAtOnce = 5_000

/** The rules as they are, and as they would be if the one of this scope had these settings; without any, if there were none. */
function rulesWith(rules: readonly PublishingRule[], scope: RuleScope, settings: ShowSettings) {
  const others = rules.filter((rule) => scopeKey(rule) !== scopeKey(scope))
  const isEmpty = settingsIn(settings).every((value) => value === null)
  const after = ruleBook(isEmpty ? others : [...others, { ...noSettings, ...scope, ...settings, id: 'preview' }])
  return { before: ruleBook(rules), after }
}

/**
 * What changes if the rule of this scope had these settings; without any, if there were none. Both sides are computed
 * from the levels of now, so that only the rule makes the difference.
 */
export async function previewRule(db: Sql, scope: RuleScope, settings: ShowSettings): Promise<RulePreview> {
  const { before, after } = rulesWith(await allRules(db), scope, settings)
  const preview: RulePreview = {
    slots: 0,
    changed: 0,
    toZero: 0,
    fromZero: 0,
    lower: 0,
    higher: 0,
    samples: [],
    byAccount: new Map(),
  }
  for (let last: string | null = null; ; ) {
    const slots = await previewSlots(db, scope, last)
    for (const slot of slots) {
      const from = wishOf(slot.atp, slot.unitsPerSale, before.of(slot).settings).shows
      const to = wishOf(slot.atp, slot.unitsPerSale, after.of(slot).settings).shows
      note(preview, slot, from, to)
    }
    if (slots.length < previewAtOnce) return preview
    last = slots.at(-1)!.id
  }
}

export interface ChangedSlot extends RuleTarget {
  id: string
  sku: string
  account: string
  remoteSku: string
  /** The most it may show by its rules: as they are, and as they would be. */
  from: number
  to: number
}

export interface ChangedSlots {
  items: ChangedSlot[]
  nextCursor: string | null
  /** The settings that a slot would have. */
  settingsOf(target: RuleTarget): ShowSettings
}

/** The slots that such a rule changes, in pages. */
export async function changedSlots(
  db: Sql,
  scope: RuleScope,
  settings: ShowSettings,
  { cursor, limit }: PageQuery,
): Promise<ChangedSlots> {
  const { before, after } = rulesWith(await allRules(db), scope, settings)
  const items: ChangedSlot[] = []
  for (let last = cursor ? (readCursor(cursor, 1)[0] as string) : null; items.length <= limit; ) {
    const slots = await previewSlots(db, scope, last)
    for (const { atp: units, unitsPerSale, ...slot } of slots) {
      const from = wishOf(units, unitsPerSale, before.of(slot).settings).shows
      const to = wishOf(units, unitsPerSale, after.of(slot).settings).shows
      if (from !== to) items.push({ ...slot, from, to })
    }
    if (slots.length < previewAtOnce) break
    last = slots.at(-1)!.id
  }
  const shown = toPage(items.slice(0, limit + 1), limit, (slot) => [slot.id])
  return { ...shown, settingsOf: (target) => after.of(target).settings }
}

interface PreviewSlot extends RuleTarget {
  id: string
  sku: string
  account: string
  remoteSku: string
  unitsPerSale: number
  atp: number
}

async function previewSlots(db: Sql, scope: RuleScope, last: string | null): Promise<PreviewSlot[]> {
  const where = conditions()
  where.add('s.merchant_fulfilled')
  for (const [text, value] of scopeConditions(scope)) where.add(text, value)
  if (last) where.add('s.id > ?::uuid', last)
  return await db.rows<PreviewSlot>(
    `select s.id, s.account_id as "accountId", a.channel, a.name as account, s.remote_sku as "remoteSku", s.variant_id as "variantId", v.sku, d.category,
       s.units_per_sale as "unitsPerSale", greatest(${atp}, 0) as atp
     from ${slotsWithGoods} join pool_levels p on p.variant_id = s.variant_id ${kitAtp}
     ${where.where} order by s.id limit ${previewAtOnce}`,
    where.values,
  )
}

function note(preview: RulePreview, slot: PreviewSlot, from: number, to: number): void {
  preview.slots += 1
  if (from === to) return
  preview.changed += 1
  preview.byAccount.set(slot.accountId, (preview.byAccount.get(slot.accountId) ?? 0) + 1)
  if (to === 0) preview.toZero += 1
  if (from === 0) preview.fromZero += 1
  if (to < from) preview.lower += 1
  else preview.higher += 1
  if (preview.samples.length < 5) preview.samples.push({ sku: slot.sku, account: slot.account, from, to })
}
