/** All variants that have a SKU; what belongs to their products is asked for beside each page. */
import { z } from 'zod'
import type { Account, IncomingListing, Pulled, Unreadable } from '../connector.ts'
import { call, currencyOf } from './client.ts'
import { rememberItem } from './items.ts'
import { readListing } from './mapping.ts'
import { pageAnswer, product, variant, type WireProduct, type WireVariant } from './wire.ts'

const pageSize = 250
const cursorSchema = z.object({ page: z.number().int().min(1) })

export async function pullListings(account: Account, saved: unknown): Promise<Pulled<IncomingListing>> {
  const parsed = cursorSchema.safeParse(saved)
  const page = parsed.success ? parsed.data.page : 1
  const { body } = await call(account, {
    operation: 'getVariants',
    version: 'v3',
    method: 'GET',
    path: '/catalog/variants',
    query: { page, limit: pageSize },
    answer: pageAnswer,
  })
  const unreadable: Unreadable[] = []
  const variants: WireVariant[] = []
  for (const raw of body.data) {
    const one = variant.safeParse(raw)
    if (one.success) variants.push(one.data)
    else unreadable.push(describe(raw, one.error.issues[0]?.path ?? []))
  }
  const products = await productsOf(account, new Set(variants.map((one) => one.product_id)))
  const currency = await currencyOf(account)
  // A page never names a SKU twice.
  const items = new Map<string, IncomingListing>()
  for (const one of variants) {
    const listing = readListing(one, products.get(one.product_id), currency)
    if (!listing) continue
    items.set(listing.remoteSku, listing)
    if (listing.merchantQuantity !== null) rememberItem(account, listing.remoteSku, one.id)
  }
  const { current_page: at, total_pages: last } = body.meta.pagination
  const more = at < last && body.data.length > 0
  return { items: [...items.values()], unreadable, next: more ? { page: page + 1 } : { page: 1 }, more }
}

async function productsOf(account: Account, ids: ReadonlySet<number>): Promise<Map<number, WireProduct>> {
  const found = new Map<number, WireProduct>()
  const wanted = [...ids]
  for (let page = 1; wanted.length > 0; page += 1) {
    const { body } = await call(account, {
      operation: 'getProducts',
      version: 'v3',
      method: 'GET',
      path: '/catalog/products',
      query: {
        'id:in': wanted.join(','),
        include_fields: 'name,price,inventory_tracking,is_visible',
        page,
        limit: pageSize,
      },
      answer: pageAnswer,
    })
    for (const raw of body.data) {
      const one = product.safeParse(raw)
      if (one.success) found.set(one.data.id, one.data)
    }
    if (page >= body.meta.pagination.total_pages) break
  }
  return found
}

function describe(raw: unknown, path: readonly PropertyKey[]): Unreadable {
  const { id, sku } = (raw ?? {}) as { id?: unknown; sku?: unknown }
  const remoteId = typeof sku === 'string' ? sku : typeof id === 'number' ? String(id) : '?'
  return { remoteId, where: path.map(String).join('.'), raw }
}
