/**
 * Quantities of one location by absolute adjustments. The store takes them and carries them out a little later, so
 * "accepted" proves nothing and a reading does. A call that it refuses changed nothing at all; its lines go out once more
 * in two halves, so that a bad one fails alone.
 */
import { ChannelError } from '../../domain/errors.ts'
import type { Account, QuantityLine, QuantityOutcome, QuantityReading } from '../connector.ts'
import { call, withoutDoubt } from './client.ts'
import { findHeld, forgetItem, isKnownItem, locationOf } from './items.ts'
import { readLevel } from './mapping.ts'
import { inParts } from './parts.ts'
import { inventoryItem, journaledItems, transactionAnswer } from './wire.ts'

/** The longest list that an adjustment takes (inventory.v3). */
export const largestBatch = 2_000

export async function pushQuantities(account: Account, lines: readonly QuantityLine[]): Promise<QuantityOutcome[]> {
  const byKey = new Map<string, QuantityOutcome>()
  const failed = ({ key }: QuantityLine, error: ChannelError) => void byKey.set(key, { key, kind: 'failed', error })
  try {
    const place = await locationOf(account)
    const ready = await counted(account, lines, failed)
    const refused = await inParts(ready, (part) => adjust(account, place, part))
    for (const line of ready) {
      const error = refused.get(line)
      if (!error) byKey.set(line.key, { key: line.key, kind: 'accepted' })
      else {
        if (error.kind === 'rejected') forgetItem(account, line.remoteSku)
        failed(line, error)
      }
    }
  } catch (error) {
    if (!(error instanceof ChannelError)) throw error
    // Only a lookup throws: nothing has left.
    for (const line of lines) if (!byKey.has(line.key)) failed(line, withoutDoubt(error))
  }
  return lines.map(({ key }) => byKey.get(key)!)
}

/** Lines whose SKU the store counts. What is not known is looked up first, because one unknown SKU refuses a whole call. */
async function counted(
  account: Account,
  lines: readonly QuantityLine[],
  failed: (line: QuantityLine, error: ChannelError) => void,
): Promise<QuantityLine[]> {
  const unknown = lines.filter((line) => !isKnownItem(account, line.remoteSku)).map((line) => line.remoteSku)
  const found = unknown.length > 0 ? await findHeld(account, unknown) : new Map<string, QuantityReading>()
  return lines.filter((line) => {
    if (isKnownItem(account, line.remoteSku) || found.has(line.remoteSku)) return true
    failed(line, new ChannelError('missing', 'unknown_sku', 'the store has no such SKU, or keeps no count of it'))
    return false
  })
}

async function adjust(account: Account, place: number, lines: readonly QuantityLine[]): Promise<void> {
  await call(account, {
    operation: 'setInventory',
    version: 'v3',
    method: 'PUT',
    path: '/inventory/adjustments/absolute',
    body: {
      reason: 'Entrepot',
      items: lines.map(({ remoteSku, quantity }) => ({ location_id: place, sku: remoteSku, quantity })),
    },
    answer: transactionAnswer,
  })
}

/** What the location holds. */
export async function readQuantities(account: Account, skus: readonly string[]): Promise<QuantityReading[]> {
  const held = await findHeld(account, skus)
  return skus.map((remoteSku) => held.get(remoteSku) ?? { remoteSku, quantity: null })
}

/** What an answer of the journal tells; it was asked for one location only. */
export function quantitiesIn(response: unknown): QuantityReading[] {
  const parsed = journaledItems.safeParse(response)
  if (!parsed.success) return []
  return parsed.data.data.flatMap((raw) => {
    const { data } = inventoryItem.safeParse(raw)
    const [level, ...more] = data?.locations ?? []
    if (!data || !level || more.length > 0) return []
    const reading = readLevel(data.identity.sku, level)
    return reading.isUntold ? [] : [reading]
  })
}
