/** Quantities by feed, against the simulated marketplace behind a real port. Battery R31, and what may happen on the way. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { goods, line, linesFor } from '../../../test/support/feed-lines.ts'
import { printCount } from '../../../test/support/iterations.ts'
import { type Marketplaces, openMarketplaces } from '../../../test/support/marketplaces.ts'
import type { FeedProgress, QuantityLine, QuantityOutcome } from '../connector.ts'
import { amazon } from './index.ts'

const minute = 60_000
const feed = amazon.stock!.feed!

let it: Marketplaces

async function open(count = 5): Promise<void> {
  it = await openMarketplaces(goods(count), {
    amazon: { feedPace: { queueMs: 5_000, feedMs: 5 * minute, per1000Ms: 0 } },
  })
}
beforeEach(() => open())
afterEach(() => it.close())

async function submitted(lines: QuantityLine[]): Promise<string> {
  const { receipt, outcomes } = await feed.submit(it.account(), lines)
  expect(outcomes).toEqual([])
  return receipt!
}

/** Hands in, waits until it is worked on, and asks. */
async function through(lines: QuantityLine[]): Promise<FeedProgress> {
  const receipt = await submitted(lines)
  await it.pass(10 * minute)
  return feed.collect(it.account(), receipt)
}

const outcomesOf = (progress: FeedProgress): QuantityOutcome[] => (progress.kind === 'done' ? progress.outcomes : [])
const kinds = (outcomes: QuantityOutcome[]) => outcomes.map(({ kind }) => kind)
const errorOf = (outcome: QuantityOutcome | undefined) => (outcome?.kind === 'failed' ? outcome.error : undefined)

describe('a feed that goes well', () => {
  test('waits, is worked on, and tells of every line; the effects follow as after a single call', async () => {
    const receipt = await submitted(linesFor(3))
    const account = it.account()
    expect(await feed.collect(account, receipt)).toEqual({ kind: 'pending', startedAt: null })
    await it.pass(6_000)
    expect(await feed.collect(account, receipt)).toMatchObject({ kind: 'pending', startedAt: expect.any(Date) })
    await it.pass(5 * minute)
    const progress = await feed.collect(account, receipt)
    const { feedId } = JSON.parse(receipt) as { feedId: string }
    expect(progress).toMatchObject({ kind: 'done', startedAt: expect.any(Date), endedAt: expect.any(Date) })
    expect(outcomesOf(progress)).toEqual(
      [1, 2, 3].map((number) => ({
        key: `slot of SKU-${number}`,
        kind: 'accepted',
        detail: { feedId, messageId: String(number) },
      })),
    )
    // Accepted, and not a single one shows: the report proves no effect.
    expect((await it.state()).shown).toMatchObject({ 'SKU-1': 10, 'SKU-2': 10, 'SKU-3': 10 })
    await it.pass(minute)
    const { shown, effects } = await it.state()
    expect(shown).toMatchObject({ 'SKU-1': 3, 'SKU-2': 3, 'SKU-3': 3, 'SKU-4': 10 })
    expect(effects.map(({ operation, sku }) => `${operation} ${sku}`).sort()).toEqual(
      [1, 2, 3].map((number) => `JSON_LISTINGS_FEED SKU-${number}`),
    )
    const listing = await it.account().http({
      operation: 'getListingsItem',
      method: 'GET',
      url: `${it.url}/amazon/listings/2021-08-01/items/A1SIMULATEDSEL/SKU-1?marketplaceIds=ATVPDKIKX0DER&includedData=attributes`,
      headers: { 'x-amz-access-token': await account.token('access', () => Promise.reject(new Error('no token'))) },
    })
    // The handling time beside the quantity stays: the message merges, as the single call does.
    expect(listing.json).toMatchObject({
      attributes: { fulfillment_availability: [{ quantity: 3, lead_time_to_ship_max_days: 2 }] },
    })
  })

  test('one after the other, in the order they came', async () => {
    const first = await submitted([line('SKU-1', 1)])
    const second = await submitted([line('SKU-1', 2)])
    await it.pass(6 * minute)
    expect((await feed.collect(it.account(), first)).kind).toBe('done')
    expect((await feed.collect(it.account(), second)).kind).toBe('pending')
    await it.pass(6 * minute)
    expect((await feed.collect(it.account(), second)).kind).toBe('done')
    expect((await it.state()).shown['SKU-1']).toBe(2)
  })

  test('taken back while it waits: nothing of it is carried out; later it is too late', async () => {
    const first = await submitted([line('SKU-1', 1)])
    await it.pass(6_000)
    const second = await submitted([line('SKU-2', 2)])
    const account = it.account()
    expect(await feed.cancel!(account, first)).toBe(false)
    expect(await feed.cancel!(account, second)).toBe(true)
    await it.pass(20 * minute)
    expect(await feed.collect(account, second)).toMatchObject({
      kind: 'failed',
      error: { kind: 'rejected', code: 'CANCELLED', mayHaveApplied: false },
    })
    expect((await it.state()).shown).toMatchObject({ 'SKU-1': 1, 'SKU-2': 10 })
  })

  test('a single call overtakes a feed: the older value lands last, so never both at once for one slot', async () => {
    await submitted([line('SKU-1', 5)])
    await amazon.stock!.push(it.account(), [line('SKU-1', 9)])
    await it.pass(minute)
    expect((await it.state()).shown['SKU-1']).toBe(9)
    await it.pass(10 * minute)
    expect((await it.state()).shown['SKU-1']).toBe(5)
  })
})

test('a line that cannot be sent does not hold up the others', async () => {
  const bad = [line('SKU-1', -1), line('SKU-2', 1.5), line('', 1), line('SKU-\ud800', 1), line('SKU-3', 4)]
  const lines = [line('SKU-3', 3), ...bad, line('NO SUCH', 1), line('SKU-4', 4)]
  const { receipt, outcomes } = await feed.submit(it.account(), lines)
  expect(
    outcomes.map((one) => [one.key, errorOf(one)?.kind, errorOf(one)?.code, errorOf(one)?.mayHaveApplied]),
  ).toEqual([
    ['slot of SKU-1', 'rejected', 'quantity', false],
    ['slot of SKU-2', 'rejected', 'quantity', false],
    ['slot of ', 'rejected', 'sku', false],
    ['slot of SKU-\ud800', 'rejected', 'sku', false],
    ['slot of SKU-3', 'rejected', 'sku_twice', false],
  ])
  await it.pass(10 * minute)
  const told = outcomesOf(await feed.collect(it.account(), receipt!))
  expect(told.map((one) => [one.key, one.kind, errorOf(one)?.code])).toEqual([
    ['slot of SKU-3', 'accepted', undefined],
    ['slot of NO SUCH', 'failed', '13013'],
    ['slot of SKU-4', 'accepted', undefined],
  ])
  await it.pass(minute)
  expect((await it.state()).shown).toMatchObject({ 'SKU-1': 10, 'SKU-2': 10, 'SKU-3': 3, 'SKU-4': 4 })
  expect(await feed.submit(it.account(), [line('SKU-1', -1)])).toMatchObject({ receipt: null, outcomes: [{}] })
  expect((await it.state()).calls.createFeed!.count).toBe(1)
})

describe('R31', () => {
  test.each([
    { what: '1 of 25,000', fault: { count: 1 }, least: 1, most: 1 },
    { what: '10 %', fault: { rate: 0.1 }, least: 2_200, most: 2_800 },
  ])('refused lines, $what: exactly these fail, all others are carried out', async ({ fault, least, most }) => {
    await it.close()
    await open(feed.maxLines)
    await it.fault('refuse', fault)
    const outcomes = outcomesOf(await through(linesFor(feed.maxLines)))
    expect(outcomes).toHaveLength(feed.maxLines)
    printCount('R31: lines of one feed', outcomes.length)
    const failed = outcomes.filter(({ kind }) => kind !== 'accepted')
    expect(failed.length).toBeGreaterThanOrEqual(least)
    expect(failed.length).toBeLessThanOrEqual(most)
    for (const one of failed)
      expect(errorOf(one)).toMatchObject({ kind: 'rejected', code: '90220', mayHaveApplied: false })
    await it.pass(2 * minute)
    const { shown } = await it.state()
    const wrong = outcomes.filter(
      ({ key, kind }) => shown[key.slice('slot of '.length)] !== (kind === 'accepted' ? 3 : 10),
    )
    expect(wrong).toEqual([])
  })

  test('FATAL: over, anything may have been carried out, no line is told as accepted', async () => {
    await it.fault('fatal', { count: 1 })
    expect(await through(linesFor(5))).toMatchObject({
      kind: 'failed',
      endedAt: expect.any(Date),
      error: { kind: 'rejected', code: 'FATAL', mayHaveApplied: true },
    })
  })

  test('CANCELLED by Amazon: over, nothing was carried out', async () => {
    await it.fault('cancelled', { count: 1 })
    const progress = await through(linesFor(2))
    expect(progress).toMatchObject({ kind: 'failed', error: { code: 'CANCELLED', mayHaveApplied: false } })
    expect((await it.state()).effects).toEqual([])
  })

  test('stuck in progress for 24 h: pending all the time, and a feed behind it waits', async () => {
    await it.fault('stuck', { count: 1, delayMs: 24 * 60 * minute })
    const receipt = await submitted(linesFor(1))
    const behind = await submitted([line('SKU-2', 1)])
    for (let hours = 0; hours < 24; hours += 6) {
      await it.pass(6 * 60 * minute - 1)
      expect((await feed.collect(it.account(), receipt)).kind).toBe('pending')
      expect((await feed.collect(it.account(), behind)).kind).toBe('pending')
    }
    await it.pass(6 * minute)
    expect(outcomesOf(await feed.collect(it.account(), receipt))).toMatchObject([{ kind: 'accepted' }])
    await it.pass(6 * minute)
    expect((await feed.collect(it.account(), behind)).kind).toBe('done')
  })

  test.each([
    { kind: 'corrupt', code: 'report_corrupt' },
    { kind: 'bomb', code: 'report_too_large' },
    { kind: 'no-report', code: 'report_missing' },
  ])('a report that is $kind: every line is unknown, none is accepted', async ({ kind, code }) => {
    await it.fault(kind, { count: 1 })
    const progress = await through(linesFor(5))
    expect(progress).toMatchObject({ kind: 'failed', error: { kind: 'unavailable', code, mayHaveApplied: true } })
    await it.pass(minute)
    // It was carried out all the same: "unknown" is the truth.
    expect((await it.state()).shown).toMatchObject({ 'SKU-1': 3, 'SKU-5': 3 })
  })

  test('a report that does not add up: no line is sure, neither the refused nor the others', async () => {
    await it.fault('miscount', { count: 1 })
    const outcomes = outcomesOf(await through([...linesFor(2), line('NO SUCH', 1)]))
    expect(outcomes.map((one) => [errorOf(one)?.code, errorOf(one)?.mayHaveApplied])).toEqual([
      ['unaccounted', true],
      ['unaccounted', true],
      ['13013', true],
    ])
  })

  test('a warning is no refusal', async () => {
    await it.fault('warn', { count: 1 })
    expect(kinds(outcomesOf(await through(linesFor(2))))).toEqual(['accepted', 'accepted'])
  })

  test('numbers of messages are never used twice', async () => {
    const documents: string[] = []
    const spying: typeof fetch = (input, init) => {
      if (init?.method === 'PUT') documents.push(String(init.body))
      return fetch(input, init)
    }
    await feed.submit(it.account('amazon', { fetch: spying }), [line('SKU-1', -1), ...linesFor(4), line('SKU-1', 8)])
    const { messages } = JSON.parse(documents[0]!) as { messages: { messageId: number }[] }
    expect(messages.map(({ messageId }) => messageId)).toEqual([1, 2, 3, 4])
  })
})
