/** The sum of claims beside each level, held against what is available by the database itself (P-10). */
import { notYet } from '../domain/claims.ts'
import type { Sql } from './pool.ts'

const available = 'p.on_hand - p.unsellable - p.reserved - p.allocated'

export type Mode = 'guarded' | 'adaptive' | 'shared'

/** One component as a decision sees it. */
export interface Component {
  variantId: string
  available: number
  /** Infinity while a claim is unknown. */
  claimed: number
  mode: Mode
  /** A channel holds some of it for own stores, or did: what marketplaces may sell is told apart (lent-sides.ts). */
  isLent: boolean
  /** Short or uncovered is another than was last told (oversells.ts). */
  isNews: boolean
}

/** A kit, or a variant by itself, and what one of it takes. */
export interface Recipe {
  variantId: string
  parts: readonly { variantId: string; quantity: number }[]
}

/** What these variants, and the kits that hold them, are made of, by variant. */
export async function recipesOf(sql: Sql, variantIds: readonly string[]): Promise<Map<string, Recipe>> {
  const rows = await sql.rows<{ variant_id: string; part_id: string; quantity: number }>(
    `with sold as (
       select id from unnest($1::uuid[]) as id union select kit_id from kit_parts where variant_id = any($1::uuid[]))
     select sold.id as variant_id, coalesce(k.variant_id, sold.id) as part_id, coalesce(k.quantity, 1) as quantity
     from sold left join kit_parts k on k.kit_id = sold.id order by 1, 2`,
    [variantIds],
  )
  const recipes = new Map<string, Recipe>()
  for (const [variantId, parts] of Map.groupBy(rows, (row) => row.variant_id))
    recipes.set(variantId, {
      variantId,
      parts: parts.map((part) => ({ variantId: part.part_id, quantity: part.quantity })),
    })
  return recipes
}

interface ComponentRow {
  variant_id: string
  available: number
  claimed: number
  unknown: number
  mode: Mode
  is_lent: boolean
  is_news: boolean
}

const component = `p.variant_id, ${available} - p.short as available, p.claimed, p.unknown_claims as unknown, p.mode,
  exists (select 1 from locations where kind = 'lent') and exists (select 1 from stock_levels s
    where s.variant_id = p.variant_id and s.on_hand > 0 and s.location_id in (select id from locations where kind = 'lent')) as is_lent,
  p.short <> p.short_told or (p.mode = 'guarded' and p.uncovered <> p.uncovered_told) as is_news`

const toComponents = (rows: readonly ComponentRow[]) =>
  new Map(
    rows.map((row): [string, Component] => [
      row.variant_id,
      {
        variantId: row.variant_id,
        available: row.available,
        claimed: row.unknown > 0 ? Number.POSITIVE_INFINITY : row.claimed,
        mode: row.mode,
        isLent: row.is_lent,
        isNews: row.is_news,
      },
    ]),
  )

/** Components as they stand: locked where the caller did so. */
export async function componentsOf(sql: Sql, ids: readonly string[]): Promise<Map<string, Component>> {
  if (ids.length === 0) return new Map()
  return toComponents(
    await sql.rows<ComponentRow>(`select ${component} from pool_levels p where p.variant_id = any($1::uuid[])`, [ids]),
  )
}

const missing = `greatest(0, t.claimed - (${available}))`
/** What the claims over components add up to, one row a component. */
const claimsOver = `select v.component, coalesce(sum(greatest(s.claim, 0) * s.units_per_sale * v.quantity), 0)::bigint as claimed,
    count(*) filter (where s.id is not null and s.claim is null)::int as unknown
  from (select id as component, case when exists (select 1 from kit_parts where kit_id = id) then null else id end as variant,
      1 as quantity from unnest($1::uuid[]) as id
    union all select variant_id, kit_id, quantity from kit_parts where variant_id = any($1::uuid[])) v
  left join (stock_slots s join accounts a on a.id = s.account_id and a.stage in ('live', 'paused') and s.merchant_fulfilled)
    on s.variant_id = v.variant
  group by v.component`

/**
 * Counts the claims over these components anew; the caller holds their levels' locks. A `fact` (a sale, a reading, a
 * recount, a slot taken over) may leave more claimed than is there, and says so in `uncovered`; a `send` may not, and the
 * database refuses it. Answers the components as they are now.
 */
export async function countClaims(
  tx: Sql,
  ids: readonly string[],
  by: 'fact' | 'send',
): Promise<Map<string, Component>> {
  if (ids.length === 0) return new Map()
  return toComponents(
    await tx.rows<ComponentRow>(
      `update pool_levels p set claimed = t.claimed, unknown_claims = t.unknown,
         uncovered = case when $2 then ${missing} else least(p.uncovered, ${missing}) end
       from (${claimsOver}) t where p.variant_id = t.component returning ${component}`,
      [[...new Set(ids)], by === 'fact'],
    ),
  )
}

/**
 * The same where slots may have been made, linked or found to be ours, or kits made of other parts: what a slot may sell counts
 * from then on, and where nobody knows it, that counts too. Mostly nothing differs, and nothing is written.
 */
export async function countJoined(tx: Sql, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return
  await tx.send(
    `update pool_levels p set claimed = t.claimed, unknown_claims = t.unknown, uncovered = ${missing}
     from (${claimsOver}) t
     where p.variant_id = t.component and (p.claimed, p.unknown_claims) is distinct from (t.claimed, t.unknown)`,
    [[...new Set(ids)]],
  )
}

/** Locks the levels of everything that these slots are made of, in the order of all locks. Answers the variants sold there. */
export async function lockLevelsOfSlots(tx: Sql, slotIds: readonly string[]): Promise<string[]> {
  if (slotIds.length === 0) return []
  const rows = await tx.rows<{ variant_id: string }>(
    'select distinct variant_id from stock_slots where id = any($1::uuid[]) and variant_id is not null',
    [slotIds],
  )
  const variantIds = rows.map((row) => row.variant_id)
  await tx.rows(
    `select 1 from pool_levels where variant_id in (
       select id from unnest($1::uuid[]) as id union select variant_id from kit_parts where kit_id = any($1::uuid[]))
     order by variant_id for update`,
    [variantIds],
  )
  return variantIds
}

/** Locks the levels of everything that the account sells. Answers the components. */
export async function lockLevelsOfAccount(tx: Sql, accountId: string): Promise<string[]> {
  const rows = await tx.rows<{ variant_id: string }>(
    `select variant_id from pool_levels where variant_id in (
       select variant_id from stock_slots where account_id = $1 and variant_id is not null
       union select k.variant_id from stock_slots s join kit_parts k on k.kit_id = s.variant_id where s.account_id = $1)
     order by variant_id for update`,
    [accountId],
  )
  return rows.map((row) => row.variant_id)
}

/** Somebody else wrote the account's quantities until now: what they sell is unknown, and their writes may land until then. */
export async function doubtClaims(tx: Sql, accountId: string, until: Date): Promise<void> {
  await tx.run(
    `update stock_slots set claim = null, settle_at = null, waits = true,
       claim_state = jsonb_build_object('doubtedUntil', case when feed_id is null then $2::bigint else $3::bigint end)
     where account_id = $1`,
    [accountId, until.getTime(), notYet],
  )
}

/** How the stock of these variants is shared out, who said so, and since when. */
export async function setModes(
  tx: Sql,
  variantIds: readonly string[],
  mode: Mode,
  { actor, now }: { actor: string; now: Date },
): Promise<void> {
  const beyond = `greatest(0, p.claimed - (${available}))`
  // What becomes uncovered by a choice was not raised by a fact.
  await tx.run(
    `with kept as (
       insert into mode_changes (variant_id, was, mode, actor, at)
       select variant_id, mode, $2, $3, $4 from pool_levels where variant_id = any($1::uuid[]) and mode <> $2 order by variant_id)
     update pool_levels p set mode = $2, uncovered = ${beyond}, uncovered_told = ${beyond} where p.variant_id = any($1::uuid[])`,
    [variantIds, mode, actor, now],
  )
}
