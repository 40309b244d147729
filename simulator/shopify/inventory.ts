import { fires } from '../faults.ts'
import { isoSeconds } from '../http.ts'
import { gid, numberOf } from './objects.ts'
import { itemById, logWrite, newNumber, type Shop, setAvailable } from './shop.ts'
import type { ShopItem } from './state.ts'

interface Change {
  inventoryItemId: string
  locationId: string
  quantity: number
  changeFromQuantity?: number | null
}
interface SetInput {
  name: string
  reason: string
  referenceDocumentUri?: string | null
  quantities: Change[]
}

interface Refusal {
  field: string[]
  code: string
  message: string
}

const reasons = ['correction', 'cycle_count_available', 'received', 'restock', 'other', 'shrinkage', 'damaged']

/**
 * Sets numbers at locations if they still are what the caller says, all of them or none. Without a number to compare
 * with it overwrites, but the field must be there (facts: channels.md §0.1).
 */
export function setQuantities(shop: Shop, input: SetInput): object {
  const errors: Refusal[] = []
  const refuse = (code: string, message: string, ...field: string[]) =>
    void errors.push({ field: ['input', ...field], code, message })
  if (input.name !== 'available' && input.name !== 'on_hand')
    refuse('INVALID_NAME', 'The quantity name is invalid.', 'name')
  if (!reasons.includes(input.reason)) refuse('INVALID_REASON', 'The reason is invalid.', 'reason')
  const seen = new Set<string>()
  const changes = input.quantities.map((change, index) => {
    const at = (name: string) => ['quantities', String(index), name]
    const item = itemById(shop, numberOf(change.inventoryItemId, 'InventoryItem') ?? '')
    const locationId = numberOf(change.locationId, 'Location') ?? ''
    const level = item?.levels[locationId]
    const place = `${change.inventoryItemId} ${change.locationId}`
    if (!item) refuse('INVALID_INVENTORY_ITEM', 'The inventory item could not be found.', ...at('inventoryItemId'))
    else if (!item.tracked) refuse('NON_MUTABLE_INVENTORY_ITEM', 'The item is not tracked.', ...at('inventoryItemId'))
    else if (!level) refuse('INVALID_LOCATION', 'The item is not stocked there.', ...at('locationId'))
    if (seen.has(place))
      refuse('NO_DUPLICATE_INVENTORY_ITEM_ID_GROUP_ID_PAIR', 'The item is there twice.', ...at('inventoryItemId'))
    seen.add(place)
    if (change.quantity < 0) refuse('INVALID_QUANTITY_NEGATIVE', 'The quantity is negative.', ...at('quantity'))
    if (change.quantity > 1_000_000_000)
      refuse('INVALID_QUANTITY_TOO_HIGH', 'The quantity is too high.', ...at('quantity'))
    if (item && level) meddle(shop, item, locationId)
    const committed = input.name === 'on_hand' ? (level?.committed ?? 0) : 0
    const held = (level?.available ?? 0) + committed
    if (level && change.changeFromQuantity != null && change.changeFromQuantity !== held)
      refuse('CHANGE_FROM_QUANTITY_STALE', 'The quantity is not what it was.', ...at('changeFromQuantity'))
    return { item, locationId, available: change.quantity - committed, quantity: change.quantity }
  })
  for (const { item, quantity } of changes)
    logWrite(shop, 'inventorySetQuantities', item?.sku ?? '', quantity, errors.length > 0 ? errors[0]!.code : undefined)
  if (errors.length > 0) return { inventoryAdjustmentGroup: null, userErrors: errors }
  for (const { item, locationId, available } of changes) setAvailable(shop, item!, locationId, available)
  return {
    inventoryAdjustmentGroup: {
      __typename: 'InventoryAdjustmentGroup',
      id: gid('InventoryAdjustmentGroup', newNumber(shop)),
      reason: input.reason,
      referenceDocumentUri: input.referenceDocumentUri ?? null,
      createdAt: isoSeconds(shop.now()),
    },
    userErrors: [],
  }
}

/** A fault, of this SKU or of any: somebody else writes just before, so that the number is not the one expected any more. */
function meddle(shop: Shop, item: ShopItem, locationId: string): void {
  const hits = (about?: string) => fires(shop.core, 'shopify', 'inventorySetQuantities', 'moved-between', about)
  const fault = hits(item.sku) ?? hits()
  const level = item.levels[locationId]
  if (!fault || !level) return
  setAvailable(shop, item, locationId, Math.max(0, level.available - 1))
}
