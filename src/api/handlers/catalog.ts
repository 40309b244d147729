import { listAll, listingOfSlot, listListings, listProducts, listVariants } from '../../database/views/system.ts'
import { addLocation, addProduct, linkListing } from '../../operations/manage-catalog.ts'
import type { Handlers } from './handler.ts'

export interface LocationView {
  id: string
  code: string
  name: string
  kind: string
  master: string
  priority: number
}

export const catalogHandlers: Handlers<
  'products' | 'addProduct' | 'variants' | 'locations' | 'addLocation' | 'listings' | 'linkListing'
> = {
  products: async ({ sql, input }) => await listProducts(sql, input.query),
  addProduct: async ({ sql, input, options }) => {
    const id = await addProduct(sql, options.ctx, input.body)
    return (await listProducts(sql, { limit: 1, id })).items[0]!
  },
  variants: async ({ sql, input }) => await listVariants(sql, input.query),
  locations: async ({ sql, input }) => await listAll<LocationView>(sql, 'locations', input.query),
  addLocation: async ({ sql, input, options }) => {
    const id = await addLocation(sql, options.ctx, input.body)
    return { id, ...input.body, master: 'hub' }
  },
  listings: async ({ sql, input }) => await listListings(sql, input.query),
  linkListing: async ({ sql, input, options }) =>
    (await listingOfSlot(sql, await linkListing(sql, options.ctx, input.body)))!,
}
