/** Real time, randomness and log: made here, injected everywhere. */
import { randomBytes } from 'node:crypto'
import { writeSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { pino } from 'pino'
import type { NewId } from './domain/values.ts'
import type { Log } from './operations/context.ts'

/** Random bytes, drawn from the system 16 kB at a time: asking for sixteen costs as much as asking for thousands. */
export const realRandom: (size: number) => Buffer = (() => {
  let pool = randomBytes(0)
  return (size) => {
    if (size > 1_024) return randomBytes(size)
    if (pool.length < size) pool = randomBytes(16_384)
    const drawn = Buffer.from(pool.subarray(0, size))
    // What was drawn is wiped where it lay: the rest of the pool tells nothing of it.
    pool.fill(0, 0, size)
    pool = pool.subarray(size)
    return drawn
  }
})()
export const sleep = (ms: number): Promise<void> => delay(ms)

/** UUIDv7 (RFC 9562): milliseconds, a counter that keeps ids of one millisecond in order, and randomness. */
export function uuidv7(nowMs: () => number, random: (size: number) => Buffer): NewId {
  let last = 0
  let counter = 0
  return () => {
    const ms = Math.max(last, nowMs())
    counter = ms === last ? counter + 1 : random(2).readUInt16BE() & 0x3ff
    // 12 bits of counter; an overflow borrows the next millisecond.
    last = counter > 0xfff ? ms + 1 : ms
    if (counter > 0xfff) counter = 0
    const bytes = random(16)
    bytes.writeUIntBE(last, 0, 6)
    bytes.writeUInt16BE(0x7000 | counter, 6)
    bytes[8] = (bytes[8]! & 0x3f) | 0x80
    const hex = bytes.toString('hex')
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
  }
}

/** A log whose disk is full, or whose reader is gone, costs lines; it must not cost the hub. */
function writeLine(line: string): void {
  let left = Buffer.from(line)
  for (let attempt = 0; left.length > 0 && attempt < 10; attempt += 1) {
    try {
      left = left.subarray(writeSync(2, left))
    } catch (error) {
      // A pipe whose reader is slow takes more in a moment.
      if ((error as { code?: string }).code !== 'EAGAIN') return
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5)
    }
  }
}

/** Lines of JSON on standard error, so that standard output stays for people. */
export function createLog(level: string): Log {
  const log = pino(
    { level, base: null, redact: ['*.password', '*.token', '*.secret', '*.key', '*.authorization'] },
    { write: writeLine },
  )
  return {
    info: (message, data) => log.info(data ?? {}, message),
    warn: (message, data) => log.warn(data ?? {}, message),
    error: (message, data) => log.error(data ?? {}, message),
  }
}
