import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { keyProcesses, printCount } from '../../test/support/iterations.ts'
import { epochKeyFolder, masterKeyFile } from './key-files.ts'
import { createSealing, readKey } from './sealing.ts'

const canary = 'Ada Lovelace, 12 St James’s Square'
const day = new Date('2026-11-22T23:59:59.999Z')

let folder: string
let key: Buffer
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'entrepot-sealing-'))
  key = randomBytes(32)
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const sealingIn = (master = key) =>
  createSealing(master, epochKeyFolder(join(folder, 'epochs'), master, randomBytes), randomBytes)

/** Every byte turned, one after the other. */
function* tampered(sealed: Buffer): Generator<Buffer> {
  for (let index = 0; index < sealed.length; index += 1) {
    const copy = Buffer.from(sealed)
    copy[index]! ^= 0x01
    yield copy
  }
}

describe('secrets', () => {
  test('come back whole, and never look alike', () => {
    const sealing = sealingIn()
    for (const text of ['', canary, '密钥', 'x'.repeat(100_000)])
      expect(sealing.openSecret(sealing.sealSecret(text, 'a'), 'a')).toBe(text)
    expect(sealing.sealSecret(canary, 'a').equals(sealing.sealSecret(canary, 'a'))).toBe(false)
    expect(sealing.sealSecret(canary, 'a').includes('Lovelace')).toBe(false)
  })

  test('open only in their own context and under their own key', () => {
    const sealed = sealingIn().sealSecret(canary, 'account:1')
    expect(() => sealingIn().openSecret(sealed, 'account:2')).toThrow()
    expect(() => sealingIn(randomBytes(32)).openSecret(sealed, 'account:1')).toThrow()
    expect(sealingIn().openSecret(sealed, 'account:1')).toBe(canary)
  })

  test('that were changed are refused, whichever byte', () => {
    const sealing = sealingIn()
    const sealed = sealing.sealSecret('token', 'a')
    for (const copy of tampered(sealed)) expect(() => sealing.openSecret(copy, 'a')).toThrow()
    for (let size = 0; size < sealed.length; size += 1)
      expect(() => sealing.openSecret(sealed.subarray(0, size), 'a')).toThrow()
    expect(() => sealing.openSecret(Buffer.concat([sealed, Buffer.from([0])]), 'a')).toThrow()
  })

  test('never pass for buyer data, nor buyer data for them', () => {
    const sealing = sealingIn()
    const { sealed, epoch } = sealing.sealBuyer(canary, 'order', day)
    expect(() => sealing.openSecret(sealed, 'order')).toThrow()
    expect(() => sealing.openBuyer(sealing.sealSecret(canary.repeat(9), 'order'), 'order', epoch)).toThrow()
  })
})

describe('buyer data', () => {
  test('comes back, of its own order only', () => {
    const sealing = sealingIn()
    const { sealed, epoch } = sealing.sealBuyer(canary, 'order', day)
    expect(epoch).toBe('2026-11-22')
    expect(sealing.openBuyer(sealed, 'order', epoch)).toBe(canary)
    expect(() => sealing.openBuyer(sealed, 'another', epoch)).toThrow()
    for (const copy of tampered(sealed)) expect(() => sealing.openBuyer(copy, 'order', epoch)).toThrow()
    expect(sealing.openBuyer(sealed, 'order', '2026-11-21')).toBeUndefined()
  })

  test('is erased with its day, everywhere at once', () => {
    const sealing = sealingIn()
    const { sealed, epoch } = sealing.sealBuyer(canary, 'order', day)
    const next = sealing.sealBuyer(canary, 'order', new Date(day.getTime() + 1))
    rmSync(join(folder, 'epochs', `${epoch}.key`))
    expect(sealing.openBuyer(sealed, 'order', epoch)).toBeUndefined()
    expect(sealingIn().openBuyer(sealed, 'order', epoch)).toBeUndefined()
    expect(sealing.openBuyer(next.sealed, 'order', next.epoch)).toBe(canary)
    // A new key of the same day opens nothing of what was erased.
    sealing.sealBuyer(canary, 'other', day)
    expect(() => sealing.openBuyer(sealed, 'order', epoch)).toThrow()
  })
})

test('tokens are long, differ, and are hashed alike each time', () => {
  const sealing = sealingIn()
  const tokens = new Set(Array.from({ length: 100 }, () => sealing.newToken()))
  expect(tokens.size).toBe(100)
  for (const token of tokens) expect(token).toMatch(/^[\w-]{43}$/)
  expect(sealing.hashToken('a').equals(sealing.hashToken('a'))).toBe(true)
  expect(sealing.hashToken('a').equals(sealing.hashToken('b'))).toBe(false)
})

test('a key is 32 bytes as hex, base64 or base64url, with room around it', () => {
  const known = Buffer.from(Array.from({ length: 32 }, (_, index) => 255 - index))
  for (const text of [
    known.toString('hex'),
    known.toString('hex').toUpperCase(),
    known.toString('base64'),
    known.toString('base64url'),
    `  ${known.toString('base64')}\n`,
  ]) {
    expect(readKey(text)?.equals(known), text).toBe(true)
  }
  for (const text of [
    '',
    'short',
    known.toString('hex').slice(2),
    randomBytes(31).toString('base64'),
    randomBytes(33).toString('base64'),
  ]) {
    expect(readKey(text), text).toBeUndefined()
  }
})

describe('key files', () => {
  test('are made once, for their owner only', () => {
    const path = join(folder, 'entrepot.key')
    const made = masterKeyFile(path, randomBytes)!
    expect(made).toHaveLength(32)
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(masterKeyFile(path, randomBytes)!.equals(made)).toBe(true)
    expect(readdirSync(folder)).toEqual(['entrepot.key'])
  })

  test('that others could read are closed', () => {
    const path = join(folder, 'entrepot.key')
    writeFileSync(path, `${key.toString('hex')}\n`, { mode: 0o644 })
    expect(masterKeyFile(path, randomBytes)!.equals(key)).toBe(true)
    expect(statSync(path).mode & 0o777).toBe(0o600)
  })

  test('without a key are told, and left as they are', () => {
    const path = join(folder, 'entrepot.key')
    writeFileSync(path, 'not a key\n')
    expect(masterKeyFile(path, randomBytes)).toBeUndefined()
    expect(readFileSync(path, 'utf8')).toBe('not a key\n')
  })

  test('of a day are sealed by the master key', () => {
    const epochs = epochKeyFolder(join(folder, 'epochs'), key, randomBytes)
    expect(epochs.get('2026-11-22')).toBeUndefined()
    expect(existsSync(join(folder, 'epochs', '2026-11-22.key'))).toBe(false)
    const made = epochs.getOrCreate('2026-11-22')
    const path = join(folder, 'epochs', '2026-11-22.key')
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(statSync(join(folder, 'epochs')).mode & 0o777).toBe(0o700)
    expect(Buffer.from(readFileSync(path, 'utf8'), 'base64').includes(made)).toBe(false)
    expect(epochKeyFolder(join(folder, 'epochs'), key, randomBytes).get('2026-11-22')!.equals(made)).toBe(true)
    expect(() => epochKeyFolder(join(folder, 'epochs'), randomBytes(32), randomBytes).get('2026-11-22')).toThrow()
  })

  test('are the same for processes that make them at once', async () => {
    printCount('processes that make a key at once', keyProcesses)
    const module = pathToFileURL(join(import.meta.dirname, 'key-files.ts')).href
    const script = `
      import { randomBytes } from 'node:crypto'
      import { epochKeyFolder, masterKeyFile } from '${module}'
      const key = masterKeyFile('${join(folder, 'entrepot.key')}', randomBytes)
      const epoch = epochKeyFolder('${join(folder, 'epochs')}', key, randomBytes).getOrCreate('2026-11-22')
      process.stdout.write(key.toString('hex') + epoch.toString('hex'))`
    const runs = Array.from({ length: keyProcesses }, () =>
      promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script]),
    )
    const keys = (await Promise.all(runs)).map(({ stdout }) => stdout)
    expect(keys[0]).toMatch(/^[0-9a-f]{128}$/)
    expect(new Set(keys).size).toBe(1)
  })
})
