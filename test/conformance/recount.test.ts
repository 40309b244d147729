/** The second source of orders, held against Amazon's models. */
import { expect, test } from 'vitest'
import { amazon } from '../../src/channels/amazon/index.ts'
import { createBench, describeFindings } from './support/bench.ts'
import { awkwardCatalog } from './support/catalog.ts'

const day = 86_400_000

test('all orders placed within a span, over pages, and a token that has expired', async () => {
  const marketplaceIds = ['ATVPDKIKX0DER', 'A2EUQ1WTGCTBG2']
  const catalog = awkwardCatalog({ marketplaceIds })
  const one = createBench({ marketplaceIds, catalog, history: { orders: 420, days: 6 } })
  const account = one.account({ budget: false })
  const { recount } = amazon.orders!
  const until = one.simulator.now()
  const span = { from: new Date(until.getTime() - 7 * day), until: new Date(until.getTime() - 3_600_000) }
  await one.pass(3_600_000)
  const found = new Set<string>()
  let cursor: unknown = null
  let pages = 0
  for (let more = true; more; pages += 1) {
    const page = await recount!.pull(account, span, cursor)
    for (const order of page.items) found.add(order.remoteId)
    expect(page.unreadable).toEqual([])
    cursor = page.next
    more = page.more
  }
  const { channels } = await one.control<{ channels: { amazon: { orders: { id: string; placedAt?: string }[] } } }>(
    'GET',
    '/state',
  )
  expect(pages).toBeGreaterThanOrEqual(4)
  expect(found.size).toBeGreaterThan(400)
  expect(channels.amazon.orders.length - found.size).toBeLessThan(20)
  const first = await recount!.pull(account, span, null)
  await one.pass(25 * 3_600_000)
  expect(await recount!.pull(account, span, first.next)).toEqual({ items: [], next: null, more: true })
  expect(describeFindings(one.findings)).toEqual([])
})
