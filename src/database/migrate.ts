/** Plain numbered SQL files, applied in order, each in its own transaction, by one process at a time. */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Problem } from '../domain/errors.ts'
import type { Clock } from '../domain/values.ts'
import type { Database, Sql } from './pool.ts'

const folder = join(import.meta.dirname, 'migrations')
/** One process at a time changes the schema, or fills it from a backup. */
export const migrationLock = 736_001

export interface Migration {
  name: string
  text: string
  hash: string
}

export function migrations(): Migration[] {
  return readdirSync(folder)
    .filter((name) => /^\d{4}_[a-z_]+\.sql$/.test(name))
    .sort()
    .map((name) => {
      const text = readFileSync(join(folder, name), 'utf8')
      return { name, text, hash: createHash('sha256').update(text).digest('hex') }
    })
}

export const migrationsTable =
  'create table if not exists migrations (name text primary key, hash text not null, applied_at timestamptz not null)'

/** One step of the schema, and the note that it was made. */
export async function applyMigration(tx: Sql, { name, text, hash }: Migration, now: Date): Promise<void> {
  for (const statement of statements(text)) await tx.run(statement)
  await tx.run('insert into migrations (name, hash, applied_at) values ($1, $2, $3)', [name, hash, now])
}

/** What a database lacks or has too much; undefined where this program never made it. */
export async function schemaState(db: Sql): Promise<{ missing: string[]; unknown: string[] } | undefined> {
  const there = await db.one<{ there: boolean }>(`select to_regclass('migrations') is not null as there`)
  if (!there?.there) return undefined
  const done = (await db.rows<{ name: string }>('select name from migrations')).map((row) => row.name)
  const known = migrations().map((one) => one.name)
  return {
    missing: known.filter((name) => !done.includes(name)),
    unknown: done.filter((name) => !known.includes(name)).sort(),
  }
}

/** Brings the schema to this version. Answers the names applied now. A newer database is refused, not touched. */
export async function migrate(db: Database, clock: Clock): Promise<string[]> {
  return await db.session(async (session) => {
    await session.rows('select pg_advisory_lock($1)', [migrationLock])
    try {
      await session.run(migrationsTable)
      const done = new Map(
        (await session.rows<{ name: string; hash: string }>('select name, hash from migrations')).map((row) => [
          row.name,
          row.hash,
        ]),
      )
      const known = migrations()
      const unknown = [...done.keys()].filter((name) => !known.some((one) => one.name === name))
      if (unknown.length > 0) throw new Problem('database_newer', { migration: unknown.sort().at(-1)! })
      const applied: string[] = []
      for (const { name, text, hash } of known) {
        const before = done.get(name)
        if (before === hash) continue
        if (before) throw new Error(`migration ${name} was changed after it was applied`)
        await db.transaction((tx) => applyMigration(tx, { name, text, hash }, clock.now()))
        applied.push(name)
      }
      return applied
    } finally {
      await session.rows('select pg_advisory_unlock($1)', [migrationLock])
    }
  })
}

/** Prepared statements take one command each. Semicolons inside $$ bodies do not end one. */
function statements(text: string): string[] {
  const parts: string[] = []
  let current = ''
  let inBody = false
  for (const line of text.split('\n')) {
    if (line.trimStart().startsWith('--')) continue
    for (const _ of line.matchAll(/\$\$/g)) inBody = !inBody
    current += `${line}\n`
    if (!inBody && line.trimEnd().endsWith(';')) {
      parts.push(current.trim().replace(/;$/, ''))
      current = ''
    }
  }
  if (current.trim()) parts.push(current.trim())
  return parts
}
