/**
 * The keys that eBay signs its words with. They change seldom and are asked for with the app's own allowance, so they are
 * kept. Anybody may name a key in a header: what strangers name must neither push out a key that is known, nor decide
 * for long that one does not exist.
 */
import { createPublicKey, type KeyObject } from 'node:crypto'
import { ChannelError } from '../../domain/errors.ts'
import { type Account, asChannelError } from '../connector.ts'
import { calls } from './calls.ts'
import { readSettings } from './settings.ts'

const keptMs = 3_600_000
/** A key that is new at eBay may be named by a word before all of eBay knows it. */
const unknownMs = 5 * 60_000
const mostKept = 200

const known = new Map<string, { until: number; key: KeyObject }>()
const unknown = new Map<string, number>()

/** Undefined: eBay has said that it knows no such key. Where it did not say so, it throws: the word is to come again. */
export async function publicKeyOf(account: Account, kid: string): Promise<KeyObject | undefined> {
  const { environment, endpoint = environment } = readSettings(account.settings)
  // As it was named: another spelling of a key's name is another name, of which eBay may know nothing.
  const name = `${endpoint} ${kid}`
  const now = account.now().getTime()
  const before = known.get(name)
  if (before && before.until > now) return before.key
  if ((unknown.get(name) ?? 0) > now) return undefined
  try {
    const key = readPublicKey((await calls.getPublicKey(account, kid)).key)
    remember(known, name, { until: now + keptMs, key })
    return key
  } catch (error) {
    const told = asChannelError(error)
    if (told.kind === 'missing') {
      known.delete(name)
      remember(unknown, name, now + unknownMs)
      return undefined
    }
    // A key does not change under its name: while eBay cannot be asked, the one that is known still proves what it did.
    if (before && told.kind !== 'auth') return before.key
    throw told
  }
}

/** The oldest goes first. */
function remember<T>(into: Map<string, T>, name: string, value: T): void {
  into.delete(name)
  if (into.size >= mostKept) into.delete(into.keys().next().value!)
  into.set(name, value)
}

/** The key comes as one line with the words around it. */
export function readPublicKey(text: string): KeyObject {
  const base64 = text.replace(/-----[A-Z ]+-----/g, '').replace(/\s/g, '')
  try {
    return createPublicKey({ key: Buffer.from(base64, 'base64'), format: 'der', type: 'spki' })
  } catch {
    throw new ChannelError('unavailable', 'unreadable', "eBay's answer to getPublicKey could not be read")
  }
}
