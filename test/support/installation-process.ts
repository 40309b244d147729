/** A hub and its commands as processes, as people run them. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

const root = resolve(import.meta.dirname, '../..')
const main = join(root, 'src/main.ts')
const clockHook = join(root, 'test/support/fast-clock.ts')

export interface Ran {
  code: number | null
  out: string
  err: string
}

export function environment(more: Record<string, string>): Record<string, string> {
  const { PATH = '', HOME = '' } = process.env
  return { PATH, HOME, LOG_LEVEL: 'error', LANG: 'en_US.UTF-8', ...more }
}

/** Runs one command to its end. `before`: words that stand before the program, e.g. a shell with limits. */
export async function runCommand(
  env: Record<string, string>,
  args: readonly string[],
  { input = '', shell, onOut }: { input?: string; shell?: string; onOut?: (said: string) => void } = {},
): Promise<Ran> {
  const line = [process.execPath, '--import', clockHook, main, ...args]
  const child = shell
    ? spawn('/bin/bash', ['-c', `${shell}; exec "$@"`, 'bash', ...line], { env: environment(env) })
    : spawn(line[0]!, line.slice(1), { env: environment(env) })
  let [out, err] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text
    onOut?.(out)
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => void (err += text))
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, out, err }
}

export interface RunningHub {
  url: string
  child: ChildProcess
  stop(): Promise<number | null>
  kill(): Promise<void>
}

/** Starts a hub and waits until it says that it is ready. */
export async function startHubProcess(env: Record<string, string>): Promise<RunningHub> {
  const child = spawn(process.execPath, ['--import', clockHook, main, 'start'], {
    env: environment(env),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  const ended = new Promise<number | null>((done) => child.once('close', done))
  const url = await new Promise<string>((ready, fail) => {
    const hear = (text: Buffer) => {
      said += text
      const found = /Entrepot is ready: (\S+)/.exec(said)
      if (found) ready(found[1]!)
    }
    child.stdout.on('data', hear)
    child.stderr.on('data', hear)
    void ended.then((code) => fail(new Error(`the hub ended with ${code}:\n${said}`)))
  })
  return {
    url,
    child,
    async stop() {
      child.kill('SIGTERM')
      return await ended
    },
    async kill() {
      child.kill('SIGKILL')
      await ended
    },
  }
}

/** The embedded server of a data folder, which outlives a killed hub. */
export function postmasterOf(dataDir: string): { pid: number; url: string } | undefined {
  const pointer = join(dataDir, 'postgres.location')
  const home = existsSync(pointer) ? readFileSync(pointer, 'utf8').trim() : dataDir
  const file = join(home, 'postgres', 'postmaster.pid')
  if (!existsSync(file)) return undefined
  const lines = readFileSync(file, 'utf8').split('\n')
  const password = readFileSync(join(dataDir, 'postgres.password'), 'utf8').trim()
  return { pid: Number(lines[0]), url: `postgres://entrepot:${password}@127.0.0.1:${Number(lines[3])}/entrepot` }
}
