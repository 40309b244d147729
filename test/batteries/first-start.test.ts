/** Supervisor battery: starts that are killed, raced, or made where it is awkward; each by a process of its own. */
import { spawn, spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { homeOf, newDataDir, spawnMain } from '../support/hub-process.ts'
import { isLong, killedFirstStarts, printCount, startsAtOnce } from '../support/iterations.ts'
import { seeded } from '../support/world.ts'

// The full numbers take their time.
vi.setConfig({ testTimeout: isLong ? 7_200_000 : 240_000 })

const isRoot = process.getuid?.() === 0
const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
})
function newFolder(): string {
  const folder = newDataDir()
  folders.push(folder)
  return folder
}

/** Makes the database and its tables, as the first start does, and ends. */
async function migrate(dataDir: string): Promise<{ code: number | null; output: string }> {
  const run = spawnMain({ dataDir, command: ['migrate'] })
  return { code: await run.ended, output: run.output() }
}

test('a first start killed at a random moment leaves nothing half made', async () => {
  const random = seeded(8)
  let early = 0
  for (let n = 0; n < killedFirstStarts; n += 1) {
    const dataDir = newFolder()
    const first = spawnMain({ dataDir, command: ['migrate'] })
    const delay = Math.floor(random() * 4_000)
    await Promise.race([sleep(delay), first.ended])
    if (first.child.exitCode === null) early += 1
    first.child.kill('SIGKILL')
    await first.ended
    const { code, output } = await migrate(dataDir)
    expect(code, `killed after ${delay} ms:\n${output}`).toBe(0)
    // Whatever the kill left, the next start cleared, or the one after it.
    expect((await migrate(dataDir)).output).toContain('The schema is current.')
    expect(readdirSync(homeOf(dataDir)).filter((name) => name.includes('tmp'))).toEqual([])
    expect(existsSync(join(dataDir, 'hub.lock'))).toBe(false)
  }
  printCount('first starts killed before their end', early)
  expect(early).toBeGreaterThan(0)
})

test('of hubs started at the same instant exactly one runs, the others say why not', async () => {
  const dataDir = newFolder()
  await migrate(dataDir)
  const runs = Array.from({ length: startsAtOnce }, () =>
    spawnMain({ dataDir, command: ['start'], env: { LOG_LEVEL: 'error' } }),
  )
  try {
    await expect
      .poll(() => runs.filter((run) => run.child.exitCode !== null || run.output().includes('is ready')).length, {
        timeout: 120_000,
      })
      .toBe(startsAtOnce)
    const running = runs.filter((run) => run.child.exitCode === null)
    expect(running).toHaveLength(1)
    for (const run of runs.filter((one) => one !== running[0])) {
      expect(run.child.exitCode).toBe(1)
      expect(run.output()).toContain('[data_dir_in_use]')
      expect(run.output()).toContain(String(running[0]!.child.pid))
    }
    printCount('hubs started at once', startsAtOnce)
  } finally {
    for (const run of runs) run.child.kill('SIGTERM')
    await Promise.all(runs.map((run) => run.ended))
  }
})

test('DATA_DIR behind a link, with spaces and unicode, longer than a socket’s path may be', async () => {
  const base = newFolder()
  const real = join(base, `my data's "größe" 数据 $HOME;x`, ...Array.from({ length: 4 }, () => 'x'.repeat(60)))
  mkdirSync(real, { recursive: true, mode: 0o711 })
  const dataDir = join(base, 'link')
  symlinkSync(real, dataDir)
  const { code, output } = await migrate(dataDir)
  expect(code, output).toBe(0)
  expect((await migrate(dataDir)).output).toContain('The schema is current.')
})

test('DATA_DIR that is a file', async () => {
  const file = join(newFolder(), 'file')
  writeFileSync(file, '')
  const { code, output } = await migrate(file)
  expect(code).toBe(1)
  expect(output).toContain('[data_dir_unusable]')
})

test('a pid file whose number an unrelated process got does not hold up a start after both were killed', async () => {
  const dataDir = newFolder()
  await migrate(dataDir)
  const other = spawn('sleep', ['60'], { stdio: 'ignore' })
  try {
    const file = join(homeOf(dataDir), 'postgres', 'postmaster.pid')
    writeFileSync(file, `${other.pid}\n${join(homeOf(dataDir), 'postgres')}\n1\n5432\n\n127.0.0.1\n 1 1\nready\n`)
    const { code, output } = await migrate(dataDir)
    expect(code, output).toBe(0)
    expect(other.exitCode).toBeNull()
  } finally {
    other.kill('SIGKILL')
  }
})

/** Somebody who is not root, with this project readable. */
const nobody = { uid: 65_534, gid: 65_534 }
const canBeNobody = (): boolean =>
  isRoot &&
  spawnSync(process.execPath, ['-e', `require('fs').readdirSync(${JSON.stringify(resolve('src'))})`], nobody).status ===
    0

describe.skipIf(!canBeNobody())(
  'as an ordinary user (needs root to become one, and a project that user can read)',
  () => {
    async function asNobody(dataDir: string): Promise<{ code: number | null; output: string }> {
      let output = ''
      const child = spawn(process.execPath, [resolve('src/main.ts'), 'migrate'], {
        ...nobody,
        env: { PATH: process.env.PATH ?? '', HOME: dataDir, DATA_DIR: dataDir, LOG_LEVEL: 'warn' },
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk))
      const code = await new Promise<number | null>((done) => child.once('close', done))
      return { code, output }
    }

    test('it works, and goes on under root', async () => {
      const dataDir = newFolder()
      chownSync(dataDir, nobody.uid, nobody.gid)
      expect(await asNobody(dataDir)).toMatchObject({ code: 0 })
      expect((await asNobody(dataDir)).output).toContain('The schema is current.')
      expect(readFileSync(join(dataDir, 'postgres', 'PG_VERSION'), 'utf8').trim()).toMatch(/^\d+$/)
      expect((await migrate(dataDir)).output).toContain('The schema is current.')
    })

    test('a folder that user may not write ends with a sentence', async () => {
      const dataDir = newFolder()
      chmodSync(dataDir, 0o755)
      const { code, output } = await asNobody(dataDir)
      expect(code).toBe(1)
      expect(output).toContain('[data_dir_unusable]')
      expect(output).not.toMatch(/at .*\.ts:\d+/)
    })
  },
)
