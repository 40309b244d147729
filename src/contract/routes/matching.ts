/** What remote SKUs stand for, and catalogs made of listings. */
import { z } from 'zod'
import { defineRoutes } from '../route.ts'
import { accountRef, byId, channelName, count, empty, fulfilledBy, id, listQuery, page, sku, time } from '../schemas.ts'

const views = z.enum(['unmatched', 'suggested', 'ignored', 'linked'])
const remoteSku = z.string().min(1).max(500)
/** A page of what a person sees. */
const many = <T extends z.ZodType>(item: T) => z.array(item).min(1).max(200)

const suggestion = z.object({
  sku: z.string(),
  title: z.string(),
  reasons: z
    .array(z.enum(['sku', 'gtin', 'remote_id', 'similar_sku']))
    .describe('the strongest first; similar_sku: the same but for case and spaces'),
  hasOtherGtin: z.boolean().describe('both have a GTIN, and they differ'),
  unitsPerSale: count,
})

const matchItem = z.object({
  accountId: id,
  account: z.string(),
  channel: channelName,
  remoteSku: z.string(),
  title: z.string().nullable().describe('null: only orders name it, no listing was read'),
  remoteId: z.string().nullable(),
  gtin: z.string().nullable(),
  imageUrl: z.string().nullable(),
  options: z.array(z.object({ name: z.string(), value: z.string() })),
  product: z.string().nullable().describe('the channel’s product that it is one variant of'),
  marketplaces: z.array(z.string()),
  price: count.nullable(),
  currency: z.string().nullable(),
  fulfilledBy: fulfilledBy.nullable(),
  shown: count.nullable().describe('the quantity that was read there last'),
  waiting: z.object({ orders: count, units: count }).describe('order lines that wait for it'),
  decision: z.enum(['ignored', 'unlinked']).nullable().describe('unlinked: a person took its link back; it stays so'),
  verdict: z
    .enum(['automatic', 'sure', 'open', 'none'])
    .describe('automatic and sure may be accepted unseen; open: a person chooses'),
  suggestions: z.array(suggestion),
  linked: z.object({ sku: z.string(), unitsPerSale: count }).nullable(),
})

const catalogRun = z.object({
  id,
  state: z.enum(['running', 'done']),
  total: count,
  done: count,
  products: count,
  variants: count,
  linked: count.describe('existed already'),
  leftOpen: count.describe('wait for a person'),
  startedAt: time,
  workedAt: time,
  doneAt: time.nullable(),
})

export const matchingRoutes = defineRoutes({
  matching: {
    method: 'GET',
    path: '/matching',
    permission: 'catalog.read',
    summary: 'Remote SKUs by what they stand for. Those that orders wait for come first',
    query: listQuery.extend({
      view: views.default('unmatched').describe('suggested: those unmatched that anything speaks for'),
      account: accountRef.optional(),
      q: z.string().max(200).optional().describe('part of the remote SKU or title, or an ASIN, item id or GTIN'),
    }),
    response: page(matchItem),
  },

  matchingCounts: {
    method: 'GET',
    path: '/matching/counts',
    permission: 'catalog.read',
    summary: 'How many remote SKUs there are in each view',
    query: z.object({ account: accountRef.optional() }),
    response: z.object({ unmatched: count, suggested: count, ignored: count, linked: count }),
  },

  linkSkus: {
    method: 'POST',
    path: '/matching/link',
    permission: 'catalog.manage',
    summary: 'Link remote SKUs to variants. Waiting orders take their stock at once',
    body: z.object({
      account: accountRef,
      links: many(z.object({ remoteSku, sku, unitsPerSale: count.min(1).max(10_000).default(1) })),
    }),
    response: z.object({
      outcomes: z
        .array(z.enum(['new', 'changed', 'same', 'taken', 'unknown']))
        .describe('taken: linked to another variant or number of units; unknown: there is no such variant'),
    }),
  },

  acceptSure: {
    method: 'POST',
    path: '/matching/accept',
    permission: 'catalog.manage',
    summary: 'Link what a variant surely stands for, a page at a time: send `next` as `after` until it is null',
    body: z.object({ account: accountRef, after: z.string().max(500).default('') }),
    response: z.object({ checked: count, linked: count, next: z.string().nullable() }),
  },

  createFromSkus: {
    method: 'POST',
    path: '/matching/variants',
    permission: 'catalog.manage',
    summary: 'Make variants of remote SKUs, as the channel describes them unless said otherwise, and link them',
    body: z.object({
      account: accountRef,
      items: many(
        z.object({
          remoteSku,
          sku: sku.optional(),
          title: z.string().trim().min(1).max(300).optional(),
          gtin: z.string().max(40).nullable().optional().describe('null: none'),
        }),
      ),
    }),
    response: z.object({
      outcomes: z.array(
        z
          .enum(['created', 'sku_taken', 'gtin_taken', 'not_open'])
          .describe('not_open: it is linked, or nobody named it'),
      ),
    }),
  },

  ignoreSkus: {
    method: 'POST',
    path: '/matching/ignore',
    permission: 'catalog.manage',
    summary: 'Set remote SKUs aside, or take them back. Orders that name them stay as they are',
    body: z.object({ account: accountRef, remoteSkus: many(remoteSku), ignored: z.boolean() }),
    response: z.object({ changed: count }),
  },

  unlinkSku: {
    method: 'POST',
    path: '/matching/unlink',
    permission: 'catalog.manage',
    summary: 'Take a link back, where nothing was sold or can be sold through it. It does not come back by itself',
    body: z.object({ account: accountRef, remoteSku }),
    response: z.object({ remoteSku: z.string() }),
  },

  catalogPreview: {
    method: 'GET',
    path: '/accounts/{id}/catalog',
    permission: 'catalog.read',
    summary: 'What making the catalog of this account’s listings would do, and how far a run is',
    params: byId,
    response: z.object({
      total: count,
      products: count,
      variants: count,
      exists: count,
      open: z.object({
        ambiguous: count,
        undone: count.describe('a person took the link back'),
        unknown: count.describe('only orders name it'),
        too_long: count,
      }),
      sample: z.array(
        z.object({
          kind: z.enum(['create', 'exists', 'open']),
          remoteSku: z.string(),
          title: z.string().nullable(),
          sku: z.string().nullable(),
          product: z.string().nullable(),
        }),
      ),
    }),
  },

  catalogRun: {
    method: 'GET',
    path: '/accounts/{id}/catalog/run',
    permission: 'catalog.read',
    summary: 'How far making the catalog is; null before the first run',
    params: byId,
    response: z.object({ run: catalogRun.nullable() }),
  },

  runCatalog: {
    method: 'POST',
    path: '/accounts/{id}/catalog/run',
    permission: 'catalog.manage',
    summary: 'Make the catalog of this account’s listings. It goes on by itself; running it again makes nothing twice',
    status: 201,
    params: byId,
    body: empty,
    response: z.object({ run: catalogRun.nullable() }),
  },
})
