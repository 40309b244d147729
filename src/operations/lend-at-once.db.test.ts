/** Many dispatches that are over, and much that happens at once to what a channel lends. */
import { expect, test } from 'vitest'
import { finishedDispatches, lentRounds, patienceMs, printCount } from '../../test/support/iterations.ts'
import { useLendingShop } from '../../test/support/lending-shop.ts'
import { dueDispatches, lacksAt, lentState, needlessDispatches } from '../database/lendings.ts'
import { lentOtherwise, lentSides } from '../database/lent-sides.ts'
import type { Sql } from '../database/pool.ts'
import { dispatchOrders } from './dispatch-orders.ts'
import { refreshAllLent } from './lend-stock.ts'
import { moveStock } from './move-stock.ts'
import { shipOrder } from './ship-order.ts'

const shop = useLendingShop()
const { own, errands, lend, level, order, turn } = shop

interface PlanNode {
  'Node Type': string
  'Relation Name'?: string
  'Actual Rows': number
  'Actual Loops': number
  'Rows Removed by Filter'?: number
  'Rows Removed by Index Recheck'?: number
  Plans?: PlanNode[]
}

/** Rows that statements read of tables about dispatches, by what PostgreSQL itself says of them. */
function explaining(): { sql: Sql; read: () => number } {
  let rows = 0
  const ofTables = new Set(['errands', 'errand_lines', 'dispatches'])
  const count = (node: PlanNode): void => {
    if (ofTables.has(node['Relation Name'] ?? ''))
      rows +=
        (node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0) + (node['Rows Removed by Index Recheck'] ?? 0)) *
        node['Actual Loops']
    for (const part of node.Plans ?? []) count(part)
  }
  const sql = {
    async rows(text: string, values: unknown[]) {
      const [row] = await own.db.rows<{ 'QUERY PLAN': { Plan: PlanNode }[] }>(
        `explain (analyze, format json) ${text}`,
        values,
      )
      count(row!['QUERY PLAN'][0]!.Plan)
      return []
    },
  }
  return { sql: sql as unknown as Sql, read: () => rows }
}

test('dispatches that are over are not read again', { timeout: patienceMs }, async () => {
  await lend(6)
  await order('S1', 4)
  await turn()
  expect(await errands()).toMatchObject([{ state: 'applied' }])
  const account = shop.work.row.id
  await own.db.run(
    `with old as (
       insert into errands select (jsonb_populate_record(e, jsonb_build_object('id', gen_random_uuid(), 'cause', 'old' || n))).*
         from errands e cross join generate_series(1, $2) n where e.account_id = $1 and e.kind = 'dispatch' returning id),
     goods as (
       insert into order_lines select (jsonb_populate_record(l, jsonb_build_object('id', old.id, 'remote_id', old.id, 'shipped_units', 4))).*
         from old cross join order_lines l join orders o on o.id = l.order_id where o.account_id = $4 returning id),
     lines as (insert into errand_lines select id, id, 4, null from goods)
     insert into dispatches select id, $1, null, 'shipped', '{}', null, $3 from old`,
    [account, finishedDispatches, new Date(shop.time), shop.store.id],
  )
  for (const table of ['errands', 'errand_lines', 'dispatches']) await own.db.run(`analyze ${table}`)
  const { sql, read } = explaining()
  const { variantId } = await level()
  await dueDispatches(sql, account, new Date(shop.time + 3_600_000), 20)
  const ofDue = read()
  expect(ofDue, 'it is read at all').toBeGreaterThan(0)
  await needlessDispatches(sql, account)
  await lacksAt(sql, account, ['storefront'])
  await lentState(sql, account, [variantId], new Date(shop.time))
  await lentSides(sql, [variantId], ['storefront'], new Date(shop.time))
  await lentOtherwise(sql, account)
  printCount('dispatches that are over', finishedDispatches)
  expect(read(), 'rows read').toBeLessThan(100)
})

test('orders, dispatches and counts at once end in no deadlock', { timeout: patienceMs }, async () => {
  const { sku, round, world, work } = shop
  await lend(6)
  // A deadlock begins a transaction anew, which nobody sees from outside.
  const { transaction } = own.db
  let [begun, meant] = [0, 0]
  own.db.transaction = (work) => {
    meant += 1
    return transaction((tx) => {
      begun += 1
      return work(tx)
    })
  }
  const newest = () =>
    own.db.rows<{ id: string; line: string }>(
      `select o.id, l.id as line from orders o join order_lines l on l.order_id = o.id
       where o.account_id = $1 and o.state = 'open' and l.shipped_units = 0 order by o.placed_at desc, o.id desc limit 3`,
      [shop.store.id],
    )
  for (let n = 0; n < lentRounds; n += 1) {
    const at = { placedAt: new Date(shop.time), updatedAt: new Date(shop.time + n) }
    const { onHand } = await level()
    if (onHand < 9)
      await own.db.transaction((tx) =>
        moveStock(tx, world.ctx, { sku, location: `H${round}`, kind: 'receipt', quantity: 9 - onHand }, 'test'),
      )
    // Three are here: four go to the channel.
    await order(`A${n}`, 4)
    await Promise.all([dispatchOrders(world.ctx, work), order(`B${n}`, 1), refreshAllLent(world.ctx, work.row)])
    const open = await newest()
    await Promise.all([
      order(`A${n}`, 4, { ...at, state: 'canceled' }),
      dispatchOrders(world.ctx, work),
      refreshAllLent(world.ctx, work.row),
      ...open.map(({ id, line }) =>
        own.db
          .transaction((tx) =>
            shipOrder(
              tx,
              world.ctx,
              id,
              { lines: [{ line, quantity: 1 }], trackingNumber: `T${n}` },
              { actor: 'test' },
            ),
          )
          .catch((error: { code?: string }) => {
            if (!/^[a-z_]+$/.test(error.code ?? '')) throw error
          }),
      ),
      order(`B${n}`, 1, { ...at, state: 'canceled' }),
      dispatchOrders(world.ctx, work),
      refreshAllLent(world.ctx, work.row),
    ])
  }
  printCount('rounds at once on what is lent', lentRounds)
  own.db.transaction = transaction
  expect(meant).toBeGreaterThan(8 * lentRounds)
  expect(begun).toBe(meant)
  const noted = (await errands()).filter((one) => one.kind === 'dispatch').length
  expect(noted, 'orders are handed over meanwhile').toBeGreaterThan(lentRounds / 4)
})
