/** Two and three own stores on one variant, each answer at another time: nothing moves for ever, and nobody starves. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { policyCases, printCount } from '../../test/support/iterations.ts'
import { chargeOf, claimedUnits, type SlotClaim, unknownClaim } from './claims.ts'
import { neededUnits, planGuarded } from './guard.ts'
import type { PoolView, SlotView } from './pool-view.ts'

const known = (claim: number): SlotClaim => ({ ...unknownClaim, claim })
const someSlot = fc.record({
  isTank: fc.constantFrom(true, true, false),
  perHour: fc.constantFrom(0.01, 1, 1.05, 4, 30),
  several: fc.constantFrom(0.01, 0.1, 0.3),
})
const goods = fc.record({
  slots: fc.array(someSlot, { minLength: 2, maxLength: 5 }),
  units: fc.nat(60),
  holder: fc.nat(4),
  order: fc.array(fc.nat(4), { minLength: 40, maxLength: 40 }),
})

const viewOf = (slots: readonly SlotView[], available: number): PoolView => ({
  components: [{ available, claimed: slots.reduce((sum, one) => sum + claimedUnits(one.claim), 0) }],
  slots: [...slots],
})

test('several own stores and channels beside them come to rest, whichever answers first', () => {
  const property = fc.property(goods, ({ slots: list, units, holder, order }) => {
    const stores = list.map((one, index): SlotView => {
      const shown = index === holder % list.length && one.isTank ? units : 0
      const hours = one.isTank ? 0.001 : 0.1
      const times = { refillHours: hours, darkHours: hours }
      const rest = { isCompareAndSet: one.isTank, isBusy: false, limit: 1_000, takes: [1], ...times }
      return { id: String(index), claim: known(shown), shown, ...one, ...rest }
    })
    let slots = stores
    const under = new Map<number, number>()
    let writes = 0
    for (let round = 0; ; round += 1) {
      const plans = planGuarded(viewOf(slots, units))
      const before = slots
      slots = before.map((one, index) => {
        const send = plans[index]!.send
        if (!send || one.isBusy) return one
        writes += 1
        under.set(index, send.value)
        const claim = known(claimedUnits(one.claim) + chargeOf(send.value, send.expected))
        return { ...one, claim, shown: send.value, isBusy: true }
      })
      const waiting = [...under.keys()]
      if (waiting.length === 0) break
      const lands = waiting[order[round % order.length]! % waiting.length]!
      const value = under.get(lands)!
      under.delete(lands)
      slots = slots.map((one, index) => (index === lands ? { ...one, claim: known(value), isBusy: false } : one))
      expect(writes).toBeLessThan(60)
    }
    expect(slots.reduce((sum, one) => sum + claimedUnits(one.claim), 0)).toBeLessThanOrEqual(units)
    // Where one store holds more than it needs, no other lacks what its buyers want.
    const tanks = slots.filter((one) => one.isTank)
    const surplus = tanks.some((one) => one.shown! > neededUnits(one))
    if (surplus) expect(tanks.every((one) => one.shown! >= neededUnits(one))).toBe(true)
  })
  fc.assert(property, { numRuns: policyCases })
  printCount('pools of several own stores', policyCases)
})
