/** Peers run as child processes with packages of their own (bench/peers), so that the project itself needs none. */
import { type ChildProcess, execFile, fork, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const folder = join(import.meta.dirname, 'peers')

export interface Peer {
  ask<T>(command: string, data?: unknown): Promise<T>
  close(): Promise<void>
}

/** Answers why the peers cannot run, or undefined. Installs them at their first use. */
export async function missingPeers(): Promise<string | undefined> {
  const { dependencies } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>
  }
  const isThere = () => Object.entries(dependencies).every(([name, version]) => installedVersion(name) === version)
  if (isThere()) return undefined
  process.stderr.write('Installing the peers (npm ci in bench/peers) …\n')
  try {
    await promisify(execFile)('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
      cwd: folder,
      maxBuffer: 20 * 1024 * 1024,
    })
  } catch (error) {
    return `bench/peers could not be installed: ${(error as Error).message.split('\n')[0]}`
  }
  return isThere() ? undefined : 'bench/peers is installed in other versions than its package.json names'
}

export function installedVersion(name: string): string | undefined {
  const file = join(folder, 'node_modules', name, 'package.json')
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version : undefined
}

/** Starts a peer, or another program of ours that answers commands the same way. */
export function startPeer(file: string, cwd = folder): Peer {
  // Its own words go to standard error: standard output is for figures.
  const child = fork(join(cwd, file), { cwd, stdio: ['ignore', 2, 2, 'ipc'] })
  return speakWith(child, file)
}

function speakWith(child: ChildProcess, name: string): Peer {
  let last = 0
  const waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>()
  child.on('message', ({ id, answer, error }: { id: number; answer?: unknown; error?: string }) => {
    const one = waiting.get(id)
    waiting.delete(id)
    if (error === undefined) one?.resolve(answer)
    else one?.reject(new Error(`${name}: ${error}`))
  })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  void ended.then(() => {
    for (const one of waiting.values()) one.reject(new Error(`${name} ended`))
  })
  return {
    ask: <T>(command: string, data: unknown = {}) =>
      new Promise<T>((resolve, reject) => {
        last += 1
        waiting.set(last, { resolve: resolve as (value: unknown) => void, reject })
        child.send({ id: last, command, data })
      }),
    async close() {
      if (child.connected) child.disconnect()
      const timer = setTimeout(() => child.kill('SIGKILL'), 5_000)
      await ended
      clearTimeout(timer)
    },
  }
}

export interface Redis {
  port: number
  version: string
  stop(): Promise<void>
}

/** Debian's Redis on a port of its own, its file appended to and forced to disk every second. Undefined where there is none. */
export async function startRedis(): Promise<Redis | undefined> {
  const said = await promisify(execFile)('redis-server', ['--version']).catch(() => undefined)
  if (!said) return undefined
  const dir = mkdtempSync(join(tmpdir(), 'entrepot-bench-redis-'))
  const port = await freePort()
  const settings = [
    '--appendonly',
    'yes',
    '--appendfsync',
    'everysec',
    '--save',
    '',
    '--maxmemory-policy',
    'noeviction',
  ]
  const child = spawn('redis-server', ['--port', String(port), '--bind', '127.0.0.1', '--dir', dir, ...settings], {
    stdio: 'ignore',
  })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  await opens(port)
  return {
    port,
    version: /v=(\S+)/.exec(said.stdout)?.[1] ?? 'unknown',
    async stop() {
      child.kill('SIGTERM')
      await ended
      rmSync(dir, { recursive: true, force: true })
    },
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}

async function opens(port: number): Promise<void> {
  const { connect } = await import('node:net')
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const isOpen = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => resolve(true))
      socket.once('error', () => resolve(false))
      socket.once('connect', () => socket.destroy())
    })
    if (isOpen) return
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  throw new Error('redis-server does not answer')
}
