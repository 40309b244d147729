import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, test } from 'vitest'
import {
  cleanUp,
  kill,
  line,
  newFolder,
  postmasters,
  processesIn,
  rows,
  spawnHub,
  start,
} from '../../test/support/embedded.ts'
import { findBinaries, pickOsUser } from './binaries.ts'
import { DataDirInUse, EmbeddedUnavailable, startEmbedded } from './supervisor.ts'

const isRoot = process.getuid?.() === 0
afterEach(cleanUp)

test('the first start makes a database, a restart keeps its data', async () => {
  const dataDir = path.join(newFolder(), 'new', 'data')
  const first = await start(dataDir)
  await rows(first.url, `create table kept as select 'für 1 €' as value`)
  expect(first.url).toMatch(new RegExp(`^postgres://entrepot:[^@]+@127\\.0\\.0\\.1:${first.port}/entrepot$`))
  expect(await rows(first.url, 'show server_encoding')).toEqual(['UTF8'])
  expect(await rows(first.url, `select upper('ö')`)).toEqual(['Ö'])
  expect(fs.statSync(path.join(dataDir, 'postgres.password')).mode & 0o777).toBe(0o600)
  await first.stop()
  expect(processesIn(dataDir)).toEqual([])
  expect(fs.readdirSync(dataDir).sort()).toEqual(['postgres', 'postgres.log', 'postgres.password'])

  const second = await start(dataDir, { work_mem: '9MB' })
  expect(await rows(second.url, 'select value from kept')).toEqual(['für 1 €'])
  expect(await rows(second.url, 'show work_mem')).toEqual(['9MB'])
  for (const name of ['fsync', 'synchronous_commit']) expect(await rows(second.url, `show ${name}`)).toEqual(['on'])
}, 60_000)

test('two first starts at once share no files and no port', async () => {
  const [one, two] = await Promise.all([start(newFolder()), start(newFolder())])
  expect(one?.port).not.toBe(two?.port)
  expect(await rows(two?.url ?? '', 'select 1')).toEqual([1])
}, 60_000)

describe('one hub per folder', () => {
  test('a second one is refused and told who holds it, and the first goes on', async () => {
    const dataDir = newFolder()
    const hub = spawnHub(dataDir)
    const url = await line(hub, 'url ')
    const refused = await startEmbedded({ dataDir }).catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(DataDirInUse)
    expect(String(refused)).toContain(`process ${hub.pid})`)
    expect(await rows(url, 'select 1')).toEqual([1])
  }, 60_000)

  test('also within one process', async () => {
    const dataDir = newFolder()
    await start(dataDir)
    await expect(startEmbedded({ dataDir })).rejects.toThrow(`process ${process.pid})`)
  }, 60_000)

  test('of many that start at once exactly one gets it, also over a dead hub’s lock', async () => {
    const dataDir = newFolder()
    const server = await start(dataDir)
    const taken = fs.readFileSync(path.join(dataDir, 'hub.lock'), 'utf8')
    await server.stop()
    fs.writeFileSync(path.join(dataDir, 'hub.lock'), taken.replace(/^\d+/, '4194303'))
    const all = await Promise.allSettled(Array.from({ length: 6 }, () => start(dataDir)))
    expect(all.filter((one) => one.status === 'fulfilled')).toHaveLength(1)
    for (const one of all) if (one.status === 'rejected') expect(one.reason).toBeInstanceOf(DataDirInUse)
    expect(postmasters(path.join(dataDir, 'postgres'))).toHaveLength(1)
  }, 60_000)

  const space = `${fs.readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()} ${fs.readlinkSync('/proc/self/ns/pid')}`
  const stale = {
    'a dead process': `4194303|1|${space}\n`,
    'a process number used anew': `${process.pid}|1|${space}\n`,
    'another boot': `${process.pid}|1|elsewhere\n`,
    'a power cut while writing': '',
    'another program': 'what is this?\n',
  }
  test('the lock of a hub that is gone is replaced', async () => {
    const dataDir = newFolder()
    const lock = path.join(dataDir, 'hub.lock')
    for (const [of, content] of Object.entries(stale)) {
      fs.writeFileSync(lock, content)
      const longAgo = new Date(Date.now() - 120_000)
      fs.utimesSync(lock, longAgo, longAgo)
      const server = await start(dataDir)
      expect(fs.readFileSync(lock, 'utf8'), of).toMatch(new RegExp(`^${process.pid}\\|`))
      await server.stop()
    }
  }, 60_000)

  test('a hub in another container shows by the beat of its lock that it lives', async () => {
    const dataDir = newFolder()
    const lock = path.join(dataDir, 'hub.lock')
    fs.writeFileSync(lock, '1|1|elsewhere\n')
    const beat = setInterval(() => fs.utimesSync(lock, new Date(), new Date()), 1000)
    await expect(startEmbedded({ dataDir }).finally(() => clearInterval(beat))).rejects.toBeInstanceOf(DataDirInUse)
  }, 60_000)
})

describe('after kill -9', () => {
  test('the running server of the killed hub is taken over, with its data, and stopped in the end', async () => {
    const dataDir = newFolder()
    const hub = spawnHub(dataDir)
    const url = await line(hub, 'url ')
    await rows(url, 'create table kept as select 7 as value')
    await kill(hub)
    const [before] = postmasters(path.join(dataDir, 'postgres'))
    expect(before).toBeGreaterThan(0)

    const server = await start(dataDir)
    expect(await rows(server.url, 'select value from kept')).toEqual([7])
    expect(postmasters(path.join(dataDir, 'postgres'))).toEqual([before])
    await server.stop()
    expect(processesIn(dataDir)).toEqual([])
  }, 60_000)

  test('of hub and server, what was committed is there', async () => {
    const dataDir = newFolder()
    const hub = spawnHub(dataDir)
    await rows(await line(hub, 'url '), 'create table kept as select 7 as value')
    await kill(hub)
    for (const pid of postmasters(path.join(dataDir, 'postgres'))) process.kill(pid, 'SIGKILL')
    const server = await start(dataDir)
    expect(await rows(server.url, 'select value from kept')).toEqual([7])
    expect(postmasters(path.join(dataDir, 'postgres'))).toHaveLength(1)
  }, 60_000)

  test.each([5, 60, 200, 500, 800, 1000, 1200, 1400])(
    '%i ms into the first start',
    async (delay) => {
      const dataDir = newFolder()
      const hub = spawnHub(dataDir)
      await line(hub, 'started')
      await sleep(delay)
      await kill(hub)
      const server = await start(dataDir)
      expect(await rows(server.url, 'select 1')).toEqual([1])
      expect(postmasters(path.join(dataDir, 'postgres'))).toHaveLength(1)
      await server.stop()
      await (await start(dataDir)).stop()
      expect(fs.readdirSync(dataDir).filter((name) => name.includes('tmp'))).toEqual([])
    },
    60_000,
  )

  test.each([
    ['a pid file that names another program', () => `${process.pid}\n/nowhere\n1\n1\n\n127.0.0.1\n`],
    ['an empty pid file', () => ''],
  ])(
    '%s does not block the start',
    async (_what, content) => {
      const dataDir = newFolder()
      await (await start(dataDir)).stop()
      const file = path.join(dataDir, 'postgres', 'postmaster.pid')
      fs.writeFileSync(file, content(), { mode: 0o600 })
      const owner = fs.statSync(path.join(dataDir, 'postgres'))
      fs.chownSync(file, owner.uid, owner.gid)
      const server = await start(dataDir)
      expect(await rows(server.url, 'select 1')).toEqual([1])
    },
    60_000,
  )

  test('a server that ended and was collected by nobody does not block the start', async () => {
    const dataDir = newFolder()
    await (await start(dataDir)).stop()
    const cluster = path.join(dataDir, 'postgres')
    const file = path.join(cluster, 'postmaster.pid')
    const owner = fs.statSync(cluster)
    // The shell becomes a program that collects no children; of the server's user, for it minds no others.
    const parent = spawn('sh', ['-c', 'sleep 0 & echo "pid $!"; exec sleep 120'], {
      stdio: ['ignore', 'pipe', 'inherit'],
      uid: owner.uid,
      gid: owner.gid,
      cwd: '/',
    })
    try {
      const pid = Number(await line(parent, 'pid '))
      await expect.poll(() => fs.readFileSync(`/proc/${pid}/stat`, 'utf8')).toContain(') Z ')
      fs.writeFileSync(file, `${pid}\n${cluster}\n1\n1\n\n127.0.0.1\n`, { mode: 0o600 })
      fs.chownSync(file, owner.uid, owner.gid)
      const server = await start(dataDir)
      expect(await rows(server.url, 'select 1')).toEqual([1])
      expect(fs.readFileSync(path.join(dataDir, 'postgres.log'), 'utf8')).not.toContain('already exists')
    } finally {
      parent.kill('SIGKILL')
    }
  }, 60_000)
})

describe('the end', () => {
  test('stop() is not reported, and may be called twice', async () => {
    const server = await start(newFolder())
    let reported = false
    void server.gaveUp.then(() => {
      reported = true
    })
    await Promise.all([server.stop(), server.stop()])
    await sleep(50)
    expect(reported).toBe(false)
  }, 60_000)

  test('a hub that just exits takes its server along', async () => {
    const dataDir = newFolder()
    const hub = spawnHub(dataDir, 'process.exit(0)')
    await once(hub, 'exit')
    await expect.poll(() => processesIn(dataDir), { timeout: 5000 }).toEqual([])
    expect(fs.existsSync(path.join(dataDir, 'hub.lock'))).toBe(false)
  }, 60_000)

  test('a start while the old server still stops waits for it', async () => {
    const dataDir = newFolder()
    const hub = spawnHub(dataDir, 'process.exit(0)')
    await once(hub, 'exit')
    const server = await start(dataDir)
    expect(await rows(server.url, 'select 1')).toEqual([1])
    expect(postmasters(path.join(dataDir, 'postgres'))).toHaveLength(1)
  }, 60_000)

  test('a start that fails says why, and leaves neither lock nor process', async () => {
    const dataDir = newFolder()
    await expect(start(dataDir, { shared_buffers: 'many' })).rejects.toThrow('shared_buffers')
    expect(fs.existsSync(path.join(dataDir, 'hub.lock'))).toBe(false)
    expect(processesIn(dataDir)).toEqual([])
  }, 60_000)
})

describe('the programs', () => {
  const log = (): void => {}

  function cache(): string {
    const folder = newFolder()
    fs.chmodSync(folder, 0o755)
    return folder
  }

  test.runIf(isRoot)('are copied for a server that root may not run, and a damaged copy is replaced', async () => {
    const folder = cache()
    const user = pickOsUser('/nonexistent')
    const options = { dataDir: '/nonexistent', user, log, cacheFolders: [folder] }
    const { postgres } = await findBinaries(options)
    const copy = path.dirname(path.dirname(postgres))
    expect(path.dirname(copy)).toBe(folder)
    const lost = path.join(copy, 'lib', 'postgresql', 'plpgsql.so')
    const made = fs.statSync(postgres).ino
    await findBinaries(options)
    expect(fs.statSync(postgres).ino).toBe(made)
    fs.rmSync(lost)
    await findBinaries(options)
    expect(fs.existsSync(lost)).toBe(true)
    expect(fs.readdirSync(folder)).toHaveLength(1)
  })

  test.runIf(isRoot)('are not taken from where others can change them', async () => {
    const user = pickOsUser('/nonexistent')
    if (user === undefined) throw new Error('root needs another user')
    const planted = cache()
    const { postgres } = await findBinaries({ dataDir: '/nonexistent', user, log, cacheFolders: [planted] })
    fs.chownSync(path.dirname(path.dirname(postgres)), user.uid, user.gid)
    const writable = cache()
    fs.chmodSync(writable, 0o777)
    const closed = cache()
    fs.chmodSync(closed, 0o700)
    const refused = await findBinaries({
      dataDir: '/nonexistent',
      user,
      log,
      cacheFolders: [planted, writable, closed],
    }).catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(EmbeddedUnavailable)
    expect(String(refused)).toMatch(
      /only this user can change.*changed by other users.*does not start as .*DATABASE_URL/s,
    )
  })

  test.runIf(isRoot)(
    'below a folder the server’s user cannot enter the database gets a home that the data folder names',
    async () => {
      const closed = newFolder()
      fs.chmodSync(closed, 0o700)
      const dataDir = path.join(closed, 'data')
      const first = await start(dataDir)
      const home = fs.readFileSync(path.join(dataDir, 'postgres.location'), 'utf8').trim()
      expect(fs.existsSync(path.join(home, 'postgres', 'PG_VERSION'))).toBe(true)
      await first.stop()
      await start(dataDir)
      expect(fs.readFileSync(path.join(dataDir, 'postgres.location'), 'utf8').trim()).toBe(home)
      fs.rmSync(home, { recursive: true, force: true })
    },
    60_000,
  )

  test.runIf(isRoot)(
    'a data folder of mktemp, closed to others, works as it is',
    async () => {
      const dataDir = newFolder()
      fs.chmodSync(dataDir, 0o700)
      await start(dataDir)
      expect(fs.existsSync(path.join(dataDir, 'postgres', 'PG_VERSION'))).toBe(true)
    },
    60_000,
  )

  test('the server runs as an ordinary user', async () => {
    const dataDir = newFolder()
    await start(dataDir)
    const [pid] = postmasters(path.join(dataDir, 'postgres'))
    expect(
      execFileSync('ps', ['-o', 'uid=', '-p', String(pid)])
        .toString()
        .trim(),
    ).not.toBe('0')
  }, 60_000)
})
