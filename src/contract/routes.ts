/** Every route of /api/v1. Errors are application/problem+json with a stable code. Every POST takes an Idempotency-Key. */
import { z } from 'zod'
import { permissions, roles } from './permissions.ts'
import { defineRoutes } from './route.ts'
import {
  account, call, count, finding, fulfilledBy, id, language, listing, listQuery, movement, order, orderState, page,
  reservation, sku, slot, stage, stockLevel, time, user,
} from './schemas.ts'

const byId = z.object({ id })
const bySku = z.object({ sku })
const accountRef = z.string().trim().min(1).max(200).describe('id or name of the account')
const empty = z.object({})
const password = z.string().min(12).max(200).describe('at least 12 characters')

const sessionBody = z.object({
  user,
  permissions: z.array(z.enum(permissions)),
  csrf: z.string().describe('send as X-CSRF-Token with every changing request of the browser'),
  demo: z.object({ speed: z.number() }).nullable(),
  now: time.describe('the hub’s own clock; in the demo it runs faster'),
})

const buyer = z.object({
  name: z.string().max(200).optional(),
  email: z.string().max(320).optional(),
  phone: z.string().max(50).optional(),
  address: z.record(z.string().max(40), z.string().max(300)).optional(),
})

export const routes = defineRoutes({
  setupState: {
    method: 'GET', path: '/setup', permission: 'public', summary: 'Whether the first owner is still to be made',
    response: z.object({ needed: z.boolean() }),
  },
  setup: {
    method: 'POST', path: '/setup', permission: 'public', summary: 'Make the owner with the one-time link of the terminal', status: 201,
    body: z.object({ token: z.string().min(1).max(200), email: z.email().max(320), name: z.string().trim().min(1).max(100), password, language: language.default('en') }),
    response: sessionBody,
  },
  session: { method: 'GET', path: '/session', permission: 'signed-in', summary: 'Who is signed in', response: sessionBody },
  signIn: {
    method: 'POST', path: '/session', permission: 'public', summary: 'Sign in', status: 201,
    body: z.object({ email: z.string().min(1).max(320), password: z.string().min(1).max(200) }),
    response: sessionBody,
  },
  signOut: { method: 'DELETE', path: '/session', permission: 'signed-in', summary: 'Sign out', status: 204, response: z.null() },

  overview: {
    method: 'GET', path: '/overview', permission: 'overview.read', summary: 'What needs a person now, and whether everything is current',
    response: z.object({
      now: time,
      demo: z.object({ speed: z.number() }).nullable(),
      orders: z.object({
        total: count, lastHour: count, pending: count, toShip: count, late: count, dueToday: count, unknownSku: count, short: count,
        delaySeconds: z.number().nullable().describe('median seconds from placed to imported in the last hour; null: none yet'),
        byHour: z.array(z.object({ hour: time, channel: z.string(), orders: count })).describe('last 24 hours, only hours with orders'),
        newest: z.array(order.pick({ id: true, channel: true, account: true, remoteId: true, state: true, placedAt: true, importedAt: true, total: true, currency: true })),
      }),
      stock: z.object({
        variants: count, onHand: count, available: count, oversold: count.describe('units short'),
        soldOut: count, low: z.array(stockLevel).describe('short first, then the fewest units'),
        slots: count, dirtySlots: count, unreadSlots: count, problemSlots: count,
        writes: z.object({ lastHour: count, accepted: count, applied: count, refused: count, unknown: count, open: count }),
      }),
      accounts: z.array(account.pick({ id: true, channel: true, name: true, stage: true, halted: true, streams: true, slots: true })),
      findings: z.array(finding),
    }),
  },

  accounts: { method: 'GET', path: '/accounts', permission: 'accounts.read', summary: 'All accounts', query: listQuery, response: page(account) },
  account: { method: 'GET', path: '/accounts/{id}', permission: 'accounts.read', summary: 'One account', params: byId, response: account },
  addAccount: {
    method: 'POST', path: '/accounts', permission: 'accounts.manage', summary: 'Connect an account', status: 201,
    body: z.object({
      channel: z.string().min(1).max(50),
      name: z.string().trim().min(1).max(100),
      stage: stage.default('shadow'),
      settings: z.record(z.string(), z.unknown()).describe('what the channel asks for; see GET /channels'),
      secrets: z.record(z.string(), z.string()).default({}).describe('sealed at once and never shown again'),
    }),
    response: account,
  },
  changeAccount: {
    method: 'PATCH', path: '/accounts/{id}', permission: 'accounts.manage', summary: 'Rename, change the stage, give new secrets (which ends a halt)', params: byId,
    body: z.object({ name: z.string().trim().min(1).max(100).optional(), stage: stage.optional(), secrets: z.record(z.string(), z.string()).optional() }),
    response: account,
  },
  lookAgain: {
    method: 'POST', path: '/accounts/{id}/look-again', permission: 'accounts.manage', summary: 'Read the account again now', params: byId, body: empty, response: account,
  },
  channels: {
    method: 'GET', path: '/channels', permission: 'accounts.read', summary: 'Channels and what connecting one asks for',
    response: z.object({
      items: z.array(z.object({
        channel: z.string(), title: z.string(), capabilities: z.array(z.string()), quantityWrites: z.enum(['absolute', 'compare-and-set']),
        settings: z.record(z.string(), z.unknown()).describe('JSON Schema'), secrets: z.array(z.string()),
      })),
    }),
  },

  products: {
    method: 'GET', path: '/products', permission: 'catalog.read', summary: 'Products with their variants', query: listQuery.extend({ q: z.string().max(200).optional() }),
    response: page(z.object({ id, title: z.string(), variants: z.array(z.object({ id, sku: z.string(), title: z.string(), gtin: z.string().nullable() })) })),
  },
  addProduct: {
    method: 'POST', path: '/products', permission: 'catalog.manage', summary: 'Add a product with its variants', status: 201,
    body: z.object({ title: z.string().trim().min(1).max(300), variants: z.array(z.object({ sku, title: z.string().trim().max(300).optional(), gtin: z.string().regex(/^\d{8,14}$/).optional() })).min(1).max(200) }),
    response: z.object({ id, title: z.string(), variants: z.array(z.object({ id, sku: z.string(), title: z.string(), gtin: z.string().nullable() })) }),
  },
  variants: {
    method: 'GET', path: '/variants', permission: 'catalog.read', summary: 'Variants', query: listQuery.extend({ q: z.string().max(200).optional() }),
    response: page(z.object({ id, sku: z.string(), title: z.string(), gtin: z.string().nullable(), productId: id })),
  },
  locations: {
    method: 'GET', path: '/locations', permission: 'stock.read', summary: 'Locations', query: listQuery,
    response: page(z.object({ id, code: z.string(), name: z.string(), kind: z.string(), master: z.string(), priority: count })),
  },
  addLocation: {
    method: 'POST', path: '/locations', permission: 'stock.move', summary: 'Add a location', status: 201,
    body: z.object({ code: z.string().trim().min(1).max(40), name: z.string().trim().min(1).max(100), kind: z.enum(['own', 'third-party']).default('own'), priority: count.min(0).default(100) }),
    response: z.object({ id, code: z.string(), name: z.string(), kind: z.string(), master: z.string(), priority: count }),
  },

  stock: {
    method: 'GET', path: '/stock', permission: 'stock.read', summary: 'Stock of every variant',
    query: listQuery.extend({ q: z.string().max(200).optional(), view: z.enum(['all', 'short', 'sold-out', 'unequal']).default('all').describe('unequal: some slot does not show its wish') }),
    response: page(stockLevel).extend({ counts: z.object({ all: count, short: count, soldOut: count, unequal: count }) }),
  },
  stockOf: {
    method: 'GET', path: '/stock/levels/{sku}', permission: 'stock.read', summary: 'Stock of one variant: levels by location and its slots', params: bySku,
    response: stockLevel.extend({
      locations: z.array(z.object({ code: z.string(), name: z.string(), onHand: count, unsellable: count, allocated: count })),
      slotList: z.array(slot),
      history: z.array(z.object({ at: time, onHand: count, available: count })).describe('the level after each of the newest movements, oldest first'),
    }),
  },
  movements: {
    method: 'GET', path: '/stock/movements', permission: 'stock.read', summary: 'The ledger, newest first',
    query: listQuery.extend({ sku: sku.optional(), order: id.optional() }), response: page(movement),
  },
  addMovement: {
    method: 'POST', path: '/stock/movements', permission: 'stock.move', summary: 'Receive, adjust or count units at a location', status: 201,
    body: z.object({
      sku, location: z.string().trim().min(1).max(40).describe('code of the location'),
      kind: z.enum(['receipt', 'adjustment', 'count', 'return', 'unsellable']).describe('count sets on hand; unsellable moves units out of (or, negative, back into) sale; the others add'),
      quantity: count.min(-1_000_000_000).max(1_000_000_000), note: z.string().trim().max(300).optional(),
    }),
    response: stockLevel,
  },

  addReservation: {
    method: 'POST', path: '/reservations', permission: 'reservations.manage', status: 201,
    summary: 'Final check at checkout: reserves every line or none. 409 insufficient_stock names what is missing',
    body: z.object({
      account: accountRef, reference: z.string().trim().min(1).max(200).describe('the checkout; unique in the account'),
      expiresInSeconds: count.min(10).max(86_400).default(900),
      lines: z.array(z.object({ sku: sku.describe('the store’s own SKU'), quantity: count.min(1).max(1_000_000) })).min(1).max(1_000),
    }),
    response: reservation,
  },
  reservation: { method: 'GET', path: '/reservations/{id}', permission: 'reservations.manage', summary: 'One reservation', params: byId, response: reservation },
  confirmReservation: {
    method: 'POST', path: '/reservations/{id}/confirm', permission: 'reservations.manage', summary: 'The buyer paid: it no longer expires', params: byId, body: empty, response: reservation,
  },
  releaseReservation: {
    method: 'POST', path: '/reservations/{id}/release', permission: 'reservations.manage', summary: 'The checkout was given up', params: byId, body: empty, response: reservation,
  },

  listings: {
    method: 'GET', path: '/listings', permission: 'catalog.read', summary: 'Listings',
    query: listQuery.extend({ q: z.string().max(200).optional(), account: accountRef.optional(), linked: z.enum(['yes', 'no']).optional() }), response: page(listing),
  },
  linkListing: {
    method: 'POST', path: '/listings', permission: 'catalog.manage', status: 201,
    summary: 'Link a remote SKU to a variant (making the listing where our own store has it). Waiting orders with that SKU take their stock at once',
    body: z.object({
      account: accountRef, remoteSku: sku, sku: sku.describe('our variant'), unitsPerSale: count.min(1).max(10_000).default(1),
      marketplace: z.string().max(50).default(''), title: z.string().max(500).optional(), fulfilledBy: fulfilledBy.default('merchant'),
    }),
    response: listing,
  },
  slots: {
    method: 'GET', path: '/slots', permission: 'stock.read', summary: 'Stock slots: what each channel shows and should show',
    query: listQuery.extend({ sku: sku.optional(), account: accountRef.optional(), dirty: z.enum(['yes', 'no']).optional() }), response: page(slot),
  },

  orders: {
    method: 'GET', path: '/orders', permission: 'orders.read', summary: 'Orders of all channels, newest first',
    query: listQuery.extend({
      q: z.string().max(200).optional().describe('part of an order id, or a SKU'),
      state: orderState.optional(), channel: z.string().max(50).optional(), account: accountRef.optional(),
      view: z.enum(['all', 'to-ship', 'late', 'due-today', 'problem', 'pending']).default('all'),
    }),
    response: page(order).extend({ counts: z.object({ all: count, toShip: count, late: count, dueToday: count, problem: count, pending: count }) }),
  },
  order: {
    method: 'GET', path: '/orders/{id}', permission: 'orders.read', summary: 'One order with its timeline', params: byId,
    response: order.extend({
      hasBuyer: z.boolean(),
      timeline: z.array(z.object({ at: time, kind: z.string(), source: z.enum(['order', 'stock', 'channel']), data: z.record(z.string(), z.unknown()) })),
    }),
  },
  orderBuyer: {
    method: 'GET', path: '/orders/{id}/buyer', permission: 'orders.buyer', summary: 'The buyer of one order, unsealed for this answer only', params: byId, response: buyer,
  },
  addOrder: {
    method: 'POST', path: '/orders', permission: 'orders.write', status: 201,
    summary: 'An order of the own store, or its newer version. Without a reservation it is a fact: it is never refused, what is missing becomes short',
    body: z.object({
      account: accountRef, remoteId: z.string().trim().min(1).max(200), updatedAt: time, placedAt: time,
      state: z.enum(['pending', 'open', 'partly_shipped', 'shipped', 'canceled']).default('open'),
      currency: z.string().length(3).optional(), total: count.optional(), shipBy: time.optional(), deliverBy: time.optional(),
      reservationId: id.optional(),
      lines: z.array(z.object({
        remoteId: z.string().trim().min(1).max(200), sku, title: z.string().max(500).default(''), quantity: count.min(1).max(1_000_000),
        shipped: count.min(0).default(0), canceled: count.min(0).default(0), unitPrice: count.optional(),
      })).max(1_000),
      buyer: buyer.optional(),
    }),
    response: order,
  },

  findings: {
    method: 'GET', path: '/findings', permission: 'overview.read', summary: 'What is wrong now, worst first', query: listQuery, response: page(finding),
  },
  calls: {
    method: 'GET', path: '/calls', permission: 'journal.read', summary: 'Journal of channel calls, newest first (types and shapes; buyer data is never in it)',
    query: listQuery.extend({ account: accountRef.optional(), operation: z.string().max(100).optional(), failed: z.enum(['yes', 'no']).optional() }), response: page(call),
  },

  webhooks: {
    method: 'GET', path: '/webhooks', permission: 'webhooks.manage', summary: 'Where events are sent', query: listQuery,
    response: page(z.object({ id, url: z.string(), events: z.array(z.string()), createdAt: time, waiting: count, dead: count })),
  },
  addWebhook: {
    method: 'POST', path: '/webhooks', permission: 'webhooks.manage', summary: 'Send events to an address (Standard Webhooks); the secret is shown once', status: 201,
    body: z.object({ url: z.url().max(2_000), events: z.array(z.enum(['order.imported', 'order.changed', 'reservation.expired'])).min(1) }),
    response: z.object({ id, url: z.string(), events: z.array(z.string()), secret: z.string() }),
  },
  removeWebhook: { method: 'DELETE', path: '/webhooks/{id}', permission: 'webhooks.manage', summary: 'Send nothing there any more', params: byId, status: 204, response: z.null() },

  users: { method: 'GET', path: '/users', permission: 'users.manage', summary: 'People', query: listQuery, response: page(user) },
  addUser: {
    method: 'POST', path: '/users', permission: 'users.manage', summary: 'Add a person', status: 201,
    body: z.object({ email: z.email().max(320), name: z.string().trim().min(1).max(100), role: z.enum(roles), password, language: language.default('en') }), response: user,
  },
  apiKeys: {
    method: 'GET', path: '/api-keys', permission: 'users.manage', summary: 'API keys', query: listQuery,
    response: page(z.object({ id, name: z.string(), prefix: z.string(), role: z.enum(roles), createdAt: time })),
  },
  addApiKey: {
    method: 'POST', path: '/api-keys', permission: 'users.manage', summary: 'Make an API key; it is shown once', status: 201,
    body: z.object({ name: z.string().trim().min(1).max(100), role: z.enum(roles).default('operator') }),
    response: z.object({ id, name: z.string(), prefix: z.string(), role: z.enum(roles), createdAt: time, key: z.string() }),
  },
  revokeApiKey: { method: 'DELETE', path: '/api-keys/{id}', permission: 'users.manage', summary: 'Revoke an API key', params: byId, status: 204, response: z.null() },
})

export type Routes = typeof routes
export type RouteName = keyof Routes
