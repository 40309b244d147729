/** What is sold in the drill: a third of the demo's goods, of both fulfillments. */
import { type CatalogItem, demoCatalog } from '../../simulator/index.ts'

export const drillGoods = (): CatalogItem[] => demoCatalog().filter((_, index) => index % 3 === 0)
