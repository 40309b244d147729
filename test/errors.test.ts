/** What people read when a start fails: what happened, what to do next, in their language, with a stable code. */
import { type ChildProcess, spawn } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { problemText } from '../src/contract/problems.ts'

const main = resolve(import.meta.dirname, '../src/main.ts')
const languages = [
  { language: 'en', LANG: 'en_US.UTF-8' },
  { language: 'zh', LANG: 'zh_CN.UTF-8' },
] as const

const folders: string[] = []
function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'entrepot-errors-'))
  // Run by root, the database's own user must be able to pass.
  chmodSync(folder, 0o711)
  folders.push(folder)
  return folder
}

interface Run {
  child: ChildProcess
  out(): string
  err(): string
  /** Resolves with the exit code. */
  ended: Promise<number | null>
}

const running = new Set<Run>()

/** `npm start` as people run it, with nothing of this process's environment but what finds programs. */
function start(env: Record<string, string>): Run {
  const { PATH = '', HOME = '' } = process.env
  const child = spawn(process.execPath, [main, 'start'], {
    env: { PATH, HOME, LOG_LEVEL: 'error', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let out = ''
  let err = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text
  })
  const ended = new Promise<number | null>((done) => child.once('close', done))
  const run = { child, out: () => out, err: () => err, ended }
  running.add(run)
  void ended.then(() => running.delete(run))
  return run
}

/** Waits for a line on standard output; fails with what was said instead. */
async function says(run: Run, line: string): Promise<void> {
  const said = new Promise<void>((done) => run.child.stdout!.on('data', () => run.out().includes(line) && done()))
  const over = run.ended.then((code) => {
    throw new Error(`ended with ${code} before it said "${line}":\n${run.out()}${run.err()}`)
  })
  await Promise.race([said, over])
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as { port: number }
  await new Promise((done) => server.close(done))
  return port
}

/** The start fails with this code, and says the code's whole text. */
async function expectRefusal(
  env: Record<string, string>,
  language: 'en' | 'zh',
  code: string,
  params: Record<string, unknown>,
): Promise<void> {
  const run = start(env)
  expect(await run.ended, run.out() + run.err()).toBe(1)
  const { title, next } = problemText(code, params, language)
  expect(run.err()).toBe(`${title}\n${next} [${code}]\n`)
  expect(run.err()).not.toMatch(/\{\w+\}|at .*\.ts:\d+/)
}

afterAll(async () => {
  const left = [...running]
  for (const { child } of left) child.kill('SIGTERM')
  await Promise.all(left.map((run) => run.ended))
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

describe.each(languages)('in $language', ({ language, LANG }) => {
  test('a value that is no port', async () => {
    const reason = 'give a port number'
    await expectRefusal({ LANG, PORT: 'abc', DATA_DIR: newFolder() }, language, 'config_invalid', {
      name: 'PORT',
      reason,
    })
  })

  test('a database that is not there, without its password', async () => {
    const DATABASE_URL = 'postgres://somebody:canary-password@127.0.0.1:1/x'
    const params = { address: '127.0.0.1:1/x', reason: 'ECONNREFUSED' }
    await expectRefusal({ LANG, DATABASE_URL, DATA_DIR: newFolder() }, language, 'database_unreachable', params)
  })
})

describe('beside a hub that runs', () => {
  let hub: Run
  let folder: string
  let port: number
  beforeAll(async () => {
    folder = newFolder()
    port = await freePort()
    hub = start({ PORT: String(port), DATA_DIR: folder })
    await says(hub, `Entrepot is ready: http://127.0.0.1:${port}`)
  })

  describe.each(languages)('in $language', ({ language, LANG }) => {
    test('the folder is in use', async () => {
      const run = start({ LANG, PORT: String(await freePort()), DATA_DIR: folder })
      expect(await run.ended, run.out() + run.err()).toBe(1)
      const { next } = problemText('data_dir_in_use', {}, language)
      expect(run.err()).toContain(`${next} [data_dir_in_use]`)
      expect(run.err()).toContain(folder)
      expect(run.err()).toContain(String(hub.child.pid))
    })

    test('the port is taken', async () => {
      const params = { host: '127.0.0.1', port, next: port + 1 }
      await expectRefusal({ LANG, PORT: String(port), DATA_DIR: newFolder() }, language, 'port_taken', params)
    })
  })

  test('the hub goes on', async () => {
    expect((await fetch(`http://127.0.0.1:${port}/readyz`)).status).toBe(200)
  })
})
