/** Kits and their parts. */
import type { Kits, Part } from '../domain/kits.ts'
import type { Sql } from './pool.ts'

/** Units that can be sold of the variant of level `p`: of a kit, what can be made of its scarcest part. */
export const atp = `coalesce(k.atp, p.on_hand - p.unsellable - p.reserved - p.allocated)`
export const kitAtp = `left join lateral (
    select min((c.on_hand - c.unsellable - c.reserved - c.allocated) / kp.quantity) as atp
    from kit_parts kp join pool_levels c on c.variant_id = kp.variant_id where kp.kit_id = p.variant_id) k on true`

interface PartRow {
  kit_id: string
  variant_id: string
  quantity: number
}

function byKit(rows: readonly PartRow[]): Kits {
  const kits = new Map<string, Part[]>()
  for (const row of rows) {
    const parts = kits.get(row.kit_id) ?? []
    parts.push({ variantId: row.variant_id, quantity: row.quantity })
    kits.set(row.kit_id, parts)
  }
  return kits
}

/** The kits among these variants. */
export async function kitsAmong(sql: Sql, variantIds: readonly string[]): Promise<Kits> {
  if (variantIds.length === 0) return new Map()
  return byKit(
    await sql.rows<PartRow>(
      'select kit_id, variant_id, quantity from kit_parts where kit_id = any($1::uuid[]) order by kit_id, variant_id',
      [variantIds],
    ),
  )
}

/** The kits among the variants that the account's remote SKUs are linked to. */
export async function kitsListed(sql: Sql, accountId: string, remoteSkus: readonly string[]): Promise<Kits> {
  if (remoteSkus.length === 0) return new Map()
  return byKit(
    await sql.rows<PartRow>(
      `select k.kit_id, k.variant_id, k.quantity from kit_parts k
       where k.kit_id in (select variant_id from listings where account_id = $1 and remote_sku = any($2) and variant_id is not null)
       order by k.kit_id, k.variant_id`,
      [accountId, remoteSkus],
    ),
  )
}

/** All definitions, locked against other changes of definitions: they are few, and a change touches what contains it. */
export async function lockDefinitions(tx: Sql): Promise<Map<string, Part[]>> {
  await tx.run('lock table kit_components in share row exclusive mode')
  const rows = await tx.rows<{ kit_id: string; component_id: string; quantity: number }>(
    'select kit_id, component_id, quantity from kit_components order by kit_id, component_id',
  )
  const definitions = new Map<string, Part[]>()
  for (const row of rows)
    definitions.set(row.kit_id, [
      ...(definitions.get(row.kit_id) ?? []),
      { variantId: row.component_id, quantity: row.quantity },
    ])
  return definitions
}

export async function saveDefinition(tx: Sql, kitId: string, components: readonly Part[]): Promise<void> {
  await tx.send('delete from kit_components where kit_id = $1', [kitId])
  await tx.send(
    'insert into kit_components (kit_id, component_id, quantity) select $1, * from unnest($2::uuid[], $3::int[])',
    [kitId, components.map((one) => one.variantId), components.map((one) => one.quantity)],
  )
}

/** Replaces the resolved parts of these kits; one without parts is no kit any more. */
export async function saveParts(tx: Sql, kits: Kits): Promise<void> {
  const rows = [...kits].flatMap(([kitId, parts]) => parts.map((part) => ({ kitId, ...part })))
  await tx.send('delete from kit_parts where kit_id = any($1::uuid[])', [[...kits.keys()]])
  await tx.send(
    'insert into kit_parts (kit_id, variant_id, quantity) select * from unnest($1::uuid[], $2::uuid[], $3::int[])',
    [rows.map((r) => r.kitId), rows.map((r) => r.variantId), rows.map((r) => r.quantity)],
  )
}

/** SKUs of everything that definitions name. */
export async function skusOf(
  sql: Sql,
  definitions: ReadonlyMap<string, readonly Part[]>,
): Promise<Map<string, string>> {
  const ids = [...definitions].flatMap(([kitId, parts]) => [kitId, ...parts.map((part) => part.variantId)])
  const rows = await sql.rows<{ id: string; sku: string }>('select id, sku from variants where id = any($1::uuid[])', [
    [...new Set(ids)],
  ])
  return new Map(rows.map((row) => [row.id, row.sku]))
}
