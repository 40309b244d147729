/** Settlement reports, listed and fetched by the connector, held against Amazon's model. */
import { expect, test } from 'vitest'
import { amazon } from '../../src/channels/amazon/index.ts'
import type { RawSettlement } from '../../src/channels/capabilities.ts'
import { createBench, describeFindings } from './support/bench.ts'
import { awkwardCatalog } from './support/catalog.ts'

const marketplaceIds = ['ATVPDKIKX0DER']

test('all of ninety days, each fetched once, in the form that is documented', async () => {
  const one = createBench({ marketplaceIds, catalog: awkwardCatalog({ marketplaceIds }) })
  const account = one.account()
  const found: RawSettlement[] = []
  let cursor: unknown = null
  for (let more = true; more; await one.pass(61_000)) {
    const pulled = await amazon.settlements!.pull(account, cursor)
    found.push(...pulled.items)
    cursor = pulled.next
    more = pulled.more
  }
  expect(found.length).toBeGreaterThan(4)
  expect(new Set(found.map((each) => each.remoteId)).size).toBe(found.length)
  for (const { body, from, until } of found) {
    const [heads, first] = Buffer.from(body).toString('utf8').split('\r\n')
    expect(heads!.split('\t').slice(0, 6)).toEqual([
      'settlement-id',
      'settlement-start-date',
      'settlement-end-date',
      'deposit-date',
      'total-amount',
      'currency',
    ])
    expect(first!.split('\t')).toHaveLength(heads!.split('\t').length)
    expect(until!.getTime()).toBeGreaterThan(from!.getTime())
  }
  expect(one.tallies.get('getReports')).toMatchObject({ requests: 1, statuses: { 200: 1 } })
  expect(one.tallies.get('getReportDocument')).toMatchObject({ requests: found.length })
  expect(describeFindings(one.findings)).toEqual([])
})
