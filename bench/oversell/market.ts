/** The channels as they really are: what each shows, who buys, and when a write takes effect. Lowers itself, refuses at 0. */
import { channels, world } from './assumptions.ts'
import { type Agenda, chanceFrom, delayOf, exponential } from './engine.ts'
import type { Ask } from './trace.ts'

export interface Order {
  slot: number
  quantity: number
  /** What the channel stamps on it. */
  placedAt: number
  canceledAt: number | null
  isKnown: boolean
  isCancelKnown: boolean
  /** It is told after the watermark has passed it. */
  isLie: boolean
}

/** What the hub hears of a market. */
export interface Listener {
  /** An order, or its cancellation, can be seen by a poll from `visibleAt` on. */
  happened(order: Order, visibleAt: number, notifiedAt: number): void
  answered(slot: number, version: number, answer: { isDone: boolean; shown: number; at: number }): void
  /** Something changed here: what must always hold is looked at. */
  changed(slot: number): void
}

export interface Trouble {
  /** Part of the writes that never arrive, and as many whose answer never does. */
  lost: number
  /** Part of the orders that appear only after the watermark has passed them. */
  lies: number
  /** Part of the writes that take effect at any moment of their life, and are answered after everybody gave up waiting. */
  late?: number
}

export const slotsOf = channels.length
export const slotCount = world.variants * slotsOf

/** A hidden order is told after this long: by then every watermark has passed it. */
export const hiddenFor = 2 * world.life

export class Market {
  readonly shown = new Int32Array(slotCount)
  /** What is really there and not sold, by variant; below 0 by what was oversold. */
  readonly stock = new Int32Array(world.variants)
  /** By slot: sold and not told; on its way and may still come to be shown; put back and not told. */
  readonly unseen = new Int32Array(slotCount)
  readonly underWay = new Int32Array(slotCount)
  readonly putBack = new Int32Array(slotCount)
  sold = 0
  oversold = 0
  orders = 0
  canceled = 0
  writes = 0
  listener!: Listener
  readonly #agenda: Agenda
  readonly #chance: () => number
  readonly #trouble: Trouble

  constructor(agenda: Agenda, seed: number, trouble: Trouble) {
    this.#agenda = agenda
    this.#chance = chanceFrom(seed + 7)
    this.#trouble = trouble
  }

  /** A buyer asks. Refused where the channel shows less. */
  ask({ variant, channel, quantity, canceledAt }: Ask): void {
    const slot = variant * slotsOf + channel
    if (this.shown[slot]! < quantity) return
    const { now } = this.#agenda
    this.shown[slot]! -= quantity
    this.orders += 1
    const covered = Math.max(0, Math.min(quantity, this.stock[variant]!))
    this.stock[variant]! -= quantity
    this.sold += covered
    this.oversold += quantity - covered
    const chance = this.#chance
    const isLie = chance() < this.#trouble.lies
    const stamp = now + (chance() * 2 - 1) * world.skew
    const order: Order = { slot, quantity, placedAt: stamp, canceledAt, isKnown: false, isCancelKnown: false, isLie }
    if (!isLie) this.unseen[slot]! += quantity
    this.#tell(order, isLie ? now + hiddenFor : now)
    if (canceledAt !== null && covered === quantity) this.#agenda.plan(canceledAt, () => this.#cancel(order))
    else order.canceledAt = null
    this.listener.changed(slot)
  }

  /** A write sets out. */
  write(slot: number, value: number, expected: number | null, version: number): void {
    this.writes += 1
    const { effect, proof } = channels[slot % slotsOf]!
    const chance = this.#chance
    const fate = chance()
    const units = expected === null ? value : Math.max(0, value - expected)
    this.underWay[slot]! += units
    const { now } = this.#agenda
    const { lost, late = 0 } = this.#trouble
    const isLate = fate >= lost && fate < lost + late
    const at = now + (isLate ? chance() * world.latest : delayOf(chance, effect))
    if (fate < lost / 2) {
      this.#agenda.plan(at, () => {
        this.underWay[slot]! -= units
      })
      return
    }
    this.#agenda.plan(at, () => {
      const isDone = expected === null || this.shown[slot] === expected
      if (isDone) this.shown[slot] = value
      this.underWay[slot]! -= units
      this.listener.changed(slot)
      const shown = this.shown[slot]!
      if (fate < lost) return
      const answeredAt = isLate ? now + world.answerTimeout + chance() * world.latest : at + delayOf(chance, proof)
      this.#agenda.plan(Math.max(at, answeredAt), () => this.listener.answered(slot, version, { isDone, shown, at }))
    })
  }

  restock(variant: number, upTo: number): number {
    const units = Math.max(0, upTo - this.stock[variant]!)
    this.stock[variant]! += units
    return units
  }

  #tell(order: Order, from: number): void {
    const { visible, notified } = channels[order.slot % slotsOf]!
    const chance = this.#chance
    this.listener.happened(order, from + delayOf(chance, visible), from + delayOf(chance, notified))
  }

  #cancel(order: Order): void {
    const { slot, quantity } = order
    const { restock } = channels[slot % slotsOf]!
    this.stock[Math.floor(slot / slotsOf)]! += quantity
    this.sold -= quantity
    this.canceled += 1
    if (restock !== 'never') this.putBack[slot]! += quantity
    if (restock === 'at once') this.shown[slot]! += quantity
    if (restock === 'late') {
      this.underWay[slot]! += quantity
      const wait = Math.min(world.life, exponential(this.#chance, world.life / 10))
      this.#agenda.plan(this.#agenda.now + wait, () => {
        this.underWay[slot]! -= quantity
        this.shown[slot]! += quantity
        this.listener.changed(slot)
      })
    }
    this.#tell(order, this.#agenda.now)
    this.listener.changed(slot)
  }
}
