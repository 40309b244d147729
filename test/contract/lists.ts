/** Everything that is pulled in pages: orders, listings, stock in the channel's warehouses, levels of a store. */
import { expect } from 'vitest'
import type { Account, Pulled, Unreadable } from '../../src/channels/connector.ts'
import { type ChannelError, isChannelError } from '../../src/domain/errors.ts'
import { type Bench, type CaseRun, type Goods, type Harness, type ListWire, needed } from './harness.ts'
import { at, eachOdd } from './odd.ts'

export const lists = ['orders', 'listings', 'heldStock', 'storeStock'] as const
export type List = (typeof lists)[number]

export interface Walk {
  items: unknown[]
  unreadable: Unreadable[]
  pages: Pulled<unknown>[]
  next: unknown
}

interface Kind {
  /** What tells one entry from another. */
  key(item: never): string
  /** Keys of everything that must be told, after the bench was filled for so many pages. */
  fill(bench: Bench, pages: number): Promise<string[]>
}

/** Awkward names among plain ones: every list and every write has to carry them. */
export const awkward = ['A/B +1', 'BÜRSTE 01', 'HOOK#3', 'CHOP-100%', 'ONE,TWO', '茶-7']

/** More than so many pages hold; three where one page is enough. */
const entries = (wire: ListWire | undefined, pages: number) => (pages === 0 ? 3 : (wire?.page ?? 1) * pages + 1)

export const goodsFor = (harness: Harness, list: List, pages: number): Goods[] => {
  const wire = harness[list]
  const plain = (count: number, held: boolean): Goods[] =>
    Array.from({ length: count }, (_, index) => ({
      sku: awkward[index] ?? `SKU-${index}`,
      quantity: 500,
      ...(held ? { held: true as const } : {}),
    }))
  if (list === 'orders') return plain(2, false)
  return plain(entries(wire, pages), list === 'heldStock')
}

const kinds: Record<List, Kind> = {
  orders: {
    key: (item: { remoteId: string }) => item.remoteId,
    async fill({ stage, harness }, pages) {
      const count = entries(harness.orders, pages)
      const ids: string[] = []
      for (let one = 0; one < count; one++) {
        ids.push(await needed(stage.buy, 'buy')(awkward[one % 2]!, 1))
        await stage.pass(1_000)
      }
      await stage.pass(harness.orderShowsMs)
      return ids
    },
  },
  listings: {
    key: (item: { remoteSku: string }) => item.remoteSku,
    fill: async ({ harness }, pages) => goodsFor(harness, 'listings', pages).map(({ sku }) => sku),
  },
  heldStock: {
    key: (item: { remoteSku: string }) => item.remoteSku,
    fill: async ({ harness }, pages) => goodsFor(harness, 'heldStock', pages).map(({ sku }) => sku),
  },
  storeStock: {
    key: (item: { remoteSku: string }) => item.remoteSku,
    fill: async ({ harness }, pages) => goodsFor(harness, 'storeStock', pages).map(({ sku }) => sku),
  },
}

export const keysOf = (list: List, items: readonly unknown[]) => items.map((item) => kinds[list].key(item as never))

/** A cursor as it comes back from the database: JSON text, with nothing else remembered. */
export const stored = (cursor: unknown): unknown => (cursor === undefined ? null : JSON.parse(JSON.stringify(cursor)))

export function puller(bench: Bench, list: List): (account: Account, cursor: unknown) => Promise<Pulled<unknown>> {
  const capability = bench.connector[list]!
  return (account, cursor) => capability.pull(account, stored(cursor))
}

/** Pulls until nothing waits any more. */
export async function walk(bench: Bench, list: List, more: WalkOptions = {}): Promise<Walk> {
  const pull = puller(bench, list)
  let account = more.account ?? bench.wire.account()
  const walked: Walk = { items: [], unreadable: [], pages: [], next: more.from ?? null }
  for (let page = 0; ; page++) {
    if (page === 60) throw new Error(`${list} have no end`)
    if (more.isNewProcess) account = bench.wire.account()
    const pulled = await pull(account, walked.next)
    walked.pages.push(pulled)
    walked.items.push(...pulled.items)
    walked.unreadable.push(...(pulled.unreadable ?? []))
    walked.next = pulled.next
    if (!pulled.more) return walked
    await more.everyPage?.()
  }
}

interface WalkOptions {
  account?: Account
  from?: unknown
  /** Every page is read by a process that knows nothing of the one before. */
  isNewProcess?: true
  everyPage?: () => Promise<void>
}

/** The ChannelError of a call that has to fail. */
export async function failure(call: Promise<unknown>): Promise<ChannelError> {
  const error = await call.then(
    (value) => new Error(`it did not fail: ${JSON.stringify(value)?.slice(0, 300)}`),
    (thrown: unknown) => thrown,
  )
  if (!isChannelError(error)) throw error
  return error
}

/** The first page, with more behind it; skipped where everything comes in one. */
async function secondPage(bench: Bench, list: List) {
  const account = bench.wire.account()
  const first = await puller(bench, list)(account, null)
  expect(first.more).toBe(true)
  return { account, first }
}

const unitsOf = (item: unknown) => {
  const { onHand, available, committed } = item as Record<string, unknown>
  return { onHand, available, committed }
}

type Filled = (bench: Bench, list: List, told: string[], wire: ListWire) => Promise<void>

/** Cases that need no second page: a few entries are enough, and each is tried often. */
const onOnePage: readonly string[] = ['schema drift', 'a new field, and an optional one missing']
const pagesFor = (name: string) => (onOnePage.includes(name) ? 0 : 2)

const told = (list: List, walked: Walk, all: readonly string[]) => {
  const keys = keysOf(list, walked.items)
  expect([...new Set(keys)].sort()).toEqual([...all].sort())
}

const shared = {
  async pages(bench, list, all) {
    const walked = await walk(bench, list)
    expect(walked.pages.length).toBeGreaterThan(1)
    told(list, walked, all)
    // No page tells anything twice, and up to where all is known is said at the end only.
    for (const { items } of walked.pages) expect(new Set(keysOf(list, items)).size).toBe(items.length)
    for (const page of walked.pages.slice(0, -1)) expect(page.watermark).toBeUndefined()
    const { watermark } = walked.pages.at(-1)!
    if (list === 'orders') expect(watermark).toBeInstanceOf(Date)
    if (watermark) expect(watermark.getTime()).toBeLessThanOrEqual(bench.stage.now().getTime())
  },

  /** Every page is read by another process: all it has is the text of the cursor. */
  async 'cursor outlives a restart'(bench, list, all) {
    const walked = await walk(bench, list, { isNewProcess: true })
    told(list, walked, all)
  },

  /** The crash came before the page was saved: the same cursor again gives the same page. */
  async 'a page read twice is the same'(bench, list) {
    const pull = puller(bench, list)
    const account = bench.wire.account()
    const first = await pull(account, null)
    const once = await pull(account, first.next)
    const again = await pull(account, first.next)
    expect(keysOf(list, again.items)).toEqual(keysOf(list, once.items))
    expect(once.items.length).toBeGreaterThan(0)
  },

  async 'token renewed amid pages'(bench, list, all) {
    const account = bench.wire.account()
    let pages = 0
    const walked = await walk(bench, list, {
      account,
      everyPage: async () => {
        if (++pages === 1) await bench.stage.trouble({ kind: 'expire-access' })
      },
    })
    told(list, walked, all)
    expect([account.mints, account.dropped.length]).toEqual([2, 1])
  },

  async 'throttled amid pages'(bench, list, all, { operation }) {
    const { first } = await secondPage(bench, list)
    const account = bench.wire.account({ budget: true })
    await bench.stage.trouble({ kind: 'throttle', operation })
    const before = bench.wire.count(operation)
    const error = await failure(puller(bench, list)(account, first.next))
    expect(error.kind).toBe('throttled')
    expect(error.retryAt?.getTime()).toBeGreaterThan(bench.stage.now().getTime())
    // Asked once; the hub's own bucket is empty now, and the next call does not even leave.
    expect(bench.wire.count(operation) - before).toBeLessThanOrEqual(1)
    const left = bench.wire.calls.length
    const again = await failure(puller(bench, list)(account, first.next))
    expect([again.kind, bench.wire.calls.length - left]).toEqual(['throttled', 0])
    const until = Math.max(error.retryAt!.getTime(), again.retryAt!.getTime())
    // And a minute more: what is left of the walk may need more than the one call.
    await bench.stage.pass(until - bench.stage.now().getTime() + 60_000)
    const heard = account.heard.length
    await puller(bench, list)(account, null)
    expect(account.heard.length, 'a call is taken again, and nobody says so: its rate never climbs').toBeGreaterThan(
      heard,
    )
    const rest = await walk(bench, list, { account: bench.wire.account(), from: first.next })
    told(list, { ...rest, items: [...first.items, ...rest.items] }, all)
  },

  async 'no answer, or none that can be read'(bench, list, all, { operation }) {
    const { account, first } = await secondPage(bench, list)
    for (const act of ['lose', 'refuse', 'cut', 'page', 'empty', 'fail', () => ({}), () => [], () => 'odd'] as const) {
      const tap = bench.wire.tap({ on: operation, act })
      const before = bench.wire.count(operation)
      const error = await failure(puller(bench, list)(account, first.next))
      expect([error.kind, tap.fired()]).toEqual(['unavailable', 1])
      // Repeating is for who has the plan and the allowance.
      expect(bench.wire.count(operation) - before).toBe(1)
    }
    const rest = await walk(bench, list, { account, from: first.next })
    told(list, { ...rest, items: [...first.items, ...rest.items] }, all)
  },

  async 'access taken back'(bench, list) {
    const { account, first } = await secondPage(bench, list)
    await bench.stage.trouble({ kind: 'revoke' })
    const error = await failure(puller(bench, list)(account, first.next))
    expect(error.kind).toBe('auth')
  },

  /** Every place of an entry in every odd form: the page is never thrown, and its neighbors are told. */
  async 'schema drift'(bench, list, _all, { operation, in: listIn, absentWithout = [], joinedBy }) {
    let base: unknown
    bench.wire.tap({ on: operation, act: (answer) => void (base = structuredClone(listIn(answer)?.[0])) })
    const account = bench.wire.account()
    const plain = await puller(bench, list)(account, null)
    const [own, ...neighbors] = keysOf(list, plain.items)
    expect(neighbors.length).toBeGreaterThan(0)
    let tried = 0
    for (const odd of eachOdd(base)) {
      const tap = bench.wire.tap({
        on: operation,
        act: (answer) => {
          const entries = listIn(answer)
          if (entries) entries[0] = odd.entry
        },
      })
      const page = await walk(bench, list, { account }).catch((error: Error) => {
        throw new Error(`${odd.what} threw the page: ${error.message}`, { cause: error })
      })
      tap.remove()
      const keys = keysOf(list, page.items)
      expect(keys, odd.what).toEqual(expect.arrayContaining(neighbors))
      for (const { where } of page.unreadable) expect(where).not.toMatch(/odd words/)
      const isAbsent =
        absentWithout.some((place) => (at(odd.entry, place).get() ?? null) === null) ||
        (joinedBy === odd.pointer && at(odd.entry, joinedBy).get() === 'odd words') ||
        (odd.pointer === bench.harness.orders?.leftOutBy && at(odd.entry, odd.pointer).get() === true)
      // What the own store holds is believed: it must not become 0 because a number did not come.
      const level = list === 'storeStock' && page.items.find((_, index) => keys[index] === own)
      if (level) expect(unitsOf(level), odd.what).toEqual(unitsOf(plain.items[0]))
      if (!isAbsent && !keys.includes(own!) && keys.length === neighbors.length)
        expect(page.unreadable, `${odd.what} lost the entry in silence`).toHaveLength(1)
      tried += 1
    }
    expect(tried).toBeGreaterThan(10)
  },

  async 'a new field, and an optional one missing'(bench, list, _all, { operation, in: listIn, optional }) {
    const account = bench.wire.account()
    const plain = await puller(bench, list)(account, null)
    const tap = bench.wire.tap({
      on: operation,
      act: (answer) => {
        const [first, second] = (listIn(answer) ?? []) as Record<string, unknown>[]
        if (first) first.fieldOfTomorrow = { tier: 'odd words' }
        if (second && optional) at(second, optional).remove()
      },
    })
    const page = await puller(bench, list)(account, null)
    expect(tap.fired()).toBe(1)
    expect(keysOf(list, page.items)).toEqual(keysOf(list, plain.items))
    expect(page.unreadable ?? []).toEqual([])
  },
} satisfies Record<string, Filled>

export type SharedCase = keyof typeof shared
export type ListCase = `${List}: ${SharedCase | 'nothing there'}`

export interface Case {
  run: CaseRun
  goods(harness: Harness): readonly Goods[]
}

/** The cases of one list; each begins with two pages and one entry more. */
export function listCases(list: List): Record<string, Case> {
  const filled = Object.entries(shared).map(([name, run]: [string, Filled]): [string, Case] => [
    `${list}: ${name}`,
    {
      goods: (harness) => goodsFor(harness, list, pagesFor(name)),
      run: async (bench) => await run(bench, list, await kinds[list].fill(bench, pagesFor(name)), bench.harness[list]!),
    },
  ])
  return Object.fromEntries([
    ...filled,
    [
      `${list}: nothing there`,
      {
        goods: () => [],
        async run(bench: Bench) {
          const account = bench.wire.account()
          const page = await puller(bench, list)(account, null)
          expect([page.items, page.unreadable ?? [], page.more]).toEqual([[], [], false])
          const again = await puller(bench, list)(account, page.next)
          expect([again.items, again.more]).toEqual([[], false])
        },
      },
    ],
  ])
}
