/**
 * All slots against what they should show, set-based: the database passes over the variants whose slots are surely right
 * (domain/at-rest.ts) and names the others, which are planned by the rules. Nothing is locked.
 */
import { type RestNumbers, restNumbers } from '../domain/at-rest.ts'
import type { ShowSettings } from '../domain/publishing.ts'
import { type CopySession, literal } from './copy.ts'
import type { Sql } from './pool.ts'

/** What of an account decides about its slots. */
export interface RestAccount {
  id: string
  /** Live or paused: nobody else writes its quantities. */
  isOurs: boolean
  /** Its slots may be written now; others stay as they are. */
  isPlaying: boolean
  refillHours: number
  /** What a slot of it needs that never sold. */
  newNeed: number
  /** The publishing settings that hold for its slots, by category; null for all categories without a rule of their own. */
  settings: readonly { category: string | null; shows: ShowSettings }[]
}

export interface RestOptions {
  accounts: readonly RestAccount[]
  /** There are publishing rules for variants of their own: those are planned. */
  hasVariantRules: boolean
  /** Categories with rules of their own. */
  categories: readonly string[]
}

const available = 'p.on_hand - p.unsellable - p.reserved - p.allocated - p.short'
const settings = ['safety_units', 'safety_percent', 'cap', 'minimum', 'stop_below'] as const

/** `wishOf` in domain/publishing.ts, of slot `s` and level `p`. Steps stand in each other, for a plain slot has none of them. */
export function limitOf(hasRules: boolean): string {
  const units = `greatest(${available}, 0)`
  const plain = `${units} / s.units_per_sale`
  if (!hasRules) return plain
  const kept = `least(${units}, greatest(coalesce(s.show_safety_units, 0), (${units} * coalesce(s.show_safety_percent, 0) + 99) / 100))`
  return `case when num_nulls(${settings.map((one) => `s.show_${one}`).join(', ')}) = ${settings.length} then ${plain} else (
    select case when stopped > s.show_cap then s.show_cap else stopped end
    from (select (${units} - ${kept}) / s.units_per_sale as left_over, least(coalesce(s.show_minimum, 0), ${plain}) as least_shown offset 0) one,
      lateral (select case when left_over > 0 and left_over < least_shown then least_shown else left_over end as raised offset 0) two,
      lateral (select case when raised > 0 and raised < coalesce(s.show_stop_below, 0) then 0 else raised end as stopped offset 0) three) end`
}

/** `neededUnits` in domain/guard.ts, or a little more; null where it is too much to look up. */
function needOf(numbers: RestNumbers): string {
  const { steps, rounding, largerChance, floorSales, floorSeveral } = numbers
  const several = `least(0.9999, ${rounding} * (s.demand_several + ${floorSeveral}) / (s.demand_sales + ${floorSales}))`
  return `case when s.demand_per_hour is null then a.new_need else
    nullif(width_bucket(s.demand_per_hour * a.refill_hours, '{${steps.join(',')}}'::float8[]), ${steps.length})
    + greatest(1, ceil(${rounding} * ln(${largerChance}::float8) / ln(${several}))) end`
}

/** True of a slot that planning would surely leave as it is, for its part. Anything but true: it is planned. */
function isAtRest({ hasVariantRules, accounts, categories }: RestOptions): string {
  const hasRules = hasVariantRules || accounts.some((one) => one.settings.some(({ shows }) => isSet(shows)))
  const limit = limitOf(hasRules)
  const stored = settings.map((one) => `s.show_${one}`).join(', ')
  const wanted = settings.map((one) => `a.${one}`).join(', ')
  const byRules = hasRules || categories.length > 0 ? `(${stored}) is not distinct from (${wanted})` : undefined
  const conditions = [
    'not s.waits',
    // One function for all of them costs four million calls.
    byRules ?? settings.map((one) => `s.show_${one} is null`).join(' and '),
    ...(hasVariantRules
      ? ['s.variant_id not in (select variant_id from publishing_rules where variant_id is not null)']
      : []),
    `case when a.is_ours and s.merchant_fulfilled then s.live_value is null and s.wish = s.confirmed_value
       and case p.mode
         when 'guarded' then s.claim_state is null and s.claim >= s.wish and p.unknown_claims = 0 and p.claimed <= ${available}
           and s.wish <= ${limit} and (not a.is_playing or s.wish = ${limit} or s.wish >= ${needOf(restNumbers())})
         when 'shared' then coalesce(s.claim >= s.wish, true) and s.wish = ${limit}
         else false end
     else s.wish is not distinct from case when s.merchant_fulfilled then ${limit} end end`,
  ]
  return conditions.join('\n and ')
}

const isSet = (shows: ShowSettings) => Object.values(shows).some((one) => one !== null)

const literalOf = (one: string | number | boolean | null, type: string) =>
  `${typeof one === 'string' ? literal(one) : one}::${type}`

function accountsTable(accounts: readonly RestAccount[]): string {
  const rows = accounts.flatMap(({ id, isOurs, isPlaying, refillHours, newNeed, settings: all }) =>
    all.map(({ category, shows }) => {
      const { safetyUnits, safetyPercent, cap, minimum, stopBelow } = shows
      const values = [safetyUnits, safetyPercent, cap, minimum, stopBelow].map((one) => literalOf(one, 'bigint'))
      return `(${literalOf(id, 'uuid')}, ${isOurs}, ${isPlaying}, ${literalOf(refillHours, 'float8')}, ${newNeed}, ${literalOf(category ?? '', 'text')}, ${values.join(', ')})`
    }),
  )
  return `(values ${rows.join(', ')}) a (id, is_ours, is_playing, refill_hours, new_need, category, ${settings.join(', ')})`
}

/** Hashing a million levels in the few megabytes that a statement has otherwise would write them all to disk first. */
const workMemory = '64MB'

/** All that planning a variant asks of it and its slots, but for its id: many variants are alike. As text, read by `poolOf` and `slotsOf`. */
export interface Shape {
  variantId: string
  pool: string
  /** A line a slot, in their order by id. */
  slots: string
}

export interface PoolShape {
  available: number
  claimed: number
  unknownClaims: number
  mode: string
  category: string | null
}

export interface SlotShape {
  accountId: string
  wish: number | null
  waits: boolean
  live: number | null
  confirmed: number | null
  claim: number | null
  claimState: Record<string, unknown> | null
  demand: Record<string, number> | null
  unitsPerSale: number
  merchantFulfilled: boolean | null
  /** As they stand with the slot. */
  shows: ShowSettings
}

const nothing = '\\N'
const numberOf = (text: string) => (text === nothing ? null : Number(text))
const flagOf = (text: string) => (text === nothing ? null : text === 't')
const documentOf = (text: string) => (text === nothing ? null : JSON.parse(text))
/** COPY puts a backslash before what would end a field. */
const textOf = (text: string) =>
  text === nothing ? null : text.replaceAll(/\\(.)/g, (_, one: string) => ({ t: '\t', n: '\n', r: '\r' })[one] ?? one)

export function poolOf({ pool }: Shape): PoolShape {
  const [available, claimed, unknown, mode, category] = pool.split('\t') as [string, string, string, string, string]
  return {
    available: Number(available),
    claimed: Number(claimed),
    unknownClaims: Number(unknown),
    mode,
    category: textOf(category),
  }
}

export function slotsOf({ slots }: Shape): SlotShape[] {
  return slots.split('\n').map((line) => {
    const fields = line.split('\t')
    const at = (index: number) => fields[index]!
    return {
      accountId: at(0),
      wish: numberOf(at(1)),
      waits: at(2) === 't',
      live: numberOf(at(3)),
      confirmed: numberOf(at(4)),
      claim: numberOf(at(5)),
      claimState: documentOf(at(6)),
      demand: documentOf(at(7)),
      unitsPerSale: Number(at(8)),
      merchantFulfilled: flagOf(at(9)),
      shows: {
        safetyUnits: numberOf(at(10)),
        safetyPercent: numberOf(at(11)),
        cap: numberOf(at(12)),
        minimum: numberOf(at(13)),
        stopBelow: numberOf(at(14)),
      },
    }
  })
}

const shows = settings.map((one) => `s.show_${one}`).join(', ')

/**
 * The variants whose slots may have to show something else, with all that planning asks of them; none of a kit or of its
 * parts. One statement, so one moment; some variants at a time.
 */
export async function* shapesNotAtRest(session: CopySession, options: RestOptions): AsyncGenerator<Shape[]> {
  if (options.accounts.length === 0) return
  await session.run(`set local work_mem = '${workMemory}'`)
  // Workers share the pass over all slots; what they hand over is little.
  await session.run('set local parallel_setup_cost = 0')
  await session.run('set local parallel_tuple_cost = 0')
  const byCategory = options.categories.length > 0
  const category = `case when d.category in (${options.categories.map(literal).join(', ')}) then d.category else '' end`
  const product = byCategory ? 'join variants v on v.id = s.variant_id join products d on d.id = v.product_id' : ''
  // Asked for first: a condition on what is hardly ever there keeps the pass to one worker.
  const { hasKits, hasLent } = (await session.one<{ hasKits: boolean; hasLent: boolean }>(
    `select exists (select 1 from kit_parts) as "hasKits", exists (select 1 from locations where kind = 'lent') as "hasLent"`,
  ))!
  const notInKits = hasKits
    ? 'and s.variant_id not in (select kit_id from kit_parts union all select variant_id from kit_parts)'
    : ''
  // What a channel lends is no number of the variant alone: the caller plans those.
  const notLent = hasLent
    ? `and s.variant_id not in (select v.variant_id from locations p join stock_levels v on v.location_id = p.id and v.on_hand > 0 where p.kind = 'lent')`
    : ''
  const found = `select distinct s.variant_id from stock_slots s
      left join pool_levels p on p.variant_id = s.variant_id ${product}
      join ${accountsTable(options.accounts)} on a.id = s.account_id ${byCategory ? `and a.category = ${category}` : ''}
    where s.variant_id is not null ${notInKits} ${notLent} and (${isAtRest(options)}) is not true`
  const lines = session.lines(
    `select s.variant_id, coalesce(${available}, 0), coalesce(p.claimed, 0), coalesce(p.unknown_claims, 0), coalesce(p.mode, 'guarded'),
       ${byCategory ? 'd.category' : 'null::text'}, s.account_id, s.wish, s.waits, s.live_value, s.confirmed_value, s.claim, s.claim_state, s.demand,
       s.units_per_sale, s.merchant_fulfilled, ${shows}
     from (${found}) found
       left join pool_levels p on p.variant_id = found.variant_id
       -- Looked up one by one, so that the slots of a variant stand together without sorting all of them.
       cross join lateral (select * from stock_slots s where s.variant_id = found.variant_id order by s.id offset 0) s ${product}`,
  )
  let last: Shape | undefined
  for await (const some of lines) {
    const shapes: Shape[] = []
    for (const line of some) {
      const [variantId, pool, slot] = fieldsOf(line)
      if (last?.variantId === variantId) last.slots += `\n${slot}`
      else {
        if (last) shapes.push(last)
        last = { variantId, pool, slots: slot }
      }
    }
    yield shapes
  }
  if (last) yield [last]
}

/** The fields of a variant stand before those of its slot. */
function fieldsOf(line: string): [string, string, string] {
  const first = line.indexOf('\t')
  let end = first
  for (let field = 0; field < poolFields; field += 1) end = line.indexOf('\t', end + 1)
  return [line.slice(0, first), line.slice(first + 1, end), line.slice(end + 1)]
}
const poolFields = 5

/** Kits and their parts, in sets that have nothing to do with each other. */
export async function kitSets(sql: Sql): Promise<string[][]> {
  const rows = await sql.rows<{ kit: string; part: string }>(
    'select kit_id as kit, variant_id as part from kit_parts order by kit_id, variant_id',
  )
  const leader = new Map<string, string>()
  const find = (id: string): string => {
    const up = leader.get(id) ?? id
    return up === id ? id : find(up)
  }
  for (const { kit, part } of rows) leader.set(find(part), find(kit))
  const ids = [...new Set(rows.flatMap(({ kit, part }) => [kit, part]))]
  return [...Map.groupBy(ids, find).values()]
}

export async function slotIdsOf(sql: Sql, variantIds: readonly string[]): Promise<string[]> {
  const rows = await sql.rows<{ id: string }>('select id from stock_slots where variant_id = any($1::uuid[])', [
    variantIds,
  ])
  return rows.map((row) => row.id)
}

export async function categoriesOf(sql: Sql, variantIds: readonly string[]): Promise<Map<string, string | null>> {
  const rows = await sql.rows<{ id: string; category: string | null }>(
    'select v.id, d.category from variants v join products d on d.id = v.product_id where v.id = any($1::uuid[])',
    [variantIds],
  )
  return new Map(rows.map((row) => [row.id, row.category]))
}

export async function skusOf(sql: Sql, variantIds: readonly string[]): Promise<string[]> {
  if (variantIds.length === 0) return []
  const rows = await sql.rows<{ sku: string }>('select sku from variants where id = any($1::uuid[]) order by sku', [
    variantIds,
  ])
  return rows.map((row) => row.sku)
}

export interface Waiting {
  accountId: string
  /** Slots whose number may leave now, and of them those that go to 0. */
  due: number
  soldOut: number
  /** Their number may not leave yet. */
  waiting: number
}

/** What differs from what stands at the channels, by account. */
export async function waitingByAccount(sql: Sql): Promise<Waiting[]> {
  return await sql.rows<Waiting>(
    `select account_id as "accountId", count(*) filter (where not waits) as due,
       count(*) filter (where not waits and wish = 0) as "soldOut", count(*) filter (where waits) as waiting
     from stock_slots where dirty group by account_id`,
  )
}
