/** Quantities by single calls: one SKU at one ship node. What buyers see is what is for sale over all nodes. */
import { ChannelError } from '../../domain/errors.ts'
import type { Account, QuantityLine, QuantityOutcome, QuantityReading } from '../connector.ts'
import { calls } from './calls.ts'
import { unreadable } from './errors.ts'
import { readQuantity } from './mapping.ts'

/** Each line is a call of its own. "Taken" proves no effect. */
export async function pushQuantities(account: Account, lines: readonly QuantityLine[]): Promise<QuantityOutcome[]> {
  return await Promise.all(
    lines.map(async ({ key, remoteSku, quantity }): Promise<QuantityOutcome> => {
      try {
        const answer = await calls.putQuantity(account, remoteSku, quantity)
        // An answer about something else says nothing of this write.
        if (answer.sku !== remoteSku || answer.quantity.amount !== quantity)
          throw unreadable('updateInventoryForAnItem', true)
        return { key, kind: 'accepted' }
      } catch (error) {
        if (!(error instanceof ChannelError)) throw error
        return { key, kind: 'failed', error }
      }
    }),
  )
}

/** A call each. What Walmart does not know has no quantity there. */
export async function readQuantities(account: Account, remoteSkus: readonly string[]): Promise<QuantityReading[]> {
  return await Promise.all(remoteSkus.map((sku) => readOne(account, sku)))
}

async function readOne(account: Account, remoteSku: string): Promise<QuantityReading> {
  try {
    const answer = await calls.getQuantity(account, remoteSku)
    // A node that could not be asked is no node with nothing in it.
    const isWhole = answer.nodes.every(({ errors }) => !errors || errors.length === 0)
    if (answer.sku !== remoteSku || !isWhole) throw unreadable('getMultiNodeInventoryForSkuAndAllShipnodes', false)
    return readQuantity(answer)
  } catch (error) {
    if (error instanceof ChannelError && error.kind === 'missing') return { remoteSku, quantity: null }
    throw error
  }
}
