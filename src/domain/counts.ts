/**
 * Stock counts: an absolute number of units at one location at one time T. The rule (S13): goods that left before T
 * are not among what was counted, so shipping them moves nothing; goods that left after T were counted and are taken
 * off; open orders reserve. It does not matter which is learned first, the count or the orders. Pure.
 */

/** Had the goods left the shelf when it was counted? Without a count nothing is known to have. */
export function leftBefore(leftAt: Date, countedAt: Date | undefined): boolean {
  return countedAt !== undefined && leftAt < countedAt
}

/** One location of a variant, counted at T, and what the ledger says happened there since T. */
export interface CountedPlace {
  counted: number
  /** Units that left since T. */
  shipped: number
  /** Receipts, returns and adjustments since T, counts and goods found while shipping left out. */
  other: number
  /** Units that shipping never takes: unsellable and allocated ones. */
  floor: number
}

/**
 * On hand now at locations of one variant that were counted at the same T, the location that is drawn from first
 * standing first. Shipments are drawn anew from what was counted: where they were booked while the books were empty
 * says nothing about the shelf they came from. What no location can give was shipped beyond the count and found.
 */
export function settleCount(places: readonly CountedPlace[]): number[] {
  let shipped = places.reduce((sum, place) => sum + place.shipped, 0)
  return places.map((place) => {
    const before = Math.max(0, place.counted + place.other)
    const taken = Math.min(shipped, Math.max(0, before - place.floor))
    shipped -= taken
    return before - taken
  })
}
