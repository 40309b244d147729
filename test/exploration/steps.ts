/** Everything that can happen next in a small world: one step a buyer, the channel, the network or the hub can take. */
import type { ClaimTimes, SlotClaim } from '../../src/domain/claims.ts'
import {
  type Case,
  claimed,
  life,
  netOf,
  type Rules,
  type SlotWorld,
  shelfOf,
  skewed,
  takesOf,
  times,
  type World,
} from './world.ts'

export interface Step {
  name: string
  next: World
}

function freeFor(world: World, one: Case, rules: Rules, slot: number): number {
  return takesOf(one, slot).reduce((least, takes, component) => {
    if (takes === 0) return least
    const free = world.available[component]! - claimed(world, one, rules, component)
    return Math.min(least, Math.floor(free / rules.weight(takes)))
  }, Number.POSITIVE_INFINITY)
}

/** Everything that can happen next. */
export function stepsOf(world: World, one: Case, rules: Rules): Step[] {
  const steps: Step[] = []
  const at = (index: number, name: string, change: (slot: SlotWorld, next: World) => void) => {
    const next = copy(world)
    next.now += 1
    change(next.slots[index]!, next)
    steps.push({ name: `${name} ${index}`, next })
  }
  for (const [index] of world.slots.entries()) {
    channelSteps(world, one, rules, index, at)
    hubSteps(world, one, rules, index, at)
    timePasses(world, rules, index, at)
  }
  if (world.left.recounts > 0 && world.available[0]! > 0)
    at(0, 'recount', (_slot, next) => {
      next.left.recounts -= 1
      next.available[0]! -= 1
      coverFacts(next, one, rules)
    })
  return steps
}

type At = (index: number, name: string, change: (slot: SlotWorld, next: World) => void) => void

/** What buyers, the channel and the network do. */
function channelSteps(world: World, one: Case, rules: Rules, index: number, at: At): void {
  const slot = world.slots[index]!
  const shelf = shelfOf(one, index)
  if (world.left.buys > 0 && world.slots[shelf]!.shown > 0)
    for (const skew of one.isSkewed ? [-skewed, 0, skewed] : [0])
      at(index, `buy${skew || ''}`, (slot, next) => {
        next.left.buys -= 1
        next.slots[shelf]!.shown -= 1
        slot.sales.push({ stamp: next.now + skew, state: 'unknown' })
      })
  for (const flight of slot.flights.keys()) {
    at(index, 'effect', (slot, next) => land(next.slots[shelf]!, slot, flight, next.now, rules.repeatsWrites))
    if (rules.repeatsWrites)
      at(index, 'last effect', (slot, next) => land(next.slots[shelf]!, slot, flight, next.now, false))
    if (world.left.lost > 0)
      at(index, 'lost', (slot, next) => {
        next.left.lost -= 1
        slot.flights.splice(flight, 1)
      })
  }
  if (world.left.cancels > 0)
    for (const [sale, { state }] of slot.sales.entries()) {
      if (state.startsWith('canceled')) continue
      at(index, 'cancel', (slot, next) => {
        next.left.cancels -= 1
        slot.sales[sale]!.state = state === 'known' ? 'canceled known' : 'canceled unknown'
        if (one.restock === 'at once') next.slots[shelf]!.shown += 1
        if (one.restock === 'late') slot.restocks += 1
      })
    }
  if (one.slots[index]!.isMaster && world.left.edits > 0)
    for (const units of slot.shown > 0 ? [1, -1] : [1])
      at(index, units > 0 ? 'put into' : 'take out of', (slot, next) => {
        next.left.edits -= 1
        slot.shown += units
        slot.edits.push({ at: next.now, units })
      })
  if (slot.restocks > 0)
    at(index, 'restock', (slot, next) => {
      slot.restocks -= 1
      next.slots[shelf]!.shown += 1
    })
}

/** A write takes effect; its answer sets out. One that may be repeated stays on its way as well. */
function land(shelf: SlotWorld, slot: SlotWorld, flight: number, now: number, stays: boolean): void {
  const { version, value, expected } = slot.flights[flight]!
  const isDone = expected === null || shelf.shown === expected
  if (isDone) shelf.shown = value
  if (!stays) slot.flights.splice(flight, 1)
  slot.answers.push({ version, isDone, at: now })
}

/** What the hub does. */
function hubSteps(world: World, one: Case, rules: Rules, index: number, at: At): void {
  const slot = world.slots[index]!
  const claims = times(one)
  sends(world, one, rules, index, at)
  for (const [answer, { version, isDone, at: effectAt }] of slot.answers.entries()) {
    at(index, 'answer', (slot, next) => {
      slot.answers.splice(answer, 1)
      // The effect was seen at some moment until now; the last one is certain.
      const seenAt = one.isSkewed ? effectAt : next.now
      slot.claim = isDone ? rules.confirmed(slot.claim, version, seenAt) : rules.refused(slot.claim, version)
    })
    if (world.left.lost > 0)
      at(index, 'answer lost', (slot, next) => {
        next.left.lost -= 1
        slot.answers.splice(answer, 1)
      })
  }
  if (slot.claim.live)
    at(index, 'time-out', (slot) => {
      slot.claim = rules.unanswered(slot.claim, slot.claim.live!.version)
    })
  for (const [sale, { state, stamp }] of slot.sales.entries()) {
    if (state !== 'unknown' && !state.startsWith('canceled')) continue
    at(index, state === 'unknown' ? 'learn' : `learn ${state}`, (slot, next) => {
      const isLate = stamp <= slot.watermark && state !== 'canceled known'
      learn(next, one, rules, index, sale, isLate)
    })
  }
  if (one.slots[index]!.isMaster) judges(world, one, rules, index, at)
  else if (world.left.reads > 0 && !slot.reading)
    at(index, 'read', (slot, next) => {
      next.left.reads -= 1
      slot.reading = { shown: next.slots[shelfOf(one, index)]!.shown, since: next.now }
    })
  if (slot.reading && !one.slots[index]!.isMaster)
    at(index, 'reading arrives', (slot, next) => {
      slot.claim = rules.read(slot.claim, slot.reading!.shown, slot.reading!.since, next.now)
      slot.reading = null
    })
  settles(world, one, rules, index, at, claims)
}

/**
 * A store that is the master is read while nothing of ours may land there, and judged once all sales before the reading are known:
 * what people changed is booked, and moves the claim, in one step.
 */
function judges(world: World, one: Case, rules: Rules, index: number, at: At): void {
  const { claim, reading, sales } = world.slots[index]!
  const isQuiet = claim.live === null && claim.strays.every((stray) => stray.deadAt <= world.now)
  if (world.left.reads > 0 && isQuiet)
    at(index, 'read', (slot, next) => {
      next.left.reads -= 1
      slot.reading = { shown: slot.shown, since: next.now }
    })
  if (!reading || sales.some(({ state, stamp }) => state.endsWith('unknown') && stamp <= reading.since)) return
  at(index, 'book', (slot, next) => {
    const soldSince = sales.filter(({ state, stamp }) => state === 'known' && stamp > reading.since).length
    const told = { ...reading, soldSince }
    const units = netOf(slot.edits.filter((edit) => edit.at <= reading.since))
    slot.edits = slot.edits.filter((edit) => edit.at > reading.since)
    next.available[0]! += units
    slot.claim = rules.told(units === 0 ? slot.claim : rules.moved(slot.claim, units, told), told)
    slot.reading = null
    coverFacts(next, one, rules)
  })
}

function sends(world: World, one: Case, rules: Rules, index: number, at: At): void {
  const slot = world.slots[index]!
  if (slot.writes >= one.writes) return
  const free = freeFor(world, one, rules, index)
  const most = Math.min(...one.units)
  const values = one.values ?? Array.from({ length: most + 1 }, (_, value) => value)
  const expectations = one.slots[index]!.compareAndSet ? values : [null]
  const { live } = slot.claim
  const leave = (name: string, value: number, expected: number | null, version: number, claim: SlotClaim) =>
    at(index, name, (slot) => {
      slot.writes += 1
      slot.version = version
      slot.claim = claim
      slot.flights.push({ version, value, expected })
    })
  for (const value of values)
    for (const expected of expectations) {
      if (expected === value || !rules.mayLeave(slot.claim, value, expected, free)) continue
      const isAgain = rules.repeatsZero && value === 0 && live?.value === 0 && expected === null
      const version = isAgain ? live.version : slot.version + 1
      const now = world.now + 1
      const write = { value, expected, version, deadAt: now + life }
      leave(
        expected === null ? `send ${value} to` : `send ${expected}→${value} to`,
        value,
        expected,
        version,
        rules.sent(slot.claim, write, now),
      )
    }
  if (rules.repeatsUncharged && live && live.expected !== null)
    leave(`repeat ${live.expected}→${live.value} to`, live.value, live.expected, live.version, slot.claim)
}

function learn(next: World, one: Case, rules: Rules, index: number, sale: number, isLate: boolean): void {
  const slot = next.slots[index]!
  const { state, stamp } = slot.sales[sale]!
  const claims = times(one)
  const take = (sign: number) => {
    for (const [component, takes] of takesOf(one, index).entries()) next.available[component]! += sign * takes
  }
  if (state.startsWith('canceled') && one.restock !== 'never')
    slot.claim = rules.restocked(slot.claim, 1, one.restock === 'at once', next.now, claims)
  if (state !== 'canceled known')
    slot.claim = rules.learned(slot.claim, { quantity: 1, placedAt: stamp, isLate }, claims)
  if (state === 'unknown') take(-1)
  if (state === 'canceled known') take(1)
  if (state === 'unknown') slot.sales[sale]!.state = 'known'
  else slot.sales.splice(sale, 1)
  if (slot.claim.alarm) next.hadAlarm = true
  if (isLate) coverFacts(next, one, rules)
}

/** A fact that took units from under the claims; sends never do. */
function coverFacts(world: World, one: Case, rules: Rules): void {
  for (const component of world.available.keys()) {
    const missing = claimed(world, one, rules, component) - world.available[component]!
    if (Number.isFinite(missing)) world.uncovered[component] = Math.max(world.uncovered[component]!, missing)
  }
}

/** The watermark goes to where it is true, and what waited for it settles. */
function settles(world: World, one: Case, rules: Rules, index: number, at: At, claims: ClaimTimes): void {
  const slot = world.slots[index]!
  const unknown = slot.sales.filter((sale) => sale.state === 'unknown' || sale.state === 'canceled unknown')
  const go = (name: string, until: number, isLie: boolean) => {
    const claim = rules.settled(slot.claim, until, claims)
    if (claim === slot.claim) return
    at(index, name, (slot, next) => {
      if (isLie) next.left.lies -= 1
      slot.watermark = Math.max(slot.watermark, until)
      slot.claim = claim
    })
  }
  const newest = one.isSkewed ? world.now - skewed : world.now
  const honest = unknown.reduce((least, sale) => Math.min(least, sale.stamp - 1), newest)
  go('settle', rules.ignoresPending ? newest : honest, false)
  if (world.left.lies > 0 && honest < newest) go('settle by a lie', newest, true)
}

/**
 * The next deadline of a slot comes: what could still land there by then has landed or was lost. It comes now, whatever the
 * clock: how long the other slots' writes live is another matter.
 */
function timePasses(world: World, rules: Rules, index: number, at: At): void {
  const { claim, flights, restocks } = world.slots[index]!
  const all = [...claim.strays, ...(claim.live ? [claim.live] : [])]
  const deadlines = all.map((one) => one.deadAt).filter((deadAt) => deadAt > world.now)
  if (deadlines.length === 0) return
  const deadline = Math.min(...deadlines)
  const dead = new Set(all.filter((one) => one.deadAt === deadline).map((one) => one.version))
  if (flights.some((flight) => dead.has(flight.version)) || (restocks > 0 && dead.has(null))) return
  at(index, 'deadline', (slot, next) => {
    const come = <T extends { deadAt: number }>(one: T): T =>
      one.deadAt === deadline ? { ...one, deadAt: next.now } : one
    const { live, strays } = slot.claim
    slot.claim = rules.died({ ...slot.claim, live: live && come(live), strays: strays.map(come) }, next.now)
  })
}

function copy(world: World): World {
  return {
    now: world.now,
    available: [...world.available],
    uncovered: [...world.uncovered],
    hadAlarm: world.hadAlarm,
    left: { ...world.left },
    slots: world.slots.map((slot) => ({
      ...slot,
      flights: [...slot.flights],
      answers: [...slot.answers],
      sales: slot.sales.map((sale) => ({ ...sale })),
      edits: [...slot.edits],
    })),
  }
}
