import { createRandom, seedState } from '../random.ts'
import type { CatalogItem } from '../types.ts'
import type { EbaySettings } from './market.ts'
import type { EbayItem } from './types.ts'

/** Lists what the catalog says of eBay. Members of a group are variations of one listing. */
export function seedItems(catalog: readonly CatalogItem[], settings: EbaySettings): Record<string, EbayItem> {
  const listings = new Map<string, string>()
  const items: Record<string, EbayItem> = {}
  for (const { sku, title, gtin, price, currency, ebay } of catalog) {
    if (!ebay) continue
    const { quantity, marketplaceIds = settings.marketplaceIds, group } = ebay
    items[sku] = {
      sku,
      title,
      gtin: gtin ?? null,
      currency,
      total: quantity,
      totalBefore: quantity,
      offers: marketplaceIds.map((marketplaceId) => {
        const key = `${marketplaceId} ${group ?? sku}`
        if (!listings.has(key)) listings.set(key, numberFor(`listing ${key}`, 12))
        return {
          offerId: numberFor(`offer ${marketplaceId} ${sku}`, 10),
          marketplaceId,
          listingId: listings.get(key)!,
          available: quantity,
          price,
          status: 'ACTIVE',
          sold: 0,
        }
      }),
      effectsUntil: 0,
    }
  }
  return items
}

/** The same for the same thing, whatever the seed: what was linked once stays linked. */
function numberFor(text: string, digits: number): string {
  const random = createRandom(seedState(0, text))
  return `${random.between(1, 9)}${random.digits(digits - 1)}`
}
