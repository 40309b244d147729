import { expect, test } from 'vitest'
import { useDatabase } from '../../test/support/database.ts'
import { createWorld } from '../../test/support/world.ts'
import type { CallRecord } from '../http/client.ts'
import { journalWriter } from './journal.ts'

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
