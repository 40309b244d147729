/** A server that ends by itself is brought back; its log stays bounded. */
import fs from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { cleanUp, newFolder, postmasters, processesIn, rows, servers, start } from '../../test/support/embedded.ts'
import { startEmbedded } from './supervisor.ts'

afterEach(cleanUp)

test('a server that was killed comes back by itself at the same address, with its data', async () => {
  const dataDir = newFolder()
  const server = await start(dataDir)
  const { url } = server
  await rows(url, 'create table kept as select 7 as value')
  const [pid] = postmasters(path.join(dataDir, 'postgres'))
  process.kill(pid ?? 0, 'SIGKILL')
  await expect.poll(() => rows(url, 'select value from kept').catch(() => []), { timeout: 30_000 }).toEqual([7])
  expect(server.url).toBe(url)
  expect(postmasters(path.join(dataDir, 'postgres'))).not.toContain(pid)
  await server.stop()
  expect(processesIn(dataDir)).toEqual([])
}, 120_000)

test('a server that cannot be brought back is given up with its reason, and the next start works', async () => {
  const dataDir = newFolder()
  const server = await start(dataDir)
  let gaveUp = ''
  void server.gaveUp.then((why) => (gaveUp = why))
  const version = path.join(dataDir, 'postgres', 'PG_VERSION')
  const made = fs.readFileSync(version)
  fs.writeFileSync(version, '9\n')
  for (const pid of postmasters(path.join(dataDir, 'postgres'))) process.kill(pid, 'SIGKILL')
  await expect.poll(() => gaveUp, { timeout: 60_000 }).toContain('made by PostgreSQL 9')
  await server.stop()
  fs.writeFileSync(version, made)
  const next = await start(dataDir)
  expect(await rows(next.url, 'select 1')).toEqual([1])
}, 120_000)

test('where another program took its port meanwhile it comes back on another one', async () => {
  const dataDir = newFolder()
  const server = await start(dataDir)
  const { url, port } = server
  // Where the other program listens while the server is down.
  const other = net.createServer((socket) => socket.destroy())
  for (const pid of postmasters(path.join(dataDir, 'postgres'))) process.kill(pid, 'SIGKILL')
  await expect
    .poll(
      () =>
        new Promise((resolve) => {
          other.once('error', () => resolve(false))
          other.listen(port, '127.0.0.1', () => resolve(true))
        }),
      { interval: 1, timeout: 30_000 },
    )
    .toBe(true)
  try {
    await expect.poll(() => server.url === url, { timeout: 60_000 }).toBe(false)
    expect(await rows(server.url, 'select 1')).toEqual([1])
  } finally {
    other.close()
  }
}, 120_000)

test('stop() while the server is being brought back leaves no process', async () => {
  const dataDir = newFolder()
  for (const delay of [0, 20, 60, 120]) {
    const server = await start(dataDir)
    for (const pid of postmasters(path.join(dataDir, 'postgres'))) process.kill(pid, 'SIGKILL')
    await sleep(delay)
    await server.stop()
    // Processes of the killed server need a moment to notice.
    await expect.poll(() => processesIn(dataDir), { timeout: 30_000 }).toEqual([])
    expect(fs.existsSync(path.join(dataDir, 'hub.lock'))).toBe(false)
  }
}, 120_000)

test('the server’s own log is turned while it runs', async () => {
  const dataDir = newFolder()
  const server = await startEmbedded({ dataDir, logLimitBytes: 2_000, logCheckMs: 20 })
  servers.push(server)
  const log = path.join(dataDir, 'postgres.log')
  for (let n = 0; n < 60; n += 1) await rows(server.url, `do $$ begin raise warning 'number %', ${n}; end $$`)
  await expect.poll(() => fs.existsSync(`${log}.old`)).toBe(true)
  await expect.poll(() => fs.statSync(log).size).toBeLessThanOrEqual(2_000)
  await rows(server.url, `do $$ begin raise warning 'the last one'; end $$`)
  await expect.poll(() => fs.readFileSync(log, 'utf8')).toContain('the last one')
}, 120_000)
