/**
 * A sealed file of any length (AES-256-GCM in frames). Every frame is bound to its place and to the file's header, and
 * the last one says that it is the last: what was cut, reordered, swapped or altered does not open.
 */
import { createCipheriv, createDecipheriv, createHash, createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'
import { Transform, type TransformCallback } from 'node:stream'
import type { RandomBytes } from './sealing.ts'

const magic = Buffer.from('ENTREPOT-BACKUP\n')
export const archiveFormat = 1
const tagSize = 16
/** Longer frames are not written, so a length beyond is no length. */
const frameLimit = 4 * 1024 * 1024
const headerLimit = 64 * 1024

/** What anybody may read of a file without its key. */
export interface ArchiveHeader {
  format: number
  product: string
  createdAt: string
}

export type ArchiveTrouble = 'foreign' | 'newer' | 'wrong-key' | 'damaged' | 'cut'

/** The file cannot be opened. */
export class ArchiveFault extends Error {
  override name = 'ArchiveFault'
  readonly trouble: ArchiveTrouble
  constructor(trouble: ArchiveTrouble) {
    super(`archive: ${trouble}`)
    this.trouble = trouble
  }
}

interface WholeHeader extends ArchiveHeader {
  salt: string
  /** Tells a wrong key from a damaged file. */
  check: string
}

interface FrameKey {
  key: Buffer
  check: Buffer
}

function deriveKey(masterKey: Buffer, salt: Buffer): FrameKey {
  const key = Buffer.from(hkdfSync('sha256', masterKey, salt, 'entrepot backup', 32))
  return { key, check: createHmac('sha256', key).update('check').digest().subarray(0, 16) }
}

/** The count makes every nonce of a file different; the key is a new one for each file. */
function nonceOf(frame: number, isLast: boolean): Buffer {
  const nonce = Buffer.alloc(12)
  nonce[0] = isLast ? 1 : 0
  nonce.writeBigUInt64BE(BigInt(frame), 4)
  return nonce
}

/** Seals what flows through; the header comes first, in the clear. */
export function sealArchive(masterKey: Buffer, random: RandomBytes, about: Omit<ArchiveHeader, 'format'>): Transform {
  const salt = random(32)
  const { key, check } = deriveKey(masterKey, salt)
  const whole: WholeHeader = {
    format: archiveFormat,
    ...about,
    salt: salt.toString('base64'),
    check: check.toString('base64'),
  }
  const text = Buffer.from(JSON.stringify(whole))
  const head = Buffer.concat([magic, lengthOf(text), text])
  const bound = createHash('sha256').update(head).digest()
  let count = 0
  let held: Buffer | undefined
  const frame = (plain: Buffer, isLast: boolean): Buffer => {
    const cipher = createCipheriv('aes-256-gcm', key, nonceOf(count, isLast))
    count += 1
    cipher.setAAD(bound)
    const sealed = Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()])
    return Buffer.concat([lengthOf(sealed), sealed])
  }
  let begun = false
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      if (!begun) this.push(head)
      begun = true
      // One piece is held back: only at the end is it known which one is the last.
      if (held) this.push(frame(held, false))
      held = chunk
      done()
    },
    flush(done) {
      if (!begun) this.push(head)
      this.push(frame(held ?? Buffer.alloc(0), true))
      done()
    },
  })
}

function lengthOf(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(bytes.length)
  return length
}

/** Opens what `sealArchive` wrote; fails with an ArchiveFault. Nothing unauthentic is ever passed on. */
export class OpenArchive extends Transform {
  readonly #masterKey: Buffer
  #waiting: Buffer[] = []
  #size = 0
  #opened: { key: Buffer; bound: Buffer } | undefined
  #count = 0
  #ended = false

  constructor(masterKey: Buffer) {
    super()
    this.#masterKey = masterKey
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#waiting.push(chunk)
    this.#size += chunk.length
    try {
      while (this.#step());
      done()
    } catch (error) {
      done(error as Error)
    }
  }

  override _flush(done: TransformCallback): void {
    if (this.#ended && this.#size === 0) done()
    else done(new ArchiveFault(this.#opened || this.#size === 0 ? 'cut' : this.#headTrouble()))
  }

  #headTrouble(): ArchiveTrouble {
    const begin = this.#peek(Math.min(this.#size, magic.length))!
    return begin.equals(magic.subarray(0, begin.length)) ? 'cut' : 'foreign'
  }

  /** The next bytes without taking them; undefined while there are too few. */
  #peek(size: number): Buffer | undefined {
    if (this.#size < size) return undefined
    if (this.#waiting[0] && this.#waiting[0].length >= size) return this.#waiting[0].subarray(0, size)
    const all = Buffer.concat(this.#waiting)
    this.#waiting = [all]
    return all.subarray(0, size)
  }

  #take(size: number): Buffer {
    const bytes = this.#peek(size)!
    this.#size -= size
    const rest = this.#waiting[0]!.subarray(size)
    this.#waiting[0] = rest
    if (rest.length === 0) this.#waiting.shift()
    return bytes
  }

  #step(): boolean {
    if (!this.#opened) return this.#readHead()
    const length = this.#peek(4)?.readUInt32BE()
    if (length === undefined) return false
    if (this.#ended || length < tagSize || length > frameLimit) throw new ArchiveFault('damaged')
    if (this.#size < 4 + length) return false
    this.#take(4)
    const sealed = this.#take(length)
    const plain = this.#open(sealed, false) ?? this.#open(sealed, true)
    if (!plain) throw new ArchiveFault('damaged')
    this.#count += 1
    if (plain.length > 0) this.push(plain)
    return true
  }

  #open(sealed: Buffer, isLast: boolean): Buffer | undefined {
    const { key, bound } = this.#opened!
    const decipher = createDecipheriv('aes-256-gcm', key, nonceOf(this.#count, isLast))
    decipher.setAAD(bound)
    decipher.setAuthTag(sealed.subarray(-tagSize))
    try {
      const plain = Buffer.concat([decipher.update(sealed.subarray(0, -tagSize)), decipher.final()])
      this.#ended = isLast
      return plain
    } catch {
      return undefined
    }
  }

  #readHead(): boolean {
    const begin = this.#peek(magic.length + 4)
    if (!begin) return false
    if (!begin.subarray(0, magic.length).equals(magic)) throw new ArchiveFault('foreign')
    const length = begin.readUInt32BE(magic.length)
    if (length > headerLimit) throw new ArchiveFault('damaged')
    if (this.#size < begin.length + length) return false
    const head = this.#take(begin.length + length)
    const header = readHeader(head.subarray(begin.length))
    if (header.format > archiveFormat) throw new ArchiveFault('newer')
    const { key, check } = deriveKey(this.#masterKey, Buffer.from(header.salt, 'base64'))
    const told = Buffer.from(header.check, 'base64')
    if (told.length !== check.length || !timingSafeEqual(told, check)) throw new ArchiveFault('wrong-key')
    this.#opened = { key, bound: createHash('sha256').update(head).digest() }
    return true
  }
}

function readHeader(text: Buffer): WholeHeader {
  try {
    const header = JSON.parse(text.toString()) as WholeHeader
    if (typeof header.format === 'number' && typeof header.salt === 'string' && typeof header.check === 'string')
      return header
  } catch {}
  throw new ArchiveFault('damaged')
}
