/** Prices: each offer has its own, written alone; its quantity stays as it is. */
import { ChannelError } from '../../domain/errors.ts'
import { writeAmount } from '../../domain/values.ts'
import type { PriceLine, PriceOutcome, Prices } from '../capabilities.ts'
import type { Account } from '../connector.ts'
import { calls } from './calls.ts'
import { lineError } from './errors.ts'
import { liveOffers } from './offers.ts'

async function pushOne(
  account: Account,
  { key, remoteSku, marketplace, amount, currency }: PriceLine,
): Promise<PriceOutcome> {
  const offer = (await liveOffers(account, remoteSku)).find((one) => one.marketplace === marketplace)
  if (!offer) throw new ChannelError('missing', 'no_offer', `eBay has no live offer of ${remoteSku} on ${marketplace}`)
  const price = { value: writeAmount({ amount, currency }), currency }
  const { responses } = await calls.writePrice(account, offer.offerId, price)
  const [answer] = responses
  if (!answer)
    throw new ChannelError('unavailable', 'line_missing', `eBay did not answer for ${remoteSku}`, {
      mayHaveApplied: true,
    })
  if (answer.statusCode >= 300) throw lineError(answer.statusCode, answer.errors)
  return { key, kind: 'accepted' }
}

export const prices: Prices = {
  push: async (account, lines) =>
    await Promise.all(
      lines.map(async (line): Promise<PriceOutcome> => {
        try {
          return await pushOne(account, line)
        } catch (error) {
          if (!(error instanceof ChannelError)) throw error
          return { key: line.key, kind: 'failed', error }
        }
      }),
    ),
  pushBatch: 1,
  pushOperation: 'bulkUpdatePriceQuantity',
}
