import { WooRefusal } from './auth.ts'
import type { Body } from './orders.ts'
import { itemById, logWrite, setStock, stockOf, type Woo } from './store.ts'
import type { WooItem } from './types.ts'
import { announce } from './webhooks.ts'
import { parentWire, productWire } from './wire.ts'

/** Products by the query: by SKU variations are found, too; the whole string counts as a SKU beside its parts. */
export function selectProducts(woo: Woo, query: URLSearchParams): (() => object)[] {
  const items = Object.values(woo.state.items)
  const wanted = query.get('sku')
  if (wanted !== null) {
    const parts = new Set([...wanted.split(','), wanted].map((part) => part.trim().toLowerCase()))
    // As the database compares: whatever the case of its letters.
    const found = items.filter(({ sku }) => parts.has(sku.toLowerCase()))
    return found.map((item) => () => productWire(woo, item))
  }
  const simple = items.filter(({ parentId }) => parentId === 0)
  return [
    ...simple.map((item) => ({ id: item.id, show: () => productWire(woo, item) })),
    ...woo.state.parents.map((parent) => ({ id: parent.id, show: () => parentWire(woo, parent) })),
  ]
    .sort((a, b) => (query.get('order') === 'asc' ? a.id - b.id : b.id - a.id))
    .map(({ show }) => show)
}

export function selectVariations(woo: Woo, parentId: string): (() => object)[] {
  if (!woo.state.parents.some(({ id }) => id === Number(parentId)))
    throw new WooRefusal(404, 'woocommerce_rest_product_invalid_id', 'Invalid ID.')
  return Object.values(woo.state.items)
    .filter((item) => item.parentId === Number(parentId))
    .map((item) => () => productWire(woo, item))
}

interface Given {
  id: number
  stock_quantity?: number
  manage_stock?: boolean
  regular_price?: string
}

/** POST …/batch: at most a hundred, and what is wrong with one stands beside the others in a 200. */
export function batch(woo: Woo, body: Body, parentId: number): object {
  const updates = (body.update ?? []) as Given[]
  const all = [body.create, body.update, body.delete].reduce(
    (sum: number, list) => sum + ((list as [])?.length ?? 0),
    0,
  )
  if (all > 100)
    throw new WooRefusal(
      413,
      'woocommerce_rest_request_entity_too_large',
      'Unable to accept more than 100 items for this request.',
    )
  return updates.length === 0 ? {} : { update: updates.map((one) => writeOne(woo, one, parentId)) }
}

function writeOne(woo: Woo, given: Given, parentId: number): object {
  const item = itemById(woo, given.id)
  const code = parentId ? 'woocommerce_rest_product_variation_invalid_id' : 'woocommerce_rest_product_invalid_id'
  if (!item || item.parentId !== parentId)
    return { id: given.id, error: { code, message: 'Invalid ID.', data: { status: 400 } } }
  if (given.manage_stock !== undefined) item.manageStock = given.manage_stock
  if (typeof given.stock_quantity === 'number') writeStock(woo, item, given.stock_quantity)
  if (given.regular_price !== undefined) {
    item.price = Math.round(Number(given.regular_price) * 100)
    item.modifiedAt = woo.now()
    logWrite(woo, 'batchProducts', item.sku, { price: item.price })
    announce(woo, 'product.updated', item.parentId || item.id)
  }
  return productWire(woo, item)
}

/** A number for what keeps no count of its own is passed over without a word. */
function writeStock(woo: Woo, item: WooItem, quantity: number): void {
  if (item.manageStock !== true || stockOf(woo, item) === undefined) return
  setStock(woo, item, quantity)
  logWrite(woo, 'batchProducts', item.sku, { quantity })
}
