/** What Amazon makes of shipments that do not fit, held against its models. */
import { expect, test } from 'vitest'
import { amazon } from '../../src/channels/amazon/index.ts'
import { createBench, describeFindings } from './support/bench.ts'
import { awkwardCatalog, awkwardSkus } from './support/catalog.ts'
import { openParcel } from './support/scenario.ts'

test('shipments: no more than was ordered, and none of what is shipped already', async () => {
  const marketplaceIds = ['ATVPDKIKX0DER', 'A2EUQ1WTGCTBG2']
  const one = createBench({ marketplaceIds, catalog: awkwardCatalog({ marketplaceIds }) })
  const account = one.account()
  const parcel = await openParcel(one, awkwardSkus[0]!)
  const of = (reference: string, quantity: number) => ({
    ...parcel,
    reference,
    carrier: 'Some Carrier',
    lines: [{ remoteId: parcel.lines[0]!.remoteId, quantity }],
  })
  const confirm = async (reference: string, quantity: number) => {
    const answer = await amazon.shipments!.confirm(account, of(reference, quantity))
    return answer.kind === 'failed' ? answer.error.kind : answer.kind
  }
  expect(await confirm('11', 3)).toBe('rejected')
  expect(await confirm('12', 2)).toBe('applied')
  // The same again edits it; another one finds it shipped, and reading tells by whom.
  expect(await confirm('12', 2)).toBe('applied')
  expect(await confirm('13', 1)).toBe('conflict')
  await one.pass(amazon.shipments!.visibleAfterMs)
  const known = await amazon.shipments!.read(account, parcel.orderRemoteId)
  expect(known).toMatchObject([{ remoteId: '12', carrier: 'Some Carrier' }])
  expect(describeFindings(one.findings)).toEqual([])
})
