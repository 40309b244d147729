/** Fingerprints of buyers: they find a person's orders again, and tell nothing to whoever has no key. */
import { nameSpelling } from '../domain/orders.ts'
import type { Context } from './context.ts'

export const marksOf = ({ sealing }: Pick<Context, 'sealing'>, accountId: string, names: readonly string[]): Buffer[] =>
  [...new Set(names.map(nameSpelling))].map((name) => sealing.fingerprint(`buyer:${accountId}:${name}`))
