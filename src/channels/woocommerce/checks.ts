/** What a store's key may do, and whether the store is in a state to be worked with, tried by calls that change nothing. */
import { z } from 'zod'
import { ChannelError } from '../../domain/errors.ts'
import type { Check, CheckResult } from '../capabilities.ts'
import type { Account } from '../connector.ts'
import { call, page, wc } from './client.ts'
import { readSettings } from './settings.ts'
import { allHooks } from './webhooks.ts'
import { indexAnswer, list, settingAnswer, statusAnswer } from './wire.ts'

const clockMs = 30_000
/** `modified_after`, and dates in UTC, are understood from here on. */
const oldest = [5, 8] as const

const index = (account: Account) =>
  call(account, { operation: 'getIndex', method: 'GET', path: '/', isPublic: true, answer: indexAnswer })

/** Is there a REST API at this address, with WooCommerce in it? Permalinks set to "plain" hide it. */
async function site(account: Account): Promise<CheckResult> {
  try {
    const { namespaces, timezone_string, gmt_offset } = (await index(account)).body
    const facts = { zone: timezone_string || `UTC${Number(gmt_offset) < 0 ? '' : '+'}${gmt_offset ?? '?'}` }
    return namespaces.includes('wc/v3') ? { ok: true, facts } : { ok: false, code: 'no_woocommerce', facts }
  } catch (error) {
    const isNotThere = error instanceof ChannelError && (error.code === 'HTTP 404' || error.code === 'unreadable')
    if (isNotThere) return { ok: false, code: 'no_rest_api' }
    throw error
  }
}

const firstOrder = (account: Account) =>
  page(account, { operation: 'listOrders', path: wc('/orders'), query: { per_page: 1 }, from: 0, answer: list })

async function token(account: Account): Promise<CheckResult> {
  try {
    await firstOrder(account)
    return { ok: true }
  } catch (error) {
    if (!(error instanceof ChannelError) || error.kind !== 'auth') throw error
    // Nobody was recognized at all: the sign-in did not arrive, or the key is gone.
    if (error.code === 'woocommerce_rest_cannot_view') return { ok: false, code: 'nobody_known' }
    return {
      ok: false,
      code: /signature|timestamp|nonce/i.test(error.message) ? 'signature_refused' : 'invalid_client',
    }
  }
}

async function clock(account: Account): Promise<CheckResult> {
  const asked = account.now().getTime()
  const { dated } = await firstOrder(account)
  const read = account.now().getTime()
  if (dated === null) return { ok: true, facts: { seconds: '?' } }
  // It has no fractions of a second.
  const off = dated < asked - 1_000 ? dated - asked : dated > read ? dated - read : 0
  const facts = { seconds: String(Math.round(off / 1_000)) }
  return Math.abs(off) <= clockMs ? { ok: true, facts } : { ok: false, code: 'clock_off', facts }
}

/** An empty batch: refused to a key that may only read, and nothing happens. */
async function mayWrite(account: Account): Promise<CheckResult> {
  try {
    const answer = z.unknown().refine((value) => typeof value === 'object')
    await call(account, { operation: 'tryWrite', method: 'POST', path: wc('/products/batch'), body: {}, answer })
    return { ok: true }
  } catch (error) {
    if (error instanceof ChannelError && error.kind === 'auth') return { ok: false, code: 'read_only' }
    throw error
  }
}

const stockSetting = async (account: Account, name: string) =>
  (
    await call(account, {
      operation: 'getSetting',
      method: 'GET',
      path: wc(`/settings/products/woocommerce_${name}`),
      answer: settingAnswer,
    })
  ).body.value

/** Without it no number of the store's means anything. */
const counting = async (account: Account): Promise<CheckResult> =>
  (await stockSetting(account, 'manage_stock')) === 'yes' ? { ok: true } : { ok: false, code: 'stock_off' }

/** Without minutes nothing is kept for a buyer who is paying (ReserveStock.php): two can pay for the last unit. */
async function hold(account: Account): Promise<CheckResult> {
  const minutes = Number(await stockSetting(account, 'hold_stock_minutes'))
  return minutes > 0 ? { ok: true, facts: { minutes: String(minutes) } } : { ok: false, code: 'hold_off' }
}

const status = async (account: Account) =>
  (
    await call(account, {
      operation: 'getSystemStatus',
      method: 'GET',
      path: wc('/system_status'),
      query: { _fields: 'environment,settings' },
      answer: statusAnswer,
    })
  ).body

async function version(account: Account): Promise<CheckResult> {
  const { environment, settings } = await status(account)
  const facts = { version: environment.version, storage: settings.HPOS_enabled ? 'HPOS' : 'posts' }
  const [major = 0, minor = 0] = environment.version.split('.').map(Number)
  const isOld = major < oldest[0] || (major === oldest[0] && minor < oldest[1])
  return isOld ? { ok: false, code: 'too_old', facts } : { ok: true, facts }
}

/** Webhooks leave by WordPress's own timer. */
async function cron(account: Account): Promise<CheckResult> {
  const { environment } = await status(account)
  return environment.wp_cron === false ? { ok: false, code: 'cron_off' } : { ok: true }
}

/** One that the store switched off is switched on again by the next turn; that it happened says that we do not answer. */
async function webhooks(account: Account): Promise<CheckResult> {
  const own = (await allHooks(account)).filter(({ name }) => name.startsWith('Entrepot '))
  const off = own.filter((one) => one.status !== 'active')
  return off.length > 0 ? { ok: false, code: 'webhook_off' } : { ok: true }
}

async function https(account: Account): Promise<CheckResult> {
  await index(account)
  return readSettings(account.settings).url.startsWith('https:') ? { ok: true } : { ok: false, code: 'plain_http' }
}

async function tracking(account: Account): Promise<CheckResult> {
  const { namespaces } = (await index(account)).body
  return { ok: true, facts: { tracking: namespaces.includes('wc-shipment-tracking/v3') ? 'plugin' : 'note' } }
}

export const checks: readonly Check[] = [
  { id: 'site', serves: ['everything'], run: site },
  { id: 'token', serves: ['everything'], run: token },
  { id: 'clock', serves: ['orders', 'quantities'], run: clock },
  { id: 'write', serves: ['quantities', 'shipments', 'cancellations', 'refunds', 'copies', 'prices'], run: mayWrite },
  { id: 'counting', serves: ['quantities'], run: counting },
  { id: 'hold', serves: ['quantities'], optional: true, run: hold },
  { id: 'version', serves: ['orders'], run: version },
  { id: 'https', serves: ['everything'], optional: true, run: https },
  { id: 'cron', serves: ['webhooks'], optional: true, run: cron },
  { id: 'webhooks', serves: ['webhooks'], optional: true, run: webhooks },
  { id: 'tracking', serves: ['shipments'], optional: true, run: tracking },
]
