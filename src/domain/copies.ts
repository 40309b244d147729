/** Copies of orders in the own store: what a copy holds, and what was done with it in the original's words. Pure. */

export interface OriginalLine {
  id: string
  remoteId: string
  variantId: string | null
  unitsPerSale: number
  /** Sales not canceled and not shipped. */
  open: number
  canceled: number
}

export interface StoreListing {
  remoteSku: string
  remoteId: string | null
  variantId: string
  unitsPerSale: number
}

export interface CopyLine {
  orderLineId: string
  remoteSku: string
  remoteProductId: string | null
  /** In the store's listing units. */
  quantity: number
}

/** What the store's copy of these lines holds, or the SKU that it cannot hold. */
export function copyLines(
  lines: readonly OriginalLine[],
  listings: readonly StoreListing[],
): { lines: CopyLine[] } | { lacking: string } {
  const copied: CopyLine[] = []
  for (const line of lines) {
    if (line.open === 0) continue
    const units = line.open * line.unitsPerSale
    const fits = listings.filter((one) => one.variantId === line.variantId && units % one.unitsPerSale === 0)
    // The same pack where there is one, else the largest that comes out even.
    const best = fits.sort(
      (a, b) =>
        Number(b.unitsPerSale === line.unitsPerSale) - Number(a.unitsPerSale === line.unitsPerSale) ||
        b.unitsPerSale - a.unitsPerSale,
    )[0]
    if (!best) return { lacking: line.remoteId }
    copied.push({
      orderLineId: line.id,
      remoteSku: best.remoteSku,
      remoteProductId: best.remoteId,
      quantity: units / best.unitsPerSale,
    })
  }
  return { lines: copied }
}

/** A line of the copy as the store tells it. */
export interface ToldLine {
  remoteId: string
  remoteSku: string | null
  canceled: number
  shipped: number
}

/** Units of variants that these lines of the copy stand for. */
export function unitsIn(
  wanted: readonly { remoteId: string; quantity: number }[],
  told: readonly ToldLine[],
  listings: readonly StoreListing[],
): Map<string, number> {
  const units = new Map<string, number>()
  for (const { remoteId, quantity } of wanted) {
    const sku = told.find((line) => line.remoteId === remoteId)?.remoteSku
    const listing = listings.find((one) => one.remoteSku === sku)
    if (!listing) continue
    units.set(listing.variantId, (units.get(listing.variantId) ?? 0) + quantity * listing.unitsPerSale)
  }
  return units
}

/**
 * The same units on the original's lines, in its listing units: the open ones, first lines first. What is not open any
 * more was done there already, by whomever: an echo changes nothing.
 */
export function onOriginal(
  units: ReadonlyMap<string, number>,
  lines: readonly Pick<OriginalLine, 'id' | 'variantId' | 'unitsPerSale' | 'open'>[],
): { line: string; quantity: number }[] {
  const left = new Map(units)
  return lines.flatMap((line) => {
    const wanted = line.variantId === null ? 0 : (left.get(line.variantId) ?? 0)
    const quantity = Math.min(line.open, Math.floor(wanted / line.unitsPerSale))
    if (quantity === 0) return []
    left.set(line.variantId!, wanted - quantity * line.unitsPerSale)
    return [{ line: line.id, quantity }]
  })
}
