/** A real hub in a process of its own, as people start it. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..', '..')
/** The start script of package.json, without npm around it. */
const command = (
  JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: { start: string } }
).scripts.start
  .split(' ')
  .slice(1)

export interface RunningHub {
  pid: number
  url: string
  /** Seconds from the command to its last line. */
  startedIn: number
  stop(): Promise<void>
}

export function emptyFolder(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'entrepot-bench-hub-'))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}

/** Starts it and waits for its last line. */
export async function startHub(
  dataDir: string,
  env: Record<string, string> = {},
  flags: readonly string[] = [],
): Promise<RunningHub> {
  const began = performance.now()
  const child = spawn(process.execPath, [...command, ...flags], {
    cwd: root,
    env: { ...process.env, PORT: '0', DATA_DIR: dataDir, LOG_LEVEL: 'error', ...env },
    stdio: ['ignore', 'pipe', 2],
  })
  const url = await readyUrl(child)
  return {
    pid: child.pid!,
    url,
    startedIn: (performance.now() - began) / 1_000,
    stop: () => stopped(child),
  }
}

async function readyUrl(child: ChildProcess): Promise<string> {
  let said = ''
  return await new Promise((resolve, reject) => {
    child.stdout!.on('data', (chunk: Buffer) => {
      said += chunk.toString()
      const ready = /Entrepot is ready: (\S+)/.exec(said)
      if (ready) resolve(ready[1]!)
    })
    child.once('exit', (code) => reject(new Error(`the hub ended with ${code} before it was ready:\n${said}`)))
  })
}

async function stopped(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), 15_000)
  await ended
  clearTimeout(timer)
}
