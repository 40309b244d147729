/** Settlements are fetched once each, kept sealed byte for byte, and come back as they were. */
import { createHash } from 'node:crypto'
import { beforeEach, expect, test } from 'vitest'
import { createSimulator, type Simulator } from '../../simulator/index.ts'
import { useDatabase } from '../../test/support/database.ts'
import { createWorld, type World, workFor } from '../../test/support/world.ts'
import { listSettlements } from '../database/views/settlements.ts'
import { connectAccount } from './connect-account.ts'
import type { AccountAtWork } from './context.ts'
import { openSettlement, pullSettlements } from './pull-settlements.ts'

const own = useDatabase()
const day = 86_400_000
let world: World
let simulator: Simulator
let work: AccountAtWork
let time = 0
let round = 0

beforeEach(async () => {
  round += 1
  time = Date.UTC(2026, 10, 22, 8)
  simulator = createSimulator({
    seed: 5,
    realNow: () => time,
    startAt: new Date(time),
    catalog: [{ sku: 'MUG', title: 'Mug', asin: 'B0SIM00001', price: 1490, currency: 'USD', amazon: { quantity: 10 } }],
    amazon: { sellerId: `A1SELLER${round}`, marketplaceIds: ['ATVPDKIKX0DER'] },
  })
  world = createWorld(own.db, {
    seed: round,
    now: () => new Date(time),
    fetch: (input, init) => simulator.handle(new Request(input, init)),
  })
  await own.db.transaction((tx) =>
    connectAccount(tx, world.ctx, {
      channel: 'amazon',
      name: `Amazon ${round}`,
      stage: 'shadow',
      settings: { sellerId: `A1SELLER${round}`, region: 'na', marketplaceIds: ['ATVPDKIKX0DER'], historyDays: 1 },
      secrets: {
        clientId: 'amzn1.application-oa2-client.simulated',
        clientSecret: 'amzn1.oa2-cs.v1.simulated',
        refreshToken: 'Atzr|simulated',
      },
    }),
  )
  work = await workFor(world.ctx, `Amazon ${round}`, 'test', 400 * day)
})

const pass = async (ms: number) => {
  time += ms
  await simulator.tick()
}
/** Pulls until nothing waits; where the allowance is used up it waits. */
async function pullAll(): Promise<void> {
  for (let n = 0; n < 100; n += 1) {
    const { more, notBefore } = await pullSettlements(world.ctx, work)
    if (!more && !notBefore) return
    await pass(notBefore ? Math.max(1_000, notBefore.getTime() - time) : 1_000)
  }
  throw new Error('it never ended')
}
const list = async () => (await listSettlements(own.db, { limit: 200, account: work.row.id })).items
const calls = async () => {
  await world.ctx.journal.flush()
  const rows = await own.db.rows<{ operation: string; count: number }>(
    `select operation, count(*)::int as count from channel_calls where account_id = $1 and operation like 'getReport%' group by 1`,
    [work.row.id],
  )
  return Object.fromEntries(rows.map((row) => [row.operation, row.count]))
}
const fault = async (operation: string, kind: string, count: number, status?: number) => {
  const body = JSON.stringify({ channel: 'amazon', operation, kind, count, ...(status ? { status } : {}) })
  const headers = { 'content-type': 'application/json' }
  const answer = await simulator.handle(
    new Request('http://simulator/control/faults', { method: 'POST', headers, body }),
  )
  expect(answer.status, await answer.clone().text()).toBeLessThan(300)
}
const findings = () =>
  own.db.rows<{ code: string }>('select code from findings where account_id = $1 and resolved_at is null', [
    work.row.id,
  ])

test('all that the channel still has, each once; later ones as they come', async () => {
  await pullAll()
  const first = await list()
  // One every two weeks, for 89 days.
  expect(first).toHaveLength(7)
  expect(await calls()).toEqual({ getReports: 1, getReportDocument: 7 })
  await pullAll()
  expect(await calls()).toEqual({ getReports: 2, getReportDocument: 7 })
  await pass(15 * day)
  await pullAll()
  expect(await list()).toHaveLength(8)
  expect((await calls()).getReportDocument).toBe(8)
  expect(await findings()).toEqual([])
})

test('byte for byte what the channel gave, sealed at rest', async () => {
  await pullAll()
  const [one] = await list()
  const { body, name, contentType } = await openSettlement(own.db, world.ctx, one!.id)
  expect(createHash('sha256').update(body).digest('hex')).toBe(one!.sha256)
  expect([body.length, contentType]).toEqual([one!.size, 'text/tab-separated-values'])
  expect(name).toMatch(/^settlement-2026-\d\d-\d\d-2026-\d\d-\d\d-\d+\.txt$/)
  expect(body.toString().split('\r\n')[1]).toContain(`${one!.remoteId}\t`)
  const kept = (await own.db.one<{ sealed: Buffer }>('select sealed from files where id = $1', [one!.id]))!.sealed
  expect(kept.includes('settlement-id')).toBe(false)
  await own.db.run(`update files set sealed = set_byte(sealed, 40, get_byte(sealed, 40) # 1) where id = $1`, [one!.id])
  await expect(openSettlement(own.db, world.ctx, one!.id)).rejects.toThrow()
})

test('one that cannot be fetched is said and the others come; it is tried again with the next listing', async () => {
  await fault('downloadFeedDocument', 'status', 20, 503)
  await pullAll()
  expect(await list()).toHaveLength(1)
  expect((await findings()).map((one) => one.code)).toEqual(Array(6).fill('settlement_unreadable'))
  await pullAll()
  expect(await list()).toHaveLength(7)
  expect(await findings()).toEqual([])
})

test('without the role for it the account works on; it is said once, and tried again at the usual time only', async () => {
  await fault('getReports', 'status', 2, 403)
  const tried = async () => (await calls()).getReports ?? 0
  expect(await pullSettlements(world.ctx, work)).toEqual({ more: false, notBefore: null })
  const next = async () =>
    (await own.db.one<{ next_at: Date }>(
      `select next_at from cursors where account_id = $1 and stream = 'settlements'`,
      [work.row.id],
    ))!.next_at.getTime()
  expect((await next()) - time).toBe(work.connector.settlements!.everyMs)
  await pass(12 * 3_600_000)
  await pullSettlements(world.ctx, work)
  expect([await tried(), (await findings()).map((one) => one.code)]).toEqual([2, ['settlements_denied']])
  expect(await own.db.one('select halted_code from accounts where id = $1', [work.row.id])).toEqual({
    halted_code: null,
  })
  await pass(12 * 3_600_000)
  await pullAll()
  expect([(await list()).length > 0, await findings()]).toEqual([true, []])
})
