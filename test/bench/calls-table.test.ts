import { expect, test } from 'vitest'
import { callsTable } from '../../bench/ours/calls-table.ts'
import { registry } from '../../src/channels/registry.ts'

test('every channel has its calls counted', () => {
  expect(callsTable.map(({ channel }) => channel).sort()).toEqual([...registry.keys()].sort())
})

test.each(callsTable)(
  '$channel: its settings are what the channel asks for, and its orders are counted where it pulls any',
  (entry) => {
    const connector = registry.get(entry.channel)!
    connector.settings.parse(entry.settings)
    connector.secrets.parse(entry.secrets)
    expect(Boolean(entry.orders)).toBe(Boolean(connector.orders))
  },
)
