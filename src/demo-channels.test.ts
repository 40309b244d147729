import { expect, test } from 'vitest'
import { demoCatalog } from '../simulator/index.ts'
import { allChannels } from '../test/simulation/places.ts'
import { registry } from './channels/registry.ts'
import { demoChannels } from './demo-channels.ts'

/** Registered, and not in the demo or the simulation yet. None is the aim. */
const missing: string[] = []

const made = `whsec_${Buffer.alloc(24, 1).toString('base64')}`

test('the demo and the simulation sell on every channel that there is', () => {
  const wanted = [...registry.keys()].filter((channel) => !missing.includes(channel)).sort()
  expect(demoChannels.map(({ channel }) => channel).sort()).toEqual(wanted)
  expect([...allChannels].sort()).toEqual(wanted)
  expect(new Set(demoChannels.map(({ account }) => account)).size).toBe(demoChannels.length)
})

test.each(demoChannels)(
  '$channel: what the demo enters is what the channel asks for, and it lists goods there',
  (one) => {
    const connector = registry.get(one.channel)!
    connector.settings.parse(one.settings('http://127.0.0.1:4400'))
    connector.secrets.parse({ ...one.secrets, ...Object.fromEntries((one.made ?? []).map((name) => [name, made])) })
    const listed = demoCatalog().filter((item) => (item as unknown as Record<string, unknown>)[one.channel])
    expect(listed.length).toBeGreaterThan(20)
  },
)
