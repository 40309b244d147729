/** One account of a hub at its simulated channel, turned by hand; calls are counted in the hub's own journal. */
import { createSimulator } from '../../simulator/index.ts'
import { findAccount } from '../../src/database/accounts.ts'
import { ensureJournalDays } from '../../src/database/journal.ts'
import { isPullDue } from '../../src/jobs/account-runner.ts'
import { connectAccount } from '../../src/operations/connect-account.ts'
import { type AccountAtWork, accountAtWork, type Context } from '../../src/operations/context.ts'
import { createHeeding } from '../../src/operations/heed-notifications.ts'
import { pullListings } from '../../src/operations/pull-listings.ts'
import { type PullResult, pullOrders } from '../../src/operations/pull-orders.ts'
import { takeOver } from '../../src/operations/take-over.ts'
import { openContext, openOurs, type Server } from '../ground.ts'
import { workOn } from './at-work.ts'
import type { ChannelCalls } from './calls-table.ts'
import { origin } from './calls-table.ts'
import { fillVariants, skuOf } from './catalog.ts'

const shown = 500
const startedAt = Date.UTC(2026, 10, 22, 8)

export interface CallsHub {
  ctx: Context
  work: AccountAtWork
  pass(ms: number): Promise<void>
  buy(sku: string, further?: readonly { sku: string; quantity: number }[]): Promise<string>
  /** Somebody puts so many there, past the hub. */
  overwrite(channel: string, sku: string, quantity: number): Promise<void>
  /** Until a step neither says that more waits nor when it may be tried again. */
  through(step: () => Promise<PullResult>): Promise<void>
  pullOrders(): Promise<PullResult>
  /** Asks as the hub's loop does whether orders are to be pulled now; if so, all pages that wait. True where it pulled. */
  lookForOrders(): Promise<boolean>
  orders(): Promise<number>
  /** Calls so far, by operation. */
  calls(): Promise<Map<string, number>>
  /** The same account, worked for by a process that remembers nothing. */
  restart(): void
  close(): Promise<void>
}

export interface CallsHubOptions {
  skus: number
  /** Each order of the answers is one of so many lines. */
  lines?: number
}

export async function openCallsHub(
  server: Server,
  name: string,
  entry: ChannelCalls,
  { skus, lines = 1 }: CallsHubOptions,
): Promise<CallsHub> {
  let time = startedAt
  const sim = createSimulator({
    seed: 1,
    realNow: () => time,
    startAt: new Date(time),
    catalog: Array.from({ length: skus }, (_, index) => ({
      sku: skuOf(index),
      title: `Stoneware mug ${index}`,
      asin: `B0${String(index).padStart(8, '0')}`,
      price: 1_490,
      currency: 'USD',
      [entry.channel]: { quantity: shown },
    })),
    ...entry.simulator,
  })
  const { db } = await openOurs(server, name)
  const send: typeof fetch = async (input, init) => grow(await sim.handle(new Request(input, init)))
  async function grow(answer: Response): Promise<Response> {
    if (lines === 1 || !entry.orders?.grow || !answer.headers.get('content-type')?.includes('json')) return answer
    const body: unknown = await answer.json()
    entry.orders.grow(body, lines)
    return Response.json(body, { status: answer.status, headers: { date: answer.headers.get('date') ?? '' } })
  }
  const clock = { now: () => new Date(time) }
  const ctx = openContext(server, db, { clock, fetch: send, monotonic: () => time })
  await ensureJournalDays(db, clock.now(), 3)
  await db.transaction(async (tx) => {
    const { settings, secrets } = entry
    await connectAccount(tx, ctx, { channel: entry.channel, name: entry.channel, stage: 'live', settings, secrets })
    await fillVariants(tx, ctx, [], skus, shown)
  })
  const row = (await findAccount(db, entry.channel))!
  const first = await workOn(ctx, row)
  async function control<T>(path: string, body: unknown): Promise<T> {
    const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
    const answer = await sim.handle(new Request(`${origin}/control${path}`, init))
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`)
    return (await answer.json()) as T
  }
  const one: CallsHub = {
    ctx,
    work: first,
    async pass(ms) {
      time += ms
      await sim.tick()
    },
    async buy(sku, further) {
      const body = { channel: entry.channel, sku, quantity: 1, ...(further ? { further } : {}) }
      return (await control<{ orderId: string }>('/orders', body)).orderId
    },
    overwrite: async (channel, sku, quantity) => void (await control('/quantities', { channel, sku, quantity })),
    async through(step) {
      for (;;) {
        const { more, notBefore } = await step()
        await ctx.journal.flush()
        if (notBefore) await one.pass(Math.max(1, notBefore.getTime() - time))
        else if (!more) return
      }
    },
    pullOrders: async () => await pullOrders(ctx, one.work),
    async lookForOrders() {
      await heeding.listen(['listings', 'orders'])
      if (!(await isPullDue(ctx, one.work, 'orders', null, heeding.isDue('orders')))) return false
      const began = clock.now()
      await one.through(one.pullOrders)
      await heeding.looked('orders', began)
      return true
    },
    orders: async () => (await db.one<{ count: number }>('select count(*)::int as count from orders'))!.count,
    async calls() {
      await ctx.journal.flush()
      const rows = await db.rows<{ operation: string; count: number }>(
        'select operation, count(*)::int as count from channel_calls where account_id = $1 group by 1',
        [row.id],
      )
      return new Map(rows.map(({ operation, count }) => [operation, count]))
    },
    restart: () => void (one.work = accountAtWork(ctx, row, first.lease)),
    async close() {
      await ctx.journal.flush()
      await db.close()
    },
  }
  const heeding = createHeeding(ctx, one.work)
  await takeOver(ctx, one.work)
  if (one.work.connector.listings) await one.through(async () => await pullListings(ctx, one.work))
  await putAtRest(one, row.id)
  if (one.work.connector.orders) await one.through(one.pullOrders)
  return one
}

/** Every slot shows what it should, and everybody may show everything: what a claim makes of a change is not counted here. */
async function putAtRest({ ctx }: CallsHub, accountId: string): Promise<void> {
  const now = ctx.clock.now()
  await ctx.db.run(`update pool_levels set mode = 'shared', claimed = $1`, [shown])
  const variants = await ctx.db.rows<{ id: string; sku: string }>(
    'select id, sku from variants v where not exists (select 1 from stock_slots s where s.variant_id = v.id)',
  )
  await ctx.db.run(
    `insert into stock_slots (id, account_id, region, remote_sku, variant_id, units_per_sale, merchant_fulfilled)
     select s, $1, '', sku, v, 1, true from unnest($2::uuid[], $3::uuid[], $4::text[]) as t(s, v, sku)`,
    [accountId, variants.map(() => ctx.newId()), variants.map(({ id }) => id), variants.map(({ sku }) => sku)],
  )
  await ctx.db.run(
    `update stock_slots set wish = $2, wish_at = $3, confirmed_value = $2, confirmed_version = 0, confirmed_at = $3, claim = $2, version = 0,
       live_value = null, live_version = null, live_sent_at = null, read_due_at = null where account_id = $1`,
    [accountId, shown, now],
  )
}
