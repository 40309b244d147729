/** Starts the real programs: hubs by `src/main.ts`, the marketplaces by a process of their own. */
import { type ChildProcess, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { join } from 'node:path'
import type { SimulatorOrder, SimulatorStart } from './simulator.ts'

const root = join(import.meta.dirname, '../../..')

/** The name under which hubs reach the receiver of events. */
export const receiverOrigin = 'https://receiver.example'

export interface HubProcess {
  pid: number
  /** Resolves with the hub's address, or rejects when the process ended before. */
  ready: Promise<string>
  ended: Promise<void>
  /** What it wrote. */
  output(): string
  signal(name: NodeJS.Signals): void
  /** Sends the signal and waits for the end. */
  end(name?: NodeJS.Signals): Promise<void>
}

export interface HubEnvironment {
  DATA_DIR: string
  PORT: string
  ROLE?: 'all' | 'api' | 'worker'
  DATABASE_URL?: string
}

/** `routeTo`: where calls to `receiverOrigin` go. */
export function startHubProcess(env: HubEnvironment, routeTo?: string): HubProcess {
  const { DATABASE_URL: _one, ENTREPOT_KEY: _two, ENTREPOT_KEY_FILE: _three, ...inherited } = process.env
  const route = routeTo ? ['--import', join(root, 'test/support/real/route.ts')] : []
  const child = spawn(process.execPath, [...route, join(root, 'src/main.ts'), 'start'], {
    cwd: root,
    env: {
      ...inherited,
      LOG_LEVEL: 'warn',
      HOST: '127.0.0.1',
      ROUTE_FROM: receiverOrigin,
      ROUTE_TO: routeTo ?? '',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const ready = new Promise<string>((resolve, reject) => {
    const hear = (chunk: Buffer) => {
      output = `${output}${chunk}`.slice(-20_000)
      const url = /Entrepot is ready: (\S+)\n/.exec(output)?.[1]
      if (url) resolve(url)
    }
    child.stdout.on('data', hear)
    child.stderr.on('data', hear)
    void ended.then(() => reject(new Error(`the hub ended before it was ready:\n${output}`)))
  })
  // Whoever kills it during its start does not wait for it.
  ready.catch(() => {})
  return {
    pid: child.pid!,
    ready,
    ended,
    output: () => output,
    signal: (name) => void child.kill(name),
    async end(name = 'SIGKILL') {
      child.kill(name)
      await ended
    },
  }
}

export interface SimulatorProcess {
  url: string
  order(order: SimulatorOrder): void
  control<T>(path: string, body?: unknown): Promise<T>
  end(): Promise<void>
}

export async function startSimulatorProcess(start: SimulatorStart): Promise<SimulatorProcess> {
  const child: ChildProcess = fork(join(import.meta.dirname, 'simulator.ts'), [JSON.stringify(start)])
  const [{ url }] = (await once(child, 'message')) as [{ url: string }]
  return {
    url,
    order: (order) => void child.send(order),
    async control(path, body) {
      const answer = await fetch(`${url}/control${path}`, {
        method: body === undefined ? 'GET' : 'POST',
        headers: { 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      return (await answer.json()) as never
    },
    async end() {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill('SIGKILL')
      await once(child, 'exit')
    },
  }
}

export async function freePort(): Promise<number> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** Looks every few milliseconds until there is something; the error says what was waited for. */
export async function until<T>(
  what: string,
  ms: number,
  look: () => Promise<T | undefined | false> | T | undefined | false,
): Promise<T> {
  const end = performance.now() + ms
  for (;;) {
    const found = await look()
    if (found) return found
    if (performance.now() > end) throw new Error(`not within ${ms} ms: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
