/**
 * Brings the server back when it ends by itself (killed, out of memory, out of room), so that the hub stays up meanwhile.
 * While the disk is full or cannot be written it goes on trying: that ends when somebody makes room. Otherwise it gives
 * up after some tries in a row, and says why.
 */
import fs from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { sizeOf } from './binaries.ts'
import type { Server } from './server.ts'
import type { StorageTrouble } from './storage.ts'

export interface Running {
  server: Server
  url: string
}

export interface Keeper {
  /** The server of this moment, or the last one. */
  current(): Running
  /** Resolves with the reason when the server could not be brought back. */
  gaveUp: Promise<string>
  /** Nothing is brought back any more; resolves when nothing is being brought back. */
  release(): Promise<void>
}

export interface KeeperOptions {
  again(): Promise<Running>
  /** Why no server could run there now, whoever started it. */
  storage(): StorageTrouble | null
  log(message: string): void
  tries?: number
}

const longestWaitMs = 5_000
/** A server that lived shorter than this is not brought back at once. */
const youngMs = 2_000

export function keepRunning(first: Running, options: KeeperOptions): Keeper {
  let running = first
  const released = new AbortController()
  const wait = (ms: number) => sleep(ms, undefined, { signal: released.signal }).catch(() => {})
  const back = async (isYoung: boolean): Promise<Running | string> => {
    let failures = 0
    let told: string | null = null
    for (let attempt = isYoung ? 1 : 0; ; attempt += 1) {
      if (attempt > 0) await wait(Math.min(longestWaitMs, 250 * 2 ** attempt))
      if (released.signal.aborted) return 'stopped'
      try {
        return await options.again()
      } catch (error) {
        const trouble = options.storage()
        if (!trouble) failures += 1
        const { message } = error as Error
        // While nothing changes one line is enough.
        if (!trouble || trouble !== told)
          options.log(`The database is not back (${trouble ?? `try ${failures}`}): ${message}`)
        told = trouble
        if (failures >= (options.tries ?? 5)) return message
      }
    }
  }
  const keeping = (async () => {
    for (;;) {
      let isYoung = true
      const timer = setTimeout(() => (isYoung = false), youngMs).unref()
      await running.server.ended
      clearTimeout(timer)
      if (released.signal.aborted) return undefined
      options.log('The database server ended by itself and is started again')
      const next = await back(isYoung)
      if (typeof next === 'string') return released.signal.aborted ? undefined : next
      running = next
      if (released.signal.aborted) return undefined
      options.log('The database server is back')
    }
  })()
  const gaveUp = new Promise<string>((resolve) => {
    void keeping.then((reason) => reason !== undefined && resolve(reason))
  })
  return {
    current: () => running,
    gaveUp,
    release: async () => {
      released.abort()
      // While a server lives there is nothing to wait for: it ends only afterwards.
      if (!running.server.alive()) await keeping
    },
  }
}

/** Bounds the server's own log while it runs: one older part is kept beside it. */
export function boundLog(file: string, options: { limitBytes: number; everyMs: number }): { stop(): void } {
  const timer = setInterval(() => turnLog(file, options.limitBytes), options.everyMs).unref()
  return { stop: () => clearInterval(timer) }
}

export function turnLog(file: string, limitBytes: number): void {
  if (sizeOf(file) <= limitBytes) return
  try {
    fs.copyFileSync(file, `${file}.old`)
  } catch {
    // No room for the older part. The bound matters more.
    fs.rmSync(`${file}.old`, { force: true })
  }
  try {
    // The server appends, so it goes on at the beginning.
    fs.truncateSync(file)
  } catch {
    // A folder that cannot be written grows no log either.
  }
}
