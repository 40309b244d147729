/** What can happen in a step. Each action is drawn by weight from the seed; what it did goes into the event log. */

import { registry } from '../../src/channels/registry.ts'
import { planAcknowledgements } from '../../src/operations/acknowledge-orders.ts'
import { collectFeeds } from '../../src/operations/collect-feeds.ts'
import type { AccountAtWork, Context } from '../../src/operations/context.ts'
import { expireReservations } from '../../src/operations/end-reservation.ts'
import { feedStock } from '../../src/operations/feed-stock.ts'
import { pullListings } from '../../src/operations/pull-listings.ts'
import { pullOrders } from '../../src/operations/pull-orders.ts'
import { pushStock } from '../../src/operations/push-stock.ts'
import { readStock } from '../../src/operations/read-stock.ts'
import { sendErrands } from '../../src/operations/send-errands.ts'
import { deliverEvents } from '../support/world.ts'
import { pick, someSku, upTo } from './chance.ts'
import type { Installation } from './installation.ts'
import { accountOf, amazonName, marketsOf, storeName } from './places.ts'
import { amongFeeds, plantableIn } from './plantable.ts'
import { harms, spots } from './process.ts'
import { statesOf } from './theirs.ts'
import { changeTillOrder, endBasket, fillBasket, sellAtTill, sellAtTwoTills } from './till.ts'

/** Of one lane only one operation is under way at a time, as in the hub; requests come as they like. */
type Lane = 'request' | 'store slots' | 'chores' | `${string} pulls` | `${string} slots` | `${string} errands`

export interface Action {
  name: string
  weight: number
  /** Absent: never beside another one. */
  lane?: Lane
  run(it: Installation): Promise<string>
}

interface State {
  channels: Record<string, { orders: { id: string; status: string; past?: boolean }[] }>
}

async function buy(it: Installation, channel: string): Promise<string> {
  const items = it.catalog.filter((item) => item[channel as 'amazon'])
  const sku = it.focus ?? pick(it, items).sku
  const quantity = it.random() < 0.8 ? 1 : upTo(it, 3)
  const { status } = await it.control('/orders', { channel, sku, quantity })
  return `${quantity} ${sku} ${status}`
}

/** An order that may be in one of these states by now. */
async function someOrder(it: Installation, states: readonly string[]): Promise<string | undefined> {
  const { body } = await it.control('/state?limit=30')
  const { channels } = body as State
  const open = it.channels
    .flatMap((channel) => channels[channel]!.orders.map((order) => ({ ...order, channel })))
    .filter(({ channel, status, past }) => !past && statesOf(channel, status).some((one) => states.includes(one)))
  return open.length === 0 ? undefined : pick(it, open).id
}

/** A person counts or receives; the same key is asked again until there is an answer. */
async function countOrReceive(it: Installation): Promise<string> {
  const sku = someSku(it)
  const quantity = it.random() < 0.6 ? upTo(it, 4) : -upTo(it, 2)
  const move = { sku, location: 'MAIN', kind: 'adjustment', quantity }
  const status = await it.insist('/stock/movements', move, (answer) => {
    if (answer.status === 201) it.brought.set(sku, (it.brought.get(sku) ?? 0) + quantity)
  })
  return `${sku} ${quantity} ${status}`
}

/** By calls; in some runs by a feed where one can be handed in, and what became of the feeds before is asked for. */
async function pushAmazon(it: Installation): Promise<string> {
  const work = await it.work(amazonName)
  if (it.feeds) {
    await collectFeeds(it.ctx, work)
    const lines = await feedStock(it.ctx, work)
    if (lines > 0) return `feed of ${lines}`
  }
  return `${(await pushStock(it.ctx, work)).sent}`
}

/** Two operations at once, where they can they meet at the same variant. */
async function atOnce(it: Installation): Promise<string> {
  await it.process.run(async () => {
    for (const channel of it.channels) await it.work(accountOf(channel))
  })
  const list = actionsOf(it).filter((one) => one.lane)
  const first = byWeight(it, list)
  const beside = list.filter((one) => one.lane !== first.lane || one.lane === 'request')
  const second = first.lane === 'request' && it.random() < 0.4 ? first : byWeight(it, beside)
  it.focus = someSku(it)
  try {
    const { results, turns } = await it.process.together([() => first.run(it), () => second.run(it)])
    const told = results.map((one) => (one.status === 'fulfilled' ? one.value : String(one.reason)))
    const failed = results.find((one) => one.status === 'rejected')
    if (failed) throw Object.assign(failed.reason as Error, { turns })
    return `${first.name}: ${told[0]} | ${second.name}: ${told[1]} | ${turns}`
  } finally {
    it.focus = null
  }
}

export const actions: Action[] = [
  { name: 'buy on Amazon', weight: 6, run: (it) => buy(it, 'amazon') },
  { name: 'buy in the store', weight: 6, lane: 'request', run: (it) => buy(it, 'storefront') },
  {
    name: 'cancel',
    weight: 2,
    run: async (it) => {
      const id = await someOrder(it, ['pending', 'open'])
      return id ? `${id} ${(await it.control(`/orders/${id}/cancel`, { restock: it.random() < 0.7 })).status}` : 'none'
    },
  },
  {
    name: 'ship',
    weight: 2,
    run: async (it) => {
      const id = await someOrder(it, ['open'])
      return id ? `${id} ${(await it.control(`/orders/${id}/ship`, {})).status}` : 'none'
    },
  },
  { name: 'receive or count', weight: 2, lane: 'request', run: countOrReceive },
  { name: 'fill a basket', weight: 2, lane: 'request', run: fillBasket },
  { name: 'end a basket', weight: 1, lane: 'request', run: endBasket },
  { name: 'sell at the till', weight: 1.5, lane: 'request', run: sellAtTill },
  { name: 'change a till order', weight: 1, lane: 'request', run: changeTillOrder },
  { name: 'one sale told twice at once', weight: 0.7, run: sellAtTwoTills },
  {
    name: 'somebody else writes',
    weight: 0.5,
    run: async (it) => {
      const sku = pick(
        it,
        it.catalog.filter((one) => one.storefront),
      ).sku
      it.meddled.add(sku)
      const [first, ...more] = marketsOf(it.channels)
      const channel = more.length > 0 ? pick(it, [first!, ...more]).channel : first!.channel
      return `${sku} ${(await it.control('/quantities', { channel, sku, quantity: upTo(it, 5) })).status}`
    },
  },
  {
    name: 'time passes',
    weight: 8,
    run: async (it) => {
      const ms = pick(it, [1_000, 10_000, 30_000, 60_000, 60_000, 180_000, 300_000, 300_000, 1_500_000, 7_200_000])
      it.advance(ms)
      await it.sim.tick()
      return `${ms}`
    },
  },
  {
    name: 'pull orders',
    weight: 6,
    lane: 'amazon pulls',
    run: async (it) => `${(await pullOrders(it.ctx, await it.work(amazonName))).more}`,
  },
  {
    name: 'pull listings',
    weight: 1.5,
    lane: 'amazon pulls',
    run: async (it) => `${(await pullListings(it.ctx, await it.work(amazonName))).more}`,
  },
  {
    name: 'push Amazon',
    weight: 6,
    lane: 'amazon slots',
    run: pushAmazon,
  },
  {
    name: 'push store',
    weight: 6,
    lane: 'store slots',
    run: async (it) => `${(await pushStock(it.ctx, await it.work(storeName))).sent}`,
  },
  {
    name: 'read Amazon',
    weight: 4,
    lane: 'amazon slots',
    run: async (it) => `${(await readStock(it.ctx, await it.work(amazonName))).read}`,
  },
  {
    name: 'read store',
    weight: 3,
    lane: 'store slots',
    run: async (it) => `${(await readStock(it.ctx, await it.work(storeName))).read}`,
  },
  {
    name: 'expire',
    weight: 1,
    lane: 'chores',
    run: async (it) => `${await expireReservations(it.ctx)}`,
  },
  { name: 'deliver events', weight: 1.5, lane: 'chores', run: async (it) => `${await deliverEvents(it.ctx)}` },
  { name: 'at once', weight: 4, run: atOnce },
  {
    name: 'fault',
    weight: 3,
    run: async (it) => {
      const [channel, operation, kind] = pick(it, plantableIn(it))
      const { status } = await it.control('/faults', {
        channel,
        operation,
        kind: kind === 'refused' ? 'status' : kind,
        count: upTo(it, 2),
        ...(kind === 'status' ? { status: pick(it, [500, 503, 429]) } : {}),
        ...(kind === 'refused' ? { status: 400 } : {}),
      })
      if (it.feeds && operation === 'patchListingsItem') {
        const [of, like] = amongFeeds[kind]!
        await it.control('/faults', { channel, operation: of, kind: like, count: 1 })
      }
      return `${channel} ${operation} ${kind} ${status}`
    },
  },
  {
    name: 'crash',
    weight: 3,
    run: async (it) => {
      const action = pick(
        it,
        actionsOf(it).filter((one) => one.lane),
      )
      const spot = it.random() < 0.5 ? undefined : pick(it, spots)
      const far = spot === undefined || spot === 'statement' ? 20 : 3
      const plan = { harm: pick(it, harms), after: Math.floor(it.random() * far), ...(spot ? { spot } : {}) }
      it.backAtOnce = it.random() < 0.5
      it.process.interrupt(plan)
      // Where this action is over before, a later one is hit.
      return `${plan.harm} ${spot ?? 'any'} ${plan.after}, ${action.name}: ${await action.run(it)}`
    },
  },
]

/** What there is to do at a channel beside Amazon whose orders are asked for. */
const actionsAt = (channel: string): Action[] => {
  const name = accountOf(channel)
  return [
    { name: `buy on ${name}`, weight: 5, run: (it) => buy(it, channel) },
    {
      name: `pull orders of ${name}`,
      weight: 5,
      lane: `${channel} pulls`,
      run: async (it) => `${(await pullOrders(it.ctx, await it.work(name))).more}`,
    },
    {
      name: `pull listings of ${name}`,
      weight: 1.5,
      lane: `${channel} pulls`,
      run: async (it) => `${(await pullListings(it.ctx, await it.work(name))).more}`,
    },
    {
      name: `push ${name}`,
      weight: 5,
      lane: `${channel} slots`,
      run: async (it) => `${(await pushStock(it.ctx, await it.work(name))).sent}`,
    },
    {
      name: `read ${name}`,
      weight: 3,
      lane: `${channel} slots`,
      run: async (it) => `${(await readStock(it.ctx, await it.work(name))).read}`,
    },
    ...(registry.get(channel)!.acknowledgements
      ? [
          {
            name: `acknowledge orders of ${name}`,
            weight: 3,
            lane: `${channel} errands`,
            run: async (it) => `${await acknowledge(it.ctx, await it.work(name))}`,
          } satisfies Action,
        ]
      : []),
  ]
}

/** Says yes to what the channel wants acknowledged. Answers how much was done. */
export async function acknowledge(ctx: Context, work: AccountAtWork): Promise<number> {
  await planAcknowledgements(ctx, work)
  return (await sendErrands(ctx, work)).done
}

const everywhere = new Map<string, readonly Action[]>()

/** What can happen in an installation with these channels. */
export function actionsOf({ channels }: Pick<Installation, 'channels'>): readonly Action[] {
  const key = channels.join()
  const known = everywhere.get(key)
  if (known) return known
  const further = marketsOf(channels).filter(({ channel }) => channel !== 'amazon')
  const list = [...actions, ...further.flatMap(({ channel }) => actionsAt(channel))]
  everywhere.set(key, list)
  return list
}

function byWeight(it: Installation, list: readonly Action[]): Action {
  const total = list.reduce((sum, action) => sum + action.weight, 0)
  let at = it.random() * total
  for (const action of list) {
    at -= action.weight
    if (at < 0) return action
  }
  return list[0]!
}

export const draw = (it: Installation): Action => byWeight(it, actionsOf(it))
