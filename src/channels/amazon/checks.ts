/**
 * What a seller's account and application allow, tried by calls that change nothing. A role that is missing shows as a 403, or,
 * for buyers' data, by fields that are absent (facts §2).
 */
import { ChannelError } from '../../domain/errors.ts'
import type { Check, CheckResult } from '../capabilities.ts'
import { type Account, asChannelError } from '../connector.ts'
import { askToken, client } from './client.ts'
import { readTokenError } from './errors.ts'
import { readSettings } from './settings.ts'
import { tokenAnswer } from './wire.ts'

const dayMs = 86_400_000
/** Windows of orders end two minutes ago by Amazon's clock, so a clock that is off by one minute moves nothing yet. */
const clockMs = 60_000

const good: CheckResult = { ok: true }

/** Whether the call is allowed; other refusals are told by whoever runs the checks. */
async function allowed(code: string, call: () => Promise<unknown>): Promise<CheckResult> {
  try {
    await call()
    return good
  } catch (error) {
    if (error instanceof ChannelError && error.kind === 'auth') return { ok: false, code }
    throw error
  }
}

async function token(account: Account): Promise<CheckResult> {
  const answer = await askToken(account).catch((error: unknown) => {
    throw asChannelError(error)
  })
  if (answer.status === 200 && tokenAnswer.safeParse(answer.json).success) return good
  const error = readTokenError(answer, account.now())
  if (error.kind !== 'auth') throw error
  return { ok: false, code: error.code === 'invalid_grant' ? 'invalid_grant' : 'invalid_client' }
}

/** The answer was dated between our asking and our reading it, if the clocks agree. */
async function clock(account: Account): Promise<CheckResult> {
  const asked = account.now().getTime()
  const answer = await askToken(account).catch((error: unknown) => {
    throw asChannelError(error)
  })
  const read = account.now().getTime()
  const dated = Date.parse(answer.headers.get('date') ?? '')
  if (Number.isNaN(dated)) return { ok: true, facts: { seconds: '?' } }
  // The header has no fractions of a second.
  const off = Math.max(0, asked - 1_000 - dated, dated - read)
  const facts = { seconds: String(Math.round(off / 1_000)) }
  return off <= clockMs ? { ok: true, facts } : { ok: false, code: 'clock_off', facts }
}

async function marketplaces(account: Account): Promise<CheckResult> {
  const { marketplaceIds } = readSettings(account.settings)
  let known: Awaited<ReturnType<typeof client.getParticipations>>['payload']
  try {
    known = (await client.getParticipations(account)).payload
  } catch (error) {
    if (error instanceof ChannelError && error.kind === 'auth') return { ok: false, code: 'access_denied' }
    throw error
  }
  const missing = marketplaceIds.filter((id) => !known.some((one) => one.marketplace.id === id))
  const there = known.filter((one) => marketplaceIds.includes(one.marketplace.id))
  const nameOf = (one: (typeof known)[number]) => one.marketplace.name ?? one.marketplace.id
  const listed = (some: typeof known) => some.map(nameOf).join(', ')
  if (missing.length > 0)
    return { ok: false, code: 'marketplace_missing', facts: { missing: missing.join(', '), known: listed(known) } }
  const away = there.filter((one) => !one.participation.isParticipating)
  if (away.length > 0) return { ok: false, code: 'not_participating', facts: { marketplaces: listed(away) } }
  const suspended = there.filter((one) => one.participation.hasSuspendedListings)
  if (suspended.length > 0) return { ok: false, code: 'listings_suspended', facts: { marketplaces: listed(suspended) } }
  return { ok: true, facts: { marketplaces: listed(there) } }
}

async function plan(account: Account): Promise<CheckResult> {
  try {
    const { sellingPlan } = (await client.getAccount(account)).payload
    const facts = { plan: sellingPlan.toLowerCase() }
    return sellingPlan === 'PROFESSIONAL' ? { ok: true, facts } : { ok: false, code: 'plan_individual', facts }
  } catch (error) {
    // Amazon tells the plan to some applications only; the roles below show what the plan allows.
    if (error instanceof ChannelError && error.kind === 'auth') return { ok: true, facts: { plan: '?' } }
    throw error
  }
}

/** A seller who keeps nothing there is refused in other words (facts §6). */
async function heldStock(account: Account): Promise<CheckResult> {
  const [marketplaceId] = readSettings(account.settings).marketplaceIds
  try {
    return await allowed('role_missing', () => client.getInventorySummaries(account, marketplaceId!))
  } catch (error) {
    if (error instanceof ChannelError && error.kind === 'rejected') return { ok: true, facts: { stock: '0' } }
    throw error
  }
}

const recently = (account: Account, ms: number) => new Date(account.now().getTime() - ms).toISOString()

/** Names and addresses are simply absent where the role is missing; without an order nobody knows. */
async function buyer(account: Account): Promise<CheckResult> {
  const { orders } = await client.searchOrders(account, {
    lastUpdatedAfter: recently(account, 30 * dayMs),
    includedData: 'BUYER,RECIPIENT',
    fulfillmentStatuses: 'UNSHIPPED,PARTIALLY_SHIPPED,SHIPPED',
    fulfilledBy: 'MERCHANT',
    pageSize: 10,
  })
  const isTold = (one: unknown) => {
    const address = (one as { recipient?: { deliveryAddress?: { addressLine1?: string; postalCode?: string } } })
      .recipient?.deliveryAddress
    return Boolean(address?.addressLine1 || address?.postalCode)
  }
  if (orders.length === 0) return { ok: true, facts: { orders: '0' } }
  return orders.some(isTold) ? good : { ok: false, code: 'buyer_absent', facts: { orders: String(orders.length) } }
}

export const checks: readonly Check[] = [
  { id: 'token', serves: ['everything'], run: token },
  { id: 'clock', serves: ['orders'], run: clock },
  { id: 'marketplaces', serves: ['orders', 'listings'], run: marketplaces },
  { id: 'plan', serves: ['everything'], run: plan },
  {
    id: 'role.orders',
    serves: ['orders'],
    run: (account) =>
      allowed('role_missing', () =>
        client.searchOrders(account, {
          lastUpdatedAfter: recently(account, dayMs),
          includedData: 'FULFILLMENT',
          pageSize: 1,
        }),
      ),
  },
  {
    id: 'role.listings',
    serves: ['listings', 'quantities'],
    run: (account) =>
      allowed('role_missing', () => client.searchListings(account, { skus: ['entrepot-checks-this-role'] })),
  },
  {
    id: 'role.held-stock',
    serves: ['held-stock'],
    optional: true,
    run: heldStock,
  },
  { id: 'role.buyer', serves: ['buyer'], optional: true, run: buyer },
]
