/** Quantities: what a write does, what becomes of each line, what a reading tells, and when the hub must not believe. */
import { expect } from 'vitest'
import type { QuantityLine, QuantityOutcome } from '../../src/channels/connector.ts'
import type { Bench, Goods } from './harness.ts'
import { awkward, type Case } from './lists.ts'

const goods: Goods[] = [...awkward, 'PLAIN', 'OTHER'].map((sku, index) => ({ sku, quantity: 10 + index }))

const stockOf = (bench: Bench) => bench.connector.stock!
const writing = (bench: Bench) => bench.harness.stock?.push ?? stockOf(bench).pushOperation
const reading = (bench: Bench) => bench.harness.stock?.read ?? stockOf(bench).readOperation
const isCompareAndSet = (bench: Bench) => bench.connector.quantityWrites === 'compare-and-set'

let version = 0
/** Lines as the hub sends them: what the slot shows is known where the channel compares. */
async function lines(bench: Bench, wanted: Record<string, number>): Promise<QuantityLine[]> {
  return await Promise.all(
    Object.entries(wanted).map(async ([remoteSku, quantity]) => ({
      key: `slot of ${remoteSku}`,
      remoteSku,
      quantity,
      version: ++version,
      expected: isCompareAndSet(bench) ? ((await bench.stage.shown(remoteSku)) ?? 0) : null,
    })),
  )
}

async function push(bench: Bench, wanted: Record<string, number>, account = bench.wire.account()) {
  return await stockOf(bench).push(account, await lines(bench, wanted))
}

const kindOf = (outcome: QuantityOutcome) => (outcome.kind === 'failed' ? outcome.error.kind : outcome.kind)
const isTaken = (outcome: QuantityOutcome) => outcome.kind === 'accepted' || outcome.kind === 'applied'
const failed = (outcome: QuantityOutcome | undefined) => {
  if (outcome?.kind !== 'failed') throw new Error(`it did not fail: ${JSON.stringify(outcome)}`)
  return outcome.error
}
const showAll = async (bench: Bench) => await Promise.all(goods.map(({ sku }) => bench.stage.shown(sku)))

const cases = {
  async 'a write shows'(bench) {
    const { pushBatch } = stockOf(bench)
    const wanted = Object.fromEntries(goods.map(({ sku }, index) => [sku, index * 3]))
    const all = await lines(bench, wanted)
    const outcomes: QuantityOutcome[] = []
    for (let from = 0; from < all.length; from += pushBatch)
      outcomes.push(...(await stockOf(bench).push(bench.wire.account(), all.slice(from, from + pushBatch))))
    expect(outcomes.map(({ key }) => key)).toEqual(all.map(({ key }) => key))
    expect(outcomes.filter((one) => !isTaken(one))).toEqual([])
    // A channel that says 'applied' shows it at once.
    for (const outcome of outcomes.filter(({ kind }) => kind === 'applied')) {
      const { remoteSku, quantity } = all.find(({ key }) => key === outcome.key)!
      expect([remoteSku, await bench.stage.shown(remoteSku)]).toEqual([remoteSku, quantity])
    }
    await bench.stage.pass(bench.harness.writeShowsMs)
    expect(await showAll(bench)).toEqual(goods.map((_, index) => index * 3))
  },

  /** Declared absolute: it stands whatever was there. Declared compare-and-set: only on what was expected. */
  async 'what was declared of its writes'(bench) {
    await bench.stage.overwrite('PLAIN', 7)
    const line = { key: 'slot', remoteSku: 'PLAIN', quantity: 5, version: ++version }
    const account = bench.wire.account()
    if (!isCompareAndSet(bench)) {
      const [outcome] = await stockOf(bench).push(account, [{ ...line, expected: null }])
      expect(isTaken(outcome!)).toBe(true)
      await bench.stage.pass(bench.harness.writeShowsMs)
      expect(await bench.stage.shown('PLAIN')).toBe(5)
      return
    }
    expect(await stockOf(bench).push(account, [{ ...line, expected: 9 }])).toEqual([
      { key: 'slot', kind: 'mismatch', shown: 7 },
    ])
    expect(await bench.stage.shown('PLAIN')).toBe(7)
    const right = { ...line, version: ++version, expected: 7 }
    const [outcome, ...more] = await stockOf(bench).push(account, [right])
    // A channel that tells what it replaced tells the truth.
    const { replaced = 7, ...rest } = outcome as Extract<QuantityOutcome, { kind: 'applied' }>
    expect([rest, ...more, replaced]).toEqual([{ key: 'slot', kind: 'applied' }, 7])
    expect(await bench.stage.shown('PLAIN')).toBe(5)
  },

  async 'one bad line fails alone'(bench) {
    const { unknownSku } = bench.harness.stock!
    const outcomes = await push(bench, { PLAIN: 3, [unknownSku]: 3, OTHER: 4 })
    expect(outcomes).toHaveLength(3)
    expect(outcomes.filter(isTaken).map(({ key }) => key)).toEqual(['slot of PLAIN', 'slot of OTHER'])
    const error = failed(outcomes.find(({ key }) => key === `slot of ${unknownSku}`))
    expect(['missing', 'rejected']).toContain(error.kind)
    expect(error.mayHaveApplied).toBe(false)
    await bench.stage.pass(bench.harness.writeShowsMs)
    expect([await bench.stage.shown('PLAIN'), await bench.stage.shown('OTHER')]).toEqual([3, 4])
  },

  async 'a SKU that is gone'(bench) {
    const [outcome] = await push(bench, { [bench.harness.stock!.unknownSku]: 3 })
    const error = failed(outcome)
    expect(['missing', 'rejected']).toContain(error.kind)
    expect(error.mayHaveApplied).toBe(false)
  },

  /** The write took effect and nobody said so: never repeated by the connector, and never called undone. */
  async 'a lost answer'(bench) {
    const pushOperation = writing(bench)
    for (const act of ['lose', 'cut', 'page', 'empty', 'fail'] as const) {
      const before = bench.wire.count(pushOperation)
      const quantity = 30 + before
      bench.wire.tap({ on: pushOperation, act })
      const [outcome] = await push(bench, { PLAIN: quantity })
      const error = failed(outcome)
      expect([act, error.kind, error.mayHaveApplied]).toEqual([act, 'unavailable', true])
      expect(bench.wire.count(pushOperation) - before).toBe(1)
      await bench.stage.pass(bench.harness.writeShowsMs)
      expect(await bench.stage.shown('PLAIN')).toBe(quantity)
    }
  },

  async 'a call that never left'(bench) {
    bench.wire.tap({ on: writing(bench), act: 'refuse' })
    const error = failed((await push(bench, { PLAIN: 3 }))[0])
    expect([error.kind, error.mayHaveApplied]).toEqual(['unavailable', false])
    await bench.stage.pass(bench.harness.writeShowsMs)
    expect(await bench.stage.shown('PLAIN')).not.toBe(3)
  },

  async throttled(bench) {
    const pushOperation = writing(bench)
    const account = bench.wire.account({ budget: true })
    await bench.stage.trouble({ kind: 'throttle', operation: pushOperation })
    const before = await showAll(bench)
    const error = failed((await push(bench, { PLAIN: 3 }, account))[0])
    expect([error.kind, error.mayHaveApplied]).toEqual(['throttled', false])
    expect(error.retryAt?.getTime()).toBeGreaterThan(bench.stage.now().getTime())
    // The own bucket is empty now: the next one does not even leave.
    const calls = bench.wire.count(pushOperation)
    const own = failed((await push(bench, { PLAIN: 3 }, account))[0])
    expect([own.kind, own.mayHaveApplied, bench.wire.count(pushOperation)]).toEqual(['throttled', false, calls])
    expect(own.retryAt?.getTime()).toBeGreaterThan(bench.stage.now().getTime())
    await bench.stage.pass(bench.harness.writeShowsMs)
    expect(await showAll(bench)).toEqual(before)
  },

  async 'access taken back'(bench) {
    await bench.stage.trouble({ kind: 'revoke' })
    const error = failed((await push(bench, { PLAIN: 3 }))[0])
    expect([error.kind, error.mayHaveApplied]).toEqual(['auth', false])
    await bench.stage.pass(bench.harness.writeShowsMs)
    expect(await bench.stage.shown('PLAIN')).not.toBe(3)
  },

  /** Many at once find the token over: one new one for all, and every line arrives. */
  async 'token renewed once for all'(bench) {
    const account = bench.wire.account()
    await push(bench, { PLAIN: 1 }, account)
    await bench.stage.trouble({ kind: 'expire-access' })
    const skus = goods.map(({ sku }) => sku)
    const outcomes = await Promise.all(skus.map((sku, index) => push(bench, { [sku]: 20 + index }, account)))
    expect(
      outcomes
        .flat()
        .map(kindOf)
        .filter((kind) => kind !== 'accepted' && kind !== 'applied'),
    ).toEqual([])
    expect(account.mints).toBe(2)
    await bench.stage.pass(bench.harness.writeShowsMs)
    expect(await showAll(bench)).toEqual(skus.map((_, index) => 20 + index))
  },

  async 'a reading tells what is shown'(bench) {
    const { readBatch } = stockOf(bench)
    await bench.stage.overwrite('PLAIN', 0)
    const asked = [...goods.map(({ sku }) => sku), bench.harness.stock!.unknownSku]
    const account = bench.wire.account()
    const readings = []
    for (let from = 0; from < asked.length; from += readBatch)
      readings.push(...(await stockOf(bench).read(account, asked.slice(from, from + readBatch))))
    const shown = await Promise.all(asked.map(async (sku) => (await bench.stage.shown(sku)) ?? null))
    expect(readings).toEqual(asked.map((remoteSku, index) => ({ remoteSku, quantity: shown[index] })))
    expect(readings.find(({ remoteSku }) => remoteSku === 'PLAIN')?.quantity).toBe(0)
  },

  /** What cannot be read is an error: "not there" would give units free that are for sale. */
  async 'a reading that cannot be read is no reading'(bench) {
    const { read } = stockOf(bench)
    const readOperation = reading(bench)
    for (const act of ['lose', 'refuse', 'cut', 'page', 'empty', 'fail', () => ({}), () => []] as const) {
      const tap = bench.wire.tap({ on: readOperation, act })
      const account = bench.wire.account()
      await expect(read(account, ['PLAIN'])).rejects.toMatchObject({ kind: 'unavailable' })
      expect(tap.fired()).toBe(1)
    }
    await bench.stage.trouble({ kind: 'throttle', operation: readOperation })
    await expect(read(bench.wire.account(), ['PLAIN'])).rejects.toMatchObject({ kind: 'throttled' })
  },

  /** The journal keeps enough to tell later what a reading said. */
  async 'the journal tells readings'(bench) {
    const { read, readingsIn } = stockOf(bench)
    const readOperation = reading(bench)
    const account = bench.wire.account()
    const readings = await read(account, ['PLAIN', 'OTHER'])
    const told = account.journal.flatMap(
      ({ operation, response }) => readingsIn?.(operation, JSON.parse(JSON.stringify(response ?? null))) ?? [],
    )
    expect(told).toEqual(expect.arrayContaining(readings))
    expect(readingsIn?.(readOperation, null) ?? []).toEqual([])
    expect(readingsIn?.('another operation', {}) ?? []).toEqual([])
  },

  /** What the hub plans with. */
  async 'declarations fit'(bench) {
    const stock = stockOf(bench)
    const { limits } = bench.connector
    for (const operation of [stock.pushOperation, stock.readOperation]) expect(Object.keys(limits)).toContain(operation)
    for (const { rate, burst } of Object.values(limits)) {
      expect(rate).toBeGreaterThan(0)
      expect(burst).toBeGreaterThanOrEqual(1)
    }
    expect(Math.min(stock.pushBatch, stock.readBatch, stock.pushAtOnce)).toBeGreaterThanOrEqual(1)
    expect(Math.min(stock.marginMs, stock.delays.effectMs, stock.delays.salesKnownMs)).toBeGreaterThan(0)
    expect(stock.readsMayBeOldMs).toBeGreaterThanOrEqual(0)
    expect(stock.auditEveryMs).toBeGreaterThan(stock.marginMs)
  },
} satisfies Record<string, (bench: Bench) => Promise<void>>

export type StockCase = `stock: ${keyof typeof cases}`

export const stockCases: Record<string, Case> = Object.fromEntries(
  Object.entries(cases).map(([name, run]) => [`stock: ${name}`, { goods: () => goods, run }]),
)
