/** Books stock counts, set-based: an absolute number at a time becomes the difference to the books. */
import {
  countsOf,
  type LateLine,
  lateLines,
  type MovedSince,
  markShipped,
  movedSince,
  type StoredCount,
  saveCounts,
} from '../database/counts.ts'
import { kitsAmong } from '../database/kits.ts'
import type { Sql } from '../database/pool.ts'
import { lockStock, type PromiseOwner, saveStock } from '../database/stock.ts'
import { settleCount } from '../domain/counts.ts'
import type { CountRow, RowFault } from '../domain/import-rows.ts'
import type { Kits } from '../domain/kits.ts'
import type { Stock } from '../domain/stock.ts'
import { compareText } from '../domain/values.ts'
import type { Context } from './context.ts'
import { noteOversold } from './import-orders.ts'
import type { RowResult } from './imports/results.ts'
import { refreshSlots } from './refresh-slots.ts'

interface Place {
  variantId: string
  locationId: string
  onHand: number
  unsellable: number
  allocated: number
}

interface Known {
  variants: Map<string, string>
  kits: Kits
  locations: Map<string, string>
  /** Locations in the order in which shipments draw from them. */
  order: string[]
  places: Map<string, Place>
  counts: Map<string, StoredCount>
}

/** A row whose variant and location are known. */
interface Counted {
  index: number
  row: CountRow
  variantId: string
  locationId: string
  place: Place
}

interface Step {
  variantId: string
  locationId: string
  onHand: number
  unsellable: number
  countedAt: Date
  cause: string
}

interface Plan {
  results: RowResult[]
  steps: Step[]
  counts: (StoredCount & { cause: string })[]
  late: LateLine[]
}

const at = (variantId: string, locationId: string) => `${variantId} ${locationId}`
const timeKey = (variantId: string, time: Date) => `${variantId} ${time.getTime()}`

/**
 * Books the counts, or with `dry` only tells what they would change. `causes`: unique for each row, so that no row is
 * ever booked twice.
 */
export async function countStock(
  tx: Sql,
  ctx: Pick<Context, 'clock' | 'newId' | 'registry'>,
  rows: readonly CountRow[],
  causes: readonly string[],
  options: { dry: boolean; actor: string },
): Promise<RowResult[]> {
  const variants = await variantsOf(
    tx,
    rows.map((row) => row.sku),
  )
  // Orders first, then levels: the order of locks everywhere.
  const stamps = distinctStamps(rows, variants)
  const late = await lateLines(tx, stamps, { lock: !options.dry })
  const stock = options.dry
    ? undefined
    : await lockStock(tx, [...variants.values()], { places: true, allPromises: true })
  const known = await load(tx, variants)
  const moved = await movedSince(tx, stamps)
  const plan = planCounts(rows, causes, known, moved, late, ctx.clock.now())
  if (stock) await book(tx, ctx, stock, plan, options.actor)
  return plan.results
}

async function variantsOf(tx: Sql, skus: readonly string[]): Promise<Map<string, string>> {
  const rows = await tx.rows<{ id: string; sku: string }>('select id, sku from variants where sku = any($1)', [
    [...new Set(skus)],
  ])
  return new Map(rows.map((row) => [row.sku, row.id]))
}

function distinctStamps(rows: readonly CountRow[], variants: ReadonlyMap<string, string>) {
  const stamps = new Map<string, { variantId: string; at: Date }>()
  for (const row of rows) {
    const variantId = variants.get(row.sku)
    if (variantId) stamps.set(timeKey(variantId, row.countedAt), { variantId, at: row.countedAt })
  }
  return [...stamps.values()]
}

async function load(tx: Sql, variants: Map<string, string>): Promise<Known> {
  const ids = [...variants.values()]
  const locations = await tx.rows<{ id: string; code: string }>(
    `select id, code from locations where kind in ('own', 'third-party') order by priority, code`,
  )
  const places = await tx.rows<Place>(
    `select variant_id as "variantId", location_id as "locationId", on_hand as "onHand", unsellable, allocated
     from stock_levels where variant_id = any($1::uuid[])`,
    [ids],
  )
  const counts = await countsOf(tx, ids)
  return {
    variants,
    kits: await kitsAmong(tx, ids),
    locations: new Map(locations.map((row) => [row.code, row.id])),
    order: locations.map((row) => row.id),
    places: new Map(places.map((place) => [at(place.variantId, place.locationId), place])),
    counts: new Map(counts.map((count) => [at(count.variantId, count.locationId), count])),
  }
}

const bad = (code: RowFault['code'], params: RowFault['params']): RowResult => ({
  result: 'bad',
  faults: [{ code, params }],
})

function planCounts(
  rows: readonly CountRow[],
  causes: readonly string[],
  known: Known,
  moved: readonly MovedSince[],
  late: readonly LateLine[],
  now: Date,
): Plan {
  const plan: Plan = { results: [], steps: [], counts: [], late: [] }
  const groups = new Map<string, Counted[]>()
  rows.forEach((row, index) => {
    const found = judge(row, known, now)
    if ('result' in found) {
      plan.results[index] = found
      return
    }
    const key = timeKey(found.variantId, row.countedAt)
    groups.set(key, [...(groups.get(key) ?? []), { index, row, ...found }])
  })
  const since = new Map(moved.map((one) => [`${timeKey(one.variantId, one.at)} ${one.locationId}`, one]))
  for (const [key, group] of groups) {
    const lines = late.filter(
      (line) => line.variantId === group[0]!.variantId && line.leftAt >= group[0]!.row.countedAt,
    )
    planVariant(key, group, causes, known, since, lines, plan)
  }
  return plan
}

function judge(row: CountRow, known: Known, now: Date): RowResult | Omit<Counted, 'index' | 'row'> {
  const variantId = known.variants.get(row.sku)
  const locationId = known.locations.get(row.location)
  if (!variantId) return bad('unknown_sku', { sku: row.sku })
  if (known.kits.has(variantId)) return bad('kit_counted', { sku: row.sku })
  if (!locationId) return bad('unknown_location', { location: row.location })
  if (row.countedAt > now) return bad('count_ahead', { at: row.countedAt.toISOString() })
  const place = known.places.get(at(variantId, locationId)) ?? {
    variantId,
    locationId,
    onHand: 0,
    unsellable: 0,
    allocated: 0,
  }
  const before = known.counts.get(at(variantId, locationId))
  if (before && before.countedAt > row.countedAt)
    return bad('older_count', { at: before.countedAt.toISOString(), counted: row.countedAt.toISOString() })
  const isSame =
    before?.countedAt.getTime() === row.countedAt.getTime() &&
    before.onHand === row.quantity &&
    before.unsellable === row.unsellable
  if (isSame) return { result: 'same', before: place.onHand, after: place.onHand }
  const unsellable = row.unsellable ?? place.unsellable
  if (unsellable + place.allocated > row.quantity)
    return bad('below_unsellable', { quantity: row.quantity, unsellable, allocated: place.allocated })
  return { variantId, locationId, place }
}

/** All locations of one variant that were counted at the same moment are settled together, whichever file they came in. */
function planVariant(
  key: string,
  group: readonly Counted[],
  causes: readonly string[],
  known: Known,
  since: ReadonlyMap<string, MovedSince>,
  late: readonly LateLine[],
  plan: Plan,
): void {
  const { variantId, row: first } = group[0]!
  const rowAt = new Map(group.map((one) => [one.locationId, one]))
  const places = known.order.flatMap((locationId) => {
    const row = rowAt.get(locationId)
    const stored = known.counts.get(at(variantId, locationId))
    const isPart = row || stored?.countedAt.getTime() === first.countedAt.getTime()
    if (!isPart) return []
    const place = row?.place ?? known.places.get(at(variantId, locationId))!
    const moved = since.get(`${key} ${locationId}`)
    const unsellable = row?.row.unsellable ?? place.unsellable
    const counted = row?.row.quantity ?? stored!.onHand
    const floor = unsellable + place.allocated
    return [
      { locationId, row, place, unsellable, counted, floor, shipped: moved?.shipped ?? 0, other: moved?.other ?? 0 },
    ]
  })
  const settled = settleCount(places)
  const lateUnits = late.reduce((sum, line) => sum + line.units, 0)
  const shown = settleCount(
    places.map((place, n) => (n === 0 ? { ...place, shipped: place.shipped + lateUnits } : place)),
  )
  const low = places.findIndex((place, n) => settled[n]! < place.floor)
  if (low >= 0) {
    const { unsellable, place } = places[low]!
    const params = { quantity: settled[low]!, unsellable, allocated: place.allocated }
    for (const one of group) plan.results[one.index] = bad('below_unsellable', params)
    return
  }
  const cause = causes[group[0]!.index]!
  places.forEach((place, n) => {
    const onHand = settled[n]! - place.place.onHand
    const unsellable = place.unsellable - place.place.unsellable
    const own = place.row ? causes[place.row.index]! : cause
    if (onHand !== 0 || unsellable !== 0)
      plan.steps.push({
        variantId,
        locationId: place.locationId,
        onHand,
        unsellable,
        countedAt: first.countedAt,
        cause: own,
      })
    if (!place.row) return
    const { row, index } = place.row
    const isChange = shown[n] !== place.place.onHand || unsellable !== 0
    const result = !isChange ? 'same' : known.places.has(at(variantId, place.locationId)) ? 'changed' : 'new'
    plan.results[index] = { result, before: place.place.onHand, after: shown[n]! }
    const { quantity: counted, unsellable: apart, countedAt } = row
    plan.counts.push({
      variantId,
      locationId: place.locationId,
      countedAt,
      onHand: counted,
      unsellable: apart,
      cause: own,
    })
  })
  plan.late.push(...late)
}

async function book(
  tx: Sql,
  ctx: Pick<Context, 'clock' | 'newId' | 'registry'>,
  stock: Stock,
  plan: Plan,
  actor: string,
): Promise<void> {
  const now = ctx.clock.now()
  await saveCounts(tx, plan.counts)
  const late = [...new Map(plan.late.map((line) => [line.id, line])).values()]
  if (plan.steps.length === 0 && late.length === 0) return
  // More units first: a count that moves units from one shelf to another must not leave promises short in between.
  for (const step of [...plan.steps].sort((a, b) => b.onHand - a.onHand || compareText(a.cause, b.cause)))
    stock.adjust(
      'adjustment',
      step.variantId,
      step.locationId,
      { onHand: step.onHand, unsellable: step.unsellable },
      step.cause,
      'count',
      step.countedAt,
    )
  const owners = new Map<string, PromiseOwner>()
  for (const line of late) {
    const id = ctx.newId()
    owners.set(id, { orderLineId: line.id, perSale: line.unitsPerSale })
    stock.promise(
      { id, variantId: line.variantId, promisedAt: line.placedAt },
      line.units,
      `line:${line.id}:count:promise`,
    )
    stock.ship(id, line.units, `line:${line.id}:count:ship`, line.leftAt)
  }
  await markShipped(tx, late)
  const orderOf = new Map(late.map((line) => [line.id, line.orderId]))
  const change = stock.change()
  await saveStock(tx, change, {
    now,
    newId: ctx.newId,
    actor,
    owners,
    orderOf: ({ cause }) => orderOf.get(cause.split(':')[1] ?? '') ?? null,
  })
  await refreshSlots(tx, ctx, [...change.levels.keys()], [], now)
  await noteOversold(tx, ctx, change.levels, now)
}
