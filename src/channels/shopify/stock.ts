/**
 * Quantities of one location by compare-and-set: the store changes a number only if it still is what we expect, and moves
 * it by itself when it sells. A refused call changed nothing at all, so the lines that fit are sent once more without the
 * others; what was answered never is.
 */
import { ChannelError } from '../../domain/errors.ts'
import type { Account, QuantityLine, QuantityOutcome, QuantityReading } from '../connector.ts'
import { call } from './client.ts'
import * as documents from './documents.ts'
import { readUserError, unreadable } from './errors.ts'
import { findItems, forgetItem, knownItem, locationOf } from './items.ts'
import { availableOf, readId, writeId } from './mapping.ts'
import { journaledItem, quantitiesAnswer, setAnswer, type WireUserError } from './wire.ts'

/** The longest list that an input takes (facts §3). */
export const largestBatch = 250
/** Lines may turn stale between the reading and the next try; so often. */
const triesAtMost = 4

interface Line {
  line: QuantityLine
  itemId: string
  /** What the store must hold: what is expected, or below 0 where it shows nothing and sold more than it had. */
  from: number
}

export async function pushQuantities(account: Account, lines: readonly QuantityLine[]): Promise<QuantityOutcome[]> {
  const outcomes: QuantityOutcome[] = []
  const failed = (line: QuantityLine, error: ChannelError) => outcomes.push({ key: line.key, kind: 'failed', error })
  try {
    const { location, ready, unknown } = await prepare(account, lines, outcomes)
    await setInTries(account, location, ready, outcomes)
    if (unknown.length > 0) await answerByReading(account, unknown, outcomes)
  } catch (error) {
    if (!(error instanceof ChannelError)) throw error
    // Only a lookup throws: whatever has no answer yet did not leave.
    const answered = new Set(outcomes.map((one) => one.key))
    for (const line of lines) if (!answered.has(line.key)) failed(line, withoutDoubt(error))
  }
  return outcomes
}

/** A question that failed changed nothing. */
const withoutDoubt = (error: ChannelError): ChannelError =>
  error.mayHaveApplied
    ? new ChannelError(error.kind, error.code, error.message, { retryAt: error.retryAt, cause: error })
    : error

/** Ids of all lines; those that cannot be addressed are answered. A line that expects nothing is only read. */
async function prepare(account: Account, lines: readonly QuantityLine[], outcomes: QuantityOutcome[]) {
  const location = await locationOf(account)
  const missing = lines.filter((line) => !knownItem(account, line.remoteSku)).map((line) => line.remoteSku)
  const found = missing.length > 0 ? await findItems(account, missing) : new Map()
  const ready: Line[] = []
  const unknown: QuantityLine[] = []
  for (const line of lines) {
    const ids = knownItem(account, line.remoteSku)
    if (!ids) outcomes.push({ key: line.key, kind: 'failed', error: notFound(found.get(line.remoteSku)?.kind) })
    else if (line.expected === null) unknown.push(line)
    else ready.push({ line, itemId: ids.itemId, from: line.expected })
  }
  return { location, ready, unknown }
}

const notFound = (kind: string | undefined): ChannelError =>
  kind === 'several'
    ? new ChannelError('rejected', 'sku_not_unique', 'several variants of the store have this SKU')
    : new ChannelError('missing', 'unknown_sku', 'no variant of the store has this SKU')

async function answerByReading(account: Account, lines: readonly QuantityLine[], outcomes: QuantityOutcome[]) {
  const shown = await readShown(
    account,
    lines.map((line) => line.remoteSku),
  )
  for (const { key, remoteSku } of lines) outcomes.push(mismatch(key, shown.get(remoteSku) ?? null))
}

const mismatch = (key: string, shown: number | null): QuantityOutcome =>
  shown === null
    ? { key, kind: 'failed', error: new ChannelError('rejected', 'not_stocked', 'the location keeps no count of it') }
    : { key, kind: 'mismatch', shown: Math.max(0, shown) }

async function setInTries(account: Account, location: string, lines: readonly Line[], outcomes: QuantityOutcome[]) {
  let left = [...lines]
  // Those that the first refusal names are read behind the call of the others, so that its points are not used up.
  let named: Line[] = []
  for (let tries = 0; tries < triesAtMost; tries += 1) {
    if (left.length === 0) {
      left = await stillFitting(account, named, outcomes)
      named = []
    }
    if (left.length === 0) return
    const result = await setOnce(account, location, left)
    if (result.kind !== 'refused') {
      for (const { line, from } of left)
        outcomes.push({ key: line.key, replaced: from, ...(tries === 0 ? result : behindRefusal(result)) })
      left = []
      continue
    }
    const isNamed = new Set(tries === 0 ? left.filter((_, index) => result.stale.has(index)) : [])
    left = left.filter(({ line }, index) => {
      const error = result.byLine.get(index)
      if (!error) return true
      if (error.kind === 'missing') forgetItem(account, line.remoteSku)
      outcomes.push({ key: line.key, kind: 'failed', error })
      return false
    })
    if (isNamed.size > 0) {
      named = left.filter((one) => isNamed.has(one))
      left = left.filter((one) => !isNamed.has(one))
    } else if (result.isStale) left = await stillFitting(account, left, outcomes)
  }
  for (const { line } of [...left, ...named]) {
    const error = new ChannelError('conflict', stale, 'the store sold in between, again and again')
    outcomes.push({ key: line.key, kind: 'failed', error })
  }
}

const stale = 'CHANGE_FROM_QUANTITY_STALE'

/**
 * No points are left to go on after a refusal. That is no call that never left: tried at once, the same lines would be refused
 * again and use up the points that their reading waits for.
 */
const unfinished = (error: ChannelError): ChannelError =>
  error.kind === 'throttled' && !error.mayHaveApplied
    ? new ChannelError('conflict', stale, 'another number stood there, and no points were left to go on', {
        cause: error,
      })
    : error

type SetResult =
  | { kind: 'applied' }
  | { kind: 'failed'; error: ChannelError }
  /** Nothing was changed: these lines by themselves; of those that did not fit (`isStale`) the store may name some or none. */
  | { kind: 'refused'; byLine: Map<number, ChannelError>; isStale: boolean; stale: Set<number> }

const behindRefusal = (result: Exclude<SetResult, { kind: 'refused' }>) =>
  result.kind === 'failed' ? { ...result, error: unfinished(result.error) } : result

async function setOnce(account: Account, location: string, lines: readonly Line[]): Promise<SetResult> {
  const key = account.newId()
  const input = {
    name: 'available',
    reason: 'correction',
    referenceDocumentUri: `gid://entrepot/Quantity/${key}`,
    quantities: lines.map(({ line, itemId, from }) => ({
      inventoryItemId: writeId('InventoryItem', itemId),
      locationId: location,
      quantity: line.quantity,
      changeFromQuantity: from,
    })),
  }
  try {
    const { data } = await call(account, documents.setQuantities, { input, key }, setAnswer)
    const payload = data.inventorySetQuantities
    if (!payload) return { kind: 'failed', error: unreadable('setQuantities', true) }
    if (payload.userErrors.length === 0) return { kind: 'applied' }
    // Errors beside a change: which lines it holds is not told.
    if (payload.inventoryAdjustmentGroup) return { kind: 'failed', error: unreadable('setQuantities', true) }
    return readRefusal(payload.userErrors)
  } catch (error) {
    if (!(error instanceof ChannelError)) throw error
    return { kind: 'failed', error }
  }
}

function readRefusal(errors: readonly WireUserError[]): SetResult {
  const byLine = new Map<number, ChannelError>()
  const named = new Set<number>()
  let isStale = false
  for (const error of errors) {
    const place = error.field?.[1] === 'quantities' ? Number(error.field[2]) : Number.NaN
    if (error.code === stale) {
      isStale = true
      if (Number.isInteger(place)) named.add(place)
      continue
    }
    // Of no line: it is the whole call's.
    if (!Number.isInteger(place)) return { kind: 'failed', error: readUserError(error) }
    byLine.set(place, readUserError(error))
  }
  return { kind: 'refused', byLine, isStale, stale: named }
}

/** Which lines the store still shows as expected; the others are answered with what it shows. */
async function stillFitting(account: Account, lines: readonly Line[], outcomes: QuantityOutcome[]): Promise<Line[]> {
  let shown: Map<string, number | null>
  try {
    shown = await readShown(
      account,
      lines.map(({ line }) => line.remoteSku),
    )
  } catch (error) {
    if (!(error instanceof ChannelError)) throw error
    const unread = unfinished(withoutDoubt(error))
    for (const { line } of lines) outcomes.push({ key: line.key, kind: 'failed', error: unread })
    return []
  }
  return lines.flatMap((one) => {
    const now = shown.get(one.line.remoteSku) ?? null
    if (now !== null && Math.max(0, now) === one.line.expected) return [{ ...one, from: now }]
    outcomes.push(mismatch(one.line.key, now))
    return []
  })
}

/** What the location holds to sell, below 0 included; null where it keeps no count, or the SKU is not one variant's. */
async function readShown(account: Account, skus: readonly string[]): Promise<Map<string, number | null>> {
  const shown = new Map<string, number | null>()
  const lookUp = async (some: readonly string[]) => {
    if (some.length === 0) return
    for (const [sku, found] of await findItems(account, some)) shown.set(sku, found.kind === 'one' ? found.shown : null)
  }
  const location = await locationOf(account)
  const known = skus.flatMap((sku) => {
    const ids = knownItem(account, sku)
    return ids ? [{ sku, itemId: ids.itemId }] : []
  })
  // First, because what is found is remembered: behind the readings the same allowance would be spent on them again and again.
  await lookUp(skus.filter((sku) => !knownItem(account, sku)))
  for (let from = 0; from < known.length; from += largestBatch) {
    const part = known.slice(from, from + largestBatch)
    const ids = part.map((one) => writeId('InventoryItem', one.itemId))
    const { data } = await call(account, documents.readQuantities, { ids, location }, quantitiesAnswer, ids.length)
    const byItem = new Map(data.nodes.flatMap((node) => (node ? [[readId(node.id), node] as const] : [])))
    for (const { sku, itemId } of part) {
      const node = byItem.get(itemId)
      // Deleted, or its SKU is another one now: asked for by SKU below.
      if (node?.sku === sku) shown.set(sku, availableOf(node.tracked ?? false, node.inventoryLevel))
      else forgetItem(account, sku)
    }
  }
  await lookUp(skus.filter((sku) => !shown.has(sku)))
  return shown
}

/** What the location shows. */
export async function readQuantities(account: Account, skus: readonly string[]): Promise<QuantityReading[]> {
  const shown = await readShown(account, skus)
  return skus.map((remoteSku) => {
    const quantity = shown.get(remoteSku) ?? null
    if (quantity !== null && quantity < 0) return { remoteSku, quantity: 0, belowZero: quantity }
    return { remoteSku, quantity }
  })
}

/** What an answer of the journal tells, asked for by id or by SKU; what was cut off is left out. */
export function quantitiesIn(response: unknown): QuantityReading[] {
  const data = (response as { data?: { nodes?: unknown; productVariants?: { nodes?: unknown } } } | null)?.data
  const nodes = data?.nodes ?? data?.productVariants?.nodes
  return (Array.isArray(nodes) ? nodes : []).flatMap((node: { sku?: unknown; inventoryItem?: object } | null) => {
    const { data } = journaledItem.safeParse(node?.inventoryItem ? { sku: node.sku, ...node.inventoryItem } : node)
    return data ? [{ remoteSku: data.sku, quantity: Math.max(0, data.inventoryLevel.quantities[0]!.quantity) }] : []
  })
}
