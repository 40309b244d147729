/** What the marketplaces themselves know: the truth, without lags. */
import type { Installation } from './installation.ts'
import { markets } from './places.ts'

export interface TheirOrder {
  id: string
  status: string
  lastUpdatedTime: string
  fulfilledBy?: string
  past?: boolean
  /** Shipments that the marketplace was told of. */
  parcels?: number
  fulfillments?: number
  shipments?: number
  /** Where orders are acknowledged: when it was. */
  acknowledgedTime?: string | null
  lines: { sku: string; quantity: number }[]
}

/** How many shipments a marketplace was told of an order. */
export const parcelsOf = ({ parcels, fulfillments, shipments }: TheirOrder): number =>
  parcels ?? fulfillments ?? shipments ?? 0

export interface TheirChannel {
  shown: Record<string, number>
  /** Units of what it shows that unpaid checkouts keep, where it keeps any: nobody else can buy them. */
  held?: Record<string, number>
  orders: TheirOrder[]
  calls: Record<string, { count: number; throttled: number }>
  effects: { operation: string; sku: string; quantity: number; at: string; applied: boolean }[]
}

export interface Theirs {
  channels: { amazon: TheirChannel; storefront: TheirChannel; [channel: string]: TheirChannel }
}

export async function stateOf(it: Pick<Installation, 'control'>): Promise<Theirs> {
  return (await it.control('/state?limit=100000')).body as Theirs
}

/** What an order of a marketplace, or of the store, may be here. */
export function statesOf(channel: string, status: string): readonly string[] {
  return markets.find((market) => market.channel === channel)?.states[status] ?? [status]
}

export const ordersIn = (
  it: Pick<Installation, 'channels'>,
  { channels }: Theirs,
): (TheirOrder & { channel: string })[] =>
  it.channels.flatMap((channel) => channels[channel]!.orders.map((order) => ({ ...order, channel })))
