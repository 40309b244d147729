/** What a change of rules would show listing by listing, and how it would leave: before anything is saved. */
import { afterEach, expect, test } from 'vitest'
import { type Bulk, firstShown, onHand, openBulk } from '../../test/support/bulk-market.ts'
import { useDatabase } from '../../test/support/database.ts'
import { minute } from '../../test/support/market.ts'
import { noSettings } from '../domain/publishing.ts'
import { accountPlans } from './account-plans.ts'
import { previewSlots } from './preview-rule.ts'

const own = useDatabase()
let bulk: Bulk | undefined
afterEach(async () => {
  await bulk?.close()
  bulk = undefined
})
const everywhere = { accountId: null, channel: null, variantId: null, category: null }

test('each listing that changes, in pages, as it will be decided; nothing is written', async () => {
  bulk = await openBulk(own.db, { skus: 5 })
  const cap = (units: number, cursor?: string) =>
    previewSlots(own.db, bulk!.ctx, everywhere, { ...noSettings, cap: units }, { limit: 2, cursor })
  const seen: string[] = []
  for (let cursor: string | undefined, pages = 0; pages < 3; pages += 1) {
    const page = await cap(4, cursor)
    for (const one of page.items) {
      expect(one).toMatchObject({ shows: firstShown, will: 4, limit: firstShown, newLimit: 4, waits: false })
      seen.push(one.sku)
    }
    expect(page.nextCursor === null).toBe(pages === 2)
    cursor = page.nextCursor ?? undefined
  }
  expect(seen.sort()).toEqual(bulk.skus)
  expect((await cap(firstShown)).items).toEqual([])
  // Guarded: more is shown only where a buyer could miss it.
  expect((await cap(onHand)).items[0]).toMatchObject({ shows: firstShown, will: firstShown, newLimit: onHand })
  expect(await own.db.rows('select 1 from stock_slots where wish <> $1', [firstShown])).toEqual([])
})

test('the plan of an account: what waits and what a change would add, by calls and by feeds, and when it ends', async () => {
  bulk = await openBulk(own.db, { skus: 40, tookMs: 10 * minute })
  await bulk.work()
  const [account] = await accountPlans(own.db, bulk.ctx)
  expect(account).toMatchObject({ due: 0, inCalls: 0, inFeeds: 0, more: 0, plan: { calls: 0, feeds: 0 } })
  await bulk.cap(4)
  const planOf = async (lines: number) => (await accountPlans(own.db, bulk!.ctx, { more: { get: () => lines } }))[0]!
  expect(await planOf(0)).toMatchObject({ due: 40, plan: { calls: 40, linesByFeed: 0 } })
  const many = await planOf(50_000)
  expect(many).toMatchObject({ due: 40, more: 50_000 })
  expect(many.plan!.feeds).toBeGreaterThanOrEqual(2)
  expect(many.plan!.linesByCall + many.plan!.linesByFeed).toBe(50_040)
  expect(many.plan!.end.to.getTime()).toBeGreaterThan(bulk.ctx.clock.now().getTime() + 5 * minute)
  await own.db.run(`update accounts set stage = 'shadow'`)
  expect((await planOf(10)).plan).toBeNull()
})
