/** The final check at checkout: every line or none. Many checkouts are decided and written in one transaction. */
import type { AccountRow } from '../database/accounts.ts'
import { componentsOf, type Recipe, recipesOf } from '../database/claims.ts'
import { kitsListed } from '../database/kits.ts'
import { mappingsOf } from '../database/orders.ts'
import type { Sql } from '../database/pool.ts'
import { findReservations, insertReservations, type ReservationRow } from '../database/reservations.ts'
import { isOurs, lockSlots, type SlotRow } from '../database/slots.ts'
import { lockStock, type PromiseOwner, saveStock } from '../database/stock.ts'
import { type CheckoutLine, decideCheckout, type Lacking } from '../domain/checkout.ts'
import { type Claimant, claimsInHand } from '../domain/claims-in-hand.ts'
import { Problem } from '../domain/errors.ts'
import { type Kits, type Part, partsOf } from '../domain/kits.ts'
import type { Context } from './context.ts'
import { saveChangedSlots } from './refresh-slots.ts'

type ReserveContext = Pick<Context, 'clock' | 'newId' | 'registry'>

export interface ReservationRequest {
  reference: string
  expiresInSeconds: number
  /** In the listing's units, by the store's own SKU. */
  lines: readonly { sku: string; quantity: number }[]
}

export interface WantedReservation {
  account: Pick<AccountRow, 'id' | 'name'>
  request: ReservationRequest
}

/** The reservation that stands under a reference, new or from before; or why there is none. */
export type ReserveOutcome = Reserved | Problem

export interface Reserved extends ReservationRow {
  /** False where the reference stood before. */
  isNew: boolean
}

/**
 * Reserves for many checkouts, the first first; references must differ. The same reference again answers the
 * reservation that stands. Refusals: `unknown_sku`, `insufficient_stock` (with what is there for every line that
 * lacks), `reservation_closed` (the reference is used up).
 */
export async function reserveAll(
  tx: Sql,
  ctx: ReserveContext,
  wanted: readonly WantedReservation[],
): Promise<ReserveOutcome[]> {
  const now = ctx.clock.now()
  const { standing, listings, kits } = await look(tx, wanted)
  const outcomes = new Map<number, ReserveOutcome>()
  const open: (NewReservation & { index: number })[] = []
  wanted.forEach(({ account, request }, index) => {
    const before = standing.get(`${account.id} ${request.reference}`)
    const lines = before ?? resolveLines(request, listings.get(account.id)!)
    if (before) outcomes.set(index, stillStands(before))
    else if (lines instanceof Problem) outcomes.set(index, lines)
    else if (Array.isArray(lines)) open.push({ index, ...opened(ctx, account.id, request, now), lines })
  })
  if (open.length > 0) await book(tx, ctx, open, kits, outcomes, now)
  return wanted.map((_, index) => outcomes.get(index)!)
}

interface NewReservation {
  row: Reserved & { expiresAt: Date }
  lines: CheckoutLine[]
}

function opened(ctx: ReserveContext, accountId: string, request: ReservationRequest, now: Date) {
  const expiresAt = new Date(now.getTime() + request.expiresInSeconds * 1_000)
  const row = {
    id: ctx.newId(),
    accountId,
    reference: request.reference,
    state: 'held' as const,
    expiresAt,
    isNew: true,
  }
  return { row }
}

function stillStands(row: ReservationRow): ReserveOutcome {
  if (row.state !== 'released' && row.state !== 'expired') return { ...row, isNew: false }
  return new Problem('reservation_closed', { reference: row.reference, state: row.state })
}

type Listed = Awaited<ReturnType<typeof mappingsOf>>

/** What is known of the references and SKUs, read in one round trip. */
async function look(tx: Sql, wanted: readonly WantedReservation[]) {
  const byAccount = Map.groupBy(wanted, (one) => one.account.id)
  const skusOf = (group: readonly WantedReservation[]) => [
    ...new Set(group.flatMap(({ request }) => request.lines.map((line) => line.sku))),
  ]
  const [standing, ...found] = await Promise.all([
    findReservations(
      tx,
      wanted.map(({ account, request }) => ({ accountId: account.id, reference: request.reference })),
    ),
    ...[...byAccount].map(async ([accountId, group]) => {
      const skus = skusOf(group)
      const [mappings, kits] = await Promise.all([mappingsOf(tx, accountId, skus), kitsListed(tx, accountId, skus)])
      return { accountId, mappings, kits }
    }),
  ])
  const listings = new Map<string, Listed>(found.map((one) => [one.accountId, one.mappings]))
  const kits = new Map<string, readonly Part[]>(found.flatMap((one) => [...one.kits]))
  return { standing, listings, kits }
}

/** By listing only: an order of the same SKU is understood by the same listing. */
function resolveLines(request: ReservationRequest, mappings: Listed): CheckoutLine[] | Problem {
  const lines: CheckoutLine[] = []
  for (const { sku, quantity } of request.lines) {
    const found = mappings.get(sku)
    if (!found) return new Problem('unknown_sku', { sku })
    lines.push({ sku, quantity, variantId: found.variantId, unitsPerSale: found.unitsPerSale, slotId: found.slotId })
  }
  return lines
}

async function book(
  tx: Sql,
  ctx: ReserveContext,
  open: readonly (NewReservation & { index: number })[],
  kits: Kits,
  outcomes: Map<number, ReserveOutcome>,
  now: Date,
): Promise<void> {
  const variantIds = [
    ...new Set(
      open.flatMap(({ lines }) => lines.flatMap((one) => partsOf(kits, one.variantId))).map((p) => p.variantId),
    ),
  ]
  // Asked for together, answered in this order: levels first, then slots, then the parts that other kits need.
  const [stock, slots, recipes, components] = await Promise.all([
    lockStock(tx, variantIds),
    lockSlots(tx, { variantIds }),
    recipesOf(tx, variantIds),
    componentsOf(tx, variantIds),
  ])
  const claims = claimsInHand(slots.filter(isOurs).map((slot) => claimantOf(slot, recipes)))
  const owners = new Map<string, PromiseOwner>()
  const held: NewReservation[] = []
  for (const { index, row, lines } of open) {
    const claimed = (variantId: string) =>
      components.get(variantId)?.mode === 'guarded' ? claims.ofOthers(variantId, row.accountId) : 0
    const decision = decideCheckout(stock, { reservationId: row.id, lines }, kits, now, ctx.newId, claimed)
    if ('lacking' in decision) {
      outcomes.set(index, refused(decision.lacking))
      continue
    }
    for (const { id, perSale, slotId } of decision.promises) owners.set(id, { reservationId: row.id, slotId, perSale })
    for (const { slotId, quantity } of lines) if (slotId) claims.sold(slotId, quantity)
    held.push({ row, lines })
    outcomes.set(index, row)
  }
  if (held.length === 0) return
  await insertReservations(
    tx,
    held.map(({ row }) => row),
    now,
  )
  const change = stock.change()
  await saveStock(tx, change, { now, newId: ctx.newId, actor: 'checkout', owners })
  // The store lowers itself: the reservation is the sale. It lies after everything confirmed before it.
  const placedAt = new Date(now.getTime() + 1)
  const sales = held.flatMap(({ lines }) =>
    lines.flatMap(({ slotId, quantity }) =>
      slotId ? [{ slotId, quantity, restocked: 0, placedAt, isSure: true, isLate: false }] : [],
    ),
  )
  await saveChangedSlots(tx, ctx, slots, sales, now)
}

function claimantOf(slot: SlotRow, recipes: ReadonlyMap<string, Recipe>): Claimant {
  const parts = slot.variantId ? (recipes.get(slot.variantId)?.parts ?? []) : []
  const takes = new Map(parts.map((part) => [part.variantId, part.quantity * slot.unitsPerSale]))
  return { slotId: slot.id, accountId: slot.accountId, claim: slot.claim.claim, takes }
}

function refused(lines: readonly Lacking[]): Problem {
  const { sku, requested, available } = lines[0]!
  return new Problem('insufficient_stock', { lines, sku, requested, available })
}
