/** One hundredth of every kind of fault that a simulated marketplace knows, at every call of it. */
import { faultsAt } from '../../simulator/faults.ts'
import type { Installation } from '../simulation/installation.ts'
import { marketsOf } from '../simulation/places.ts'

type Kind = ReturnType<typeof faultsAt>[string][number]
type Channel = Parameters<typeof faultsAt>[0]

/** What a kind needs to be told, so that it is as bad as it can be within what is assumed of a channel. */
const details: Partial<Record<Kind, object>> = {
  slow: { delayMs: 2_000 },
  'wrong-date': { delayMs: 20_000 },
  omit: { delayMs: 120_000 },
  // A field that nobody documented.
  rewrite: { changes: [{ at: '/somethingNew', value: 'x' }] },
}
const statuses = [500, 503, 429]

export async function plantEverywhere(it: Installation, rate = 0.01): Promise<number> {
  let planted = 0
  for (const channel of it.channels)
    for (const [operation, kinds] of Object.entries(faultsAt(channel as Channel)))
      for (const kind of kinds) {
        const more = kind === 'status' ? { status: statuses[planted % 3] } : (details[kind] ?? {})
        const { status, body } = await it.control('/faults', { channel, operation, kind, rate, ...more })
        if (status >= 300) throw new Error(`${channel} ${operation} ${kind}: ${status} ${JSON.stringify(body)}`)
        planted += 1
      }
  return planted
}

/** What they did so far. */
export async function countFaults(it: Installation) {
  const { body } = await it.control('/faults')
  const { faults } = body as { faults: { channel: string; operation: string; kind: string; fired: number }[] }
  const hit = faults.filter(({ fired }) => fired > 0)
  const sum = (list: typeof hit) => list.reduce((all, { fired }) => all + fired, 0)
  return {
    hit: hit.length,
    fired: sum(hit),
    kinds: new Set(hit.map(({ kind }) => kind)).size,
    /** Writes of quantities that arrived twice, by channel. */
    doubled: new Map(
      marketsOf(it.channels).map(({ channel, writes }) => [
        channel,
        sum(hit.filter((one) => one.channel === channel && one.kind === 'duplicate' && writes.includes(one.operation))),
      ]),
    ),
    halvings: sum(hit.filter(({ kind }) => kind === 'bucket-halved')),
  }
}
