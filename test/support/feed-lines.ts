/** Goods of a simulated marketplace, and the lines that write their quantities. */
import type { CatalogItem } from '../../simulator/index.ts'
import type { QuantityLine } from '../../src/channels/connector.ts'

export const goods = (count: number): CatalogItem[] =>
  Array.from({ length: count }, (_, index) => ({
    sku: `SKU-${index + 1}`,
    title: `Thing ${index + 1}`,
    asin: 'B0SIM00001',
    price: 1_490,
    currency: 'USD',
    amazon: { quantity: 10 },
  }))

export const line = (sku: string, quantity: number): QuantityLine => ({
  key: `slot of ${sku}`,
  remoteSku: sku,
  quantity,
  version: 1,
  expected: null,
})
export const linesFor = (count: number, quantity = 3) => goods(count).map(({ sku }) => line(sku, quantity))
