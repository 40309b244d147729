import { describe, expect, test } from 'vitest'
import { unknownClaim } from './claims.ts'
import { readAsking, readBack, type WatchedSlot } from './read-back.ts'
import { calmer, mostSuspicious, odder, type Suspect, scoreOf, staysAhead, type Trace, weightOf } from './suspicion.ts'

const minute = 60_000
const hour = 60 * minute
const now = 100 * hour
const every = 30 * minute
const plain: Suspect = {
  readAt: now - every,
  claim: 3,
  shown: 3,
  isAlarmed: false,
  isSettling: false,
  refusedAt: null,
  suspicion: null,
  available: 20,
  claimed: 5,
}

describe('what is read next', () => {
  test('a slot without any history, once its time has come', () => {
    expect(scoreOf(plain, every, now)).toBe(1)
    expect(scoreOf({ ...plain, readAt: now - every + 1 }, every, now)).toBeLessThan(1)
  })

  test.each([
    ['a claim that is not known', { claim: null }],
    ['a claim larger than what stands there', { claim: 6 }],
    ['a deviation an hour ago', { suspicion: odder(null, now - hour) }],
    ['somebody else wrote there', { suspicion: odder(null, now - 20 * hour, { writerAt: now - 20 * hour }) }],
    ['refused half an hour ago', { refusedAt: now - every }],
    ['the last units, all claimed', { available: 5, claimed: 5 }],
    ['alarmed', { isAlarmed: true }],
  ] as [string, Partial<Suspect>][])('%s makes it suspicious', (_what, more) => {
    expect(weightOf({ ...plain, ...more }, now)).toBeGreaterThan(weightOf(plain, now))
  })

  test('the most suspicious first, and no slot again within two minutes', () => {
    const slots = [
      { id: 'plain', ...plain },
      { id: 'old', ...plain, readAt: now - 2 * hour },
      { id: 'written', ...plain, suspicion: odder(null, now - hour, { writerAt: now - hour }) },
      { id: 'idle', ...plain, claim: 4, readAt: now - 6 * minute },
      { id: 'fresh', ...plain, claim: null, readAt: now - minute },
    ]
    const next = (most: number) => mostSuspicious(slots, every, now, most).map(({ id }) => id)
    expect(next(9)).toEqual(['written', 'old', 'idle', 'plain'])
    expect(next(2)).toEqual(['written', 'old'])
  })

  test('what was odd is forgotten in days', () => {
    const once = odder(null, now)
    expect(calmer(once, now + hour)).not.toBeNull()
    expect(calmer(once, now + 5 * 24 * hour)).toBeNull()
    expect(odder(once, now).deviations).toBe(2)
  })
})

describe('a reading weighed', () => {
  const at = (ms: number) => new Date(now + ms)
  const slot: WatchedSlot = {
    id: 's',
    wish: 3,
    live: null,
    claim: { ...unknownClaim, claim: 3 },
    confirmed: { value: 3, at: at(-hour), version: 4 },
    holdUntil: null,
    version: 4,
    readDueAt: null,
    retryAt: null,
    suspicion: null,
  }
  const nothing: Trace = { numbers: [], replaced: [], sold: 0, returnable: 0 }
  const memory = 30 * minute
  const times = (ms: number) => ({ since: at(ms - memory), askedAt: at(ms), at: at(ms) })
  const read = (before: WatchedSlot, shown: number, ms: number, trace: Trace = nothing, known = at(-hour)) =>
    readBack(before, shown, times(ms), known, trace)

  test('more than anything explains is read again, then somebody else writes there: alarm, and so many may be sold', () => {
    const first = read(slot, 9, 0)
    expect(first.meaning).toBe('again')
    expect(first.slot).toMatchObject({
      confirmed: { value: 3 },
      claim: { claim: 3, alarm: false },
      readDueAt: at(20_000),
    })
    const second = read(first.slot, 9, 20_000)
    expect(second).toMatchObject({ meaning: 'writer', surplus: 6 })
    expect(second.slot).toMatchObject({ confirmed: { value: 9 }, claim: { claim: 9, alarm: true } })
    expect(second.slot.suspicion?.writerAt).toBe(now + 20_000)
  })

  test('one answer that comes back to what is believed accuses nobody', () => {
    const first = read(slot, 9, 0)
    const second = readBack(first.slot, 3, times(20_000), null, null)
    expect(second).toMatchObject({ meaning: 'same', slot: { claim: { alarm: false }, suspicion: null } })
  })

  test.each([
    ['a write of ours', { numbers: [9] }],
    ['sales that a memory need not have', { sold: 6 }],
  ] as [string, Partial<Trace>][])('%s explains it', (_what, more) => {
    expect(read(slot, 9, 0, { ...nothing, ...more }).meaning).not.toBe('again')
  })

  test('what was believed beyond the claim explains nothing', () => {
    const odd = { ...slot, claim: { ...slot.claim, claim: 2 } }
    const first = read(odd, 3, 0)
    expect(first.meaning).toBe('again')
    expect(read(first.slot, 3, 20_000)).toMatchObject({ meaning: 'writer', slot: { claim: { claim: 3, alarm: true } } })
  })

  test('a cancellation that is not told yet may explain it, until the orders are known', () => {
    const trace = { ...nothing, returnable: 6 }
    const first = read(slot, 9, 0, trace)
    const second = read(first.slot, 9, 20_000, trace)
    expect(second.meaning).toBe('again')
    expect(read(second.slot, 9, 80_000, trace, at(10_000)).meaning).toBe('writer')
  })

  test('what stood there before a young write changes nothing: no number is taken, and no write follows', () => {
    const trace = { ...nothing, numbers: [3, 8], replaced: [8] }
    const old = read(slot, 8, 0, trace)
    expect(old).toMatchObject({ meaning: 'old', slot: { confirmed: { value: 3 }, holdUntil: null } })
    // Fewer may be a sale as well: nothing is raised before the orders are known.
    const lower = read(slot, 2, 0, { ...nothing, numbers: [3, 2], replaced: [2] })
    expect(lower).toMatchObject({ meaning: 'old', slot: { confirmed: { value: 3 }, holdUntil: at(0) } })
  })

  test('a store that asks before it sells is ahead of its claim for a moment; what stays so was never told to it', () => {
    const sold = { ...slot, claim: { ...slot.claim, claim: 2 }, confirmed: { ...slot.confirmed!, value: 2 } }
    const ask = (before: WatchedSlot, shown: number, ms: number) =>
      readAsking(before, shown, { since: at(ms), askedAt: at(ms), at: at(ms) }, null).slot
    const isAhead = (one: WatchedSlot) => staysAhead(one.suspicion, one.confirmed!.at.getTime())
    const first = ask(sold, 3, 0)
    expect(first).toMatchObject({ confirmed: { value: 3 }, readDueAt: at(2 * minute), claim: { alarm: false } })
    expect(isAhead(first)).toBe(false)
    expect(isAhead(ask(first, 3, 2 * minute))).toBe(true)
    expect(isAhead(ask(first, 2, 2 * minute))).toBe(false)
  })

  test('fewer than believed is believed, and never raised before the orders are known', () => {
    const lower = read(slot, 1, 0)
    expect(lower).toMatchObject({ meaning: 'lower', slot: { confirmed: { value: 1 }, holdUntil: at(0) } })
    expect(lower.slot.suspicion?.deviations).toBe(1)
  })
})
