/** One hub a folder: a lock file that tells who holds it, and a heartbeat for holders that cannot be seen from here. */
import fs from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { contentOf, createExclusively, isAlive, processSpace, readWhole, startTime } from './binaries.ts'

/** Another hub runs on this folder. */
export class DataDirInUse extends Error {
  override name = 'DataDirInUse'
  /** The process that runs there. */
  readonly pid: string
  constructor(folder: string, pid: string) {
    super(`Another hub (process ${pid}) runs on ${folder}: stop it first.`)
    this.pid = pid
  }
}

const BEAT_MS = 5000

/** Makes this process the only hub on the folder. The lock reads `pid|start time|space`. */
export async function takeLock(file: string): Promise<{ release(): void }> {
  const mine = `${process.pid}|${startTime(process.pid) ?? ''}|${processSpace()}\n`
  while (!createExclusively(file, mine)) {
    const holder = await readWhole(file, (text) => text.endsWith('\n'))
    if (holder !== undefined && (await isHeld(file, holder))) {
      throw new DataDirInUse(path.dirname(file), holder.split('|')[0] ?? '?')
    }
    if (holder !== undefined) await removeStale(file, holder, mine)
  }
  // For hubs in other containers or on other machines, which cannot see our process.
  const beat = setInterval(() => fs.utimes(file, new Date(), new Date(), () => {}), BEAT_MS).unref()
  return {
    release: () => {
      clearInterval(beat)
      if (contentOf(file) === mine) fs.rmSync(file, { force: true })
    },
  }
}

/** Of several hubs that find a dead one's lock, one at a time, lest one removes what another just took. */
async function removeStale(file: string, stale: string, mine: string): Promise<void> {
  const guard = `${file}.replacing`
  if (createExclusively(guard, mine)) {
    if (contentOf(file) === stale) fs.rmSync(file)
    fs.rmSync(guard, { force: true })
    return
  }
  const other = await readWhole(guard, (text) => text.endsWith('\n'))
  if (other !== undefined && !(await isHeld(guard, other))) fs.rmSync(guard, { force: true })
  await sleep(20)
}

async function isHeld(file: string, holder: string): Promise<boolean> {
  const [pid, started, space] = holder.trim().split('|')
  if (!(Number(pid) > 0)) return false
  if (space === processSpace()) return isAlive(Number(pid)) && (startTime(Number(pid)) ?? '') === started
  const seen = fs.statSync(file, { throwIfNoEntry: false })?.mtimeMs
  if (seen === undefined || Date.now() - seen > 60_000) return false
  await sleep(BEAT_MS * 2.5)
  return (fs.statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? seen) !== seen
}
