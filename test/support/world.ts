/** A small installation for tests: a context with a clock that is moved by hand, and helpers to fill it. */
import { registry } from '../../src/channels/registry.ts'
import { findAccount } from '../../src/database/accounts.ts'
import { journalWriter } from '../../src/database/journal.ts'
import { acquireLease } from '../../src/database/leases.ts'
import { type Database, isInTransaction, type Sql } from '../../src/database/pool.ts'
import type { Context, HeldLease } from '../../src/operations/context.ts'
import { type AccountAtWork, accountAtWork } from '../../src/operations/context.ts'
import { createWebhookSender } from '../../src/operations/deliver-webhooks.ts'
import { createReservationDesk } from '../../src/operations/reservation-desk.ts'
import type { ReservationRequest } from '../../src/operations/reserve-stock.ts'
import { createSealing, type EpochKeys } from '../../src/sealing/sealing.ts'
import { uuidv7 } from '../../src/system.ts'

/** mulberry32: small, and the same on every machine. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

export function seededBytes(random: () => number): (size: number) => Buffer {
  return (size) => Buffer.from(Array.from({ length: size }, () => Math.floor(random() * 256)))
}

export function memoryEpochKeys(random: (size: number) => Buffer): EpochKeys {
  const lines: string[] = []
  const keys = new Map<string, Buffer>()
  return {
    get: (epoch) => keys.get(epoch),
    getOrCreate(epoch) {
      const key = keys.get(epoch) ?? random(32)
      keys.set(epoch, key)
      return key
    },
    destroy: (epoch) => void keys.delete(epoch),
    note: (more) => void lines.push(...more),
    noted: () => [...lines],
  }
}

export interface World {
  ctx: Context
  clock: { now(): Date; advance(ms: number): void; set(time: Date): void }
  random: () => number
  logged: { level: string; message: string; data?: Record<string, unknown> }[]
  woken: () => number
}

export interface WorldOptions {
  seed?: number
  startAt?: Date
  now?: () => Date
  fetch?: typeof fetch
  allowedOrigins?: string[]
}

const refuseNetwork: typeof fetch = async () => {
  throw new TypeError('fetch failed', { cause: { code: 'ECONNREFUSED' } })
}

/** A channel that is asked inside a transaction keeps its locks and its connection for as long as it likes to think. */
export const outsideTransactions =
  (fetched: typeof fetch): typeof fetch =>
  async (input, init) => {
    if (isInTransaction()) throw new Error('a call leaves inside a transaction')
    return await fetched(input, init)
  }

export function createWorld(db: Database, options: WorldOptions = {}): World {
  let time = options.startAt?.getTime() ?? Date.UTC(2026, 10, 22, 8)
  const now = options.now ?? (() => new Date(time))
  const random = seeded(options.seed ?? 1)
  const bytes = seededBytes(random)
  const newId = uuidv7(() => now().getTime(), bytes)
  const logged: World['logged'] = []
  const note = (level: string) => (message: string, data?: Record<string, unknown>) =>
    void logged.push({ level, message, ...(data ? { data } : {}) })
  let wakes = 0
  const ctx: Context = {
    db,
    clock: { now },
    leaseClock: async () => now(),
    monotonic: () => now().getTime(),
    sleep: async () => {},
    newId,
    sealing: createSealing(bytes(32), memoryEpochKeys(bytes), bytes),
    registry,
    fetch: outsideTransactions(options.fetch ?? refuseNetwork),
    journal: journalWriter(db, newId, {
      autoFlushMs: null,
      lost: (call, why) => note('error')(`lost ${call.operation}: ${why}`),
    }),
    log: { info: note('info'), warn: note('warn'), error: note('error') },
    allowedOrigins: options.allowedOrigins ?? [],
    wake: () => void (wakes += 1),
  }
  return {
    ctx,
    random,
    logged,
    woken: () => wakes,
    clock: {
      now,
      advance: (ms) => void (time += ms),
      set: (next) => void (time = next.getTime()),
    },
  }
}

/** Takes the account's lease and answers the account at work. */
export async function workFor(
  ctx: Context,
  accountName: string,
  holder = 'test',
  leaseMs = 60_000,
): Promise<AccountAtWork> {
  const row = (await findAccount(ctx.db, accountName))!
  const taken = await acquireLease(ctx.db, ctx.leaseClock, row.id, holder, leaseMs)
  if (!taken) throw new Error(`the lease of ${accountName} is taken`)
  const lease: HeldLease = { ...taken, until: ctx.monotonic() + leaseMs }
  return accountAtWork(ctx, row, () => lease)
}

/** One checkout at a desk of its own; answers the reservation's id. */
export async function reserve(
  ctx: Pick<Context, 'db' | 'clock' | 'newId' | 'registry' | 'wake'>,
  account: string,
  request: ReservationRequest,
): Promise<string> {
  const answer = await createReservationDesk(ctx).reserve({ account, request })
  if (!('reserved' in answer)) throw new Error('nobody gave a key')
  return answer.reserved.id
}

/** Sends what is due and waits for the receivers; answers how many. */
export async function deliverEvents(ctx: Context): Promise<number> {
  const sender = createWebhookSender(ctx)
  const count = await sender.send()
  await sender.settled()
  return count
}

/** Every slot shows all that its rules allow; claims decide nothing: those have tests of their own. */
export async function shareOpenly(tx: Sql, sku: string): Promise<void> {
  await tx.run(`update pool_levels set mode = 'shared' where variant_id = (select id from variants where sku = $1)`, [
    sku,
  ])
}
