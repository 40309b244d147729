import { listCategories } from '../../database/views/publishing.ts'
import { componentsOf } from '../../database/views/stock.ts'
import { listAll, listingOfSlot, listListings, listProducts, listVariants } from '../../database/views/system.ts'
import { Problem } from '../../domain/errors.ts'
import { defineKit } from '../../operations/define-kit.ts'
import { addLocation, addProduct, changeProduct, linkListing } from '../../operations/manage-catalog.ts'
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
  | 'products'
  | 'addProduct'
  | 'changeProduct'
  | 'categories'
  | 'variants'
  | 'kit'
  | 'defineKit'
  | 'locations'
  | 'addLocation'
  | 'listings'
  | 'linkListing'
> = {
  products: async ({ sql, input }) => await listProducts(sql, input.query),
  addProduct: async ({ sql, input, options }) => {
    const id = await addProduct(sql, options.ctx, input.body)
    return (await listProducts(sql, { limit: 1, id })).items[0]!
  },
  changeProduct: async ({ sql, input, options }) => {
    const { id } = input.params
    await changeProduct(sql, options.ctx, id, input.body)
    const product = (await listProducts(sql, { limit: 1, id })).items[0]
    if (!product) throw new Problem('not_found', { what: 'product', id })
    return product
  },
  categories: async ({ sql, input }) => await listCategories(sql, input.query),
  variants: async ({ sql, input }) => await listVariants(sql, input.query),
  kit: async ({ sql, input }) => {
    const variant = await sql.one<{ id: string }>('select id from variants where sku = $1', [input.params.sku])
    if (!variant) throw new Problem('not_found', { what: 'variant', id: input.params.sku })
    return { sku: input.params.sku, components: await componentsOf(sql, variant.id) }
  },
  defineKit: async ({ sql, input, options }) => {
    const { sku } = input.params
    const id = await defineKit(sql, options.ctx, { sku, components: input.body.components })
    return { sku, components: await componentsOf(sql, id) }
  },
  locations: async ({ sql, input }) => await listAll<LocationView>(sql, 'locations', input.query),
  addLocation: async ({ sql, input, options }) => {
    const id = await addLocation(sql, options.ctx, input.body)
    return { id, ...input.body, master: 'hub' }
  },
  listings: async ({ sql, input }) => await listListings(sql, input.query),
  linkListing: async ({ sql, input, options }) =>
    (await listingOfSlot(sql, await linkListing(sql, options.ctx, input.body)))!,
}
