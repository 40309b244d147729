import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { histories, printCount } from '../../test/support/iterations.ts'
import {
  freshness,
  isTransition,
  type LineTarget,
  lineSteps,
  lineTarget,
  type OrderState,
  totalOfLines,
  transitions,
} from './orders.ts'

const states = Object.keys(transitions) as OrderState[]
const at = (second: number) => new Date(Date.UTC(2026, 10, 22) + second * 1_000)

describe('states', () => {
  // Written out a second time: a step that is added or lost shows here.
  const table: Record<OrderState, string> = {
    pending: 'open partly_shipped shipped canceled unfulfillable unknown',
    open: 'partly_shipped shipped canceled unfulfillable unknown',
    partly_shipped: 'shipped canceled unknown',
    shipped: '',
    canceled: '',
    unfulfillable: 'open shipped canceled unknown',
    unknown: 'pending open partly_shipped shipped canceled unfulfillable',
  }
  test.each(states)('%s leads where the table says', (from) => {
    expect(states.filter((to) => isTransition(from, to)).sort()).toEqual(
      [from, ...table[from].split(' ').filter(Boolean)].sort(),
    )
  })

  test('shipped and canceled are final', () => {
    for (const to of states)
      for (const from of ['shipped', 'canceled'] as const) expect(isTransition(from, to)).toBe(from === to)
  })
})

describe('freshness', () => {
  test('a first version is new, a later one newer, an earlier one older', () => {
    expect(freshness(undefined, { updatedAt: at(1), state: 'open' })).toBe('new')
    expect(freshness({ updatedAt: at(1), state: 'shipped' }, { updatedAt: at(2), state: 'pending' })).toBe('newer')
    expect(freshness({ updatedAt: at(2), state: 'pending' }, { updatedAt: at(1), state: 'shipped' })).toBe('older')
    expect(
      freshness({ updatedAt: at(1), state: 'open' }, { updatedAt: new Date(at(1).getTime() + 1), state: 'open' }),
    ).toBe('newer')
  })

  test('of two versions of one second the one further along wins, in whatever order they come', () => {
    const along: OrderState[] = ['unknown', 'pending', 'open', 'unfulfillable', 'partly_shipped', 'shipped', 'canceled']
    expect([...along].sort()).toEqual([...states].sort())
    for (const [known, first] of along.entries()) {
      for (const [incoming, second] of along.entries()) {
        const fresh = freshness({ updatedAt: at(1), state: first }, { updatedAt: at(1), state: second })
        expect(fresh, `${first} then ${second}`).toBe(incoming > known ? 'newer' : incoming < known ? 'older' : 'same')
      }
    }
  })

  test('of two versions of one second and state the one with more units canceled wins', () => {
    const version = (...canceled: number[]) => ({
      updatedAt: at(1),
      state: 'open' as OrderState,
      lines: canceled.map((units) => ({ canceled: units })),
    })
    expect(freshness(version(0, 1), version(1, 1))).toBe('newer')
    expect(freshness(version(1, 1), version(0, 1))).toBe('older')
    expect(freshness(version(1, 1), version(1, 1))).toBe('same')
    const whole = { ...version(2), state: 'canceled' as OrderState }
    expect(freshness(whole, { ...whole, lines: [] })).toBe('same')
    expect(freshness(whole, version(3))).toBe('older')
  })
})

test('lines add up exactly, or not at all', () => {
  const most = Number.MAX_SAFE_INTEGER
  const total = (...lines: [number, number | undefined][]) =>
    totalOfLines(lines.map(([quantity, unitPrice]) => ({ quantity, unitPrice })))
  expect(total([3, 1_490], [1, -90])).toBe(4_380)
  expect(total([1, most], [1, -1])).toBe(most - 1)
  expect(total([1, most], [1, 1])).toBeNull()
  expect(total([1_000_000, most])).toBeNull()
  expect(total([1, 5], [1, undefined])).toBeNull()
  expect(total()).toBeNull()
})

describe('what a line should hold', () => {
  const line = { quantity: 5, shipped: 0, canceled: 0 }
  const target = (
    state: OrderState,
    more: Partial<typeof line> = {},
    unitsPerSale = 1,
    fulfilledBy: 'merchant' | 'channel' = 'merchant',
  ) => lineTarget({ state, fulfilledBy }, { ...line, ...more }, unitsPerSale)

  test.each(['pending', 'open', 'unfulfillable', 'unknown', 'partly_shipped'] as const)(
    '%s keeps what is not shipped',
    (state) => {
      expect(target(state)).toEqual({ open: 5, shipped: 0 })
      expect(target(state, { shipped: 2 })).toEqual({ open: 3, shipped: 2 })
      expect(target(state, { shipped: 2, canceled: 1 })).toEqual({ open: 2, shipped: 2 })
    },
  )

  test('shipped has shipped what was not canceled, whatever the line says', () => {
    expect(target('shipped')).toEqual({ open: 0, shipped: 5 })
    expect(target('shipped', { canceled: 2 })).toEqual({ open: 0, shipped: 3 })
    expect(target('shipped', { canceled: 5 })).toEqual({ open: 0, shipped: 0 })
  })

  test('canceled holds only what left before', () => {
    expect(target('canceled')).toEqual({ open: 0, shipped: 0 })
    expect(target('canceled', { shipped: 2 })).toEqual({ open: 0, shipped: 2 })
    expect(target('canceled', { canceled: 5 })).toEqual({ open: 0, shipped: 0 })
  })

  test('a listing of several units counts in units', () => {
    expect(target('open', { shipped: 1 }, 3)).toEqual({ open: 12, shipped: 3 })
  })

  test('a line the channel fulfills touches nothing of ours', () => {
    for (const state of states) expect(target(state, { shipped: 2 }, 3, 'channel')).toEqual({ open: 0, shipped: 0 })
  })

  test('more canceled or shipped than ordered is bounded', () => {
    expect(target('open', { canceled: 9 })).toEqual({ open: 0, shipped: 0 })
    expect(target('open', { shipped: 9 })).toEqual({ open: 0, shipped: 5 })
  })
})

describe('steps to a target', () => {
  test.each<[string, LineTarget, LineTarget, [promise: number, ship: number, release: number]]>([
    ['a new line promises', { open: 0, shipped: 0 }, { open: 5, shipped: 0 }, [5, 0, 0]],
    ['nothing new, nothing done', { open: 3, shipped: 2 }, { open: 3, shipped: 2 }, [0, 0, 0]],
    ['a shipment uses its promise', { open: 5, shipped: 0 }, { open: 3, shipped: 2 }, [0, 2, 0]],
    ['a cancellation releases', { open: 5, shipped: 0 }, { open: 0, shipped: 0 }, [0, 0, 5]],
    ['shipped in part, the rest canceled', { open: 5, shipped: 0 }, { open: 0, shipped: 2 }, [0, 2, 3]],
    ['shipped before it was seen open', { open: 0, shipped: 0 }, { open: 0, shipped: 2 }, [2, 2, 0]],
    ['raised and shipped in part', { open: 1, shipped: 0 }, { open: 4, shipped: 1 }, [4, 1, 0]],
    ['shipped units never come back', { open: 0, shipped: 5 }, { open: 0, shipped: 2 }, [0, 0, 0]],
    ['what left by our own word is not promised again', { open: 1, shipped: 2 }, { open: 3, shipped: 0 }, [0, 0, 0]],
    ['of it one unit is canceled: the open one', { open: 1, shipped: 2 }, { open: 2, shipped: 0 }, [0, 0, 1]],
  ])('%s', (_, held, target, [promise, ship, release]) => {
    expect(lineSteps(held, target)).toEqual({ promise, ship, release })
  })

  test('lead there from anywhere, without a step below nothing', () => {
    printCount('random lines', histories)
    const units = fc.nat({ max: 50 })
    const level = fc.record({ open: units, shipped: units })
    fc.assert(
      fc.property(level, level, (held, target) => {
        const { promise, ship, release } = lineSteps(held, target)
        const after = { open: held.open + promise - ship - release, shipped: held.shipped + ship }
        expect(Math.min(promise, ship, release)).toBeGreaterThanOrEqual(0)
        const ahead = Math.max(0, held.shipped - target.shipped)
        const shipped = Math.max(held.shipped, target.shipped)
        expect(after).toEqual({ open: Math.max(0, target.open - ahead), shipped })
        expect(held.open + promise - ship).toBeGreaterThanOrEqual(0)
      }),
      { numRuns: histories },
    )
  })
})
