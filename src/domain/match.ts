/**
 * Which variant a remote SKU stands for. Evidence is held against each other: what names two different variants decides
 * nothing, and a number that differs speaks against. Only a SKU that is the same, with nothing against it, links by itself.
 */

/** GTIN-14 of what a channel or a person gives as UPC, EAN, ISBN-13 or GTIN; null where it is none. */
export function normalizeGtin(text: string | null | undefined): string | null {
  const digits = (text ?? '').normalize('NFKC').replace(/[\s\u2010-\u2015-]/g, '')
  if (!/^(?:\d{8}|\d{12,14})$/.test(digits) || /^0+$/.test(digits)) return null
  const padded = digits.padStart(14, '0')
  return checkDigit(padded.slice(0, 13)) === Number(padded[13]) ? padded : null
}

function checkDigit(first13: string): number {
  const sum = [...first13].reduce((total, digit, index) => total + Number(digit) * (index % 2 === 0 ? 3 : 1), 0)
  return (10 - (sum % 10)) % 10
}

/** The SKU without case and spaces: two that differ only there are worth a look. */
export const plainSku = (sku: string): string => sku.replace(/\s/g, '').toLowerCase()

/** A remote SKU that nothing stands for yet. */
export interface Unmatched {
  remoteSku: string
  gtin: string | null
}

/** A variant that something speaks for. */
export interface Candidate {
  variantId: string
  sku: string
  gtin: string | null
  /**
   * It is linked to a listing with the same ASIN or item id, for so many units. `isGroup`: several SKUs of one account
   * share that id, so it names a family, not a thing.
   */
  knownAs: readonly { unitsPerSale: number; isGroup: boolean }[]
}

export type MatchReason = 'sku' | 'gtin' | 'remote_id' | 'similar_sku'

export interface Suggestion {
  variantId: string
  sku: string
  /** The strongest first. */
  reasons: MatchReason[]
  /** Both have a GTIN, and they differ. */
  hasOtherGtin: boolean
  unitsPerSale: number
}

export interface Verdict {
  /** `automatic`: may be linked by itself. `sure`: a person may accept it unseen. `open`: they choose. */
  kind: 'automatic' | 'sure' | 'open' | 'none'
  /** The best first. */
  suggestions: Suggestion[]
}

const weight: Record<MatchReason, number> = { sku: 8, gtin: 4, remote_id: 2, similar_sku: 1 }

export function matchSku(subject: Unmatched, candidates: readonly Candidate[]): Verdict {
  const judged = candidates.map((one) => judge(subject, one)).filter((one) => one.suggestion.reasons.length > 0)
  const suggestions = judged
    .map((one) => one.suggestion)
    .sort((a, b) => worth(b) - worth(a) || (a.sku < b.sku ? -1 : 1))
  const best = suggestions[0]
  if (!best) return { kind: 'none', suggestions }
  const isSameSku = best.reasons[0] === 'sku'
  const { areUnitsClear } = judged.find((one) => one.suggestion === best)!
  // A SKU is the seller's own word: an ASIN that another variant has too (new and used, say) does not weigh against it.
  const isNamed = ({ suggestion, isKnown }: Judged) =>
    suggestion.reasons.some((reason) => reason === 'sku' || reason === 'gtin') || (isKnown && !isSameSku)
  const named = judged.filter(isNamed).map((one) => one.suggestion)
  if (named.length !== 1 || named[0] !== best || best.hasOtherGtin) return { kind: 'open', suggestions }
  if (isSameSku) return { kind: 'automatic', suggestions }
  return { kind: areUnitsClear ? 'sure' : 'open', suggestions }
}

interface Judged {
  suggestion: Suggestion
  /** Linked elsewhere by an id that names a thing. */
  isKnown: boolean
  /** Listings of one thing that sell different numbers of it say nothing about this one. */
  areUnitsClear: boolean
}

const worth = ({ reasons, hasOtherGtin }: Suggestion) =>
  reasons.reduce((sum, reason) => sum + weight[reason], 0) - (hasOtherGtin ? 7 : 0)

function judge(subject: Unmatched, candidate: Candidate): Judged {
  const gtin = normalizeGtin(candidate.gtin)
  const known = candidate.knownAs
  const things = known.filter((one) => !one.isGroup)
  const units = new Set(things.map((one) => one.unitsPerSale))
  const isSame = candidate.sku === subject.remoteSku
  const isSameGtin = gtin !== null && gtin === subject.gtin
  const reasons: MatchReason[] = [
    ...(isSame ? (['sku'] as const) : []),
    ...(isSameGtin ? (['gtin'] as const) : []),
    ...(known.length > 0 ? (['remote_id'] as const) : []),
    ...(!isSame && plainSku(candidate.sku) === plainSku(subject.remoteSku) ? (['similar_sku'] as const) : []),
  ]
  return {
    suggestion: {
      variantId: candidate.variantId,
      sku: candidate.sku,
      reasons,
      hasOtherGtin: gtin !== null && subject.gtin !== null && gtin !== subject.gtin,
      // The same thing is sold elsewhere by so many: where those agree.
      unitsPerSale: !isSame && units.size === 1 ? [...units][0]! : 1,
    },
    isKnown: units.size > 0,
    areUnitsClear: units.size <= 1,
  }
}
