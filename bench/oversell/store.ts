/**
 * The hub's slots kept in PostgreSQL by the product's own operations: what is told of a variant is saved, counted and planned there,
 * in one transaction, and what leaves is charged there before it does. The simulation waits for each answer, so that the same
 * things happen at the same moments as in memory.
 */
import { MessageChannel, receiveMessageOnPort, Worker } from 'node:worker_threads'
import type { SlotClaim } from '../../src/domain/claims.ts'
import type { Demand } from '../../src/domain/demand.ts'

export interface StoredSlot {
  claim: SlotClaim
  shown: number | null
  version: number
  demand: Demand
}

/** A variant as the hub knows it now. */
export interface StoredVariant {
  variant: number
  now: number
  available: number
  slots: readonly StoredSlot[]
}

export type Send = { value: number; expected: number | null } | null

export interface Store {
  /** Saves, counts and plans; what may leave now, by slot. */
  decide(state: StoredVariant): readonly Send[]
  /** Saves what is about to leave. Throws where the database refuses what it would claim. */
  sent(state: StoredVariant): void
  close(): Promise<void>
}

/** How long a raise takes at a channel, and how long an emptied slot is dark. */
export interface StoreDelays {
  refillMs: number
  darkMs: number
}

export type Question = { kind: 'decide' | 'sent'; state: StoredVariant } | { kind: 'close' }
export type Reply = { sends: readonly Send[] } | { error: string }
export interface StoreSetup {
  url: string
  delays: readonly StoreDelays[]
}

const patienceMs = 120_000

/** `url`: an empty database with our schema. */
export async function openStore(setup: StoreSetup): Promise<Store> {
  const { port1: port, port2: theirs } = new MessageChannel()
  const flag = new Int32Array(new SharedArrayBuffer(4))
  const worker = new Worker(new URL('store-worker.ts', import.meta.url), {
    workerData: { setup, port: theirs, flag },
    transferList: [theirs],
  })
  await new Promise<void>((resolve, reject) => {
    worker.once('message', () => resolve())
    worker.once('error', reject)
  })
  const ask = (question: Question): readonly Send[] => {
    Atomics.store(flag, 0, 0)
    port.postMessage(question)
    if (Atomics.wait(flag, 0, 0, patienceMs) === 'timed-out') throw new Error('the store gives no answer')
    const reply = receiveMessageOnPort(port)!.message as Reply
    if ('error' in reply) throw new Error(reply.error)
    return reply.sends
  }
  return {
    decide: (state) => ask({ kind: 'decide', state }),
    sent: (state) => void ask({ kind: 'sent', state }),
    async close() {
      ask({ kind: 'close' })
      port.close()
      await worker.terminate()
    },
  }
}
