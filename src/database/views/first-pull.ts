/** The first reading of an account, as people watch it. */
import { expectedEnd, stateOfFirstPull } from '../../domain/first-pull.ts'
import type { AccountRow } from '../accounts.ts'
import { type FirstPullRow, firstPullsOf } from '../first-pulls.ts'
import type { Sql } from '../pool.ts'

const iso = (time: Date | null) => time?.toISOString() ?? null

export async function describeFirstPull(sql: Sql, row: AccountRow) {
  const streams = (await firstPullsOf(sql, row.id)).map(describe)
  const isStopped = row.stage === 'paused' || row.halted_code !== null
  const state =
    streams.length === 0
      ? ('none' as const)
      : streams.every((one) => one.state === 'done')
        ? ('done' as const)
        : isStopped
          ? ('stopped' as const)
          : streams.every((one) => one.state === 'waiting')
            ? ('waiting' as const)
            : ('running' as const)
  return { accountId: row.id, state, streams }
}

function describe(row: FirstPullRow) {
  const { stream, pages, items, remaining } = row
  const pull = { pages, items, remaining, startedAt: row.started_at, readAt: row.read_at, doneAt: row.done_at }
  const isFailing = row.failed_at && row.failure && !row.done_at
  return {
    stream,
    state: stateOfFirstPull(pull),
    pages,
    items,
    total: row.done_at ? items : remaining === null ? null : items + remaining,
    startedAt: iso(row.started_at),
    readAt: iso(row.read_at),
    expectedAt: iso(expectedEnd(pull)),
    doneAt: iso(row.done_at),
    failure: isFailing ? { at: row.failed_at!.toISOString(), ...row.failure!, failures: row.failures } : null,
  }
}
