/** What speaks for a variant where a remote SKU is linked to none, and what people decided about it. */
import type { Candidate } from '../domain/match.ts'
import type { Sql } from './pool.ts'

export type Decision = 'ignored' | 'unlinked'

/** A SKU without case and spaces, as the index of variants has it. */
export const plain = (column: string) => `lower(regexp_replace(${column}, '\\s', '', 'g'))`

export interface Wanted {
  accountId: string
  remoteSku: string
  gtin: string | null
}

export interface CandidateRow extends Candidate {
  title: string
}

/** By an id of the channel, or by the ASIN. An id that several SKUs of an account share names a family. */
const knownBy = (id: 'remote_id' | 'asin') => {
  const shared = (one: string) => `exists (select 1 from listings t
      where t.account_id = ${one}.account_id and t.${id} = ${one}.${id} and t.marketplace = ${one}.marketplace
        and t.fulfilled_by = ${one}.fulfilled_by and t.remote_sku <> ${one}.remote_sku)`
  const sameChannel = id === 'remote_id' ? 'and ka.channel = oa.channel' : ''
  return `select w.n, k.variant_id, k.units_per_sale as units, ${shared('o')} or ${shared('k')} as is_group
    from wanted w join listings o on o.account_id = w.account_id and o.remote_sku = w.sku
      join listings k on k.${id} = o.${id} and k.variant_id is not null
      join accounts oa on oa.id = o.account_id join accounts ka on ka.id = k.account_id ${sameChannel}
    where (k.account_id, k.remote_sku) <> (o.account_id, o.remote_sku)`
}

/** The variants that anything speaks for, by the place of the asked. */
export async function candidatesFor(sql: Sql, wanted: readonly Wanted[]): Promise<CandidateRow[][]> {
  const found: CandidateRow[][] = wanted.map(() => [])
  if (wanted.length === 0) return found
  const rows = await sql.rows<Omit<CandidateRow, 'knownAs'> & { n: number; known: CandidateRow['knownAs'] | null }>(
    `with wanted as (select * from unnest($1::int[], $2::uuid[], $3::text[], $4::text[]) as t(n, account_id, sku, gtin)),
     found as (
       select w.n, v.id as variant_id, null::int as units, false as is_group from wanted w join variants v on v.gtin = w.gtin
       union all select w.n, v.id, null, false from wanted w join variants v on ${plain('v.sku')} = ${plain('w.sku')}
       union all ${knownBy('remote_id')} union all ${knownBy('asin')})
     select f.n, v.id as "variantId", v.sku, v.title, v.gtin,
       jsonb_agg(distinct jsonb_build_object('unitsPerSale', f.units, 'isGroup', f.is_group)) filter (where f.units is not null) as known
     from found f join variants v on v.id = f.variant_id group by f.n, v.id`,
    [
      wanted.map((_, n) => n),
      wanted.map((one) => one.accountId),
      wanted.map((one) => one.remoteSku),
      wanted.map((one) => one.gtin),
    ],
  )
  for (const { n, known, ...row } of rows) found[n]!.push({ ...row, knownAs: known ?? [] })
  return found
}

/** Variants with one of these SKUs or GTINs: all that speaks for a link by itself, or against it. */
export async function variantsNamed(
  sql: Sql,
  skus: readonly string[],
  gtins: readonly string[],
): Promise<CandidateRow[]> {
  const rows = await sql.rows<Omit<CandidateRow, 'knownAs'>>(
    'select id as "variantId", sku, title, gtin from variants where sku = any($1) or gtin = any($2)',
    [skus, gtins],
  )
  return rows.map((row) => ({ ...row, knownAs: [] }))
}

export async function decisionsOn(
  sql: Sql,
  accountId: string,
  remoteSkus: readonly string[],
): Promise<Map<string, Decision>> {
  const rows = await sql.rows<{ remote_sku: string; decision: Decision }>(
    'select remote_sku, decision from sku_decisions where account_id = $1 and remote_sku = any($2)',
    [accountId, remoteSkus],
  )
  return new Map(rows.map((row) => [row.remote_sku, row.decision]))
}

/** A person's word; the newest counts. */
export async function decide(
  tx: Sql,
  accountId: string,
  remoteSkus: readonly string[],
  by: { decision: Decision; actor: string; now: Date },
): Promise<void> {
  await tx.run(
    `insert into sku_decisions (account_id, remote_sku, decision, actor, at)
     select distinct $1::uuid, t.sku, $3, $4, $5::timestamptz from unnest($2::text[]) as t(sku)
     on conflict (account_id, remote_sku) do update set decision = $3, actor = $4, at = $5`,
    [accountId, remoteSkus, by.decision, by.actor, by.now],
  )
}

export async function forgetDecisions(tx: Sql, accountId: string, remoteSkus: readonly string[]): Promise<void> {
  await tx.send('delete from sku_decisions where account_id = $1 and remote_sku = any($2)', [accountId, remoteSkus])
}

/** Why a link may not be taken back; null where nothing happened through it. Locks its slots. */
export async function whyLinkStays(tx: Sql, accountId: string, remoteSku: string): Promise<'sold' | 'written' | null> {
  const slots = await tx.rows<{ variant_id: string | null; isOpen: boolean }>(
    `select variant_id, version > 0 and (claim is null or claim > 0 or live_value is not null or feed_id is not null) as "isOpen"
     from stock_slots where account_id = $1 and remote_sku = $2 order by id for update`,
    [accountId, remoteSku],
  )
  const sold = await tx.one(
    `select 1 from order_lines l join orders o on o.id = l.order_id
     where l.variant_id = any($3::uuid[]) and o.account_id = $1 and l.remote_sku = $2 limit 1`,
    [accountId, remoteSku, slots.flatMap((one) => one.variant_id ?? [])],
  )
  if (sold) return 'sold'
  return slots.some((one) => one.isOpen) ? 'written' : null
}

/** The slot shows what it shows; what it may sell is unknown from now on, and binds nothing of ours. */
export async function unlink(tx: Sql, accountId: string, remoteSku: string): Promise<void> {
  await tx.run(
    `update stock_slots set variant_id = null, units_per_sale = 1, wish = null, wish_at = null, reason = null, waits = false,
       claim = null, claim_state = null, settle_at = null where account_id = $1 and remote_sku = $2`,
    [accountId, remoteSku],
  )
  await tx.run(
    'update listings set variant_id = null, units_per_sale = 1 where account_id = $1 and remote_sku = $2 and variant_id is not null',
    [accountId, remoteSku],
  )
}
