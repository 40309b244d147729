/** The battery's own checks, tried on what they must find. */
import { expect, test } from 'vitest'
import { addLocation, addProduct } from '../../../src/operations/manage-catalog.ts'
import { moveStock } from '../../../src/operations/move-stock.ts'
import { useDatabase } from '../../support/database.ts'
import type { Store } from '../../support/real/store.ts'
import { createWorld } from '../../support/world.ts'
import type { Ledger } from './load.ts'
import { verifyStep } from './verify.ts'

const own = useDatabase()

test('finds what was acknowledged and is gone, what is there twice, and a promise that is broken', async () => {
  const { ctx } = createWorld(own.db)
  const ledger = {
    reservations: new Map(),
    movements: new Set<string>(),
    odd: [] as string[],
  } as unknown as Ledger
  const store = { sets: [] as Store['sets'] } as Store
  const look = async () => await verifyStep(own.db, ledger, store)
  await addLocation(own.db, ctx, { code: 'MAIN', name: 'Main', kind: 'own', priority: 1 })
  await addProduct(own.db, ctx, { title: 'Thing', variants: [{ sku: 'A' }] })
  const move = async () => {
    const one = { sku: 'A', location: 'MAIN', kind: 'receipt', quantity: 1, note: 'move 1' } as const
    await own.db.transaction((tx) => moveStock(tx, ctx, one, 'test'))
  }
  await move()
  ledger.movements.add('move 1')
  expect(await look()).toEqual({ lost: [], doubled: [], broken: [] })
  await move()
  expect((await look()).doubled).toEqual(['movement move 1'])
  ledger.movements.add('move 2')
  ledger.reservations.set('checkout 1', { id: ctx.newId(), state: 'confirmed' })
  expect((await look()).lost.sort()).toEqual(['movement move 2', 'reservation checkout 1'])
  for (const version of [2, 1]) store.sets.push({ sku: 'A', quantity: 1, version, at: 0, applied: true })
  expect((await look()).doubled).toContain('stock.set A version 1')
  await own.db.run('update pool_levels set on_hand = on_hand + 1')
  expect((await look()).broken).toEqual(['P-3: A'])
})
