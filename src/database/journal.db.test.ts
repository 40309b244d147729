import { expect, test } from 'vitest'
import { useDatabase } from '../../test/support/database.ts'
import { createWorld } from '../../test/support/world.ts'
import type { CallRecord } from '../http/client.ts'
import { ensureJournalDays, insertCalls, journalWriter, storedCall } from './journal.ts'
import type { Sql } from './pool.ts'

const own = useDatabase()

const callAt = (startedAt: Date, operation: string, response: unknown = null): CallRecord => ({
  operation,
  method: 'GET',
  url: '/',
  request: null,
  status: 200,
  response,
  requestId: null,
  error: null,
  startedAt,
  durationMs: 1,
})

test('a call that the database cannot hold is told of; its neighbors are stored', async () => {
  const { ctx } = createWorld(own.db)
  const lost: string[] = []
  const journal = journalWriter(own.db, ctx.newId, { autoFlushMs: null, lost: ({ operation }) => lost.push(operation) })
  const call = (operation: string) => callAt(ctx.clock.now(), operation)
  for (const name of ['first', 'odd', 'last']) journal.forAccount(null).record(call(name === 'odd' ? 'odd\0' : name))
  await journal.flush()
  expect(lost).toEqual(['odd\0'])
  const stored = await own.db.rows<{ operation: string }>('select operation from channel_calls order by operation')
  expect(stored.map((row) => row.operation)).toEqual(['first', 'last'])
})

test('while the database does not answer only so much waits for it, by number and by size, and one statement is under way', async () => {
  const { ctx } = createWorld(own.db)
  const lost: string[] = []
  const stuck = Promise.withResolvers<void>()
  let statements = 0
  const slow: Sql = {
    ...own.db,
    run: async (...statement) => {
      statements += 1
      await stuck.promise
      return await own.db.run(...statement)
    },
  }
  const journal = journalWriter(slow, ctx.newId, {
    autoFlushMs: null,
    lost: ({ operation }) => lost.push(operation),
    most: { calls: 4, bytes: 1_000 },
  })
  const record = (operation: string, response?: unknown) =>
    journal.forAccount(null).record(callAt(ctx.clock.now(), operation, response))
  record('leaves')
  const leaves = journal.flush()
  await expect.poll(() => statements).toBe(1)
  for (const one of ['a', 'b', 'c', 'd', 'e', 'f']) record(one)
  const flushes = [journal.flush(), journal.flush()]
  record('large', 'x'.repeat(990))
  record('g', 'x'.repeat(50))
  expect(statements).toBe(1)
  expect(lost).toEqual(['a'])
  stuck.resolve()
  await Promise.all([leaves, ...flushes])
  expect(
    await own.db.rows(
      `select operation from channel_calls where operation = any('{leaves,a,b,c,d,e,f,large,g}') order by started_at, id`,
    ),
  ).toEqual([{ operation: 'leaves' }, { operation: 'g' }])
  record('after')
  for (const one of ['h', 'i', 'j', 'k']) record(one)
  expect(lost).toEqual(['a', 'after'])
})

test('a long reader of the journal (a backup) does not stop what is written to it while a day is to be made', async () => {
  const { ctx } = createWorld(own.db, { startAt: new Date('2031-05-05T12:00:00Z') })
  await own.db.transaction(async (reader) => {
    await reader.rows('select 1 from channel_calls limit 1')
    const days = ensureJournalDays(own.db, ctx.clock.now())
    const call = storedCall(callAt(ctx.clock.now(), 'o'), null)
    await expect
      .poll(() => insertCalls(own.db, [call], ctx.newId).then(() => 'stored'), { timeout: 10_000 })
      .toBe('stored')
    await days
  })
  await ensureJournalDays(own.db, new Date('2031-06-05T12:00:00Z'))
  expect(await own.db.rows(`select 1 from pg_class where relname = 'channel_calls_20310605'`)).toHaveLength(1)
})
