/** Stock slots and the listings that refer to them. Locked by id, always after the levels. */

import { claimPruned, type SlotClaim, unknownClaim } from '../domain/claims.ts'
import type { Demand } from '../domain/demand.ts'
import type { LagTail } from '../domain/lag.ts'
import type { GuardReason } from '../domain/pool-view.ts'
import type { ShowSettings } from '../domain/publishing.ts'
import { claimTimes, type Slot, urgencyOf } from '../domain/slots.ts'
import type { Suspicion } from '../domain/suspicion.ts'
import type { Sql } from './pool.ts'
import { applyRules } from './publishing-rules.ts'

export interface SlotRow extends Slot {
  accountId: string
  region: string
  remoteSku: string
  variantId: string | null
  unitsPerSale: number
  merchantFulfilled: boolean | null
  /** What the publishing rules say for it. Written by applyRules only. */
  rule: ShowSettings
  /** Trouble shown at the slot. */
  problemCode: string | null
  /** Since when. */
  problemAt: Date | null
  /** How fast it sells; null where it never did. */
  demand: Demand | null
  /** Why its wish is what it is, beyond its publishing rule. */
  reason: GuardReason | null
  /** The wish may not leave yet. */
  waits: boolean
  feedId: string | null
  channel: string
  /** Of its account. */
  stage: 'sandbox' | 'shadow' | 'live' | 'paused'
  isHalted: boolean
  /** How far behind its mark its account's list told of sales. */
  lag: LagTail | null
  /** What makes it worth a reading sooner; null where nothing ever was odd there. */
  suspicion: Suspicion | null
  /** The own store is the master there: its changes are booked as they come, or will be once a reading is certain. */
  store: 'waiting' | 'following' | null
}

/** It sells from our pool and nobody else writes it: its claim counts. */
export const isOurs = (slot: SlotRow): boolean =>
  slot.merchantFulfilled === true && (slot.stage === 'live' || slot.stage === 'paused')

interface Raw {
  id: string
  account_id: string
  region: string
  remote_sku: string
  variant_id: string | null
  units_per_sale: number
  merchant_fulfilled: boolean | null
  wish: number | null
  version: number
  live_value: number | null
  live_version: number | null
  live_expected: number | null
  live_sent_at: Date | null
  live_accepted_at: Date | null
  live_sales: number
  claim: number | null
  claim_state: Partial<Omit<SlotClaim, 'claim'>> | null
  confirmed_value: number | null
  confirmed_version: number | null
  confirmed_at: Date | null
  hold_until: Date | null
  read_due_at: Date | null
  retry_at: Date | null
  problem_code: string | null
  problem_at: Date | null
  show_safety_units: number | null
  show_safety_percent: number | null
  show_cap: number | null
  show_minimum: number | null
  show_stop_below: number | null
  demand: Demand | null
  reason: GuardReason | null
  waits: boolean
  feed_id: string | null
  channel: string
  stage: SlotRow['stage']
  halted_code: string | null
  lag_behind: number | null
  lag_at: number | null
  suspicion: Suspicion | null
  store: SlotRow['store']
}

function toSlot(row: Raw): SlotRow {
  return {
    id: row.id,
    accountId: row.account_id,
    region: row.region,
    remoteSku: row.remote_sku,
    variantId: row.variant_id,
    unitsPerSale: row.units_per_sale,
    merchantFulfilled: row.merchant_fulfilled,
    wish: row.wish,
    version: row.version,
    live:
      row.live_value === null
        ? null
        : {
            value: row.live_value,
            version: row.live_version!,
            expected: row.live_expected,
            sentAt: row.live_sent_at!,
            acceptedAt: row.live_accepted_at,
            sales: row.live_sales,
          },
    claim: { ...unknownClaim, ...row.claim_state, claim: row.claim },
    confirmed:
      row.confirmed_value === null
        ? null
        : { value: row.confirmed_value, at: row.confirmed_at!, version: row.confirmed_version ?? 0 },
    holdUntil: row.hold_until,
    readDueAt: row.read_due_at,
    retryAt: row.retry_at,
    problemCode: row.problem_code,
    problemAt: row.problem_at,
    rule: {
      safetyUnits: row.show_safety_units,
      safetyPercent: row.show_safety_percent,
      cap: row.show_cap,
      minimum: row.show_minimum,
      stopBelow: row.show_stop_below,
    },
    demand: row.demand,
    reason: row.reason,
    waits: row.waits,
    feedId: row.feed_id,
    channel: row.channel,
    stage: row.stage,
    isHalted: row.halted_code !== null,
    lag: row.lag_behind === null || row.lag_at === null ? null : { behindMs: row.lag_behind, at: row.lag_at },
    suspicion: row.suspicion,
    store: row.store,
  }
}

/** Slots of these variants, of the kits that hold them, and these slots, locked. */
export async function lockSlots(
  tx: Sql,
  by: { variantIds?: readonly string[]; slotIds?: readonly string[] },
): Promise<SlotRow[]> {
  const rows = await tx.rows<Raw>(`${selectSlots} for update of s`, [by.variantIds ?? [], by.slotIds ?? []])
  return rows.map(toSlot)
}

const selectSlots = `select s.*, a.channel, a.stage, a.halted_code, (a.lag->'behindMs')::float8 as lag_behind, (a.lag->'at')::float8 as lag_at,
    (select case when x.basis_at is null then 'waiting' else 'following' end from store_levels x join store_locations o
      on o.account_id = x.account_id and o.remote_id = x.remote_location and o.master = 'store' where x.slot_id = s.id limit 1) as store
  from stock_slots s join accounts a on a.id = s.account_id join (
    select id from stock_slots where variant_id = any($1::uuid[])
    union select k.id from kit_parts p join stock_slots k on k.variant_id = p.kit_id where p.variant_id = any($1::uuid[])
    union select unnest($2::uuid[])) wanted on wanted.id = s.id
  order by s.id`

/** The same slots as they stand, for a look: nobody waits for it. */
export async function readSlots(sql: Sql, variantIds: readonly string[]): Promise<SlotRow[]> {
  return (await sql.rows<Raw>(selectSlots, [variantIds, []])).map(toSlot)
}

const column = <T>(rows: readonly T[], pick: (row: T) => unknown) => rows.map(pick)

/** What stands at the slot decides how urgent its wish is. */
const urgency = (slot: SlotRow) => urgencyOf(slot.wish ?? 0, slot.live?.value ?? slot.confirmed?.value ?? null)

/** Writes the wishes alone, where nothing else changed. `wish_at` stays the moment since which the slot has waited. */
export async function saveWishes(tx: Sql, slots: readonly SlotRow[], now: Date): Promise<void> {
  if (slots.length === 0) return
  await tx.send(
    `update stock_slots s set wish = t.wish, wish_at = case when s.dirty then s.wish_at else $2 end, urgency = t.urgency,
       reason = t.reason, waits = t.waits,
       -- What was refused is tried again soon where something else is to be shown.
       retry_at = case when s.retry_at is not null and s.problem_code is not null and s.wish is distinct from t.wish then least(s.retry_at, $7) else s.retry_at end
     from unnest($1::uuid[], $3::bigint[], $4::smallint[], $5::text[], $6::boolean[]) as t(id, wish, urgency, reason, waits) where s.id = t.id`,
    [
      column(slots, (s) => s.id),
      now,
      column(slots, (s) => s.wish),
      column(slots, urgency),
      column(slots, (s) => s.reason),
      column(slots, (s) => s.waits),
      new Date(now.getTime() + 60_000),
    ],
  )
}

/** Writes the slots as they are now; `wish_at` is set where a slot begins to wait. */
export async function saveSlots(tx: Sql, slots: readonly SlotRow[], now: Date): Promise<void> {
  if (slots.length === 0) return
  await tx.send(
    `update stock_slots s set
       wish = t.wish, wish_at = case when s.wish is distinct from t.wish and not s.dirty then $2 else s.wish_at end, urgency = t.urgency, version = t.version,
       live_value = t.live_value, live_version = t.live_version, live_expected = t.live_expected, live_sent_at = t.live_sent_at,
       live_accepted_at = t.live_accepted_at, live_sales = t.live_sales, confirmed_value = t.confirmed_value,
       confirmed_version = t.confirmed_version, confirmed_at = t.confirmed_at, hold_until = t.hold_until, read_due_at = t.read_due_at,
       retry_at = t.retry_at, variant_id = t.variant_id, units_per_sale = t.units_per_sale, merchant_fulfilled = t.merchant_fulfilled,
       claim = t.claim, claim_state = t.claim_state, settle_at = t.settle_at, demand = t.demand, reason = t.reason, waits = t.waits
     from unnest($1::uuid[], $3::bigint[], $4::smallint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[], $9::timestamptz[],
         $10::timestamptz[], $11::bigint[], $12::bigint[], $13::bigint[], $14::timestamptz[], $15::timestamptz[], $16::timestamptz[],
         $17::timestamptz[], $18::uuid[], $19::int[], $20::boolean[], $21::bigint[], $22::jsonb[], $23::timestamptz[],
         $24::jsonb[], $25::text[], $26::boolean[])
       as t(id, wish, urgency, version, live_value, live_version, live_expected, live_sent_at, live_accepted_at, live_sales, confirmed_value,
         confirmed_version, confirmed_at, hold_until, read_due_at, retry_at, variant_id, units_per_sale, merchant_fulfilled, claim, claim_state, settle_at,
         demand, reason, waits)
     where s.id = t.id`,
    [
      column(slots, (s) => s.id),
      now,
      column(slots, (s) => s.wish),
      column(slots, urgency),
      column(slots, (s) => s.version),
      column(slots, (s) => s.live?.value ?? null),
      column(slots, (s) => s.live?.version ?? null),
      column(slots, (s) => s.live?.expected ?? null),
      column(slots, (s) => s.live?.sentAt ?? null),
      column(slots, (s) => s.live?.acceptedAt ?? null),
      column(slots, (s) => s.live?.sales ?? 0),
      column(slots, (s) => s.confirmed?.value ?? null),
      column(slots, (s) => s.confirmed?.version ?? null),
      column(slots, (s) => s.confirmed?.at ?? null),
      column(slots, (s) => s.holdUntil),
      column(slots, (s) => s.readDueAt),
      column(slots, (s) => s.retryAt),
      column(slots, (s) => s.variantId),
      column(slots, (s) => s.unitsPerSale),
      column(slots, (s) => s.merchantFulfilled),
      column(slots, (s) => s.claim.claim),
      column(slots, (s) => stateOf(s.claim, now)),
      column(slots, (s) => settleAt(s.claim)),
      column(slots, (s) => s.demand && JSON.stringify(s.demand)),
      column(slots, (s) => s.reason),
      column(slots, (s) => s.waits),
    ],
  )
}

/** What is there besides the number; null where nothing is under way, as it mostly is. */
function stateOf(whole: SlotClaim, now: Date): string | null {
  const { claim: _, ...state } = claimPruned(whole, now.getTime(), claimTimes(0))
  const { live, strays, settlements, alarm, doubtedUntil } = state
  const isPlain = !live && strays.length === 0 && settlements.length === 0 && !alarm && doubtedUntil === 0
  return isPlain ? null : JSON.stringify(state)
}

/** Sales must be known up to here, and the channel's margin, for the first bound to hold. */
function settleAt({ settlements }: SlotClaim): Date | null {
  return settlements.length === 0 ? null : new Date(Math.min(...settlements.map((one) => one.at)))
}

/** Slots of the account with a bound that holds where all sales are surely known up to `until`. */
export async function settlingSlots(sql: Sql, accountId: string, until: Date, limit: number): Promise<string[]> {
  const rows = await sql.rows<{ id: string }>(
    'select id from stock_slots where account_id = $1 and settle_at <= $2 order by settle_at limit $3',
    [accountId, until, limit],
  )
  return rows.map((row) => row.id)
}

export interface SlotProblem {
  code: string
  message: string
}

/** A line's own trouble, shown at the slot until a later write succeeds; since when, stays while it is the same. */
export async function setProblem(tx: Sql, slotId: string, problem: SlotProblem, now: Date): Promise<void> {
  await tx.send(
    `update stock_slots set problem_at = case when problem_code = $2 then problem_at else $4 end, problem_code = $2, problem_message = $3
     where id = $1`,
    [slotId, problem.code, problem.message, now],
  )
}

/** Ends the trouble of these slots. Names only slots that have one: a write that changes nothing costs as much as one that does. */
export async function clearProblems(tx: Sql, slotIds: readonly string[]): Promise<void> {
  if (slotIds.length === 0) return
  await tx.send(
    'update stock_slots set problem_code = null, problem_message = null, problem_at = null where id = any($1::uuid[])',
    [slotIds],
  )
}

export interface ListingRow {
  marketplace: string
  remoteSku: string
  remoteId: string | null
  title: string
  fulfilledBy: 'merchant' | 'channel'
  merchantFulfilled: boolean | null
  buyable: boolean | null
  price: number | null
  currency: string | null
  variantId: string | null
  unitsPerSale: number
  /** What helps to find its variant, or to make one. What is not told again stays as it was told. */
  told?: {
    gtin: string | null
    asin: string | null
    imageUrl: string | null
    options: readonly { name: string; value: string }[] | null
    product: { remoteId: string; title: string } | null
  }
}

/**
 * Writes listings and the slots they refer to. A known link to a variant stays; `variantId` links where there is none.
 * Answers the slots by remote SKU.
 */
export async function upsertListings(
  tx: Sql,
  account: { id: string; region: string },
  rows: readonly (ListingRow & { id: string; slotId: string })[],
  now: Date,
): Promise<Map<string, string>> {
  const bySku = new Map(rows.map((row) => [row.remoteSku, row]))
  const slots = [...bySku.values()].sort((a, b) => (a.remoteSku < b.remoteSku ? -1 : 1))
  // Locked by id first, as everywhere: the statement below would lock them in the order of their SKUs.
  await tx.run(
    `select 1 from stock_slots where account_id = $1 and region = $2 and remote_sku = any($3) order by id for update`,
    [account.id, account.region, [...bySku.keys()]],
  )
  await tx.run(
    `insert into stock_slots (id, account_id, region, remote_sku, variant_id, units_per_sale, merchant_fulfilled)
     select t.id, $1, $2, t.sku, t.variant, t.units, t.merchant
     from unnest($3::uuid[], $4::text[], $5::uuid[], $6::int[], $7::boolean[]) as t(id, sku, variant, units, merchant)
     on conflict (account_id, region, remote_sku, node) do update set
       merchant_fulfilled = coalesce(excluded.merchant_fulfilled, stock_slots.merchant_fulfilled),
       variant_id = coalesce(stock_slots.variant_id, excluded.variant_id),
       units_per_sale = case when stock_slots.variant_id is null then excluded.units_per_sale else stock_slots.units_per_sale end`,
    [
      account.id,
      account.region,
      column(slots, (r) => r.slotId),
      column(slots, (r) => r.remoteSku),
      column(slots, (r) => r.variantId),
      column(slots, (r) => r.unitsPerSale),
      column(slots, (r) => r.merchantFulfilled),
    ],
  )
  const ids = await tx.rows<{ id: string; remote_sku: string }>(
    `select id, remote_sku from stock_slots where account_id = $1 and region = $2 and remote_sku = any($3) and node = ''`,
    [account.id, account.region, [...bySku.keys()]],
  )
  const slotOf = new Map(ids.map((row) => [row.remote_sku, row.id]))
  await applyRules(tx, [...slotOf.values()])
  await tx.run(
    `insert into listings (id, account_id, slot_id, marketplace, remote_sku, remote_id, variant_id, units_per_sale, title, fulfilled_by, buyable, price, currency,
       gtin, asin, image_url, options, product_remote_id, product_title, seen_at, created_at)
     select t.id, $1, t.slot, t.marketplace, t.sku, t.remote, t.variant, t.units, t.title, t.by, t.buyable, t.price, t.currency,
       t.gtin, t.asin, t.image, t.options, t.product, t.product_title, $2, $2
     from unnest($3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::text[], $8::uuid[], $9::int[], $10::text[], $11::text[], $12::boolean[], $13::bigint[], $14::text[],
         $15::text[], $16::text[], $17::text[], $18::jsonb[], $19::text[], $20::text[])
       as t(id, slot, marketplace, sku, remote, variant, units, title, by, buyable, price, currency, gtin, asin, image, options, product, product_title)
     on conflict (account_id, marketplace, remote_sku) do update set
       remote_id = excluded.remote_id, title = excluded.title, fulfilled_by = excluded.fulfilled_by, buyable = excluded.buyable,
       price = excluded.price, currency = excluded.currency, seen_at = excluded.seen_at,
       gtin = coalesce(excluded.gtin, listings.gtin), asin = coalesce(excluded.asin, listings.asin),
       image_url = coalesce(excluded.image_url, listings.image_url), options = coalesce(excluded.options, listings.options),
       product_remote_id = coalesce(excluded.product_remote_id, listings.product_remote_id),
       product_title = coalesce(excluded.product_title, listings.product_title),
       variant_id = coalesce(listings.variant_id, excluded.variant_id),
       units_per_sale = case when listings.variant_id is null then excluded.units_per_sale else listings.units_per_sale end`,
    [
      account.id,
      now,
      column(rows, (r) => r.id),
      column(rows, (r) => slotOf.get(r.remoteSku)),
      column(rows, (r) => r.marketplace),
      column(rows, (r) => r.remoteSku),
      column(rows, (r) => r.remoteId),
      column(rows, (r) => r.variantId),
      column(rows, (r) => r.unitsPerSale),
      column(rows, (r) => r.title),
      column(rows, (r) => r.fulfilledBy),
      column(rows, (r) => r.buyable),
      column(rows, (r) => r.price),
      column(rows, (r) => r.currency),
      column(rows, (r) => r.told?.gtin ?? null),
      column(rows, (r) => r.told?.asin ?? null),
      column(rows, (r) => r.told?.imageUrl ?? null),
      column(rows, (r) => r.told?.options && JSON.stringify(r.told.options)),
      column(rows, (r) => r.told?.product?.remoteId ?? null),
      column(rows, (r) => r.told?.product?.title ?? null),
    ],
  )
  return slotOf
}
