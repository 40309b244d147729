/** Orders. */
import { z } from 'zod'
import { defineRoutes } from '../route.ts'
import { accountRef, byId, count, id, listQuery, order, orderState, page, sku, time } from '../schemas.ts'

const buyer = z.object({
  name: z.string().max(200).optional(),
  email: z.string().max(320).optional(),
  phone: z.string().max(50).optional(),
  address: z.record(z.string().max(40), z.string().max(300)).optional(),
})

export const ordersRoutes = defineRoutes({
  orders: {
    method: 'GET',
    path: '/orders',
    permission: 'orders.read',
    summary: 'Orders of all channels, newest first',
    query: listQuery.extend({
      q: z.string().max(200).optional().describe('part of an order id, or a SKU'),
      state: orderState.optional(),
      channel: z.string().max(50).optional(),
      account: accountRef.optional(),
      view: z.enum(['all', 'to-ship', 'late', 'due-today', 'problem', 'pending']).default('all'),
    }),
    response: page(order).extend({
      counts: z.object({ all: count, toShip: count, late: count, dueToday: count, problem: count, pending: count }),
    }),
  },

  order: {
    method: 'GET',
    path: '/orders/{id}',
    permission: 'orders.read',
    summary: 'One order with its timeline',
    params: byId,
    response: order.extend({
      hasBuyer: z.boolean(),
      timeline: z.array(
        z.object({
          at: time,
          kind: z.string(),
          source: z.enum(['order', 'stock', 'channel']),
          data: z.record(z.string(), z.unknown()),
        }),
      ),
    }),
  },

  orderBuyer: {
    method: 'GET',
    path: '/orders/{id}/buyer',
    permission: 'orders.buyer',
    summary: 'The buyer of one order, unsealed for this answer only',
    params: byId,
    response: buyer,
  },

  addOrder: {
    method: 'POST',
    path: '/orders',
    permission: 'orders.write',
    status: 201,
    summary:
      'An order of the own store, or its newer version. Without a reservation it is a fact: it is never refused, what is missing becomes short',
    body: z.object({
      account: accountRef,
      remoteId: z.string().trim().min(1).max(200),
      updatedAt: time,
      placedAt: time,
      state: z.enum(['pending', 'open', 'partly_shipped', 'shipped', 'canceled']).default('open'),
      currency: z.string().length(3).optional(),
      total: count.optional(),
      shipBy: time.optional(),
      deliverBy: time.optional(),
      reservationId: id.optional(),
      lines: z
        .array(
          z.object({
            remoteId: z.string().trim().min(1).max(200),
            sku,
            title: z.string().max(500).default(''),
            quantity: count.min(1).max(1_000_000),
            shipped: count.min(0).default(0),
            canceled: count.min(0).default(0),
            unitPrice: count.optional(),
          }),
        )
        .max(1_000)
        .refine(
          (lines) => new Set(lines.map((line) => line.remoteId)).size === lines.length,
          'every line needs a remoteId of its own',
        ),
      buyer: buyer.optional(),
    }),
    response: order,
  },
})
