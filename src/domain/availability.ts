/** What may be shown where. Publishing rules (safety stock, caps) will act here, once, between ATP and the wish. */
import { available, type PoolLevel } from './stock.ts'

/** Available to promise, in units of the variant. Incoming stock is not in it. */
export function availableToPromise(level: PoolLevel): number {
  return Math.max(0, available(level))
}

/** What a slot should show, in the slot's own units: a listing of 3 units a sale shows a third of the ATP, rounded down. */
export function wishFor(atp: number, unitsPerSale: number): number {
  return Math.floor(atp / unitsPerSale)
}
