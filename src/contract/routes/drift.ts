/** The drift audit: what channels show, read back. */
import { z } from 'zod'
import { defineRoutes } from '../route.ts'
import { accountRef, channelName, count, id, listQuery, page, time } from '../schemas.ts'

export const deviationKind = z.enum(['lower', 'higher', 'lost', 'writer'])

/** More than this share of the slots is too much. */
export const driftFloor = 0.005

const deviation = z.object({
  id,
  at: time,
  channel: channelName,
  account: z.string(),
  accountId: id,
  sku: z.string().nullable().describe('our SKU; null: not linked any more'),
  remoteSku: z.string(),
  kind: deviationKind.describe(
    'lower: units gone that no order told of; higher: more than stood there; lost: a write never took effect; writer: somebody else writes this quantity',
  ),
  expected: count.nullable(),
  shown: count,
  isExplained: z.boolean().describe('an order that was told later explains it'),
})

export const driftRoutes = defineRoutes({
  drift: {
    method: 'GET',
    path: '/drift',
    permission: 'stock.read',
    summary: 'The last 24 hours of the drift audit: how many slots showed something else than was believed',
    query: z.object({ account: accountRef.optional() }),
    response: z.object({
      slots: count.describe('slots that were read'),
      deviating: count.describe('slots among them that showed another number for no known reason'),
      writers: count.describe('slots that somebody else wrote'),
      share: z.number().min(0).max(1).nullable().describe('deviating ÷ slots; null: nothing was read'),
      floor: z.number().describe('a larger share is too much'),
      hours: z.array(z.object({ hour: time, readings: count, deviating: count })).describe('only hours with readings'),
    }),
  },

  deviations: {
    method: 'GET',
    path: '/drift/deviations',
    permission: 'stock.read',
    summary: 'Readings that showed another number than was believed, newest first; kept for 90 days',
    query: listQuery.extend({
      account: accountRef.optional(),
      kind: deviationKind.optional(),
      q: z.string().max(200).optional().describe('part of a SKU'),
      open: z.enum(['yes']).optional().describe('only those that no order explains'),
    }),
    response: page(deviation),
  },
})
