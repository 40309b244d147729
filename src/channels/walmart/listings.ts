/**
 * The seller's items by their quantities, 50 a page, each with its item: that list has no end and no age, while the list of
 * items stops at 10,000 and its cursor after two minutes (facts: channels.md §2, price and listing). What only Walmart
 * holds comes after it, from the list of what it holds.
 */
import { z } from 'zod'
import { ChannelError } from '../../domain/errors.ts'
import type { Account, IncomingListing, Pulled, Unreadable } from '../connector.ts'
import { inTurn, readInTurn } from '../in-turn.ts'
import { calls } from './calls.ts'
import { firstHeld, type HeldPlace, heldPlace, readHeldPage } from './held-pages.ts'
import { readListing, readQuantityAt } from './mapping.ts'
import { readSettings } from './settings.ts'
import { heldLine, inventory } from './wire.ts'

const pageSize = 50
const heldPageSize = 100
/** Items asked for at once. */
const atOnce = 10

const placeSchema = z.union([heldPlace, z.object({ nextCursor: z.string().optional(), restarts: z.number().int() })])
type Place = z.output<typeof placeSchema>
type OwnPlace = Exclude<Place, HeldPlace>

const pageSchema = inTurn.extend({
  /** SKUs that were told of the page already: the allowance was used up before its end, or some are tried again. */
  told: z.array(z.string()).default([]),
})

interface Found {
  sku: string
  quantity: number | null
  isHeld: boolean
}

export async function pullListings(account: Account, saved: unknown): Promise<Pulled<IncomingListing>> {
  const place: Place = placeSchema.safeParse(saved).data ?? { restarts: 0 }
  const { told, ...before } = pageSchema.safeParse(saved).data ?? { told: [], tries: 0 }
  const page = await pageOf(account, place)
  const untold = page.found.filter(({ sku }) => !told.includes(sku))
  const ways = {
    read: async (one: Found) => await listingOf(account, one),
    ask: async (sku: string) => await listingOf(account, { sku, quantity: null, isHeld: false }),
    now: account.now,
  }
  const { read, done, left, ...odd } = await readInTurn(untold, atOnce, ways, before)
  const items = read.filter((one) => one !== undefined)
  if (done.length < untold.length) {
    return { items, unreadable: odd.unreadable, next: { ...page.at, told: [...told, ...done], ...left }, more: true }
  }
  const next = page.next && { ...page.next, proof: left.proof }
  return { items, unreadable: [...page.unreadable, ...odd.unreadable], next, more: next !== null }
}

/** Where the seller has nothing, what Walmart holds is asked for at once. */
async function pageOf(account: Account, place: Place): Promise<Page> {
  if ('offset' in place) return await heldPage(account, place)
  const page = await ownPage(account, place)
  const isEmpty = page.found.length === 0 && page.unreadable.length === 0
  return isEmpty && page.next !== null && 'offset' in page.next ? await heldPage(account, page.next) : page
}

interface Page {
  /** Where it is asked for again. */
  at: Place
  found: Found[]
  unreadable: Unreadable[]
  next: Place | null
}

async function ownPage(account: Account, place: OwnPlace): Promise<Page> {
  const { programs, shipNode } = readSettings(account.settings)
  const after: Place | null = programs.includes('wfs') ? firstHeld : null
  try {
    const { meta, elements } = await calls.getQuantities(account, { limit: pageSize, nextCursor: place.nextCursor })
    const { found, unreadable } = readEach(elements.inventories, inventory, (one) => ({
      sku: one.sku,
      quantity: readQuantityAt(shipNode, one).quantity,
      isHeld: false,
    }))
    // It is over only where no cursor comes along.
    const next = meta.nextCursor ? { nextCursor: meta.nextCursor, restarts: place.restarts } : after
    return { at: place, found, unreadable, next }
  } catch (error) {
    if (!(error instanceof ChannelError)) throw error
    if (error.kind === 'missing' && place.nextCursor === undefined)
      return { at: place, found: [], unreadable: [], next: after }
    // A cursor that is not known any more: the walk begins anew. After some times it is told instead.
    if (error.kind !== 'rejected' || place.nextCursor === undefined || place.restarts >= 3) throw error
    return { at: place, found: [], unreadable: [], next: { restarts: place.restarts + 1 } }
  }
}

async function heldPage(account: Account, place: HeldPlace): Promise<Page> {
  const { raws, next } = await readHeldPage(account, place, heldPageSize)
  const { found, unreadable } = readEach(raws, heldLine, (one) => ({
    sku: one.sku,
    quantity: null,
    isHeld: true,
  }))
  return { at: place, found, unreadable, next }
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
