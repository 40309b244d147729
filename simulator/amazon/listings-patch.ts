import * as z from 'zod'
import type { Market } from '../core.ts'
import { findEffect, logEffect } from '../effects.ts'
import { fires } from '../faults.ts'
import { BadRequest, floorSecond } from '../http.ts'
import type { AmazonItem, Effect } from '../state.ts'
import { amazonAnswer } from './answers.ts'
import { setQuantity } from './items.ts'
import { findListing, notListed, readMarketplaces } from './listings-read.ts'

export const patchBody = z.object({
  productType: z.string().min(1),
  patches: z
    .array(
      z.object({
        op: z.enum(['add', 'replace', 'merge', 'delete']),
        path: z.string().startsWith('/attributes/'),
        value: z.array(z.record(z.string(), z.unknown())).optional(),
      }),
    )
    .min(1),
})
type Patch = z.infer<typeof patchBody>['patches'][number]

export interface Issue {
  code: string
  message: string
  severity: 'ERROR'
  attributeNames: string[]
  categories: string[]
}

type WriteOperation = 'patchListingsItem' | 'JSON_LISTINGS_FEED'

/** What one accepted patch will do. */
export type Change = Pick<Effect, 'quantity' | 'leadTimeDays' | 'price'>

/**
 * patchListingsItem (models listingsItems_2021-08-01). A body of the wrong shape is a 400; wrong values are a 200 with
 * status INVALID; ACCEPTED only says that the change is queued (facts §6).
 */
export function patchListing(market: Market, sku: string, query: URLSearchParams, body: unknown): Response {
  const marketplaceIds = readMarketplaces(market, query)
  const mode = query.get('mode')
  if (mode !== null && mode !== 'VALIDATION_PREVIEW') throw new BadRequest(`Unknown mode '${mode}'.`)
  const parsed = patchBody.safeParse(body)
  if (!parsed.success) {
    const problem = parsed.error.issues[0]!
    throw new BadRequest(`The request body is not valid: ${problem.path.join('.') || 'body'}: ${problem.message}.`)
  }
  const item = findListing(market, sku, marketplaceIds)
  if (!item) return notListed(market, sku, marketplaceIds)
  const { changes, issues } = readPatches(item, parsed.data.patches)
  const submissionId = market.random('ids').uuid().replaceAll('-', '')
  const answer = (status: string) => amazonAnswer(market, 'patchListingsItem', { sku, status, submissionId, issues })
  if (issues.length > 0) return answer('INVALID')
  if (mode) return answer('VALID')
  for (const change of changes) queueEffect(market, item, change)
  return answer('ACCEPTED')
}

/** What the patches will do, and what is wrong with them; the message of a feed is read the same way. */
export function readPatches(item: AmazonItem, patches: readonly Patch[]): { changes: Change[]; issues: Issue[] } {
  const readings = patches.map((patch) => readPatch(item, patch))
  return {
    changes: readings.flatMap((reading) => ('change' in reading ? [reading.change] : [])),
    issues: readings.flatMap((reading) => ('issue' in reading ? [reading.issue] : [])),
  }
}

function readPatch(item: AmazonItem, patch: Patch): { change: Change } | { issue: Issue } {
  const attribute = patch.path.slice('/attributes/'.length)
  if (attribute === 'fulfillment_availability') return readAvailability(item, patch)
  if (attribute === 'purchasable_offer') return readOffer(item, patch)
  return { issue: issue('90000900', `The attribute '${attribute}' is not valid.`, attribute, 'INVALID_ATTRIBUTE') }
}

/** `merge` keeps what the value does not name; `replace` and `add` put the value in the place of the whole entry. */
function readAvailability(item: AmazonItem, patch: Patch): { change: Change } | { issue: Issue } {
  const name = 'fulfillment_availability'
  if (patch.op === 'delete') return { change: { quantity: null, leadTimeDays: null } }
  const entry = patch.value?.[0]
  if (!entry || patch.value!.length > 1) {
    return { issue: issue('90220', `'${name}' takes exactly one entry here.`, name, 'MISSING_ATTRIBUTE') }
  }
  const code = entry.fulfillment_channel_code
  if (code === undefined) {
    const message = `'fulfillment_channel_code' is required but not supplied.`
    return { issue: issue('90220', message, name, 'MISSING_ATTRIBUTE') }
  }
  if (code !== 'DEFAULT') {
    const message = `'${String(code)}' is not a fulfillment channel that the seller can write.`
    return { issue: issue('90244', message, name, 'INVALID_ATTRIBUTE') }
  }
  const { quantity, lead_time_to_ship_max_days: lead } = entry
  const whole = (value: unknown): value is number => Number.isInteger(value) && (value as number) >= 0
  if ((quantity !== undefined && !whole(quantity)) || (quantity === undefined && patch.op !== 'merge')) {
    return { issue: issue('90225', `'quantity' must be a whole number of 0 or more.`, name, 'INVALID_ATTRIBUTE') }
  }
  if (lead !== undefined && !whole(lead)) {
    return { issue: issue('90225', `'lead_time_to_ship_max_days' must be a whole number.`, name, 'INVALID_ATTRIBUTE') }
  }
  const change: Change = {}
  if (quantity !== undefined) change.quantity = quantity as number
  else if (item.quantity === null) change.quantity = 0
  if (whole(lead)) change.leadTimeDays = lead
  // The trap: what replace does not name is gone (facts §6).
  else if (patch.op !== 'merge') change.leadTimeDays = null
  return { change }
}

const offerValue = z.object({
  marketplace_id: z.string().optional(),
  currency: z.string(),
  our_price: z.tuple([z.object({ schedule: z.tuple([z.object({ value_with_tax: z.number().positive() })]) })]),
})

/** One price for all marketplaces of a listing: enough for what is tested with it. */
function readOffer(item: AmazonItem, patch: Patch): { change: Change } | { issue: Issue } {
  const offer = offerValue.safeParse(patch.value?.[0])
  if (patch.op === 'delete' || !offer.success || offer.data.currency !== item.currency) {
    const message = `'purchasable_offer' is not valid for this listing.`
    return { issue: issue('90000900', message, 'purchasable_offer', 'INVALID_PRICE') }
  }
  const amount = offer.data.our_price[0].schedule[0].value_with_tax
  return { change: { price: Math.round(amount * (item.currency === 'JPY' ? 1 : 100)) } }
}

function issue(code: string, message: string, attribute: string, category: string): Issue {
  return { code, message, severity: 'ERROR', attributeNames: [attribute], categories: [category] }
}

/** How long a write takes to reach the buyers; without a tail one draw, as ever. */
function effectDelay(market: Market): number {
  const random = market.random('effects')
  const { min, max, tail = max, tailShare = 0 } = market.settings.effectMs
  const usual = random.between(min, max)
  return tailShare > 0 && random.chance(tailShare) ? random.between(max, tail) : usual
}

/**
 * Queues the change; changes of one listing take effect in the order they came, unless a fault reorders them. The
 * message of a feed comes when the feed is worked on, so an older value may come after a newer call.
 */
export function queueEffect(
  market: Market,
  item: AmazonItem,
  change: Change,
  { operation = 'patchListingsItem', at = market.now() }: { operation?: WriteOperation; at?: number } = {},
): void {
  const { settings } = market
  const isCall = operation === 'patchListingsItem'
  const outOfOrder = isCall && fires(market.core, market.name, operation, 'reorder') !== null
  const drawn = at + effectDelay(market)
  const dueAt = outOfOrder ? drawn + 3 * settings.effectMs.max : Math.max(drawn, item.effectsUntil)
  const lost = settings.lostShare > 0 && market.random('effects').chance(settings.lostShare)
  if (!outOfOrder && !lost) item.effectsUntil = dueAt
  addEffect(market, at, {
    operation,
    sku: item.sku,
    ...change,
    dueAt,
    outOfOrder,
    ...(lost ? { refused: 'lost' } : {}),
  })
  if (isCall && fires(market.core, market.name, operation, 'duplicate')) {
    const { min, max } = settings.effectMs
    const again = dueAt + market.random('effects').between(min, 3 * max)
    addEffect(market, at, { operation, sku: item.sku, ...change, dueAt: again, outOfOrder: true })
  }
}

function addEffect(market: Market, at: number, planned: Omit<Effect, 'id' | 'at' | 'appliedAt'>): void {
  const id = market.nextId()
  logEffect(market.state.effects, { id, at, appliedAt: null, ...planned })
  market.touch()
  if (planned.refused !== undefined) return
  if (planned.dueAt <= at) applyEffect(market, id, at)
  else market.schedule(planned.dueAt, 'effect', String(id))
}

/** The write becomes visible to buyers: it overwrites what stands there, whatever was sold meanwhile. */
export function applyEffect(market: Market, id: number, at: number): void {
  const effect = findEffect(market.state.effects, id)
  const item = effect && market.state.items[effect.sku]
  if (!effect || !item || effect.appliedAt !== null) return
  effect.appliedAt = at
  if (effect.quantity !== undefined) setQuantity(item, effect.quantity)
  if (effect.leadTimeDays !== undefined) item.leadTimeDays = effect.leadTimeDays
  if (effect.price !== undefined) item.price = effect.price
  item.updatedAt = floorSecond(at)
  market.touch()
}
