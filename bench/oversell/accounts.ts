/** The accounts of the hub: their orders by poll or by notification, their watermarks, their budgets of writes. */
import type { SlotClaim } from '../../src/domain/claims.ts'
import { channels, type Delay, world } from './assumptions.ts'
import type { Agenda } from './engine.ts'
import { type Order, slotsOf } from './market.ts'

interface Account {
  /** Told by the channel, not yet by a poll. */
  incoming: { order: Order; visibleAt: number }[]
  watermark: number
  /** Slots with a settlement that waits for the watermark. */
  waiting: Set<number>
  tokens: number
  paidAt: number
}

const isToldTwice = (order: Order): boolean => Math.floor(Math.abs(order.placedAt)) % 100 < world.duplicated * 100

export interface Ears {
  isUp(): boolean
  upAt(): number
  learn(order: Order): void
  /** Whether it still waits. */
  settle(slot: number, watermark: number): boolean
}

/** No polls: everything is told, and nothing is left out. */
export const isTold = (channel: number, isNotified: boolean): boolean =>
  isNotified || channels[channel]!.pollEvery === 0

/** From a purchase until we know of it, and the most until a watermark has passed it. */
export function learnMsOf(channel: number, isNotified: boolean): { mean: number; most: number } {
  const { visible, notified, pollEvery } = channels[channel]!
  const mean = ({ least, mean, most }: Delay) => Math.min(most, least + mean)
  if (isTold(channel, isNotified)) return { mean: mean(notified), most: notified.most }
  return { mean: mean(visible) + pollEvery / 2, most: visible.most + pollEvery / 2 }
}

export class Accounts {
  readonly #agenda: Agenda
  readonly #isNotified: boolean
  readonly #ears: Ears
  readonly #accounts: Account[] = channels.map(({ budget }) => ({
    incoming: [],
    watermark: 0,
    waiting: new Set(),
    tokens: budget.burst,
    paidAt: 0,
  }))

  constructor(agenda: Agenda, isNotified: boolean, ears: Ears) {
    this.#agenda = agenda
    this.#isNotified = isNotified
    this.#ears = ears
    channels.forEach(({ pollEvery }, index) => {
      if (!this.#isTold(index)) agenda.plan(pollEvery / 2, () => this.#poll(index))
    })
  }

  #isTold(channel: number): boolean {
    return isTold(channel, this.#isNotified)
  }

  happened(order: Order, visibleAt: number, notifiedAt: number): void {
    const channel = order.slot % slotsOf
    if (!this.#isTold(channel)) {
      this.#accounts[channel]!.incoming.push({ order, visibleAt })
      return
    }
    const tell = () => {
      if (this.#ears.isUp()) this.#ears.learn(order)
      else this.#agenda.plan(this.#ears.upAt(), tell)
    }
    this.#agenda.plan(notifiedAt, tell)
    if (isToldTwice(order) || order.isLie) this.#agenda.plan(notifiedAt + 60_000, tell)
  }

  isBehindWatermark(order: Order): boolean {
    return order.placedAt < this.#accounts[order.slot % slotsOf]!.watermark
  }

  /** A settlement of the slot waits. */
  waitFor(slot: number, claim: SlotClaim): void {
    if (claim.settlements.length === 0) return
    const channel = slot % slotsOf
    const account = this.#accounts[channel]!
    if (!this.#isTold(channel)) {
      account.waiting.add(slot)
      return
    }
    const at = claim.settlements.at(-1)!.at
    const { notified } = channels[channel]!
    // Moments are whole milliseconds: within one of them an order may be told after this.
    const behind = notified.most + world.skew + 1
    const settle = () => {
      // What could not be told while the hub was down is told first.
      const caughtUpAt = this.#ears.upAt() + 1_000
      if (this.#agenda.now < caughtUpAt) {
        this.#agenda.plan(caughtUpAt, settle)
        return
      }
      account.watermark = Math.max(account.watermark, this.#agenda.now - behind)
      this.#ears.settle(slot, account.watermark)
    }
    this.#agenda.plan(at + behind + world.margin, settle)
  }

  #poll(channel: number): void {
    const { pollEvery, visible } = channels[channel]!
    const account = this.#accounts[channel]!
    const { now } = this.#agenda
    this.#agenda.plan(now + pollEvery, () => this.#poll(channel))
    if (!this.#ears.isUp()) return
    const seen: Order[] = []
    const later: Account['incoming'] = []
    for (const one of account.incoming) {
      if (one.visibleAt > now) later.push(one)
      else seen.push(one.order)
    }
    account.incoming = later
    for (const order of seen) {
      this.#ears.learn(order)
      // The page comes again, or the next one overlaps it.
      if (isToldTwice(order)) this.#ears.learn(order)
    }
    account.watermark = Math.max(account.watermark, now - visible.most - world.skew)
    if (account.waiting.size === 0) return
    for (const slot of [...account.waiting])
      if (!this.#ears.settle(slot, account.watermark)) account.waiting.delete(slot)
  }

  /** A token for one write; false while there is none. */
  pay(channel: number): boolean {
    const account = this.#accounts[channel]!
    const { perSecond, burst } = channels[channel]!.budget
    const { now } = this.#agenda
    account.tokens = Math.min(burst, account.tokens + ((now - account.paidAt) / 1_000) * perSecond)
    account.paidAt = now
    if (account.tokens < 1) return false
    account.tokens -= 1
    return true
  }
}
