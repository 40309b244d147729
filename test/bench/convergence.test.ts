/** The benchmark's ground: its clock, its server, its optimum; and our contestant within its targets. */
import { expect, test } from 'vitest'
import { runPlanned } from '../../bench/ours/planned.ts'
import { createClock } from '../../bench/virtual/clock.ts'
import { changesOf, createWire, optimumMs, type Scene } from '../../bench/virtual/scene.ts'

const scene = (more: Partial<Scene> = {}): Scene => ({
  changes: 1_000,
  latencyMs: 350,
  halving: 'none',
  seed: 1,
  ...more,
})

test('events come in the order of their time, then of their making; a canceled one never', async () => {
  const clock = createClock()
  const seen: string[] = []
  const note = (name: string) => () => void seen.push(`${name} ${clock.now()}`)
  for (const ms of [50, 10, 30, 10, 20]) clock.at(ms, note(`at${ms}`))
  const canceled = clock.at(15, note('canceled'))
  clock.cancel(canceled)
  clock.at(30, () => clock.at(5, note('late')))
  await clock.run()
  expect(seen).toEqual(['at10 10', 'at10 10', 'at20 20', 'at30 30', 'late 30', 'at50 50'])
})

test('between two events, what waits for promises comes first', async () => {
  const clock = createClock()
  const seen: string[] = []
  clock.at(1, () => void Promise.resolve().then(() => seen.push('promise')))
  clock.at(1, () => void seen.push('event'))
  await clock.run(() => new Promise((resolve) => setImmediate(resolve)))
  expect(seen).toEqual(['promise', 'event'])
})

/** Calls that leave exactly as the server's bucket lets them: none is refused, and they end at the optimum. */
async function asEarlyAsPossible(one: Scene) {
  const clock = createClock()
  const changes = changesOf(one)
  const wire = createWire(clock, one, changes)
  for (const [index, { sku, quantity }] of changes.entries())
    clock.at(optimumMs(one, index + 1) - one.latencyMs, () => wire.call(sku, quantity, () => {}))
  await clock.run()
  return wire.outcome()
}

test.each(['none', 'told', 'untold'] as const)('the closed form is what the server allows (%s)', async (halving) => {
  // No way at all, so that none of it varies.
  const one = scene({ latencyMs: 0, halving })
  const outcome = await asEarlyAsPossible(one)
  expect(outcome).toMatchObject({ lost: 0, calls: 1_000 })
  expect(outcome.throttled).toBeLessThanOrEqual(2)
  expect(optimumMs(one)).toBeCloseTo(halving === 'none' ? 199_000 : 298_500, 0)
})

test('the optimum with feeds is where calls and feeds end together', () => {
  expect(optimumMs(scene({ changes: 10_000, feedMs: 300_000 }))).toBe(300_000)
  expect(optimumMs(scene({ changes: 1_000, feedMs: 300_000 }))).toBe(199_350)
  // 125,000 lines in five feeds, 1,503 calls meanwhile; the rest waits five minutes.
  expect(optimumMs(scene({ changes: 130_000, feedMs: 300_000 }))).toBe(600_000)
})

test.each([150, 350, 800])('ours converges within its targets, answers after %d ms', async (latencyMs) => {
  for (const halving of ['none', 'told', 'untold'] as const)
    for (const seed of [1, 2, 3]) {
      const one = scene({ latencyMs, halving, seed })
      const outcome = await runPlanned(one)
      const name = `${halving}, seed ${seed}`
      expect(outcome.lost, name).toBe(0)
      expect(outcome.tookMs, name).toBeLessThanOrEqual(1.02 * optimumMs(one) + 100)
      expect(outcome.throttled, name).toBeLessThanOrEqual(halving === 'none' ? 3 : 4)
      expect(outcome.soldOutMs, name).toBeLessThanOrEqual(1.05 * optimumMs(one, 100))
    }
})

test('ours with feeds ends with the optimum, sell-outs first', async () => {
  const one = scene({ changes: 10_000, feedMs: 300_000 })
  const outcome = await runPlanned(one)
  expect(outcome).toMatchObject({ lost: 0, throttled: 0, feeds: 1 })
  expect(outcome.tookMs).toBeLessThanOrEqual(1.02 * optimumMs(one) + 100)
  expect(outcome.soldOutMs).toBeLessThanOrEqual(1.05 * optimumMs(one, 1_000))
})
