import { expect, test } from 'vitest'
import { unknownClaim } from './claims.ts'
import { bufferOf, planAdaptive, planShared } from './modes.ts'
import type { PoolView, SlotView } from './pool-view.ts'

const slot = (id: string, shown: number | null, rest: Partial<SlotView> = {}): SlotView => ({
  id,
  claim: { ...unknownClaim, claim: shown ?? 0 },
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
const pool = (available: number, slots: SlotView[]): PoolView => ({
  components: [{ available, claimed: slots.reduce((sum, one) => sum + (one.claim.claim ?? 0), 0) }],
  slots,
})

test('shared shows everything everywhere, and follows every change', () => {
  const slots = [slot('a', 9), slot('b', 10), slot('c', 3, { isCompareAndSet: true }), slot('d', null)]
  expect(planShared()(pool(9, slots)).map(({ send }) => send)).toEqual([
    null,
    { value: 9, expected: null },
    { value: 9, expected: 3 },
    null,
  ])
  expect(planShared(2)(pool(9, [slot('a', 9)]))[0]!.send).toEqual({ value: 7, expected: null })
  expect(planShared()(pool(9, [slot('a', 9, { limit: 4 })]))[0]!.wish).toBe(4)
})

test('a slot counts what of it the scarcest component allows', () => {
  const view: PoolView = {
    components: [
      { available: 9, claimed: 0 },
      { available: 7, claimed: 0 },
    ],
    slots: [slot('kit', 0, { takes: [2, 1] })],
  }
  expect(planShared()(view)[0]!.wish).toBe(4)
})

test('adaptive keeps back what may be sold before it answers, and lowers who shows more', () => {
  const slots = [slot('a', 40, { perHour: 20 }), slot('b', 30, { perHour: 20 })]
  const view = pool(42, slots)
  const buffer = bufferOf(view, slots[0]!, 0.001)
  // 4 are expected: more than 11 come in less than one case of a thousand.
  expect(buffer).toBe(11)
  const plans = planAdaptive(0.001)(view)
  expect(plans[0]!.send).toEqual({ value: 31, expected: null })
  expect(plans[1]).toMatchObject({ wish: 30, send: null })
})

test('the last units are planned by their claims', () => {
  const slots = [slot('a', 0, { perHour: 20 }), slot('b', 0, { perHour: 10 })]
  const plans = planAdaptive(0.001)(pool(3, slots))
  expect(plans.reduce((sum, { wish }) => sum + wish, 0)).toBeLessThanOrEqual(3)
  expect(plans[0]!.wish).toBeGreaterThan(0)
})
