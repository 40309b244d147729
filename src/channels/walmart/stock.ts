/** Quantities by single calls: one SKU at one ship node. What buyers see is what is for sale over all nodes. */
import { ChannelError } from '../../domain/errors.ts'
import type { Account, QuantityLine, QuantityOutcome, QuantityReading } from '../connector.ts'
import { calls } from './calls.ts'
import { unreadable } from './errors.ts'
import { readQuantity } from './mapping.ts'
import { inventory } from './wire.ts'

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

/** How often SKUs got no answer in a row; kept in memory while the account is at work. */
const failures = new WeakMap<Account, Map<string, number>>()
const triesAtMost = 3
const othersListed = 10

/** A call each. What Walmart does not know has no quantity there. */
export async function readQuantities(account: Account, remoteSkus: readonly string[]): Promise<QuantityReading[]> {
  return await Promise.all(remoteSkus.map((sku) => readOne(account, sku)))
}

async function readOne(account: Account, remoteSku: string): Promise<QuantityReading> {
  const untold: QuantityReading = { remoteSku, quantity: null, isUntold: true }
  try {
    const answer = await calls.getQuantity(account, remoteSku)
    // A node that could not be asked is no node with nothing in it.
    const isWhole = answer.nodes.every(({ errors }) => !errors || errors.length === 0)
    if (answer.sku !== remoteSku || !isWhole) return untold
    failures.get(account)?.delete(remoteSku)
    return readQuantity(answer)
  } catch (error) {
    if (!(error instanceof ChannelError)) throw error
    if (error.kind === 'missing') return { remoteSku, quantity: null }
    if (error.kind === 'rejected' || (error.kind === 'unavailable' && (await isItsOwn(account, remoteSku))))
      return untold
    throw error
  }
}

/** One that is never answered would stand first in line for ever: after some tries another one is asked. */
async function isItsOwn(account: Account, remoteSku: string): Promise<boolean> {
  const counts = failures.get(account) ?? new Map<string, number>()
  failures.set(account, counts)
  const tries = (counts.get(remoteSku) ?? 0) + 1
  counts.set(remoteSku, tries)
  if (tries < triesAtMost) return false
  try {
    const { elements } = await calls.getQuantities(account, { limit: othersListed })
    const other = elements.inventories
      .flatMap((raw) => inventory.safeParse(raw).data ?? [])
      .find(({ sku }) => sku !== remoteSku)
    if (other) await calls.getQuantity(account, other.sku)
    return other !== undefined
  } catch (error) {
    if (error instanceof ChannelError) return false
    throw error
  }
}
