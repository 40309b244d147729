/** One seed: steps drawn from it, promises checked after each, then a quiet while and the checks at rest. */

import { createHash } from 'node:crypto'
import { LeaseLost } from '../../src/database/leases.ts'
import { collectFeeds } from '../../src/operations/collect-feeds.ts'
import type { AccountAtWork } from '../../src/operations/context.ts'
import { expireReservations } from '../../src/operations/end-reservation.ts'
import { feedStock } from '../../src/operations/feed-stock.ts'
import { pullListings } from '../../src/operations/pull-listings.ts'
import { pullOrders } from '../../src/operations/pull-orders.ts'
import { pushStock } from '../../src/operations/push-stock.ts'
import { readStock } from '../../src/operations/read-stock.ts'
import { deliverEvents } from '../support/world.ts'
import { acknowledge, actions, draw } from './actions.ts'
import { Broken, checkClaims, checkCursor, checkOrders, checkRest, stateOf, watchSteps } from './checks.ts'
import { type Connections, type Installation, install, LeaseTaken } from './installation.ts'
import { accountOf, allChannels, amazonName, markets, marketsOf, someChannels, storeName } from './places.ts'
import { Crash, LostAnswer } from './process.ts'

export interface SeedResult {
  seed: number
  /** Hash of everything that happened: the same seed gives the same one. */
  hash: string
  log: string[]
  /** Names of faults that hit something, of actions that ran, and where the process was harmed. */
  sometimes: Set<string>
  broken: string | null
  /** How much time passed in it. */
  passedMs: number
}

/**
 * Three seeds of twenty sell on further channels, one of them on all; the rest on two, so that as many fit into a minute and
 * those that find planted bugs stay.
 */
export const channelsOf = (seed: number): readonly string[] => {
  const place = seed % 20
  if (place === 5) return [...someChannels, 'ebay', 'shopify']
  if (place === 6) return allChannels.filter((channel) => !['ebay', 'shopify'].includes(channel))
  return place === 18 ? allChannels : someChannels
}

export async function runSeed(connections: Connections, seed: number, steps: number): Promise<SeedResult> {
  const it = await install(connections, seed, {
    history: 7,
    largestPage: seed % 3 === 0 ? 100 : 5,
    mode: seed % 4 === 3 ? 'shared' : 'guarded',
    feeds: seed % 14 === 0,
    channels: channelsOf(seed),
  })
  const began = it.ctx.clock.now().getTime()
  const passed = () => it.ctx.clock.now().getTime() - began
  const log: string[] = []
  const sometimes = new Set<string>()
  const check = watchSteps(it)
  try {
    // Every other run begins at rest, so that faults hit writes and not only the first readings.
    if (seed % 2 === 0)
      for (let round = 0; round < 3; round += 1) await it.process.run(() => quietRound(it, round * 15))
    for (let step = 0; step < steps; step += 1) {
      const action = draw(it)
      const at = it.ctx.clock.now().toISOString()
      const run = () => (alone.has(action.name) ? action.run(it) : it.process.run(() => action.run(it)))
      log.push(`${step} ${at} ${action.name}: ${await attempt(it, run)}`)
      sometimes.add(action.name)
      await check()
      if (cursorMoves.test(action.name)) await checkTrueCursor(it, sometimes)
    }
    await checkTrueCursor(it, sometimes)
    await settle(it, { restart: true })
    if (isLied(sometimes) && !(await knowsOrders(it))) {
      it.advance(longSweepMs)
      await settle(it, { restart: false })
    }
    log.push(`settled ${it.ctx.clock.now().toISOString()}`)
    await check()
    await checkTrueCursor(it, sometimes)
    await checkRest(it)
    for (const { outcome } of await it.ctx.db.rows<{ outcome: string }>('select outcome from feeds'))
      sometimes.add(`feed ${outcome}`)
    return { seed, hash: hashOf(log), log, sometimes: noteHarms(it, sometimes), broken: null, passedMs: passed() }
  } catch (error) {
    if (!(error instanceof Broken)) log.push((error as Error).stack ?? String(error))
    const broken = (error as Error).message
    return { seed, hash: hashOf(log), log, sometimes: noteHarms(it, sometimes), broken, passedMs: passed() }
  } finally {
    await it.close()
  }
}

const isLied = (sometimes: Set<string>) =>
  markets.some(({ lies }) => lies !== undefined && sometimes.has(`fault ${lies}`))
/** What was left out of the last long sweep is found by the next one. */
const longSweepMs = 6 * 3_600_000

/** These bring their own turns. */
const alone = new Set(actions.filter((one) => /at once/.test(one.name)).map((one) => one.name))
const cursorMoves = /^pull orders|^at once$|^crash$/

/** A search that answered from an old state lied about what it knows; only the sweeps find what it left out. */
async function checkTrueCursor(it: Installation, sometimes: Set<string>): Promise<void> {
  await noteFaults(it, sometimes)
  if (isLied(sometimes)) return
  await checkCursor(it)
  if ((await checkClaims(it)) > 0) sometimes.add('claim known')
}

/** A crash ends what was under way, the next start takes the accounts anew; other trouble is tried again later. */
export async function attempt(it: Installation, run: () => Promise<string>): Promise<string> {
  let told: string
  try {
    told = await run()
  } catch (error) {
    const isForeseen = [Crash, LeaseLost, LostAnswer, LeaseTaken].some((one) => error instanceof one)
    if (!isForeseen && !it.process.isDead()) throw error
    told = (error as Error).message
    if (error instanceof LeaseLost) it.restart()
  }
  if (it.process.isDead()) {
    it.restart()
    return `${told}; began anew`
  }
  return told
}

function noteHarms(it: Installation, sometimes: Set<string>): Set<string> {
  for (const harm of it.process.done) sometimes.add(`harm ${harm}`)
  return sometimes
}

async function noteFaults(it: Installation, sometimes: Set<string>): Promise<void> {
  const { body } = await it.control('/faults')
  const { faults } = body as { faults: { operation: string; kind: string; fired: number }[] }
  for (const fault of faults) {
    if (fault.fired === 0) continue
    sometimes.add(`fault ${fault.kind}`)
    sometimes.add(`fault ${fault.kind} of ${fault.operation}`)
  }
}

/** No faults, no new buyers: the hub does what its loops would do until nothing changes any more. */
export async function settle(it: Installation, { restart }: { restart: boolean }): Promise<void> {
  await it.control('/faults', undefined, 'DELETE')
  it.process.interrupt(null)
  if (restart) it.restart()
  for (let round = 0; round < (it.feeds ? 100 : 75); round += 1) {
    it.advance(60_000)
    await attempt(it, () =>
      it.process.run(async () => {
        await it.sim.tick()
        await it.insistAgain()
        await quietRound(it, round)
        return ''
      }),
    )
    if (round > 20 && (await isQuiet(it))) break
  }
}

export async function quietRound(it: Installation, round: number): Promise<void> {
  const amazon = await it.work(amazonName)
  const store = await it.work(storeName)
  const further: AccountAtWork[] = []
  for (const { channel } of marketsOf(it.channels))
    if (channel !== 'amazon') further.push(await it.work(accountOf(channel)))
  await it.ctx.db.run('update accounts set halted_code = null')
  for (const work of [amazon, ...further]) {
    if (round % 15 === 0) while ((await pullListings(it.ctx, work)).more);
    if (round % 3 === 0) while ((await pullOrders(it.ctx, work)).more);
  }
  await expireReservations(it.ctx)
  while ((await deliverEvents(it.ctx)) > 0);
  // Reading everything anew is what the audit does over the day.
  if (round === 18) await it.ctx.db.run('update stock_slots set read_due_at = $1', [it.ctx.clock.now()])
  // An event whose process ended several times with it waits for hours: longer than a rest is waited for.
  if (round === 18)
    await it.ctx.db.run(`update webhook_deliveries set next_at = $1 where state = 'waiting' and next_at > $1`, [
      it.ctx.clock.now(),
    ])
  if (it.feeds) {
    await collectFeeds(it.ctx, amazon)
    await feedStock(it.ctx, amazon)
  }
  for (const work of [store, amazon, ...further]) {
    while ((await pushStock(it.ctx, work)).sent > 0);
    while ((await readStock(it.ctx, work)).read > 0);
    if (work.connector.acknowledgements) await acknowledge(it.ctx, work)
  }
}

/** Does the hub know every order as its channel has it? */
const knowsOrders = async (it: Installation) =>
  await checkOrders(it, await stateOf(it)).then(
    () => true,
    (error: unknown) => {
      if (error instanceof Broken) return false
      throw error
    },
  )

async function isQuiet(it: Installation): Promise<boolean> {
  const row = await it.ctx.db.one<{ busy: number }>(
    `select count(*) as busy from stock_slots
     where dirty or live_value is not null or feed_id is not null or (read_due_at is not null and merchant_fulfilled)`,
  )
  return row!.busy === 0
}

const hashOf = (log: readonly string[]) => createHash('sha256').update(log.join('\n')).digest('hex').slice(0, 16)
