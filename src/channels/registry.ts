/** The connectors there are. */
import { amazon } from './amazon/index.ts'
import { bigcommerce } from './bigcommerce/index.ts'
import type { Connector } from './connector.ts'
import { ebay } from './ebay/index.ts'
import { shopify } from './shopify/index.ts'
import { storefront } from './storefront/index.ts'
import { walmart } from './walmart/index.ts'
import { woocommerce } from './woocommerce/index.ts'

export type Registry = ReadonlyMap<string, Connector>

export const registry: Registry = new Map(
  [amazon, bigcommerce, ebay, shopify, woocommerce, storefront, walmart].map((connector) => [
    connector.channel,
    connector,
  ]),
)
