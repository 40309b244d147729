/** The final check at checkout, for many checkouts at once: each gets every line or none, in the order they came. */
import { type Kits, kitsAvailable, partsOf } from './kits.ts'
import type { Stock } from './stock.ts'
import type { NewId } from './values.ts'

export interface CheckoutLine {
  /** The store's own SKU. */
  sku: string
  /** In the listing's units. */
  quantity: number
  variantId: string
  unitsPerSale: number
  slotId: string | null
}

export interface Checkout {
  reservationId: string
  lines: readonly CheckoutLine[]
}

/** A line that lacks: what was asked and what is there, in the listing's units. */
export interface Lacking {
  sku: string
  requested: number
  available: number
}

/** Promises made for a checkout; or what it lacks, and then nothing was promised. */
export type CheckoutDecision = { promises: CheckoutPromise[] } | { lacking: Lacking[] }

export interface CheckoutPromise {
  id: string
  perSale: number
  slotId: string | null
}

/**
 * Decides on a working copy of the stock. Lines that share a part, in a kit or beside it, are added up first. `claimed`: units
 * of a part that others may still sell.
 */
export function decideCheckout(
  stock: Stock,
  checkout: Checkout,
  kits: Kits,
  promisedAt: Date,
  newId: NewId,
  claimed: (variantId: string) => number = () => 0,
): CheckoutDecision {
  const wanted = new Map<string, number>()
  const lacking: Lacking[] = []
  for (const line of checkout.lines) {
    const parts = partsOf(kits, line.variantId)
    // What the lines before it leave.
    const free = (variantId: string) =>
      Math.max(0, stock.available(variantId) - claimed(variantId) - (wanted.get(variantId) ?? 0))
    const available = Math.floor(kitsAvailable(parts, free) / line.unitsPerSale)
    if (available < line.quantity) lacking.push({ sku: line.sku, requested: line.quantity, available })
    else
      for (const part of parts)
        wanted.set(
          part.variantId,
          (wanted.get(part.variantId) ?? 0) + part.quantity * line.unitsPerSale * line.quantity,
        )
  }
  if (lacking.length > 0) return { lacking }
  const promises: CheckoutPromise[] = []
  for (const line of checkout.lines) {
    for (const { variantId, quantity } of partsOf(kits, line.variantId)) {
      const id = newId()
      const perSale = quantity * line.unitsPerSale
      const cause = `reservation:${checkout.reservationId}:${id}`
      if (!stock.tryPromise({ id, variantId, promisedAt }, perSale * line.quantity, cause))
        throw new Error('checkout: what was free is not')
      promises.push({ id, perSale, slotId: line.slotId })
    }
  }
  return { promises }
}
