/** What other tools do: orders are polled every five minutes, what is left is pushed everywhere every fifteen. */

import { bufferOf } from '../../src/domain/modes.ts'
import type { Planner } from '../../src/domain/pool-view.ts'
import { channels, world } from './assumptions.ts'
import { Agenda, chanceFrom, delayOf } from './engine.ts'
import { type Listener, Market, type Order, slotsOf } from './market.ts'
import { follow, type Outcome } from './run.ts'
import { traceOf } from './trace.ts'

const pollEvery = 5 * 60_000
const pushEvery = 15 * 60_000

/** `keptBack`: 0.2 is a buffer of 20 %. */
export function runPeriodic(
  keptBack: number,
  seed: number,
  speed: number,
  asks: number,
  restockEvery: number = world.restockEvery,
): Outcome {
  const agenda = new Agenda()
  const market = new Market(agenda, seed, { lost: 0, lies: 0 })
  const available = new Int32Array(world.variants)
  const chance = chanceFrom(seed + 13)
  let told: { order: Order; visibleAt: number }[] = []
  const learn = (order: Order) => {
    const variant = Math.floor(order.slot / slotsOf)
    if (!order.isKnown) available[variant]! -= order.quantity
    order.isKnown = true
    if (order.canceledAt === null || order.canceledAt > agenda.now || order.isCancelKnown) return
    available[variant]! += order.quantity
    order.isCancelKnown = true
  }
  const listener: Listener = {
    happened: (order, visibleAt) => void told.push({ order, visibleAt }),
    answered: () => {},
    changed: () => {},
  }
  market.listener = listener
  let writes = 0
  const poll = () => {
    const later: typeof told = []
    for (const one of told) {
      if (one.visibleAt > agenda.now) later.push(one)
      else learn(one.order)
    }
    told = later
    agenda.plan(agenda.now + pollEvery, poll)
  }
  const push = () => {
    const values = available.map((units) => Math.max(0, Math.floor(units * (1 - keptBack))))
    channels.forEach(({ effect }, channel) => {
      writes += world.variants
      agenda.plan(agenda.now + delayOf(chance, effect), () => {
        values.forEach((value, variant) => {
          market.shown[variant * slotsOf + channel] = value
        })
      })
    })
    agenda.plan(agenda.now + pushEvery, push)
  }
  agenda.plan(1, poll)
  agenda.plan(2, push)
  follow(traceOf(seed, speed, restockEvery), asks, agenda, {
    ask: (ask) => market.ask(ask),
    restock(variant, upTo) {
      available[variant]! += market.restock(variant, upTo)
    },
  })
  const { orders, sold, oversold } = market
  return {
    asks,
    orders,
    sold,
    oversold,
    writes,
    reads: 0,
    alarms: 0,
    lateSeen: 0,
    liesTold: 0,
    liesMissed: 0,
    violations: [],
  }
}

/** The buffer of the adaptive mode by itself: the last units are hidden, and every event is pushed. */
export const planPoissonBuffer =
  (chance: number): Planner =>
  (view) =>
    view.slots.map((slot) => {
      const value = Math.max(0, view.components[0]!.available - bufferOf(view, slot, chance))
      const { id, shown, isBusy } = slot
      if (shown === null || shown === value || (isBusy && (slot.isCompareAndSet || shown < value)))
        return { id, wish: shown ?? 0, reason: 'waiting', send: null }
      return { id, wish: value, reason: 'buffer', send: { value, expected: slot.isCompareAndSet ? shown : null } }
    })
