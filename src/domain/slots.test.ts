import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { histories, printCount } from '../../test/support/iterations.ts'
import { unknownClaim } from './claims.ts'
import {
  answered,
  claimTimes,
  expectedValue,
  isDue,
  type QuantityWrites,
  read,
  type Slot,
  sent,
  settledHere,
  soldHere,
  strayLifeMs,
  urgencyOf,
  type WriteAnswer,
} from './slots.ts'

const times = claimTimes(600_000)
const readAt = (slot: Slot, shown: number, at: Date, watermark: Date | null) =>
  read(slot, shown, { since: at, askedAt: at, at }, watermark)
const sell = (slot: Slot, quantity: number, placedAt: Date) =>
  soldHere(slot, { quantity, canceled: 0, placedAt, isSure: true, isLate: false }, times)
const at = (second: number) => new Date(Date.UTC(2026, 10, 22) + second * 1_000)
const untouched: Slot = {
  id: 's',
  wish: null,
  live: null,
  claim: unknownClaim,
  confirmed: null,
  holdUntil: null,
  version: 0,
  readDueAt: null,
  retryAt: null,
}
const straysOf = (slot: Slot) => slot.claim.strays
/** Read at second 0: shows this. */
const showing = (value: number, more: Partial<Slot> = {}): Slot => ({
  ...untouched,
  wish: value,
  confirmed: { value, at: at(0), version: 0 },
  ...more,
})
/** A write of `value` left at second 10. */
const writing = (from: number, value: number, writes: QuantityWrites = 'absolute') =>
  sent(showing(from, { wish: value }), value, at(10), writes)

describe('what is due', () => {
  test('nothing, without a wish or where the wish stands', () => {
    expect(isDue(untouched, null, at(1))).toBe('clean')
    expect(isDue(showing(3), null, at(1))).toBe('clean')
    expect(isDue(writing(3, 5), null, at(11))).toBe('clean')
  })

  test('of a slot never read, only 0', () => {
    expect(isDue({ ...untouched, wish: 0 }, at(9), at(1))).toBe('send')
    expect(isDue({ ...untouched, wish: 1 }, at(9), at(1))).toBe('wait')
    // A compare-and-set must say what it replaces, so it is read first.
    expect(isDue({ ...untouched, wish: 0 }, at(9), at(1), 'compare-and-set')).toBe('wait')
  })

  test('a lower value supersedes at once, a higher one waits for the write before it', () => {
    const live = writing(3, 5)
    expect(isDue({ ...live, wish: 4 }, null, at(11))).toBe('send')
    expect(isDue({ ...live, wish: 6 }, at(99), at(11))).toBe('wait')
    expect(isDue({ ...live, wish: 0, holdUntil: at(50) }, null, at(11))).toBe('send')
  })

  test('a raise waits for the orders up to the reading that held it; a decrease does not', () => {
    const held = showing(3, { holdUntil: at(20) })
    expect(isDue({ ...held, wish: 5 }, null, at(30))).toBe('wait')
    expect(isDue({ ...held, wish: 5 }, at(19), at(30))).toBe('wait')
    expect(isDue({ ...held, wish: 5 }, at(20), at(30))).toBe('send')
    expect(isDue({ ...held, wish: 2 }, null, at(30))).toBe('send')
  })

  test('nothing before its retry', () => {
    const refused = showing(3, { wish: 0, retryAt: at(60) })
    expect(isDue(refused, null, at(59))).toBe('wait')
    expect(isDue(refused, null, at(60))).toBe('send')
  })

  test('sell-outs first, then decreases, then raises from nothing, then other raises', () => {
    expect([
      urgencyOf(0, 9),
      urgencyOf(0, null),
      urgencyOf(2, 9),
      urgencyOf(2, 0),
      urgencyOf(9, 2),
      urgencyOf(9, null),
    ]).toEqual([0, 0, 1, 2, 3, 3])
  })
})

describe('a write that leaves', () => {
  test('has the next version, and what it expects only where the channel compares', () => {
    expect(writing(3, 5)).toMatchObject({
      version: 1,
      live: { value: 5, version: 1, expected: null, sentAt: at(10), acceptedAt: null, sales: 0 },
    })
    expect(writing(3, 5, 'compare-and-set').live).toMatchObject({ expected: 3 })
    expect(writing(3, 5).readDueAt!.getTime()).toBeGreaterThan(at(10).getTime())
    expect(expectedValue(writing(3, 5))).toBe(5)
  })

  test('makes the one before it a stray, which lives as long as it may take effect', () => {
    const second = sent(writing(9, 5), 2, at(20), 'absolute')
    expect(second).toMatchObject({ version: 2, live: { value: 2, version: 2 } })
    expect(straysOf(second)).toEqual([{ value: 5, version: 1, deadAt: at(10).getTime() + strayLifeMs }])
  })
})

describe('an answer', () => {
  const answer = (slot: Slot, one: WriteAnswer, second = 11) => answered(slot, slot.version, one, at(second), null)

  test('"accepted" proves nothing', () => {
    const slot = answer(writing(3, 5), { kind: 'accepted' })
    expect(slot).toMatchObject({ live: { value: 5, acceptedAt: at(11) }, confirmed: { value: 3 } })
    expect(slot.readDueAt).not.toBeNull()
  })

  test('"applied" confirms, less what was sold meanwhile, and ends a hold', () => {
    const slot = writing(3, 5, 'compare-and-set')
    expect(answer({ ...slot, holdUntil: at(50) }, { kind: 'applied' })).toMatchObject({
      live: null,
      confirmed: { value: 5, at: at(11), version: 1 },
      holdUntil: null,
      readDueAt: null,
    })
    expect(answer(sell(slot, 2, at(10.5)), { kind: 'applied' }).confirmed).toMatchObject({ value: 3 })
    expect(answer(sell(slot, 9, at(10.5)), { kind: 'applied' }).confirmed).toMatchObject({ value: 0 })
  })

  test('"mismatch" is a reading, tried again a moment later', () => {
    const slot = answer(writing(3, 5, 'compare-and-set'), { kind: 'mismatch', shown: 2 })
    expect(slot).toMatchObject({ live: null, confirmed: { value: 2, at: at(11) }, holdUntil: at(11), retryAt: at(12) })
    expect(isDue({ ...slot, wish: 5 }, at(10), at(20))).toBe('wait')
    expect(isDue({ ...slot, wish: 1 }, at(10), at(20))).toBe('send')
  })

  test('a lower number while a write is under way holds raises, also once the write has taken effect', () => {
    const { slot, meaning } = readAt(writing(8, 5), 3, at(20), at(15))
    expect(meaning).toBe('lower')
    const effective = readAt(slot, 5, at(40), at(15)).slot
    expect(isDue({ ...effective, wish: 7 }, at(15), at(99))).toBe('wait')
    expect(isDue({ ...effective, wish: 7 }, at(21), at(99))).toBe('send')
  })

  test('a zero that was accepted and does not show is sent again', () => {
    const accepted = answer(writing(5, 0), { kind: 'accepted' })
    expect(readAt(accepted, 5, at(40), at(40)).slot.live).not.toBeNull()
    const { slot } = readAt(accepted, 5, at(140), at(140))
    expect(slot).toMatchObject({ live: null, confirmed: { value: 5 } })
    expect(isDue({ ...slot, wish: 0 }, null, at(141))).toBe('send')
  })

  test('"refused" leaves what stood, and waits', () => {
    expect(answer(writing(3, 5), { kind: 'refused', retryAt: at(99) })).toMatchObject({
      live: null,
      confirmed: { value: 3 },
      retryAt: at(99),
      version: 1,
    })
  })

  test('"refused" for what is not so any more: read at once', () => {
    const refused = { kind: 'refused', retryAt: at(99), isOutdated: true } as const
    expect(answer(writing(3, 5), refused)).toMatchObject({ live: null, retryAt: at(99), readDueAt: at(11) })
  })

  test('none: a raise stays under way until it is read or dead', () => {
    const slot = answer(writing(3, 5), { kind: 'unknown' })
    expect(slot).toMatchObject({ live: { value: 5 }, claim: { live: null } })
    expect(isDue({ ...slot, wish: 6 }, at(99), at(99))).toBe('wait')
  })

  test.each([
    ['a lower value', writing(5, 3)],
    ['a compare-and-set', writing(3, 5, 'compare-and-set')],
    ['a zero to a slot never read', sent({ ...untouched, wish: 0 }, 0, at(10), 'absolute')],
  ])('none: %s may leave again soon, the first one is a stray', (_, slot) => {
    const next = answer(slot, { kind: 'unknown' })
    expect(next).toMatchObject({ live: null, readDueAt: at(11) })
    expect(straysOf(next)).toMatchObject([{ version: 1 }])
    expect(isDue(next, at(99), at(12))).toBe('wait')
    expect(isDue(next, at(99), at(14))).toBe('send')
  })

  test.each<WriteAnswer>([
    { kind: 'accepted' },
    { kind: 'applied' },
    { kind: 'mismatch', shown: 1 },
    { kind: 'refused', retryAt: at(99) },
    { kind: 'unknown' },
  ])('$kind to a superseded write changes nothing', (one) => {
    const slot = sent(writing(9, 5), 2, at(20), 'absolute')
    expect(answered(slot, 1, one, at(21), null)).toBe(slot)
    const settled = { ...slot, live: null }
    expect(answered(settled, 2, one, at(21), null)).toBe(settled)
  })
})

describe('a reading', () => {
  test('the first one confirms, and holds raises until its orders are known', () => {
    expect(readAt({ ...untouched, wish: 9 }, 3, at(5), null)).toMatchObject({
      meaning: 'first',
      slot: { confirmed: { value: 3, at: at(5) }, holdUntil: at(5) },
    })
    expect(readAt({ ...untouched, wish: 9 }, 3, at(5), at(5))).toMatchObject({
      meaning: 'first',
      slot: { holdUntil: null },
    })
  })

  test('as expected keeps a hold that stands', () => {
    expect(readAt(showing(3, { holdUntil: at(2) }), 3, at(5), null)).toMatchObject({
      meaning: 'same',
      slot: { holdUntil: at(2), confirmed: { at: at(5) } },
    })
  })

  test('lower is a sale we do not know: no raise before its orders are known', () => {
    const { slot, meaning } = readAt(showing(5), 3, at(5), at(4))
    expect(meaning).toBe('lower')
    expect(slot).toMatchObject({ confirmed: { value: 3 }, holdUntil: at(5) })
    expect(isDue(slot, at(4), at(6))).toBe('wait')
    expect(isDue(slot, at(5), at(6))).toBe('send')
    expect(readAt(showing(5), 3, at(5), at(5))).toMatchObject({ meaning: 'lower', slot: { holdUntil: null } })
  })

  test('higher is somebody else’s write: it is set right at once', () => {
    const { slot, meaning } = readAt(showing(5), 8, at(5), null)
    expect(meaning).toBe('higher')
    expect(isDue(slot, null, at(6))).toBe('send')
  })

  test('older than what is confirmed says nothing but what its claim was then', () => {
    const slot = showing(5, { confirmed: { value: 5, at: at(9), version: 1 } })
    const { slot: next, meaning } = readAt(slot, 1, at(8), null)
    expect(meaning).toBe('same')
    expect({ ...next, claim: slot.claim }).toEqual(slot)
    expect(next.claim.settlements).toEqual([{ at: at(8).getTime(), bound: 1, assigns: false }])
  })

  test('of the value on its way, or that less known sales, proves it', () => {
    expect(readAt(writing(3, 5), 5, at(20), null)).toMatchObject({
      meaning: 'effective',
      slot: { live: null, confirmed: { value: 5, version: 1 }, readDueAt: null },
    })
    const sold = sell(writing(3, 5), 2, at(15))
    for (const shown of [5, 4, 3])
      expect(readAt(sold, shown, at(20), null)).toMatchObject({
        meaning: 'effective',
        slot: { confirmed: { value: shown } },
      })
  })

  test('that does not show it yet waits, ever more patiently', () => {
    const early = readAt(writing(3, 5), 3, at(11), null)
    expect(early).toMatchObject({
      meaning: 'waiting',
      slot: { live: { value: 5 }, confirmed: { value: 3, at: at(0) } },
    })
    const late = readAt(writing(3, 5), 3, at(300), null)
    expect(late.slot.readDueAt!.getTime() - at(300).getTime()).toBeGreaterThan(
      early.slot.readDueAt!.getTime() - at(11).getTime(),
    )
  })

  test('below both what stood and what is on its way is an unseen sale', () => {
    expect(readAt(writing(3, 5), 2, at(20), null)).toMatchObject({ meaning: 'lower', slot: { live: { value: 5 } } })
    expect(readAt(writing(5, 3), 2, at(20), null)).toMatchObject({ meaning: 'lower', slot: { live: { value: 3 } } })
  })

  test('after its life a write is lost, or it was sold away', () => {
    const dead = new Date(at(10).getTime() + strayLifeMs)
    expect(readAt(writing(3, 5), 3, dead, null)).toMatchObject({
      meaning: 'lost',
      slot: { live: null, confirmed: { value: 3, at: dead } },
    })
    expect(readAt(writing(3, 5), 1, dead, null)).toMatchObject({
      meaning: 'lower',
      slot: { live: null, confirmed: { value: 1 }, holdUntil: dead },
    })
  })

  test('says nothing about a write that left after the question, or was answered after it', () => {
    const asked = { since: at(9), askedAt: at(9), at: at(30) }
    const live = writing(3, 5)
    expect(read(live, 3, asked, null)).toMatchObject({ meaning: 'same', slot: { live: { value: 5 }, holdUntil: null } })
    const applied = answered(writing(3, 5, 'compare-and-set'), 1, { kind: 'applied' }, at(11), null)
    expect(read(applied, 3, asked, null)).toMatchObject({ meaning: 'same', slot: { confirmed: { value: 5 } } })
  })

  test('shows a write as arrived, and still claims it: the old value may be the one that was read', () => {
    const slot = sent(showing(5, { wish: 5, claim: { ...unknownClaim, claim: 5 } }), 5, at(10), 'absolute')
    const read = readAt(slot, 5, at(30), at(30)).slot
    expect(read).toMatchObject({ live: null, confirmed: { value: 5 }, claim: { claim: 10, live: { value: 5 } } })
    const settled = settledHere(read, new Date(at(30).getTime() + strayLifeMs), times)
    expect(settled.claim.claim).toBe(10)
    const later = readAt(read, 5, new Date(at(10).getTime() + strayLifeMs), null).slot
    expect(settledHere(later, at(9_999), times).claim.claim).toBe(5)
  })
})

describe('a sale on the channel', () => {
  test('before the reading is in it already; after it lowers what is confirmed', () => {
    expect(sell(showing(5), 2, at(-1)).confirmed).toMatchObject({ value: 5 })
    expect(sell(showing(5), 2, at(0)).confirmed).toMatchObject({ value: 5 })
    expect(sell(showing(5), 2, at(1)).confirmed).toMatchObject({ value: 3 })
    expect(sell(showing(5), 9, at(1)).confirmed).toMatchObject({ value: 0 })
  })

  test('lowers the slot by itself: no write is due where the wish fell alike', () => {
    expect(isDue({ ...sell(showing(5), 2, at(1)), wish: 3 }, null, at(2))).toBe('clean')
  })

  test('since a write left counts at the write, before it does not', () => {
    expect(sell(writing(3, 5), 2, at(9)).live).toMatchObject({ sales: 0 })
    expect(sell(writing(3, 5), 2, at(10)).live).toMatchObject({ sales: 2 })
  })
})

test('whatever happens: versions grow, nothing is raised under a hold or beside another write', () => {
  printCount('random slot histories', histories)
  const quantity = fc.nat({ max: 12 })
  const event = fc.oneof(
    fc.record({ do: fc.constant('wish' as const), value: quantity }),
    fc.record({
      do: fc.constant('send' as const),
      writes: fc.constantFrom<QuantityWrites>('absolute', 'compare-and-set'),
    }),
    fc.record({
      do: fc.constant('answer' as const),
      kind: fc.constantFrom(
        'accepted' as const,
        'applied' as const,
        'mismatch' as const,
        'refused' as const,
        'unknown' as const,
      ),
      value: quantity,
      back: fc.nat({ max: 2 }),
    }),
    fc.record({ do: fc.constant('read' as const), value: quantity, known: fc.boolean() }),
    fc.record({ do: fc.constant('sale' as const), value: fc.integer({ min: 1, max: 3 }), ago: fc.nat({ max: 100 }) }),
    fc.record({ do: fc.constant('pass' as const), seconds: fc.nat({ max: 1_200 }) }),
  )
  fc.assert(
    fc.property(fc.array(event, { maxLength: 40 }), (events) => {
      let slot = untouched
      let now = 0
      let watermark: Date | null = null
      for (const one of events) {
        now += 1
        const before = slot
        if (one.do === 'pass') now += one.seconds
        else if (one.do === 'wish') slot = { ...slot, wish: one.value }
        else if (one.do === 'sale') slot = sell(slot, one.value, at(now - one.ago))
        else if (one.do === 'read') {
          if (one.known) watermark = at(now)
          slot = readAt(slot, one.value, at(now), watermark).slot
        } else if (one.do === 'answer') {
          const answer: WriteAnswer =
            one.kind === 'mismatch'
              ? { kind: 'mismatch', shown: one.value }
              : one.kind === 'refused'
                ? { kind: 'refused', retryAt: at(now + 5) }
                : { kind: one.kind }
          slot = answered(slot, slot.version - one.back, answer, at(now), null)
        } else if (isDue(slot, watermark, at(now)) === 'send') {
          const shown = expectedValue(slot)
          const raises = shown !== null && slot.wish! > shown
          expect(
            raises && (slot.live !== null || (slot.holdUntil !== null && !(watermark && watermark >= slot.holdUntil))),
          ).toBe(false)
          if (shown === null) expect(slot.wish).toBe(0)
          slot = sent(slot, slot.wish!, at(now), one.writes)
          expect(slot.version).toBe(before.version + 1)
        }
        expect(slot.version).toBeGreaterThanOrEqual(before.version)
        if (slot.live) expect(slot.live.version).toBe(slot.version)
        if (slot.confirmed) expect(slot.confirmed.value).toBeGreaterThanOrEqual(0)
        expect(new Set(straysOf(slot).map((stray) => stray.version)).size).toBe(straysOf(slot).length)
      }
    }),
    { numRuns: histories },
  )
})
