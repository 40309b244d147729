/** What is asked of orders beside their pages: windows, versions, words, size, and that buyers stay unseen. */
import { expect } from 'vitest'
import { freshness, type IncomingOrder } from '../../src/domain/orders.ts'
import { type Bench, type Harness, needed } from './harness.ts'
import { awkward, type Case, goodsFor, puller, stored, walk } from './lists.ts'
import { at, eachOdd } from './odd.ts'

const ordersOf = (items: readonly unknown[]) => items as IncomingOrder[]

async function buy(bench: Bench, quantity = 2): Promise<string> {
  const id = await needed(bench.stage.buy, 'buy')(awkward[0]!, quantity)
  await bench.stage.pass(bench.harness.orderShowsMs)
  return id
}

const find = (items: readonly unknown[], id: string) => {
  const order = ordersOf(items).find(({ remoteId }) => remoteId === id)
  if (!order) throw new Error(`the order ${id} was not told`)
  return order
}

const units = (order: IncomingOrder) => order.lines.reduce((sum, { quantity }) => sum + quantity, 0)

/** Changes one order on its way. */
function rewrite({ wire, harness }: Bench, id: string, change: (raw: Record<string, unknown>) => unknown) {
  const { operation, in: listIn, idOf } = harness.orders!
  return wire.tap({
    on: operation,
    times: Number.POSITIVE_INFINITY,
    act: (answer) => {
      const list = listIn(answer) ?? []
      const index = list.findIndex((raw) => idOf(raw) === id)
      if (index >= 0) list[index] = change(list[index] as Record<string, unknown>) ?? list[index]
    },
  })
}

/** An order that lists leave out although it is older than what they tell. */
function hide({ wire, harness }: Bench, id: string) {
  const { operation, in: listIn, idOf, countOff } = harness.orders!
  return wire.tap({
    on: operation,
    times: Number.POSITIVE_INFINITY,
    act: (answer) => {
      const list = listIn(answer) ?? []
      const index = list.findIndex((raw) => idOf(raw) === id)
      if (index < 0) return
      list.splice(index, 1)
      countOff?.(answer)
    },
  })
}

/** Every word of the buyer that is long enough to be found again. */
function wordsOf(value: unknown): string[] {
  if (typeof value === 'string') return value.length >= 5 ? [value] : []
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(wordsOf) : []
}

const cases = {
  /** What was sold is told: which SKU, how many, when, for whom. */
  async 'an order as it was bought'(bench) {
    const id = await buy(bench, 3)
    const order = find((await walk(bench, 'orders')).items, id)
    expect(order.lines.map(({ remoteSku, quantity }) => [remoteSku, quantity])).toEqual([[awkward[0], 3]])
    expect(['open', 'pending']).toContain(order.state)
    expect(order.placedAt.getTime()).toBeLessThanOrEqual(order.updatedAt.getTime())
    expect(order.currency).toMatch(/^[A-Z]{3}$/)
    expect(order.total).toBeGreaterThan(0)
  },

  /** An order may show behind the mark by the connector's own margin: the next windows reach back for it. */
  async 'a late order'(bench) {
    const account = bench.wire.account()
    const { everyMs } = bench.connector.orders!
    const margin = bench.connector.stock?.marginMs ?? 0
    await walk(bench, 'orders', { account })
    const id = await buy(bench)
    const hidden = hide(bench, id)
    let walked = await walk(bench, 'orders', { account })
    const { updatedAt } = await (async () => {
      hidden.remove()
      const known = find((await walk(bench, 'orders')).items, id)
      return known
    })()
    const hiddenAgain = hide(bench, id)
    // As late as it may be: the mark has passed it by nearly the whole margin.
    const behind = () => (walked.pages.at(-1)!.watermark?.getTime() ?? 0) - updatedAt.getTime()
    while (behind() + everyMs < margin * 0.9) {
      await bench.stage.pass(everyMs)
      walked = await walk(bench, 'orders', { account, from: walked.next })
      expect(ordersOf(walked.items).map(({ remoteId }) => remoteId)).not.toContain(id)
    }
    hiddenAgain.remove()
    walked = await walk(bench, 'orders', { account, from: walked.next })
    find(walked.items, id)
  },

  /** The windows overlap, so orders come again: the same version, and nothing new in it. */
  async 'a repeated order'(bench) {
    const id = await buy(bench)
    const account = bench.wire.account()
    const first = await walk(bench, 'orders', { account })
    const again = await walk(bench, 'orders', { account, from: first.next })
    const before = find(first.items, id)
    for (const order of ordersOf(again.items)) {
      if (order.remoteId !== id) continue
      expect(freshness(before, order)).toBe('same')
      expect({ ...order, raw: null }).toEqual({ ...before, raw: null })
    }
    // And without a cursor everything is told again.
    find((await walk(bench, 'orders')).items, id)
  },

  /** One that was told and one that was not are changed between two pages. */
  async 'changed while pages are walked'(bench) {
    const { stage, harness, wire } = bench
    const count = harness.orders!.page * 2 + 1
    const ids: string[] = []
    for (let one = 0; one < count; one++) {
      ids.push(await needed(stage.buy, 'buy')(awkward[0]!, 1))
      await stage.pass(1_000)
    }
    await stage.pass(harness.orderShowsMs)
    const account = wire.account()
    const first = await puller(bench, 'orders')(account, null)
    const seen = ordersOf(first.items).map(({ remoteId }) => remoteId)
    const changed = [seen[0]!, ids.find((id) => !seen.includes(id))!]
    for (const id of changed) await needed(stage.cancel, 'cancel')(id)
    await stage.pass(harness.orderShowsMs)
    const rest = await walk(bench, 'orders', { account, from: first.next })
    await stage.pass(bench.connector.orders!.everyMs)
    const next = await walk(bench, 'orders', { account, from: rest.next })
    const all = ordersOf([...first.items, ...rest.items, ...next.items])
    expect([...new Set(all.map(({ remoteId }) => remoteId))].sort()).toEqual([...ids].sort())
    for (const id of changed) {
      const newest = all
        .filter(({ remoteId }) => remoteId === id)
        .reduce((known, one) => (freshness(known, one) === 'newer' ? one : known))
      expect(newest.state).toBe('canceled')
      expect(newest.lines[0]!.canceled).toBe(1)
    }
  },

  /** What is unknown reserves; it is never taken for what is most common. */
  async 'an unknown word'(bench) {
    const id = await buy(bench)
    const word = bench.harness.orders!.word
    rewrite(bench, id, (raw) => at(raw, word).set('A_WORD_OF_TOMORROW'))
    const { items, pages } = await walk(bench, 'orders')
    expect(find(items, id).state).toBe('unknown')
    expect(units(find(items, id))).toBe(2)
    const strange = pages.flatMap((page) => page.strange ?? [])
    expect(strange.map(({ isNew }) => isNew)).toContain(false)
    expect(JSON.stringify(strange)).not.toContain('A_WORD_OF_TOMORROW')
  },

  /** In whatever form an order comes: what is kept has the units that were sold, or waits aside. */
  async 'drift never changes what was sold'(bench) {
    const id = await buy(bench, 2)
    const { operation, in: listIn, needed: counted, leftOutBy } = bench.harness.orders!
    let base: unknown
    bench.wire.tap({ on: operation, act: (answer) => void (base = structuredClone(listIn(answer)![0])) })
    const plain = find((await walk(bench, 'orders')).items, id)
    const account = bench.wire.account()
    let aside = 0
    for (const odd of eachOdd(base)) {
      if (odd.pointer === leftOutBy && at(odd.entry, odd.pointer).get() === true) continue
      const tap = rewrite(bench, id, () => odd.entry as Record<string, unknown>)
      const page = await walk(bench, 'orders', { account })
      tap.remove()
      if (page.items.length === 0) {
        expect(page.unreadable, odd.what).toHaveLength(1)
        // Set aside, it can be read again, and never throws.
        const { raw } = page.unreadable[0]!
        expect(bench.connector.orders!.read(stored(raw)), odd.what).toHaveProperty('where')
        aside += 1
        continue
      }
      const [order] = ordersOf(page.items)
      expect(units(order!), odd.what).toBe(2)
      expect([plain.state, 'unknown'], odd.what).toContain(order!.state)
      for (const line of order!.lines)
        expect(line.shipped + line.canceled, odd.what).toBe(plain.lines[0]!.shipped + plain.lines[0]!.canceled)
    }
    expect(aside).toBeGreaterThan(0)
    for (const pointer of counted) {
      const tap = rewrite(bench, id, (raw) => at(raw, pointer).remove())
      const page = await puller(bench, 'orders')(account, null)
      tap.remove()
      expect([pointer, page.items.length, page.unreadable?.length]).toEqual([pointer, 0, 1])
    }
  },

  /** What was set aside is read as the page would have read it. */
  async 'read again from what was kept'(bench) {
    const id = await buy(bench)
    const order = find((await walk(bench, 'orders')).items, id)
    expect(bench.connector.orders!.read(stored(order.raw))).toEqual({ ...order, raw: stored(order.raw) })
    for (const junk of [null, undefined, 7, 'text', [], {}, { id: {} }])
      expect(bench.connector.orders!.read(junk)).toHaveProperty('where')
  },

  async '1,000 lines'(bench) {
    const { grow } = bench.harness.orders!
    const id = grow ? await buy(bench, 1) : await needed(bench.stage.buyLines, 'buyLines')(1_000)
    if (grow) rewrite(bench, id, (raw) => grow(raw, 1_000))
    else await bench.stage.pass(bench.harness.orderShowsMs)
    const order = find((await walk(bench, 'orders')).items, id)
    expect(new Set(order.lines.map(({ remoteId }) => remoteId)).size).toBe(1_000)
    expect(units(order)).toBe(1_000)
  },

  /** Names, addresses and the like reach the sealed part of an order, and nothing else. */
  async 'buyers stay unseen'(bench) {
    const id = await buy(bench)
    const account = bench.wire.account()
    rewrite(bench, id, (raw) => {
      raw.fieldOfTomorrow = { receiver: 'Canary Birdsong', note: 'ring the bell at 7' }
    })
    const walked = await walk(bench, 'orders', { account })
    const { buyer } = find(walked.items, id)
    const words = wordsOf(buyer)
    expect(words.length).toBeGreaterThan(2)
    const journal = JSON.stringify(account.journal)
    expect(account.journal.length).toBeGreaterThan(0)
    for (const word of [...words, 'Canary Birdsong', 'ring the bell at 7'])
      expect(journal.includes(JSON.stringify(word).slice(1, -1)), `the journal holds ${word}`).toBe(false)
    const shown = JSON.stringify(walked.pages.map(({ strange }) => strange))
    for (const word of [...words, 'Canary Birdsong']) expect(shown).not.toContain(word)
  },
} satisfies Record<string, (bench: Bench) => Promise<void>>

export type OrderCase = `orders: ${keyof typeof cases}`

export const orderCases: Record<string, Case> = Object.fromEntries(
  Object.entries(cases).map(([name, run]) => [
    `orders: ${name}`,
    { goods: (harness: Harness) => goodsFor(harness, 'orders', 1), run },
  ]),
)
