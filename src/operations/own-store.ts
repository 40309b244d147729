import type { Connector } from '../channels/connector.ts'
import type { Context } from './context.ts'

/** The seller's own shop: it tells its orders as they happen, or takes those of marketplaces as copies. */
export const isOwnStore = ({ ordersKnownAtOnce, copies }: Pick<Connector, 'ordersKnownAtOnce' | 'copies'>): boolean =>
  ordersKnownAtOnce === true || copies !== undefined

export const ownStoreChannels = ({ registry }: Pick<Context, 'registry'>): string[] =>
  [...registry.values()].filter(isOwnStore).map((one) => one.channel)
