/** A slot whose write rides a feed: nobody knows when it lands before the feed has ended. */
import { expect, test } from 'vitest'
import { claimedUnits, notYet } from './claims.ts'
import {
  claimTimes,
  feedEnded,
  isDue,
  read,
  type Slot,
  sent,
  sentByFeed,
  settledHere,
  strayLifeMs,
  type WriteAnswer,
} from './slots.ts'

const at = (minute: number) => new Date(Date.UTC(2026, 10, 22) + minute * 60_000)
const times = claimTimes(600_000)
const known: Slot = {
  id: 's',
  wish: 4,
  live: null,
  claim: { claim: 10, live: null, strays: [], settlements: [], alarm: false, doubtedUntil: 0 },
  confirmed: { value: 10, at: at(-60), version: 0 },
  holdUntil: null,
  version: 0,
  readDueAt: null,
  retryAt: null,
}
const fed: Slot = { ...sentByFeed(known, 4, at(0)), feedId: 'f' }
const zeroed: Slot = { ...sent({ ...fed, wish: 0 }, 0, at(5), 'absolute'), feedId: 'f' }
const end = (slot: Slot, answer: WriteAnswer, minute = 60) =>
  feedEnded(slot, 1, answer, { endedAt: at(minute), now: at(minute), watermark: null })
const reading = (slot: Slot, shown: number, minute: number) =>
  read(slot, shown, { since: at(minute), askedAt: at(minute), at: at(minute) }, null)
const settled = (slot: Slot, minute: number) => settledHere(slot, at(minute), times)

test('its units count on top of what stands, and it is not read for it', () => {
  expect(fed).toMatchObject({ version: 1, live: { value: 4, version: 1 }, readDueAt: null, claim: { claim: 14 } })
  expect(fed.claim.live?.deadAt).toBe(notYet)
})

test('while the feed is not over only a zero leaves by call', () => {
  expect(isDue({ ...fed, wish: 2 }, null, at(1))).toBe('wait')
  expect(isDue({ ...fed, wish: 9, live: null }, at(1), at(1))).toBe('wait')
  expect(isDue({ ...fed, wish: 0 }, null, at(1))).toBe('send')
  expect(isDue({ ...fed, wish: 2, feedId: null }, null, at(1))).toBe('send')
})

test('however long it takes, a reading neither finds it lost nor frees its units', () => {
  const { slot, meaning } = reading(fed, 10, 600)
  expect(meaning).toBe('waiting')
  expect(slot).toMatchObject({ live: { value: 4 }, readDueAt: null })
  expect(settled(slot, 700).claim.claim).toBe(14)
})

test('accepted: its write dies the life of a stray after the end; then a reading frees what it bound', () => {
  const over = end(fed, { kind: 'accepted' })
  expect(over).toMatchObject({ feedId: null, live: { value: 4, acceptedAt: at(60) } })
  expect(over.readDueAt).not.toBeNull()
  expect(over.claim.live?.deadAt).toBe(at(60).getTime() + strayLifeMs)
  const early = settled(reading(over, 4, 70).slot, 90)
  expect(early.claim.claim).toBe(8)
  const late = settled(reading(over, 4, 76).slot, 90)
  expect(late.claim.claim).toBe(4)
})

test('refused: its units come back at once', () => {
  const over = end(fed, { kind: 'refused', retryAt: at(61) })
  expect(over).toMatchObject({ live: null, claim: { claim: 10 }, retryAt: at(61) })
})

test('nobody tells: a lower value leaves by call, and what the feed may still bring counts', () => {
  const over = end(fed, { kind: 'unknown' })
  expect(over).toMatchObject({ live: null, feedId: null, claim: { claim: 14, strays: [{ value: 4 }] } })
  expect(isDue(over, null, at(61))).toBe('send')
})

test('a zero that passed leaves again behind the feed, whatever was read meanwhile', () => {
  for (const slot of [zeroed, reading(zeroed, 0, 10).slot]) {
    const over = end(slot, { kind: 'accepted' })
    expect(over).toMatchObject({ live: null, confirmed: null, feedId: null })
    expect(isDue(over, null, at(61))).toBe('send')
    const again = settled(reading(sent(over, 0, at(61), 'absolute'), 0, 62).slot, 90)
    // The feed's four may still land on the zero.
    expect(claimedUnits(again.claim)).toBe(4)
    expect(claimedUnits(settled(reading(again, 0, 76).slot, 90).claim)).toBe(0)
  }
  // What surely never landed leaves the zero alone.
  expect(end(zeroed, { kind: 'refused', retryAt: at(61) })).toMatchObject({ live: { value: 0 }, feedId: null })
})

test('a slot that was taken over while it rode a feed is doubted until the feed is over and dead', () => {
  const doubted: Slot = { ...fed, live: null, claim: { ...fed.claim, claim: null, live: null, doubtedUntil: notYet } }
  expect(settled(reading(doubted, 3, 300).slot, 400).claim.claim).toBeNull()
  const over = end({ ...doubted, version: 9 }, { kind: 'accepted' })
  expect(settled(reading(over, 3, 70).slot, 90).claim.claim).toBeNull()
  expect(settled(reading(over, 3, 76).slot, 90).claim.claim).toBe(3)
})
