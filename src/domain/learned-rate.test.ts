import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createClock } from '../../bench/virtual/clock.ts'
import { learnedRates, printCount } from '../../test/support/iterations.ts'
import { type Bucket, emptied, fullBucket, nextCallAt, paid, withRate } from './budget.ts'
import { knownRate, type LearnedRate, rateNow, refused, taken, told } from './learned-rate.ts'

const start = Date.UTC(2026, 10, 22)
const at = (second: number) => new Date(start + second * 1_000)
const published = 5
const burst = 5

interface Channel {
  /** Calls a second that it really takes. */
  rate: number
  latencyMs: number
  /** Refuses every so many calls for no reason. */
  strayEvery?: number
  seconds: number
  /** Takes nothing until then. */
  outageUntil?: number
}

/** Sends as fast as is paid for; what the channel takes and refuses in the seconds asked for. */
async function drive({ rate, latencyMs, strayEvery, seconds, outageUntil = 0 }: Channel) {
  const clock = createClock()
  const now = () => new Date(start + clock.now())
  const channel = { tokens: burst, at: 0 }
  let learned: LearnedRate = knownRate(published, burst)
  let bucket: Bucket = fullBucket(published, burst, now())
  const tally = { taken: 0, refused: 0 }
  let calls = 0
  const call = () => {
    calls += 1
    const isStray = strayEvery !== undefined && calls % strayEvery === 0
    clock.at(clock.now() + latencyMs / 2, () => {
      channel.tokens = Math.min(burst, channel.tokens + ((clock.now() - channel.at) / 1_000) * rate)
      channel.at = clock.now()
      const isTaken = channel.tokens >= 1 && !isStray && clock.now() >= outageUntil * 1_000
      if (isTaken) channel.tokens -= 1
      tally[isTaken ? 'taken' : 'refused'] += 1
      clock.at(clock.now() + latencyMs / 2, () => {
        learned = isTaken ? taken(learned, now()) : refused(learned, now())
        if (!isTaken) bucket = emptied(bucket, now())
      })
    })
  }
  const loop = () => {
    if (clock.now() > seconds * 1_000) return
    bucket = withRate(bucket, rateNow(learned, now()), now())
    const { bucket: rest, granted } = paid(bucket, 25, now())
    bucket = rest
    for (let one = 0; one < granted; one += 1) call()
    clock.at(nextCallAt(bucket, now()).getTime() - start, loop)
  }
  clock.at(0, loop)
  await clock.run()
  return { ...tally, learned, share: tally.taken / (burst + rate * seconds) }
}

test('half the rate is found at the second sign, and kept', async () => {
  for (const latencyMs of [150, 350, 800]) {
    const { share, refused: count, learned } = await drive({ rate: 2.5, latencyMs, seconds: 280 })
    expect(learned.rate).toBe(2.5)
    expect(count).toBeLessThanOrEqual(5)
    expect(share).toBeGreaterThan(0.98)
  }
})

test('any lower rate is found, and used nearly whole', async () => {
  printCount('rates learned from refusals', learnedRates)
  await fc.assert(
    fc.asyncProperty(
      fc.double({ min: 0.3, max: 4.8, noNaN: true }),
      fc.integer({ min: 50, max: 900 }),
      async (rate, latencyMs) => {
        const seconds = 4_000
        const { share, taken: done, refused: count } = await drive({ rate, latencyMs, seconds })
        expect(share, `share at ${rate}`).toBeGreaterThan(0.8)
        expect(count / (done + count), `refused at ${rate}`).toBeLessThan(0.02)
      },
    ),
    { numRuns: learnedRates },
  )
})

test('refusals for no reason cost little, and lower nothing for good', async () => {
  const { share, learned } = await drive({ rate: published, latencyMs: 350, strayEvery: 400, seconds: 2_000 })
  expect(learned.rate).toBe(published)
  expect(share).toBeGreaterThan(0.97)
})

test('where nothing is taken for ten minutes it asks seldom, and is at full speed within half a minute after', async () => {
  for (const rate of [published, published / 2]) {
    const {
      taken: done,
      refused: count,
      learned,
    } = await drive({ rate, latencyMs: 350, seconds: 1_600, outageUntil: 600 })
    expect(learned.rate).toBe(rate)
    expect(count).toBeLessThanOrEqual(50)
    expect(done).toBeGreaterThan(rate * (1_000 - 45))
  }
})

test('one refusal means half speed for two seconds, three quarters for two more', () => {
  const once = refused(knownRate(5, 5), at(10))
  expect([10, 11.9, 12.1, 13.9, 14.1].map((second) => rateNow(once, at(second)))).toEqual([2.5, 2.5, 3.75, 3.75, 5])
  // A bucket that must hold four calls and still refuses has another rate than we think.
  expect(refused(once, at(11)).rate).toBe(2.5)
  expect(refused(once, at(10.2)).rate).toBe(5)
})

test('what the channel tells ends all guessing', () => {
  const lowered = refused(refused(knownRate(5, 5), at(10)), at(20))
  expect(lowered.rate).toBeLessThan(5)
  expect(told(lowered, 4)).toEqual(knownRate(4, 5))
})

test('after five quiet minutes it climbs by steps; a refusal there takes it back and doubles the wait', () => {
  const lowered = refused(refused(knownRate(5, 5), at(10)), at(20))
  let learned = lowered
  for (let second = 21; second < 319; second += 1) learned = taken(learned, at(second))
  expect(learned.rate).toBe(lowered.rate)
  for (let second = 319; second < 360; second += 1) learned = taken(learned, at(second))
  expect(learned.rate).toBeGreaterThan(lowered.rate)
  const back = refused(learned, at(361))
  expect(back.rate).toBe(lowered.rate)
  expect(back.climbAt).toEqual(at(361 + 600))
})
