/** Requests about buyers' data: what is held of one, or that it goes. */
import { z } from 'zod'
import { defineRoutes } from '../route.ts'
import { byId, count, empty, id, listQuery, page, time } from '../schemas.ts'

const kind = z.enum(['erase', 'export'])

const request = z.object({
  id,
  account: z.object({ id, name: z.string(), channel: z.string() }),
  kind,
  askedBy: z.string().nullable().describe('who entered it here; null: the channel asked'),
  whole: z.boolean().describe('about all buyers of the account'),
  orders: z.array(z.string()).describe('the channel’s order numbers that it names'),
  found: count.describe('orders here that it is about'),
  erased: count,
  waiting: count.describe('orders whose goods have still to leave; erased after that, or two days before the last day'),
  receivedAt: time,
  dueAt: time,
  doneAt: time.nullable().describe('nothing of it is held here any more'),
  closedAt: time.nullable().describe('a person has seen to it, here and elsewhere'),
  closedBy: z.string().nullable(),
})

export const privacyRoutes = defineRoutes({
  privacyRequests: {
    method: 'GET',
    path: '/privacy-requests',
    permission: 'orders.buyer',
    summary: 'Requests about buyers’ data, the newest first',
    query: listQuery.extend({ open: z.stringbool().optional().describe('only those that nobody closed') }),
    response: page(request),
  },

  addPrivacyRequest: {
    method: 'POST',
    path: '/privacy-requests',
    permission: 'accounts.manage',
    summary: 'A buyer asked you directly: export what is held of these orders, or erase it',
    status: 201,
    body: z.object({
      account: z.string().min(1).max(100).describe('id or name'),
      kind,
      orders: z.array(z.string().trim().min(1).max(200)).min(1).max(500).describe('the channel’s order numbers'),
    }),
    response: request,
  },

  privacyFile: {
    method: 'GET',
    path: '/privacy-requests/{id}/file',
    permission: 'orders.buyer',
    file: 'raw',
    summary: 'What is held of the buyer, as JSON',
    params: byId,
    response: z.string().describe('the file'),
  },

  closePrivacyRequest: {
    method: 'POST',
    path: '/privacy-requests/{id}/close',
    permission: 'accounts.manage',
    summary: 'Say that it is seen to: erased elsewhere, too, or the file handed over',
    params: byId,
    body: empty,
    response: request,
  },
})
