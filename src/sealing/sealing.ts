/**
 * Envelope encryption (AES-256-GCM). Secrets are sealed under the master key. Buyer data gets a key of its own per
 * order, wrapped by a daily epoch key that lives outside the database and its backups: destroying the epoch key
 * erases everything of that day, wherever copies lie.
 */
import { createCipheriv, createDecipheriv, createHash, createHmac } from 'node:crypto'

export type RandomBytes = (size: number) => Buffer

/** Keeps one random key per day. `get` answers undefined once a key was destroyed. */
export interface EpochKeys {
  get(epoch: string): Buffer | undefined
  getOrCreate(epoch: string): Buffer
  /** From now on nothing of that day opens, wherever copies lie. */
  destroy(epoch: string): void
  /** Lines of a list that lies beside the keys, outside of the database and its backups. */
  note(lines: readonly string[]): void
  noted(): string[]
}

export interface Sealing {
  sealSecret(text: string, context: string): Buffer
  openSecret(sealed: Buffer, context: string): string
  /** The same for the bytes of a file. */
  sealFile(bytes: Uint8Array, context: string): Buffer
  openFile(sealed: Buffer, context: string): Buffer
  /** Seals one order's buyer data under the epoch of `at`. */
  sealBuyer(text: string, orderId: string, at: Date): { sealed: Buffer; epoch: string }
  /** Answers undefined where the epoch key is gone: the data is erased. */
  openBuyer(sealed: Buffer, orderId: string, epoch: string): string | undefined
  /** The same data under the epoch of `at`; undefined where it is erased. Nothing of it is opened but its own key. */
  rewrapBuyer(sealed: Buffer, orderId: string, epoch: string, at: Date): { sealed: Buffer; epoch: string } | undefined
  epochs: Pick<EpochKeys, 'destroy' | 'note' | 'noted'>
  /** Fingerprint of a request that may hold secrets: without the master key nothing can be tried against it. */
  fingerprint(text: string): Buffer
  /** Hash of a random token (session, API key): tokens carry 256 bits, so a fast hash is enough. */
  hashToken(token: string): Buffer
  newToken(): string
}

const nonceSize = 12
const tagSize = 16
const keySize = 32

function seal(key: Buffer, text: Buffer, context: string, random: RandomBytes): Buffer {
  const nonce = random(nonceSize)
  const cipher = createCipheriv('aes-256-gcm', key, nonce)
  cipher.setAAD(Buffer.from(context))
  return Buffer.concat([Buffer.from([1]), nonce, cipher.update(text), cipher.final(), cipher.getAuthTag()])
}

function open(key: Buffer, sealed: Buffer, context: string): Buffer {
  if (sealed[0] !== 1 || sealed.length < 1 + nonceSize + tagSize) throw new Error('sealing: not a sealed value')
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(1, 1 + nonceSize))
  decipher.setAAD(Buffer.from(context))
  decipher.setAuthTag(sealed.subarray(sealed.length - tagSize))
  return Buffer.concat([decipher.update(sealed.subarray(1 + nonceSize, sealed.length - tagSize)), decipher.final()])
}

const wrappedSize = 1 + nonceSize + keySize + tagSize

export function createSealing(masterKey: Buffer, epochs: EpochKeys, random: RandomBytes): Sealing {
  return {
    sealSecret: (text, context) => seal(masterKey, Buffer.from(text), `secret:${context}`, random),
    openSecret: (sealed, context) => open(masterKey, sealed, `secret:${context}`).toString(),
    sealFile: (bytes, context) => seal(masterKey, Buffer.from(bytes), `file:${context}`, random),
    openFile: (sealed, context) => open(masterKey, sealed, `file:${context}`),
    sealBuyer(text, orderId, at) {
      const epoch = at.toISOString().slice(0, 10)
      const dataKey = random(keySize)
      const wrapped = seal(epochs.getOrCreate(epoch), dataKey, `epoch:${orderId}`, random)
      return { sealed: Buffer.concat([wrapped, seal(dataKey, Buffer.from(text), `buyer:${orderId}`, random)]), epoch }
    },
    openBuyer(sealed, orderId, epoch) {
      const epochKey = epochs.get(epoch)
      if (!epochKey) return undefined
      const dataKey = open(epochKey, sealed.subarray(0, wrappedSize), `epoch:${orderId}`)
      return open(dataKey, sealed.subarray(wrappedSize), `buyer:${orderId}`).toString()
    },
    rewrapBuyer(sealed, orderId, before, at) {
      const epochKey = epochs.get(before)
      if (!epochKey) return undefined
      const epoch = at.toISOString().slice(0, 10)
      const dataKey = open(epochKey, sealed.subarray(0, wrappedSize), `epoch:${orderId}`)
      const wrapped = seal(epochs.getOrCreate(epoch), dataKey, `epoch:${orderId}`, random)
      return { sealed: Buffer.concat([wrapped, sealed.subarray(wrappedSize)]), epoch }
    },
    epochs,
    fingerprint: (text) =>
      createHmac('sha256', createHmac('sha256', masterKey).update('fingerprint').digest()).update(text).digest(),
    hashToken: (token) => createHash('sha256').update(token).digest(),
    newToken: () => random(32).toString('base64url'),
  }
}

/** Reads a 32-byte key written as base64, base64url or hex; undefined where it is none. */
export function readKey(text: string): Buffer | undefined {
  const value = text.trim()
  const key = /^[0-9a-f]{64}$/i.test(value) ? Buffer.from(value, 'hex') : Buffer.from(value, 'base64')
  return key.length === keySize ? key : undefined
}
