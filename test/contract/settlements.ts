/** Settlements: all that the channel has, each once and as it came, whatever answer is lost on the way. */
import { expect } from 'vitest'
import type { RawSettlement } from '../../src/channels/capabilities.ts'
import type { Account, Connector } from '../../src/channels/connector.ts'
import { ChannelError, isChannelError } from '../../src/domain/errors.ts'
import { isLong } from '../support/iterations.ts'
import { type Bench, needed } from './harness.ts'
import { type Case, failure } from './lists.ts'

const day = 24 * 3_600_000
const sku = 'SETTLED-1'
const mostPages = 500

/** Sales on three days, and days after them in which all is paid out. */
async function trade({ stage }: Bench): Promise<string[]> {
  const ids: string[] = []
  for (let days = 0; days < 3; days += 1) {
    for (let each = 0; each < 2; each += 1) ids.push(await needed(stage.buy, 'buy')(sku, 1))
    await stage.pass(day)
  }
  await stage.pass(5 * day)
  return ids
}

interface Pulled {
  items: RawSettlement[]
  next: unknown
}

/** Pulls to the end by the text of the cursor alone; as the hub, again after no answer. */
async function pullAll(bench: Bench, from: unknown = null, isNewProcess = false): Promise<Pulled> {
  const items: RawSettlement[] = []
  let account = bench.wire.account()
  let cursor = from
  for (let pages = 0; pages < mostPages; pages += 1) {
    try {
      if (isNewProcess) account = bench.wire.account()
      const page = await bench.connector.settlements!.pull(account, JSON.parse(JSON.stringify(cursor)))
      items.push(...page.items)
      cursor = page.next
      if (!page.more) return { items, next: cursor }
    } catch (error) {
      if (!isChannelError(error)) throw error
      expect(error.kind).toBe('unavailable')
    }
  }
  throw new Error('it never ended')
}

const told = ({ harness }: Bench, items: readonly RawSettlement[]) => {
  const same = harness.settlements?.same ?? ((text: string) => text)
  return new Map(items.map(({ remoteId, body }) => [remoteId, same(Buffer.from(body).toString('latin1'))]))
}

const acts = isLong
  ? (['lose', 'refuse', 'cut', 'page', 'empty', 'fail', () => ({}), () => [], () => 'odd'] as const)
  : (['lose', 'cut', 'empty', () => ({})] as const)

const cases = {
  async 'settlements: all of them, each once; later ones as they come'(bench) {
    const ids = await trade(bench)
    const first = await pullAll(bench, null, true)
    expect(first.items.length).toBeGreaterThan(0)
    const known = told(bench, first.items)
    expect(known.size).toBe(first.items.length)
    expect(new Set(first.items.map(({ name }) => name)).size).toBe(first.items.length)
    for (const { body, contentType } of first.items)
      expect([body.byteLength > 0, contentType]).toEqual([true, expect.stringMatching(/\/./)])
    if (bench.harness.settlements?.tellOrders) {
      const text = first.items.map(({ body }) => Buffer.from(body).toString()).join('\n')
      expect(ids.filter((id) => !text.includes(id))).toEqual([])
    }
    expect((await pullAll(bench, first.next)).items).toEqual([])
    await needed(bench.stage.buy, 'buy')(sku, 1)
    await bench.stage.pass(20 * day)
    const later = await pullAll(bench, first.next)
    expect(later.items.length).toBeGreaterThan(0)
    expect(later.items.filter(({ remoteId }) => known.has(remoteId))).toEqual([])
  },

  /** The crash came before the page was saved: the same cursor again gives the same, to the byte. */
  async 'settlements: a page read twice is the same'(bench) {
    await trade(bench)
    let cursor: unknown = null
    let seen = 0
    for (let pages = 0; pages < mostPages; pages += 1) {
      const { pull } = bench.connector.settlements!
      const once = await pull(bench.wire.account(), cursor)
      const again = await pull(bench.wire.account(), cursor)
      expect([...told(bench, again.items)]).toEqual([...told(bench, once.items)])
      seen += once.items.length
      cursor = once.next
      if (!once.more) break
    }
    expect(seen).toBeGreaterThan(0)
  },

  async 'settlements: no answer, or none that can be read'(bench) {
    await trade(bench)
    const whole = told(bench, (await pullAll(bench)).items)
    for (const operation of needed(bench.harness.settlements, 'settlements').operations) {
      for (const act of acts) {
        const tap = bench.wire.tap({ on: operation, act })
        const first = await pullAll(bench)
        expect(tap.fired(), operation).toBe(1)
        tap.remove()
        // What could not be had is asked for again with the next round.
        const second = await pullAll(bench, first.next)
        const all = told(bench, [...first.items, ...second.items])
        expect([...all.keys()].sort(), `${operation}, ${act}`).toEqual([...whole.keys()].sort())
        for (const [id, body] of all) expect(body === whole.get(id), `${operation}, ${act}: ${id}`).toBe(true)
      }
    }
  },

  async 'settlements: access taken back'(bench) {
    await trade(bench)
    await bench.stage.trouble({ kind: 'revoke' })
    const error = await failure(bench.connector.settlements!.pull(bench.wire.account(), null))
    expect(error.kind).toBe('auth')
  },

  async 'settlements: throttled'(bench) {
    await trade(bench)
    const [operation] = needed(bench.harness.settlements, 'settlements').operations
    await bench.stage.trouble({ kind: 'throttle', operation: operation! })
    const account = bench.wire.account({ budget: true })
    const error = await failure(bench.connector.settlements!.pull(account, null))
    expect(error.kind).toBe('throttled')
    expect(error.retryAt?.getTime()).toBeGreaterThan(bench.stage.now().getTime())
    const left = bench.wire.calls.length
    expect((await failure(bench.connector.settlements!.pull(account, null))).kind).toBe('throttled')
    expect(bench.wire.calls.length).toBe(left)
    await bench.stage.pass(day)
    expect((await pullAll(bench)).items.length).toBeGreaterThan(0)
  },
} satisfies Record<string, (bench: Bench) => Promise<void>>

export type SettlementCase = keyof typeof cases

export function settlementCases(): Record<string, Case> {
  const goods = () => [{ sku, quantity: 50 }]
  return Object.fromEntries(Object.entries(cases).map(([name, run]) => [name, { goods, run }]))
}

// — faults that the cases must find —

type Plant = (connector: Connector) => Connector
type Pull = NonNullable<Connector['settlements']>['pull']
const pulling =
  (change: (pull: Pull) => Pull): Plant =>
  (connector) => ({
    ...connector,
    settlements: { ...connector.settlements!, pull: change(connector.settlements!.pull) },
  })

const retold = (kind: ChannelError['kind']): Plant =>
  pulling((pull) => async (account, cursor) => {
    try {
      return await pull(account, cursor)
    } catch (error) {
      throw isChannelError(error) ? new ChannelError(kind, 'planted', 'planted') : error
    }
  })

/** Where an answer is missing all is given up, as if it had been told. */
const givesUp = pulling((pull) => async (account, cursor) => {
  try {
    return await pull(account, cursor)
  } catch (error) {
    if (!isChannelError(error)) throw error
    let next = cursor
    for (let more = true; more; ) {
      const page = await pull(account, next)
      next = page.next
      more = page.more
    }
    return { items: [], next, more: false }
  }
})

/** The first that was ever told is told with each page. */
function repeating(): Plant {
  let first: RawSettlement | undefined
  return pulling((pull) => async (account: Account, cursor) => {
    const page = await pull(account, cursor)
    first ??= page.items[0]
    return { ...page, items: first ? [first, ...page.items] : [] }
  })
}

/** Everything that is told is another time's. */
function dated(): Plant {
  let reads = 0
  return pulling((pull) => async (account, cursor) => {
    const page = await pull(account, cursor)
    reads += 1
    const mark = Buffer.from(String(reads))
    return { ...page, items: page.items.map((one) => ({ ...one, body: Buffer.concat([one.body, mark]) })) }
  })
}

export const settlementPlants: Record<string, readonly Plant[]> = {
  'settlements: all of them, each once; later ones as they come': [
    repeating(),
    pulling((pull) => async (account, cursor) => ({ ...(await pull(account, cursor)), items: [] })),
    pulling((pull) => async (account, cursor) => ({ ...(await pull(account, cursor)), next: null })),
  ],
  'settlements: a page read twice is the same': [dated()],
  'settlements: no answer, or none that can be read': [givesUp, retold('rejected'), dated()],
  'settlements: access taken back': [retold('unavailable')],
  'settlements: throttled': [retold('unavailable')],
}
