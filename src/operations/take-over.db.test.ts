import { beforeEach, expect, test } from 'vitest'
import { useDatabase } from '../../test/support/database.ts'
import { createWorld, type World, workFor } from '../../test/support/world.ts'
import { acquireLease, LeaseLost } from '../database/leases.ts'
import { ChannelError } from '../domain/errors.ts'
import { connectAccount } from './connect-account.ts'
import type { AccountAtWork } from './context.ts'
import { noteWorkFailing, pullFailed } from './pull-orders.ts'
import { takeOver } from './take-over.ts'

const own = useDatabase()

let world: World
let work: AccountAtWork
let number = 0
beforeEach(async () => {
  world = createWorld(own.db, { seed: (number += 1) })
  await connectAccount(own.db, world.ctx, {
    channel: 'storefront',
    name: `Store ${number}`,
    stage: 'live',
    settings: { webhookUrl: 'https://store.example/hooks' },
    secrets: { webhookSecret: `whsec_${'A'.repeat(32)}` },
  })
  work = await workFor(world.ctx, `Store ${number}`, 'old')
})

async function replaced(): Promise<void> {
  await acquireLease(own.db, world.ctx.leaseClock, work.row.id, 'new', 60_000, (holder) => holder === 'old')
}

test('a new holder waits for no token that the old one was minting', async () => {
  const never = new Promise<never>(() => {})
  void work.account.token('access', () => never)
  const minting = 'select minting_until from tokens where account_id = $1 and minting_until is not null'
  await expect.poll(async () => await own.db.one(minting, [work.row.id])).toBeDefined()
  await replaced()
  const next = { ...work, lease: () => ({ ...work.lease(), epoch: work.lease().epoch + 1 }) }
  await takeOver(world.ctx, next)
  expect(await own.db.one(minting, [work.row.id])).toBeUndefined()
})

test('an account that was connected under an older version gets the allowances it lacks, and keeps the others as they are', async () => {
  const allowances = 'select operation, tokens from budgets where account_id = $1 order by operation'
  const before = await own.db.rows<{ operation: string; tokens: number }>(allowances, [work.row.id])
  const [lost, ...others] = before
  await own.db.run('delete from budgets where account_id = $1 and operation = $2', [work.row.id, lost!.operation])
  await own.db.run('update budgets set tokens = 0 where account_id = $1', [work.row.id])
  await takeOver(world.ctx, work)
  const expected = [lost!, ...others.map((one) => ({ ...one, tokens: 0 }))]
  expect(await own.db.rows(allowances, [work.row.id])).toEqual(expected)
})

test('the failures of a holder that was replaced are not the account’s', async () => {
  const refused = new ChannelError('auth', 'HTTP 401', 'refused')
  const fail = async () => await pullFailed(world.ctx, work, 'stock', refused, 5)
  await replaced()
  await expect(fail()).rejects.toBeInstanceOf(LeaseLost)
  await expect(noteWorkFailing(world.ctx, work, 'internal')).rejects.toBeInstanceOf(LeaseLost)
  expect(await own.db.one('select 1 from cursors where account_id = $1', [work.row.id])).toBeUndefined()
  expect(await own.db.one('select 1 from findings where account_id = $1', [work.row.id])).toBeUndefined()
  expect(await own.db.one('select halted_code from accounts where id = $1', [work.row.id])).toEqual({
    halted_code: null,
  })
})

test('a holder’s own failure halts its account', async () => {
  await pullFailed(world.ctx, work, 'stock', new ChannelError('auth', 'HTTP 401', 'refused'), 0)
  expect(await own.db.one('select halted_code from accounts where id = $1', [work.row.id])).toEqual({
    halted_code: 'HTTP 401',
  })
})
