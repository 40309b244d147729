/** argon2id from node:crypto, in the usual PHC text form (OWASP's minimum: 19 MiB, 2 passes). */
import { argon2, timingSafeEqual } from 'node:crypto'

const parameters = { memory: 19_456, passes: 2, parallelism: 1, tagLength: 32 }

function derive(
  password: string,
  nonce: Buffer,
  { memory, passes, parallelism, tagLength }: typeof parameters,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    argon2(
      'argon2id',
      { message: password.normalize('NFKC'), nonce, memory, passes, parallelism, tagLength },
      (error, key) => (error ? reject(error) : resolve(key)),
    )
  })
}

const encode = (bytes: Buffer) => bytes.toString('base64').replace(/=+$/, '')

export async function hashPassword(password: string, random: (size: number) => Buffer): Promise<string> {
  const salt = random(16)
  const tag = await derive(password, salt, parameters)
  const { memory, passes, parallelism } = parameters
  return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${encode(salt)}$${encode(tag)}`
}

export async function verifyPassword(password: string, stored: string): Promise<boolean> {
  const match = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([^$]+)\$([^$]+)$/.exec(stored)
  if (!match) return false
  const [, memory, passes, parallelism, salt, tag] = match
  const expected = Buffer.from(tag!, 'base64')
  const derived = await derive(password, Buffer.from(salt!, 'base64'), {
    memory: Number(memory),
    passes: Number(passes),
    parallelism: Number(parallelism),
    tagLength: expected.length,
  })
  return derived.length === expected.length && timingSafeEqual(derived, expected)
}
