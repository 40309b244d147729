/**
 * Calls per imported order and per changed slot, for each channel, against the least that its API permits. Counted in the
 * hub's own journal, against simulated channels. What an order costs beside (looks that found nothing new) and a slot
 * (readings that prove a write) is reported without a target.
 */

import { insertNotifications } from '../src/database/notifications.ts'
import { moveStock } from '../src/operations/move-stock.ts'
import { pushStock } from '../src/operations/push-stock.ts'
import { readStock } from '../src/operations/read-stock.ts'
import type { Bench, Run } from './bench.ts'
import { type Server, startServer } from './ground.ts'
import { type CallsHub, openCallsHub } from './ours/calls-hub.ts'
import { type ChannelCalls, callsTable } from './ours/calls-table.ts'
import { skuOf } from './ours/catalog.ts'

const mostOverLeast = 1.05
const manyLines = 8
const skusOfOrders = 50
const second = 1_000
const minute = 60 * second

export const callsPerOrder: Bench = {
  name: 'calls-per-order',
  about: 'Calls per imported order and per changed slot, against the least that each API permits',
  async run(run) {
    const server = await startServer()
    try {
      for (const entry of callsTable) {
        if (entry.orders) {
          await ordersAtOnce(run, server, entry, 1)
          await ordersAtOnce(run, server, entry, manyLines)
          await trickle(run, server, entry)
        }
        await slots(run, server, entry)
      }
    } finally {
      await server.stop()
    }
  },
}

const sum = (calls: Map<string, number>, operations: readonly string[]) =>
  operations.reduce((all, operation) => all + (calls.get(operation) ?? 0), 0)

function report(run: Run, metric: string, name: string, calls: number, least: number, made: string): void {
  run.note(`${name}: ${calls} calls, at least ${least} (${made})`)
  run.figure({ metric, case: name, unit: '×', target: mostOverLeast, better: 'lower', values: [calls / least] })
}

const beside = (run: Run, metric: string, name: string, value: number) =>
  run.figure({ metric, case: name, unit: 'calls', better: 'lower', values: [value] })

/** A lot of orders waits: after a night in which the hub was down, say. */
async function ordersAtOnce(run: Run, server: Server, entry: ChannelCalls, lines: number): Promise<void> {
  const { operations, page, showsMs, apartMs = 0, grow } = entry.orders!
  const name = `${entry.channel}, ${lines === 1 ? 'orders at once' : `orders of ${lines} lines at once`}`
  const hub = await openCallsHub(server, databaseName(name), entry, { skus: skusOfOrders, lines })
  try {
    const count = (run.quick ? 6 : 25) * page(lines)
    const further = Array.from({ length: grow ? 0 : lines - 1 }, (_, index) => ({ sku: skuOf(index), quantity: 1 }))
    for (let one = 0; one < count; one += 1) {
      // A shelf of the simulated channel holds some hundred units: whoever sells so many sells many things.
      await hub.buy(skuOf(one % skusOfOrders), further)
      if (apartMs > 0) await hub.pass(apartMs)
      if (one % 200 === 199) await restock(hub, entry)
    }
    await hub.pass(showsMs)
    const before = sum(await hub.calls(), operations)
    await hub.through(hub.pullOrders)
    const calls = sum(await hub.calls(), operations) - before
    if ((await hub.orders()) !== count) throw new Error(`${await hub.orders()} orders came of ${count}`)
    const stored = (await hub.ctx.db.one<{ count: number }>('select count(*)::int as count from order_lines'))!.count
    if (stored !== count * lines) throw new Error(`${stored} lines came of ${count * lines}`)
    report(run, 'orders_ratio', name, calls, Math.ceil(count / page(lines)), `${count} orders`)
  } finally {
    await hub.close()
  }
}

/** What buyers took lies there again, past the hub: only the simulated shelf is meant. */
async function restock(hub: CallsHub, entry: ChannelCalls): Promise<void> {
  for (let index = 0; index < skusOfOrders; index += 1) await hub.overwrite(entry.channel, skuOf(index), 500)
}

/** An order a minute, each announced by a notification when it is placed; the hub looks as its loop does. */
async function trickle(run: Run, server: Server, entry: ChannelCalls): Promise<void> {
  const { operations, page, showsMs } = entry.orders!
  const name = `${entry.channel}, an order a minute, announced`
  const minutes = run.quick ? 20 : 60
  const hub = await openCallsHub(server, databaseName(name), entry, { skus: skusOfOrders })
  try {
    const told = { calls: 0, least: 0, idle: 0 }
    let known = await hub.orders()
    let counted = sum(await hub.calls(), operations)
    const look = async () => {
      if (!(await hub.lookForOrders())) return
      const [orders, calls] = [await hub.orders(), sum(await hub.calls(), operations)]
      if (orders > known) {
        told.calls += calls - counted
        told.least += Math.ceil((orders - known) / page(1))
      } else told.idle += calls - counted
      known = orders
      counted = calls
    }
    for (let at = 0; at < minutes * minute + showsMs + 5 * minute; at += 10 * second) {
      if (at % minute === 0 && at < minutes * minute)
        await announce(hub, await hub.buy(skuOf((at / minute) % skusOfOrders)))
      await hub.pass(10 * second)
      await look()
    }
    if (known !== minutes) throw new Error(`${known} orders came of ${minutes}`)
    report(run, 'orders_ratio', name, told.calls, told.least, `${minutes} orders`)
    beside(run, 'idle_looks_per_order', name, told.idle / minutes)
  } finally {
    await hub.close()
  }
}

async function announce({ ctx, work }: CallsHub, orderId: string): Promise<void> {
  const now = ctx.clock.now()
  const row = { id: ctx.newId(), accountId: work.row.id, topic: 'orders', look: ['orders'], orderIds: [orderId] }
  await insertNotifications(ctx.db, [{ ...row, dedupe: Buffer.from(orderId), happenedAt: now, receivedAt: now }])
}

async function slots(run: Run, server: Server, entry: ChannelCalls): Promise<void> {
  const many = run.quick ? 300 : 1_000
  const hub = await openCallsHub(server, databaseName(`${entry.channel} slots`), entry, { skus: many })
  const { batch, operations } = entry.slots
  try {
    for (const [what, changed] of [
      ['1 changed slot', 1],
      [`${many.toLocaleString('en')} changed slots`, many],
      ['1 changed slot after a restart', 1],
    ] as const) {
      const name = `${entry.channel}, ${what}`
      const isRestarted = what.endsWith('restart')
      if (isRestarted) {
        hub.restart()
        // What the readings took of a shared allowance is there again.
        await hub.pass(minute)
      }
      const before = await hub.calls()
      await change(hub, changed)
      const written = await writeAll(hub)
      const after = await hub.calls()
      if (written < changed) throw new Error(`${written} writes for ${changed} changed slots`)
      const calls = sum(after, operations) - sum(before, operations)
      if (isRestarted) beside(run, 'calls_per_slot', name, calls)
      else report(run, 'slots_ratio', name, calls, Math.ceil(changed / batch), `${written} writes`)
      await settle(hub)
      const all = (counts: Map<string, number>) => [...counts.values()].reduce((total, one) => total + one, 0)
      const readings = all(await hub.calls()) - all(after)
      if (!isRestarted) beside(run, 'readings_in_the_hour', name, readings)
    }
  } finally {
    await hub.close()
  }
}

/** A unit is found to be damaged, of so many SKUs, in one step. */
async function change({ ctx }: CallsHub, count: number): Promise<void> {
  await ctx.db.transaction(async (tx) => {
    for (let index = 0; index < count; index += 1)
      await moveStock(tx, ctx, { sku: skuOf(index), location: 'MAIN', kind: 'unsellable', quantity: 1 }, 'bench')
  })
}

/** The pump until nothing leaves any more; answers how many lines left. */
async function writeAll(hub: CallsHub): Promise<number> {
  let lines = 0
  await hub.through(async () => {
    const { sent, nextAt } = await pushStock(hub.ctx, hub.work)
    lines += sent
    return { more: sent > 0, notBefore: nextAt }
  })
  return lines
}

/** What is read because of the writes, until an hour has gone by. */
async function settle(hub: CallsHub): Promise<void> {
  for (let passed = 0; passed < 60; passed += 5) {
    await hub.pass(5 * minute)
    await hub.through(async () => {
      const { read, nextAt } = await readStock(hub.ctx, hub.work)
      return { more: read > 0, notBefore: nextAt }
    })
  }
}

const databaseName = (name: string) => name.replaceAll(/[^a-z0-9]+/g, '_')
