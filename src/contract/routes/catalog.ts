/** Products, variants, locations and listings. */
import { z } from 'zod'
import { defineRoutes } from '../route.ts'
import {
  accountRef,
  byId,
  category,
  count,
  fulfilledBy,
  id,
  listing,
  listQuery,
  page,
  product,
  sku,
} from '../schemas.ts'

const kit = z.object({
  sku,
  components: z.array(z.object({ sku, title: z.string(), quantity: count })),
})

export const catalogRoutes = defineRoutes({
  products: {
    method: 'GET',
    path: '/products',
    permission: 'catalog.read',
    summary: 'Products with their variants',
    query: listQuery.extend({ q: z.string().max(200).optional(), category: category.optional() }),
    response: page(product),
  },

  addProduct: {
    method: 'POST',
    path: '/products',
    permission: 'catalog.manage',
    summary: 'Add a product with its variants',
    status: 201,
    body: z.object({
      title: z.string().trim().min(1).max(300),
      category: category.optional(),
      variants: z
        .array(
          z.object({
            sku,
            title: z.string().trim().max(300).optional(),
            gtin: z
              .string()
              .regex(/^\d{8,14}$/)
              .optional(),
          }),
        )
        .min(1)
        .max(200),
    }),
    response: product,
  },

  changeProduct: {
    method: 'PATCH',
    path: '/products/{id}',
    permission: 'catalog.manage',
    summary: 'Change title or category. A new category may bring other publishing rules to its variants',
    params: byId,
    body: z.object({
      title: z.string().trim().min(1).max(300).optional(),
      category: category.nullable().optional().describe('null: none'),
    }),
    response: product,
  },

  categories: {
    method: 'GET',
    path: '/categories',
    permission: 'catalog.read',
    summary: 'Categories that products have, or rules name',
    query: listQuery,
    response: page(z.object({ category: z.string(), products: count })),
  },

  variants: {
    method: 'GET',
    path: '/variants',
    permission: 'catalog.read',
    summary: 'Variants',
    query: listQuery.extend({ q: z.string().max(200).optional() }),
    response: page(z.object({ id, sku: z.string(), title: z.string(), gtin: z.string().nullable(), productId: id })),
  },

  kit: {
    method: 'GET',
    path: '/variants/{sku}/components',
    permission: 'catalog.read',
    summary: 'What a variant is made of; none where it is no kit',
    params: z.object({ sku }),
    response: kit,
  },

  defineKit: {
    method: 'POST',
    path: '/variants/{sku}/components',
    permission: 'catalog.manage',
    summary:
      'Make a variant a kit (or, with no components, a plain variant again). Its stock is its components’ from then on; open orders keep the parts they promised',
    params: z.object({ sku }),
    body: z.object({ components: z.array(z.object({ sku, quantity: count.min(1).max(1_000_000) })).max(200) }),
    response: kit,
  },

  locations: {
    method: 'GET',
    path: '/locations',
    permission: 'stock.read',
    summary: 'Locations',
    query: listQuery,
    response: page(
      z.object({ id, code: z.string(), name: z.string(), kind: z.string(), master: z.string(), priority: count }),
    ),
  },

  addLocation: {
    method: 'POST',
    path: '/locations',
    permission: 'stock.move',
    summary: 'Add a location',
    status: 201,
    body: z.object({
      code: z.string().trim().min(1).max(40),
      name: z.string().trim().min(1).max(100),
      kind: z.enum(['own', 'third-party']).default('own'),
      priority: count.min(0).default(100),
    }),
    response: z.object({
      id,
      code: z.string(),
      name: z.string(),
      kind: z.string(),
      master: z.string(),
      priority: count,
    }),
  },

  listings: {
    method: 'GET',
    path: '/listings',
    permission: 'catalog.read',
    summary: 'Listings',
    query: listQuery.extend({
      q: z.string().max(200).optional(),
      account: accountRef.optional(),
      linked: z.enum(['yes', 'no']).optional(),
    }),
    response: page(listing),
  },

  linkListing: {
    method: 'POST',
    path: '/listings',
    permission: 'catalog.manage',
    status: 201,
    summary:
      'Link a remote SKU to a variant (making the listing where our own store has it). Waiting orders with that SKU take their stock at once',
    body: z.object({
      account: accountRef,
      remoteSku: sku,
      sku: sku.describe('our variant'),
      unitsPerSale: count.min(1).max(10_000).default(1),
      marketplace: z.string().max(50).default(''),
      title: z.string().max(500).optional(),
      fulfilledBy: fulfilledBy.default('merchant'),
    }),
    response: listing,
  },
})
