import { logEffect } from '../effects.ts'
import { fires } from '../faults.ts'
import { decimal, json } from '../http.ts'
import { listed, pageOf, refusal } from './answers.ts'
import type { BcItem, BcLevel } from './state.ts'
import { availableAt, findItem, logWrite, type Store, shownOf } from './store.ts'

const money = (item: BcItem): number => Number(decimal(item.price, item.currency))

/** The catalog's own number is what all locations together can sell (Inventory Overview: reading inventory). */
function writeVariant(store: Store, item: BcItem) {
  return {
    id: item.variantId,
    product_id: item.productId,
    sku: item.sku,
    sku_id: item.option === null ? null : item.variantId,
    price: item.option === null ? null : money(item),
    calculated_price: money(item),
    purchasing_disabled: false,
    purchasing_disabled_message: '',
    upc: item.upc,
    inventory_level: shownOf(store, item),
    inventory_warning_level: 0,
    option_values:
      item.option === null
        ? []
        : [{ id: item.variantId + 1, option_id: item.productId, option_display_name: 'Kind', label: item.option }],
  }
}

const inOrder = ({ state }: Store): BcItem[] => Object.values(state.items).toSorted((a, b) => a.variantId - b.variantId)

export function getVariants(store: Store, query: URLSearchParams): Response {
  const [sku, id] = [query.get('sku'), query.get('id')]
  const found = inOrder(store).filter(
    (item) => (sku === null || item.sku === sku) && (id === null || String(item.variantId) === id),
  )
  return pageOf(found, query, 250, (item) => writeVariant(store, item))
}

export function getProducts(store: Store, query: URLSearchParams): Response {
  const ids = listed(query, 'id:in')
  const products = [...new Map(inOrder(store).map((item) => [item.productId, item])).values()].filter(
    ({ productId }) => !ids || ids.has(String(productId)),
  )
  return pageOf(products, query, 250, (item) => ({
    id: item.productId,
    name: item.title,
    price: money(item),
    inventory_tracking: item.tracking === 'product' ? 'product' : item.tracking,
    is_visible: item.visible,
    availability: 'available',
  }))
}

interface PriceBody {
  id?: unknown
  price?: unknown
}

/** Several variants, all of them or none. */
export function updateVariants(store: Store, body: unknown): Response {
  return setPrices(
    store,
    body,
    50,
    ({ variantId, option }, id) => variantId === id && option !== null,
    'updateVariants',
  )
}

/** Several products. What has no other variants has the product's price. */
export function updateProducts(store: Store, body: unknown): Response {
  return setPrices(store, body, 10, ({ productId }, id) => productId === id, 'updateProducts')
}

function setPrices(
  store: Store,
  body: unknown,
  most: number,
  isIt: (item: BcItem, id: number) => boolean,
  operation: string,
): Response {
  if (!Array.isArray(body) || body.length === 0) return refusal(422, 'The body is not a list.')
  if (body.length > most) return refusal(413, `No more than ${most} at once.`)
  const changes: { item: BcItem; price: number }[] = []
  for (const { id, price } of body as PriceBody[]) {
    const found = Object.values(store.state.items).filter((item) => isIt(item, Number(id)))
    if (found.length === 0 || typeof price !== 'number' || price < 0) {
      const error = { status: 422, title: `${String(id)} cannot be changed`, type: 'error', errors: {} }
      return operation === 'updateVariants'
        ? json(422, { batch_errors: [error] })
        : refusal(422, `${String(id)} cannot be changed`)
    }
    changes.push(...found.map((item) => ({ item, price: Math.round(price * 100) })))
  }
  for (const { item, price } of changes) {
    item.price = price
    logWrite(store, operation, item.sku, { price })
  }
  const written = changes.map(({ item }) =>
    operation === 'updateVariants'
      ? writeVariant(store, item)
      : { id: item.productId, name: item.title, price: money(item), is_visible: item.visible },
  )
  return json(200, { data: written, meta: {} })
}

// — inventory —

const identity = (item: BcItem) => ({
  sku: item.sku,
  variant_id: item.variantId,
  product_id: item.productId,
})

const settingsOf = ({ safety }: BcLevel) => ({
  safety_stock: safety,
  is_in_stock: true,
  warning_level: 0,
  bin_picking_number: '',
})

const tracked = (store: Store, query: URLSearchParams): BcItem[] => {
  const [skus, variants, products] = ['sku:in', 'variant_id:in', 'product_id:in'].map((name) => listed(query, name))
  return inOrder(store).filter(
    (item) =>
      item.tracking !== 'none' &&
      (!skus || skus.has(item.sku)) &&
      (!variants || variants.has(String(item.variantId))) &&
      (!products || products.has(String(item.productId))),
  )
}

export function getInventoryItems(store: Store, query: URLSearchParams): Response {
  const places = listed(query, 'location_id:in')
  return pageOf(tracked(store, query), query, 1_000, (item) => {
    const old = fires(store.core, 'bigcommerce', 'getInventoryItems', 'stale-read') !== null
    const locations = store.state.locations.filter(({ id }) => !places || places.has(String(id)))
    return {
      identity: { ...identity(item), ...(item.option === null ? {} : { sku_id: item.variantId }) },
      locations: locations.map(({ id, code, label, enabled }) => {
        const level = item.levels[id]!
        const onHand = old ? level.onHandBefore : level.onHand
        return {
          location_id: id,
          location_code: code,
          location_name: label,
          available_to_sell: availableAt({ ...level, onHand }),
          total_inventory_onhand: onHand,
          location_enabled: enabled,
          settings: settingsOf(level),
        }
      }),
    }
  })
}

export function getLocationItems(store: Store, locationId: string, query: URLSearchParams): Response {
  if (!store.state.locations.some(({ id }) => String(id) === locationId)) return refusal(404, 'Location not found')
  return pageOf(tracked(store, query), query, 1_000, (item) => {
    const level = item.levels[locationId]!
    return {
      identity: identity(item),
      available_to_sell: availableAt(level),
      total_inventory_onhand: level.onHand,
      settings: settingsOf(level),
    }
  })
}

interface Adjustment {
  location_id?: unknown
  sku?: unknown
  variant_id?: unknown
  product_id?: unknown
  quantity?: unknown
}

/** PUT adjustments/absolute: all lines are taken, or none. They show a little later, one after the other. */
export function setInventory(store: Store, body: unknown): Response {
  const items = (body as { items?: unknown } | undefined)?.items
  if (!Array.isArray(items) || items.length === 0)
    return refusal(422, 'Payload contains invalid fields', { items: 'is missing' })
  if (items.length > 2_000) return refusal(422, 'Payload contains invalid fields', { items: 'more than 2000' })
  const { min, max } = store.settings.effectMs
  const planned: { item: BcItem; locationId: number; quantity: number }[] = []
  for (const one of items as Adjustment[]) {
    const item =
      typeof one.sku === 'string'
        ? findItem(store, one.sku)
        : Object.values(store.state.items).find(({ variantId, productId, option }) =>
            one.variant_id === undefined
              ? productId === one.product_id && option === null
              : variantId === one.variant_id,
          )
    const locationId = Number(one.location_id)
    const named = String(one.sku ?? one.variant_id ?? one.product_id)
    if (!item || item.tracking === 'none') return refusal(422, `Items with identity: [${named}] not found`)
    if (!item.levels[locationId]) return refusal(422, `Location ${String(one.location_id)} not found`)
    if (typeof one.quantity !== 'number' || !Number.isInteger(one.quantity) || one.quantity < 0)
      return refusal(422, 'Payload contains invalid fields', { quantity: 'is not valid' })
    planned.push({ item, locationId, quantity: one.quantity })
  }
  if (fires(store.core, 'bigcommerce', 'setInventory', 'refuse')) return refusal(422, 'Incorrect entity')
  for (const { item, locationId, quantity } of planned) {
    const now = store.now()
    const dueAt = Math.max(item.effectsUntil, now + store.random('effects').between(min, max))
    item.effectsUntil = dueAt
    const id = store.core.nextId()
    const effect = { id, at: now, operation: 'setInventory', sku: item.sku, quantity, dueAt, appliedAt: null }
    logEffect(store.state.effects, effect)
    store.state.due[id] = { sku: item.sku, locationId, quantity }
    store.schedule(dueAt, 'effect', String(id))
  }
  store.core.touch()
  return json(200, { transaction_id: store.random('ids').uuid() })
}

export function getLocations(store: Store, query: URLSearchParams): Response {
  return pageOf(store.state.locations, query, 1_000, ({ id, code, label, enabled }) => ({
    id,
    code,
    label,
    description: '',
    managed_by_external_source: false,
    type_id: 'PHYSICAL',
    enabled,
    time_zone: 'Etc/UTC',
    storefront_visibility: true,
  }))
}

/** What the store does with its numbers when somebody orders (settings.v3). */
export const getInventorySettings = ({ settings }: Store): Response =>
  json(200, {
    data: {
      product_out_of_stock_behavior: 'do_nothing',
      option_out_of_stock_behavior: 'label_option',
      update_stock_behavior: settings.lowersAt,
      edit_order_stock_adjustment: true,
      refund_order_stock_adjustment: settings.restocks,
    },
    meta: {},
  })

export const getStore = (store: Store): Response =>
  json(200, {
    id: store.settings.storeHash,
    domain: 'simulated-store.example',
    secure_url: 'https://simulated-store.example',
    status: 'live',
    name: 'Simulated store',
    plan_name: 'Plus',
    plan_level: 'Standard',
    currency: Object.values(store.state.items)[0]?.currency ?? 'USD',
    decimal_places: 2,
    language: 'en',
  })
