/** The connectors there are. */
import { amazon } from './amazon/index.ts'
import type { Connector } from './connector.ts'
import { storefront } from './storefront/index.ts'

export type Registry = ReadonlyMap<string, Connector>

export const registry: Registry = new Map([amazon, storefront].map((connector) => [connector.channel, connector]))
