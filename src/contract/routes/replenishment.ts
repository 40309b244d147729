/** What should travel between locations, what is on its way, and how long stock lasts. */
import { z } from 'zod'
import { defineRoutes } from '../route.ts'
import { byId, count, empty, id, listQuery, page, sku, time } from '../schemas.ts'

const code = z.string().trim().min(1).max(40).describe('code of the location')
const place = z.object({ code: z.string(), name: z.string() })
const search = z.string().max(200).optional()
const units = count.min(0).max(1_000_000_000)

const threshold = z.object({
  id,
  sku: z.string(),
  title: z.string(),
  location: place,
  source: place.describe('where it is filled from'),
  minimum: count,
  maximum: count,
  local: count.describe('at the location, unsellable and allocated units left out'),
  incoming: count.describe('on its way there'),
  central: count.describe('at the source, unsellable and allocated units left out'),
  isBelow: z.boolean().describe('local and incoming together are below the minimum'),
  proposal: count.describe('units to bring now: what is missing to the maximum, as far as the source can give it'),
  changedBy: z.string(),
  changedAt: time,
})

const transfer = z.object({
  id,
  sku: z.string(),
  title: z.string(),
  from: place,
  to: place,
  quantity: count,
  received: count,
  returned: count.describe('back at the location they came from'),
  lost: count,
  open: count.describe('still on the way'),
  actor: z.string(),
  createdAt: time,
  endedAt: time.nullable(),
})

const cover = z.object({
  sku: z.string(),
  title: z.string(),
  available: count.describe('available to promise, less units sold that are not there'),
  perDay: z.number().describe('units a day, learned from the sales of all slots and kits'),
  leadDays: count.nullable().describe('days that the supplier takes; null: nobody said'),
  days: count.nullable().describe('full days until it runs out; null: nothing is sold'),
  runsOutOn: z.iso.date().nullable(),
  reorderBy: z.iso.date().nullable().describe('the last day on which an order to the supplier comes in time'),
  isDue: z.boolean(),
})

export const replenishmentRoutes = defineRoutes({
  thresholds: {
    method: 'GET',
    path: '/replenishment/thresholds',
    permission: 'stock.read',
    summary: 'How much locations should hold, and what to bring there now. `limit` counts variants, not rows',
    query: listQuery.extend({
      q: search,
      location: code.optional(),
      view: z.enum(['all', 'below']).default('all').describe('below: only where something is missing'),
      counts: z
        .enum(['yes', 'no'])
        .default('no')
        .describe('yes: count what the other lists hold too, which looks at every slot'),
    }),
    response: page(threshold).extend({ counts: z.object({ below: count, open: count, due: count }).nullable() }),
  },

  setThreshold: {
    method: 'POST',
    path: '/replenishment/thresholds',
    permission: 'stock.move',
    summary: 'Say how much a location should hold of a variant. The threshold it had is replaced',
    status: 201,
    body: z.object({
      sku,
      location: code,
      source: code.describe('code of the location that it is filled from'),
      minimum: units.describe('below it, what is on its way included, a transfer is proposed'),
      maximum: units.describe('up to so many are brought'),
    }),
    response: threshold,
  },

  removeThreshold: {
    method: 'DELETE',
    path: '/replenishment/thresholds/{id}',
    permission: 'stock.move',
    summary: 'Forget a threshold',
    params: byId,
    response: z.null(),
    status: 204,
  },

  cover: {
    method: 'GET',
    path: '/replenishment/cover',
    permission: 'stock.read',
    summary: 'How long stock lasts, and until when to order anew; what is due first stands first',
    query: listQuery.extend({
      q: search,
      sku: sku.optional(),
      view: z.enum(['all', 'selling', 'due']).default('all').describe('due: the day to order is here or gone by'),
    }),
    response: page(cover),
  },

  setLeadTime: {
    method: 'POST',
    path: '/variants/{sku}/lead-time',
    permission: 'catalog.manage',
    summary: 'Say how many days the supplier of a variant takes',
    params: z.object({ sku }),
    body: z.object({ days: count.min(0).max(1_000).nullable().describe('null: nobody says') }),
    response: cover,
  },

  transfers: {
    method: 'GET',
    path: '/transfers',
    permission: 'stock.read',
    summary: 'Transfers between locations, newest first',
    query: listQuery.extend({
      q: search,
      location: code.optional().describe('from or to it'),
      view: z.enum(['open', 'all']).default('all'),
    }),
    response: page(transfer),
  },

  bookTransfers: {
    method: 'POST',
    path: '/transfers',
    permission: 'stock.move',
    status: 201,
    summary:
      'Take units off one location to bring them to another. They stay in the pool: no channel changes. 409 transfer_too_large where fewer can leave, unless upTo is set',
    body: z.object({
      lines: z
        .array(z.object({ sku, from: code, to: code, quantity: count.min(1).max(1_000_000_000) }))
        .min(1)
        .max(500),
      upTo: z
        .boolean()
        .default(false)
        .describe('each line takes what can leave now, at most its quantity; lines of nothing are left out'),
    }),
    response: z.object({ items: z.array(transfer) }),
  },

  receiveTransfer: {
    method: 'POST',
    path: '/transfers/{id}/receive',
    permission: 'stock.move',
    summary: 'Units have come, or will not come; what is not named stays on its way',
    params: byId,
    body: z.object({ received: units.default(0), lost: units.default(0) }),
    response: transfer,
  },

  cancelTransfer: {
    method: 'POST',
    path: '/transfers/{id}/cancel',
    permission: 'stock.move',
    summary: 'What is still on its way is back where it came from',
    params: byId,
    body: empty,
    response: transfer,
  },
})
