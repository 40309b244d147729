/**
 * Which live offers a SKU has: a quantity is written to each of them, and eBay tells them one SKU at a time only. What was
 * read is remembered while the account is at work, and read again when eBay no longer knows one of them.
 */
import { ChannelError } from '../../domain/errors.ts'
import type { Account } from '../connector.ts'
import { calls } from './calls.ts'
import { isLive } from './mapping.ts'
import type { WireOffer } from './wire.ts'

export interface LiveOffer {
  offerId: string
  marketplace: string
  listingId: string | null
}

/** A new offer of a known SKU is written to when it is this old at the latest. */
const keptMs = 6 * 3_600_000

const known = new WeakMap<Account, Map<string, { at: number; offers: readonly LiveOffer[] }>>()

function of(account: Account) {
  const found = known.get(account)
  if (found) return found
  const fresh = new Map<string, { at: number; offers: readonly LiveOffer[] }>()
  known.set(account, fresh)
  return fresh
}

/** All offers of the SKU; none where eBay knows no offer of it. */
export async function readOffers(account: Account, sku: string): Promise<WireOffer[]> {
  const offers = await asked(account, sku)
  rememberOffers(account, sku, offers)
  return offers
}

async function asked(account: Account, sku: string): Promise<WireOffer[]> {
  try {
    return (await calls.getOffers(account, sku)).offers ?? []
  } catch (error) {
    if (error instanceof ChannelError && error.kind === 'missing') return []
    throw error
  }
}

export function rememberOffers(account: Account, sku: string, offers: readonly WireOffer[]): void {
  const live = offers.filter(isLive).map(({ offerId, marketplaceId, listing }) => ({
    offerId,
    marketplace: marketplaceId,
    listingId: listing?.listingId ?? null,
  }))
  of(account).set(sku, { at: account.now().getTime(), offers: live })
}

/** What is remembered; undefined where nothing is, or it is old. */
export function rememberedOffers(account: Account, sku: string): readonly LiveOffer[] | undefined {
  const found = of(account).get(sku)
  return found && account.now().getTime() - found.at < keptMs ? found.offers : undefined
}

export function forgetOffers(account: Account, sku: string): void {
  of(account).delete(sku)
}

/** The live offers of the SKU, by memory or by asking. */
export async function liveOffers(account: Account, sku: string): Promise<readonly LiveOffer[]> {
  const found = rememberedOffers(account, sku)
  if (found) return found
  await readOffers(account, sku)
  return rememberedOffers(account, sku) ?? []
}
