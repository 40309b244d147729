import { expect, test } from 'vitest'
import { useDatabase } from '../../test/support/database.ts'
import { createWorld } from '../../test/support/world.ts'
import type { CallRecord } from '../http/client.ts'
import { ensureJournalDays, insertCalls, journalWriter } from './journal.ts'

const own = useDatabase()

test('a call that the database cannot hold is told of; its neighbors are stored', async () => {
  const { ctx } = createWorld(own.db)
  const lost: string[] = []
  const journal = journalWriter(own.db, ctx.newId, { autoFlushMs: null, lost: ({ operation }) => lost.push(operation) })
  const call = (operation: string): CallRecord => ({
    operation,
    method: 'GET',
    url: '/',
    request: null,
    status: 200,
    response: null,
    requestId: null,
    error: null,
    startedAt: ctx.clock.now(),
    durationMs: 1,
  })
  for (const name of ['first', 'odd', 'last']) journal.forAccount(null).record(call(name === 'odd' ? 'odd\0' : name))
  await journal.flush()
  expect(lost).toEqual(['odd\0'])
  const stored = await own.db.rows<{ operation: string }>('select operation from channel_calls order by operation')
  expect(stored.map((row) => row.operation)).toEqual(['first', 'last'])
})

test('a long reader of the journal (a backup) does not stop what is written to it while a day is to be made', async () => {
  const { ctx } = createWorld(own.db, { startAt: new Date('2031-05-05T12:00:00Z') })
  await own.db.transaction(async (reader) => {
    await reader.rows('select 1 from channel_calls limit 1')
    const days = ensureJournalDays(own.db, ctx.clock.now())
    const call = {
      operation: 'o',
      method: 'GET',
      url: '/',
      request: null,
      status: 200,
      response: null,
      requestId: null,
    }
    await expect
      .poll(
        () =>
          insertCalls(
            own.db,
            [{ ...call, error: null, startedAt: ctx.clock.now(), durationMs: 1, accountId: null }],
            ctx.newId,
          ).then(() => 'stored'),
        { timeout: 10_000 },
      )
      .toBe('stored')
    await days
  })
  await ensureJournalDays(own.db, new Date('2031-06-05T12:00:00Z'))
  expect(await own.db.rows(`select 1 from pg_class where relname = 'channel_calls_20310605'`)).toHaveLength(1)
})
