import type { AmazonItem } from '../state.ts'

/** Every change of the shown number goes through here, so that a stale read knows the one before. */
export function setQuantity(item: AmazonItem, quantity: number | null): void {
  item.quantityBefore = item.quantity
  item.quantity = quantity
}

export function setFbaQuantity(item: AmazonItem, quantity: number): void {
  item.fbaBefore = item.fbaQuantity
  item.fbaQuantity = quantity
}
