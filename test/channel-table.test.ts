/** docs/channels.md says what the connectors declare. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { Connector } from '../src/channels/connector.ts'
import { registry } from '../src/channels/registry.ts'
import { channelPage, page } from './channel-table.ts'

test('the page is that of the connectors: otherwise run npm run channel-table', () => {
  expect(readFileSync(page, 'utf8')).toBe(channelPage(registry.values()))
})

test('what a connector gains, loses or changes shows', () => {
  const [one, ...others] = [...registry.values()] as [Connector, ...Connector[]]
  const { stock: _stock, ...without } = one
  const changed: Connector[] = [
    without,
    { ...one, title: 'Another' },
    { ...one, quantityWrites: one.quantityWrites === 'absolute' ? 'compare-and-set' : 'absolute' },
    { ...one, cancellations: { partial: true, request: async () => ({ kind: 'applied', remoteId: null }) } },
    { ...one, stock: { ...one.stock!, marginMs: one.stock!.marginMs + 60_000 } },
  ]
  const before = channelPage([one, ...others])
  for (const other of changed) expect(channelPage([other, ...others])).not.toBe(before)
  expect(channelPage([one])).not.toBe(before)
})
