import { beforeEach, expect, test } from 'vitest'
import { useDatabase } from '../../test/support/database.ts'
import { createWorld, type World } from '../../test/support/world.ts'
import { connectAccount } from '../operations/connect-account.ts'
import { allowance, leasedBudget } from './budgets.ts'
import { acquireLease, fence, heldAccounts, type Lease, LeaseLost, releaseLease, renewLease } from './leases.ts'
import { openDatabase } from './pool.ts'

const database = useDatabase()
const ttlMs = 15_000

let world: World
let accountId: string
let name = 0
beforeEach(async () => {
  world = createWorld(database.db, { seed: (name += 1) })
  accountId = await connectAccount(database.db, world.ctx, {
    channel: 'storefront',
    name: `Store ${name}`,
    stage: 'live',
    settings: { webhookUrl: 'https://store.example/hooks' },
    secrets: { webhookSecret: `whsec_${'A'.repeat(32)}` },
  })
})

const take = (holder: string, isDead?: (holder: string) => boolean) =>
  acquireLease(database.db, world.ctx.leaseClock, accountId, holder, ttlMs, isDead)
const renew = (lease: Lease) => renewLease(database.db, world.ctx.leaseClock, lease, ttlMs)
const isFenced = (lease: Lease) =>
  database.db
    .transaction((tx) => fence(tx, lease))
    .then(
      () => false,
      (error: unknown) => error instanceof LeaseLost,
    )
const left = async () => (await allowance(database.db, accountId, 'stock.set', world.clock.now())).calls

test('one holder at a time, also of many that ask at once', async () => {
  const taken = await Promise.all(Array.from({ length: 20 }, (_, index) => take(`holder ${index}`)))
  const holders = taken.filter((one) => one !== undefined)
  expect(holders).toHaveLength(1)
  expect(holders[0]).toMatchObject({ accountId, epoch: 1, expiresAt: new Date(world.clock.now().getTime() + ttlMs) })
  // Not even the holder itself: a process that restarts is another one.
  expect(await take(holders[0]!.holder)).toBeUndefined()
})

test('is taken over only once it ran out, under the next epoch', async () => {
  const first = (await take('a'))!
  world.clock.advance(ttlMs - 1)
  expect(await take('b')).toBeUndefined()
  world.clock.advance(1)
  expect(await take('b')).toMatchObject({ holder: 'b', epoch: first.epoch + 1 })
})

test('renewed in time it goes on; run out it does not come back, although nobody took it', async () => {
  let lease = (await take('a'))!
  for (let beat = 0; beat < 5; beat += 1) {
    world.clock.advance(ttlMs - 1)
    const renewed = await renew(lease)
    expect(renewed).toMatchObject({ epoch: lease.epoch, expiresAt: new Date(world.clock.now().getTime() + ttlMs) })
    lease = renewed!
    expect(await take('b')).toBeUndefined()
  }
  world.clock.advance(ttlMs)
  expect(await renew(lease)).toBeUndefined()
})

test('of many that take over at once one wins', async () => {
  await take('dead')
  world.clock.advance(ttlMs)
  const taken = await Promise.all(Array.from({ length: 20 }, (_, index) => take(`holder ${index}`)))
  expect(taken.filter((one) => one !== undefined)).toMatchObject([{ epoch: 2 }])
})

test('work of an old epoch is fenced off', async () => {
  const old = (await take('a'))!
  expect(await isFenced(old)).toBe(false)
  world.clock.advance(ttlMs)
  const next = (await take('b'))!
  expect(await isFenced(old)).toBe(true)
  expect(await renew(old)).toBeUndefined()
  await releaseLease(database.db, old)
  expect(await isFenced(next)).toBe(false)
  await releaseLease(database.db, next)
  expect(await isFenced(next)).toBe(true)
})

test('what an old holder writes is undone with its transaction', async () => {
  const old = (await take('a'))!
  world.clock.advance(ttlMs)
  await take('b')
  const work = database.db.transaction(async (tx) => {
    await tx.run('update accounts set region = $2 where id = $1', [accountId, 'written by the old holder'])
    await fence(tx, old)
  })
  await expect(work).rejects.toBeInstanceOf(LeaseLost)
  expect(await database.db.one('select region from accounts where id = $1', [accountId])).toEqual({ region: '' })
})

test('a fence holds the lease until its transaction ends', async () => {
  const old = (await take('a'))!
  world.clock.advance(ttlMs)
  const order: string[] = []
  let entered = () => {}
  const inside = new Promise<void>((resolve) => {
    entered = resolve
  })
  let leave = () => {}
  const held = new Promise<void>((resolve) => {
    leave = resolve
  })
  const work = database.db.transaction(async (tx) => {
    await fence(tx, old)
    entered()
    await held
    order.push('old work ends')
  })
  await inside
  const takeOver = take('b').then((lease) => {
    order.push('taken over')
    return lease
  })
  // The take-over waits in the database; until it is seen waiting there, nothing is let go.
  while (
    !(await database.db.one(
      `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
    ))
  ) {}
  leave()
  await work
  expect(await takeOver).toMatchObject({ epoch: 2 })
  expect(order).toEqual(['old work ends', 'taken over'])
})

test('taken over at once from a holder that is proven dead, and from no other', async () => {
  const first = (await take('dead'))!
  expect(await take('b', (holder) => holder === 'somebody else')).toBeUndefined()
  const next = await take('b', (holder) => holder === 'dead')
  expect(next).toMatchObject({ holder: 'b', epoch: first.epoch + 1 })
  expect(await isFenced(first)).toBe(true)
  // The proof is about the holder that stands there when the lease is taken.
  expect(await take('c', (holder) => holder === 'dead')).toBeUndefined()
})

test('of many that find a dead holder one wins', async () => {
  await take('dead')
  const taken = await Promise.all(
    Array.from({ length: 20 }, (_, index) => take(`holder ${index}`, (holder) => holder === 'dead')),
  )
  expect(taken.filter((one) => one !== undefined)).toHaveLength(1)
})

test('held are accounts whose holder may be alive and whose lease runs', async () => {
  const held = async (isDead: (holder: string) => boolean = () => false) =>
    (await heldAccounts(database.db, world.ctx.leaseClock, isDead)).has(accountId)
  expect(await held()).toBe(false)
  const lease = (await take('a'))!
  expect(await held()).toBe(true)
  expect(await held((holder) => holder === 'a')).toBe(false)
  world.clock.advance(ttlMs)
  expect(await held()).toBe(false)
  world.clock.advance(-ttlMs)
  await releaseLease(database.db, lease)
  expect(await held()).toBe(false)
})

test('a process that stands still inside a transaction holds the lease only until the server ends its session', async () => {
  const old = (await take('a'))!
  const stopped = openDatabase(database.url, { max: 1, idleInTransactionMs: 300 })
  let goOn = () => {}
  const still = new Promise<void>((resolve) => {
    goOn = resolve
  })
  const work = stopped.transaction(async (tx) => {
    await tx.run('update accounts set region = $2 where id = $1', [accountId, 'written by the old holder'])
    await fence(tx, old)
    await still
  })
  work.catch(() => {})
  await expect.poll(async () => await isFenced(old)).toBe(false)
  world.clock.advance(ttlMs)
  expect(await take('b')).toMatchObject({ epoch: 2 })
  goOn()
  await expect(work).rejects.toThrow()
  expect(await database.db.one('select region from accounts where id = $1', [accountId])).toEqual({ region: '' })
  await stopped.close()
})

test('what was spent stays spent, however the holder ended; nothing else is lost', async () => {
  const spend = async (lease: Lease) =>
    await leasedBudget(database.db, lease, () => world.clock.now()).spend('stock.set')
  const first = (await take('a'))!
  for (let call = 0; call < 30; call += 1) expect(await spend(first)).toBeUndefined()
  const second = (await take('b', () => true))!
  expect(await left()).toBe(50)
  expect(await spend(first)).toBeInstanceOf(Date)
  for (let call = 0; call < 50; call += 1) expect(await spend(second)).toBeUndefined()
  world.clock.advance(ttlMs - 14_000)
  const third = (await take('c', () => true))!
  expect(await left()).toBe(50)
  await releaseLease(database.db, third)
  expect(await take('d')).toMatchObject({ epoch: 4 })
  expect(await left()).toBe(50)
})
