/**
 * R40: the database ends, loses connections or has none left while callers move and reserve stock and marketplaces sell.
 * Nothing acknowledged is lost, nothing is doubled, and everything goes on without a person.
 */
import { rmSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { openDatabase, type Sql } from '../../src/database/pool.ts'
import {
  ask,
  databaseUrlOf,
  type HubProcess,
  newDataDir,
  percentile,
  postmasterOf,
  startDemoProcess,
  until,
} from '../support/hub-process.ts'
import { endedConnectionSeconds, idleConnections, isLong, printCount, serverEnds } from '../support/iterations.ts'
import { expectStoredOnce, type Load, startLoad, stockUp } from '../support/load.ts'

// The full numbers take their time.
vi.setConfig({ testTimeout: isLong ? 7_200_000 : 240_000 })

const sku = 'MUG-BLUE-01'
let hub: HubProcess
let load: Load | undefined

beforeAll(async () => {
  hub = await startDemoProcess({ dataDir: newDataDir() })
  await stockUp(hub.demo, sku)
})
afterAll(async () => {
  load?.stopNow()
  await hub?.stop()
  if (hub) rmSync(hub.dataDir, { recursive: true, force: true, maxRetries: 5 })
})

function begin(prefix: string): Load {
  load = startLoad({ ...hub.demo, sku, account: 'Own store', prefix, pauseMs: 5 })
  return load
}

/** Everything sent is stored once, refusals said when to come again, and sold orders are known. */
async function settle(prefix: string): Promise<void> {
  await load!.finish()
  expect(load!.odd).toEqual([])
  await expectStoredOnce(databaseUrlOf(hub.dataDir), load!, prefix)
  printCount(`${prefix}: changes acknowledged`, load!.acknowledged.size)
  process.stdout.write(`${prefix}: refusals ${JSON.stringify(Object.fromEntries(load!.refusals))}\n`)
}

const isReady = async () => (await fetch(`${hub.demo.url}/readyz`)).ok

/** The backends that serve the hub. */
const backends = async () =>
  await ask<{ pid: number }>(
    databaseUrlOf(hub.dataDir),
    `select pid from pg_stat_activity where application_name = 'entrepot' and state is not null and pid <> pg_backend_pid()`,
  )

const ends: Record<string, () => Promise<void>> = {
  'server killed': async () => void process.kill(postmasterOf(hub.dataDir)!.pid, 'SIGKILL'),
  'server told to stop': async () => void process.kill(postmasterOf(hub.dataDir)!.pid, 'SIGINT'),
  'a process of it killed': async () => void process.kill((await backends())[0]!.pid, 'SIGKILL'),
  'server told to stop at once': async () => void process.kill(postmasterOf(hub.dataDir)!.pid, 'SIGQUIT'),
}

test('ends of the server under load', async () => {
  const running = begin('ends')
  await running.nextStored()
  const waits: number[] = []
  for (let n = 0; n < serverEnds; n += 1) {
    const [name, end] = Object.entries(ends)[n % Object.keys(ends).length]!
    await until('the server is there', 30_000, async () => (await backends()).length > 0)
    await end()
    const ended = performance.now()
    // What is stored right now was committed before; a fresh connection proves that the server is back.
    await until(
      `${name}: the server answers again`,
      60_000,
      async () => {
        await ask(databaseUrlOf(hub.dataDir), 'select 1')
        return true
      },
      20,
    )
    await running.nextStored()
    waits.push((performance.now() - ended) / 1_000)
    for (let more = 0; more < 20; more += 1) await running.nextStored()
  }
  printCount('ends of the server', waits.length)
  process.stdout.write(
    `seconds to the next stored change: p50 ${percentile(waits, 0.5).toFixed(2)}, worst ${Math.max(...waits).toFixed(2)}\n`,
  )
  expect(hub.child.exitCode).toBeNull()
  expect([...running.refusals.keys()].filter((code) => code !== 'database_away')).toEqual([])
  expect(running.refusals.get('database_away')).toBeGreaterThan(0)
  await settle('ends')
  // Two kills within seconds make the supervisor wait; more than that is a fault.
  expect(percentile(waits, 0.5)).toBeLessThan(5)
})

test('connections ended five a second', async () => {
  const running = begin('cut')
  const until_ = performance.now() + endedConnectionSeconds * 1_000
  const gaps: number[] = []
  let ended = 0
  while (performance.now() < until_) {
    const rows = await ask<{ ended: boolean }>(
      databaseUrlOf(hub.dataDir),
      `select pg_terminate_backend(pid) as ended from pg_stat_activity where application_name = 'entrepot' and pid <> pg_backend_pid() order by state = 'idle', query_start desc limit 1`,
    )
    ended += rows.length
    const from = performance.now()
    await running.nextStored(10_000)
    gaps.push(performance.now() - from)
    await sleep(Math.max(0, 200 - (performance.now() - from)))
  }
  printCount('connections ended', ended)
  process.stdout.write(`ms to the next stored change: p99 ${percentile(gaps, 0.99).toFixed(0)}\n`)
  expect(ended).toBeGreaterThan(endedConnectionSeconds)
  await settle('cut')
})

/** How the server lists connections that are not the hub's. */
const crowd = 'crowd'

interface Idle extends Sql {
  close(): Promise<void>
}

/** Connections that do nothing but what they are asked, until they are closed. */
async function openIdle(url: string) {
  const clients: Idle[] = []
  let refused = 0
  for (let n = 0; n < idleConnections; n += 1) {
    const db = openDatabase(url, { max: 1, name: crowd })
    await new Promise<void>((done) => {
      const held = db.session(async (session) => {
        await session.one('select 1')
        await new Promise<void>((close) => {
          clients.push({
            ...session,
            async close() {
              close()
              await held.catch(() => {})
              await db.close()
            },
          })
          done()
        })
      })
      held.catch(async () => {
        refused += 1
        await db.close()
        done()
      })
    })
  }
  return { clients, refused }
}

test('another program’s idle connections never take the hub’s own', async () => {
  const url = databaseUrlOf(hub.dataDir)
  await ask(url, `drop role if exists reader`)
  await ask(url, `create role reader login password 'reader'`)
  const readerUrl = url.replace(/\/\/[^@]+@/, '//reader:reader@')
  const running = begin('reader')
  // The hub's connections are ended too, so that it must open new ones against the crowd.
  const { clients, refused } = await openIdle(readerUrl)
  await ask(
    url,
    `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'entrepot' and usename = 'entrepot' and pid <> pg_backend_pid()`,
  )
  await running.nextStored(10_000)
  for (let n = 0; n < 50; n += 1) await running.nextStored(10_000)
  expect(refused).toBeGreaterThan(20)
  expect(await isReady()).toBe(true)
  await Promise.all(clients.map((client) => client.close()))
  expect(running.refusals.get('database_busy')).toBeUndefined()
  await settle('reader')
})

/**
 * Takes every connection there is. Those of the hub are ended in whatever they do, and again until none is left: with
 * the few that a busy moment spared it would serve everybody, and rightly refuse nobody.
 */
async function takeEveryConnection(url: string): Promise<Idle[]> {
  const { clients } = await openIdle(url)
  const [inside] = clients
  await until('the crowd has every connection', 30_000, async () => {
    await inside!.run(
      `select pg_terminate_backend(pid) from pg_stat_activity where backend_type = 'client backend' and application_name <> '${crowd}'`,
    )
    clients.push(...(await openIdle(url)).clients)
    const rows = await inside!.rows(
      `select 1 from pg_stat_activity where application_name = '${crowd}' having count(*) = current_setting('max_connections')::int`,
    )
    return rows.length > 0
  })
  return clients
}

test('with every connection taken callers are told so, and it goes on when one is free', async () => {
  const url = databaseUrlOf(hub.dataDir)
  const running = begin('crowd')
  await running.nextStored()
  const clients = await takeEveryConnection(url)
  expect(clients.length).toBeGreaterThan(30)
  const taken = performance.now()
  const told = () => running.refusals.get('database_busy') ?? 0
  const toldBefore = told()
  // Each of the callers, several times.
  await until('callers are told', 20_000, async () => told() >= toldBefore + 30)
  process.stdout.write(`ms until thirty callers were told: ${(performance.now() - taken).toFixed(0)}\n`)
  const readiness = await fetch(`${hub.demo.url}/readyz`)
  expect(await readiness.json()).toEqual({ status: 'not ready', reason: 'database_busy' })
  const freed = performance.now()
  await Promise.all(clients.map((client) => client.close()))
  await running.nextStored(10_000)
  process.stdout.write(`ms until it goes on with free connections: ${(performance.now() - freed).toFixed(0)}\n`)
  expect(hub.child.exitCode).toBeNull()
  expect([...running.refusals.keys()].filter((code) => !code.startsWith('database_'))).toEqual([])
  await settle('crowd')
})

test('at the end every order that was sold is known, and no level is wrong', async () => {
  await fetch(`${hub.demo.simulator}/control/buyers`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ perMinute: 0 }),
  })
  const url = databaseUrlOf(hub.dataDir)
  const state = (await (await fetch(`${hub.demo.simulator}/control/state?limit=100000`)).json()) as {
    channels: Record<string, { orders: { id: string }[] }>
  }
  const sold = Object.values(state.channels).flatMap((channel) => channel.orders.map((order) => order.id))
  await until('every order is known', 60_000, async () => {
    const known = new Set((await ask<{ id: string }>(url, 'select remote_id as id from orders')).map((row) => row.id))
    return sold.every((id) => known.has(id))
  })
  const doubled = await ask(url, 'select account_id, remote_id from orders group by 1, 2 having count(*) > 1')
  expect(doubled).toEqual([])
  await until('every slot shows its wish', 90_000, async () => {
    const rows = await ask(
      url,
      `select 1 from stock_slots where dirty and variant_id is not null and merchant_fulfilled is not false`,
    )
    return rows.length === 0
  })
})
