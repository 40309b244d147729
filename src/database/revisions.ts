/** How often listings were changed, of channels that bound it. Written by the holder of the account's lease, after its slots. */
import { heldUntil, holdsOf, type RevisedHours, type RevisionHolds, revisedOnce } from '../domain/revisions.ts'
import { urgencyOf } from '../domain/slots.ts'
import { compareText } from '../domain/values.ts'
import type { Sql } from './pool.ts'

/** The listing whose changes a slot's writes are: of several that show it the first one counts for all. */
export const listingOfSlot = (slot: string): string =>
  `coalesce((select min(l.remote_id) from listings l where l.slot_id = ${slot}.id), ${slot}.remote_sku)`

/** No write of these kinds may leave yet; `stock_slots` is the slot, `now` the parameter that tells the time. */
export const isHeldByRevisions = (now: string): string => `exists (select 1 from listing_revisions r
  where r.account_id = stock_slots.account_id and r.listing = ${listingOfSlot('stock_slots')}
    and case stock_slots.urgency when 0 then r.zero_at when 1 then r.lower_at else r.raise_at end > ${now})`

interface Known {
  hours: RevisedHours
  holds: RevisionHolds
}

export interface RevisedSlot {
  id: string
  wish: number | null
  /** What stands there as far as it is known. */
  shown: number | null
}

/** The changes of some slots' listings, for one transaction. */
export interface RevisionBook {
  /** May a write of the slot leave, after those that were asked for before it? */
  mayLeave(slot: RevisedSlot): boolean
  /** Writes of these slots leave. */
  note(slotIds: readonly string[]): Promise<void>
}

export async function openRevisions(
  tx: Sql,
  account: { id: string; perDay: number },
  slotIds: readonly string[],
  now: Date,
): Promise<RevisionBook> {
  const listings = await listingsOf(tx, slotIds)
  const stored = await lockRevisions(tx, account.id, [...new Set(listings.values())].sort(compareText))
  const asked = new Map(stored)
  const change = (known: Map<string, Known>, listing: string) => {
    const hours = revisedOnce(known.get(listing)?.hours ?? [], now.getTime())
    known.set(listing, { hours, holds: holdsOf(hours, account.perDay, now.getTime()) })
  }
  return {
    mayLeave({ id, wish, shown }) {
      const listing = listings.get(id)
      if (listing === undefined) return true
      const known = asked.get(listing)
      if (known && heldUntil(known.holds, urgencyOf(wish ?? 0, shown)) > now.getTime()) return false
      change(asked, listing)
      return true
    },
    async note(leaving) {
      const changed = new Map(stored)
      const names = leaving.flatMap((id) => listings.get(id) ?? [])
      for (const listing of names) change(changed, listing)
      const saved = [...new Set(names)].sort(compareText).map((listing) => ({ listing, ...changed.get(listing)! }))
      await saveRevisions(tx, account.id, saved)
    },
  }
}

async function listingsOf(tx: Sql, slotIds: readonly string[]): Promise<Map<string, string>> {
  const slots = await tx.rows<{ id: string; listing: string }>(
    `select s.id, ${listingOfSlot('s')} as listing from stock_slots s where s.id = any($1::uuid[])`,
    [slotIds],
  )
  return new Map(slots.map(({ id, listing }) => [id, listing]))
}

async function lockRevisions(tx: Sql, accountId: string, listings: readonly string[]): Promise<Map<string, Known>> {
  const rows = await tx.rows<{ listing: string; hours: RevisedHours; zeroAt: Date; lowerAt: Date; raiseAt: Date }>(
    `select listing, hours, zero_at as "zeroAt", lower_at as "lowerAt", raise_at as "raiseAt" from listing_revisions
     where account_id = $1 and listing = any($2) order by listing for update`,
    [accountId, listings],
  )
  return new Map(
    rows.map(({ listing, hours, zeroAt, lowerAt, raiseAt }) => {
      const holds = { zeroAt: zeroAt.getTime(), lowerAt: lowerAt.getTime(), raiseAt: raiseAt.getTime() }
      return [listing, { hours, holds }]
    }),
  )
}

async function saveRevisions(
  tx: Sql,
  accountId: string,
  saved: readonly ({ listing: string } & Known)[],
): Promise<void> {
  if (saved.length === 0) return
  const moments = (pick: (holds: RevisionHolds) => number) => saved.map(({ holds }) => new Date(pick(holds)))
  await tx.run(
    `insert into listing_revisions (account_id, listing, hours, zero_at, lower_at, raise_at)
     select $1, * from unnest($2::text[], $3::jsonb[], $4::timestamptz[], $5::timestamptz[], $6::timestamptz[])
     on conflict (account_id, listing) do update set hours = excluded.hours, zero_at = excluded.zero_at,
       lower_at = excluded.lower_at, raise_at = excluded.raise_at`,
    [
      accountId,
      saved.map(({ listing }) => listing),
      saved.map(({ hours }) => JSON.stringify(hours)),
      moments((holds) => holds.zeroAt),
      moments((holds) => holds.lowerAt),
      moments((holds) => holds.raiseAt),
    ],
  )
}

/** How often the listing was changed within what counts as a day. */
export async function revisionsOf(sql: Sql, accountId: string, listing: string): Promise<number> {
  const row = await sql.one<{ hours: RevisedHours }>(
    'select hours from listing_revisions where account_id = $1 and listing = $2',
    [accountId, listing],
  )
  return (row?.hours ?? []).reduce((sum, { count }) => sum + count, 0)
}
