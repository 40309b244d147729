import { isAllowed } from '../../contract/permissions.ts'
import type { Sql } from '../../database/pool.ts'
import { accountsFor } from '../../database/views/accounts.ts'
import { countCopies, errandKind, listErrands, ruleOf } from '../../database/views/errands.ts'
import { getOrder } from '../../database/views/orders.ts'
import { Problem } from '../../domain/errors.ts'
import { cancelOrder, refundOrder } from '../../operations/ask-channel.ts'
import type { Context } from '../../operations/context.ts'
import { decideErrand } from '../../operations/decide-errand.ts'
import { mustFindAccount } from '../../operations/manage-catalog.ts'
import { setWriteThrough } from '../../operations/set-write-through.ts'
import { shipOrder } from '../../operations/ship-order.ts'
import type { Handlers } from './handler.ts'

const ofOrder = async (sql: Sql, order: string) => (await listErrands(sql, { limit: 200, view: 'all', order })).items

/** What was just made, or decided. */
async function mustFind(sql: Sql, orderId: string, id: string | null) {
  const found = (await ofOrder(sql, orderId)).find((one) => one.id === id)
  if (!found) throw new Problem('not_found', { what: 'errand', id: id ?? orderId })
  return found
}

async function describe(sql: Sql, ctx: Context, id: string) {
  const order = await getOrder(sql, id, ctx.clock.now())
  if (!order) throw new Problem('not_found', { what: 'order', id })
  const connector = ctx.registry.get(order.channel)
  const isOurs = order.fulfilledBy === 'merchant' && (order.state === 'open' || order.state === 'partly_shipped')
  const open = order.lines.some((line) => (line.quantity - line.canceled) * line.unitsPerSale > line.shipped)
  const isOpen = order.state === 'pending' || isOurs
  return {
    items: await ofOrder(sql, id),
    can: {
      ship: isOurs && open,
      tellsShipments: connector?.shipments !== undefined,
      needsTracking: connector?.shipments?.needsTracking === true,
      cancel: connector?.cancellations !== undefined && isOpen && open,
      cancelLines: connector?.cancellations?.partial === true && isOpen && open,
      refund: connector?.refunds !== undefined && order.currency !== null && order.state !== 'pending',
    },
  }
}

async function describeRule(sql: Sql, ctx: Context, id: string) {
  const account = await mustFindAccount(sql, id)
  const rule = await ruleOf(sql, account.id)
  const stores = (await accountsFor(sql)).filter((one) => ctx.registry.get(one.channel)?.copies !== undefined)
  return {
    isOn: rule?.isOn ?? false,
    store: rule?.store ?? null,
    since: rule?.since.toISOString() ?? null,
    stores: stores.map((one) => one.name),
    ...(await countCopies(sql, account.id)),
  }
}

export const errandHandlers: Handlers<
  | 'errands'
  | 'orderErrands'
  | 'writeThrough'
  | 'setWriteThrough'
  | 'shipOrder'
  | 'cancelOrder'
  | 'refundOrder'
  | 'decideErrand'
> = {
  errands: async ({ sql, input }) => await listErrands(sql, input.query),
  orderErrands: async ({ sql, input, options }) => await describe(sql, options.ctx, input.params.id),
  shipOrder: async ({ sql, input, options, api }) => {
    const { shippedAt, ...given } = input.body
    const shipment = { ...given, shippedAt: shippedAt === undefined ? undefined : new Date(shippedAt) }
    const by = { actor: api.caller!.name }
    return await mustFind(sql, input.params.id, await shipOrder(sql, options.ctx, input.params.id, shipment, by))
  },
  cancelOrder: async ({ sql, input, options, api }) => {
    const by = { actor: api.caller!.name }
    return await mustFind(sql, input.params.id, await cancelOrder(sql, options.ctx, input.params.id, input.body, by))
  },
  refundOrder: async ({ sql, input, options, api }) => {
    const by = { actor: api.caller!.name }
    return await mustFind(sql, input.params.id, await refundOrder(sql, options.ctx, input.params.id, input.body, by))
  },
  writeThrough: async ({ sql, input, options }) => await describeRule(sql, options.ctx, input.params.id),
  setWriteThrough: async ({ sql, input, options, api }) => {
    const { since, ...given } = input.body
    const account = await mustFindAccount(sql, input.params.id)
    const rule = { ...given, since: since === undefined ? undefined : new Date(since) }
    await setWriteThrough(sql, options.ctx, account, rule, api.caller!.name)
    return await describeRule(sql, options.ctx, account.id)
  },
  decideErrand: async ({ sql, input, options, api }) => {
    const { id } = input.params
    // To send a refund again is to pay it out.
    const isRefund = (await errandKind(sql, id)) === 'refund'
    if (isRefund && !isAllowed(api.caller!.role, 'orders.refund'))
      throw new Problem('forbidden', { permission: 'orders.refund' })
    const orderId = await decideErrand(sql, options.ctx, id, input.body.decision, api.caller!.name)
    return await mustFind(sql, orderId, id)
  },
}
