import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { histories, printCount } from '../../test/support/iterations.ts'
import {
  type ClaimTimes,
  claimConfirmed,
  claimExceeded,
  claimLearned,
  claimOverwritten,
  claimRead,
  claimRefused,
  claimRestocked,
  claimSent,
  claimSettled,
  claimUnanswered,
  mayLeave,
  type SlotClaim,
  unknownClaim,
} from './claims.ts'

const life = 900_000
const times: ClaimTimes = { marginMs: 10, staleMs: 100, lifeMs: life }
const known = (claim: number): SlotClaim => ({ ...unknownClaim, claim })
const send = (slot: SlotClaim, value: number, version: number, at: number, expected: number | null = null) =>
  claimSent(slot, { value, expected, version, deadAt: at + life }, at)
const sale = (placedAt: number, quantity = 1, isLate = false) => ({ placedAt, quantity, isLate })

describe('an absolute write', () => {
  test('adds to what may be sold until the sales before it are known', () => {
    let slot = send(known(1), 1, 1, 1_000)
    expect(slot.claim).toBe(2)
    slot = claimConfirmed(slot, 1, 1_200)
    expect(slot.claim).toBe(2)
    expect(claimSettled(slot, 1_209, times).claim).toBe(2)
    expect(claimSettled(slot, 1_210, times)).toMatchObject({ claim: 1, settlements: [] })
  })

  test('sales after its effect lower what it left; sales before it were never in it', () => {
    let slot = claimConfirmed(send(known(3), 2, 1, 1_000), 1, 1_200)
    slot = claimLearned(slot, sale(1_100), times)
    slot = claimLearned(slot, sale(1_211), times)
    // Within the margin nobody can tell, so it is not counted.
    slot = claimLearned(slot, sale(1_210), times)
    expect(slot.claim).toBe(2)
    expect(claimSettled(slot, 2_000, times).claim).toBe(1)
  })

  test('one without an answer stays in the claim, and in every settlement of a write that left before its death', () => {
    let slot = claimUnanswered(send(known(0), 2, 1, 0), 1)
    slot = claimConfirmed(send(slot, 0, 2, 10), 2, 20)
    slot = claimSettled(slot, 1_000, times)
    expect(slot.claim).toBe(2)
    slot = claimConfirmed(send(slot, 0, 3, life + 1), 3, life + 2)
    expect(claimSettled(slot, life + 100, times).claim).toBe(0)
  })

  test('a zero that is sent again answers for itself alone', () => {
    // The first zero left while a stray could still land behind it; the second one did not.
    let slot = claimUnanswered(send(known(0), 1, 1, 0), 1)
    slot = send(slot, 0, 2, life - 10)
    slot = send(slot, 0, 3, life + 10)
    expect(claimConfirmed(slot, 2, life + 20)).toBe(slot)
    slot = claimConfirmed(slot, 3, life + 30)
    // The zero before it cannot raise anything, and the stray was dead.
    expect(claimSettled(slot, life + 100, times).claim).toBe(0)
  })

  test('one that was certainly not carried out is given back everywhere', () => {
    const before = claimRead(known(2), 1, 50, 60)
    const slot = claimRefused(send(before, 3, 1, 100), 1)
    expect(slot).toEqual(before)
  })
})

describe('readings', () => {
  test('count what could land while they were on their way', () => {
    let slot = send(known(4), 2, 1, 100)
    slot = claimRead(slot, 1, 90, 150)
    expect(slot.settlements).toEqual([{ at: 150, bound: 3, assigns: false }])
    slot = claimConfirmed(slot, 1, 160)
    expect(claimSettled(slot, 155, times)).toMatchObject({ claim: 6 })
    expect(claimSettled(slot, 160, times).claim).toBe(3)
  })

  test('a write confirmed after the question left may have landed behind the answer', () => {
    const slot = claimRead(claimConfirmed(send(known(0), 2, 1, 100), 1, 130), 0, 120, 140)
    expect(claimSettled(slot, 200, times).claim).toBe(2)
  })

  test('fewer than expected that no sale explains in time frees nothing, and a later reading disproves it', () => {
    const missed = claimRead(known(5), 2, 0, 10, 3)
    expect(claimSettled(missed, 100, times).claim).toBe(5)
    const told = claimLearned(claimLearned(missed, sale(5, 2), times), sale(9), times)
    expect(told.claim).toBe(2)
    expect(claimSettled(claimLearned(missed, sale(5, 3), times), 100, times).claim).toBe(2)
    expect(claimSettled(claimRead(claimRead(known(5), 2, 0, 10), 4, 20, 30), 100, times).claim).toBe(4)
    expect(claimSettled(claimRead(claimRead(known(5), 2, 0, 10), 4, 9, 30), 100, times).claim).toBe(2)
  })

  test('one that is no better than the claim is not kept', () => {
    expect(claimRead(known(1), 1, 0, 10).settlements).toEqual([])
    expect(claimRead(unknownClaim, 1, 0, 10).settlements).toHaveLength(1)
  })
})

describe('a compare-and-set', () => {
  test('adds the difference when it leaves, and takes when it is answered', () => {
    expect(send(known(1), 3, 1, 0, 1).claim).toBe(3)
    const lowered = send(known(3), 1, 1, 0, 3)
    expect(lowered.claim).toBe(3)
    expect(claimConfirmed(lowered, 1, 10).claim).toBe(1)
    expect(claimRefused(send(known(1), 3, 1, 0, 1), 1).claim).toBe(1)
  })

  test('what it took is not taken twice where a reading saw it first', () => {
    let slot = claimRead(send(known(1), 0, 1, 0, 1), 0, 5, 10)
    slot = claimSettled(slot, 20, times)
    expect(slot.claim).toBe(0)
    expect(claimConfirmed(slot, 1, 30).claim).toBe(0)
  })

  test('sales between its sending and its answer are taken as well', () => {
    const slot = claimLearned(send(known(3), 1, 1, 0, 3), sale(5), times)
    expect(claimConfirmed(slot, 1, 10).claim).toBe(0)
  })

  test('what it leaves there may be sold, also where a sale was counted that the store never heard of', () => {
    expect(claimConfirmed(send(known(3), 3, 1, 0, 4), 1, 10).claim).toBe(3)
    expect(claimConfirmed(send(known(3), 2, 1, 0, 4), 1, 10).claim).toBe(2)
  })

  test('where more stands than anything explains the claim follows, without an alarm', () => {
    const slot = claimExceeded(claimRead(known(3), 2, 0, 10), 40, 20)
    expect(slot).toMatchObject({ claim: 40, alarm: false })
    expect(claimSettled(slot, 100, times).claim).toBe(39)
    expect(claimExceeded(known(3), 3, 0)).toEqual(known(3))
    expect(claimExceeded(unknownClaim, 3, 0)).toEqual(unknownClaim)
  })
})

describe('cancellations', () => {
  test('a late restock may come on top of whatever is settled meanwhile', () => {
    let slot = claimRestocked(claimLearned(known(1), sale(5), times), 1, false, 10, times)
    expect(slot.claim).toBe(1)
    slot = claimConfirmed(send(slot, 0, 1, 20), 1, 30)
    expect(claimSettled(slot, 100, times).claim).toBe(1)
  })

  test('a restock that came with the cancellation is overwritten by the next write', () => {
    let slot = claimRestocked(claimLearned(known(1), sale(5), times), 1, true, 10, times)
    slot = claimConfirmed(send(slot, 0, 1, 20), 1, 30)
    expect(claimSettled(slot, 100, times).claim).toBe(0)
  })
})

describe('an alarm', () => {
  test('lets nothing but 0 leave until a 0 that was sent since has settled', () => {
    let slot = claimLearned(known(1), sale(5, 1, true), times)
    expect(slot).toMatchObject({ claim: 1, alarm: true })
    expect(mayLeave(slot, 1, null, 10)).toBe(false)
    expect(mayLeave(slot, 0, null, -5)).toBe(true)
    slot = claimConfirmed(send({ ...slot, claim: -2 }, 0, 1, 20), 1, 30)
    slot = claimSettled(slot, 100, times)
    expect(slot).toMatchObject({ claim: 0, alarm: false })
    expect(mayLeave(slot, 1, null, 1)).toBe(true)
  })

  test('more sold than could be raises one', () => {
    expect(claimLearned(known(1), sale(5, 2), times)).toMatchObject({ claim: -1, alarm: true })
  })
})

test('what is unknown may only be lowered, until something settles', () => {
  expect(mayLeave(unknownClaim, 1, null, 100)).toBe(false)
  expect(mayLeave(unknownClaim, 0, null, Number.NEGATIVE_INFINITY)).toBe(true)
  expect(mayLeave(unknownClaim, 1, 3, 0)).toBe(true)
  const slot = claimConfirmed(send(unknownClaim, 0, 1, 0), 1, 10)
  expect(claimSettled(slot, 100, times).claim).toBe(0)
})

test('a long life of one slot: what it can sell never exceeds its claim', () => {
  const event = fc.record({
    kind: fc.constantFrom('send', 'land', 'lose', 'answer', 'give up', 'buy', 'learn', 'read', 'settle', 'wait'),
    value: fc.integer({ min: 0, max: 5 }),
  })
  fc.assert(
    fc.property(fc.array(event, { maxLength: 60 }), (events) => {
      let now = 1_000_000
      let shown = 3
      let version = 0
      let slot = known(3)
      let flights: { version: number; value: number; deadAt: number }[] = []
      let answers: number[] = []
      const unknown: number[] = []
      for (const { kind, value } of events) {
        now += 50
        if (kind === 'send') {
          version += 1
          slot = send(slot, value, version, now)
          flights.push({ version, value, deadAt: now + life })
        }
        const [flight] = flights.splice(value % Math.max(1, flights.length), kind === 'land' || kind === 'lose' ? 1 : 0)
        if (kind === 'land' && flight) {
          shown = flight.value
          answers.push(flight.version)
        }
        if (kind === 'answer' && answers.length > 0)
          slot = claimConfirmed(slot, answers.splice(value % answers.length, 1)[0]!, now)
        if (kind === 'give up' && slot.live) slot = claimUnanswered(slot, slot.live.version)
        if (kind === 'buy' && shown > 0) {
          shown -= 1
          unknown.push(now)
        }
        if (kind === 'learn' && unknown.length > 0)
          slot = claimLearned(slot, sale(unknown.splice(value % unknown.length, 1)[0]!), times)
        if (kind === 'read') slot = claimRead(slot, shown, now, now)
        if (kind === 'settle') slot = claimSettled(slot, Math.min(now, ...unknown.map((at) => at - 1)), times)
        if (kind === 'wait') {
          now += life
          flights = flights.filter((one) => one.deadAt > now)
        }
        const coming = flights.reduce((sum, one) => sum + one.value, 0)
        expect(unknown.length + shown + coming).toBeLessThanOrEqual(slot.claim!)
        answers = answers.filter((one) => one === slot.live?.version)
      }
    }),
    { numRuns: histories },
  )
  printCount('histories of one claim', histories)
})

describe('an alarm of a slot whose channel only accepts', () => {
  const alarmed = () => claimLearned(known(5), sale(5, 1, true), times)

  test('ends by a reading once the 0 that was sent since is dead, and everything before it', () => {
    const slot = send(alarmed(), 0, 1, 20)
    const early = claimSettled(claimRead(slot, 0, 20 + life - 1, 20 + life), 2_000_000, times)
    expect(early, 'the 0 may still land, or a write before it').toMatchObject({ alarm: true })
    const late = claimRead(slot, 0, 20 + life, 25 + life)
    expect(late, 'not before the sales up to the reading are known').toMatchObject({ alarm: true, claim: 5 })
    expect(claimSettled(late, 2_000_000, times)).toMatchObject({ alarm: false, claim: 0 })
  })

  test('does not end while a write from before may still land, nor without a 0', () => {
    const stray = claimUnanswered(send(known(5), 2, 1, 100), 1)
    const slot = send({ ...stray, alarm: true }, 0, 2, 110)
    expect(claimSettled(claimRead(slot, 0, 100 + life - 1, 500 + life), 2_000_000, times).alarm).toBe(true)
    expect(claimSettled(claimRead({ ...alarmed(), live: null }, 0, 990_000, 990_001), 2_000_000, times).alarm).toBe(
      true,
    )
  })
})

test('what somebody else wrote may be sold, whatever was believed, and nothing but 0 leaves', () => {
  const before = claimRead(known(9), 2, 40, 50)
  const slot = claimOverwritten({ ...before, claim: 4 }, 7, 60)
  expect(slot).toMatchObject({ claim: 7, alarm: true, settlements: [] })
  expect(mayLeave(slot, 1, null, 99)).toBe(false)
  expect(claimOverwritten(known(9), 7, 60).claim, 'a claim that is higher stays').toBe(9)
})
