/** Embedded databases in folders of their own, in this process or in a hub's, and their processes. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { expect } from 'vitest'
import { openDatabase } from '../../src/database/pool.ts'
import { type EmbeddedPostgres, startEmbedded } from '../../src/database/supervisor.ts'

const supervisor = new URL('../../src/database/supervisor.ts', import.meta.url).href
const folders: string[] = []
export const servers: EmbeddedPostgres[] = []
const children: ChildProcess[] = []

/** Ends what a test began, and fails where a process is left. */
export async function cleanUp(): Promise<void> {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  await Promise.all(servers.splice(0).map((server) => server.stop()))
  for (const folder of folders.splice(0)) {
    for (const pid of postmasters(path.join(folder, 'postgres'))) process.kill(pid, 'SIGKILL')
    await expect.poll(() => processesIn(folder), { timeout: 5000 }).toEqual([])
    fs.rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  }
}

export function newFolder(): string {
  const folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'entrepot-test-')))
  fs.chmodSync(folder, 0o711)
  folders.push(folder)
  return folder
}

export async function start(dataDir: string, settings?: Record<string, string>): Promise<EmbeddedPostgres> {
  const server = await startEmbedded({ dataDir, settings })
  servers.push(server)
  return server
}

export async function rows(url: string, text: string): Promise<unknown[]> {
  const db = openDatabase(url, { max: 1 })
  try {
    return (await db.rows(text)).flatMap((row) => Object.values(row))
  } finally {
    await db.close()
  }
}

/** Processes working in the folder or below it. */
export function processesIn(folder: string): number[] {
  return fs.readdirSync('/proc').flatMap((name) => {
    try {
      const cwd = fs.readlinkSync(`/proc/${name}/cwd`)
      return cwd === folder || cwd.startsWith(`${folder}/`) ? [Number(name)] : []
    } catch {
      return []
    }
  })
}

/** The main process of each server on the cluster: the others are its children. */
export function postmasters(cluster: string): number[] {
  const all = processesIn(cluster)
  return all.filter((pid) => {
    try {
      const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8')
      return !all.includes(Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]))
    } catch {
      // It ended while it was looked at.
      return false
    }
  })
}

/** A hub in a process of its own, which starts the database, runs `then` and stays. */
export function spawnHub(dataDir: string, then = ''): ChildProcess {
  const script = `
    import { startEmbedded } from ${JSON.stringify(supervisor)}
    setInterval(() => {}, 1000)
    console.log('started')
    const server = await startEmbedded({ dataDir: ${JSON.stringify(dataDir)} })
    console.log('url ' + server.url)
    ${then}`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  children.push(child)
  return child
}

export function line(child: ChildProcess, prefix: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    child.once('exit', () => reject(new Error(`the hub ended, having written: ${text}`)))
    child.stdout?.on('data', (chunk: Buffer) => {
      text += chunk.toString()
      const found = text.split('\n').find((one) => one.startsWith(prefix))
      if (found !== undefined) resolve(found.slice(prefix.length))
    })
  })
}

export async function kill(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
}
