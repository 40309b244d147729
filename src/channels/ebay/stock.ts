/** Quantities: one number for a SKU on all marketplaces, and one for each of its offers; the smaller one shows. */
import { ChannelError } from '../../domain/errors.ts'
import type { Account, QuantityLine, QuantityOutcome, QuantityReading } from '../connector.ts'
import { calls } from './calls.ts'
import { lineError, unreadable } from './errors.ts'
import { readQuantity } from './mapping.ts'
import { forgetOffers, liveOffers, rememberedOffers } from './offers.ts'
import { bulkItem, type WirePriceQuantity } from './wire.ts'

/** One call writes this many offers of a SKU (Sell Inventory, bulkUpdatePriceQuantity). */
const offersAtOnce = 25

/** Each line is a call of its own: eBay takes one SKU at a time. */
export async function pushQuantities(account: Account, lines: readonly QuantityLine[]): Promise<QuantityOutcome[]> {
  return await Promise.all(
    lines.map(async (line) => {
      try {
        return await pushOne(account, line)
      } catch (error) {
        if (!(error instanceof ChannelError)) throw error
        return { key: line.key, kind: 'failed' as const, error }
      }
    }),
  )
}

async function pushOne(account: Account, line: QuantityLine): Promise<QuantityOutcome> {
  const { key, remoteSku: sku, quantity } = line
  // A zero waits for nothing: that of the item alone hides all its offers.
  const offers = quantity === 0 ? (rememberedOffers(account, sku) ?? []) : await knownOffers(account, sku)
  const offerIds = offers.slice(0, offersAtOnce).map((offer) => offer.offerId)
  const { responses } = await calls.writeQuantity(account, { sku, quantity, offerIds })
  const failed = responses.filter((one) => !isGood(one))
  if (failed.length === 0) {
    if (responses.length === 0) throw noWord(sku)
    return { key, kind: 'accepted' }
  }
  // What eBay no longer knows is asked for again before the next write.
  forgetOffers(account, sku)
  const whole = failed.find((one) => !one.offerId)
  const none = failed.length === responses.length
  if (!whole && !none) {
    // No offer shows more than the item's number, and that was taken.
    const detail = Object.fromEntries(
      failed.map((one) => [one.offerId!, String(one.errors?.[0]?.errorId ?? one.statusCode)]),
    )
    return { key, kind: 'accepted', detail }
  }
  const { statusCode, errors } = whole ?? failed[0]!
  const error = lineError(statusCode, errors)
  // Some of it was carried out: what shows now is for a reading to say.
  const isPartial = !none && !error.mayHaveApplied
  const told = isPartial ? new ChannelError(error.kind, error.code, error.message, { mayHaveApplied: true }) : error
  return { key, kind: 'failed', error: told }
}

/** Without the offers a raise would show nothing more; nothing of it has left where they cannot be read. */
async function knownOffers(account: Account, sku: string) {
  try {
    return await liveOffers(account, sku)
  } catch (error) {
    if (!(error instanceof ChannelError) || !error.mayHaveApplied) throw error
    throw new ChannelError(error.kind, error.code, error.message)
  }
}

const isGood = ({ statusCode }: WirePriceQuantity) => statusCode >= 200 && statusCode < 300

const noWord = (sku: string) =>
  new ChannelError('unavailable', 'line_missing', `eBay did not answer for ${sku}`, { mayHaveApplied: true })

/**
 * Up to 25 SKUs in one call. What eBay does not know has no quantity there; of which it says anything else, nothing
 * follows, neither for it nor for the others.
 */
export async function readQuantities(account: Account, remoteSkus: readonly string[]): Promise<QuantityReading[]> {
  const { responses } = await calls.bulkGetInventoryItem(account, remoteSkus)
  if (responses.length === 0 && remoteSkus.length > 0) throw unreadable('bulkGetInventoryItem', false)
  const bySku = new Map(responses.flatMap((raw) => bulkItem.safeParse(raw).data ?? []).map((one) => [one.sku, one]))
  return remoteSkus.map((remoteSku) => {
    const one = bySku.get(remoteSku)
    if (one && one.statusCode < 300 && one.inventoryItem)
      return readQuantity({ sku: remoteSku, availability: one.inventoryItem.availability })
    const isMissing = one !== undefined && lineError(one.statusCode, one.errors).kind === 'missing'
    return { remoteSku, quantity: null, ...(isMissing ? {} : { isUntold: true }) }
  })
}
