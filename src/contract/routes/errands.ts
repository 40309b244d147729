/** What channels are told once: shipments, cancellations, refunds, and copies of orders in the own store. */
import { z } from 'zod'
import { defineRoutes } from '../route.ts'
import { accountRef, byId, count, id, listQuery, page, time } from '../schemas.ts'

const line = z.string().trim().min(1).max(200).describe('the line’s id, or its id at the channel')
const quantity = count.min(1).max(1_000_000).describe('in the listing’s units')
const kind = z.enum(['acknowledgement', 'shipment', 'cancellation', 'refund', 'copy', 'dispatch'])

const errand = z.object({
  id,
  kind,
  state: z
    .enum(['waiting', 'sent', 'accepted', 'unknown', 'applied', 'refused', 'undecided', 'dropped', 'untold'])
    .describe(
      'refused and undecided wait for a person; unknown is read back by itself; untold: the channel has no place for it',
    ),
  orderId: id,
  order: z.string().describe('the order’s id at its channel'),
  account: z.string().describe('who is told'),
  carrier: z.string().nullable(),
  trackingNumber: z.string().nullable(),
  trackingUrl: z.string().nullable(),
  shippedAt: time.nullable(),
  reason: z.string().nullable(),
  currency: z.string().nullable(),
  shippingAmount: count.nullable(),
  attempts: count.describe('sends that left, or may have left'),
  dueAt: time.nullable().describe('when it leaves or is read back'),
  leftAt: time.nullable(),
  problem: z.object({ code: z.string(), message: z.string() }).nullable(),
  remoteId: z.string().nullable().describe('its name at the channel'),
  actor: z.string(),
  createdAt: time,
  changedAt: time,
  lines: z.array(
    z.object({
      line: id,
      remoteId: z.string(),
      sku: z.string().nullable(),
      title: z.string(),
      quantity: count,
      amount: count.nullable(),
    }),
  ),
})

const writeThrough = z.object({
  isOn: z.boolean(),
  store: z.string().nullable().describe('the account into which orders are copied'),
  since: time.nullable(),
  stores: z.array(z.string()).describe('accounts that take copies'),
  copies: count.describe('orders of the account that are in a store, by whomever'),
  waiting: count.describe('copies on their way'),
})

export const errandsRoutes = defineRoutes({
  errands: {
    method: 'GET',
    path: '/errands',
    permission: 'orders.read',
    summary: 'What channels were told, or are about to be; newest first',
    query: listQuery.extend({
      kind: kind.optional(),
      account: accountRef.optional(),
      view: z.enum(['all', 'person', 'under-way']).default('all').describe('person: waits for somebody to decide'),
    }),
    response: page(errand),
  },

  orderErrands: {
    method: 'GET',
    path: '/orders/{id}/errands',
    permission: 'orders.read',
    summary: 'Shipments, cancellations, refunds and copies of one order, and what its channel can be told',
    params: byId,
    response: z.object({
      items: z.array(errand),
      can: z.object({
        ship: z.boolean().describe('something is open and ours to ship'),
        tellsShipments: z.boolean().describe('the channel is told of it'),
        needsTracking: z.boolean(),
        cancel: z.boolean(),
        cancelLines: z.boolean(),
        refund: z.boolean(),
      }),
    }),
  },

  shipOrder: {
    method: 'POST',
    path: '/orders/{id}/shipments',
    permission: 'orders.write',
    status: 201,
    summary: 'A parcel left: its units leave stock at once, and the channel is told once at most',
    params: byId,
    body: z.object({
      lines: z.array(z.object({ line, quantity })).min(1).max(1_000).optional().describe('absent: all that is open'),
      carrier: z.string().trim().min(1).max(100).optional(),
      trackingNumber: z.string().trim().min(1).max(100).optional(),
      trackingUrl: z
        .url({ protocol: /^https?$/ })
        .max(500)
        .optional(),
      shippedAt: time.optional().describe('absent, or in the future: now'),
    }),
    response: errand,
  },

  cancelOrder: {
    method: 'POST',
    path: '/orders/{id}/cancellations',
    permission: 'orders.write',
    status: 201,
    summary: 'Ask the channel to cancel; stock comes back when its next version of the order says that it holds',
    params: byId,
    body: z.object({
      lines: z.array(z.object({ line, quantity })).min(1).max(1_000).optional().describe('absent: the whole order'),
      reason: z.enum(['buyer_asked', 'out_of_stock', 'address', 'price', 'fraud', 'other']),
    }),
    response: errand,
  },

  refundOrder: {
    method: 'POST',
    path: '/orders/{id}/refunds',
    permission: 'orders.refund',
    status: 201,
    summary: 'Give money back through the channel, once at most; moves no stock',
    params: byId,
    body: z.object({
      lines: z
        .array(z.object({ line, quantity, amount: count.min(0).describe('minor units, for the goods') }))
        .max(1_000)
        .default([]),
      shippingAmount: count.min(0).default(0).describe('minor units'),
      reason: z.enum(['returned', 'canceled', 'damaged', 'not_received', 'price', 'other']),
    }),
    response: errand,
  },

  writeThrough: {
    method: 'GET',
    path: '/accounts/{id}/write-through',
    permission: 'accounts.read',
    summary: 'Are the orders of an account copied into the own store?',
    params: byId,
    response: writeThrough,
  },

  setWriteThrough: {
    method: 'PATCH',
    path: '/accounts/{id}/write-through',
    permission: 'accounts.manage',
    summary: 'Copy the account’s orders into the own store, or stop it; what was copied stays',
    params: byId,
    body: z.object({
      store: accountRef,
      isOn: z.boolean(),
      since: time.optional().describe('orders placed since then; absent: since it is switched on'),
    }),
    response: writeThrough,
  },

  decideErrand: {
    method: 'POST',
    path: '/errands/{id}/decision',
    permission: 'orders.write',
    summary: 'Somebody looked at the channel: it happened, it did not and is sent again, or it is given up',
    params: byId,
    body: z.object({ decision: z.enum(['happened', 'again', 'drop']) }),
    response: errand,
  },
})
