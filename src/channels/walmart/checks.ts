/** What a seller's key allows, tried by calls that change nothing. */
import type { Check, CheckResult } from '../capabilities.ts'
import { type Account, asChannelError } from '../connector.ts'
import { calls } from './calls.ts'
import { askToken } from './client.ts'
import { readTokenError } from './errors.ts'
import { readSettings } from './settings.ts'
import { tokenAnswer } from './wire.ts'

/** Windows of orders are dated by our clock. */
const clockMs = 60_000

const ask = async (account: Account) => {
  try {
    return await askToken(account)
  } catch (error) {
    throw asChannelError(error)
  }
}

async function token(account: Account): Promise<CheckResult> {
  const answer = await ask(account)
  if (answer.status === 200 && tokenAnswer.safeParse(answer.json).success) return { ok: true }
  const error = readTokenError(answer, account.now())
  if (error.kind !== 'auth') throw error
  return { ok: false, code: 'invalid_client' }
}

/** The answer was dated between our asking and our reading it, if the clocks agree. */
async function clock(account: Account): Promise<CheckResult> {
  const asked = account.now().getTime()
  const answer = await ask(account)
  const read = account.now().getTime()
  const dated = Date.parse(answer.headers.get('date') ?? '')
  if (Number.isNaN(dated)) return { ok: true, facts: { seconds: '?' } }
  // It has no fractions of a second.
  const off = dated < asked - 1_000 ? dated - asked : dated > read ? dated - read : 0
  const facts = { seconds: String(Math.round(off / 1_000)) }
  return Math.abs(off) <= clockMs ? { ok: true, facts } : { ok: false, code: 'clock_off', facts }
}

/** A key may be made with less than everything; what it lacks shows here, not at the first write. */
function scope(name: string, needs: 'full_access' | 'view_only') {
  return async (account: Account): Promise<CheckResult> => {
    const { scopes } = await calls.getTokenDetail(account)
    const has = scopes[name] ?? 'no_access'
    const facts = { has }
    const isEnough = has === 'full_access' || (needs === 'view_only' && has === 'view_only')
    return isEnough ? { ok: true, facts } : { ok: false, code: 'scope_missing', facts }
  }
}

/** Quantities are written to one ship node; what lies at others stays for sale. */
async function nodes(account: Account): Promise<CheckResult> {
  const { elements } = await calls.getQuantities(account, { limit: 10 }).catch((error: unknown) => {
    const told = asChannelError(error)
    if (told.kind === 'missing') return { elements: { inventories: [] } }
    throw told
  })
  const most = Math.max(
    0,
    ...elements.inventories.map((one) => (one as { nodes?: unknown[] } | null)?.nodes?.length ?? 0),
  )
  const facts = { nodes: String(most) }
  return most <= 1 || readSettings(account.settings).shipNode
    ? { ok: true, facts }
    : { ok: false, code: 'several_nodes', facts }
}

export const checks: readonly Check[] = [
  { id: 'token', serves: ['everything'], run: token },
  { id: 'clock', serves: ['orders'], run: clock },
  {
    id: 'scope.orders',
    serves: ['orders', 'shipments', 'cancellations', 'refunds'],
    run: scope('orders', 'full_access'),
  },
  { id: 'scope.inventory', serves: ['quantities'], run: scope('inventory', 'full_access') },
  { id: 'scope.item', serves: ['listings'], run: scope('item', 'view_only') },
  { id: 'scope.feeds', serves: ['quantities'], run: scope('feeds', 'full_access') },
  { id: 'nodes', serves: ['quantities'], run: nodes },
  { id: 'scope.price', serves: ['prices'], optional: true, run: scope('price', 'full_access') },
  { id: 'scope.reports', serves: ['settlements'], optional: true, run: scope('reports', 'view_only') },
]
