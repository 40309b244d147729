/**
 * A store that is the master of its shelf, beside a hub that shares the shelf out: people edit and sell at the till, buyers
 * order, the hub's compare-and-set writes get lost, orders are told late. What the hub believes is held against the truth.
 */
import {
  type ClaimTimes,
  claimConfirmed,
  claimLearned,
  claimMoved,
  claimRefused,
  claimRestocked,
  claimSent,
  claimTold,
  claimUnanswered,
  mayLeave,
  type SlotClaim,
  unknownClaim,
} from '../../src/domain/claims.ts'
import {
  isBefore,
  judgeStore,
  type KnownStep,
  restockedStep,
  type StoreBasis,
  type StoreReading,
  type StoreVerdict,
  soldStep,
} from '../../src/domain/store-changes.ts'

export type Step =
  | { op: 'edit'; units: number }
  | { op: 'order'; units: number; skew: number }
  | { op: 'till'; units: number }
  | { op: 'cancel'; pick: number }
  | { op: 'ship'; pick: number }
  | { op: 'elsewhere'; units: number }
  /** `between`: units that a buyer takes between the look and the write, where the store does not compare. */
  | { op: 'write'; want: number; fate: 'answered' | 'lost' | 'vanished' | 'late'; between?: number }
  | { op: 'orders' }
  | { op: 'read'; slowMs: number }
  | { op: 'judge' }
  | { op: 'pass'; ms: number }

interface StoreOrder {
  units: number
  placedAt: number
  stampedAt: number
  state: 'open' | 'canceled' | 'shipped'
  /** What the hub knows of it. */
  told: 'open' | 'canceled' | null
}

interface Write {
  version: number
  expected: number
  value: number
  from: number
  until: number
  outcome: 'applied' | 'unknown' | 'mismatch'
  /** It lands then, if it fits. */
  landsAt: number | null
  /** By the store's own clock, from the look to the effect, of an answered one. */
  there?: { from: number; until: number }
}

export const marginMs = 5_000
export const lifeMs = 900_000
const lagMs = 60_000
/** So near to a write a sale may be off the number or not. */
const nearMs = 60_000
const claimTimes: ClaimTimes = { marginMs, staleMs: 0, lifeMs }

export class StoreWorld {
  now = 1_000_000
  /** The truth: what the store can sell, and what the whole shelf has that nobody bought. */
  available: number
  truth: number
  committed = 0
  changedAt = 0
  orders: StoreOrder[] = []
  edits: { units: number; at: number }[] = []
  /** The hub. */
  level: number
  elsewhere: number
  slot: SlotClaim
  shown: number
  version = 0
  writes: Write[] = []
  sales: KnownStep[] = []
  watermark = 0
  basis: StoreBasis & { since: number; at: number }
  pending: StoreReading | null = null
  wasUnclear = false
  coincided = false
  /** A write that was not compared took the place of somebody's edit: it is lost, and nobody can know (docs). */
  overwrote = false
  /** Sales that a write took off the number again. */
  overwritten = 0
  verdicts: StoreVerdict[] = []
  /** The store compares before it sets, or the hub looks and then sets whatever stands there. */
  readonly compares: boolean

  constructor(units: number, elsewhere: number, compares = true) {
    this.compares = compares
    this.truth = units
    this.level = units
    this.elsewhere = Math.min(elsewhere, units)
    this.available = units - this.elsewhere
    this.shown = this.available
    this.slot = { ...unknownClaim, claim: this.available }
    this.basis = { available: this.available, committed: 0, booked: 0, since: this.now, at: this.now }
    this.now += 2 * marginMs
  }

  run(step: Step): void {
    if (step.op === 'pass') this.pass(step.ms)
    if (step.op === 'edit') this.change(Math.max(step.units, -Math.max(0, this.available)))
    if (step.op === 'till') this.change(-step.units)
    if (step.op === 'order') this.order(step.units, step.skew)
    if (step.op === 'cancel') this.cancel(step.pick)
    if (step.op === 'ship') this.ship(step.pick)
    if (step.op === 'elsewhere') this.sellElsewhere(step.units)
    if (step.op === 'write') this.write(step.want, step.fate, step.between ?? 0)
    if (step.op === 'orders') this.pullOrders()
    if (step.op === 'read') this.read(step.slowMs)
    if (step.op === 'judge') this.judge()
  }

  private sellElsewhere(most: number): void {
    const units = Math.min(most, this.elsewhere)
    this.elsewhere -= units
    this.truth -= units
    this.level -= units
  }

  pass(ms: number): void {
    const until = this.now + ms
    for (const write of this.writes.filter((one) => one.landsAt !== null).sort((a, b) => a.landsAt! - b.landsAt!)) {
      if (write.landsAt! > until) continue
      this.now = write.landsAt!
      write.landsAt = null
      this.apply(write)
    }
    this.now = until
  }

  private moved(): void {
    this.changedAt = this.now
  }

  private change(units: number): void {
    if (units === 0) return
    this.available += units
    this.truth += units
    this.edits.push({ units, at: this.now })
    this.moved()
  }

  private order(units: number, skew: number): void {
    if (units > this.available) return
    this.available -= units
    this.committed += units
    this.truth -= units
    this.orders.push({ units, placedAt: this.now, stampedAt: this.now + skew, state: 'open', told: null })
    this.moved()
  }

  private cancel(pick: number): void {
    const open = this.orders.filter((one) => one.state === 'open')
    const one = open[pick % Math.max(1, open.length)]
    if (!one) return
    one.state = 'canceled'
    this.available += one.units
    this.committed -= one.units
    this.truth += one.units
    this.moved()
  }

  private ship(pick: number): void {
    const open = this.orders.filter((one) => one.state === 'open')
    const one = open[pick % Math.max(1, open.length)]
    if (!one) return
    one.state = 'shipped'
    this.committed -= one.units
  }

  private apply(write: Write): boolean {
    // What people did while nobody knew whether it would land is gone from the number.
    if (!this.compares && this.edits.some(({ units, at }) => units !== 0 && at > write.from)) this.overwrote = true
    if (this.compares && this.available !== write.expected) return false
    this.available = write.value
    this.moved()
    return true
  }

  private write(want: number, fate: 'answered' | 'lost' | 'vanished' | 'late', between: number): void {
    const value = Math.max(0, want)
    const expected = this.shown
    const free = this.level - this.elsewhere - Math.max(0, this.slot.claim!)
    const compared = this.compares ? expected : null
    if (value === expected || this.slot.alarm || !mayLeave(this.slot, value, compared, free)) return
    // One at a time where the store does not compare; and it is below 0 for nobody to look at.
    const isUnderWay = this.writes.some((one) => one.outcome === 'unknown' && one.until > this.now)
    if (!this.compares && (isUnderWay || expected < 0)) return
    this.version += 1
    const deadAt = this.now + lifeMs
    const { version } = this
    this.slot = claimSent(this.slot, { value, expected: compared, version, deadAt }, this.now)
    const write: Write = {
      version,
      expected,
      value,
      from: this.now,
      until: deadAt,
      outcome: 'unknown',
      landsAt: null,
    }
    this.writes.push(write)
    this.now += 50
    const isSeen = this.compares || this.available === expected
    const looked = this.now
    const ordered = this.orders.length
    if (!this.compares && isSeen && between > 0) this.order(between, 0)
    this.now += 50
    if (isSeen && fate === 'late') write.landsAt = this.now + lifeMs / 3
    const fits = !isSeen || fate === 'vanished' || fate === 'late' ? false : this.apply(write)
    if (fits && this.orders.length > ordered) this.overwritten += 1
    if (!this.compares) write.there = { from: looked, until: this.now }
    this.now += 50
    if (isSeen && fate !== 'answered') {
      this.slot = claimUnanswered(this.slot, version)
      this.shown = this.available
      return
    }
    write.outcome = fits ? 'applied' : 'mismatch'
    write.until = this.now
    this.slot = fits ? claimConfirmed(this.slot, version, this.now) : claimRefused(this.slot, version)
    this.shown = this.available
  }

  /** Orders are told when they are old enough; cancellations with them. */
  private pullOrders(): void {
    const until = this.now - lagMs
    for (const one of this.orders) {
      if (one.placedAt > until) continue
      if (one.told === null) {
        one.told = 'open'
        this.level -= one.units
        this.slot = claimLearned(this.slot, { quantity: one.units, placedAt: one.stampedAt, isLate: false }, claimTimes)
        this.sales.push(soldStep(one.units, one.stampedAt, marginMs))
      }
      if (one.state === 'canceled' && one.told === 'open') {
        one.told = 'canceled'
        this.level += one.units
        this.slot = claimRestocked(this.slot, one.units, false, this.now, claimTimes)
        this.sales.push(restockedStep(one.units, one.stampedAt, this.now, marginMs))
      }
    }
    this.watermark = Math.max(this.watermark, until)
  }

  private read(slowMs: number): void {
    // No two things happen in the same instant here.
    this.now += 1
    const since = this.now
    this.pass(1 + slowMs / 2)
    const { available, committed, changedAt } = this
    this.pass(1 + slowMs / 2)
    this.shown = available
    this.pending ??= { available, committed, since, at: this.now, changedAt }
    this.now += 1
  }

  private steps(): KnownStep[] {
    const writes = this.writes
      .filter((one) => one.outcome !== 'mismatch' && one.from > this.basis.at)
      .map(
        (one): KnownStep => ({
          kind: 'write',
          units: one.value - one.expected,
          from: one.from,
          until: one.until,
          isSure: one.outcome === 'applied',
          ...(this.compares ? {} : { isAbsolute: true }),
          ...(one.there && one.outcome === 'applied' ? { there: [one.there] } : {}),
        }),
      )
    return [...this.sales, ...writes]
  }

  private judge(): void {
    const reading = this.pending
    if (!reading || this.watermark < reading.at + marginMs) return
    this.pending = null
    const steps = this.steps()
    const times = { marginMs, ordersUntil: this.now + 1, now: this.now }
    const verdict = judgeStore(this.basis, reading, steps, times)
    this.verdicts.push(verdict)
    const real = this.edits.filter((one) => one.at > this.basis.at && one.at < reading.since)
    const units = real.reduce((total, one) => total + one.units, 0)
    const isUntouched = verdict.kind === 'certain' && verdict.change === 0 && this.basis.booked === 0
    if (isUntouched && units !== 0 && this.hasLost(reading)) this.coincided = true
    const behind = steps.filter((one) => one.kind === 'sale' && one.from > reading.at)
    const soldSince = -behind.reduce((total, one) => total + one.units, 0)
    const told = { shown: reading.available, since: reading.since, soldSince }
    this.level += verdict.change
    if (verdict.change !== 0) this.slot = claimMoved(this.slot, verdict.change, told)
    if (verdict.kind === 'certain') this.slot = claimTold(this.slot, told)
    if (verdict.kind === 'open') {
      this.basis = { ...this.basis, booked: this.basis.booked + verdict.change }
      return
    }
    if (verdict.isUnclear) this.wasUnclear = true
    this.basis = { ...reading, booked: 0 }
    this.sales = this.sales.filter((one) => !isBefore(one, reading))
  }

  /** A write, or a sale, that may have happened to the number or not. */
  private hasLost(reading: StoreReading): boolean {
    const since = this.writes.filter((one) => one.from > this.basis.at && one.until < reading.since)
    if (since.some((one) => one.outcome === 'unknown')) return true
    const near = (at: number, { from, until }: { from: number; until: number }) =>
      from - nearMs <= at && at <= until + nearMs
    return (
      !this.compares && since.some(({ there }) => there && this.orders.some(({ stampedAt }) => near(stampedAt, there)))
    )
  }

  /** Units that the hub cannot know of yet: orders that were not told, and what people took since the last certain reading. */
  underWay(): number {
    const untold = this.orders
      .filter((one) => one.told === null && one.state !== 'canceled')
      .reduce((total, one) => total + one.units, 0)
    const gone = this.edits
      .filter((one) => one.units < 0 && one.at > this.basis.since)
      .reduce((total, one) => total - one.units, 0)
    return untold + gone
  }

  /** Units that the store can sell and the hub cannot know of yet. */
  comingUp(): number {
    const back = this.orders
      .filter((one) => one.state === 'canceled' && one.told !== 'canceled')
      .reduce((total, one) => total + one.units, 0)
    const come = this.edits
      .filter((one) => one.units > 0 && one.at > this.basis.since)
      .reduce((total, one) => total + one.units, 0)
    return back + come
  }

  /** Sold there and not told. */
  unseen(): number {
    return this.orders.filter((one) => one.told === null).reduce((total, one) => total + one.units, 0)
  }

  /** Nothing happens any more, and everything that is under way arrives. */
  rest(): void {
    this.pass(2 * lifeMs)
    for (let round = 0; round < 3; round += 1) {
      this.run({ op: 'orders' })
      this.run({ op: 'judge' })
      this.pass(4 * lagMs)
      this.run({ op: 'read', slowMs: 200 })
      this.pass(4 * lagMs)
    }
    this.run({ op: 'orders' })
    this.run({ op: 'judge' })
  }
}
