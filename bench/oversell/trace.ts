/** The buyers and the restocks, the same for every contestant: who asks for what, where and when. */
import { channels, day, world } from './assumptions.ts'
import { chanceFrom, exponential } from './engine.ts'

export interface Ask {
  at: number
  variant: number
  channel: number
  quantity: number
  /** Canceled then, if it is sold; null where it stays. */
  canceledAt: number | null
}

export interface Restock {
  at: number
  variant: number
  /** Filled up to so many. */
  upTo: number
}

export interface Trace {
  /** Asks and restocks as they come. */
  next(): { ask: Ask | null; restock: Restock | null }
  /** Units an hour at 1× times the factor, of a variant on a channel. */
  perHour(variant: number, channel: number): number
}

/** `speed`: 10 is ten times the demand, and ten times the restocks. `restockEvery`: as at 1×. */
export function traceOf(seed: number, speed: number, restockEvery: number = world.restockEvery): Trace {
  const { variants } = world
  const mixes = chanceFrom(seed + 1)
  const weights = Array.from({ length: variants }, (_, variant) => 1 / (variant + 1) ** world.zipf)
  const total = weights.reduce((sum, one) => sum + one, 0)
  const edges = new Float64Array(variants)
  let edge = 0
  weights.forEach((one, variant) => {
    edge += one / total
    edges[variant] = edge
  })
  const mix = weights.map(() => {
    const parts = channels.map(({ share }) => share * (0.3 + 1.4 * mixes()))
    const sum = parts.reduce((a, b) => a + b, 0)
    return parts.map((one) => one / sum)
  })
  const perMs = (variants * world.ordersPerDay * speed) / day
  const unitsAnOrder = 1 + world.two + 2 * world.three
  const chance = chanceFrom(seed + 2)
  const stock = chanceFrom(seed + 3)
  const every = restockEvery / speed
  let restocks = 0
  let at = 0
  const nextRestock = (): Restock => {
    const variant = restocks % variants
    const round = Math.floor(restocks / variants)
    restocks += 1
    const mean = (weights[variant]! / total) * perMs * every * unitsAnOrder
    const z = world.restockZ.least + stock() * (world.restockZ.most - world.restockZ.least)
    return {
      at: (round + variant / variants - 1) * every,
      variant,
      upTo: Math.max(1, Math.round(mean + z * Math.sqrt(mean * 1.2))),
    }
  }
  const nextAsk = (): Ask => {
    for (;;) {
      at += exponential(chance, 1 / (perMs * (1 + world.dayCurve)))
      const busy = 1 + world.dayCurve * Math.sin((2 * Math.PI * at) / day)
      if (chance() * (1 + world.dayCurve) <= busy) break
    }
    const variant = indexOf(edges, chance())
    const where = chance()
    let channel = 0
    for (let sum = mix[variant]![0]!; where > sum && channel < channels.length - 1; sum += mix[variant]![channel]!)
      channel += 1
    const size = chance()
    const quantity = size < world.three ? 3 : size < world.three + world.two ? 2 : 1
    const isCanceled = chance() < world.canceled
    const after = exponential(chance, world.canceledAfter / speed)
    return { at, variant, channel, quantity, canceledAt: isCanceled ? at + after : null }
  }
  let ask = nextAsk()
  let restock = nextRestock()
  return {
    next() {
      if (restock.at <= ask.at) {
        const now = restock
        restock = nextRestock()
        return { ask: null, restock: now }
      }
      const now = ask
      ask = nextAsk()
      return { ask: now, restock: null }
    },
    perHour: (variant, channel) =>
      (weights[variant]! / total) * perMs * 3_600_000 * mix[variant]![channel]! * unitsAnOrder,
  }
}

function indexOf(edges: Float64Array, value: number): number {
  let low = 0
  let high = edges.length - 1
  while (low < high) {
    const middle = (low + high) >> 1
    if (edges[middle]! < value) low = middle + 1
    else high = middle
  }
  return low
}
