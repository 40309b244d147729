/**
 * Order intake: what a page of orders does to the order book, to stock and to the slots they were sold from.
 * Pure: it is given what is known and answers what must be written. Any order of arrival, any repetition, ends in
 * the state of the newest versions.
 */
import { leftBefore } from './counts.ts'
import { type Kits, partsOf } from './kits.ts'
import {
  type FulfilledBy,
  freshness,
  type IncomingLine,
  type IncomingOrder,
  isTransition,
  type LineTarget,
  lineSteps,
  lineTarget,
  type OrderState,
} from './orders.ts'
import { lateEvents, type SlotSale, slotSale } from './slot-sales.ts'
import type { Stock } from './stock.ts'
import { compareText, type NewId } from './values.ts'

export interface KnownLine {
  id: string
  remoteId: string
  variantId: string | null
  unitsPerSale: number
  slotId: string | null
  quantity: number
  canceled: number
  /** Units of the variant that left for this line. */
  shippedUnits: number
  /** What it took of each part; a variant that is no kit is its own only part. Kept as promised when the kit changes. */
  promises: readonly LinePromise[]
}

/** The promise of one part of an order line. */
export interface LinePromise {
  id: string
  variantId: string
  /** Units of the part that one sale of the line takes. */
  perSale: number
}

export interface KnownOrder {
  id: string
  remoteId: string
  updatedAt: Date
  state: OrderState
  fulfilledBy: FulfilledBy
  /** Shipped before the account was opened here: it never moves stock (S13). */
  beforeOpening: boolean
  lines: readonly KnownLine[]
}

/** What a remote SKU of the account stands for. */
export interface Mapping {
  variantId: string
  unitsPerSale: number
  slotId: string | null
  /** Who fulfills orders of this listing where the order itself does not say. */
  fulfilledBy: FulfilledBy
}

/** A checkout's reservation line that an order may bring along. */
export interface HeldLine {
  id: string
  variantId: string
  quantity: number
}

export interface IntakeInput {
  orders: readonly IncomingOrder[]
  known: ReadonlyMap<string, KnownOrder>
  mappings: ReadonlyMap<string, Mapping>
  /** The kits among the variants of mappings and known lines. */
  kits: Kits
  /** By remote order id: the reservation lines of its checkout. */
  held: ReadonlyMap<string, readonly HeldLine[]>
  openedAt: Date
  /** Orders of the account were known up to here before this page; null where nothing was promised. */
  knownUntil: Date | null
  /** Whatever the account tells was sold lowered its slot there. */
  lowersItself: boolean
  /** By variant, when its shelves were counted: goods that left before are not in the books (S13). */
  countedAt?: ReadonlyMap<string, Date>
  now: Date
  newId: NewId
}

/** An order of which it is settled who fulfills it. */
export type DecidedOrder = IncomingOrder & { fulfilledBy: FulfilledBy }

export interface OrderWrite {
  id: string
  isNew: boolean
  order: DecidedOrder
  /** Null where nothing of the order's state was known before. */
  from: OrderState | null
  beforeOpening: boolean
  /** When its goods left, as far as the version says. */
  leftAt: Date
}

export interface LineWrite extends KnownLine {
  orderId: string
  isNew: boolean
  line: IncomingLine
  promises: LinePromise[]
}

export interface OrderEvent {
  orderId: string
  kind: 'imported' | 'changed' | 'canceled' | 'shipped' | 'unknown-sku' | 'short' | 'odd-step' | 'found' | 'late-sale'
  data: Record<string, string | number | null>
}

export interface IntakePlan {
  orders: OrderWrite[]
  lines: LineWrite[]
  events: OrderEvent[]
  sales: SlotSale[]
  /** New promises, by reservation line id, and the order line they belong to. */
  promisedFor: Map<string, { orderLineId: string; perSale: number }>
  counts: { new: number; changed: number; same: number; older: number }
}

/** Of several versions of one order in a page only the newest counts; ties keep the later one in the page. */
export function newestVersions(orders: readonly IncomingOrder[]): IncomingOrder[] {
  const newest = new Map<string, IncomingOrder>()
  for (const order of orders) {
    const seen = newest.get(order.remoteId)
    if (freshness(seen, order) !== 'older') newest.set(order.remoteId, order)
  }
  // A fixed order of keys: two imports that meet never wait for each other in a circle.
  return [...newest.values()].sort((a, b) => compareText(a.remoteId, b.remoteId))
}

/** Remote SKUs and order ids that must be loaded before `planIntake`. */
export function neededFor(orders: readonly IncomingOrder[]): { remoteIds: string[]; remoteSkus: string[] } {
  const skus = new Set<string>()
  for (const order of orders) for (const line of order.lines) if (line.remoteSku !== null) skus.add(line.remoteSku)
  return { remoteIds: orders.map((order) => order.remoteId), remoteSkus: [...skus].sort(compareText) }
}

/** The orders of a page that say something new, oldest sale first: the earlier buyer gets the scarce unit. */
export function freshOrders(orders: readonly IncomingOrder[], known: ReadonlyMap<string, KnownOrder>) {
  return newestVersions(orders)
    .map((order) => ({ order, fresh: freshness(known.get(order.remoteId), order) }))
    .sort(
      (a, b) =>
        a.order.placedAt.getTime() - b.order.placedAt.getTime() || compareText(a.order.remoteId, b.order.remoteId),
    )
}

/** Plans the page on a working copy of the stock it touches; `stock.change()` then holds the ledger's part. */
export function planIntake(input: IntakeInput, stock: Stock): IntakePlan {
  const plan: IntakePlan = {
    orders: [],
    lines: [],
    events: [],
    sales: [],
    promisedFor: new Map(),
    counts: { new: 0, changed: 0, same: 0, older: 0 },
  }
  for (const { order, fresh } of freshOrders(input.orders, input.known)) {
    if (fresh === 'same' || fresh === 'older') {
      plan.counts[fresh] += 1
      continue
    }
    const known = input.known.get(order.remoteId)
    plan.counts[known ? 'changed' : 'new'] += 1
    planOrder({ ...order, fulfilledBy: fulfillerOf(order, known, input) }, known, input, stock, plan)
  }
  return plan
}

/** Who fulfills: the order says, or its earlier version did, or all of its listings are the channel's to fulfill. */
function fulfillerOf(order: IncomingOrder, known: KnownOrder | undefined, { mappings }: IntakeInput): FulfilledBy {
  if (order.fulfilledBy) return order.fulfilledBy
  if (known) return known.fulfilledBy
  const byChannel = (sku: string | null) => sku !== null && mappings.get(sku)?.fulfilledBy === 'channel'
  return order.lines.length > 0 && order.lines.every((line) => byChannel(line.remoteSku)) ? 'channel' : 'merchant'
}

function planOrder(
  order: DecidedOrder,
  known: KnownOrder | undefined,
  input: IntakeInput,
  stock: Stock,
  plan: IntakePlan,
) {
  const orderId = known?.id ?? input.newId()
  const beforeOpening = known?.beforeOpening ?? (order.state === 'shipped' && order.placedAt < input.openedAt)
  const leftAt = order.shippedAt ?? order.updatedAt
  plan.orders.push({ id: orderId, isNew: !known, order, from: known?.state ?? null, beforeOpening, leftAt })
  plan.events.push(stateEvent(orderId, order, known))
  if (known && !isTransition(known.state, order.state)) {
    plan.events.push({ orderId, kind: 'odd-step', data: { from: known.state, to: order.state } })
  }
  const held = [...(input.held.get(order.remoteId) ?? [])]
  const given = new Map(order.lines.map((line) => [line.remoteId, line]))
  for (const line of order.lines) {
    const before = known?.lines.find((one) => one.remoteId === line.remoteId)
    planLine({ order, orderId, known, line, before, beforeOpening, isNewOrder: !known, held, input, stock, plan })
  }
  // A version without a line we know: the channel dropped it, so it promises nothing any more.
  for (const before of known?.lines ?? []) {
    if (given.has(before.remoteId)) continue
    const gone: IncomingLine = {
      remoteId: before.remoteId,
      remoteSku: null,
      title: '',
      quantity: before.quantity,
      shipped: 0,
      canceled: before.quantity,
      unitPrice: null,
    }
    planLine({ order, orderId, known, line: gone, before, beforeOpening, isNewOrder: false, held, input, stock, plan })
  }
  // Units of the checkout that no line took are free again, unless a line is unknown: they may be its own.
  const isComplete = order.lines.every((line) => line.remoteSku !== null && input.mappings.has(line.remoteSku))
  if (isComplete) for (const line of held) stock.release(line.id, line.quantity, `order:${orderId}:unused:${line.id}`)
}

function stateEvent(orderId: string, order: IncomingOrder, known: KnownOrder | undefined): OrderEvent {
  const kind =
    order.state === 'canceled' ? 'canceled' : order.state === 'shipped' ? 'shipped' : known ? 'changed' : 'imported'
  return {
    orderId,
    kind,
    data: { from: known?.state ?? null, to: order.state, placedAt: order.placedAt.toISOString() },
  }
}

interface LinePlan {
  order: DecidedOrder
  orderId: string
  known: KnownOrder | undefined
  line: IncomingLine
  before: KnownLine | undefined
  beforeOpening: boolean
  isNewOrder: boolean
  /** Reservation lines of the order's checkout that no line took yet; taken ones are removed. */
  held: HeldLine[]
  input: IntakeInput
  stock: Stock
  plan: IntakePlan
}

function planLine({
  order,
  orderId,
  known,
  line,
  before,
  beforeOpening,
  isNewOrder,
  held,
  input,
  stock,
  plan,
}: LinePlan) {
  const mapping = line.remoteSku === null ? undefined : input.mappings.get(line.remoteSku)
  const variantId = before?.variantId ?? mapping?.variantId ?? null
  const unitsPerSale = before?.variantId ? before.unitsPerSale : (mapping?.unitsPerSale ?? 1)
  const slotId = before?.slotId ?? mapping?.slotId ?? null
  const id = before?.id ?? input.newId()
  const write: LineWrite = {
    id,
    orderId,
    isNew: !before,
    line,
    remoteId: line.remoteId,
    variantId,
    unitsPerSale,
    slotId,
    quantity: line.quantity,
    canceled: line.canceled,
    shippedUnits: before?.shippedUnits ?? 0,
    promises: [...(before?.promises ?? [])],
  }
  plan.lines.push(write)
  // A count of the variant knows better than the account's opening what had left; of a known order it decided before.
  const countedAt = variantId === null ? undefined : input.countedAt?.get(variantId)
  const leftAt = order.shippedAt ?? order.updatedAt
  if (beforeOpening && (!isNewOrder || countedAt === undefined || leftBefore(leftAt, countedAt))) return
  // A line that held units before it turned out to be the channel's gives them back.
  if (order.fulfilledBy === 'channel' && write.promises.length === 0) return
  if (!variantId) {
    if (!before) plan.events.push({ orderId, kind: 'unknown-sku', data: { sku: line.remoteSku, line: line.remoteId } })
    return
  }
  const parts: readonly (Omit<LinePromise, 'id'> & { id?: string })[] =
    write.promises.length > 0
      ? [...write.promises]
      : partsOf(input.kits, variantId).map((part) => ({ ...part, perSale: part.quantity * unitsPerSale }))
  // What the order's checkout holds for this line, by part.
  const bound = before ? new Map<string, HeldLine>() : takeHeld(held, parts, line.quantity)
  const sale = slotSale({
    order,
    known,
    line,
    before,
    boundSales: salesOf(parts, bound),
    slotId,
    knownUntil: input.knownUntil,
    isSure: input.lowersItself,
  })
  if (sale) plan.sales.push({ ...sale, orderId, changedAt: order.updatedAt })
  if (sale?.isLate) plan.events.push(...lateEvents(orderId, line, sale, input.knownUntil))
  const soldBefore = write.shippedUnits / unitsPerSale
  for (const part of parts)
    bookPart({ order, line, write, part, soldBefore, bound: bound.get(part.variantId), leftAt, input, stock, plan })
  write.shippedUnits = Math.max(write.shippedUnits, lineTarget(order, line, unitsPerSale).shipped)
}

/** Whole sales that the checkout's lines stand for; none where it held nothing for the line. */
function salesOf(parts: readonly { variantId: string; perSale: number }[], bound: ReadonlyMap<string, HeldLine>) {
  if (bound.size === 0) return 0
  return Math.min(...parts.map((part) => Math.floor(bound.get(part.variantId)!.quantity / part.perSale)))
}

/** Books what brings one part to its target; every cause names the order's version, so a repeat cannot book twice. */
function bookPart(one: {
  order: DecidedOrder
  line: IncomingLine
  write: LineWrite
  part: { id?: string; variantId: string; perSale: number }
  /** Sales of the line that had left before this version. */
  soldBefore: number
  bound: HeldLine | undefined
  leftAt: Date
  input: IntakeInput
  stock: Stock
  plan: IntakePlan
}) {
  const { order, line, write, part, soldBefore, bound, leftAt, input, stock, plan } = one
  const { variantId, perSale } = part
  let id = part.id ?? bound?.id
  if (bound) join(write, { id: bound.id, variantId, perSale }, plan)
  const holds: LineTarget = {
    open: (id ? stock.promiseOf(id)?.quantity : undefined) ?? bound?.quantity ?? 0,
    shipped: soldBefore * perSale,
  }
  const target = lineTarget(order, line, perSale)
  // Cancellations of one second differ by how much is canceled.
  const version = `${order.updatedAt.getTime()}:${order.state}:${line.canceled}`
  const cause = (step: string) => `line:${write.id}:${version}:${step}`
  if (target.shipped > holds.shipped && leftBefore(leftAt, input.countedAt?.get(variantId))) {
    // The count did not find these units: their promise ends, and nothing leaves the shelf a second time.
    const promised = Math.min(target.shipped - holds.shipped, holds.open)
    if (promised > 0) stock.release(id!, promised, cause('gone'))
    holds.open -= promised
    holds.shipped = target.shipped
  }
  const steps = lineSteps(holds, target)
  // Goods that left without ever having been promised here are promised and shipped in one go.
  if (steps.promise > 0) {
    const before = id ? (stock.promiseOf(id)?.short ?? 0) : 0
    if (!id) {
      id = input.newId()
      join(write, { id, variantId, perSale }, plan)
    }
    stock.promise({ id, variantId, promisedAt: order.placedAt }, steps.promise, cause('promise'))
    const short = (stock.promiseOf(id)?.short ?? 0) - before
    if (short > 0)
      plan.events.push({ orderId: write.orderId, kind: 'short', data: { line: line.remoteId, units: short } })
  }
  if (steps.ship > 0) {
    const { found } = stock.ship(id!, steps.ship, cause('ship'), leftAt)
    if (found > 0)
      plan.events.push({ orderId: write.orderId, kind: 'found', data: { line: line.remoteId, units: found } })
  }
  if (steps.release > 0) stock.release(id!, steps.release, cause('release'))
}

function join(write: LineWrite, promise: LinePromise, plan: IntakePlan): void {
  write.promises.push(promise)
  plan.promisedFor.set(promise.id, { orderLineId: write.id, perSale: promise.perSale })
}

/** Takes the checkout's lines for one order line, by part: those of the same quantity first; for every part or for none. */
function takeHeld(
  held: HeldLine[],
  parts: readonly { variantId: string; perSale: number }[],
  quantity: number,
): Map<string, HeldLine> {
  const found = new Map<string, HeldLine>()
  for (const { variantId, perSale } of parts) {
    const ofPart = held.filter((one) => one.variantId === variantId)
    const line = ofPart.find((one) => one.quantity === quantity * perSale) ?? ofPart[0]
    if (!line) return new Map()
    found.set(variantId, line)
  }
  for (const line of found.values()) held.splice(held.indexOf(line), 1)
  return found
}
