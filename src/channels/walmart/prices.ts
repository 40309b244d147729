/**
 * Prices: a few by single calls, many as a file. Single calls end in 2026 (facts: channels.md §2, price): once they are gone
 * the file is the only way.
 */
import { ChannelError } from '../../domain/errors.ts'
import { writeAmount } from '../../domain/values.ts'
import type { PriceLine, PriceOutcome, Prices } from '../capabilities.ts'
import { type Account, asChannelError } from '../connector.ts'
import { calls } from './calls.ts'

/** Of 100 an hour; more at once go as one of the ten files. */
const singlyAtMost = 20
/** Walmart advises no more in one file. */
const perFeed = 1_000

const priceOf = ({ amount, currency }: PriceLine) => ({ currency, amount: Number(writeAmount({ amount, currency })) })

async function pushSingly(account: Account, line: PriceLine): Promise<PriceOutcome> {
  try {
    await calls.putPrice(account, line.remoteSku, priceOf(line))
    return { key: line.key, kind: 'accepted' }
  } catch (error) {
    if (!(error instanceof ChannelError)) throw error
    return { key: line.key, kind: 'failed', error }
  }
}

async function pushFeed(account: Account, lines: readonly PriceLine[]): Promise<PriceOutcome[]> {
  const Price = lines.map((line) => ({
    sku: line.remoteSku,
    pricing: [{ currentPriceType: 'BASE', currentPrice: priceOf(line) }],
  }))
  // Of two files the one of the later time stands (facts §2, price).
  const PriceHeader = { version: '1.7', feedDate: account.now().toISOString() }
  try {
    await calls.submitFeed(account, 'price', JSON.stringify({ PriceHeader, Price }))
    return lines.map(({ key }) => ({ key, kind: 'accepted' }))
  } catch (error) {
    const told = asChannelError(error)
    return lines.map(({ key }) => ({ key, kind: 'failed', error: told }))
  }
}

export const prices: Prices = {
  push: async (account, lines) => {
    if (lines.length > singlyAtMost) return await pushFeed(account, lines)
    return await Promise.all(lines.map((line) => pushSingly(account, line)))
  },
  pushBatch: perFeed,
  pushOperation: 'updatePrice',
}
