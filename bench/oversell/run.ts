/** One run: the project's hub, or a reference, over the same buyers. */
import type { Planner } from '../../src/domain/pool-view.ts'
import { projectRules, type Rules } from '../../test/exploration/world.ts'
import { channels, day, world } from './assumptions.ts'
import { Agenda, chanceFrom } from './engine.ts'
import { Hub } from './hub.ts'
import { Market, slotsOf } from './market.ts'
import type { Store } from './store.ts'
import { type Ask, type Trace, traceOf } from './trace.ts'

export interface RunOptions {
  seed: number
  /** 10: ten times the demand. */
  speed: number
  /** Buyers that ask, sold to or not. */
  asks: number
  planner: Planner
  isNotified: boolean
  lost?: number
  lies?: number
  late?: number
  crashes?: number
  rules?: Rules
  checks?: boolean
  /** Shorter: less stock, more often sold out. */
  restockEvery?: number
  store?: Store
  /** Only so many variants are ever there. */
  stocked?: number
}

export interface Outcome {
  asks: number
  orders: number
  /** Units sold that were there, and that were not. */
  sold: number
  oversold: number
  writes: number
  reads: number
  alarms: number
  lateSeen: number
  liesTold: number
  liesMissed: number
  violations: readonly string[]
}

export function runHub(options: RunOptions): Outcome {
  const { seed, speed, asks, planner, isNotified, lost = 0, lies = 0, late = 0, crashes = 0 } = options
  const { stocked = world.variants } = options
  const agenda = new Agenda()
  const market = new Market(agenda, seed, { lost, lies, late })
  const hub = new Hub(agenda, market, {
    planner,
    isNotified,
    rules: options.rules ?? projectRules,
    checks: options.checks ?? true,
    store: options.store,
  })
  const chance = chanceFrom(seed + 11)
  const expected = (asks / (world.variants * world.ordersPerDay * speed)) * day
  for (let crash = 0; crash < crashes; crash += 1) agenda.plan(chance() * expected, () => hub.crash())
  follow(traceOf(seed, speed, options.restockEvery), asks, agenda, {
    ask: (ask) => market.ask(ask),
    restock(variant, upTo) {
      if (variant < stocked) hub.restocked(variant, market.restock(variant, upTo))
    },
  })
  const { reads, alarms, lateSeen, liesTold, liesMissed, violations } = hub
  const { orders, sold, oversold, writes } = market
  return { asks, orders, sold, oversold, writes, reads, alarms, lateSeen, liesTold, liesMissed, violations }
}

export interface Shop {
  ask(ask: Ask): void
  restock(variant: number, upTo: number): void
}

/** Buyers and restocks in turn, with everything that was planned in between. */
export function follow(trace: Trace, asks: number, agenda: Agenda, shop: Shop): void {
  for (let asked = 0; asked < asks; ) {
    const { ask, restock } = trace.next()
    agenda.runUntil(Math.max(agenda.now, (ask ?? restock)!.at))
    if (restock) shop.restock(restock.variant, restock.upTo)
    if (ask) {
      asked += 1
      shop.ask(ask)
    }
  }
}

/**
 * What could be sold without any delay. `central`: one shelf, first come first served. `split`: the channels are told at once
 * of everything, but still only show what adds up to no more than there is: the fastest first, then depth.
 */
export function runReference(
  kind: 'central' | 'split',
  seed: number,
  speed: number,
  asks: number,
  restockEvery: number = world.restockEvery,
): Outcome {
  const agenda = new Agenda()
  const stock = new Int32Array(world.variants)
  const { perHour } = traceOf(seed, speed, restockEvery)
  const ranks = Array.from(stock, (_, variant) => {
    const order = channels.map((_, channel) => channel)
    order.sort((a, b) => perHour(variant, b) - perHour(variant, a))
    return channels.map((_, channel) => order.indexOf(channel))
  })
  const showing = (variant: number, channel: number): number => {
    const units = stock[variant]!
    const rank = ranks[variant]![channel]!
    return kind === 'central' ? units : Math.floor((units + slotsOf - 1 - rank) / slotsOf)
  }
  let sold = 0
  let orders = 0
  follow(traceOf(seed, speed, restockEvery), asks, agenda, {
    ask({ variant, channel, quantity, canceledAt }) {
      if (showing(variant, channel) < quantity) return
      orders += 1
      sold += quantity
      stock[variant]! -= quantity
      if (canceledAt === null) return
      agenda.plan(canceledAt, () => {
        sold -= quantity
        stock[variant]! += quantity
      })
    },
    restock(variant, upTo) {
      stock[variant] = Math.max(stock[variant]!, upTo)
    },
  })
  return {
    asks,
    orders,
    sold,
    oversold: 0,
    writes: 0,
    reads: 0,
    alarms: 0,
    lateSeen: 0,
    liesTold: 0,
    liesMissed: 0,
    violations: [],
  }
}
