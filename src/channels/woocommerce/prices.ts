/** The regular price. A sale price that runs in the store is left alone, and shows until it is over. */
import { ChannelError } from '../../domain/errors.ts'
import { writeAmount } from '../../domain/values.ts'
import type { PriceLine, PriceOutcome } from '../capabilities.ts'
import type { Account } from '../connector.ts'
import { call, largestPage } from './client.ts'
import { currencyOf } from './currency.ts'
import { asked } from './effects.ts'
import { lineError, unreadable } from './errors.ts'
import { findItems } from './items.ts'
import { type ListingIds, readListingId } from './mapping.ts'
import { batchPath, notFound } from './stock.ts'
import { batchAnswer, written } from './wire.ts'

export async function pushPrices(account: Account, lines: readonly PriceLine[]): Promise<PriceOutcome[]> {
  const outcomes = new Map<string, PriceOutcome>()
  const fail = ({ key }: PriceLine, error: ChannelError) => outcomes.set(key, { key, kind: 'failed', error })
  const groups = new Map<number, { line: PriceLine; id: number }[]>()
  try {
    const currency = await asked(currencyOf(account))
    const missing = lines.filter((line) => !readListingId(line.remoteId)).map((line) => line.remoteSku)
    const found = await asked(findItems(account, missing))
    for (const line of lines) {
      const one = found.get(line.remoteSku)
      const ids: ListingIds | null = readListingId(line.remoteId) ?? (one?.kind === 'one' ? one.ids : null)
      if (!ids) fail(line, notFound(one && one.kind !== 'one' ? one.kind : 'none'))
      else if (line.currency !== currency)
        fail(line, new ChannelError('rejected', 'currency_differs', `the store's prices are in ${currency}`))
      else groups.set(ids.parentId, [...(groups.get(ids.parentId) ?? []), { line, id: ids.id }])
    }
  } catch (error) {
    if (!(error instanceof ChannelError)) throw error
    for (const line of lines) fail(line, error)
    groups.clear()
  }
  for (const [parentId, all] of groups) {
    for (let from = 0; from < all.length; from += largestPage)
      for (const outcome of await writeGroup(account, parentId, all.slice(from, from + largestPage)))
        outcomes.set(outcome.key, outcome)
  }
  return lines.flatMap(({ key }) => outcomes.get(key) ?? [])
}

async function writeGroup(
  account: Account,
  parentId: number,
  lines: readonly { line: PriceLine; id: number }[],
): Promise<PriceOutcome[]> {
  try {
    const { body } = await call(account, {
      operation: 'updatePrices',
      method: 'POST',
      path: batchPath(parentId),
      body: { update: lines.map(({ line, id }) => ({ id, regular_price: writeAmount(line) })) },
      answer: batchAnswer,
    })
    const byId = new Map(body.update.map((raw) => [(raw as { id?: unknown } | null)?.id, raw]))
    return lines.map(({ line: { key }, id }) => {
      const raw = byId.get(id)
      const error = lineError(raw) ?? (written.safeParse(raw).success ? undefined : unreadable('updatePrices', true))
      return error ? { key, kind: 'failed', error } : { key, kind: 'applied' }
    })
  } catch (error) {
    if (!(error instanceof ChannelError)) throw error
    return lines.map(({ line: { key } }) => ({ key, kind: 'failed', error }))
  }
}
