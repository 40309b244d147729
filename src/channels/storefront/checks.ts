/** Is the store there, does it take our signature and no other, and do the clocks agree? Nothing is asked of any SKU. */
import type { Check, CheckResult } from '../capabilities.ts'
import { type Account, asChannelError } from '../connector.ts'
import { send } from './client.ts'
import { readAnswer } from './wire.ts'

/** What sales are compared by; beyond it a sale may be taken for one before or after a write. */
const clockMs = 5_000

const ask = async (account: Account, options?: { forged: boolean }) => {
  try {
    return await send(account, 'stock.read', { items: [] }, options)
  } catch (error) {
    throw asChannelError(error)
  }
}

const answered = (status: number): Record<string, string> => ({ answer: `HTTP ${status}` })

async function reachable(account: Account): Promise<CheckResult> {
  const { status } = await ask(account)
  if (status === 404 || status === 410) return { ok: false, code: 'no_receiver', facts: answered(status) }
  return status >= 500 ? { ok: false, code: 'store_failing', facts: answered(status) } : { ok: true }
}

async function signature(account: Account): Promise<CheckResult> {
  const { status, json } = await ask(account)
  if (status === 401) return { ok: false, code: 'signature_refused' }
  if (status === 403) return { ok: false, code: 'store_forbids', facts: answered(status) }
  if (status < 200 || status >= 300) return { ok: false, code: 'answer_refused', facts: answered(status) }
  return readAnswer.safeParse(json).success ? { ok: true } : { ok: false, code: 'answer_unreadable' }
}

async function forgery(account: Account): Promise<CheckResult> {
  const { status } = await ask(account, { forged: true })
  return status >= 200 && status < 300 ? { ok: false, code: 'forgery_accepted' } : { ok: true, facts: answered(status) }
}

async function clock(account: Account): Promise<CheckResult> {
  const asked = account.now().getTime()
  const { headers } = await ask(account)
  const read = account.now().getTime()
  const dated = Date.parse(headers.get('date') ?? '')
  if (Number.isNaN(dated)) return { ok: true, facts: { seconds: '?' } }
  // The header has no fractions of a second.
  const off = Math.max(0, asked - 1_000 - dated, dated - read)
  const facts = { seconds: String(Math.round(off / 1_000)) }
  return off <= clockMs ? { ok: true, facts } : { ok: false, code: 'clock_off', facts }
}

export const checks: readonly Check[] = [
  { id: 'reachable', serves: ['everything'], run: reachable },
  { id: 'signature', serves: ['quantities'], run: signature },
  { id: 'forgery', serves: ['quantities'], optional: true, run: forgery },
  { id: 'clock', serves: ['quantities', 'orders'], run: clock },
]
