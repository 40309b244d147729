/** What is known of the store's items, kept in memory: which SKUs are counted, and where. What is not known is asked for. */
import { ChannelError } from '../../domain/errors.ts'
import type { Account, QuantityReading } from '../connector.ts'
import { call } from './client.ts'
import { readLevel } from './mapping.ts'
import { readSettings } from './settings.ts'
import { inventoryItem, location, pageAnswer, variantIdsAnswer } from './wire.ts'

interface Known {
  /** Numbers of variants, by SKU. */
  variants: Map<string, number>
  locationId: number | null
}
const knownBy = new WeakMap<Account, Known>()
function knownOf(account: Account): Known {
  const found = knownBy.get(account) ?? { variants: new Map(), locationId: null }
  knownBy.set(account, found)
  return found
}

export const rememberItem = (account: Account, sku: string, variantId: number): void =>
  void knownOf(account).variants.set(sku, variantId)
export const forgetItem = (account: Account, sku: string): void => void knownOf(account).variants.delete(sku)
export const isKnownItem = (account: Account, sku: string): boolean => knownOf(account).variants.has(sku)

const pageSize = 250

export async function pullLocations(account: Account) {
  const found: { remoteId: string; name: string; active: boolean }[] = []
  for (let page = 1; ; page += 1) {
    const { body } = await call(account, {
      operation: 'getLocations',
      version: 'v3',
      method: 'GET',
      path: '/inventory/locations',
      query: { page, limit: pageSize },
      answer: pageAnswer,
    })
    for (const raw of body.data) {
      const { id, label, enabled } = location.parse(raw)
      found.push({ remoteId: String(id), name: label, active: enabled })
    }
    if (page >= body.meta.pagination.total_pages) return found
  }
}

/** The location whose quantities are ours to write. */
export async function locationOf(account: Account): Promise<number> {
  const { locationId } = readSettings(account.settings)
  if (locationId) return Number(locationId)
  const known = knownOf(account)
  if (known.locationId === null) {
    const active = (await pullLocations(account)).filter((one) => one.active)
    if (active.length !== 1)
      throw new ChannelError('rejected', 'location_missing', 'the store has several locations: choose the one to write')
    known.locationId = Number(active[0]!.remoteId)
  }
  return known.locationId
}

/** So many in one question: its address holds them all. */
export const readBatch = 100

/** What the location holds of these SKUs; one that is not there is none of the store's, or is not counted. */
export async function findHeld(account: Account, skus: readonly string[]): Promise<Map<string, QuantityReading>> {
  const place = await locationOf(account)
  const held = new Map<string, QuantityReading>()
  // A list in an address is separated by commas, so a SKU that has one is asked for by its number.
  const plain = skus.filter((sku) => !sku.includes(','))
  for (let from = 0; from < plain.length; from += readBatch)
    await readInto(account, place, { 'sku:in': plain.slice(from, from + readBatch).join(',') }, held)
  const ids: number[] = []
  for (const sku of skus.filter((one) => one.includes(','))) {
    const id = knownOf(account).variants.get(sku) ?? (await findVariant(account, sku))?.variantId
    if (id !== undefined) ids.push(id)
  }
  for (let from = 0; from < ids.length; from += readBatch)
    await readInto(account, place, { 'variant_id:in': ids.slice(from, from + readBatch).join(',') }, held)
  return new Map([...held].filter(([sku]) => skus.includes(sku)))
}

async function readInto(
  account: Account,
  place: number,
  filter: Record<string, string>,
  held: Map<string, QuantityReading>,
): Promise<void> {
  for (let page = 1; ; page += 1) {
    const { body } = await call(account, {
      operation: 'getInventoryItems',
      version: 'v3',
      method: 'GET',
      path: '/inventory/items',
      query: { ...filter, 'location_id:in': place, page, limit: pageSize },
      answer: pageAnswer,
    })
    for (const raw of body.data) {
      const one = inventoryItem.safeParse(raw)
      // What cannot be read is an error: "not there" would give units free that are for sale.
      if (!one.success) throw new ChannelError('unavailable', 'unreadable', 'an item of the inventory cannot be read')
      const { identity, locations } = one.data
      const level = locations.find(({ location_id: id }) => id === place)
      held.set(identity.sku, readLevel(identity.sku, level))
    }
    if (page >= body.meta.pagination.total_pages) return
  }
}

export interface FoundVariant {
  productId: number
  variantId: number
  /** It has no others beside it: the product's price is its price. */
  isAlone: boolean
}

/** Looks one SKU up in the catalog, whatever is remembered of it. */
export async function findVariant(account: Account, sku: string): Promise<FoundVariant | undefined> {
  const { body } = await call(account, {
    operation: 'findVariant',
    version: 'v3',
    method: 'GET',
    path: '/catalog/variants',
    query: { sku, limit: 10 },
    answer: variantIdsAnswer,
  })
  const one = body.data.find((each) => each.sku === sku)
  if (!one) return undefined
  return { productId: one.product_id, variantId: one.id, isAlone: one.option_values.length === 0 }
}
