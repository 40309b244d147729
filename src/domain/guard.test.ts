import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { policyCases, printCount } from '../../test/support/iterations.ts'
import { chargeOf, claimedUnits, mayLeave, type SlotClaim, unknownClaim } from './claims.ts'
import { planGuarded } from './guard.ts'
import type { PoolView, SlotPlan, SlotView } from './pool-view.ts'

const known = (claim: number): SlotClaim => ({ ...unknownClaim, claim })

const slot = (id: string, shown: number, rest: Partial<SlotView> = {}): SlotView => ({
  id,
  claim: known(shown),
  isCompareAndSet: false,
  isTank: false,
  shown,
  isBusy: false,
  limit: 1_000,
  takes: [1],
  perHour: 1,
  several: 0.1,
  refillHours: 0.1,
  darkHours: 0.1,
  ...rest,
})
const tank = (shown: number, rest: Partial<SlotView> = {}): SlotView =>
  slot('tank', shown, { isCompareAndSet: true, isTank: true, refillHours: 0.001, darkHours: 0.001, ...rest })

function pool(available: number, slots: SlotView[]): PoolView {
  return { components: [{ available, claimed: slots.reduce((sum, one) => sum + claimedUnits(one.claim), 0) }], slots }
}

const planOf = (view: PoolView, id: string): SlotPlan => planGuarded(view).find((one) => one.id === id)!

describe('what to show where', () => {
  test('a sale on the channel itself needs no write', () => {
    const slots = [slot('a', 9), slot('b', 10), tank(20)]
    expect(planGuarded(pool(39, slots)).map(({ send, reason }) => [send, reason])).toEqual([
      [null, 'share'],
      [null, 'share'],
      [null, 'tank'],
    ])
  })

  test('at the re-order point a raise leaves at once where enough is free, on top of what stands', () => {
    const { reason, send } = planOf(pool(21, [slot('a', 1), slot('b', 10)]), 'a')
    expect(reason).toBe('reorder-point')
    expect(send!.value).toBeGreaterThan(1)
    expect(send!.value).toBeLessThanOrEqual(10)
    expect(send!.expected).toBe(null)
  })

  test('the tank lends first what is not free', () => {
    const plans = planGuarded(pool(20, [slot('a', 0), tank(20)]))
    expect(plans[0]).toMatchObject({ reason: 'lending', send: null })
    expect(plans[1]!.send).toEqual({ value: 20 - plans[0]!.wish, expected: 20 })
  })

  test('the last unit leaves the tank only for a slot that sells it sooner', () => {
    const last = (perHour: number) => planOf(pool(1, [slot('a', 0, { perHour }), tank(1)]), 'a').reason
    expect(last(1)).toBe('scarce')
    expect(last(2)).toBe('lending')
  })

  describe('several own stores', () => {
    const store = (id: string, shown: number, rest: Partial<SlotView> = {}) => tank(shown, { id, ...rest })

    test('any of them lends what it does not need, to a channel and to another store', () => {
      for (const sold of [slot('a', 0), store('a', 0)]) {
        const plans = planGuarded(pool(20, [store('first', 4), store('second', 16), sold]))
        expect(plans[2]).toMatchObject({ reason: 'lending', send: null })
        const given = plans.slice(0, 2).map(({ send }, index) => (send ? [4, 16][index]! - send.value : 0))
        expect(given[0]! + given[1]!).toBe(plans[2]!.wish)
      }
      const [first, second] = planGuarded(pool(20, [store('first', 0), store('second', 20)]))
      expect(first).toMatchObject({ reason: 'lending', send: null })
      expect(second!.send).toEqual({ value: 20 - first!.wish, expected: 20 })
    })

    test('one that is being written keeps its place: nobody else takes what it would hold', () => {
      const busy = { isBusy: true }
      const plans = planGuarded(pool(40, [store('first', 10, busy), store('second', 1)]))
      expect(plans[0]!.send).toBe(null)
      expect(plans[1]!.send!.value).toBeLessThan(25)
      // One that cannot be written for long does not.
      const halted = planGuarded(pool(40, [store('first', 1, { ...busy, isHalted: true }), store('second', 1)]))
      expect(halted[1]!.send).toEqual({ value: 39, expected: 1 })
    })

    test('the last unit goes to and fro between none', () => {
      for (const rates of [
        [1, 1],
        [1, 1.09],
        [1.09, 1],
      ]) {
        const slots = ['first', 'second'].map((id, index) => store(id, index === 0 ? 1 : 0, { perHour: rates[index]! }))
        expect(planGuarded(pool(1, slots)).every(({ send }) => send === null)).toBe(true)
        const other = slots.map((one, index) => ({ ...one, shown: index, claim: known(index) }))
        expect(planGuarded(pool(1, other)).every(({ send }) => send === null)).toBe(true)
      }
    })
  })

  test('one unit everywhere comes before depth, the fastest first', () => {
    const slots = [slot('a', 0, { perHour: 9 }), slot('b', 0, { perHour: 5 }), slot('c', 0, { perHour: 1 })]
    const shows = (units: number) => planGuarded(pool(units, slots)).map(({ wish }) => wish)
    expect(shows(1)).toEqual([1, 0, 0])
    expect(shows(2)).toEqual([1, 1, 0])
    expect(shows(3)).toEqual([1, 1, 1])
    expect(shows(4)).toEqual([2, 1, 1])
  })

  test('units that a claim still binds are waited for', () => {
    const slots = [slot('a', 0, { claim: known(2) })]
    expect(planOf(pool(2, slots), 'a')).toEqual({ id: 'a', wish: 0, reason: 'waiting', send: null })
  })

  test('a slow slot is emptied for faster ones, unless its dark time costs more', () => {
    const slots = (darkHours: number) => [slot('slow', 4, { perHour: 0.1, darkHours }), slot('fast', 0, { perHour: 4 })]
    expect(planOf(pool(4, slots(0.1)), 'slow')).toMatchObject({ reason: 'donor', send: { value: 0, expected: null } })
    expect(planOf(pool(4, slots(100)), 'slow').send).toBe(null)
  })

  test('nobody is emptied who would only be filled again', () => {
    const seldom = (id: string, shown: number, rest: Partial<SlotView> = {}) =>
      slot(id, shown, { perHour: 0.0208, refillHours: 0.075, darkHours: 0.142, ...rest })
    const fullest = seldom('c', 3, { perHour: 0.0205, several: 0.133 })
    const slots = [seldom('a', 2), seldom('b', 1), fullest, tank(2, { perHour: 0.0208 })]
    expect(planGuarded(pool(8, slots)).map(({ send }) => send)).toEqual([null, null, null, null])
  })

  test('nothing is raised beside a claim nobody knows', () => {
    const slots = [slot('a', 0), slot('b', 0, { claim: unknownClaim, shown: null }), tank(3)]
    expect(planGuarded(pool(10, slots)).map(({ reason, send }) => [reason, send])).toEqual([
      ['waiting', null],
      ['unknown', null],
      ['tank', null],
    ])
  })

  test('an alarmed slot is emptied once, until that has settled', () => {
    const alarmed = { ...known(3), alarm: true }
    expect(planOf(pool(9, [slot('a', 3, { claim: alarmed })]), 'a').send).toEqual({ value: 0, expected: null })
    const settling = { ...alarmed, settlements: [{ at: 1, bound: 0, assigns: true }] }
    expect(planOf(pool(9, [slot('a', 0, { claim: settling })]), 'a')).toMatchObject({ reason: 'alarm', send: null })
    const doubted = { ...alarmed, doubtedUntil: 9 }
    expect(planOf(pool(9, [slot('a', 0, { claim: doubted })]), 'a')).toMatchObject({ reason: 'alarm', send: null })
  })

  test('a fact that takes units from under the claims empties everything', () => {
    const plans = planGuarded(pool(4, [slot('a', 3), slot('b', 0), tank(2)]))
    expect(plans.map(({ reason, send }) => [reason, send?.value])).toEqual([
      ['shortage', 0],
      ['shortage', undefined],
      ['shortage', 0],
    ])
  })

  test('where buyers cannot come that fast, the fastest that are covered stay, and a compare-and-set gives what is missing', () => {
    const slow = { perHour: 0.02, darkHours: 0.4 }
    const everywhere = [slot('a', 40, slow), slot('b', 40, { ...slow, perHour: 0.05 }), tank(40, slow)]
    const plans = planGuarded(pool(45, everywhere))
    expect(plans.map(({ wish, send }) => [wish, send])).toEqual([
      [0, { value: 0, expected: null }],
      [40, null],
      [5, { value: 5, expected: 40 }],
    ])
    // As fast as that, it could all be sold before 0 takes effect.
    const fast = everywhere.map((one) => ({ ...one, perHour: 30 }))
    expect(planGuarded(pool(45, fast)).map(({ wish }) => wish)).toEqual([0, 0, 0])
  })

  test('more than the publishing rule allows is taken back: directly where that is free, else by way of 0', () => {
    const over = (available: number) => planOf(pool(available, [slot('a', 5, { limit: 3 })]), 'a').send
    expect(over(8)).toEqual({ value: 3, expected: null })
    expect(over(7)).toEqual({ value: 0, expected: null })
  })

  test('a kit is raised only as far as its scarcest component reaches', () => {
    const kit = slot('kit', 0, { takes: [2, 1], perHour: 30 })
    const view: PoolView = {
      components: [
        { available: 5, claimed: 0 },
        { available: 9, claimed: 0 },
      ],
      slots: [kit],
    }
    expect(planGuarded(view)[0]!.send).toEqual({ value: 2, expected: null })
  })
})

const rate = fc.constantFrom(0.001, 0.05, 1, 30, 400)
const someSlot = (components: number) =>
  fc
    .record({
      shown: fc.option(fc.nat(30), { freq: 9 }),
      extra: fc.nat(3),
      isCompareAndSet: fc.boolean(),
      isTank: fc.boolean(),
      fate: fc.constantFrom('known', 'known', 'known', 'busy', 'unknown', 'alarm'),
      limit: fc.constantFrom(0, 1, 5, 1_000),
      takes: fc.array(fc.nat(2), { minLength: components, maxLength: components }),
      perHour: rate,
      several: fc.constantFrom(0.01, 0.1, 0.5),
      refillHours: fc.constantFrom(0.001, 0.1, 2),
      darkHours: fc.constantFrom(0.001, 0.1, 2),
    })
    .map(({ fate, extra, shown, ...rest }): SlotView => {
      const live = { value: shown ?? 0, expected: null, version: 1, sentAt: 0, deadAt: 1, bound: 0, assigns: false }
      const claim: SlotClaim = {
        ...known((shown ?? 0) + extra),
        ...(fate === 'unknown' ? { claim: null } : {}),
        alarm: fate === 'alarm',
        live: fate === 'busy' ? live : null,
      }
      const takes = rest.takes.some((units) => units > 0) ? rest.takes : rest.takes.map(() => 1)
      return {
        ...rest,
        id: '',
        shown,
        claim,
        takes,
        isTank: rest.isTank && rest.isCompareAndSet,
        isBusy: fate === 'busy',
      }
    })
const someView = fc
  .integer({ min: 1, max: 3 })
  .chain((components) =>
    fc.record({
      slots: fc.array(someSlot(components), { minLength: 1, maxLength: 5 }),
      spare: fc.array(fc.integer({ min: -5, max: 60 }), { minLength: components, maxLength: components }),
    }),
  )
  .map(({ slots, spare }): PoolView => {
    const components = spare.map((units, component) => {
      const bound = (one: SlotView) => (one.takes[component]! > 0 ? one.takes[component]! * claimedUnits(one.claim) : 0)
      const claimed = slots.reduce((sum, one) => sum + bound(one), 0)
      return { available: units + (Number.isFinite(claimed) ? claimed : 20), claimed }
    })
    return { components, slots: slots.map((one, index) => ({ ...one, id: String(index) })) }
  })

/** The view once everything that was sent stands there and has settled. */
function landed(view: PoolView, plans: SlotPlan[]): PoolView {
  const slots = view.slots.map((one, index) => {
    const send = plans[index]!.send
    return send ? { ...one, shown: send.value, claim: known(send.value), isBusy: false } : one
  })
  const components = view.components.map(({ available }, component) => ({
    available,
    claimed: slots.reduce((sum, one) => sum + one.takes[component]! * claimedUnits(one.claim), 0),
  }))
  return { components, slots }
}

describe('whatever the pool looks like', () => {
  const always = (what: string, property: (view: PoolView) => void) =>
    test(what, () => {
      fc.assert(fc.property(someView, property), { numRuns: policyCases })
      printCount(`pools (${what})`, policyCases)
    })

  always('no wish is above its limit, and no send is anything but its wish', (view) => {
    for (const [index, { wish, send }] of planGuarded(view).entries()) {
      expect(wish).toBeLessThanOrEqual(view.slots[index]!.limit)
      expect(wish).toBeGreaterThanOrEqual(0)
      if (send) expect(send.value).toBe(wish)
    }
  })

  always('all that is sent may leave together', (view) => {
    const free = view.components.map(({ available, claimed }) => available - claimed)
    for (const [index, { send }] of planGuarded(view).entries()) {
      const one = view.slots[index]!
      if (!send) continue
      const units = Math.min(...one.takes.map((takes, component) => (takes > 0 ? free[component]! / takes : Infinity)))
      expect(mayLeave(one.claim, send.value, send.expected, Math.floor(units))).toBe(true)
      for (const [component, takes] of one.takes.entries())
        free[component]! -= takes * chargeOf(send.value, send.expected)
    }
  })

  always('the same pool gets the same plan', (view) => {
    expect(planGuarded(structuredClone(view))).toEqual(planGuarded(view))
  })
})

test('it comes to rest, and what is there for everybody is shown by everybody', () => {
  const goods = fc.record({
    rates: fc.array(rate, { minLength: 1, maxLength: 5 }),
    tanks: fc.nat(3),
    more: fc.nat(200),
    /** The slot that shows all of it at first. */
    holder: fc.nat(4),
  })
  const property = fc.property(goods, ({ rates, tanks, more, holder }) => {
    const slots = rates.map((perHour, index) => {
      const isHolder = index === holder && index < tanks
      const id = String(index)
      const shown = isHolder ? rates.length + more : 0
      return index < tanks ? tank(shown, { id, perHour }) : slot(id, shown, { perHour })
    })
    let view = pool(slots.length + more, slots)
    for (let round = 0; round < 40; round += 1) {
      const plans = planGuarded(view)
      if (plans.every(({ send }) => send === null)) break
      view = landed(view, plans)
      expect(round).toBeLessThan(39)
    }
    expect(view.slots.every(({ shown }) => shown! > 0)).toBe(true)
    // Nothing has changed: nothing is written.
    expect(planGuarded(view).every(({ send }) => send === null)).toBe(true)
  })
  fc.assert(property, { numRuns: policyCases })
  printCount('pools that come to rest', policyCases)
})
