/** What needs a person, the journal, outgoing webhooks. */
import { z } from 'zod'
import { defineRoutes } from '../route.ts'
import {
  account,
  accountRef,
  byId,
  call,
  count,
  finding,
  id,
  listQuery,
  order,
  page,
  stockLevel,
  time,
} from '../schemas.ts'

export const systemRoutes = defineRoutes({
  overview: {
    method: 'GET',
    path: '/overview',
    permission: 'overview.read',
    summary: 'What needs a person now, and whether everything is current',
    response: z.object({
      now: time,
      demo: z.object({ speed: z.number() }).nullable(),
      orders: z.object({
        total: count,
        lastHour: count,
        pending: count,
        toShip: count,
        late: count,
        dueToday: count,
        unknownSku: count,
        short: count,
        delaySeconds: z
          .number()
          .nullable()
          .describe('median seconds from placed to imported in the last hour; null: none yet'),
        byHour: z
          .array(z.object({ hour: time, channel: z.string(), orders: count }))
          .describe('last 24 hours, only hours with orders'),
        newest: z.array(
          order.pick({
            id: true,
            channel: true,
            account: true,
            remoteId: true,
            state: true,
            placedAt: true,
            importedAt: true,
            total: true,
            currency: true,
          }),
        ),
      }),
      stock: z.object({
        variants: count,
        onHand: count,
        available: count,
        oversold: count.describe('units short'),
        soldOut: count,
        low: z.array(stockLevel).describe('short first, then the fewest units'),
        slots: count,
        dirtySlots: count,
        unreadSlots: count,
        problemSlots: count,
        writes: z.object({
          lastHour: count,
          accepted: count,
          applied: count,
          refused: count,
          unknown: count,
          open: count,
        }),
      }),
      accounts: z.array(
        account.pick({ id: true, channel: true, name: true, stage: true, halted: true, streams: true, slots: true }),
      ),
      findings: z.array(finding),
    }),
  },

  findings: {
    method: 'GET',
    path: '/findings',
    permission: 'overview.read',
    summary: 'What is wrong now, worst first',
    query: listQuery,
    response: page(finding),
  },

  replayFinding: {
    method: 'POST',
    path: '/findings/{id}/replay',
    permission: 'orders.write',
    summary: 'Book an order that was set aside (finding order_unreadable), from what the channel had sent',
    params: byId,
    body: z.object({}),
    response: z.object({ orderId: id }),
  },

  calls: {
    method: 'GET',
    path: '/calls',
    permission: 'journal.read',
    summary: 'Journal of channel calls, newest first (types and shapes; buyer data is never in it)',
    query: listQuery.extend({
      account: accountRef.optional(),
      operation: z.string().max(100).optional(),
      failed: z.enum(['yes', 'no']).optional(),
    }),
    response: page(call),
  },

  webhooks: {
    method: 'GET',
    path: '/webhooks',
    permission: 'webhooks.manage',
    summary: 'Where events are sent',
    query: listQuery,
    response: page(
      z.object({ id, url: z.string(), events: z.array(z.string()), createdAt: time, waiting: count, dead: count }),
    ),
  },

  addWebhook: {
    method: 'POST',
    path: '/webhooks',
    permission: 'webhooks.manage',
    summary: 'Send events to an address (Standard Webhooks); the secret is shown once',
    status: 201,
    body: z.object({
      url: z.url().max(2_000),
      events: z
        .array(z.enum(['order.imported', 'order.changed', 'order.copied', 'reservation.expired', 'shipment.created']))
        .min(1),
    }),
    response: z.object({ id, url: z.string(), events: z.array(z.string()), secret: z.string() }),
  },

  replayWebhook: {
    method: 'POST',
    path: '/webhooks/{id}/replay',
    permission: 'webhooks.manage',
    summary: 'Send again every event to this address that waits or was given up',
    params: byId,
    body: z.object({}),
    response: z.object({ events: count.describe('events that are sent now') }),
  },

  removeWebhook: {
    method: 'DELETE',
    path: '/webhooks/{id}',
    permission: 'webhooks.manage',
    summary: 'Send nothing there any more',
    params: byId,
    status: 204,
    response: z.null(),
  },
})
