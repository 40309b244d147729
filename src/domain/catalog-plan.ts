/** What becomes of remote SKUs that no variant stands for, when a catalog is made of them. */
import { plainSku, type Verdict } from './match.ts'

export interface OpenSku {
  remoteSku: string
  /** Null where only orders name it: nobody knows what it is. */
  title: string | null
  gtin: string | null
  /** The channel's product that it is one variant of. */
  productRemoteId: string | null
  productTitle: string | null
  verdict: Verdict['kind']
  suggestions: readonly { variantId: string; sku: string; unitsPerSale: number }[]
  /** A person took its link back. */
  isUndone: boolean
}

/** `exists`: a variant surely is it, and is linked. `open`: somebody must choose. */
export type CatalogStep =
  | { kind: 'create'; remoteSku: string; sku: string; productKey: string }
  | { kind: 'exists'; remoteSku: string; sku: string; unitsPerSale: number }
  | { kind: 'open'; remoteSku: string; why: 'ambiguous' | 'undone' | 'unknown' | 'too_long' }

/** What was decided so far in this run; a catalog comes in pages. */
export interface CatalogSoFar {
  /** SKU by GTIN, of variants made in this run. */
  byGtin: Map<string, string>
  /** SKUs made in this run, without case and spaces. */
  plain: Set<string>
}

export const nothingSoFar = (): CatalogSoFar => ({ byGtin: new Map(), plain: new Set() })

const skuAtMost = 200

/** Those with the same product become variants of one product; one without is a product of its own. */
export const productKeyOf = ({ productRemoteId, remoteSku }: Pick<OpenSku, 'productRemoteId' | 'remoteSku'>): string =>
  productRemoteId ?? `sku:${remoteSku}`

export function planCatalog(rows: readonly OpenSku[], soFar: CatalogSoFar): CatalogStep[] {
  return rows.map((row) => planOne(row, soFar))
}

function planOne(row: OpenSku, { byGtin, plain }: CatalogSoFar): CatalogStep {
  const { remoteSku, gtin } = row
  const best = row.suggestions[0]
  if (row.isUndone) return { kind: 'open', remoteSku, why: 'undone' }
  if ((row.verdict === 'automatic' || row.verdict === 'sure') && best)
    return { kind: 'exists', remoteSku, sku: best.sku, unitsPerSale: best.unitsPerSale }
  if (row.verdict === 'open') return { kind: 'open', remoteSku, why: 'ambiguous' }
  const same = gtin === null ? undefined : byGtin.get(gtin)
  // Sold under two SKUs (once by us, once by the channel, say): one thing.
  if (same !== undefined) return { kind: 'exists', remoteSku, sku: same, unitsPerSale: 1 }
  if (row.title === null) return { kind: 'open', remoteSku, why: 'unknown' }
  const sku = remoteSku.trim()
  if (sku === '' || sku.length > skuAtMost) return { kind: 'open', remoteSku, why: 'too_long' }
  if (plain.has(plainSku(sku))) return { kind: 'open', remoteSku, why: 'ambiguous' }
  plain.add(plainSku(sku))
  if (gtin !== null) byGtin.set(gtin, sku)
  return { kind: 'create', remoteSku, sku, productKey: productKeyOf(row) }
}
