import { argon2Sync, randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { hashPassword, verifyPassword } from './passwords.ts'

test('a password opens its own hash, another does not', async () => {
  const stored = await hashPassword('correct horse battery', randomBytes)
  expect(stored).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/)
  expect(await verifyPassword('correct horse battery', stored)).toBe(true)
  for (const other of ['correct horse batterz', 'Correct horse battery', '', 'correct horse battery ']) {
    expect(await verifyPassword(other, stored), other).toBe(false)
  }
})

test('the same password is never stored alike', async () => {
  const [one, two] = await Promise.all([hashPassword('same', randomBytes), hashPassword('same', randomBytes)])
  expect(one).not.toBe(two)
  expect(await verifyPassword('same', one!)).toBe(true)
  expect(await verifyPassword('same', two!)).toBe(true)
})

test('a password typed on another keyboard is the same password', async () => {
  const stored = await hashPassword('caf\u00e9 密码', randomBytes)
  expect(await verifyPassword('cafe\u0301 密码', stored)).toBe(true)
})

test('the costs stand in the hash: older, cheaper ones still open', async () => {
  const salt = Buffer.from('a salt of size16')
  const cheap = { message: 'password', nonce: salt, memory: 64, passes: 1, parallelism: 1, tagLength: 32 }
  const [encodedSalt, tag] = [salt, argon2Sync('argon2id', cheap)].map((bytes) =>
    bytes.toString('base64').replace(/=+$/, ''),
  )
  const stored = `$argon2id$v=19$m=64,t=1,p=1$${encodedSalt}$${tag}`
  expect(await verifyPassword('password', stored)).toBe(true)
  expect(await verifyPassword('Password', stored)).toBe(false)
  expect(await verifyPassword('password', stored.replace('t=1', 't=2'))).toBe(false)
})

test('what is no hash opens to nothing', async () => {
  for (const stored of [
    '',
    'password',
    '$argon2i$v=19$m=8,t=1,p=1$c29tZXNhbHQ$AAAA',
    '$2b$12$abcdefghijklmnopqrstuv',
    '$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ',
  ]) {
    expect(await verifyPassword('password', stored), stored).toBe(false)
  }
})
