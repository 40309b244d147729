/** Goods whose SKUs are as awkward as real ones. */
import type { CatalogItem } from '../../../simulator/index.ts'

export const awkwardSkus = [
  'TEA TOWEL/RED+2',
  'BÜRSTE-01',
  'BOARD-CHOP-100%',
  'MUG, LARGE',
  'A&B=C?D#E',
  "O'NEIL(1)*~!",
  '100%25-OFF',
  '茶碗-1',
  'PLATE;8:9@10',
  '"QUOTED"\\[1]',
]

interface CatalogOptions {
  marketplaceIds: string[]
  currency?: string
  fillers?: number
}

/** The awkward ones, then plain ones; every fifth is fulfilled by Amazon, every third is sold everywhere. */
export function awkwardCatalog({ marketplaceIds, currency = 'USD', fillers = 38 }: CatalogOptions): CatalogItem[] {
  const plain = Array.from({ length: fillers }, (_, index) => `PLAIN-${String(index + 1).padStart(3, '0')}`)
  return [...awkwardSkus, ...plain].map((sku, index) => ({
    sku,
    title: `Thing ${index + 1}`,
    asin: `B0SIM${String(index + 1).padStart(5, '0')}`,
    gtin: `20000000${String(index + 1).padStart(5, '0')}`,
    price: 1_995 + index * 7,
    currency,
    amazon: {
      quantity: 40 + index,
      fulfilledBy: index > awkwardSkus.length && index % 5 === 0 ? ('AMAZON' as const) : ('MERCHANT' as const),
      marketplaceIds: index % 3 === 0 ? marketplaceIds : marketplaceIds.slice(0, 1),
    },
  }))
}
