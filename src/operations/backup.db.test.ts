/** A backup of a used database comes back whole, and whatever is wrong with file, key or target is refused before a change. */
import { readdirSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, inject, onTestFinished, test } from 'vitest'
import { dropDatabase, useDatabase } from '../../test/support/database.ts'
import { fillWithEverything } from '../../test/support/everything.ts'
import { backupAlterations, printCount } from '../../test/support/iterations.ts'
import { urlOf } from '../../test/support/postgres.ts'
import { createWorld, seeded, seededBytes, type World } from '../../test/support/world.ts'
import { brokenSums } from '../database/after-restore.ts'
import { tablesOf } from '../database/copy.ts'
import { countRows } from '../database/load.ts'
import { applyMigration, migrations, migrationsTable } from '../database/migrate.ts'
import { type Database, openDatabase } from '../database/pool.ts'
import { Problem } from '../domain/errors.ts'
import { readBackup, writeBackup } from './backup.ts'
import { moveStock } from './move-stock.ts'
import { restoreBackup } from './restore.ts'

const own = useDatabase()
const random = seededBytes(seeded(7))
const masterKey = random(32)
const restoredAt = new Date('2026-11-23T10:00:00Z')
let folder: string
let file: string
let world: World

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'entrepot-backup-'))
  file = join(folder, 'one.backup')
  world = createWorld(own.db)
  await fillWithEverything(world)
  await backup(file)
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const backup = (to: string, more: { withoutJournal?: boolean; url?: string } = {}) =>
  writeBackup({
    url: own.url,
    file: to,
    masterKey,
    random,
    now: () => world.clock.now(),
    product: '0.0.0',
    ...more,
  })

/** An empty database of its own, dropped after the test. */
async function target(): Promise<{ db: Database; url: string }> {
  const name = `target_${random(6).toString('hex')}`
  const admin = openDatabase(inject('postgresUrl'), { max: 1 })
  await admin.run(`create database ${name}`)
  await admin.close()
  const url = urlOf(inject('postgresUrl'), name)
  const db = openDatabase(url, { max: 2, name: 'a test' })
  onTestFinished(async () => {
    await db.close()
    await dropDatabase(name)
  })
  return { db, url }
}

const restore = (url: string, more: Partial<Parameters<typeof restoreBackup>[0]> = {}) =>
  restoreBackup({ url, file, masterKey, now: () => restoredAt, ...more })

/** The code of the problem that ends this. */
async function codeOf(work: Promise<unknown>): Promise<string> {
  return await work.then(
    () => 'no problem',
    (error: unknown) => {
      if (error instanceof Problem) return error.code
      throw error
    },
  )
}

async function tablesIn(db: Database): Promise<number> {
  return (await db.one<{ count: number }>(
    `select count(*) as count from pg_class where relnamespace = 'public'::regnamespace`,
  ))!.count
}

/** Each table as one sum over the texts of its rows. */
async function sums(db: Database): Promise<Record<string, string | null>> {
  const all: Record<string, string | null> = {}
  for (const { name } of await tablesOf(db))
    all[name] = (await db.one<{ sum: string | null }>(
      `select md5(string_agg(t::text, '|' order by t::text)) as sum from "${name}" t`,
    ))!.sum
  return all
}

/** What a restore changes on purpose. */
const doubted = [
  'accounts',
  'budgets',
  'cursors',
  'effects',
  'leases',
  'pool_levels',
  'sessions',
  'stock_slots',
  'tokens',
]

test('every table comes back as it was, but for what nobody may believe any more', async () => {
  const { db, url } = await target()
  const report = await restore(url)
  const [before, after] = [await sums(own.db), await sums(db)]
  expect(Object.keys(after)).toEqual(Object.keys(before))
  expect(Object.keys(before).filter((name) => before[name] !== after[name])).toEqual(doubted)
  expect(report.rows).toEqual(await countRows(own.db, await tablesOf(own.db)))
  expect(report.rows.channel_calls).toBe(300)
  const days = `select count(*) as count from pg_inherits where inhparent = 'channel_calls'::regclass`
  expect(await db.one(days)).toEqual(await own.db.one(days))
  // Keys, indexes and triggers are there again.
  const parts = `select count(*) as count, count(*) filter (where contype = 'f') as keys from pg_constraint where connamespace = 'public'::regnamespace`
  expect(await db.one(parts)).toEqual(await own.db.one(parts))
  const indexes = `select string_agg(indexdef, '|' order by indexdef) as all from pg_indexes where schemaname = 'public'`
  expect(await db.one(indexes)).toEqual(await own.db.one(indexes))
  await expect(db.run('delete from stock_movements')).rejects.toThrow(/append-only/)
})

test('the restored ledger goes on: numbers of movements continue, and it adds up', async () => {
  const { db, url } = await target()
  await restore(url)
  const highest = (await db.one<{ seq: number }>('select max(seq) as seq from stock_movements'))!.seq
  const { ctx } = createWorld(db, { seed: 99, startAt: restoredAt })
  await db.transaction((tx) =>
    moveStock(tx, ctx, { sku: 'BOWL', location: 'MAIN', kind: 'receipt', quantity: 1 }, 'test'),
  )
  expect((await db.one<{ seq: number }>('select max(seq) as seq from stock_movements'))!.seq).toBeGreaterThan(highest)
  expect(await brokenSums(db)).toEqual([])
  expect(await brokenSums(own.db)).toEqual([])
})

test('nobody believes stale ownership: epochs and versions jump ahead, tokens, sessions and allowances are gone', async () => {
  const { db, url } = await target()
  await restore(url)
  const seconds = restoredAt.getTime() / 1_000
  expect(await db.one('select epoch, released from leases')).toEqual({ epoch: seconds + 1, released: true })
  expect(await db.rows('select tokens from budgets where tokens > 0')).toEqual([])
  for (const table of ['tokens', 'sessions', 'setup_links']) expect(await db.rows(`select 1 from ${table}`)).toEqual([])
  expect(await db.one('select outcome from effects')).toEqual({ outcome: 'unknown' })
  expect(await db.one('select next_at, failures, value from cursors')).toEqual({
    next_at: restoredAt,
    failures: 0,
    value: { a: 'x\ty' },
  })
  const slots = await db.rows<{ version: number }>(
    `select version, live_value, confirmed_value, confirmed_at, hold_until, read_due_at, retry_at, claim, claim_state, settle_at from stock_slots`,
  )
  for (const slot of slots) {
    const { version, ...rest } = slot
    expect(version).toBeGreaterThan(seconds)
    expect(rest).toEqual({
      live_value: null,
      confirmed_value: null,
      confirmed_at: null,
      hold_until: restoredAt,
      read_due_at: null,
      retry_at: null,
      claim: null,
      // The write that was under way may still land, and others of which the backup does not know.
      claim_state: { doubtedUntil: restoredAt.getTime() + 15 * 60_000 },
      settle_at: null,
    })
  }
  // Nothing is raised anywhere before it is known again what each place may sell.
  const claims = await db.rows('select distinct claimed, unknown_claims from pool_levels')
  expect(claims).toEqual([{ claimed: 0, unknown_claims: 1 }])
})

test('a second restore of the same backup counts further, not the same again', async () => {
  const { db, url } = await target()
  await restore(url)
  await db.run('update leases set epoch = epoch + 50')
  const first = (await db.one<{ epoch: number }>('select epoch from leases'))!.epoch
  await restore(url, { replace: true, now: () => new Date(restoredAt.getTime() + 3_600_000) })
  expect((await db.one<{ epoch: number }>('select epoch from leases'))!.epoch).toBeGreaterThan(first)
})

test('an altered or cut file is refused, wherever it was altered, and nothing is touched', async () => {
  const { db, url } = await target()
  const whole = await readFile(file)
  const chance = seeded(3)
  const bad = join(folder, 'bad.backup')
  const codes: Record<string, number> = {}
  const expectRefusal = async (bytes: Buffer) => {
    await writeFile(bad, bytes)
    const code = await codeOf(restore(url, { file: bad }))
    expect(code).toMatch(/^backup_(damaged|foreign|wrong_key|newer)$/)
    codes[code] = (codes[code] ?? 0) + 1
  }
  for (let round = 0; round < backupAlterations; round += 1) {
    const at = round < 40 ? round : Math.floor(chance() * whole.length)
    const altered = Buffer.from(whole)
    altered[at]! ^= 1 << Math.floor(chance() * 8)
    await expectRefusal(altered)
    await expectRefusal(whole.subarray(0, Math.floor(chance() * whole.length)))
  }
  await expectRefusal(Buffer.concat([whole, Buffer.from([0])]))
  await expectRefusal(Buffer.alloc(0))
  printCount('altered and cut backups', backupAlterations * 2)
  expect(codes.backup_damaged).toBeGreaterThan(backupAlterations)
  expect(await tablesIn(db)).toBe(0)
})

test('another key is told from a damaged file', async () => {
  const { url } = await target()
  expect(await codeOf(restore(url, { masterKey: random(32) }))).toBe('backup_wrong_key')
  expect(await codeOf(readBackup(join(folder, 'none'), masterKey))).toBe('file_missing')
})

test('a database that holds something is replaced only on purpose, and tells what would be lost', async () => {
  const { db, url } = await target()
  await restore(url)
  await db.run(`update accounts set name = 'Changed since'`)
  const refused = await restore(url).catch((error: Problem) => error)
  expect(refused).toMatchObject({ code: 'restore_not_empty', params: { accounts: 1, orders: 0 } })
  expect(await db.one('select name from accounts')).toEqual({ name: 'Changed since' })
  await restore(url, { replace: true })
  expect(await db.one('select name from accounts')).toEqual({ name: 'Store' })
})

test('tables of somebody else are never removed', async () => {
  const { db, url } = await target()
  await db.run('create table ledger (id int)')
  expect(await codeOf(restore(url, { replace: true }))).toBe('restore_foreign')
  expect(await tablesIn(db)).toBe(1)
})

test('a hub that is connected is refused, whatever was asked', async () => {
  const { url } = await target()
  const hub = openDatabase(url, { max: 1 })
  await hub.run('select 1')
  expect(await codeOf(restore(url, { replace: true }))).toBe('restore_hub_running')
  await hub.close()
  await expect.poll(() => codeOf(restore(url, { replace: true })), { timeout: 30_000 }).toBe('no problem')
})

test('a hub that was only started is as good as empty', async () => {
  const { db, url } = await target()
  const { applied } = await restoreBackup({ url, file, masterKey, now: () => restoredAt })
  expect(applied).toEqual([])
  await db.run('truncate users, accounts, products, orders cascade')
  expect(await codeOf(restore(url))).toBe('no problem')
})

test('a backup of an older schema is loaded as it was and then brought up to date', async () => {
  const older = await target()
  await older.db.run(migrationsTable)
  const first = migrations()[0]!
  await older.db.transaction((tx) => applyMigration(tx, first, world.clock.now()))
  await older.db.run(`insert into products (id, title, created_at) values ($1, 'Old', $2)`, [
    world.ctx.newId(),
    restoredAt,
  ])
  const from = join(folder, 'older.backup')
  await backup(from, { url: older.url })
  const planted = {
    name: '9999_planted.sql',
    hash: 'planted',
    text: `alter table products add column shelf text not null default 'A';\nupdate products set shelf = title;\n`,
  }
  const { db, url } = await target()
  const report = await restore(url, { file: from, known: [...migrations(), planted] })
  expect(report.applied).toEqual([
    ...migrations()
      .slice(1)
      .map((one) => one.name),
    planted.name,
  ])
  expect(await db.rows('select title, shelf from products')).toEqual([{ title: 'Old', shelf: 'Old' }])
  expect(await db.one('select count(*) as count from migrations')).toEqual({ count: migrations().length + 1 })
  // The other way round: this version does not know what made the backup.
  const newer = join(folder, 'newer.backup')
  await backup(newer, { url })
  const empty = await target()
  expect(await codeOf(restore(empty.url, { file: newer }))).toBe('backup_newer')
  expect(await tablesIn(empty.db)).toBe(0)
})

test('the journal can be left out', async () => {
  const small = join(folder, 'small.backup')
  const report = await backup(small, { withoutJournal: true })
  expect(report).toMatchObject({ without: ['channel_calls'] })
  expect(report.rows.channel_calls).toBeUndefined()
  const { db, url } = await target()
  expect(await restore(url, { file: small })).toMatchObject({ without: ['channel_calls'] })
  expect(await db.one('select count(*) as count from channel_calls')).toEqual({ count: 0 })
})

test('a target that cannot be written leaves nothing behind, and what was there stays', async () => {
  expect(await codeOf(backup(join(folder, 'none', 'x.backup')))).toBe('file_unwritable')
  expect(await codeOf(backup('/proc/entrepot.backup'))).toBe('file_unwritable')
  const empty = await target()
  const taken = join(folder, 'taken.backup')
  await writeFile(taken, 'before')
  expect(await codeOf(backup(taken, { url: empty.url }))).toBe('backup_nothing')
  expect(await readFile(taken, 'utf8')).toBe('before')
  expect(readdirSync(folder).filter((name) => name.endsWith('.part'))).toEqual([])
})

test('what writers do meanwhile is either whole in the backup or not in it', async () => {
  let writing = true
  const { ctx } = world
  const writers = [0, 1, 2].map(async () => {
    while (writing) {
      await own.db.transaction((tx) =>
        moveStock(tx, ctx, { sku: 'BOWL', location: 'MAIN', kind: 'receipt', quantity: 1 }, 'test'),
      )
    }
  })
  const { db, url } = await target()
  const during = join(folder, 'during.backup')
  for (let round = 0; round < 3; round += 1) {
    await backup(during)
    const report = await restore(url, { file: during, replace: true })
    expect(report.broken).toEqual([])
    expect(await brokenSums(db)).toEqual([])
  }
  writing = false
  await Promise.all(writers)
})

test('a ledger that was wrong before is restored all the same, and told', async () => {
  const { db, url } = await target()
  await restore(url)
  await db.run(
    `update pool_levels set on_hand = on_hand + 1 where variant_id = (select id from variants where sku = 'BOWL')`,
  )
  const wrong = join(folder, 'wrong.backup')
  await backup(wrong, { url })
  expect((await restore(url, { file: wrong, replace: true })).broken).toEqual(['P-3 BOWL', 'P-3 places BOWL'])
})
