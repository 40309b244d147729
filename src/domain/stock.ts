/**
 * The ledger's rules. A level is the sum of its movements (P-3); own decisions never take what is not there (P-1);
 * facts are always recorded, and what they leave uncovered becomes `short`.
 */
import { compareText } from './values.ts'

/** One variant over all own locations, in units. */
export interface PoolLevel {
  onHand: number
  unsellable: number
  reserved: number
  allocated: number
  /** Units sold that we do not have. More than 0 only while nothing is available. */
  short: number
}

/** One variant at one location. */
export interface PlaceLevel {
  locationId: string
  onHand: number
  unsellable: number
  allocated: number
}

/** An open promise: one reservation line. `quantity` counts what is neither shipped nor released, `short` its uncovered part. */
export interface StockPromise {
  id: string
  variantId: string
  quantity: number
  short: number
  promisedAt: Date
}

export type MovementKind =
  | 'receipt'
  | 'adjustment'
  | 'reservation'
  | 'allocation'
  | 'release'
  | 'shipment'
  | 'return'
  | 'transfer'

/** One signed line of the ledger: what it changes, and the one cause that made it. */
export interface Movement extends PoolLevel {
  variantId: string
  locationId: string | null
  kind: MovementKind
  /** Unique together with variant, location and kind: the same cause never moves stock twice. */
  cause: string
  note: string | null
  /** When it happened, where that is not the moment of booking. */
  effectiveAt?: Date
}

export interface StockState {
  levels: ReadonlyMap<string, PoolLevel>
  /** Per variant, the location that is drawn from first stands first. */
  places: ReadonlyMap<string, readonly PlaceLevel[]>
  /** All open promises of the variants whose promises can change (short ones, or where a fact lowers stock). */
  promises: readonly StockPromise[]
}

/** What must be written, and nothing else. */
export interface StockChange {
  movements: Movement[]
  levels: Map<string, PoolLevel>
  places: Map<string, PlaceLevel[]>
  promises: Map<string, StockPromise>
  /** Those of `promises` that did not exist before. */
  newPromises: Set<string>
}

/** Units free for a new promise. Never negative: a constraint holds P-1. */
export function available(level: PoolLevel): number {
  return level.onHand - level.unsellable - level.reserved - level.allocated
}

export const emptyLevel: PoolLevel = { onHand: 0, unsellable: 0, reserved: 0, allocated: 0, short: 0 }

/** Who is served first: the oldest promise; ids break ties so that every run decides alike. */
export function earlierPromise(a: StockPromise, b: StockPromise): number {
  return a.promisedAt.getTime() - b.promisedAt.getTime() || compareText(a.id, b.id)
}

export type Stock = ReturnType<typeof openStock>

/**
 * Opens a working copy of some variants' stock. Call the facts and decisions in order, then write `change()`
 * in the transaction that locked the levels.
 */
export function openStock(state: StockState) {
  const levels = new Map<string, PoolLevel>()
  const places = new Map<string, PlaceLevel[]>()
  const promises = new Map(state.promises.map((promise) => [promise.id, { ...promise }]))
  const existing = new Set(promises.keys())
  const touched = new Set<string>()
  const movements: Movement[] = []

  const levelOf = (variantId: string): PoolLevel => {
    let level = levels.get(variantId)
    if (!level) {
      level = { ...(state.levels.get(variantId) ?? emptyLevel) }
      levels.set(variantId, level)
    }
    return level
  }
  const placesOf = (variantId: string): PlaceLevel[] => {
    let list = places.get(variantId)
    if (!list) {
      list = (state.places.get(variantId) ?? []).map((place) => ({ ...place }))
      places.set(variantId, list)
    }
    return list
  }
  const placeOf = (variantId: string, locationId: string): PlaceLevel => {
    const list = placesOf(variantId)
    let place = list.find((one) => one.locationId === locationId)
    if (!place) {
      place = { locationId, onHand: 0, unsellable: 0, allocated: 0 }
      list.push(place)
    }
    return place
  }

  const move = (
    kind: MovementKind,
    variantId: string,
    cause: string,
    delta: Partial<PoolLevel>,
    locationId?: string,
    note?: string,
    effectiveAt?: Date,
  ) => {
    const full = { ...emptyLevel, ...delta }
    const level = levelOf(variantId)
    for (const key of Object.keys(full) as (keyof PoolLevel)[]) level[key] += full[key]
    if (locationId) {
      const place = placeOf(variantId, locationId)
      place.onHand += full.onHand
      place.unsellable += full.unsellable
      place.allocated += full.allocated
    }
    const when = effectiveAt ? { effectiveAt } : {}
    movements.push({ variantId, locationId: locationId ?? null, kind, cause, note: note ?? null, ...when, ...full })
  }
  const openPromises = (variantId: string) =>
    [...promises.values()].filter((promise) => promise.variantId === variantId && promise.quantity > 0)

  /** Free units go to the oldest short promise first. */
  const serveShort = (variantId: string, cause: string) => {
    const level = levelOf(variantId)
    if (level.short === 0) return
    for (const promise of openPromises(variantId)
      .filter((one) => one.short > 0)
      .sort(earlierPromise)) {
      const units = Math.min(promise.short, available(level))
      if (units <= 0) return
      promise.short -= units
      touched.add(promise.id)
      move('reservation', variantId, `${cause}:serve:${promise.id}`, { reserved: units, short: -units })
    }
  }
  /** A fact left fewer units than are promised: the latest promises lose theirs. */
  const makeShort = (variantId: string, missing: number, cause: string, keep?: string) => {
    const latestFirst = openPromises(variantId).sort((a, b) => earlierPromise(b, a))
    let open = missing
    for (const promise of latestFirst) {
      if (open === 0) return
      if (promise.id === keep) continue
      const units = Math.min(promise.quantity - promise.short, open)
      if (units === 0) continue
      promise.short += units
      open -= units
      touched.add(promise.id)
      move('release', variantId, `${cause}:short:${promise.id}`, { reserved: -units, short: units })
    }
    if (open > 0) throw new Error(`stock: ${open} units of ${variantId} are promised to no known line`)
  }

  return {
    /** Units free right now, this working copy's changes included. */
    available: (variantId: string) => available(levelOf(variantId)),
    level: (variantId: string): Readonly<PoolLevel> => levelOf(variantId),
    place: (variantId: string, locationId: string): Readonly<PlaceLevel> => placeOf(variantId, locationId),

    /** An own decision: promises only what is free. Answers false and changes nothing where it is not. */
    tryPromise(line: { id: string; variantId: string; promisedAt: Date }, quantity: number, cause: string): boolean {
      if (available(levelOf(line.variantId)) < quantity) return false
      promises.set(line.id, { ...line, quantity, short: 0 })
      touched.add(line.id)
      move('reservation', line.variantId, cause, { reserved: quantity })
      return true
    },

    /** A fact: a channel sold. What is missing becomes short. Repeats raise an existing promise. */
    promise(line: { id: string; variantId: string; promisedAt: Date }, quantity: number, cause: string) {
      const promise = promises.get(line.id) ?? { ...line, quantity: 0, short: 0 }
      const covered = Math.min(quantity, Math.max(0, available(levelOf(line.variantId))))
      promise.quantity += quantity
      promise.short += quantity - covered
      promises.set(line.id, promise)
      touched.add(line.id)
      move('reservation', line.variantId, cause, { reserved: covered, short: quantity - covered })
    },

    /** Takes a promise back (canceled, edited down, expired): the uncovered part first. */
    release(promiseId: string, quantity: number, cause: string) {
      const promise = mustHave(promises, promiseId)
      const units = Math.min(quantity, promise.quantity)
      if (units === 0) return
      const uncovered = Math.min(units, promise.short)
      promise.quantity -= units
      promise.short -= uncovered
      touched.add(promiseId)
      move('release', promise.variantId, cause, { reserved: uncovered - units, short: -uncovered })
      serveShort(promise.variantId, cause)
    },

    /**
     * The goods left. Units come from the locations in order. Where the books hold fewer than were shipped, the
     * difference is booked as found (an adjustment with its own note): the shipment is a fact, the books were wrong.
     * `leftAt`: when they left, so that a count of an earlier moment can tell.
     */
    ship(promiseId: string, quantity: number, cause: string, leftAt?: Date): { found: number } {
      const promise = mustHave(promises, promiseId)
      const { variantId } = promise
      const units = Math.min(quantity, promise.quantity)
      const uncovered = Math.max(0, units - (promise.quantity - promise.short))
      promise.quantity -= units
      promise.short -= uncovered
      touched.add(promiseId)
      const level = levelOf(variantId)
      const usable = placesOf(variantId).reduce(
        (sum, place) => sum + Math.max(0, place.onHand - place.unsellable - place.allocated),
        0,
      )
      const found = Math.max(0, units - usable)
      if (found > 0) {
        const first = placesOf(variantId)[0]
        if (!first) throw new Error(`stock: no location to ship ${variantId} from`)
        const note = 'shipped beyond the books'
        move('adjustment', variantId, `${cause}:found`, { onHand: found }, first.locationId, note, leftAt)
      }
      // Covered units stop being reserved before anything leaves, so that no location sees less than it promised.
      let left = units
      let reserved = units - uncovered
      let short = uncovered
      const lacking = Math.max(0, uncovered - available(level))
      if (lacking > 0) makeShort(variantId, lacking, cause, promiseId)
      for (const place of placesOf(variantId)) {
        if (left === 0) break
        const taken = Math.min(left, Math.max(0, place.onHand - place.unsellable - place.allocated))
        if (taken === 0) continue
        const fromReserved = Math.min(taken, reserved)
        const fromShort = Math.min(taken - fromReserved, short)
        reserved -= fromReserved
        short -= fromShort
        left -= taken
        move(
          'shipment',
          variantId,
          cause,
          { onHand: -taken, reserved: -fromReserved, short: -fromShort },
          place.locationId,
          undefined,
          leftAt,
        )
      }
      serveShort(variantId, cause)
      return { found }
    },

    /** A receipt, return or recount at one location. Lowering facts turn the latest promises short; raising ones serve. */
    adjust(
      kind: 'receipt' | 'adjustment' | 'return',
      variantId: string,
      locationId: string,
      delta: { onHand?: number; unsellable?: number },
      cause: string,
      note?: string,
      effectiveAt?: Date,
    ) {
      const lowered = -((delta.onHand ?? 0) - (delta.unsellable ?? 0))
      const lacking = Math.max(0, lowered - available(levelOf(variantId)))
      if (lacking > 0) makeShort(variantId, lacking, cause)
      move(kind, variantId, cause, delta, locationId, note, effectiveAt)
      serveShort(variantId, cause)
    },

    /** Units travel from one place to another. Nothing is gained or lost, so nothing that is promised changes. */
    transfer(variantId: string, fromId: string, toId: string, quantity: number, cause: string) {
      const from = placeOf(variantId, fromId)
      if (quantity < 1 || quantity > from.onHand - from.unsellable - from.allocated)
        throw new Error(`stock: ${quantity} units of ${variantId} cannot leave ${fromId}`)
      move('transfer', variantId, cause, { onHand: -quantity }, fromId)
      move('transfer', variantId, cause, { onHand: quantity }, toId)
    },

    promiseOf: (id: string): Readonly<StockPromise> | undefined => promises.get(id),

    change(): StockChange {
      const changed = new Set(movements.map((movement) => movement.variantId))
      const movedPlaces = new Set(movements.filter((one) => one.locationId).map((one) => one.variantId))
      return {
        movements,
        levels: new Map([...levels].filter(([id]) => changed.has(id))),
        places: new Map([...places].filter(([id]) => movedPlaces.has(id))),
        promises: new Map([...touched].map((id) => [id, mustHave(promises, id)])),
        newPromises: new Set([...touched].filter((id) => !existing.has(id))),
      }
    },
  }
}

function mustHave<T>(map: ReadonlyMap<string, T>, id: string): T {
  const value = map.get(id)
  if (value === undefined) throw new Error(`stock: ${id} was not loaded`)
  return value
}
