/**
 * The claims of slots as a group of checkouts is decided: what a store may promise is what is available, less what other
 * places may still sell. What it may sell itself is its own to promise.
 */

export interface Claimant {
  slotId: string
  accountId: string
  /** Null: not known. What such a slot sells nobody can bound, so no checkout waits for it. */
  claim: number | null
  /** Units of each component that one sale takes. */
  takes: ReadonlyMap<string, number>
}

export interface ClaimsInHand {
  /** Units of a component that slots of other accounts may still sell. */
  ofOthers(componentId: string, accountId: string): number
  /** The account's own slot sold so many: by its checkout, so its claim is less. */
  sold(slotId: string, quantity: number): void
}

export function claimsInHand(claimants: readonly Claimant[]): ClaimsInHand {
  const left = new Map(claimants.map((one) => [one.slotId, one.claim]))
  return {
    ofOthers(componentId, accountId) {
      let units = 0
      for (const one of claimants)
        if (one.accountId !== accountId)
          units += Math.max(0, left.get(one.slotId) ?? 0) * (one.takes.get(componentId) ?? 0)
      return units
    },
    sold(slotId, quantity) {
      const claim = left.get(slotId)
      if (claim !== null && claim !== undefined) left.set(slotId, claim - quantity)
    },
  }
}
