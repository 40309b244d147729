/**
 * The seller's items by their quantities, 50 a page, each with its item: that list has no end and no age, while the list of
 * items stops at 10,000 and its cursor after two minutes (facts: channels.md §2, price and listing). What only Walmart
 * holds comes after it, from the list of what it holds.
 */
import { z } from 'zod'
import { ChannelError } from '../../domain/errors.ts'
import type { Account, IncomingListing, Pulled, Unreadable } from '../connector.ts'
import { readInTurn } from '../in-turn.ts'
import { calls } from './calls.ts'
import { firstHeld, heldPlace, readHeldPage } from './held-pages.ts'
import { readListing, readQuantityAt } from './mapping.ts'
import { readSettings } from './settings.ts'
import { heldLine, inventory } from './wire.ts'

const pageSize = 50
const heldPageSize = 100
/** Items asked for at once. */
const atOnce = 10

/** SKUs that were told of the page already: the allowance was used up before its end. */
const told = z.array(z.string()).default([])

const cursorSchema = z.union([
  heldPlace.extend({ told }),
  z.object({ nextCursor: z.string().optional(), restarts: z.number().int(), told }),
])
type Cursor = z.output<typeof cursorSchema>
type HeldCursor = Extract<Cursor, { offset: number }>

interface Found {
  sku: string
  quantity: number | null
  isHeld: boolean
}

export async function pullListings(account: Account, saved: unknown): Promise<Pulled<IncomingListing>> {
  const cursor: Cursor = cursorSchema.safeParse(saved).data ?? { restarts: 0, told: [] }
  const page = await pageOf(account, cursor)
  const known = new Set(page.at.told)
  const found = page.found.filter(({ sku }) => !known.has(sku))
  const { read, done } = await readInTurn(found, atOnce, { read: (one) => listingOf(account, one), now: account.now })
  const items = read.filter((one) => one !== undefined)
  if (done < found.length) {
    const next = { ...page.at, told: [...known, ...found.slice(0, done).map(({ sku }) => sku)] }
    return { items, next, more: true }
  }
  return { items, unreadable: page.unreadable, next: page.next, more: page.next !== null }
}

/** Where the seller has nothing, what Walmart holds is asked for at once. */
async function pageOf(account: Account, cursor: Cursor): Promise<Page> {
  if ('offset' in cursor) return await heldPage(account, cursor)
  const page = await ownPage(account, cursor)
  const isEmpty = page.found.length === 0 && page.unreadable.length === 0
  return isEmpty && page.next !== null && 'offset' in page.next ? await heldPage(account, page.next) : page
}

interface Page {
  /** Where it is asked for again. */
  at: Cursor
  found: Found[]
  unreadable: Unreadable[]
  next: Cursor | null
}

async function ownPage(account: Account, cursor: Exclude<Cursor, HeldCursor>): Promise<Page> {
  const { programs, shipNode } = readSettings(account.settings)
  const after: Cursor | null = programs.includes('wfs') ? { ...firstHeld, told: [] } : null
  try {
    const { meta, elements } = await calls.getQuantities(account, { limit: pageSize, nextCursor: cursor.nextCursor })
    const { found, unreadable } = readEach(elements.inventories, inventory, (one) => ({
      sku: one.sku,
      quantity: readQuantityAt(shipNode, one).quantity,
      isHeld: false,
    }))
    // It is over only where no cursor comes along.
    const next = meta.nextCursor ? { nextCursor: meta.nextCursor, restarts: cursor.restarts, told: [] } : after
    return { at: cursor, found, unreadable, next }
  } catch (error) {
    if (!(error instanceof ChannelError)) throw error
    if (error.kind === 'missing' && cursor.nextCursor === undefined)
      return { at: cursor, found: [], unreadable: [], next: after }
    // A cursor that is not known any more: the walk begins anew. After some times it is told instead.
    if (error.kind !== 'rejected' || cursor.nextCursor === undefined || cursor.restarts >= 3) throw error
    return { at: cursor, found: [], unreadable: [], next: { restarts: cursor.restarts + 1, told: [] } }
  }
}

async function heldPage(account: Account, cursor: HeldCursor): Promise<Page> {
  const { raws, next } = await readHeldPage(account, cursor, heldPageSize)
  const { found, unreadable } = readEach(raws, heldLine, (one) => ({
    sku: one.sku,
    quantity: null,
    isHeld: true,
  }))
  return { at: cursor, found, unreadable, next: next && { ...next, told: [] } }
}

function readEach<S extends z.ZodType>(
  raws: readonly unknown[],
  schema: S,
  read: (one: z.output<S>) => Found,
): { found: Found[]; unreadable: Unreadable[] } {
  const found: Found[] = []
  const unreadable: Unreadable[] = []
  for (const raw of raws) {
    const one = schema.safeParse(raw)
    if (one.success) found.push(read(one.data))
    else unreadable.push({ remoteId: skuOf(raw), where: one.error.issues[0]!.path.join('.'), raw })
  }
  return { found, unreadable }
}

/** Undefined: there is no such item any more, or both lists tell it, and the seller's own has told it already. */
async function listingOf(account: Account, { sku, quantity, isHeld }: Found): Promise<IncomingListing | undefined> {
  try {
    const item = await calls.getItem(account, sku)
    return readListing({ ...item, sku }, quantity, isHeld)
  } catch (error) {
    if (error instanceof ChannelError && error.kind === 'missing') return undefined
    throw error
  }
}

const skuOf = (raw: unknown): string => {
  const sku = (raw as { sku?: unknown } | null)?.sku
  return typeof sku === 'string' && sku !== '' ? sku : '?'
}
