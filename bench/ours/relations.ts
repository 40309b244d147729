/** Tables and indexes with their sizes on disk. */
import type { Database } from '../../src/database/pool.ts'

export interface Relation {
  name: string
  /** The table an index belongs to; of a table, itself. */
  table: string
  kind: 'table' | 'index'
  bytes: number
}

/** A table's size holds what was moved out of line and the maps of free room. */
export async function relationsOf(db: Database): Promise<Relation[]> {
  return await db.rows<Relation>(
    `select c.relname as name, c.relname as table, 'table' as kind, pg_table_size(c.oid) as bytes
     from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'public' and c.relkind = 'r'
     union all
     select i.relname, t.relname, 'index', pg_relation_size(i.oid)
     from pg_index x join pg_class i on i.oid = x.indexrelid join pg_class t on t.oid = x.indrelid
       join pg_namespace n on n.oid = t.relnamespace where n.nspname = 'public' and i.relkind = 'i'`,
  )
}

export const totalOf = (relations: readonly Relation[]): number => relations.reduce((sum, one) => sum + one.bytes, 0)
