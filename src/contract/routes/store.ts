/** The own store's locations: which of ours each is, and who is the master there. */
import { z } from 'zod'
import { defineRoutes } from '../route.ts'
import { count, id, listQuery, page, time } from '../schemas.ts'

const account = z.string().min(1).max(200).describe('id or name of the account')
const remoteId = z.string().min(1).max(500).describe('the store’s own id of its location')
const master = z.enum(['hub', 'store'])
const code = z.string().trim().min(1).max(40).describe('code of the location of ours that it is')

const location = z.object({
  account: z.object({ id, name: z.string(), channel: z.string() }),
  remoteId: z.string(),
  name: z.string(),
  isActive: z.boolean(),
  location: z.object({ code: z.string(), name: z.string() }).nullable(),
  master: master.describe('store: what people change there comes in as movements; hub: it is drift, and set right'),
  masterSince: time.nullable(),
  changedBy: z.string().nullable(),
  skus: count.describe('SKUs told of there'),
  readAt: time.nullable(),
  movedAt: time.nullable().describe('when units last came or went there that nobody told us'),
  different: count.describe('SKUs that show another number than stands at our slot by all that is known'),
  waiting: count.describe('SKUs whose first certain reading is still to come'),
  unclear: count.describe(
    'SKUs to count: their change could not be told apart from a write of ours without an answer, or from a sale in the same moment as one',
  ),
})

const level = z.object({
  id,
  sku: z.string().nullable(),
  remoteSku: z.string(),
  onHand: count,
  available: count.describe('less than 0 where a till sold more than there was'),
  committed: count.describe('promised by the store’s own orders'),
  expected: count.nullable().describe('what should stand there by all that is known; null: not known'),
  movedUnits: count.nullable().describe('the last change of the store, in its units'),
  movedAt: time.nullable(),
  readAt: time,
  state: z
    .enum(['following', 'waiting', 'shown', 'not_linked'])
    .describe(
      'following: its changes are booked; waiting: from the first certain reading on; shown: the hub is the master',
    ),
  isUnclear: z.boolean(),
})

const step = z.object({
  sku: z.string().nullable(),
  remoteSku: z.string(),
  onHand: count.describe('at the location now'),
  available: count,
  committed: count,
  becomes: count.nullable().describe('on hand then; null: it stays'),
  how: z
    .enum(['adopt', 'keep', 'kit', 'several', 'not_linked'])
    .describe(
      'adopt: the store’s number becomes ours; keep: we wrote it, only changes from now on count; several: two SKUs of the store for one variant, only changes count; kit, not_linked: nothing is booked',
    ),
})

export const storeRoutes = defineRoutes({
  storeLocations: {
    method: 'GET',
    path: '/store-locations',
    permission: 'stock.read',
    summary: 'Locations as stores know them, which of ours each is, and who is the master there',
    response: page(location),
  },

  storeLevels: {
    method: 'GET',
    path: '/store-locations/levels',
    permission: 'stock.read',
    summary: 'What a store holds at one of its locations, and the last change that came from there',
    query: listQuery.extend({
      account,
      location: remoteId,
      q: z.string().max(200).optional(),
      view: z.enum(['all', 'different', 'moved']).default('all'),
    }),
    response: page(level),
  },

  previewMaster: {
    method: 'GET',
    path: '/store-locations/preview',
    permission: 'stock.read',
    summary: 'What would become of on hand if the store were the master, by its newest numbers. Changes nothing',
    query: z.object({ account, remoteId, master, location: code.optional() }),
    response: z.object({
      steps: z.array(step).describe('the largest changes first, at most 200'),
      changed: count,
      kept: count,
      units: count,
      writesOver: z
        .boolean()
        .describe(
          'the store cannot compare: what changes there between our look and our write, in one moment, is written over',
        ),
    }),
  },

  setMaster: {
    method: 'POST',
    path: '/store-locations/master',
    permission: 'accounts.manage',
    summary: 'Say who is the master of a location. Said again, nothing changes',
    body: z.object({ account, remoteId, master, location: code.optional() }),
    response: location,
  },
})
