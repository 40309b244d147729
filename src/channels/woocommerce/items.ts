/**
 * The ids that writes need, by SKU. They are learned from lookups and from whole walks over the catalog, and kept in memory
 * until the second walk after; what is not known is asked for. A write that arrived at another SKU is noticed by its answer,
 * because that names the SKU; a second product that got the same one, by the next walk or reading.
 */
import type { Account } from '../connector.ts'
import { largestPage, page, wc } from './client.ts'
import { unreadable } from './errors.ts'
import type { ListingIds } from './mapping.ts'
import { list, product, type WireProduct } from './wire.ts'

/** Listings are pulled each hour: a walk renews what the one before it told. */
const keptMs = 2 * 60 * 60_000
/** SKUs of one question: they stand in its address. */
export const lookupBatch = 20

const knownBy = new WeakMap<Account, Map<string, { ids: ListingIds; until: number }>>()
function knownOf(account: Account) {
  const found = knownBy.get(account) ?? new Map<string, { ids: ListingIds; until: number }>()
  knownBy.set(account, found)
  return found
}

const rememberItem = (account: Account, sku: string, ids: ListingIds): void =>
  void knownOf(account).set(sku, { ids, until: account.now().getTime() + keptMs })
export const forgetItem = (account: Account, sku: string): void => void knownOf(account).delete(sku)
export function knownItem(account: Account, sku: string): ListingIds | undefined {
  const found = knownOf(account).get(sku)
  return found && found.until > account.now().getTime() ? found.ids : undefined
}

/** Of walks that are under way: null where several things have the SKU, or what has it keeps no count of its own. */
const walked = new WeakMap<Account, Map<string, ListingIds | null>>()

export interface WalkedPage {
  isFirst: boolean
  isLast: boolean
  seen: readonly { sku: string; ids: ListingIds | null }[]
}

/**
 * Learns from a page of a walk over the whole catalog. Ids are believed when the walk ends: until then a second thing with
 * the same SKU may still come. From a walk that another process began nothing is learned.
 */
export function learnWalked(account: Account, { isFirst, isLast, seen }: WalkedPage): void {
  if (isFirst) walked.set(account, new Map())
  const all = walked.get(account)
  if (!all) return
  for (const { sku, ids } of seen) {
    const before = all.get(sku)
    const isSame = before === undefined || (before && ids && before.id === ids.id)
    all.set(sku, isSame ? ids : null)
    if (!all.get(sku)) forgetItem(account, sku)
  }
  if (!isLast) return
  walked.delete(account)
  for (const [sku, ids] of all) if (ids) rememberItem(account, sku, ids)
}

export type Found =
  | { kind: 'one'; ids: ListingIds; wire: WireProduct }
  | { kind: 'none' | 'several' }
  /** It is there in a form that cannot be read: it is not gone. */
  | { kind: 'odd' }

/** Looks SKUs up in the store, variations included, whatever is remembered of them. */
export async function findItems(account: Account, skus: readonly string[]): Promise<Map<string, Found>> {
  const found = new Map<string, Found>()
  for (const part of questions(skus)) {
    const { wires, odd } = await search(account, part)
    for (const sku of part) {
      if (odd.has(sku)) {
        forgetItem(account, sku)
        found.set(sku, { kind: 'odd' })
        continue
      }
      // The database compares loosely; a SKU is its exact text.
      const own = wires.filter((wire) => wire.sku === sku)
      const [one] = own
      if (one && own.length === 1) {
        const ids = { parentId: one.type === 'variation' ? one.parent_id : 0, id: one.id }
        rememberItem(account, sku, ids)
        found.set(sku, { kind: 'one', ids, wire: one })
      } else {
        forgetItem(account, sku)
        found.set(sku, { kind: own.length > 1 ? 'several' : 'none' })
      }
    }
  }
  return found
}

/** A comma separates SKUs: one that holds a comma is asked for alone, because the whole text counts as a SKU, too. */
function questions(skus: readonly string[]): string[][] {
  const plain = skus.filter((sku) => !sku.includes(','))
  const parts: string[][] = skus.filter((sku) => sku.includes(',')).map((sku) => [sku])
  for (let from = 0; from < plain.length; from += lookupBatch) parts.push(plain.slice(from, from + lookupBatch))
  return parts
}

async function search(account: Account, skus: readonly string[]): Promise<{ wires: WireProduct[]; odd: Set<string> }> {
  const { items, total } = await page(account, {
    operation: 'findProducts',
    path: wc('/products'),
    query: { sku: skus.join(','), per_page: largestPage },
    from: 0,
    answer: list,
  })
  const wires: WireProduct[] = []
  const odd = new Set<string>()
  for (const raw of items) {
    const one = product.safeParse(raw)
    const sku = (raw as { sku?: unknown } | null)?.sku
    if (one.success) wires.push(one.data)
    else if (typeof sku === 'string' && sku !== '') odd.add(sku)
    // It may be any of those that were asked for.
    else throw unreadable('findProducts', false)
  }
  if (items.length < Math.min(total, largestPage)) throw unreadable('findProducts', false)
  return { wires, odd }
}
