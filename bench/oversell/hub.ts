/**
 * The hub over slots in memory: it learns, settles at watermarks, plans, charges, sends, takes answers and time-outs, and reads
 * what it is unsure of. The rules are the project's own.
 */
import { type ClaimTimes, claimedUnits, claimPruned, type SlotClaim, unknownClaim } from '../../src/domain/claims.ts'
import { type Demand, demandAfterSale, demandUntil, newDemand, perHour, severalOf } from '../../src/domain/demand.ts'
import type { Planner, PoolView, SlotView } from '../../src/domain/pool-view.ts'
import type { Rules } from '../../test/exploration/world.ts'
import { Accounts, isTold, learnMsOf } from './accounts.ts'
import { channels, type Delay, world } from './assumptions.ts'
import type { Agenda } from './engine.ts'
import { hiddenFor, type Listener, type Market, type Order, slotCount, slotsOf } from './market.ts'
import type { Store, StoreDelays, StoredVariant } from './store.ts'

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

interface HubSlot {
  claim: SlotClaim
  /** What it shows as far as we know; null after a write whose fate is unknown. */
  shown: number | null
  /** Sales stamped later are not in `shown` yet. */
  since: number
  version: number
  demand: Demand
  readAt: number
  view: Mutable<SlotView>
}

export interface HubOptions {
  planner: Planner
  rules: Rules
  /** Notifications without gaps move every watermark; else orders are polled. */
  isNotified: boolean
  /** Looks at what must always hold. */
  checks: boolean
  /** Where slots are kept and planned; in memory, by `planner`, where absent. */
  store?: Store | undefined
}

const times: ClaimTimes = { marginMs: world.margin, staleMs: world.margin, lifeMs: world.life }
const mean = (delay: Delay) => Math.min(delay.most, delay.least + delay.mean)

/** How long a raise takes at a channel, and how long an emptied slot is dark. */
export function delaysOf(channel: number, isNotified: boolean): StoreDelays {
  const { effect, proof } = channels[channel]!
  const learnMs = learnMsOf(channel, isNotified)
  return {
    refillMs: learnMs.mean + mean(effect),
    darkMs: mean(effect) + mean(proof) + learnMs.most + world.margin,
  }
}

export class Hub implements Listener {
  readonly available = new Int32Array(world.variants)
  readonly uncovered = new Int32Array(world.variants)
  reads = 0
  alarms = 0
  lateSeen = 0
  /** Orders that were hidden where the clock moves the watermark, so that it had passed them; and those of them that nobody noticed. */
  liesTold = 0
  liesMissed = 0
  readonly violations: string[] = []
  readonly #slots: HubSlot[]
  readonly #views: PoolView[]
  readonly #accounts: Accounts
  readonly #agenda: Agenda
  readonly #market: Market
  readonly #options: HubOptions
  readonly #later = new Set<number>()
  #downUntil = 0

  constructor(agenda: Agenda, market: Market, options: HubOptions) {
    this.#agenda = agenda
    this.#market = market
    this.#options = options
    this.#accounts = new Accounts(agenda, options.isNotified, {
      isUp: () => this.#downUntil <= agenda.now,
      upAt: () => this.#downUntil,
      learn: (order) => this.#learn(order),
      settle: (slot, watermark) => this.#settle(slot, watermark),
    })
    this.#slots = Array.from({ length: slotCount }, (_, slot) => this.#newSlot(slot))
    this.#views = Array.from({ length: world.variants }, (_, variant) => ({
      components: [{ available: 0, claimed: 0 }],
      slots: this.#slots.slice(variant * slotsOf, (variant + 1) * slotsOf).map(({ view }) => view),
    }))
    market.listener = this
  }

  #newSlot(slot: number): HubSlot {
    const channel = channels[slot % slotsOf]!
    const { isCompareAndSet } = channel
    const delays = delaysOf(slot % slotsOf, this.#options.isNotified)
    const claim: SlotClaim = { ...unknownClaim, claim: 0 }
    const view = {
      id: String(slot),
      claim,
      isCompareAndSet,
      isTank: isCompareAndSet,
      shown: 0,
      isBusy: false,
      limit: 0,
      takes: [1],
      perHour: 0,
      several: 0.1,
      refillHours: delays.refillMs / 3_600_000,
      darkHours: delays.darkMs / 3_600_000,
    }
    return { claim, shown: 0, since: 0, version: 0, demand: newDemand(0), readAt: 0, view }
  }

  // — what is heard —

  happened(order: Order, visibleAt: number, notifiedAt: number): void {
    const wait = this.#options.rules.ignoresPending && order.placedAt % 5 < 1 ? 2 * world.life : 0
    this.#accounts.happened(order, visibleAt + wait, notifiedAt + wait)
  }

  changed(slot: number): void {
    if (this.#options.checks) this.#check(slot)
  }

  restocked(variant: number, units: number): void {
    this.available[variant]! += units
    this.#decide(variant)
  }

  /** Everything under way is left behind: its answers will find nobody. */
  crash(): void {
    this.#downUntil = this.#agenda.now + world.crashFor
    this.#slots.forEach((slot, index) => {
      if (slot.claim.live) this.#unanswered(index, slot.claim.live.version)
    })
    this.#agenda.plan(this.#downUntil, () => {
      for (const [variant] of this.#views.entries()) this.#decide(variant)
    })
  }

  #learn(order: Order): void {
    const { slot: index, quantity, placedAt } = order
    const slot = this.#slots[index]!
    const variant = Math.floor(index / slotsOf)
    const { rules } = this.#options
    const isCanceled = order.canceledAt !== null && order.canceledAt <= this.#agenda.now
    // Told twice, or nothing new.
    if (order.isKnown && (!isCanceled || order.isCancelKnown)) return
    const hadAlarm = slot.claim.alarm
    const { restock } = channels[index % slotsOf]!
    if (isCanceled && !order.isCancelKnown) {
      order.isCancelKnown = true
      this.available[variant]! += quantity
      if (restock !== 'never') {
        slot.claim = rules.restocked(slot.claim, quantity, restock === 'at once', this.#agenda.now, times)
        this.#market.putBack[index]! -= quantity
        if (slot.shown !== null && order.canceledAt! > slot.since) this.#shows(slot, slot.shown + quantity)
      }
    }
    if (!order.isKnown) {
      order.isKnown = true
      const isLate = !rules.ignoresPending && this.#accounts.isBehindWatermark(order)
      if (isLate) this.lateSeen += 1
      // A cancellation tells of its order too, maybe before any watermark has passed it: then nobody was misled.
      const wasHidden = order.isLie && this.#agenda.now >= placedAt - world.skew + hiddenFor
      if (wasHidden && !isTold(index % slotsOf, this.#options.isNotified)) {
        this.liesTold += 1
        if (!isLate) this.liesMissed += 1
      }
      slot.claim = rules.learned(slot.claim, { quantity, placedAt, isLate }, times)
      this.available[variant]! -= quantity
      if (!order.isLie) this.#market.unseen[index]! -= quantity
      slot.demand = demandAfterSale(demandUntil(slot.demand, this.#agenda.now, true), quantity)
      if (slot.shown !== null && placedAt > slot.since) this.#shows(slot, Math.max(0, slot.shown - quantity))
      if (isLate) this.#coverFacts(variant)
    }
    if (slot.claim.alarm && !hadAlarm) this.alarms += 1
    this.#decide(variant)
  }

  #settle(index: number, watermark: number): boolean {
    const slot = this.#slots[index]!
    const before = slot.claim
    const mayRise = before.alarm || before.claim === null
    slot.claim = claimPruned(this.#options.rules.settled(before, watermark, times), this.#agenda.now, times)
    const variant = Math.floor(index / slotsOf)
    if (mayRise) this.#coverFacts(variant)
    if (slot.claim.claim !== before.claim || slot.claim.settlements !== before.settlements) this.#decide(variant)
    return slot.claim.settlements.length > 0
  }

  answered(index: number, version: number, answer: { isDone: boolean; shown: number; at: number }): void {
    const slot = this.#slots[index]!
    if (this.#downUntil > this.#agenda.now || slot.claim.live?.version !== version) return
    const { rules } = this.#options
    if (answer.isDone) slot.claim = rules.confirmed(slot.claim, version, this.#agenda.now)
    else {
      slot.claim = rules.refused(slot.claim, version)
      this.#shows(slot, answer.shown)
      slot.since = answer.at
    }
    this.#accounts.waitFor(index, slot.claim)
    this.#decide(Math.floor(index / slotsOf))
  }

  #unanswered(index: number, version: number): void {
    const slot = this.#slots[index]!
    const { live } = slot.claim
    if (live?.version !== version) return
    slot.claim = this.#options.rules.unanswered(slot.claim, version)
    this.#shows(slot, null)
    this.#read(index)
    this.#agenda.plan(live.deadAt + 1, () => this.#read(index))
  }

  #read(index: number): void {
    const slot = this.#slots[index]!
    const asked = Math.max(this.#agenda.now, this.#downUntil)
    slot.readAt = asked
    this.reads += 1
    this.#agenda.plan(asked + 150, () => {
      const shown = this.#market.shown[index]!
      this.#agenda.plan(asked + 300, () => {
        const { now } = this.#agenda
        slot.claim = this.#options.rules.read(slot.claim, shown, asked, now)
        if (!slot.claim.live) {
          this.#shows(slot, shown)
          slot.since = asked + 150
        }
        this.#accounts.waitFor(index, slot.claim)
        this.#decide(Math.floor(index / slotsOf))
      })
    })
  }

  /** The slot shows something else from now on; the hours until now count as demand met or not. */
  #shows(slot: HubSlot, shown: number | null): void {
    slot.demand = demandUntil(slot.demand, this.#agenda.now, (slot.shown ?? 0) > 0)
    slot.shown = shown
  }

  // — what is done —

  #decide(variant: number): void {
    const { now } = this.#agenda
    if (this.#downUntil > now) return
    const view = this.#views[variant]!
    const first = variant * slotsOf
    for (let index = first; index < first + slotsOf; index += 1) this.#see(index)
    const component = view.components[0] as Mutable<PoolView['components'][number]>
    component.available = this.available[variant]!
    component.claimed = this.#claimed(variant)
    const { store, planner } = this.#options
    const sends = store ? store.decide(this.#stateOf(variant)) : planner(view).map((plan) => plan.send)
    let left = 0
    for (let place = 0; place < slotsOf; place += 1) {
      const send = sends[place]
      if (send && this.#accounts.pay(place)) {
        this.#send(first + place, send.value, send.expected)
        left += 1
      } else if (send) this.#decideLater(variant)
    }
    // Before any of them takes effect: nothing does at the moment at which it leaves.
    if (store && left > 0) store.sent(this.#stateOf(variant))
    if (this.#options.checks) for (let place = 0; place < slotsOf; place += 1) this.#check(first + place)
  }

  #stateOf(variant: number): StoredVariant {
    return {
      variant,
      now: this.#agenda.now,
      available: this.available[variant]!,
      slots: this.#slots.slice(variant * slotsOf, (variant + 1) * slotsOf).map(({ claim, shown, version, demand }) => ({
        claim,
        shown,
        version,
        demand,
      })),
    }
  }

  /** No token was left. Once a variant, or those who wait would multiply. */
  #decideLater(variant: number): void {
    if (this.#later.has(variant)) return
    this.#later.add(variant)
    this.#agenda.plan(this.#agenda.now + 1_000, () => {
      this.#later.delete(variant)
      this.#decide(variant)
    })
  }

  /** Brings the view of a slot up to date; a claim above what it shows, with nothing under way to explain it, is read. */
  #see(index: number): void {
    const slot = this.#slots[index]!
    const { view, claim, shown } = slot
    const { now } = this.#agenda
    slot.demand = demandUntil(slot.demand, now, (shown ?? 0) > 0)
    view.claim = claim
    view.limit = Math.max(0, this.available[Math.floor(index / slotsOf)]!)
    view.isBusy = claim.live !== null
    view.shown = shown === null ? null : Math.min(shown, claimedUnits(claim))
    view.perHour = perHour(slot.demand)
    view.several = severalOf(slot.demand)
    const isQuiet = !claim.live && claim.settlements.length === 0 && shown !== null && claimedUnits(claim) > shown
    if (isQuiet && now - slot.readAt > 120_000 && claim.strays.every((stray) => stray.deadAt < now)) this.#read(index)
  }

  #send(index: number, value: number, expected: number | null): void {
    const slot = this.#slots[index]!
    const { now } = this.#agenda
    slot.version += 1
    const { version } = slot
    slot.claim = this.#options.rules.sent(slot.claim, { value, expected, version, deadAt: now + world.life }, now)
    this.#shows(slot, value)
    slot.since = now
    this.#market.write(index, value, expected, version)
    this.#agenda.plan(now + world.answerTimeout, () => this.#unanswered(index, version))
  }

  // — what must always hold —

  #claimed(variant: number): number {
    let claimed = 0
    for (let place = 0; place < slotsOf; place += 1)
      claimed += claimedUnits(this.#slots[variant * slotsOf + place]!.claim)
    return claimed
  }

  /** A fact took units from under the claims. Sends never do. */
  #coverFacts(variant: number): void {
    const missing = this.#claimed(variant) - this.available[variant]!
    if (missing > this.uncovered[variant]!) this.uncovered[variant] = missing
  }

  #check(index: number): void {
    if (this.violations.length > 20) return
    const variant = Math.floor(index / slotsOf)
    // A unit that was put back and sold again is known as sold before it is known as back.
    let claimed = this.#claimed(variant)
    for (let place = 0; place < slotsOf; place += 1)
      claimed += Math.min(0, this.#slots[variant * slotsOf + place]!.claim.claim ?? 0)
    if (claimed > this.available[variant]! + this.uncovered[variant]!)
      this.violations.push(
        `claims of variant ${variant}: ${claimed} > ${this.available[variant]} at ${this.#agenda.now}`,
      )
    const { shown, unseen, underWay, putBack } = this.#market
    const { claim } = this.#slots[index]!.claim
    const left = unseen[index]! + shown[index]! + underWay[index]!
    if (claim !== null && left > claim + putBack[index]! && !this.#slots[index]!.claim.alarm)
      this.violations.push(`slot ${index}: ${left} > ${claim} + ${putBack[index]} at ${this.#agenda.now}`)
  }
}
