import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { oversellHistories, printCount } from '../../test/support/iterations.ts'
import {
  type Cause,
  type ChainLink,
  type LearnedSale,
  linksAtMost,
  type ModeChange,
  type Oversell,
  type OversellHistory,
  oversellChain,
  type SentWrite,
  type SlotMisfit,
  type StockMove,
} from './oversells.ts'

const minute = 60_000
const at = 100 * minute
const oversell = (rest: Partial<Oversell> = {}): Oversell => ({
  seq: 10,
  at,
  short: 1,
  uncovered: 0,
  uncoveredBefore: 0,
  unknownClaims: 0,
  mode: 'guarded',
  ...rest,
})
const nothing: OversellHistory = { sales: [], promises: [], moves: [], writes: [], misfits: [], modes: [], earlier: [] }
const sale = (seq: number, rest: Partial<LearnedSale> = {}): LearnedSale => ({
  seq,
  slotId: 'a',
  orderId: `order ${seq}`,
  remoteId: `remote ${seq}`,
  units: 1,
  placedAt: at - 3 * minute,
  learnedAt: at,
  told: 'by-channel',
  ...rest,
})
const move = (seq: number, units: number, rest: Partial<StockMove> = {}): StockMove => ({
  seq,
  at,
  kind: 'adjustment',
  units,
  actor: 'Li',
  note: null,
  ...rest,
})
const misfit = (seq: number, kind: SlotMisfit['kind'], rest: Partial<SlotMisfit> = {}): SlotMisfit => ({
  seq,
  slotId: 'a',
  kind,
  at,
  units: 1,
  expected: null,
  askedAt: null,
  placedAt: null,
  ...rest,
})
const write = (id: string, sentAt: number, rest: Partial<SentWrite> = {}): SentWrite => ({
  id,
  slotId: 'a',
  value: 2,
  expected: null,
  sentAt,
  outcome: 'accepted',
  answeredAt: sentAt + 1_000,
  ...rest,
})
const change = (seq: number, was: ModeChange['was'], mode: ModeChange['mode'], when: number): ModeChange => ({
  seq,
  at: when,
  was,
  mode,
  actor: 'Li',
})
const told = (links: readonly ChainLink[]) => links.map((link) => (link.isCause ? `${link.kind}!` : link.kind))

describe('the cause of an oversell', () => {
  test('an order behind its watermark, with the write that was sent as if it were not there', () => {
    const late = sale(1, { placedAt: at - 30 * minute })
    const chain = oversellChain(oversell({ uncovered: 1 }), {
      ...nothing,
      sales: [late],
      writes: [write('w', at - 10 * minute)],
      misfits: [misfit(1, 'late', { placedAt: late.placedAt })],
    })
    expect(chain.cause).toBe('late-order')
    expect(told(chain.links)).toEqual(['sold', 'sent', 'answered', 'learned!', 'oversold'])
    expect(chain.links[3]).toMatchObject({ kind: 'learned', isLate: true })
  })

  test('a recount', () => {
    const chain = oversellChain(oversell({ uncovered: 2, short: 0 }), { ...nothing, moves: [move(1, -2), move(0, 5)] })
    expect(chain.cause).toBe('recount')
    expect(told(chain.links)).toEqual(['moved', 'moved!', 'oversold'])
  })

  test('another writer: the reading that showed it, else the sale that could not be', () => {
    const beyond = misfit(2, 'beyond')
    const higher = misfit(1, 'higher', { at: at - 5 * minute, units: 7, expected: 2 })
    const elsewhere = misfit(3, 'higher', { slotId: 'b', at: at - minute, units: 9, expected: 2 })
    const history = { ...nothing, sales: [sale(1)], misfits: [beyond, elsewhere, higher] }
    const chain = oversellChain(oversell(), history)
    expect(chain.cause).toBe('other-writer')
    expect(chain.links.find((link) => link.isCause)).toMatchObject({ misfit: { seq: 1 } })
    const unread = oversellChain(oversell(), { ...history, misfits: [beyond] })
    expect(unread.links.find((link) => link.isCause)).toMatchObject({ misfit: { seq: 2 } })
  })

  test('a slot that showed more than there is when it was taken over', () => {
    const chain = oversellChain(oversell({ short: 0, uncovered: 4 }), { ...nothing, misfits: [misfit(1, 'joined')] })
    expect(chain).toMatchObject({ cause: 'take-over', links: [{ kind: 'misfit', isCause: true }, {}] })
  })

  test('a chosen mode: the choice, where it is known; also what it left behind', () => {
    const sales = [sale(1)]
    const shared = change(1, 'guarded', 'shared', at - 60 * minute)
    const chosen = oversellChain(oversell({ mode: 'shared' }), { ...nothing, sales, modes: [shared] })
    expect(chosen.cause).toBe('mode')
    expect(told(chosen.links)).toEqual(['mode!', 'sold', 'learned', 'oversold'])
    expect(told(oversellChain(oversell({ mode: 'adaptive' }), { ...nothing, sales }).links)).toContain('learned!')
    const back = change(2, 'shared', 'guarded', at - minute)
    const left = oversellChain(oversell(), { ...nothing, sales, modes: [shared, back] })
    expect(left).toMatchObject({ cause: 'mode' })
    expect(left.links.find((link) => link.isCause)).toMatchObject({ change: { seq: 2 } })
  })

  test('a checkout while a claim was unknown', () => {
    const history = { ...nothing, sales: [sale(2)], promises: [{ seq: 1, at: at - 20 * minute, units: 3 }] }
    const chain = oversellChain(oversell({ unknownClaims: 1 }), history)
    expect(chain.cause).toBe('unknown-claim')
    expect(told(chain.links)).toEqual(['promised!', 'sold', 'learned', 'oversold'])
    expect(oversellChain(oversell(), history).cause).toBe('unknown')
  })

  test('an own store that sold without a checkout', () => {
    const sales = [sale(1, { told: 'by-store' })]
    expect(oversellChain(oversell({ short: 0, uncovered: 1 }), { ...nothing, sales }).cause).toBe('own-order')
    // Nothing was uncovered by it: the units were not there at all.
    expect(oversellChain(oversell(), { ...nothing, sales }).cause).toBe('unknown')
  })

  test('an order that waited for its SKU to be linked', () => {
    const sales = [sale(1, { told: 'by-link', placedAt: at - 600 * minute })]
    expect(oversellChain(oversell(), { ...nothing, sales }).cause).toBe('linked-late')
  })

  test('what an earlier event left uncovered, as long as it was not covered since', () => {
    const recount = oversell({ seq: 9, at: at - 50 * minute, short: 0, uncovered: 1 })
    const history = { ...nothing, sales: [sale(2)], moves: [move(1, -1, { at: recount.at })], earlier: [recount] }
    const chain = oversellChain(oversell({ uncoveredBefore: 1 }), history)
    expect(chain.cause).toBe('recount')
    expect(told(chain.links)).toEqual(['moved!', 'oversold', 'sold', 'learned', 'oversold'])
    expect(oversellChain(oversell(), history).cause).toBe('unknown')
  })

  test('nobody knows', () => {
    const chain = oversellChain(oversell(), { ...nothing, sales: [sale(1)], writes: [write('w', at - minute)] })
    expect(chain.cause).toBe('unknown')
    expect(chain.links.filter((link) => link.isCause)).toEqual([])
  })
})

test('a long history is cut at its far end, never at its cause nor at the sale that met it', () => {
  const writes = Array.from({ length: 90 }, (_, n) => write(`w${n}`, at - (90 - n) * 1_000, { answeredAt: null }))
  const late = sale(1, { placedAt: at - 90 * minute })
  const chain = oversellChain(oversell(), {
    ...nothing,
    sales: [late, sale(0, { learnedAt: at - 95 * minute, placedAt: at - 96 * minute })],
    writes,
    misfits: [misfit(1, 'late', { placedAt: late.placedAt })],
  })
  expect(chain.links).toHaveLength(linksAtMost)
  expect(chain.left).toBe(90 + 2 + 2 + 1 - linksAtMost)
  expect(told(chain.links).slice(0, 2)).toEqual(['sold', 'sent'])
  expect(told(chain.links).slice(-2)).toEqual(['learned!', 'oversold'])
  expect(chain.links[1]).toMatchObject({ write: { id: `w${90 - (linksAtMost - 3)}` } })
})

// — random histories of a shop where all is well, and one planted cause —

const past = fc.integer({ min: 1, max: 90 }).map((minutes) => at - minutes * minute)
const slotId = fc.constantFrom('a', 'b', 'c')
const calm: fc.Arbitrary<OversellHistory> = fc
  .record({
    sales: fc.array(
      fc.record({ slotId, learnedAt: past, lag: fc.nat(20 * minute), units: fc.integer({ min: 1, max: 3 }) }),
      {
        maxLength: 12,
      },
    ),
    promises: fc.array(fc.record({ at: past, units: fc.integer({ min: 1, max: 3 }) }), { maxLength: 5 }),
    moves: fc.array(fc.record({ at: past, units: fc.integer({ min: -5, max: 20 }) }), { maxLength: 4 }),
    writes: fc.array(
      fc.record({ slotId, sentAt: past, value: fc.nat(9), wait: fc.option(fc.nat(30 * minute), { nil: null }) }),
      { maxLength: 12 },
    ),
    lower: fc.array(fc.record({ slotId, at: past }), { maxLength: 4 }),
    covered: fc.array(past, { maxLength: 2 }),
  })
  .map(({ sales, promises, moves, writes, lower, covered }) => ({
    ...nothing,
    sales: sales.map(({ lag, ...one }, n) => sale(n, { ...one, placedAt: one.learnedAt - lag })),
    promises: promises.map((one, n) => ({ seq: 100 + n, ...one })),
    moves: moves.map(({ units, at: when }, n) => move(200 + n, units === 0 ? 1 : units, { at: when })),
    writes: writes.map(({ wait, sentAt, ...one }, n) =>
      write(`w${n}`, sentAt, { ...one, answeredAt: wait === null ? null : sentAt + wait }),
    ),
    misfits: lower.map((one, n) => misfit(300 + n, 'lower', one)),
    // Healed since: uncovered was 0 right before the oversell.
    earlier: covered.map((when, n) => oversell({ seq: n, at: when, uncovered: 1, short: 0 })),
  }))

type Planted = { cause: Cause; met: Partial<Oversell>; add(history: OversellHistory): OversellHistory }
const plants: Planted[] = [
  {
    cause: 'late-order',
    met: { uncovered: 1, short: 0 },
    add: (history) => ({
      ...history,
      sales: [...history.sales, sale(50, { placedAt: at - 25 * minute })],
      misfits: [...history.misfits, misfit(350, 'late', { placedAt: at - 25 * minute })],
    }),
  },
  {
    cause: 'recount',
    met: { uncovered: 3 },
    add: (history) => ({ ...history, moves: [...history.moves, move(250, -3)] }),
  },
  {
    cause: 'other-writer',
    met: {},
    add: (history) => ({
      ...history,
      sales: [...history.sales, sale(50)],
      misfits: [...history.misfits, misfit(350, 'beyond'), misfit(349, 'higher', { at: at - 2 * minute })],
    }),
  },
  {
    cause: 'take-over',
    met: { uncovered: 3, short: 0 },
    add: (history) => ({ ...history, misfits: [...history.misfits, misfit(350, 'joined')] }),
  },
  {
    cause: 'mode',
    met: { mode: 'shared' },
    add: (history) => ({
      ...history,
      sales: [...history.sales, sale(50)],
      modes: [change(1, 'guarded', 'shared', at - 40 * minute)],
    }),
  },
  {
    cause: 'unknown-claim',
    met: { unknownClaims: 2 },
    add: (history) => ({
      ...history,
      sales: [...history.sales, sale(50)],
      promises: [...history.promises, { seq: 150, at: at - minute, units: 1 }],
    }),
  },
  {
    cause: 'own-order',
    met: { uncovered: 1, short: 0 },
    add: (history) => ({ ...history, sales: [...history.sales, sale(50, { told: 'by-store' })] }),
  },
  {
    cause: 'linked-late',
    met: {},
    add: (history) => ({ ...history, sales: [...history.sales, sale(50, { told: 'by-link' })] }),
  },
  { cause: 'unknown', met: {}, add: (history) => ({ ...history, sales: [...history.sales, sale(50)] }) },
]

const shuffled = (history: OversellHistory, turn: number): OversellHistory =>
  Object.fromEntries(
    Object.entries(history).map(([name, list]) => {
      const cut = list.length === 0 ? 0 : turn % list.length
      return [name, [...list.slice(cut), ...list.slice(0, cut)].reverse()]
    }),
  ) as unknown as OversellHistory

/** What happens later changes nothing that was. */
const later = (history: OversellHistory): OversellHistory => ({
  ...history,
  sales: [...history.sales, sale(900, { learnedAt: at + 1, placedAt: at - 2 * minute })],
  moves: [...history.moves, move(901, -9, { at: at + 1 })],
  misfits: [...history.misfits, misfit(902, 'late', { at: at + 1 }), misfit(903, 'higher', { at: at + 1 })],
  modes: [...history.modes, change(904, 'shared', 'guarded', at + 1)],
  writes: [...history.writes, write('later', at + 1)],
  earlier: [...history.earlier, oversell({ seq: 905, at: at + 1, uncovered: 9 })],
})

test('in any history the planted cause is named and marked, in order, whatever order it is given in', () => {
  printCount('histories with an oversell', oversellHistories)
  fc.assert(
    fc.property(calm, fc.constantFrom(...plants), fc.nat(50), (history, plant, turn) => {
      const met = oversell(plant.met)
      const whole = plant.add(history)
      const { cause, links, left } = oversellChain(met, whole)
      expect(cause).toBe(plant.cause)
      expect(links.filter((link) => link.isCause)).toHaveLength(cause === 'unknown' ? 0 : 1)
      expect(links.at(-1)).toMatchObject({ kind: 'oversold', at, oversell: { seq: met.seq } })
      for (const [n, link] of links.entries())
        expect(link.at).toBeGreaterThanOrEqual(links[n - 1]?.at ?? Number.NEGATIVE_INFINITY)
      expect(links.length).toBeLessThanOrEqual(linksAtMost)
      if (left > 0) expect(links).toHaveLength(linksAtMost)
      // A sale is learned after it was made, and a write is answered after it left.
      const place = (kind: ChainLink['kind'], seq: number | string) =>
        links.findIndex(
          (link) =>
            link.kind === kind &&
            ('sale' in link ? link.sale.seq === seq : 'write' in link ? link.write.id === seq : false),
        )
      for (const link of links) {
        if (link.kind === 'learned' && place('sold', link.sale.seq) >= 0)
          expect(place('sold', link.sale.seq)).toBeLessThan(links.indexOf(link))
        if (link.kind === 'answered' && place('sent', link.write.id) >= 0)
          expect(place('sent', link.write.id)).toBeLessThan(links.indexOf(link))
      }
      const same = { cause, links, left }
      expect(oversellChain(met, shuffled(whole, turn))).toEqual(same)
      expect(oversellChain(met, later(whole))).toEqual(same)
    }),
    { numRuns: oversellHistories },
  )
})
