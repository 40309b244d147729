import fc from 'fast-check'
import { expect, test } from 'vitest'
import { errandLives, printCount } from '../../test/support/iterations.ts'
import {
  answered,
  decided,
  type Errand,
  isOpen,
  isOver,
  leave,
  lookedAt,
  newErrand,
  orphaned,
  whyNot,
} from './errands.ts'
import { ChannelError } from './errors.ts'
import { strayLifeMs } from './slots.ts'

const start = Date.UTC(2026, 10, 22, 8)
const back = { visibleAfterMs: 120_000, proves: true }
const minutes = (count: number) => new Date(start + count * 60_000)
const lost = new ChannelError('unavailable', 'timeout', 'no answer', { mayHaveApplied: true })
const failed = (error: ChannelError) => ({ kind: 'failed' as const, error })
const absent = { kind: 'absent' } as const
const gone = () => leave(newErrand(minutes(0)), minutes(0))

test('an answer ends it, or makes it wait, or asks a person', () => {
  expect(answered(gone(), { kind: 'applied', remoteId: '7' }, minutes(1), back)).toMatchObject({
    state: 'applied',
    dueAt: null,
    remoteId: '7',
  })
  const refusal = new ChannelError('rejected', 'InvalidInput', 'no such carrier')
  expect(answered(gone(), failed(refusal), minutes(1), back)).toMatchObject({
    state: 'refused',
    dueAt: null,
    problem: { code: 'InvalidInput' },
  })
  const retryAt = minutes(9)
  const busy = new ChannelError('throttled', 'QuotaExceeded', 'slow down', { retryAt })
  expect(answered(gone(), failed(busy), minutes(1), back)).toMatchObject({ state: 'waiting', dueAt: retryAt })
  const down = new ChannelError('unavailable', 'refused', 'nobody listens')
  const first = answered(gone(), failed(down), minutes(1), back)
  expect(first).toMatchObject({ state: 'waiting', failures: 1 })
  const second = answered(leave(first, minutes(2)), failed(down), minutes(2), back)
  expect(second.dueAt!.getTime() - minutes(2).getTime()).toBeGreaterThan(first.dueAt!.getTime() - minutes(1).getTime())
})

test('what may have been carried out leaves again only when two readings prove it absent', () => {
  let one = answered(gone(), failed(lost), minutes(0), back)
  expect(one).toMatchObject({ state: 'unknown', doubt: 'lost', dueAt: minutes(2) })
  const looks: number[] = []
  while (one.state === 'unknown') {
    looks.push((one.dueAt!.getTime() - start) / 60_000)
    one = lookedAt(one, absent, one.dueAt!, one.dueAt!, back)
  }
  expect(looks).toEqual([2, 4, 8, 16, 17, 19])
  expect(one).toMatchObject({ state: 'waiting', attempts: 1, dueAt: minutes(19) })
})

test('an answer that came late is found, whenever it shows', () => {
  const one = answered(gone(), failed(lost), minutes(0), back)
  const still = lookedAt(one, absent, minutes(2), minutes(2), back)
  expect(lookedAt(still, { kind: 'found', remoteId: 'p1' }, minutes(4), minutes(4), back)).toMatchObject({
    state: 'applied',
    remoteId: 'p1',
    problem: null,
  })
})

test('things stand otherwise there: it is read, and refused where it is not there', () => {
  const conflict = new ChannelError('conflict', 'PackageToUpdateNotFound', 'shipped already')
  let one = answered(gone(), failed(conflict), minutes(0), back)
  expect(one).toMatchObject({ state: 'unknown', doubt: 'conflict' })
  expect(lookedAt(one, { kind: 'found', remoteId: 'p' }, minutes(2), minutes(2), back).state).toBe('applied')
  one = lookedAt(one, absent, minutes(2), minutes(2), back)
  one = lookedAt(one, absent, minutes(4), minutes(4), back)
  expect(one).toMatchObject({ state: 'refused', problem: { code: 'PackageToUpdateNotFound' } })
})

test('what cannot be read back, or proven, is for a person to say; "again" waits until nothing can arrive', () => {
  const unread = answered(gone(), failed(lost), minutes(1), null)
  expect(unread).toMatchObject({ state: 'undecided', dueAt: null })
  expect(whyNot(unread, 'again', minutes(10))).toEqual(new Date(minutes(1).getTime() + strayLifeMs))
  expect(whyNot(unread, 'again', minutes(16))).toBeNull()
  expect(whyNot(unread, 'happened', minutes(2))).toBeNull()
  expect(decided(unread, 'happened', minutes(2)).state).toBe('applied')
  expect(decided(unread, 'drop', minutes(2))).toMatchObject({ state: 'dropped', dueAt: null })
  expect(decided(unread, 'again', minutes(16))).toMatchObject({ state: 'waiting', attempts: 1 })
  expect(whyNot(gone(), 'drop', minutes(1))).toBe('under_way')
  expect(whyNot(answered(gone(), { kind: 'applied', remoteId: null }, minutes(1), back), 'drop', minutes(1))).toBe(
    'closed',
  )
  let weak = answered(gone(), failed(lost), minutes(0), back)
  while (weak.state === 'unknown') weak = lookedAt(weak, absent, weak.dueAt!, weak.dueAt!, { ...back, proves: false })
  expect(weak.state).toBe('undecided')
})

test('accepted is read, never repeated; after a day a person looks', () => {
  let one = answered(gone(), { kind: 'accepted', remoteId: null }, minutes(0), back)
  let looks = 0
  while (one.state === 'accepted') {
    one = lookedAt(one, absent, one.dueAt!, one.dueAt!, back)
    looks += 1
  }
  expect(one.state).toBe('undecided')
  expect(looks).toBeLessThan(60)
})

/** A channel that carries out what arrives, shows it with a delay, and may lose every answer. */
interface Chance {
  /** Share of the life of a call after which it arrives; null: it never does. */
  arrives: number | null
  answer: 'applied' | 'accepted' | 'lost' | 'conflict' | 'busy' | 'crash'
  /** Of the time in which it must show. */
  shows: number
  readFails: boolean
}

const chance: fc.Arbitrary<Chance> = fc.record({
  arrives: fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { nil: null }),
  answer: fc.constantFrom('applied', 'accepted', 'lost', 'lost', 'crash', 'crash', 'busy', 'conflict'),
  shows: fc.double({ min: 0, max: 1, noNaN: true }),
  readFails: fc.boolean(),
})

/** Plays one errand to its end; answers how often the channel carried it out. */
function play(chances: readonly Chance[]): { errand: Errand; landed: number } {
  let now = start
  let errand = newErrand(new Date(now))
  const landings: { at: number; seenAt: number }[] = []
  for (let turn = 0; turn < 400 && !isOver(errand.state) && !isOpen(errand.state); turn += 1) {
    const one = chances[turn % chances.length]!
    now = Math.max(now, errand.dueAt?.getTime() ?? now)
    const at = new Date(now)
    if (errand.state === 'waiting') {
      errand = leave(errand, at)
      // The channel carries it out in its own time where its answer is lost, and never where it says no.
      const isLost = one.answer === 'lost' || one.answer === 'crash'
      const lands =
        one.answer === 'applied' || one.answer === 'accepted'
          ? now
          : isLost && one.arrives !== null
            ? now + one.arrives * strayLifeMs
            : null
      if (lands !== null) landings.push({ at: lands, seenAt: lands + one.shows * back.visibleAfterMs })
      now += 8_000
      const then = new Date(now)
      if (one.answer === 'crash') errand = orphaned(errand, then, back)
      else if (one.answer === 'lost') errand = answered(errand, failed(lost), then, back)
      else if (one.answer === 'busy')
        errand = answered(errand, failed(new ChannelError('throttled', 'busy', 'later')), then, back)
      else if (one.answer === 'conflict')
        errand = answered(errand, failed(new ChannelError('conflict', 'other', 'otherwise')), then, back)
      else errand = answered(errand, { kind: one.answer, remoteId: null }, then, back)
      continue
    }
    const isThere = landings.some((landing) => landing.seenAt <= now)
    const asked = at
    now += 1_000
    const reading = one.readFails
      ? { kind: 'failed' as const, error: new ChannelError('unavailable', 'down', 'down') }
      : isThere
        ? { kind: 'found' as const, remoteId: null }
        : absent
    errand = lookedAt(errand, reading, asked, new Date(now), back)
  }
  return { errand, landed: landings.length }
}

test('whatever is lost, late, refused or interrupted: at most once, and it comes to an end', () => {
  const runs = errandLives
  let ended = 0
  fc.assert(
    fc.property(fc.array(chance, { minLength: 1, maxLength: 40 }), (chances) => {
      const { errand, landed } = play(chances)
      expect(landed).toBeLessThanOrEqual(1)
      if (errand.state === 'applied') expect(landed).toBe(1)
      if (errand.state === 'refused') expect(landed).toBe(0)
      if (isOver(errand.state) || isOpen(errand.state)) ended += 1
      else expect(chances.every((one) => one.answer === 'busy')).toBe(true)
    }),
    { numRuns: runs },
  )
  printCount('errands played to their end', ended)
}, 120_000)
