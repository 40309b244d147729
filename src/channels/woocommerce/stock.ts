/**
 * Quantities: absolute, there is no compare-and-set. An answer shows the product as it was saved, so it proves the effect;
 * the checkout lowers the same number by itself, in the database. Errors stand beside the good lines in a 200. A line that
 * expects a number is looked at first; what changes there between the look and the write is written over.
 */
import { ChannelError } from '../../domain/errors.ts'
import type { Account, QuantityLine, QuantityOutcome, QuantityReading } from '../connector.ts'
import { call, largestPage, wc } from './client.ts'
import { asked } from './effects.ts'
import { lineError, unreadable } from './errors.ts'
import { findItems, forgetItem, knownItem, lookupBatch } from './items.ts'
import { countOf, isUntold, type ListingIds, readQuantity } from './mapping.ts'
import { batchAnswer, product, written } from './wire.ts'

interface Line {
  line: QuantityLine
  id: number
  /** What stood there, below 0 included; absent where nobody looked. */
  replaced?: number
}

export async function pushQuantities(account: Account, lines: readonly QuantityLine[]): Promise<QuantityOutcome[]> {
  const outcomes = new Map<string, QuantityOutcome>()
  const groups = await prepare(account, lines, outcomes)
  for (const [parentId, all] of groups) {
    const looks = all.some(({ line }) => line.expected !== null)
    // One look, then at once its write: the moment between is to be short.
    const size = looks ? lookupBatch : largestPage
    for (let from = 0; from < all.length; from += size) {
      const part = all.slice(from, from + size)
      const lookedAt = account.now().getTime()
      const ready = looks ? await asExpected(account, part, outcomes) : part
      await writeGroup(account, parentId, ready, lookedAt, outcomes)
    }
  }
  return lines.flatMap(({ key }) => outcomes.get(key) ?? [])
}

/** Lines by where they are written: simple products together, the variations of each product by themselves. */
async function prepare(account: Account, lines: readonly QuantityLine[], outcomes: Map<string, QuantityOutcome>) {
  const groups = new Map<number, Line[]>()
  const fail = ({ key }: QuantityLine, error: ChannelError) => outcomes.set(key, { key, kind: 'failed', error })
  try {
    const ids = await idsOf(
      account,
      lines.map(({ remoteSku }) => remoteSku),
    )
    for (const line of lines) {
      const found = ids.get(line.remoteSku)
      if (!found || 'error' in found) fail(line, found?.error ?? notFound('none'))
      else groups.set(found.parentId, [...(groups.get(found.parentId) ?? []), { line, id: found.id }])
    }
  } catch (error) {
    if (!(error instanceof ChannelError)) throw error
    // Only the lookup throws: nothing has left.
    for (const line of lines) fail(line, error)
    groups.clear()
  }
  return groups
}

export function notFound(kind: 'none' | 'several' | 'odd'): ChannelError {
  if (kind === 'odd') return unreadable('findProducts', false)
  return kind === 'several'
    ? new ChannelError('rejected', 'sku_not_unique', 'several products of the store have this SKU')
    : new ChannelError('missing', 'unknown_sku', 'no product of the store has this SKU')
}

const notCounted = (isParent: boolean): ChannelError =>
  isParent
    ? new ChannelError(
        'rejected',
        'stock_on_parent',
        'its variations share one number at the product: give each its own',
      )
    : new ChannelError('rejected', 'not_stocked', 'the store keeps no count of it: switch on "track stock quantity"')

/** Ids by SKU. What keeps no count of its own is refused here: a number for it would be passed over without a word. */
async function idsOf(account: Account, skus: readonly string[]) {
  const ids = new Map<string, ListingIds | { error: ChannelError }>()
  const missing: string[] = []
  for (const sku of skus) {
    const known = knownItem(account, sku)
    if (known) ids.set(sku, known)
    else missing.push(sku)
  }
  for (const [sku, found] of await asked(findItems(account, missing))) {
    if (found.kind !== 'one') ids.set(sku, { error: notFound(found.kind) })
    else if (found.wire.manage_stock !== true) ids.set(sku, { error: notCounted(found.wire.manage_stock === 'parent') })
    else ids.set(sku, found.ids)
  }
  return ids
}

/** The lines whose number is what they expect, with what it is; the others are answered. */
async function asExpected(
  account: Account,
  lines: readonly Line[],
  outcomes: Map<string, QuantityOutcome>,
): Promise<Line[]> {
  const skus = lines.flatMap(({ line }) => (line.expected === null ? [] : [line.remoteSku]))
  try {
    const found = await asked(findItems(account, skus))
    return lines.flatMap((one) => {
      const { key, remoteSku, expected } = one.line
      if (expected === null) return [one]
      const there = found.get(remoteSku)!
      const fail = (error: ChannelError) => void outcomes.set(key, { key, kind: 'failed', error })
      if (there.kind !== 'one') fail(notFound(there.kind))
      else if (there.ids.id !== one.id)
        fail(new ChannelError('conflict', 'sku_moved', 'another product has the SKU now'))
      else if (isUntold(there.wire)) fail(unreadable('findProducts', false))
      else {
        const count = countOf(there.wire)
        if (count === null) fail(notCounted(there.wire.manage_stock === 'parent'))
        else if (Math.max(0, count) === expected) return [{ ...one, replaced: count }]
        else outcomes.set(key, { key, kind: 'mismatch', shown: Math.max(0, count) })
      }
      return []
    })
  } catch (error) {
    if (!(error instanceof ChannelError)) throw error
    for (const { line } of lines) outcomes.set(line.key, { key: line.key, kind: 'failed', error })
    return []
  }
}

export const batchPath = (parentId: number): string =>
  wc(parentId ? `/products/${parentId}/variations/batch` : '/products/batch')

async function writeGroup(
  account: Account,
  parentId: number,
  lines: readonly Line[],
  lookedAt: number,
  outcomes: Map<string, QuantityOutcome>,
): Promise<void> {
  if (lines.length === 0) return
  try {
    const { body, dated } = await call(account, {
      operation: 'updateStock',
      method: 'POST',
      path: batchPath(parentId),
      body: { update: lines.map(({ line, id }) => ({ id, stock_quantity: line.quantity })) },
      answer: batchAnswer,
    })
    const byId = new Map(body.update.map((raw) => [(raw as { id?: unknown } | null)?.id, raw]))
    // The store's own time has no parts of a second.
    const looked = dated === null ? null : dated - (account.now().getTime() - lookedAt)
    const within = looked === null ? {} : { within: { from: new Date(looked), until: new Date(dated! + 1_000) } }
    for (const { line, id, replaced } of lines) {
      const stood = replaced === undefined ? {} : { replaced, ...within }
      outcomes.set(line.key, { ...readOutcome(account, line, byId.get(id)), ...stood })
    }
  } catch (error) {
    if (!(error instanceof ChannelError)) throw error
    for (const { line, id: _, ...stood } of lines)
      outcomes.set(line.key, { key: line.key, kind: 'failed', error, ...stood })
  }
}

function readOutcome(account: Account, { key, remoteSku, quantity }: QuantityLine, raw: unknown): QuantityOutcome {
  const failed = (error: ChannelError): QuantityOutcome => ({ key, kind: 'failed', error })
  const refused = lineError(raw)
  if (refused) {
    forgetItem(account, remoteSku)
    return failed(refused)
  }
  const parsed = written.safeParse(raw)
  if (!parsed.success) return failed(unreadable('updateStock', true))
  const { sku, manage_stock, stock_quantity } = parsed.data
  if (sku !== remoteSku) {
    // It was renamed, or another product has the SKU now.
    forgetItem(account, remoteSku)
    return failed(
      new ChannelError('conflict', 'sku_moved', 'the product has another SKU now', { mayHaveApplied: true }),
    )
  }
  if (manage_stock !== true) {
    forgetItem(account, remoteSku)
    return failed(notCounted(manage_stock === 'parent'))
  }
  // A sale in between may show already.
  return { key, kind: stock_quantity === quantity ? 'applied' : 'accepted' }
}

/** What the store shows; null where it is gone, keeps no count of its own, or is not one product's. */
export async function readQuantities(account: Account, skus: readonly string[]): Promise<QuantityReading[]> {
  const found = await findItems(account, skus)
  return skus.map((remoteSku) => {
    const one = found.get(remoteSku)
    if (one?.kind === 'one') return readQuantity(remoteSku, one.wire)
    return { remoteSku, quantity: null, ...(one?.kind === 'odd' ? { isUntold: true } : {}) }
  })
}

/** What an answer of the journal tells. */
export function quantitiesIn(response: unknown): QuantityReading[] {
  return (Array.isArray(response) ? response : []).flatMap((raw) => {
    const { data } = product.safeParse(raw)
    const reading = data?.sku ? readQuantity(data.sku, data) : undefined
    return reading && reading.quantity !== null ? [reading] : []
  })
}
