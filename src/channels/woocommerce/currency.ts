/** The store's one currency: products do not say in which money their prices are. Asked for once by each process. */
import { z } from 'zod'
import type { Account } from '../connector.ts'
import { call, wc } from './client.ts'

const known = new WeakMap<Account, string>()

export async function currencyOf(account: Account): Promise<string> {
  const before = known.get(account)
  if (before) return before
  const { body } = await call(account, {
    operation: 'getCurrency',
    method: 'GET',
    path: wc('/data/currencies/current'),
    answer: z.object({ code: z.string().regex(/^[A-Z]{3}$/) }),
  })
  known.set(account, body.code)
  return body.code
}
