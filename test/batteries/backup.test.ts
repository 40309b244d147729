/**
 * The drill: a hub under load is backed up, killed, its folder destroyed, and restored from the backup and the keys that
 * were kept apart. The marketplaces go on meanwhile, as they do.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { brokenSums } from '../../src/database/after-restore.ts'
import { openDatabase } from '../../src/database/pool.ts'
import { drillGoods } from '../support/drill-goods.ts'
import { clockEnv } from '../support/fast-clock.ts'
import {
  environment,
  postmasterOf,
  type RunningHub,
  runCommand,
  startHubProcess,
} from '../support/installation-process.ts'
import { drillOrders, printCount } from '../support/iterations.ts'

const clock = { from: Date.now(), speed: 60 }
const folder = mkdtempSync(join(tmpdir(), 'entrepot-drill-'))
chmodSync(folder, 0o711)
const dataDir = join(folder, 'data')
const elsewhere = join(folder, 'elsewhere')
const passphraseFile = join(folder, 'passphrase')
let env: Record<string, string>
let simulator: ChildProcess
let market: string
let hub: RunningHub
let apiKey = ''
const figures: Record<string, number | string> = {}

beforeAll(async () => {
  mkdirSync(elsewhere)
  writeFileSync(passphraseFile, 'four words that are long\n')
  env = { ...clockEnv(clock), DATA_DIR: dataDir, PORT: String(await freePort()) }
  simulator = spawn(process.execPath, [resolve(import.meta.dirname, '../support/simulator-process.ts')], {
    env: environment(env),
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  market = String((await once(simulator.stdout!, 'data'))[0]).trim()
  hub = await startHubProcess(env)
})
afterAll(async () => {
  await hub?.stop()
  simulator.stdin!.end()
  removeData()
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  for (const [name, value] of Object.entries(figures)) process.stdout.write(`${name}: ${value}\n`)
})

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  await new Promise((done) => server.close(done))
  return port
}

/** All of the folder, and where root keeps the cluster of a folder that PostgreSQL's user may not enter. */
function removeData(): void {
  const pointer = join(dataDir, 'postgres.location')
  if (existsSync(pointer)) rmSync(readFileSync(pointer, 'utf8').trim(), { recursive: true, force: true })
  rmSync(dataDir, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 })
}

async function command(...args: string[]): Promise<string> {
  const { code, out, err } = await runCommand(env, args)
  expect({ code, err }).toEqual({ code: 0, err: '' })
  return out
}

let keys = 0
async function api<T>(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<T> {
  const answer = await fetch(`${hub.url}/api/v1${path}`, {
    method,
    headers: {
      authorization: `Bearer ${apiKey}`,
      'content-type': 'application/json',
      'idempotency-key': `drill-${(keys += 1)}`,
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`)
  return (await answer.json()) as T
}

async function control<T>(path: string, body?: unknown): Promise<{ status: number; body: T }> {
  const answer = await fetch(`${market}/control${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  return { status: answer.status, body: (await answer.json()) as T }
}

interface Market {
  shown: Record<string, number>
  orders: { id: string; lines: { sku: string; quantity: number }[]; createdTime: string; lastUpdatedTime: string }[]
}
const truth = async () => (await control<{ channels: Record<'amazon' | 'storefront', Market> }>('/state')).body.channels

interface Slot {
  channel: 'amazon' | 'storefront'
  remoteSku: string
  wish: number | null
  state: string
}
const slots = async () => (await api<{ items: Slot[] }>('GET', '/slots?limit=200')).items

async function until<T>(what: string, ms: number, look: () => Promise<T | undefined | false | ''>): Promise<T> {
  const end = performance.now() + ms
  for (let last: unknown; ; ) {
    const found = await look().catch((error: Error) => void (last = error.message))
    if (found) return found
    if (performance.now() > end) throw new Error(`not within ${ms} ms: ${what} ${last ?? ''}`)
    await new Promise((done) => setTimeout(done, 200))
  }
}

async function ordersKnown(): Promise<Map<string, { id: string; remoteId: string }>> {
  const known = new Map<string, { id: string; remoteId: string }>()
  for (let cursor = ''; ; ) {
    const page = await api<{ items: { id: string; remoteId: string }[]; nextCursor: string | null }>(
      'GET',
      `/orders?limit=200${cursor}`,
    )
    for (const order of page.items) known.set(order.remoteId, order)
    if (!page.nextCursor) return known
    cursor = `&cursor=${encodeURIComponent(page.nextCursor)}`
  }
}

/** What differs between wish, hub and marketplace; empty when everything has settled. */
async function unsettled(): Promise<string[]> {
  const now = await truth()
  return (await slots())
    .filter((slot) => slot.state !== 'not-ours')
    .filter((slot) => slot.state !== 'clean' || now[slot.channel].shown[slot.remoteSku] !== slot.wish)
    .map(
      (slot) =>
        `${slot.channel} ${slot.remoteSku}: ${slot.state}, wish ${slot.wish}, shown ${now[slot.channel].shown[slot.remoteSku]}`,
    )
}

/** Buyers on both channels, one after the other, until told to stop. Holds what the hub acknowledged, and how slow it was. */
function startBuyers() {
  const goods = drillGoods().filter((item) => item.storefront && (item.amazon?.quantity ?? 0) > 8)
  const acknowledged: string[] = []
  const bought: string[] = []
  let buying = true
  let slowest = 0
  const done = (async () => {
    for (let n = 0; buying; n += 1) {
      const sku = goods[n % goods.length]!.sku
      const channel = n % 2 === 0 ? 'storefront' : 'amazon'
      const asked = performance.now()
      const { status, body } = await control<{ orderId: string }>('/orders', { channel, sku, quantity: 1 })
      // A checkout of the store is answered by the hub itself; an order of Amazon is only known to Amazon so far.
      if (channel === 'storefront') slowest = Math.max(slowest, performance.now() - asked)
      if (status === 201) (channel === 'storefront' ? acknowledged : bought).push(body.orderId)
      await new Promise((next) => setTimeout(next, 15))
    }
  })()
  return {
    acknowledged,
    bought,
    slowest: () => slowest,
    async stop() {
      buying = false
      await done
    },
  }
}

const amazon = () => ({
  name: 'Amazon US',
  stage: 'live',
  settings: {
    sellerId: 'A1SIMULATEDSEL',
    region: 'na',
    marketplaceIds: ['ATVPDKIKX0DER'],
    endpoint: `${market}/amazon`,
    tokenEndpoint: `${market}/lwa/auth/o2/token`,
  },
  secrets: {
    clientId: 'amzn1.application-oa2-client.simulated',
    clientSecret: 'amzn1.oa2-cs.v1.simulated',
    refreshToken: 'Atzr|simulated',
  },
})

test('commands set a running hub up: an owner, two accounts, goods', async () => {
  const added = JSON.parse(
    await command('user', 'add', 'owner@drill.example', '--name', 'Owner', '--role', 'owner', '--json'),
  ) as { password: string }
  const signedIn = await fetch(`${hub.url}/api/v1/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email: 'owner@drill.example', password: added.password }),
  })
  const { csrf } = (await signedIn.json()) as { csrf: string }
  const cookie = signedIn.headers.get('set-cookie')!.split(';')[0]!
  const answer = await fetch(`${hub.url}/api/v1/api-keys`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': 'key', cookie, 'x-csrf-token': csrf },
    body: JSON.stringify({ name: 'drill', role: 'owner' }),
  })
  apiKey = ((await answer.json()) as { key: string }).key
  const webhookSecret = `whsec_${Buffer.alloc(24, 7).toString('base64')}`
  const store = {
    settings: { webhookUrl: `${market}/storefront/webhooks`, sameNetwork: true },
    secrets: { webhookSecret },
  }
  // Goods before Amazon: listings with a known SKU link by themselves.
  const { code, err } = await runCommand(
    env,
    ['connect', 'storefront', '--name', 'Store', '--stage', 'shadow', '--skip-checks', '--file', '-'],
    {
      input: JSON.stringify(store),
    },
  )
  expect({ code, err }).toEqual({ code: 0, err: '' })
  // The marketplaces' clock runs ahead of the commands', so that a check of the signature would fail.
  const { items } = (await api('GET', '/accounts')) as { items: { id: string }[] }
  await api('PATCH', `/accounts/${items[0]!.id}`, { stage: 'live', withoutChecks: true })
  for (const item of drillGoods()) {
    await api('POST', '/products', { title: item.title, variants: [{ sku: item.sku }] })
    if (!item.storefront) continue
    const quantity = (item.amazon?.quantity ?? 0) + 5 * drillOrders
    await api('POST', '/stock/movements', { sku: item.sku, location: 'MAIN', kind: 'count', quantity, note: 'opening' })
    await api('POST', '/listings', {
      account: 'Store',
      remoteSku: item.sku,
      sku: item.sku,
      unitsPerSale: 1,
      fulfilledBy: 'merchant',
    })
  }
  simulator.stdin!.write(`${JSON.stringify({ hubUrl: hub.url, apiKey, account: 'Store', webhookSecret })}\n`)
  writeFileSync(join(folder, 'amazon.json'), JSON.stringify(amazon()))
  await command('connect', 'amazon', '--file', join(folder, 'amazon.json'))
  expect(await command('accounts')).toMatch(/^Amazon US +amazon +live +working/m)
  await until('all is settled', 60_000, async () => (await slots()).length > 15 && (await unsettled()).length === 0)
}, 240_000)

test('backup under load, kill, destruction, restore, pull: nothing that was acknowledged before is missing, everything after is found again', async () => {
  const buyers = startBuyers()
  // Buyers come one after the other.
  await until('orders', 60_000 + 250 * drillOrders, async () => buyers.acknowledged.length >= drillOrders)
  const before = [...buyers.acknowledged]
  const slowestBefore = buyers.slowest()
  const file = join(elsewhere, 'today.backup')
  const keysFile = join(elsewhere, 'today.keys')
  const began = performance.now()
  const report = JSON.parse(
    await command('backup', file, '--keys', keysFile, '--passphrase-file', passphraseFile, '--json'),
  ) as { rows: Record<string, number> }
  figures['seconds of the backup command under load'] = ((performance.now() - began) / 1_000).toFixed(1)
  figures['slowest checkout before and during the backup, ms'] =
    `${slowestBefore.toFixed(0)}, ${buyers.slowest().toFixed(0)}`
  figures['bytes of the backup'] = statSync(file).size
  figures['orders in it'] = report.rows.orders!
  const during = buyers.acknowledged.length
  await until(
    'orders after the backup',
    60_000 + 125 * drillOrders,
    async () => buyers.acknowledged.length >= during + drillOrders / 2,
  )
  await buyers.stop()
  expect(report.rows.orders!).toBeGreaterThanOrEqual(before.length)

  const anOrder = (await ordersKnown()).get(before[0]!)!
  const buyer = await api('GET', `/orders/${anOrder.id}/buyer`)
  expect(JSON.stringify(buyer)).toContain('buyers.example')
  const versions = await soldVersions()

  // The end of the hub, its database and its folder. What restores it lies elsewhere.
  const server = postmasterOf(dataDir)!
  await hub.kill()
  process.kill(server.pid, 'SIGKILL')
  await until('the server to be gone', 10_000, async () => !existsSync(`/proc/${server.pid}`))
  renameSync(join(dataDir, 'cache'), join(folder, 'cache'))
  removeData()
  mkdirSync(dataDir)
  // Built from the sources alone, and slow to build: no data of the hub.
  renameSync(join(folder, 'cache'), join(dataDir, 'cache'))

  const restoring = performance.now()
  expect((await runCommand(env, ['restore', file])).err).toContain('[key_missing]')
  await command('restore', file, '--keys', keysFile, '--passphrase-file', passphraseFile)
  figures['seconds of the restore'] = ((performance.now() - restoring) / 1_000).toFixed(1)
  hub = await startHubProcess(env)
  const pulled = await command('pull', '--wait', '60')
  figures['what the pull says'] = pulled.trim().split('\n').join(' | ')

  const known = await ordersKnown()
  expect(before.filter((id) => !known.has(id))).toEqual([])
  const sold = await until('every order of Amazon', 60_000, async () => {
    const all = await ordersKnown()
    const { amazon: now } = await truth()
    return now.orders.every((order) => all.has(order.id)) && now.orders.length
  })
  printCount('orders acknowledged before the backup', before.length)
  printCount('orders of Amazon found again', sold)
  expect(buyers.bought.length).toBeGreaterThan(drillOrders / 4)
  // Keys kept apart: buyer data from before opens.
  expect(await api('GET', `/orders/${known.get(before[0]!)!.id}/buyer`)).toEqual(buyer)

  await sendLostOrders(known)
  await until('every slot shows its wish', 90_000, async () => {
    const left = await unsettled()
    if (left.length > 0) throw new Error(left.join('\n'))
    return true
  })
  const db = openDatabase(postmasterOf(dataDir)!.url, { max: 1 })
  try {
    expect(await brokenSums(db)).toEqual([])
  } finally {
    await db.close()
  }
  // P-6: what the store is sent is newer than anything it was ever sent.
  for (const [sku, version] of await soldVersions()) expect(version, sku).toBeGreaterThanOrEqual(versions.get(sku) ?? 0)
  figures['seconds from the restore to everything settled'] = ((performance.now() - restoring) / 1_000).toFixed(1)
}, 300_000)

/** The newest version of each SKU that the hub knows to have sent. */
async function soldVersions(): Promise<Map<string, number>> {
  const db = openDatabase(postmasterOf(dataDir)!.url, { max: 1 })
  try {
    const rows = await db.rows<{ sku: string; version: number }>('select id::text as sku, version from stock_slots')
    return new Map(rows.map((row) => [row.sku, row.version]))
  } finally {
    await db.close()
  }
}

/** An own store has nothing to be read from: it sends again what it sold since the backup, as docs/backup.md says. */
async function sendLostOrders(known: ReadonlyMap<string, unknown>): Promise<void> {
  const { storefront } = await truth()
  const lost = storefront.orders.filter((order) => !known.has(order.id))
  printCount('orders of the own store sent again', lost.length)
  expect(lost.length).toBeGreaterThan(0)
  for (const order of lost) {
    await api('POST', '/orders', {
      account: 'Store',
      remoteId: order.id,
      placedAt: order.createdTime,
      updatedAt: order.lastUpdatedTime,
      currency: 'USD',
      lines: order.lines.map((line, n) => ({ remoteId: String(n), title: line.sku, ...line })),
    })
  }
}
