import { beforeEach, describe, expect, test } from 'vitest'
import { useDatabase } from '../../test/support/database.ts'
import { checkoutsAtOnce, expiryRaces, printCount } from '../../test/support/iterations.ts'
import { createWorld, type World } from '../../test/support/world.ts'
import { type AccountRow, findAccount } from '../database/accounts.ts'
import type { Database } from '../database/pool.ts'
import { levelOf } from '../database/views/stock.ts'
import { Problem, type ProblemCode } from '../domain/errors.ts'
import { connectAccount } from './connect-account.ts'
import { confirmReservation, expireReservations, releaseReservation } from './end-reservation.ts'
import { addLocation, addProduct, linkListing } from './manage-catalog.ts'
import { moveStock } from './move-stock.ts'
import { createReservationDesk, type ReservationDesk } from './reservation-desk.ts'

const database = useDatabase()

let world: World
let account: AccountRow
let round = 0
let references = 0
/** Transactions of the desks, and how often they were begun: a deadlock begins one anew, which nobody sees from outside. */
const transactions = { asked: 0, begun: 0 }
/** As many processes: each has a desk of its own, and they meet only in the database. */
const processes = 8
let desks: ReservationDesk[] = []
beforeEach(async () => {
  world = createWorld(database.db, { seed: (round += 1) })
  const { ctx } = world
  const db: Database = {
    ...database.db,
    transaction(work) {
      transactions.asked += 1
      return database.db.transaction((tx) => {
        transactions.begun += 1
        return work(tx)
      })
    },
  }
  desks = Array.from({ length: processes }, () => createReservationDesk({ ...ctx, db }))
  // What earlier tests still hold runs out in none of the later ones.
  await database.db.run('update reservations set expires_at = null')
  await database.db.transaction(async (tx) => {
    await addLocation(tx, ctx, { code: `L${round}`, name: 'Main', kind: 'own', priority: 1 })
    await connectAccount(tx, ctx, {
      channel: 'storefront',
      name: `Store ${round}`,
      stage: 'live',
      settings: { webhookUrl: 'https://store.example/hooks' },
      secrets: { webhookSecret: `whsec_${'A'.repeat(32)}` },
    })
  })
  account = (await findAccount(database.db, `Store ${round}`))!
})

/** A variant of this round with so many units on the shelf, linked to the store's SKU of the same name. */
async function stocked(name: string, units: number, unitsPerSale = 1): Promise<string> {
  const sku = `${name} ${round}`
  await database.db.transaction(async (tx) => {
    await addProduct(tx, world.ctx, { title: name, variants: [{ sku }] })
    if (units > 0)
      await moveStock(tx, world.ctx, { sku, location: `L${round}`, kind: 'receipt', quantity: units }, 'test')
    await linkListing(tx, world.ctx, {
      account: account.name,
      remoteSku: sku,
      sku,
      unitsPerSale,
      marketplace: '',
      fulfilledBy: 'merchant',
    })
  })
  return sku
}

interface Wanted {
  sku: string
  quantity: number
}
const line = (sku: string, quantity = 1): Wanted => ({ sku, quantity })
const reserve = async (lines: Wanted[], reference = `checkout ${(references += 1)}`, expiresInSeconds = 900) => {
  const desk = desks[(references += 1) % processes]!
  const answer = await desk.reserve({ account: account.name, request: { reference, expiresInSeconds, lines } })
  if (!('reserved' in answer)) throw new Error('nobody gave a key')
  return answer.reserved.id
}
const confirm = (id: string) => database.db.transaction((tx) => confirmReservation(tx, world.ctx, id))
const release = (id: string) => database.db.transaction((tx) => releaseReservation(tx, world.ctx, id))
const stateOf = async (id: string) =>
  (await database.db.one<{ state: string }>('select state from reservations where id = $1', [id]))!.state
const level = async (sku: string) => {
  const { onHand, reserved, short, availableToPromise } = (await levelOf(database.db, sku))!
  return { onHand, reserved, short, availableToPromise }
}

async function refusal(work: Promise<unknown>): Promise<{ code: ProblemCode; params: Record<string, unknown> }> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(Problem)
  const { code, params } = error as Problem
  return { code, params }
}

/** Levels equal the sum of their movements, and what is reserved equals what reservation lines hold. */
async function expectWhole(): Promise<void> {
  const off = await database.db.rows(
    `select p.variant_id from pool_levels p
     left join lateral (select coalesce(sum(on_hand), 0) as on_hand, coalesce(sum(reserved), 0) as reserved, coalesce(sum(short), 0) as short
       from stock_movements m where m.variant_id = p.variant_id) m on true
     left join lateral (select coalesce(sum(quantity), 0) as quantity, coalesce(sum(short), 0) as short
       from reservation_lines r where r.variant_id = p.variant_id) r on true
     where p.on_hand <> m.on_hand or p.reserved <> m.reserved or p.short <> m.short or p.reserved + p.short <> r.quantity or p.short <> r.short`,
  )
  expect(off).toEqual([])
}

describe('the last unit', () => {
  test('goes to exactly one of many checkouts at once', async () => {
    printCount('checkouts at once over one unit', checkoutsAtOnce)
    const sku = await stocked('LAST', 1)
    const results = await Promise.allSettled(Array.from({ length: checkoutsAtOnce }, () => reserve([line(sku)])))
    expect(results.filter((one) => one.status === 'fulfilled')).toHaveLength(1)
    const refused = results.filter((one) => one.status === 'rejected').map((one) => one.reason as Problem)
    expect(refused.every((one) => one instanceof Problem && one.code === 'insufficient_stock')).toBe(true)
    expect(refused[0]!.params).toEqual({
      sku,
      requested: 1,
      available: 0,
      lines: [{ sku, requested: 1, available: 0 }],
    })
    expect(await level(sku)).toEqual({ onHand: 1, reserved: 1, short: 0, availableToPromise: 0 })
    expect(await database.db.rows('select 1 from reservations where account_id = $1', [account.id])).toHaveLength(1)
    await expectWhole()
  })

  test('is reserved once by many requests with one reference', async () => {
    const sku = await stocked('REPEATED', 5)
    const ids = await Promise.all(Array.from({ length: 20 }, () => reserve([line(sku)], `same ${round}`)))
    expect(new Set(ids).size).toBe(1)
    expect(await level(sku)).toMatchObject({ reserved: 1, availableToPromise: 4 })
  })
})

describe('several lines', () => {
  test('are reserved all or not at all', async () => {
    const [plenty, scarce, none] = [await stocked('PLENTY', 10), await stocked('SCARCE', 1), await stocked('NONE', 0)]
    const { code, params } = await refusal(reserve([line(plenty, 3), line(scarce, 2), line(none, 1)], `all ${round}`))
    expect(code).toBe('insufficient_stock')
    expect(params.lines).toEqual([
      { sku: scarce, requested: 2, available: 1 },
      { sku: none, requested: 1, available: 0 },
    ])
    expect([await level(plenty), await level(scarce)]).toMatchObject([{ reserved: 0 }, { reserved: 0 }])
    // The reference is as free as the stock: the buyer takes the line out and goes on.
    await reserve([line(plenty, 3)], `all ${round}`)
    expect(await level(plenty)).toMatchObject({ reserved: 3, availableToPromise: 7 })
    await expectWhole()
  })

  test('of one SKU count together', async () => {
    const sku = await stocked('TWICE', 3)
    expect((await refusal(reserve([line(sku, 2), line(sku, 2)]))).params.lines).toEqual([
      { sku, requested: 2, available: 1 },
    ])
    expect(await level(sku)).toMatchObject({ reserved: 0 })
    await reserve([line(sku, 2), line(sku, 1)])
    expect(await level(sku)).toMatchObject({ reserved: 3, availableToPromise: 0 })
    await expectWhole()
  })

  test('with an unknown SKU are refused whole', async () => {
    const sku = await stocked('KNOWN', 3)
    expect(await refusal(reserve([line(sku), line('NO SUCH')]))).toEqual({
      code: 'unknown_sku',
      params: { sku: 'NO SUCH' },
    })
    expect(await level(sku)).toMatchObject({ reserved: 0 })
  })

  test('in opposite orders never wait for each other in a circle', async () => {
    printCount('checkouts at once in opposite orders', checkoutsAtOnce)
    const skus = [await stocked('A', 150), await stocked('B', 120), await stocked('C', 100)]
    Object.assign(transactions, { asked: 0, begun: 0 })
    const orders = [skus, [...skus].reverse(), [skus[1]!, skus[2]!, skus[0]!]]
    const results = await Promise.allSettled(
      Array.from({ length: checkoutsAtOnce }, (_, index) => reserve(orders[index % 3]!.map((sku) => line(sku)))),
    )
    const failed = results.filter((one) => one.status === 'rejected').map((one) => one.reason as Problem)
    expect(failed.filter((one) => !(one instanceof Problem && one.code === 'insufficient_stock'))).toEqual([])
    expect(results.length - failed.length).toBe(100)
    expect(await Promise.all(skus.map(level))).toMatchObject([
      { reserved: 100 },
      { reserved: 100 },
      { reserved: 100, availableToPromise: 0 },
    ])
    expect(transactions.asked).toBeGreaterThan(0)
    expect(transactions.begun).toBe(transactions.asked)
    await expectWhole()
  })
})

describe('a listing of several units', () => {
  test('takes as many units, and tells what can be had in its own', async () => {
    const sku = await stocked('PACK', 7, 3)
    expect((await refusal(reserve([line(sku, 3)]))).params).toMatchObject({ requested: 3, available: 2 })
    await reserve([line(sku, 2)])
    expect(await level(sku)).toMatchObject({ reserved: 6, availableToPromise: 1 })
  })
})

describe('release', () => {
  test('gives the units back and lets the next checkout in', async () => {
    const sku = await stocked('BACK', 1)
    const id = await reserve([line(sku)])
    await refusal(reserve([line(sku)]))
    await release(id)
    expect(await stateOf(id)).toBe('released')
    expect(await level(sku)).toEqual({ onHand: 1, reserved: 0, short: 0, availableToPromise: 1 })
    await reserve([line(sku)])
    await expectWhole()
  })

  test('again changes nothing, also at once', async () => {
    const sku = await stocked('BACK TWICE', 2)
    const id = await reserve([line(sku)])
    await reserve([line(sku)])
    await Promise.all(Array.from({ length: 10 }, () => release(id)))
    expect(await level(sku)).toMatchObject({ reserved: 1, availableToPromise: 1 })
    await expectWhole()
  })

  test('ends the reference: a late repeat does not reserve anew', async () => {
    const sku = await stocked('ENDED', 2)
    const id = await reserve([line(sku)], `ended ${round}`)
    await release(id)
    expect(await refusal(reserve([line(sku)], `ended ${round}`))).toMatchObject({
      code: 'reservation_closed',
      params: { state: 'released' },
    })
    expect(await level(sku)).toMatchObject({ reserved: 0 })
  })

  test('of a paid one is allowed: a payment can fail late', async () => {
    const sku = await stocked('PAID', 1)
    const id = await reserve([line(sku)])
    await confirm(id)
    await release(id)
    expect(await level(sku)).toMatchObject({ reserved: 0, availableToPromise: 1 })
  })
})

describe('expiry', () => {
  test('gives the units back, wakes the pumps, and is told to a late payment', async () => {
    const sku = await stocked('LATE', 1)
    const id = await reserve([line(sku)], `late ${round}`, 60)
    world.clock.advance(59_999)
    expect(await expireReservations(world.ctx)).toBe(0)
    world.clock.advance(1)
    const woken = world.woken()
    expect(await expireReservations(world.ctx)).toBe(1)
    expect(world.woken()).toBe(woken + 1)
    expect(await stateOf(id)).toBe('expired')
    expect(await level(sku)).toMatchObject({ reserved: 0, availableToPromise: 1 })
    expect(await refusal(confirm(id))).toMatchObject({ code: 'reservation_expired' })
    await release(id)
    expect(await stateOf(id)).toBe('expired')
  })

  test('never comes to what was paid', async () => {
    const sku = await stocked('SAFE', 1)
    const id = await reserve([line(sku)], `safe ${round}`, 60)
    await confirm(id)
    await confirm(id)
    world.clock.advance(86_400_000)
    expect(await expireReservations(world.ctx)).toBe(0)
    expect(await level(sku)).toMatchObject({ reserved: 1 })
  })

  test('racing a payment: one of both decides, never both', async () => {
    printCount('expiries that race a payment', expiryRaces)
    const sku = await stocked('RACE', expiryRaces)
    const ids: string[] = []
    for (let one = 0; one < expiryRaces; one += 500)
      ids.push(
        ...(await Promise.all(
          Array.from({ length: Math.min(500, expiryRaces - one) }, (_, index) =>
            reserve([line(sku)], `race ${round} ${one + index}`, 60),
          ),
        )),
      )
    world.clock.advance(60_000)
    const [expired, ...paid] = await Promise.all([
      Promise.all([expireReservations(world.ctx), expireReservations(world.ctx)]),
      ...ids.map((id) =>
        confirm(id).then(
          () => 'paid' as const,
          (error: Problem) => error.code,
        ),
      ),
    ])
    while ((await expireReservations(world.ctx)) > 0);
    const states = await Promise.all(ids.map(stateOf))
    for (const [index, state] of states.entries())
      expect([state, paid[index]]).toEqual(
        state === 'confirmed' ? ['confirmed', 'paid'] : ['expired', 'reservation_expired'],
      )
    const confirmed = states.filter((state) => state === 'confirmed').length
    expect((expired ?? []).reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(expiryRaces - confirmed)
    expect(await level(sku)).toMatchObject({ reserved: confirmed, availableToPromise: expiryRaces - confirmed })
    await expectWhole()
  })
})
