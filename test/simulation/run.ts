/** One seed: steps drawn from it, promises checked after each, then a quiet while and the checks at rest. */
import { createHash } from 'node:crypto'
import { LeaseLost } from '../../src/database/leases.ts'
import type { Database } from '../../src/database/pool.ts'
import { expireReservations } from '../../src/operations/end-reservation.ts'
import { pullListings } from '../../src/operations/pull-listings.ts'
import { pullOrders } from '../../src/operations/pull-orders.ts'
import { pushStock } from '../../src/operations/push-stock.ts'
import { readStock } from '../../src/operations/read-stock.ts'
import { draw } from './actions.ts'
import { Broken, checkCursor, checkRest, checkStep, checkVersions } from './checks.ts'
import { amazonName, Crash, type Installation, install, storeName } from './installation.ts'

export interface SeedResult {
  seed: number
  /** Hash of everything that happened: the same seed gives the same one. */
  hash: string
  log: string[]
  /** Names of faults that hit something, and of actions that ran. */
  sometimes: Set<string>
  broken: string | null
}

export async function runSeed(db: Database, seed: number, steps: number): Promise<SeedResult> {
  const it = await install(db, seed)
  const log: string[] = []
  const sometimes = new Set<string>()
  const versions = new Map<string, number>()
  try {
    // Every other run begins at rest, so that faults hit writes and not only the first readings.
    if (seed % 2 === 0) for (let round = 0; round < 3; round += 1) await quietRound(it, round * 15)
    for (let step = 0; step < steps; step += 1) {
      const action = draw(it)
      log.push(
        `${step} ${it.ctx.clock.now().toISOString()} ${action.name}: ${await attempt(it, () => action.run(it), sometimes)}`,
      )
      sometimes.add(action.name)
      await checkStep(it)
      await checkVersions(it, versions)
    }
    await noteFaults(it, sometimes)
    // A search that answered from an old state lied about what it knows; only the sweeps find what it left out.
    if (!sometimes.has('fault stale-read of searchOrders')) await checkCursor(it)
    await settle(it, log, sometimes)
    await checkStep(it)
    await checkCursor(it)
    await checkRest(it)
    return { seed, hash: hashOf(log), log, sometimes, broken: null }
  } catch (error) {
    if (!(error instanceof Broken)) log.push((error as Error).stack ?? String(error))
    return { seed, hash: hashOf(log), log, sometimes, broken: (error as Error).message }
  } finally {
    await it.close()
  }
}

/** A crash ends what was under way; the next start takes the accounts anew. */
async function attempt(it: Installation, run: () => Promise<string>, sometimes: Set<string>): Promise<string> {
  try {
    return await run()
  } catch (error) {
    if (!(error instanceof Crash) && !(error instanceof LeaseLost)) throw error
    sometimes.add(error instanceof Crash ? `crashed ${error.message}` : 'lease lost')
    it.restart()
    return error.message
  }
}

async function noteFaults(it: Installation, sometimes: Set<string>): Promise<void> {
  const { body } = await it.control('/faults')
  const list = (Array.isArray(body) ? body : (body as { faults: unknown[] }).faults) as {
    channel: string
    operation: string
    kind: string
    fired: number
  }[]
  for (const fault of list) {
    if (fault.fired === 0) continue
    sometimes.add(`fault ${fault.kind}`)
    sometimes.add(`fault ${fault.kind} of ${fault.operation}`)
  }
}

/** No faults, no new buyers: the hub does what its loops would do until nothing changes any more. */
async function settle(it: Installation, log: string[], sometimes: Set<string>): Promise<void> {
  await it.control('/faults', undefined, 'DELETE')
  it.restart()
  for (let round = 0; round < 45; round += 1) {
    it.advance(60_000)
    await it.sim.tick()
    await attempt(
      it,
      async () => {
        await quietRound(it, round)
        return ''
      },
      sometimes,
    )
    if (round > 20 && (await isQuiet(it))) break
  }
  log.push(`settled ${it.ctx.clock.now().toISOString()}`)
}

async function quietRound(it: Installation, round: number): Promise<void> {
  const amazon = await it.work(amazonName)
  const store = await it.work(storeName)
  await it.ctx.db.run('update accounts set halted_code = null')
  if (round % 15 === 0) while ((await pullListings(it.ctx, amazon)).more);
  if (round % 3 === 0) while ((await pullOrders(it.ctx, amazon)).more);
  await expireReservations(it.ctx)
  // Reading everything anew is what the audit does over the day.
  if (round === 18) await it.ctx.db.run('update stock_slots set read_due_at = $1', [it.ctx.clock.now()])
  for (const work of [store, amazon]) {
    while ((await pushStock(it.ctx, work)).sent > 0);
    while ((await readStock(it.ctx, work)).read > 0);
  }
}

async function isQuiet(it: Installation): Promise<boolean> {
  const row = await it.ctx.db.one<{ busy: number }>(
    'select count(*) as busy from stock_slots where dirty or live_value is not null',
  )
  return row!.busy === 0
}

const hashOf = (log: readonly string[]) => createHash('sha256').update(log.join('\n')).digest('hex').slice(0, 16)
