/** Levels, ledger, reservations and slots. */
import { z } from 'zod'
import { defineRoutes } from '../route.ts'
import {
  accountRef,
  byId,
  count,
  empty,
  held,
  heldStock,
  id,
  listQuery,
  mode,
  movement,
  page,
  reservation,
  sku,
  slot,
  stockLevel,
  time,
} from '../schemas.ts'

const bySku = z.object({ sku })

export const stockRoutes = defineRoutes({
  stock: {
    method: 'GET',
    path: '/stock',
    permission: 'stock.read',
    summary: 'Stock of every variant',
    query: listQuery.extend({
      q: z.string().max(200).optional(),
      view: z
        .enum(['all', 'short', 'sold-out', 'unequal'])
        .default('all')
        .describe('unequal: some slot does not show its wish'),
    }),
    response: page(stockLevel).extend({
      counts: z.object({ all: count, short: count, soldOut: count, unequal: count }),
    }),
  },

  stockOf: {
    method: 'GET',
    path: '/stock/levels/{sku}',
    permission: 'stock.read',
    summary: 'Stock of one variant: levels by location and its slots',
    params: bySku,
    response: stockLevel.extend({
      locations: z.array(
        z.object({
          code: z.string(),
          name: z.string(),
          kind: z
            .enum(['own', 'third-party', 'transit', 'lent'])
            .describe('transit: on its way between two of the others; lent: held by a channel, for the own store'),
          onHand: count,
          unsellable: count,
          allocated: count,
          incoming: count.describe('on its way there, not received yet'),
        }),
      ),
      slotList: z.array(slot),
      held: held.describe(
        'what channels hold in their own warehouses; what is lent of it is part of the numbers above',
      ),
      history: z
        .array(z.object({ at: time, onHand: count, available: count }))
        .describe('the level after each of the newest movements, oldest first'),
    }),
  },

  heldStock: {
    method: 'GET',
    path: '/stock/held',
    permission: 'stock.read',
    summary: 'What channels hold for us in their own warehouses (FBA), as they tell it',
    query: listQuery.extend({
      q: z.string().max(200).optional(),
      account: accountRef.optional(),
      linked: z.enum(['yes', 'no']).optional(),
    }),
    response: page(heldStock),
  },

  movements: {
    method: 'GET',
    path: '/stock/movements',
    permission: 'stock.read',
    summary: 'The ledger, newest first',
    query: listQuery.extend({ sku: sku.optional(), order: id.optional() }),
    response: page(movement),
  },

  addMovement: {
    method: 'POST',
    path: '/stock/movements',
    permission: 'stock.move',
    summary: 'Receive, adjust or count units at a location',
    status: 201,
    body: z.object({
      sku,
      location: z.string().trim().min(1).max(40).describe('code of the location'),
      kind: z
        .enum(['receipt', 'adjustment', 'count', 'return', 'unsellable'])
        .describe('count sets on hand; unsellable moves units out of (or, negative, back into) sale; the others add'),
      quantity: count.min(-1_000_000_000).max(1_000_000_000),
      note: z.string().trim().max(300).optional(),
    }),
    response: stockLevel,
  },

  addReservation: {
    method: 'POST',
    path: '/reservations',
    permission: 'reservations.manage',
    status: 201,
    summary: 'Final check at checkout: reserves every line or none. 409 insufficient_stock names what is missing',
    body: z.object({
      account: accountRef,
      reference: z.string().trim().min(1).max(200).describe('the checkout; unique in the account'),
      expiresInSeconds: count.min(10).max(86_400).default(900),
      lines: z
        .array(z.object({ sku: sku.describe('the store’s own SKU'), quantity: count.min(1).max(1_000_000) }))
        .min(1)
        .max(1_000),
    }),
    response: reservation,
  },

  reservation: {
    method: 'GET',
    path: '/reservations/{id}',
    permission: 'reservations.manage',
    summary: 'One reservation',
    params: byId,
    response: reservation,
  },

  confirmReservation: {
    method: 'POST',
    path: '/reservations/{id}/confirm',
    permission: 'reservations.manage',
    summary: 'The buyer paid: it no longer expires',
    params: byId,
    body: empty,
    response: reservation,
  },

  releaseReservation: {
    method: 'POST',
    path: '/reservations/{id}/release',
    permission: 'reservations.manage',
    summary: 'The checkout was given up',
    params: byId,
    body: empty,
    response: reservation,
  },

  setMode: {
    method: 'POST',
    path: '/variants/{sku}/mode',
    permission: 'accounts.manage',
    summary: 'How the stock of a variant is shared out: guarded (the default; never oversold), adaptive or shared',
    params: z.object({ sku }),
    body: z.object({ mode }),
    response: stockLevel,
  },

  setLending: {
    method: 'POST',
    path: '/variants/{sku}/lending',
    permission: 'accounts.manage',
    summary: 'How much of what a channel holds (FBA) the own store may sell; the channel ships it',
    params: z.object({ sku }),
    body: z.object({
      account: accountRef,
      most: z.int().min(0).max(1_000_000_000).describe('units at most; 0 with leave 0 ends it'),
      leave: z.int().min(0).max(1_000_000_000).describe('units that are left to the channel'),
    }),
    response: held,
  },

  slots: {
    method: 'GET',
    path: '/slots',
    permission: 'stock.read',
    summary: 'Stock slots: what each channel shows and should show',
    query: listQuery.extend({
      sku: sku.optional(),
      account: accountRef.optional(),
      dirty: z.enum(['yes', 'no']).optional(),
    }),
    response: page(slot),
  },
})
