/** What may be sold where against what is there, and what led to an oversell. */
import { z } from 'zod'
import { chainSteps, oversellCauses } from '../oversells.ts'
import { defineRoutes } from '../route.ts'
import { accountRef, channelName, count, id, listQuery, mode, page, sku, slot, time } from '../schemas.ts'

export const exposureViews = ['all', 'uncovered', 'unknown', 'exposed'] as const

const exposure = z.object({
  variantId: id,
  sku: z.string(),
  title: z.string(),
  category: z.string().nullable(),
  isKit: z.boolean().describe('its stock is its components’'),
  mode: mode.describe('of a kit: the strictest of its components'),
  onHand: count,
  reserved: count,
  allocated: count,
  unsellable: count,
  short: count.describe('units sold that are not there'),
  canSell: count.describe('on hand − reserved − allocated − unsellable; of a kit, by its scarcest component'),
  places: count.describe('where a unit may be sold, kits that hold it included'),
  unreadPlaces: count,
  offered: count.nullable().describe('units that all places show, as last proven; null: none was read yet'),
  claimed: count.describe('units that places may have sold unseen and may still sell, whatever is on its way'),
  unknownClaims: count.describe('places of which nobody can bound what they may sell'),
  uncovered: count.describe('claimed units that facts took away'),
  free: count.nullable().describe('units that no claim covers; null: a claim is not known'),
  worstCase: count.nullable().describe('units that would be missing if all places sold what they may; null: not known'),
  risk: z
    .enum(['short', 'uncovered', 'unknown', 'exposed', 'covered', 'nowhere'])
    .describe('exposed: more is offered or claimed than is there; covered: nothing can be oversold'),
})

const oversell = z.object({
  id: z.string(),
  at: time,
  short: count.describe('so many more units were sold than are there'),
  uncovered: count.describe('so many more units may be sold than are there'),
  mode,
  unknownClaims: count,
  cause: z.enum(oversellCauses),
  title: z.string().describe('the cause in words, in the language asked for'),
  next: z.string().describe('what to do'),
  links: z
    .array(
      z.object({
        at: time,
        step: z.enum(chainSteps),
        text: z.string().describe('in the language asked for'),
        isCause: z.boolean(),
        channel: channelName.nullable(),
        account: z.string().nullable(),
        remoteSku: z.string().nullable(),
        order: z.object({ id, remoteId: z.string(), placedAt: time, learnedAt: time }).nullable(),
        effectId: id.nullable().describe('the write, as it was intended and answered'),
        call: z
          .object({
            id,
            operation: z.string(),
            method: z.string(),
            status: count.nullable(),
            errorKind: z.string().nullable(),
            requestId: z.string().nullable(),
            startedAt: time,
            durationMs: count,
          })
          .nullable()
          .describe('its line in the journal, while that is kept'),
      }),
    )
    .describe('in the order in which it happened; the last one is the oversell'),
  left: count.describe('earlier events that are not told here'),
})

export const exposureRoutes = defineRoutes({
  exposure: {
    method: 'GET',
    path: '/exposure',
    permission: 'stock.read',
    summary: 'What every variant’s places may sell against what is there, the riskiest first',
    query: listQuery.extend({
      q: z.string().max(200).optional(),
      account: accountRef.optional(),
      mode: mode.optional(),
      view: z
        .enum(exposureViews)
        .default('all')
        .describe(
          'uncovered: units sold, or claimed in guarded mode, that are not there; exposed: more offered than there is',
        ),
      sort: z.enum(['risk', 'sku']).default('risk').describe('pages by sku stay exact while numbers change'),
    }),
    response: page(exposure).extend({ counts: z.object({ all: count, uncovered: count, unknown: count }) }),
  },

  exposureOf: {
    method: 'GET',
    path: '/variants/{sku}/exposure',
    permission: 'stock.read',
    summary: 'One variant: every place where a unit may be sold, what it may sell at worst and why',
    params: z.object({ sku }),
    response: exposure.extend({
      placeList: z.array(
        slot.extend({
          units: count.describe('of the variant, that one sale takes; more than one for packs and kits'),
          claimUnits: count.nullable().describe('its claim in units of the variant'),
          isCounted: z
            .boolean()
            .describe('false: another tool may write it, or the channel fulfills; its claim counts nowhere'),
        }),
      ),
      channelHeld: z
        .array(z.object({ code: z.string(), name: z.string(), onHand: count, unsellable: count }))
        .describe('stock that channels hold; never part of canSell'),
    }),
  },

  oversells: {
    method: 'GET',
    path: '/variants/{sku}/oversells',
    permission: 'stock.read',
    summary: 'Oversells of a variant, newest first, each with the chain of events that led to it',
    params: z.object({ sku }),
    query: listQuery.extend({ limit: z.coerce.number().int().min(1).max(20).default(5) }),
    response: page(oversell),
  },
})
