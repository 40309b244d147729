import type { HandlerInput } from '../../contract/route.ts'
import type { Routes } from '../../contract/routes.ts'
import { countOrders, getOrder, listOrders, orderTimeline, sealedBuyer } from '../../database/views/orders.ts'
import { Problem } from '../../domain/errors.ts'
import { type Buyer, type IncomingOrder, totalOfLines } from '../../domain/orders.ts'
import { importOrders } from '../../operations/import-orders.ts'
import { mustFindAccount } from '../../operations/manage-catalog.ts'
import type { Handlers } from './handler.ts'

type Given = HandlerInput<Routes['addOrder']>['body']

const dateOf = (text: string | undefined) => (text ? new Date(text) : null)

function readOrder(given: Given): IncomingOrder {
  return {
    remoteId: given.remoteId,
    updatedAt: new Date(given.updatedAt),
    placedAt: new Date(given.placedAt),
    state: given.state,
    fulfilledBy: 'merchant',
    marketplace: null,
    currency: given.currency ?? null,
    total: given.total ?? totalOfLines(given.lines),
    shipBy: dateOf(given.shipBy),
    deliverBy: dateOf(given.deliverBy),
    lines: given.lines.map((line) => ({
      remoteId: line.remoteId,
      remoteSku: line.sku,
      title: line.title,
      quantity: line.quantity,
      shipped: line.shipped,
      canceled: given.state === 'canceled' ? line.quantity - Math.min(line.quantity, line.shipped) : line.canceled,
      unitPrice: line.unitPrice ?? null,
    })),
    buyer: given.buyer ?? null,
    raw: null,
  }
}

export const orderHandlers: Handlers<'orders' | 'order' | 'orderBuyer' | 'addOrder'> = {
  orders: async ({ sql, input, options }) => {
    const now = options.ctx.clock.now()
    return { ...(await listOrders(sql, input.query, now)), counts: await countOrders(sql, now) }
  },
  order: async ({ sql, input, options }) => {
    const order = await getOrder(sql, input.params.id, options.ctx.clock.now())
    if (!order) throw new Problem('not_found', { what: 'order', id: input.params.id })
    return {
      ...order,
      hasBuyer: (await sealedBuyer(sql, order.id)) !== undefined,
      timeline: await orderTimeline(sql, order.id),
    }
  },
  orderBuyer: async ({ sql, input, options }) => {
    const row = await sealedBuyer(sql, input.params.id)
    const text = row && options.ctx.sealing.openBuyer(row.sealed, input.params.id, row.epoch)
    if (text === undefined) throw new Problem('not_found', { what: 'buyer', id: input.params.id })
    return (JSON.parse(text) as { buyer: Buyer | null }).buyer ?? {}
  },
  addOrder: async ({ sql, input, options }) => {
    const account = await mustFindAccount(sql, input.body.account)
    // A store's created, paid and canceled may come within milliseconds: one version of an order at a time.
    await sql.rows('select pg_advisory_xact_lock(hashtextextended($1, 0))', [
      `order ${account.id} ${input.body.remoteId}`,
    ])
    const held = new Map(input.body.reservationId ? [[input.body.remoteId, input.body.reservationId]] : [])
    await importOrders(
      sql,
      options.ctx,
      {
        id: account.id,
        openedAt: account.opened_at,
        lowersItself: (account.settings as { lowersItself?: unknown }).lowersItself === true,
      },
      [readOrder(input.body)],
      held,
    )
    const row = await sql.one<{ id: string }>('select id from orders where account_id = $1 and remote_id = $2', [
      account.id,
      input.body.remoteId,
    ])
    return (await getOrder(sql, row!.id, options.ctx.clock.now()))!
  },
}
