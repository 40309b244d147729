import { expect, test } from 'vitest'
import { causeText, chainSteps, oversellCauses, stepText } from './oversells.ts'

const data = {
  place: 'Amazon EU MUG',
  units: 2,
  value: 5,
  expected: 3,
  order: '114-1',
  lagMs: 90_000,
  kind: 'adjustment',
  actor: 'Li',
  was: 'guarded',
  mode: 'shared',
  short: 1,
  uncovered: 2,
}

test('every step and every cause has its sentence in both languages, with nothing left to fill in', () => {
  for (const step of chainSteps) {
    const [en, zh] = [stepText(step, data, 'en'), stepText(step, data, 'zh')]
    for (const text of [en, zh]) expect(text, step).not.toMatch(/[{}]|undefined|null/)
    expect(zh, step).toMatch(/\p{Script=Han}/u)
    expect(zh, step).not.toMatch(/您|\p{Script=Han}[,;:?!]/u)
    expect(en, step).not.toMatch(/\p{Script=Han}/u)
    // Both languages tell the same figures.
    for (const figure of ['2', '5', '3', '114-1'])
      expect([figure, zh.includes(figure)]).toEqual([figure, en.includes(figure)])
  }
  for (const cause of oversellCauses) {
    expect(causeText(cause, 'en').next).not.toBe('')
    expect(causeText(cause, 'zh').title).toMatch(/\p{Script=Han}/u)
  }
})

test('a place that is gone and a number that is not known are said, not left out', () => {
  const bare = { ...data, place: null, expected: null }
  expect(stepText('higher', bare, 'en')).toBe(
    'A reading of a place that is gone showed 2, expected was ?: somebody else wrote it',
  )
})

test('time that passed is told in its own size', () => {
  const lag = (lagMs: number) => stepText('learned', { ...data, lagMs }, 'en').split(', ')[1]
  expect(lag(4_400)).toBe('4 s after the sale')
  expect(lag(30 * 60_000)).toBe('30 min after the sale')
  expect(lag(26 * 3_600_000)).toBe('26 h after the sale')
  expect(lag(-5_000)).toBe('0 s after the sale')
})
