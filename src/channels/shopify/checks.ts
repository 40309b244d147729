/** What a store's app may do, tried by calls that change nothing. */
import { ChannelError } from '../../domain/errors.ts'
import type { Check, CheckResult } from '../capabilities.ts'
import type { Account } from '../connector.ts'
import { buyerDataDenied, call } from './client.ts'
import * as documents from './documents-account.ts'
import { payments as paymentsDocument } from './documents-money.ts'
import { readSettings } from './settings.ts'
import { pullLocations } from './store-stock.ts'
import { buyerAnswer, scopesAnswer, shopAnswer } from './wire-account.ts'
import { paymentsAnswer } from './wire-money.ts'

const clockMs = 30_000

async function token(account: Account): Promise<CheckResult> {
  try {
    const { data, version } = await call(account, documents.shop, {}, shopAnswer)
    const { shop, apiVersion } = readSettings(account.settings)
    const facts = { shop: data.shop.myshopifyDomain, version: version ?? apiVersion }
    if (data.shop.myshopifyDomain.toLowerCase() !== shop) return { ok: false, code: 'other_shop', facts }
    // A version that ended is answered by an older one without a word.
    return version && version !== apiVersion ? { ok: false, code: 'version_ended', facts } : { ok: true, facts }
  } catch (error) {
    if (error instanceof ChannelError && error.kind === 'auth') return { ok: false, code: 'invalid_client' }
    throw error
  }
}

async function clock(account: Account): Promise<CheckResult> {
  const asked = account.now().getTime()
  const { dated } = await call(account, documents.shop, {}, shopAnswer)
  const read = account.now().getTime()
  if (dated === null) return { ok: true, facts: { seconds: '?' } }
  const off = dated < asked - 1_000 ? dated - asked : dated > read ? dated - read : 0
  const facts = { seconds: String(Math.round(off / 1_000)) }
  return Math.abs(off) <= clockMs ? { ok: true, facts } : { ok: false, code: 'clock_off', facts }
}

async function plan(account: Account): Promise<CheckResult> {
  const { plan: one } = (await call(account, documents.shop, {}, shopAnswer)).data.shop
  return { ok: true, facts: { plan: one.publicDisplayName, development: one.partnerDevelopment ? '1' : '0' } }
}

async function location(account: Account): Promise<CheckResult> {
  const { locationId } = readSettings(account.settings)
  const active = (await pullLocations(account)).filter((one) => one.active)
  const facts = { locations: active.map((one) => `${one.name} (${one.remoteId})`).join(', ') }
  if (locationId === undefined) {
    return active.length === 1 ? { ok: true, facts } : { ok: false, code: 'location_missing', facts }
  }
  return active.some((one) => one.remoteId === locationId)
    ? { ok: true, facts }
    : { ok: false, code: 'location_unknown', facts }
}

const scope = (name: string, serves: readonly string[], optional?: true): Check => ({
  id: `scope.${name}`,
  serves,
  ...(optional ? { optional } : {}),
  async run(account) {
    const { data } = await call(account, documents.scopes, {}, scopesAnswer)
    const held = new Set(data.currentAppInstallation.accessScopes.map((one) => one.handle))
    // Who may write may read.
    const isHeld = held.has(name) || (name.startsWith('read_') && held.has(name.replace('read_', 'write_')))
    return isHeld ? { ok: true } : { ok: false, code: 'scope_missing', facts: { scope: name } }
  },
})

/** Names and addresses of buyers need an approval beside the scopes. */
async function buyer(account: Account): Promise<CheckResult> {
  try {
    const { data } = await call(account, documents.buyerOfAnOrder, {}, buyerAnswer)
    return { ok: true, facts: { orders: String(data.orders.nodes.length) } }
  } catch (error) {
    if (error instanceof ChannelError && error.code === buyerDataDenied) return { ok: false, code: 'buyer_denied' }
    throw error
  }
}

const paymentScopes = 'read_shopify_payments_accounts, read_shopify_payments_payouts'

/** Settlements are those of Shopify Payments; a store that takes its payments otherwise has none here. */
async function payments(account: Account): Promise<CheckResult> {
  try {
    const { data } = await call(account, paymentsDocument, {}, paymentsAnswer)
    return data.shopifyPaymentsAccount?.activated ? { ok: true } : { ok: false, code: 'payments_absent' }
  } catch (error) {
    if (error instanceof ChannelError && error.kind === 'auth')
      return { ok: false, code: 'scope_missing', facts: { scope: paymentScopes } }
    throw error
  }
}

export const checks: readonly Check[] = [
  { id: 'token', serves: ['everything'], run: token },
  { id: 'clock', serves: ['orders', 'quantities'], run: clock },
  { id: 'plan', serves: ['everything'], optional: true, run: plan },
  scope('read_orders', ['orders']),
  scope('read_products', ['listings']),
  scope('read_inventory', ['quantities', 'store-stock']),
  scope('write_inventory', ['quantities']),
  scope('read_locations', ['quantities', 'store-stock']),
  { id: 'location', serves: ['quantities'], run: location },
  scope('write_merchant_managed_fulfillment_orders', ['shipments'], true),
  scope('write_orders', ['cancellations', 'refunds', 'copies'], true),
  scope('write_products', ['prices'], true),
  scope('read_all_orders', ['orders'], true),
  { id: 'payments', serves: ['settlements'], optional: true, run: payments },
  { id: 'role.buyer', serves: ['buyer'], optional: true, run: buyer },
]
