/**
 * The store's whole catalog, page by page: products, and after each page the variations of its variable products. A place in
 * the list moves when a product is deleted; where the number of products changed on the way, the walk begins anew.
 */
import { z } from 'zod'
import { ChannelError } from '../../domain/errors.ts'
import type { Account, Unreadable } from '../connector.ts'
import { largestPage, page, wc } from './client.ts'
import type { ListedParent } from './mapping.ts'
import { list, product, type WireProduct } from './wire.ts'

const restartsAtMost = 3

const parentsSchema = z.array(z.object({ id: z.number().int(), title: z.string() }))

export const walkSchema = z.object({
  /** Products that were passed, and how many there were at the beginning. */
  passed: z.number().int().min(0),
  total: z.number().int().nullable(),
  /** Variable products whose variations are still to be read, the first one from this place on. */
  waiting: parentsSchema,
  inside: z.number().int().min(0),
  restarts: z.number().int(),
})
export type Walk = z.output<typeof walkSchema>

export const newWalk: Walk = { passed: 0, total: null, waiting: [], inside: 0, restarts: 0 }

export interface CatalogPage {
  found: { wire: WireProduct; parent: ListedParent | null }[]
  /** Products that are bought by their variations only. */
  parents: WireProduct[]
  unreadable: Unreadable[]
  /** Null: everything was told. */
  next: Walk | null
}

export async function readCatalog(account: Account, walk: Walk): Promise<CatalogPage> {
  const [parent, ...others] = walk.waiting
  if (parent) return await readVariations(account, walk, parent, others)
  const { items: raws, total } = await page(account, {
    operation: 'listProducts',
    path: wc('/products'),
    query: { orderby: 'id', order: 'asc', per_page: largestPage, offset: walk.passed },
    from: walk.passed,
    answer: list,
  })
  if (walk.total !== null && walk.total !== total && walk.restarts < restartsAtMost)
    return { found: [], parents: [], unreadable: [], next: { ...newWalk, restarts: walk.restarts + 1 } }
  const { found, unreadable } = readEach(raws, null)
  const parents = found.flatMap(({ wire }) => (wire.type === 'variable' ? [wire] : []))
  const waiting = parents.map(({ id, name }) => ({ id, title: name }))
  const passed = walk.passed + raws.length
  const isOver = passed >= total && waiting.length === 0
  return {
    found: found.filter(({ wire }) => wire.type !== 'variable'),
    parents,
    unreadable,
    next: isOver ? null : { ...walk, passed, total, waiting, inside: 0 },
  }
}

async function readVariations(account: Account, walk: Walk, parent: ListedParent, others: ListedParent[]) {
  const { items: raws, total } = await page(account, {
    operation: 'listVariations',
    path: wc(`/products/${parent.id}/variations`),
    query: { orderby: 'id', order: 'asc', per_page: largestPage, offset: walk.inside },
    from: walk.inside,
    answer: list,
  }).catch((error: unknown) => {
    // The product was deleted after it was listed.
    if (error instanceof ChannelError && error.kind === 'missing') return { items: [], total: 0 }
    throw error
  })
  const inside = walk.inside + raws.length
  const isWithin = inside < total
  const next: Walk = { ...walk, waiting: isWithin ? [parent, ...others] : others, inside: isWithin ? inside : 0 }
  const isOver = next.waiting.length === 0 && walk.total !== null && walk.passed >= walk.total
  return { ...readEach(raws, parent), parents: [], next: isOver ? null : next }
}

function readEach(raws: readonly unknown[], parent: ListedParent | null) {
  const found: CatalogPage['found'] = []
  const unreadable: Unreadable[] = []
  for (const raw of raws) {
    const one = product.safeParse(raw)
    if (one.success) found.push({ wire: one.data, parent })
    else unreadable.push({ remoteId: nameOf(raw), where: one.error.issues[0]?.path.map(String).join('.') ?? '', raw })
  }
  return { found, unreadable }
}

function nameOf(raw: unknown): string {
  const { id, sku } = (raw ?? {}) as { id?: unknown; sku?: unknown }
  return typeof sku === 'string' && sku !== '' ? sku : typeof id === 'number' ? String(id) : '?'
}
