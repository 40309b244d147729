/** What the benchmarks say of what they measured: medians, verdicts, skipped figures, and the page made from them. */
import { expect, test } from 'vitest'
import { barChart } from '../../bench/chart.ts'
import { type Figure, figureOf, median, quantile, skippedFigure } from '../../bench/figure.ts'
import { pageOf, type Result } from '../../bench/report.ts'

test('a figure is the median of its rounds, with the lowest and the highest', () => {
  const figure = figureOf('orders-import', {
    metric: 'ratio',
    unit: '×',
    target: 20,
    better: 'higher',
    peer: 'BullMQ + Redis',
    values: [21, 30, 19, 22, 25],
  })
  expect(figure).toEqual({
    bench: 'orders-import',
    metric: 'ratio',
    value: 22,
    unit: '×',
    target: 20,
    better: 'higher',
    ok: true,
    peer: 'BullMQ + Redis',
    rounds: 5,
    min: 19,
    max: 30,
  })
  expect(median([1, 2, 3, 10])).toBe(2.5)
})

test.each([
  ['higher', 20, 20, true],
  ['higher', 20, 19.9, false],
  ['lower', 50, 50, true],
  ['lower', 50, 50.1, false],
  ['equal', 0, 0, true],
  ['equal', 0, 1, false],
] as const)('%s than %d: %d is ok: %s', (better, target, value, ok) => {
  expect(figureOf('b', { metric: 'm', unit: 'u', target, better, values: [value] }).ok).toBe(ok)
})

test('one bad round breaks a promise, whatever the median says', () => {
  expect(
    figureOf('b', { metric: 'oversold', unit: 'units', target: 0, better: 'equal', values: [0, 0, 1, 0, 0] }),
  ).toMatchObject({ value: 1, ok: false })
})

test('a verdict is given on what was measured, not on what is shown', () => {
  expect(figureOf('b', { metric: 'm', unit: 'ms', target: 50, better: 'lower', values: [50.04] }).ok).toBe(false)
})

test('what could not be measured has no value, says why, and is not reached', () => {
  const skipped = skippedFigure(
    'b',
    { metric: 'ratio', unit: '×', target: 20, better: 'higher' },
    'redis-server is not installed',
  )
  expect(skipped).toMatchObject({ value: null, ok: false, rounds: 0, skipped: 'redis-server is not installed' })
})

test('quantiles of a sorted list', () => {
  const list = Array.from({ length: 100 }, (_, n) => n)
  expect(quantile(list, 0.5)).toBe(50)
  expect(quantile(list, 0.99)).toBe(99)
  expect(quantile([7], 0.99)).toBe(7)
})

const resultWith = (figures: Figure[]): Result => ({
  bench: 'orders-import',
  commit: '0123456789abcdef',
  isDirty: false,
  quick: false,
  at: '2026-11-22T00:00:00.000Z',
  machine: { processors: 2, model: 'x', memoryGb: 4, system: 'linux x64', node: 'v24' },
  peers: { 'BullMQ + Redis': { versions: { bullmq: '1.2.3' }, durability: 'AOF everysec', batch: '100' } },
  figures,
  kept: {},
  notes: [],
})
const ratio = (value: number) =>
  figureOf('orders-import', {
    metric: 'ratio',
    unit: '×',
    target: 20,
    better: 'higher',
    peer: 'BullMQ + Redis',
    values: [value],
  })

test('the page says who wins, what was missed, what was skipped, and at which commit', () => {
  const page = pageOf([
    resultWith([
      ratio(0.8),
      skippedFigure('orders-import', { metric: 'replay_ratio', unit: '×', better: 'higher' }, 'no Redis'),
    ]),
  ])
  expect(page).toContain('**BullMQ + Redis is faster here**: ratio is 0.8')
  expect(page).toContain('| ratio | 0.8 × |  | ≥ 20 | **missed** |')
  expect(page).toContain('| replay_ratio | skipped | | | no Redis |')
  expect(page).toContain('Commit 0123456789ab')
  expect(page).toContain('bullmq 1.2.3. AOF everysec.')
  expect(pageOf([resultWith([ratio(25)])])).not.toContain('faster here')
})

test('a chart draws the longest bar full and the others to scale', () => {
  const svg = barChart('Orders & lines', 'orders/s', [
    { label: 'ours', value: 1_000, isPeer: false },
    { label: 'theirs', value: 250, isPeer: true },
  ])
  expect(svg).toContain('width="330.0"')
  expect(svg).toContain('width="82.5"')
  expect(svg).toContain('Orders &amp; lines')
})
