import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { seeded, seededBytes } from '../../test/support/world.ts'
import { openKeys, sealKeys } from './key-archive.ts'
import { epochKeyFolder, epochKeysIn, putEpochKeys, putMasterKey } from './key-files.ts'

const random = seededBytes(seeded(11))
const masterKey = random(32)
const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})
function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'entrepot-keys-'))
  folders.push(folder)
  return folder
}

test('keys come back with the passphrase, and with nothing else', async () => {
  const from = newFolder()
  const keys = epochKeyFolder(from, masterKey, random)
  const [first, second] = [keys.getOrCreate('2026-11-21'), keys.getOrCreate('2026-11-22')]
  const text = await sealKeys({ masterKey, epochKeys: epochKeysIn(from) }, 'a long passphrase', random)
  for (const secret of [masterKey, first, second]) {
    expect(text).not.toContain(secret.toString('base64'))
    expect(Buffer.from(text.split('\n')[1]!, 'base64').includes(secret)).toBe(false)
  }
  expect(await openKeys(text, 'a long passphrasf')).toBe('refused')
  expect(await openKeys(text.replace(/.{5}\n$/, 'AAAA=\n'), 'a long passphrase')).toBe('refused')
  expect(await openKeys('entrepot keys 1\nAAAA\n', 'a long passphrase')).toBe('refused')
  expect(await openKeys('something else', 'a long passphrase')).toBe('foreign')
  const opened = await openKeys(text, 'a long passphrase')
  if (typeof opened === 'string') throw new Error(opened)
  expect(opened.masterKey).toEqual(masterKey)

  const to = newFolder()
  expect(putEpochKeys(to, opened.epochKeys, random)).toBe(2)
  const restored = epochKeyFolder(to, opened.masterKey, random)
  expect([restored.get('2026-11-21'), restored.get('2026-11-22')]).toEqual([first, second])
})

test('a key that is there is never replaced, and a name cannot lead out of the folder', () => {
  const folder = newFolder()
  const keys = epochKeyFolder(folder, masterKey, random)
  const mine = keys.getOrCreate('2026-11-22')
  expect(putEpochKeys(folder, { '2026-11-22': 'AAAA', '../2026-11-23': 'AAAA' }, random)).toBe(0)
  expect(keys.get('2026-11-22')).toEqual(mine)
  expect(readdirSync(folder)).toEqual(['2026-11-22.key'])
  const path = join(folder, 'entrepot.key')
  expect(putMasterKey(path, masterKey, random)).toBe(true)
  expect(putMasterKey(path, random(32), random)).toBe(false)
  expect(readFileSync(path, 'utf8').trim()).toBe(masterKey.toString('base64'))
})

test('a day that was destroyed is gone for good: no archive of before brings it back', () => {
  const folder = newFolder()
  const keys = epochKeyFolder(folder, masterKey, random)
  keys.getOrCreate('2026-11-21')
  const kept = keys.getOrCreate('2026-11-22')
  const before = epochKeysIn(folder)
  keys.note(['order ["a","1"]'])
  keys.destroy('2026-11-21')
  expect([keys.get('2026-11-21'), keys.get('2026-11-22')]).toEqual([undefined, kept])
  expect(putEpochKeys(folder, before, random)).toBe(0)
  expect(Object.keys(epochKeysIn(folder))).toEqual(['2026-11-22'])
  // Another process of the same installation knows it at once.
  const other = epochKeyFolder(folder, masterKey, random)
  expect([other.get('2026-11-21'), other.noted()]).toEqual([undefined, ['order ["a","1"]', 'destroyed 2026-11-21']])
})
