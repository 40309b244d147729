/** What a seller's account and keyset allow, tried by calls that change nothing. A scope that is missing shows as a 403. */
import { ChannelError } from '../../domain/errors.ts'
import type { Check, CheckResult } from '../capabilities.ts'
import { type Account, asChannelError } from '../connector.ts'
import { calls } from './calls.ts'
import { askToken } from './client.ts'
import { readTokenError } from './errors.ts'
import { tokenAnswer } from './wire.ts'

const dayMs = 86_400_000
/** Windows of orders and signatures are dated by our clock. */
const clockMs = 60_000

/** Refusals other than a missing permission are told by whoever runs the checks. */
async function allowed(call: () => Promise<unknown>): Promise<CheckResult> {
  try {
    await call()
    return { ok: true }
  } catch (error) {
    if (error instanceof ChannelError && error.kind === 'auth') return { ok: false, code: 'scope_missing' }
    throw error
  }
}

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
  return { ok: false, code: error.code === 'invalid_grant' ? 'invalid_grant' : 'invalid_client' }
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

async function plan(account: Account): Promise<CheckResult> {
  const { sellerRegistrationCompleted, sellingLimit } = await calls.getPrivileges(account)
  const facts = { units: String(sellingLimit?.quantity ?? '?') }
  return sellerRegistrationCompleted === false ? { ok: false, code: 'not_registered', facts } : { ok: true, facts }
}

/** Without them the Inventory API publishes nothing. */
async function sellingPolicies(account: Account): Promise<CheckResult> {
  const programs = (await calls.getOptedInPrograms(account)).programs ?? []
  const isIn = programs.some(({ programType }) => programType === 'SELLING_POLICY_MANAGEMENT')
  return isIn ? { ok: true } : { ok: false, code: 'policies_missing' }
}

/** eBay marks an address down that did not answer for long; it is mended with the next subscription. */
async function notifications(account: Account): Promise<CheckResult> {
  const found = (await calls.getDestinations(account)).destinations ?? []
  const down = found.filter(({ status }) => status === 'MARKED_DOWN')
  const facts = { destinations: String(found.length) }
  return down.length > 0 ? { ok: false, code: 'destination_down', facts } : { ok: true, facts }
}

const lately = (account: Account) => {
  const now = account.now()
  return { from: new Date(now.getTime() - dayMs).toISOString(), to: now.toISOString() }
}

export const checks: readonly Check[] = [
  { id: 'token', serves: ['everything'], run: token },
  { id: 'clock', serves: ['orders'], run: clock },
  {
    id: 'scope.sell.fulfillment',
    serves: ['orders', 'shipments', 'refunds'],
    run: (account) => {
      const from = new Date(account.now().getTime() - dayMs).toISOString()
      return allowed(() => calls.getOrders(account, { from, to: null, offset: 0, limit: 1 }))
    },
  },
  {
    id: 'scope.sell.inventory',
    serves: ['listings', 'quantities', 'prices'],
    run: (account) => allowed(() => calls.getInventoryItems(account, { limit: 1, offset: 0 })),
  },
  { id: 'plan', serves: ['listings'], run: plan },
  { id: 'scope.sell.account', serves: ['listings'], optional: true, run: sellingPolicies },
  {
    id: 'scope.sell.finances',
    serves: ['settlements'],
    optional: true,
    run: (account) => allowed(() => calls.getPayouts(account, { ...lately(account), limit: 1, offset: 0 })),
  },
  { id: 'notifications', serves: ['notifications'], optional: true, run: notifications },
]
