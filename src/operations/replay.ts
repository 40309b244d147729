/** Tries again, at a person's word, what was set aside or given up. Both are done once however often they are asked for. */
import { resolve } from '../database/findings.ts'
import type { Sql } from '../database/pool.ts'
import { replayDeliveries } from '../database/webhooks.ts'
import { Problem } from '../domain/errors.ts'
import type { Context } from './context.ts'
import { importOrders } from './import-orders.ts'
import { readAtLast } from './pull-orders.ts'

interface Aside {
  account_id: string
  remote_id: string
  sealed: Buffer
  epoch: string
  channel: string
  opened_at: Date
}

/** Books an order that was set aside, from what the channel had sent. Answers its id. */
export async function replayOrder(tx: Sql, ctx: Context, findingId: string): Promise<string> {
  const row = await tx.one<Aside>(
    `select o.*, a.channel, a.opened_at from findings f join orders_aside o on f.subject = 'remote:' || o.account_id || ':' || o.remote_id
       join accounts a on a.id = o.account_id
     where f.id = $1 and f.code = 'order_unreadable' and f.resolved_at is null for update of o`,
    [findingId],
  )
  const text = row && ctx.sealing.openBuyer(row.sealed, `aside:${row.account_id}:${row.remote_id}`, row.epoch)
  const capability = row && ctx.registry.get(row.channel)?.orders
  if (!row || text === undefined || !capability) throw new Problem('not_found', { what: 'order', id: findingId })
  const order = capability.read(JSON.parse(text))
  if ('where' in order) throw new Problem('order_still_unreadable', { order: row.remote_id, where: order.where })
  try {
    const account = { id: row.account_id, openedAt: row.opened_at }
    await importOrders(tx, ctx, account, [order])
  } catch (error) {
    if (error instanceof Problem || ctx.db.troubleOf(error)) throw error
    const { code, name } = error as { code?: string; name: string }
    ctx.log.error('order could still not be booked', { order: row.remote_id, code, name })
    throw new Problem('order_still_unreadable', { order: row.remote_id, where: code ?? name }, error)
  }
  await readAtLast(tx, row.account_id, [order], ctx.clock.now())
  const booked = await tx.one<{ id: string }>('select id from orders where account_id = $1 and remote_id = $2', [
    row.account_id,
    row.remote_id,
  ])
  return booked!.id
}

/** Sends every event to the endpoint that waits or was given up, from now on. Answers how many. */
export async function replayWebhook(tx: Sql, ctx: Context, endpointId: string): Promise<number> {
  const now = ctx.clock.now()
  const count = await replayDeliveries(tx, endpointId, now)
  if (count === undefined) throw new Problem('not_found', { what: 'webhook', id: endpointId })
  await resolve(tx, 'webhook_given_up', [`webhook:${endpointId}`], now)
  return count
}
