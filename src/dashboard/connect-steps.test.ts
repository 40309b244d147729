import { expect, test } from 'vitest'
import { fieldsOf, settingsFrom, stepNow, stepsOf } from './connect-steps.ts'

const secret = (missing: boolean, byConsent: boolean) => ({ name: 'x', given: !missing, missing, byConsent })
const checks = (endedAt: string | null) => ({ askedAt: null, endedAt, items: [] })
const consent = { state: 'none' as const, expiresAt: null, failure: null, redirectUri: 'r' }
const at = '2026-11-22T08:00:00Z'
const withAll = stepsOf({
  consent: { brings: [], redirectUri: 'r' },
  checks: [{ id: 'a', title: 'a', optional: false }],
})

test('a channel without consent or checks has no such step', () => {
  expect(withAll).toEqual(['channel', 'settings', 'consent', 'checks', 'stage', 'done'])
  expect(stepsOf({ consent: null, checks: [] })).toEqual(['channel', 'settings', 'stage', 'done'])
})

test('whoever comes back goes on where something is missing', () => {
  const now = (secrets: ReturnType<typeof secret>[], endedAt: string | null, asked?: string, draft = true) =>
    stepNow({ draft, secrets, checks: checks(endedAt), consent }, asked, withAll)
  expect(now([secret(true, false), secret(true, true)], null)).toBe('settings')
  expect(now([secret(false, false), secret(true, true)], null)).toBe('consent')
  expect(now([secret(false, true)], null)).toBe('checks')
  expect(now([secret(false, true)], at)).toBe('stage')
  // Back is always possible, ahead only as far as it makes sense.
  expect(now([secret(false, true)], at, 'settings')).toBe('settings')
  expect(now([secret(true, true)], null, 'stage')).toBe('consent')
  expect(now([secret(false, true)], null, 'stage')).toBe('stage')
  expect(now([secret(false, true)], null, 'nonsense')).toBe('checks')
  // One that is connected can be checked and authorized again, no more.
  expect(now([secret(false, true)], at, 'checks', false)).toBe('checks')
  expect(now([secret(false, true)], at, 'settings', false)).toBe('done')
})

test('a form says what the schema asks, and what is empty stays out', () => {
  const fields = fieldsOf(
    {
      required: ['region'],
      properties: {
        region: { type: 'string', enum: ['na', 'eu'] },
        ids: { type: 'array' },
        days: { type: 'integer', default: 7 },
        beta: { type: 'boolean', default: true },
        endpoint: { type: 'string' },
      },
    },
    { ids: ['A', 'B'] },
  )
  expect(fields.map(({ name, kind, value, isRequired, isRare }) => [name, kind, value, isRequired, isRare])).toEqual([
    ['region', 'choice', '', true, false],
    ['ids', 'list', 'A, B', false, false],
    ['days', 'number', '7', false, false],
    ['beta', 'yes-no', 'true', false, false],
    ['endpoint', 'text', '', false, true],
  ])
  expect(settingsFrom(fields, { region: 'eu', ids: 'A，B  C', days: ' 3 ', beta: 'false', endpoint: ' ' })).toEqual({
    region: 'eu',
    ids: ['A', 'B', 'C'],
    days: 3,
    beta: false,
  })
})
