/**
 * R41: the disk of the database is full, or read-only, while callers move and reserve stock and marketplaces sell.
 * Nothing is acknowledged that is not stored, callers are told why, and everything goes on by itself once there is room.
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { freePort } from '../../src/database/binaries.ts'
import {
  ask,
  databaseUrlOf,
  type HubProcess,
  newDataDir,
  postmasterOf,
  spawnMain,
  startDemoProcess,
  until,
} from '../support/hub-process.ts'
import { diskFills, isLong, printCount } from '../support/iterations.ts'
import { expectStoredOnce, type Load, startLoad, stockUp } from '../support/load.ts'

// The full numbers take their time.
vi.setConfig({ testTimeout: isLong ? 7_200_000 : 240_000 })

const sku = 'MUG-BLUE-01'
const cleanings: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const clean of cleanings.splice(0).reverse()) await clean()
})

type Kind = 'tmpfs' | 'ext4'

/** A small disk of its own; undefined where this process may not mount. */
function mountSmall(kind: Kind): string | undefined {
  const folder = newDataDir()
  const at = join(folder, 'disk')
  mkdirSync(at)
  const image = join(folder, 'image')
  const mount =
    kind === 'tmpfs'
      ? spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=220m,mode=0711', 'tmpfs', at])
      : spawnSync('sh', [
          '-c',
          `truncate -s 320M ${image} && mkfs.ext4 -q -m 0 ${image} && mount -o loop ${image} ${at}`,
        ])
  if (mount.status !== 0) {
    rmSync(folder, { recursive: true, force: true })
    return undefined
  }
  cleanings.push(async () => {
    await until('nobody uses the disk', 20_000, async () => spawnSync('umount', [at]).status === 0)
    rmSync(folder, { recursive: true, force: true })
  })
  return at
}

function canMount(): boolean {
  const at = mountSmall('tmpfs')
  if (!at) return false
  const folder = resolve(at, '..')
  cleanings.pop()
  execFileSync('umount', [at])
  rmSync(folder, { recursive: true, force: true })
  return true
}

/** Takes every byte that is left. */
function fill(file: string): void {
  const handle = openSync(file, 'a')
  for (const size of [1 << 20, 1 << 12]) {
    const block = Buffer.alloc(size, 1)
    try {
      for (;;) writeSync(handle, block)
    } catch (error) {
      if ((error as { code?: string }).code !== 'ENOSPC') throw error
    }
  }
  closeSync(handle)
}

async function readiness(hub: HubProcess): Promise<{ status: number; reason?: string }> {
  const answer = await fetch(`${hub.demo.url}/readyz`)
  return { ...((await answer.json()) as { reason?: string }), status: answer.status }
}

async function startOn(dataDir: string): Promise<HubProcess> {
  const hub = await startDemoProcess({ dataDir })
  cleanings.push(async () => void (await hub.stop()))
  await stockUp(hub.demo, sku)
  return hub
}

function begin(hub: HubProcess, prefix: string): Load {
  const load = startLoad({ ...hub.demo, sku, account: 'Own store', prefix, pauseMs: 5 })
  cleanings.push(() => load.stopNow())
  return load
}

async function settle(hub: HubProcess, load: Load, prefix: string, codes: string[]): Promise<void> {
  await load.finish()
  expect(load.odd).toEqual([])
  expect([...load.refusals.keys()].filter((code) => ![...codes, 'database_away'].includes(code))).toEqual([])
  expect(hub.child.exitCode).toBeNull()
  await expectStoredOnce(databaseUrlOf(hub.dataDir), load, prefix)
  printCount(`${prefix}: changes acknowledged`, load.acknowledged.size)
  process.stdout.write(`${prefix}: refusals ${JSON.stringify(Object.fromEntries(load.refusals))}\n`)
}

/** In the caller's language, with the time to come back. What still fits into the room that is left is stored, as it should be. */
async function expectRefusal(hub: HubProcess, round: number): Promise<void> {
  let tries = 0
  await until('a change is refused', 20_000, async () => {
    tries += 1
    const answer = await fetch(`${hub.demo.url}/api/v1/stock/movements`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${hub.demo.apiKey}`,
        'content-type': 'application/json',
        'idempotency-key': `once more ${round} ${tries}`,
        'accept-language': 'zh',
      },
      body: JSON.stringify({ sku, location: 'MAIN', kind: 'receipt', quantity: 1 }),
    })
    const said = (await answer.json()) as { code?: string; title: string }
    if (answer.ok) return false
    expect(said).toMatchObject({ code: 'storage_full', title: '数据库所在磁盘已满' })
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
    return true
  })
}

/** Every process of the server at once, as a machine does that runs out of memory. */
function killServer(hub: HubProcess): void {
  const server = postmasterOf(hub.dataDir)
  if (!server) return
  const { pid } = server
  // It ends with 1 where the server has no process of its own left.
  const { stdout } = spawnSync('ps', ['-o', 'pid=', '--ppid', String(pid)], { encoding: 'utf8' })
  const children = stdout.split(/\s+/).filter((one) => one !== '')
  for (const one of [pid, ...children.map(Number)]) {
    try {
      process.kill(one, 'SIGKILL')
    } catch {
      // Ended in between.
    }
  }
}

/** As a kernel leaves a disk that met an error. */
async function readOnlyAndBack(hub: HubProcess): Promise<void> {
  const disk = hub.dataDir
  const load = begin(hub, 'readonly')
  await load.nextStored()
  // As long as the server has files open the system refuses to make the disk read-only.
  await until(
    'the disk is read-only',
    20_000,
    async () => {
      if (postmasterOf(disk)) killServer(hub)
      return spawnSync('mount', ['-o', 'remount,ro', disk]).status === 0
    },
    1,
  )
  await until('callers are told', 20_000, async () => (load.refusals.get('storage_failed') ?? 0) > 20)
  expect(await readiness(hub)).toEqual({ status: 503, reason: 'storage_failed' })
  execFileSync('mount', ['-o', 'remount,rw', disk])
  const writable = performance.now()
  await load.nextStored(30_000)
  process.stdout.write(
    `seconds from writable to the next stored change: ${((performance.now() - writable) / 1_000).toFixed(1)}\n`,
  )
  await until('it is ready', 10_000, async () => (await readiness(hub)).status === 200)
  await settle(hub, load, 'readonly', ['storage_failed'])
}

describe.skipIf(!canMount())('on a small disk (needs the right to mount)', () => {
  test.each<Kind>(isLong ? ['tmpfs', 'ext4'] : ['tmpfs'])(
    '%s: full and room again, read-only and writable again',
    async (kind) => {
      const disk = mountSmall(kind)!
      const hub = await startOn(disk)
      const load = begin(hub, 'full')
      const ballast = join(disk, 'ballast')
      const waits: number[] = []
      for (let n = 0; n < diskFills; n += 1) {
        await load.nextStored()
        fill(ballast)
        const before = postmasterOf(disk)?.pid
        let panicked = false
        // What PostgreSQL holds in reserve is used up first; without a file for its log it gives up altogether.
        await until(
          'callers are told',
          120_000,
          async () => {
            fill(ballast)
            if (postmasterOf(disk)) await ask(databaseUrlOf(disk), 'select pg_switch_wal()').catch(() => {})
            panicked =
              readFileSync(join(disk, 'postgres.log'), 'utf8').includes('PANIC') || postmasterOf(disk)?.pid !== before
            return panicked && (load.refusals.get('storage_full') ?? 0) > 20 * (n + 1)
          },
          20,
        )
        expect(await readiness(hub)).toEqual({ status: 503, reason: 'storage_full' })
        await expectRefusal(hub, n)
        if (n % 2 === 0) {
          // A server that ends now cannot come back before there is room.
          killServer(hub)
          await new Promise((done) => setTimeout(done, 1_000))
          expect(await readiness(hub)).toEqual({ status: 503, reason: 'storage_full' })
        }
        rmSync(ballast)
        const freed = performance.now()
        await load.nextStored(30_000)
        waits.push((performance.now() - freed) / 1_000)
        await until('it is ready', 10_000, async () => (await readiness(hub)).status === 200)
        for (let more = 0; more < 20; more += 1) await load.nextStored()
      }
      process.stdout.write(
        `${kind}: seconds from room to the next stored change: worst ${Math.max(...waits).toFixed(1)}\n`,
      )
      await settle(hub, load, 'full', ['storage_full'])
      await readOnlyAndBack(hub)
    },
  )

  test('a start on a full or read-only disk says so', async () => {
    const disk = mountSmall('tmpfs')!
    fill(join(disk, 'ballast'))
    const full = spawnMain({ dataDir: join(disk, 'data'), command: ['migrate'] })
    expect(await full.ended, full.output()).toBe(1)
    expect(full.output()).toContain('[storage_full]')
    expect(full.output()).not.toMatch(/at .*\.ts:\d+/)
    rmSync(join(disk, 'ballast'))
    execFileSync('mount', ['-o', 'remount,ro', disk])
    const readOnly = spawnMain({ dataDir: join(disk, 'data'), command: ['migrate'] })
    expect(await readOnly.ended, readOnly.output()).toBe(1)
    expect(readOnly.output()).toContain('[data_dir_unusable]')
    expect(readOnly.output()).not.toMatch(/at .*\.ts:\d+/)
    execFileSync('mount', ['-o', 'remount,rw', disk])
    const fine = spawnMain({ dataDir: join(disk, 'data'), command: ['migrate'] })
    expect(await fine.ended, fine.output()).toBe(0)
  })
})

test.skipIf(process.platform === 'win32')('a log and a terminal that can hold nothing more cost no hub', async () => {
  const dataDir = newDataDir()
  cleanings.push(() => rmSync(dataDir, { recursive: true, force: true, maxRetries: 5 }))
  const port = await freePort()
  // Every write to it fails for lack of room.
  const full = openSync('/dev/full', 'w')
  const { PATH = '', HOME = '' } = process.env
  const hub = spawn(process.execPath, [resolve(import.meta.dirname, '../../src/main.ts'), 'start'], {
    env: { PATH, HOME, LOG_LEVEL: 'debug', PORT: String(port), DATA_DIR: dataDir },
    stdio: ['ignore', full, full],
  })
  closeSync(full)
  const ended = new Promise((done) => hub.once('exit', done))
  try {
    const url = `http://127.0.0.1:${port}`
    await until('the hub is ready', 60_000, async () => {
      if (hub.exitCode !== null) throw new Error(`the hub ended with ${hub.exitCode}`)
      return (await fetch(`${url}/readyz`)).ok
    })
    // Something to log: the server ends and comes back.
    process.kill(postmasterOf(dataDir)!.pid, 'SIGKILL')
    await until('the database is back', 20_000, async () => (await fetch(`${url}/readyz`)).ok)
    expect(hub.exitCode).toBeNull()
    expect(statSync(join(dataDir, 'postgres.log')).size).toBeGreaterThan(0)
  } finally {
    hub.kill('SIGTERM')
    await ended
  }
  expect(hub.exitCode).toBe(0)
})
