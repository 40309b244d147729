/**
 * The keys of an installation in one file, sealed with a passphrase: what a backup lacks on purpose. It is kept apart
 * from the backups, because both together open everything.
 */
import { argon2, createCipheriv, createDecipheriv } from 'node:crypto'
import type { RandomBytes } from './sealing.ts'

export interface InstallationKeys {
  masterKey: Buffer
  /** By day, each wrapped by the master key as it lies in the folder of epoch keys. */
  epochKeys: Record<string, string>
}

const format = 'entrepot keys 1'
const cost = { memory: 65_536, passes: 3, parallelism: 1, tagLength: 32 }

function derive(passphrase: string, salt: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    argon2('argon2id', { message: passphrase.normalize('NFKC'), nonce: salt, ...cost }, (error, key) =>
      error ? reject(error) : resolve(key),
    )
  })
}

export async function sealKeys(keys: InstallationKeys, passphrase: string, random: RandomBytes): Promise<string> {
  const salt = random(16)
  const nonce = random(12)
  const cipher = createCipheriv('aes-256-gcm', await derive(passphrase, salt), nonce)
  cipher.setAAD(Buffer.from(format))
  const plain = JSON.stringify({ masterKey: keys.masterKey.toString('base64'), epochKeys: keys.epochKeys })
  const sealed = Buffer.concat([salt, nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()])
  return `${format}\n${sealed.toString('base64')}\n`
}

/** Answers what is wrong where the file is none of ours, or does not open with this passphrase. */
export async function openKeys(text: string, passphrase: string): Promise<InstallationKeys | 'foreign' | 'refused'> {
  const [first, body = ''] = text.split('\n')
  if (first !== format) return 'foreign'
  const sealed = Buffer.from(body, 'base64')
  if (sealed.length < 16 + 12 + 16) return 'refused'
  const decipher = createDecipheriv(
    'aes-256-gcm',
    await derive(passphrase, sealed.subarray(0, 16)),
    sealed.subarray(16, 28),
  )
  decipher.setAAD(Buffer.from(format))
  decipher.setAuthTag(sealed.subarray(-16))
  try {
    const plain = Buffer.concat([decipher.update(sealed.subarray(28, -16)), decipher.final()])
    const { masterKey, epochKeys } = JSON.parse(plain.toString()) as {
      masterKey: string
      epochKeys: Record<string, string>
    }
    return { masterKey: Buffer.from(masterKey, 'base64'), epochKeys }
  } catch {
    return 'refused'
  }
}
