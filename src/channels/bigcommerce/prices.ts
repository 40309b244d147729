/** Prices in the store's own currency: of variants, or of the product where it has only one. */
import { ChannelError } from '../../domain/errors.ts'
import { writeAmount } from '../../domain/values.ts'
import type { PriceLine, PriceOutcome } from '../capabilities.ts'
import type { Account } from '../connector.ts'
import { call, currencyOf, withoutDoubt } from './client.ts'
import { findVariant } from './items.ts'
import { type ListingIds, readListingId } from './mapping.ts'
import { inParts } from './parts.ts'
import { updatedAnswer } from './wire.ts'

interface Ready {
  line: PriceLine
  ids: ListingIds
}

/** Published sizes of a batch (product-variants, products). */
const sizes = { variants: 50, products: 10 }
export const largestBatch = sizes.variants

export async function pushPrices(account: Account, lines: readonly PriceLine[]): Promise<PriceOutcome[]> {
  const byKey = new Map<string, PriceOutcome>()
  const fail = ({ key }: PriceLine, error: ChannelError) => void byKey.set(key, { key, kind: 'failed', error })
  try {
    const ready = await addressed(account, lines, fail)
    const variants = ready.filter(({ ids }) => ids.variantId !== null)
    const products = ready.filter(({ ids }) => ids.variantId === null)
    const refused = new Map<Ready, ChannelError>()
    for (const [kind, all] of [['variants', variants] as const, ['products', products] as const])
      for (let from = 0; from < all.length; from += sizes[kind]) {
        const part = all.slice(from, from + sizes[kind])
        for (const [one, error] of await inParts(part, (some) => update(account, kind, some))) refused.set(one, error)
      }
    for (const one of ready) {
      const error = refused.get(one)
      if (error) fail(one.line, error)
      else byKey.set(one.line.key, { key: one.line.key, kind: 'applied' })
    }
  } catch (error) {
    if (!(error instanceof ChannelError)) throw error
    // Only a lookup throws: nothing has left.
    for (const line of lines) if (!byKey.has(line.key)) fail(line, withoutDoubt(error))
  }
  return lines.map(({ key }) => byKey.get(key)!)
}

async function addressed(
  account: Account,
  lines: readonly PriceLine[],
  fail: (line: PriceLine, error: ChannelError) => void,
): Promise<Ready[]> {
  const currency = await currencyOf(account)
  const ready: Ready[] = []
  for (const line of lines) {
    if (line.currency !== currency) {
      fail(line, new ChannelError('rejected', 'currency_differs', `the store's prices are in ${currency}`))
      continue
    }
    const ids = readListingId(line.remoteId) ?? (await lookUp(account, line.remoteSku))
    if (ids) ready.push({ line, ids })
    else fail(line, new ChannelError('missing', 'unknown_sku', 'no variant of the store has this SKU'))
  }
  return ready
}

async function lookUp(account: Account, sku: string): Promise<ListingIds | undefined> {
  const found = await findVariant(account, sku)
  return found && { productId: found.productId, variantId: found.isAlone ? null : found.variantId }
}

async function update(account: Account, kind: keyof typeof sizes, part: readonly Ready[]): Promise<void> {
  await call(account, {
    operation: kind === 'variants' ? 'updateVariants' : 'updateProducts',
    version: 'v3',
    method: 'PUT',
    path: `/catalog/${kind}`,
    body: part.map(({ line: { amount, currency }, ids }) => ({
      id: ids.variantId ?? ids.productId,
      price: Number(writeAmount({ amount, currency })),
    })),
    answer: updatedAnswer,
  })
}
