/**
 * The ids that writes need, by SKU. They are learned from listings and readings and kept in memory; what is not known is
 * asked for. A SKU that moved to another variant is noticed by every reading, because that names the SKU it found.
 */
import { ChannelError } from '../../domain/errors.ts'
import type { Account } from '../connector.ts'
import { call } from './client.ts'
import * as documents from './documents.ts'
import { availableOf, type ListingIds, readId, writeId } from './mapping.ts'
import { readSettings } from './settings.ts'
import { itemsAnswer, locationsAnswer, type WireItem } from './wire.ts'

interface Known {
  items: Map<string, ListingIds>
  locationId: string | null
}
const knownBy = new WeakMap<Account, Known>()

function knownOf(account: Account): Known {
  const found = knownBy.get(account) ?? { items: new Map(), locationId: null }
  knownBy.set(account, found)
  return found
}

export const rememberItem = (account: Account, sku: string, ids: ListingIds): void =>
  void knownOf(account).items.set(sku, ids)
export const forgetItem = (account: Account, sku: string): void => void knownOf(account).items.delete(sku)
export const knownItem = (account: Account, sku: string): ListingIds | undefined => knownOf(account).items.get(sku)

/** The location whose quantities are ours to write, as the API names it. */
export async function locationOf(account: Account): Promise<string> {
  const { locationId } = readSettings(account.settings)
  if (locationId) return writeId('Location', locationId)
  const known = knownOf(account)
  if (known.locationId === null) {
    const { data } = await call(account, documents.locations, { after: null }, locationsAnswer)
    const active = data.locations.nodes.filter((one) => one.isActive)
    if (active.length !== 1 || data.locations.pageInfo.hasNextPage)
      throw new ChannelError('rejected', 'location_missing', 'the store has several locations: choose the one to write')
    known.locationId = active[0]!.id
  }
  return known.locationId
}

/** Asked for in one search: an `or` of so many SKUs. */
const lookupBatch = 50

export type Found =
  /** `shown`: null where the store keeps no count of it at the location. */
  { kind: 'one'; ids: ListingIds; shown: number | null } | { kind: 'none' } | { kind: 'several' }

/** Looks SKUs up in the store, whatever is remembered of them. */
export async function findItems(account: Account, skus: readonly string[]): Promise<Map<string, Found>> {
  const location = await locationOf(account)
  const found = new Map<string, Found>()
  for (let from = 0; from < skus.length; from += lookupBatch) {
    const part = skus.slice(from, from + lookupBatch)
    const nodes = await search(account, part, location)
    for (const sku of part) {
      // The search compares loosely; a SKU is its exact text.
      const own = nodes.filter((node) => node.sku === sku)
      const one = own[0]
      if (!one) found.set(sku, { kind: 'none' })
      else if (new Set(own.map((node) => node.inventoryItem.id)).size > 1) found.set(sku, { kind: 'several' })
      else {
        const ids = {
          productId: readId(one.product.id),
          variantId: readId(one.id),
          itemId: readId(one.inventoryItem.id),
        }
        rememberItem(account, sku, ids)
        found.set(sku, {
          kind: 'one',
          ids,
          shown: availableOf(one.inventoryItem.tracked, one.inventoryItem.inventoryLevel),
        })
      }
      if (found.get(sku)!.kind !== 'one') forgetItem(account, sku)
    }
  }
  return found
}

/** More hits than the page holds: the SKUs are asked for in smaller parts, at last one by one. */
async function search(account: Account, skus: readonly string[], location: string): Promise<WireItem[]> {
  const query = skus.map((sku) => `sku:${quote(sku)}`).join(' OR ')
  const first = Math.min(250, skus.length + 10)
  const { data } = await call(account, documents.itemsBySku, { first, query, location }, itemsAnswer, first)
  const { nodes, pageInfo } = data.productVariants
  if (!pageInfo.hasNextPage || skus.length === 1) return nodes
  const middle = Math.ceil(skus.length / 2)
  return [
    ...(await search(account, skus.slice(0, middle), location)),
    ...(await search(account, skus.slice(middle), location)),
  ]
}

/** A phrase of Shopify's search language: what stands between quotes is one value. */
export const quote = (text: string): string => `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
