/** What an API account may do, tried by calls that change nothing. */
import { ChannelError } from '../../domain/errors.ts'
import type { Check, CheckResult } from '../capabilities.ts'
import type { Account } from '../connector.ts'
import { askStore, call } from './client.ts'
import { pullLocations } from './items.ts'
import { readSettings, secrets } from './settings.ts'
import { inventorySettings, listAnswer, pageAnswer } from './wire.ts'

const clockMs = 30_000

async function token(account: Account): Promise<CheckResult> {
  try {
    const { body } = await askStore(account)
    const facts = { shop: body.domain || body.id }
    // The hash stands in the address; a token of another store is refused there.
    return body.id === readSettings(account.settings).storeHash
      ? { ok: true, facts }
      : { ok: false, code: 'other_shop', facts }
  } catch (error) {
    if (error instanceof ChannelError && error.kind === 'auth') return { ok: false, code: 'invalid_token' }
    throw error
  }
}

async function clock(account: Account): Promise<CheckResult> {
  const asked = account.now().getTime()
  const { dated } = await askStore(account)
  const read = account.now().getTime()
  if (dated === null) return { ok: true, facts: { seconds: '?' } }
  const off = dated < asked - 1_000 ? dated - asked : dated > read ? dated - read : 0
  const facts = { seconds: String(Math.round(off / 1_000)) }
  return Math.abs(off) <= clockMs ? { ok: true, facts } : { ok: false, code: 'clock_off', facts }
}

async function plan(account: Account): Promise<CheckResult> {
  const { plan_level: level } = (await askStore(account)).body
  return { ok: true, ...(level ? { facts: { plan: level } } : {}) }
}

/** The scope by the name of the control panel; tried by a call that needs it. */
const scope = (
  name: string,
  serves: readonly string[],
  { version, path, operation }: { version: 'v2' | 'v3'; path: string; operation: string },
  optional?: true,
): Check => ({
  id: `scope.${name}`,
  serves,
  ...(optional ? { optional } : {}),
  async run(account) {
    try {
      const answer = version === 'v2' ? listAnswer : pageAnswer.pick({ data: true })
      await call(account, { operation, version, method: 'GET', path, query: { limit: 1 }, mayBeEmpty: true, answer })
      return { ok: true }
    } catch (error) {
      if (error instanceof ChannelError && error.kind === 'auth')
        return { ok: false, code: 'scope_missing', facts: { scope: name } }
      throw error
    }
  },
})

async function location(account: Account): Promise<CheckResult> {
  const { locationId } = readSettings(account.settings)
  const active = (await pullLocations(account)).filter((one) => one.active)
  const facts = { locations: active.map((one) => `${one.name} (${one.remoteId})`).join(', ') }
  if (locationId === undefined)
    return active.length === 1 ? { ok: true, facts } : { ok: false, code: 'location_missing', facts }
  return active.some((one) => one.remoteId === locationId)
    ? { ok: true, facts }
    : { ok: false, code: 'location_unknown', facts }
}

/**
 * A store that lowers its numbers only when an order is shipped sells the same unit again and again until then, whatever is
 * written (settings.v3: `update_stock_behavior`).
 */
async function counting(account: Account): Promise<CheckResult> {
  try {
    const { body } = await call(account, {
      operation: 'getInventorySettings',
      version: 'v3',
      method: 'GET',
      path: '/settings/inventory',
      answer: inventorySettings,
    })
    return body.data.update_stock_behavior === 'order_placed' ? { ok: true } : { ok: false, code: 'counts_late' }
  } catch (error) {
    if (error instanceof ChannelError && error.kind === 'auth')
      return { ok: false, code: 'scope_missing', facts: { scope: 'Information & Settings' } }
    throw error
  }
}

/** Without the client secret nothing that the store sends can be believed. */
async function webhooks(account: Account): Promise<CheckResult> {
  await call(account, {
    operation: 'getHooks',
    version: 'v3',
    method: 'GET',
    path: '/hooks',
    query: { limit: 1 },
    answer: pageAnswer,
  })
  const { clientSecret } = secrets.parse(await account.secrets())
  return clientSecret ? { ok: true } : { ok: false, code: 'secret_missing' }
}

export const checks: readonly Check[] = [
  { id: 'token', serves: ['everything'], run: token },
  { id: 'clock', serves: ['orders', 'quantities'], run: clock },
  { id: 'plan', serves: ['everything'], optional: true, run: plan },
  scope('Orders', ['orders', 'shipments', 'cancellations', 'copies'], {
    version: 'v2',
    path: '/orders',
    operation: 'findOrders',
  }),
  scope('Products', ['listings', 'prices'], { version: 'v3', path: '/catalog/variants', operation: 'findVariant' }),
  scope('Store Inventory', ['quantities', 'store-stock'], {
    version: 'v3',
    path: '/inventory/items',
    operation: 'getInventoryItems',
  }),
  { id: 'location', serves: ['quantities'], run: location },
  { id: 'counting', serves: ['quantities', 'orders'], run: counting },
  scope(
    'Order Transactions',
    ['refunds'],
    { version: 'v3', path: '/orders/payment_actions/refunds', operation: 'getAllRefunds' },
    true,
  ),
  { id: 'webhooks', serves: ['webhooks'], optional: true, run: webhooks },
]
