/** Fills a database from a backup, inside one transaction: until its end nothing has changed. */
import { appliedMigrations, type CopySession, quoted, type TableShape } from './copy.ts'
import { migrationLock } from './migrate.ts'
import type { Sql } from './pool.ts'

export interface WhatIsThere {
  /** Without any table. */
  isEmpty: boolean
  /** Made by this program, and so what `--replace` may remove. */
  isOurs: boolean
  orders: number
  accounts: number
  newestOrderAt: Date | null
}

/** Keeps starting hubs waiting, and tells what the database holds now. */
export async function lookAtTarget(session: Sql): Promise<WhatIsThere> {
  await session.rows('select pg_advisory_xact_lock($1)', [migrationLock])
  const tables = (
    await session.rows<{ name: string }>(
      `select relname as name from pg_class c where relnamespace = current_schema()::regnamespace and relkind in ('r', 'p', 'v', 'm', 'f')
         and not exists (select 1 from pg_depend d where d.objid = c.oid and d.deptype = 'e')`,
    )
  ).map((row) => row.name)
  const there: WhatIsThere = {
    isEmpty: tables.length === 0,
    isOurs: false,
    orders: 0,
    accounts: 0,
    newestOrderAt: null,
  }
  if ((await appliedMigrations(session)) === undefined) return there
  there.isOurs = true
  const has = async (table: string) =>
    tables.includes(table) && (await session.one(`select 1 from ${quoted(table)} limit 1`)) !== undefined
  // A hub that only was started here has tables and nothing of people's in them.
  there.isEmpty = true
  for (const table of ['users', 'accounts', 'products', 'orders']) if (await has(table)) there.isEmpty = false
  if (there.isEmpty) return there
  there.accounts = (await session.one<{ count: number }>('select count(*) as count from accounts'))!.count
  const orders = await session.one<{ count: number; newest: Date | null }>(
    'select count(*) as count, max(changed_at) as newest from orders',
  )
  there.orders = orders!.count
  there.newestOrderAt = orders!.newest
  return there
}

/** Other connections of hubs to this database. A hub that idles may have none; its work would be refused later. */
export async function hubsConnected(session: Sql): Promise<number> {
  const row = await session.one<{ count: number }>(
    `select count(*) as count from pg_stat_activity where datname = current_database() and application_name = 'entrepot'`,
  )
  return row!.count
}

/** Removes what this program made: every table and function of the schema that belongs to no extension. */
export async function dropEverything(session: Sql): Promise<void> {
  const tables = await session.rows<{ name: string }>(
    `select relname as name from pg_class c where relnamespace = current_schema()::regnamespace and relkind in ('r', 'p') and not relispartition
       and not exists (select 1 from pg_depend d where d.objid = c.oid and d.deptype = 'e')`,
  )
  if (tables.length > 0) await session.run(`drop table ${tables.map(({ name }) => quoted(name)).join(', ')} cascade`)
  const functions = await session.rows<{ call: string }>(
    `select oid::regprocedure::text as call from pg_proc p where pronamespace = current_schema()::regnamespace
       and not exists (select 1 from pg_depend d where d.objid = p.oid and d.deptype = 'e')`,
  )
  for (const { call } of functions) await session.run(`drop function ${call} cascade`)
}

/** What slows loading down and asks for an order of tables: foreign keys and indexes. They are made again afterwards. */
export async function setAsideConstraints(session: Sql): Promise<string[]> {
  const keys = await session.rows<{ table: string; name: string; definition: string }>(
    `select conrelid::regclass::text as table, conname as name, pg_get_constraintdef(c.oid) as definition
     from pg_constraint c join pg_class t on t.oid = c.conrelid
     where c.contype = 'f' and c.connamespace = current_schema()::regnamespace and c.conparentid = 0 order by 1, 2`,
  )
  // Those of partitioned tables and of constraints stay.
  const indexes = await session.rows<{ name: string; definition: string }>(
    `select i.relname as name, pg_get_indexdef(i.oid) as definition
     from pg_index x join pg_class i on i.oid = x.indexrelid join pg_class t on t.oid = x.indrelid
     where t.relnamespace = current_schema()::regnamespace and t.relkind = 'r' and not t.relispartition
       and not exists (select 1 from pg_constraint c where c.conindid = i.oid) order by 1`,
  )
  for (const { table, name } of keys) await session.run(`alter table ${table} drop constraint ${quoted(name)}`)
  for (const { name } of indexes) await session.run(`drop index ${quoted(name)}`)
  return [
    ...indexes.map((index) => index.definition),
    ...keys.map((key) => `alter table ${key.table} add constraint ${quoted(key.name)} ${key.definition}`),
  ]
}

/** The days of a partitioned table, so that its rows lie where they lay. */
export async function makePartitions(session: CopySession, table: TableShape): Promise<void> {
  for (const { name, bound } of table.partitions)
    await session.run(`create table if not exists ${quoted(name)} partition of ${quoted(table.name)} ${bound}`)
}

/** Numbers that the database counts itself go on behind the highest one loaded. */
export async function advanceCounters(session: Sql): Promise<void> {
  const counters = await session.rows<{ table: string; column: string }>(
    `select c.relname as table, a.attname as column from pg_attribute a join pg_class c on c.oid = a.attrelid
     where c.relnamespace = current_schema()::regnamespace and c.relkind in ('r', 'p') and a.attidentity <> ''`,
  )
  for (const { table, column } of counters) {
    await session.rows(
      `select setval(pg_get_serial_sequence($1, $2), greatest(1, (select coalesce(max(${quoted(column)}), 0) from ${quoted(table)})) + 1, false)`,
      [quoted(table), column],
    )
  }
}

export async function countRows(sql: Sql, tables: readonly TableShape[]): Promise<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const { name } of tables)
    counts[name] = (await sql.one<{ count: number }>(`select count(*) as count from ${quoted(name)}`))!.count
  return counts
}
