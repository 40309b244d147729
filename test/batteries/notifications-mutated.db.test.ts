/** Ten thousand mutated notifications for each channel: none is accepted, nothing falls over, and memory stays flat. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import type { Connector } from '../../src/channels/connector.ts'
import { registry } from '../../src/channels/registry.ts'
import { connectAccount } from '../../src/operations/connect-account.ts'
import { createNotificationRoom, hookKey, type NotificationRoom } from '../../src/operations/hear-notification.ts'
import { useDatabase } from '../support/database.ts'
import { type GenuineHooks, genuineHooks } from '../support/genuine-hooks.ts'
import { mutatedNotifications, patienceMs, printCount } from '../support/iterations.ts'
import { mutationsOf } from '../support/mutated-hooks.ts'
import { createWorld, type World } from '../support/world.ts'

vi.setConfig({ testTimeout: patienceMs })
const own = useDatabase()

interface Tried extends GenuineHooks {
  connector: Connector
}

const takers = [...registry.values()].filter((one) => one.webhooks)
const channels: Tried[] = takers.flatMap((connector) => {
  const known = genuineHooks[connector.channel]
  return known ? [{ ...known, connector }] : []
})

test('every channel that takes notifications is tried', () => {
  expect(channels.map((one) => one.connector.channel)).toEqual(takers.map((one) => one.channel))
  expect(channels.length).toBeGreaterThan(0)
})

let world: World
let room: NotificationRoom
let accountId: string

async function open({ connector, settings, secrets, fetch }: Tried): Promise<void> {
  await own.db.run('truncate accounts, findings cascade')
  world = createWorld(own.db, fetch ? { fetch } : {})
  const { ctx } = world
  ctx.registry = new Map([[connector.channel, connector]])
  const account = { channel: connector.channel, name: 'Shop', stage: 'live' as const, settings, secrets }
  accountId = await ctx.db.transaction((tx) => connectAccount(tx, ctx, account))
  room = createNotificationRoom(ctx, 'https://hub.example')
}

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void
const heap = () => {
  collect()
  return process.memoryUsage().heapUsed
}

const pathOf = ({ connector }: Tried) =>
  `/hooks/${connector.channel}/${hookKey(world.ctx, connector.channel, accountId)}`

const inbox = async () => (await own.db.rows('select 1 from notification_inbox')).length

async function hearAll(tried: Tried, count: number, half: () => void = () => {}) {
  const genuine = tried.genuine(world.clock.now(), accountId, pathOf(tried))
  const { accepted, refused } = tried.connector.webhooks!.status
  const statuses = new Map<string, number>()
  let heard = 0
  await fc.assert(
    fc.asyncProperty(mutationsOf(genuine), async ({ hook, what }) => {
      const answer = (await room.hear(accountId, tried.connector.channel, hook))!
      const isAccepted = answer.status === accepted && answer.body === undefined
      const name = isAccepted
        ? `accepted with another ${what}`
        : answer.status === refused
          ? 'refused'
          : String(answer.status)
      statuses.set(name, (statuses.get(name) ?? 0) + 1)
      heard += 1
      if (heard === count / 2) half()
    }),
    { numRuns: count },
  )
  return statuses
}

describe.each(channels.map((one) => [one.connector.channel, one] as const))('%s', (_name, tried) => {
  beforeEach(() => open(tried))

  test('a genuine one is accepted, and ten thousand mutated ones are not', async () => {
    await hearAll(tried, 2_000)
    let before = 0
    const statuses = await hearAll(tried, mutatedNotifications, () => (before = heap()))
    const grown = heap() - before
    const { refused, 503: again = 0, ...others } = Object.fromEntries(statuses)
    expect(others, 'none is accepted, none met a fault').toEqual({})
    expect(refused! + again).toBe(mutatedNotifications)
    if (!tried.asks) expect(again).toBe(0)
    expect(world.logged.filter((one) => one.level === 'error')).toEqual([])
    expect(await inbox()).toBe(0)
    expect(grown / 1024 / 1024, 'megabytes more after five thousand').toBeLessThan(8)
    const { hook } = tried.genuine(world.clock.now(), accountId, pathOf(tried))
    expect(await room.hear(accountId, tried.connector.channel, hook)).toEqual({
      status: tried.connector.webhooks!.status.accepted,
    })
    expect(await inbox()).toBe(1)
    printCount(`mutated notifications of ${tried.connector.channel}`, mutatedNotifications)
  })

  test('a check that looks at nothing is found at once', async () => {
    const { connector } = tried
    const blind: Connector = {
      ...connector,
      webhooks: {
        ...connector.webhooks!,
        verify: async (_account, { body }) => ({
          kind: 'accepted',
          dedupe: String(body.length),
          topic: '',
          happenedAt: null,
          look: [],
        }),
      },
    }
    await open({ ...tried, connector: blind })
    const statuses = await hearAll({ ...tried, connector: blind }, 100)
    expect([...statuses.keys()].filter((one) => !one.startsWith('accepted'))).toEqual([])
  })
})
