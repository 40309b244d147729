/** Prices in the store's own currency, one call a product; a refused variant does not hold up the others. */
import { ChannelError } from '../../domain/errors.ts'
import { writeAmount } from '../../domain/values.ts'
import type { PriceLine, PriceOutcome } from '../capabilities.ts'
import type { Account } from '../connector.ts'
import { call } from './client.ts'
import { shop as shopDocument } from './documents-account.ts'
import * as documents from './documents-effects.ts'
import { readUserError, unreadable } from './errors.ts'
import { findItems } from './items.ts'
import { type ListingIds, readListingId, writeId } from './mapping.ts'
import { shopAnswer } from './wire-account.ts'
import { updatePricesAnswer } from './wire-effects.ts'

interface Ready {
  line: PriceLine
  ids: ListingIds
}

export async function pushPrices(account: Account, lines: readonly PriceLine[]): Promise<PriceOutcome[]> {
  const outcomes: PriceOutcome[] = []
  const fail = (line: PriceLine, error: ChannelError) => outcomes.push({ key: line.key, kind: 'failed', error })
  let ready: Ready[]
  try {
    const { currencyCode } = (await call(account, shopDocument, {}, shopAnswer)).data.shop
    const own = lines.filter((line) => line.currency === currencyCode)
    for (const line of lines)
      if (line.currency !== currencyCode)
        fail(line, new ChannelError('rejected', 'currency_differs', `the store's prices are in ${currencyCode}`))
    ready = await addressed(account, own, fail)
  } catch (error) {
    if (!(error instanceof ChannelError)) throw error
    const answered = new Set(outcomes.map(({ key }) => key))
    for (const line of lines) if (!answered.has(line.key)) fail(line, error)
    return outcomes
  }
  for (const [productId, part] of Map.groupBy(ready, ({ ids }) => ids.productId))
    outcomes.push(...(await pushProduct(account, productId, part)))
  return outcomes
}

async function addressed(
  account: Account,
  lines: readonly PriceLine[],
  fail: (line: PriceLine, error: ChannelError) => void,
): Promise<Ready[]> {
  const unknown = lines.filter((line) => !readListingId(line.remoteId)).map((line) => line.remoteSku)
  const found = unknown.length > 0 ? await findItems(account, unknown) : new Map()
  return lines.flatMap((line) => {
    const ids = readListingId(line.remoteId) ?? found.get(line.remoteSku)?.ids
    if (ids) return [{ line, ids }]
    fail(line, new ChannelError('missing', 'unknown_sku', 'no variant of the store has this SKU'))
    return []
  })
}

async function pushProduct(account: Account, productId: string, part: readonly Ready[]): Promise<PriceOutcome[]> {
  const variants = part.map(({ line: { amount, currency }, ids }) => ({
    id: writeId('ProductVariant', ids.variantId),
    price: writeAmount({ amount, currency }),
  }))
  try {
    const { data } = await call(
      account,
      documents.updatePrices,
      { productId: writeId('Product', productId), variants },
      updatePricesAnswer,
    )
    const payload = data.productVariantsBulkUpdate
    if (!payload) throw unreadable('updatePrices', true)
    const byPlace = new Map<number, ChannelError>()
    for (const error of payload.userErrors) {
      const place = error.field?.[0] === 'variants' ? Number(error.field[1]) : Number.NaN
      if (!Number.isInteger(place)) throw readUserError(error)
      byPlace.set(place, readUserError(error))
    }
    return part.map(({ line: { key } }, index) => {
      const error = byPlace.get(index)
      return error ? { key, kind: 'failed' as const, error } : { key, kind: 'applied' as const }
    })
  } catch (error) {
    if (!(error instanceof ChannelError)) throw error
    return part.map(({ line: { key } }) => ({ key, kind: 'failed' as const, error }))
  }
}
