/** Whole tables out of a database and into one, by COPY: what a backup is made of and restored from. */
import type { Readable, Writable } from 'node:stream'
import pg from 'pg'
import { from as copyFrom, to as copyTo } from 'pg-copy-streams'
import { type Sql, sqlOver } from './pool.ts'

export interface TableShape {
  name: string
  columns: string[]
  /** Its ranges, where it is cut into them; the default one is always there. */
  partitions: { name: string; bound: string }[]
}

/** One connection with a transaction of its own, without a limit of time: a table may take minutes. */
export interface CopySession extends Sql {
  copyOut(table: TableShape): Readable
  copyIn(table: TableShape): Writable
  /** What a query answers, as lines of tab-separated text, some at a time. Never held whole, and read by several processes. */
  lines(query: string): AsyncIterable<string[]>
  /** Ends the transaction; without it, `close` undoes everything. */
  commit(): Promise<void>
  close(): Promise<void>
}

/** The same text for the same values, whatever the server is set to. */
const plainText = [
  `set local datestyle to 'ISO, YMD'`,
  `set local intervalstyle to 'postgres'`,
  `set local timezone to 'UTC'`,
  `set local bytea_output to 'hex'`,
  'set local extra_float_digits to 1',
  `set local client_encoding to 'UTF8'`,
  // An idle moment between two tables (a slow disk) is no reason to be thrown out.
  'set local idle_in_transaction_session_timeout to 0',
  'set local statement_timeout to 0',
]

export async function openCopy(url: string, mode: 'read' | 'write'): Promise<CopySession> {
  const client = new pg.Client({ connectionString: url, application_name: 'entrepot copy', keepAlive: true })
  client.on('error', () => {})
  await client.connect()
  try {
    await client.query(mode === 'read' ? 'begin isolation level repeatable read read only' : 'begin')
    for (const setting of plainText) await client.query(setting)
  } catch (error) {
    await client.end().catch(() => {})
    throw error
  }
  return {
    ...sqlOver(client),
    // A partitioned table gives its rows only to a query.
    copyOut: (table) => client.query(copyTo(`copy (select ${columnsOf(table)} from ${quoted(table.name)}) to stdout`)),
    copyIn: (table) => client.query(copyFrom(`copy ${quoted(table.name)} (${columnsOf(table)}) from stdin`)),
    lines: (query) => linesOf(client.query(copyTo(`copy (${query}) to stdout`))),
    commit: async () => void (await client.query('commit')),
    close: () => client.end(),
  }
}

async function* linesOf(stream: Readable): AsyncGenerator<string[]> {
  let rest = ''
  for await (const chunk of stream) {
    const lines = (rest + String(chunk)).split('\n')
    rest = lines.pop()!
    if (lines.length > 0) yield lines
  }
}

/** A text as it stands in a statement that takes no parameters. */
export const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`

const columnsOf = (table: TableShape) => table.columns.map(quoted).join(', ')

export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`

/** The program's own record of what was applied: a restore writes it anew. */
const notData = ['migrations']

/** The tables of this installation with the columns that can be written, by name. */
export async function tablesOf(sql: Sql): Promise<TableShape[]> {
  const columns = await sql.rows<{ name: string; columns: string[] }>(
    `select c.relname as name, array_agg(a.attname::text order by a.attnum) as columns
     from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
     where c.relnamespace = current_schema()::regnamespace and c.relkind in ('r', 'p') and not c.relispartition and c.relname <> all($1)
       and not exists (select 1 from pg_depend d where d.objid = c.oid and d.deptype = 'e')
     group by c.relname order by c.relname`,
    [notData],
  )
  const partitions = await sql.rows<{ parent: string; name: string; bound: string }>(
    `select p.relname as parent, c.relname as name, pg_get_expr(c.relpartbound, c.oid) as bound
     from pg_inherits i join pg_class c on c.oid = i.inhrelid join pg_class p on p.oid = i.inhparent
     where p.relnamespace = current_schema()::regnamespace and p.relkind = 'p' order by c.relname`,
  )
  return columns.map((table) => ({
    ...table,
    partitions: partitions
      .filter(({ parent, bound }) => parent === table.name && bound !== 'DEFAULT')
      .map(({ name, bound }) => ({ name, bound })),
  }))
}

/** Names and hashes of the migrations this database has; undefined where it is none of ours. */
export async function appliedMigrations(sql: Sql): Promise<{ name: string; hash: string }[] | undefined> {
  const found = await sql.one<{ there: boolean }>(`select to_regclass('migrations') is not null as there`)
  if (!found?.there) return undefined
  return await sql.rows<{ name: string; hash: string }>('select name, hash from migrations order by name')
}
