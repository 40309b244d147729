/** Keys in files with mode 0600: the master key where none is given, and one sealed epoch key a day. */

import { createCipheriv, createDecipheriv } from 'node:crypto'
import {
  appendFileSync,
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { type EpochKeys, type RandomBytes, readKey } from './sealing.ts'

/** Writes a file that must not exist yet, whole or not at all; answers false where another process was first. */
function writeOnce(path: string, text: string, random: RandomBytes): boolean {
  const draft = `${path}.${random(6).toString('hex')}`
  writeFileSync(draft, text, { mode: 0o600 })
  try {
    linkSync(draft, path)
    return true
  } catch (error) {
    if ((error as { code?: string }).code === 'EEXIST') return false
    throw error
  } finally {
    rmSync(draft, { force: true })
  }
}

/** The master key of a folder, made at the first call. Answers undefined where the file holds no key. */
export function masterKeyFile(path: string, random: RandomBytes): Buffer | undefined {
  if (!existsSync(path)) writeOnce(path, `${random(32).toString('base64')}\n`, random)
  else chmodSync(path, 0o600)
  return readKey(readFileSync(path, 'utf8'))
}

/** Epoch keys in a folder, each wrapped by the master key so that a copied folder alone opens nothing. */
export function epochKeyFolder(folder: string, masterKey: Buffer, random: RandomBytes): EpochKeys {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const known = new Map<string, Buffer>()
  const pathOf = (epoch: string) => join(folder, `${epoch}.key`)
  const load = (epoch: string): Buffer | undefined => {
    if (!existsSync(pathOf(epoch))) return undefined
    const sealed = Buffer.from(readFileSync(pathOf(epoch), 'utf8').trim(), 'base64')
    const decipher = createDecipheriv('aes-256-gcm', masterKey, sealed.subarray(0, 12))
    decipher.setAAD(Buffer.from(epoch))
    decipher.setAuthTag(sealed.subarray(-16))
    return Buffer.concat([decipher.update(sealed.subarray(12, -16)), decipher.final()])
  }
  return {
    get(epoch) {
      // The file decides, not our memory: an erased day must be gone at once.
      if (!existsSync(pathOf(epoch))) known.delete(epoch)
      const key = known.get(epoch) ?? load(epoch)
      if (key) known.set(epoch, key)
      return key
    },
    getOrCreate(epoch) {
      const before = this.get(epoch)
      if (before) return before
      const nonce = random(12)
      const cipher = createCipheriv('aes-256-gcm', masterKey, nonce)
      cipher.setAAD(Buffer.from(epoch))
      const sealed = Buffer.concat([nonce, cipher.update(random(32)), cipher.final(), cipher.getAuthTag()])
      writeOnce(pathOf(epoch), `${sealed.toString('base64')}\n`, random)
      return this.get(epoch)!
    },
    destroy(epoch) {
      this.note([`${destroyed} ${epoch}`])
      rmSync(pathOf(epoch), { force: true })
      known.delete(epoch)
    },
    note: (lines) =>
      appendFileSync(join(folder, erasedList), lines.map((line) => `${line}\n`).join(''), { mode: 0o600, flush: true }),
    noted: () => notedIn(folder),
  }
}

const erasedList = 'erased.list'
const destroyed = 'destroyed'

function notedIn(folder: string): string[] {
  const path = join(folder, erasedList)
  return existsSync(path) ? readFileSync(path, 'utf8').split('\n').filter(Boolean) : []
}

/** The epoch keys of a folder as they lie there, by day: for the archive of keys. */
export function epochKeysIn(folder: string): Record<string, string> {
  if (!existsSync(folder)) return {}
  const days = readdirSync(folder).filter((name) => /^\d{4}-\d{2}-\d{2}\.key$/.test(name))
  return Object.fromEntries(days.map((name) => [name.slice(0, 10), readFileSync(join(folder, name), 'utf8').trim()]))
}

/** Puts epoch keys back. A day that has a key keeps it: data may be sealed with it already. */
export function putEpochKeys(folder: string, keys: Record<string, string>, random: RandomBytes): number {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const days = Object.entries(keys).filter(([day]) => /^\d{4}-\d{2}-\d{2}$/.test(day))
  // An archive of before brings no day back that was erased here since.
  const gone = new Set(notedIn(folder))
  const wanted = days.filter(([day]) => !gone.has(`${destroyed} ${day}`))
  return wanted.filter(([day, sealed]) => writeOnce(join(folder, `${day}.key`), `${sealed}\n`, random)).length
}

/** Puts the master key back; answers false where another one lies there. */
export function putMasterKey(path: string, key: Buffer, random: RandomBytes): boolean {
  writeOnce(path, `${key.toString('base64')}\n`, random)
  return readKey(readFileSync(path, 'utf8'))?.equals(key) ?? false
}
