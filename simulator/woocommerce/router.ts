import { fires, rewritten, underFaults } from '../faults.ts'
import { json, readJson } from '../http.ts'
import { admit, WooRefusal } from './auth.ts'
import { type Body, note, orderOf, refund, selectOrders, track, trackingWire, writeOrder } from './orders.ts'
import { batch, selectProducts, selectVariations } from './products.ts'
import { newNumber, type Woo } from './store.ts'
import { delivery } from './webhooks.ts'
import { orderWire, refundWire, webhookWire } from './wire.ts'

interface Call {
  url: URL
  query: URLSearchParams
  body: Body
  part: (index: number) => string
}

interface Route {
  method: string
  path: RegExp
  operation: string
  answer(woo: Woo, call: Call): Response | object
  /** the plugin of Shipment Tracking has to be there */
  plugin?: true
}

const wc = (path: string) => new RegExp(`^/wp-json/wc/v3${path}/?$`)
const tracking = /^\/wp-json\/wc-shipment-tracking\/v3\/orders\/(\d+)\/shipment-trackings\/?$/

const routes: Route[] = [
  {
    method: 'GET',
    path: wc('/orders'),
    operation: 'listOrders',
    answer: (woo, call) =>
      listed(
        call,
        selectOrders(woo, call.query).map((order) => () => {
          const changes = fires(woo.core, 'woocommerce', 'listOrders', 'rewrite', String(order.id))?.changes
          return rewritten(orderWire(woo, order), changes)
        }),
      ),
  },
  {
    method: 'POST',
    path: wc('/orders'),
    operation: 'createOrder',
    answer: (woo, { body }) => json(201, writeOrder(woo, body)),
  },
  {
    method: 'GET',
    path: wc('/orders/(\\d+)'),
    operation: 'getOrder',
    answer: (woo, { part }) => orderWire(woo, orderOf(woo, part(1))),
  },
  {
    method: 'PUT',
    path: wc('/orders/(\\d+)'),
    operation: 'updateOrder',
    answer: (woo, { part, body }) => writeOrder(woo, body, orderOf(woo, part(1))),
  },
  {
    method: 'GET',
    path: wc('/orders/(\\d+)/refunds'),
    operation: 'listRefunds',
    answer: (woo, call) => {
      const order = orderOf(woo, call.part(1))
      return listed(
        call,
        order.refunds.map((one) => () => refundWire(woo, order, one)),
      )
    },
  },
  {
    method: 'POST',
    path: wc('/orders/(\\d+)/refunds'),
    operation: 'createRefund',
    answer: (woo, { part, body }) => json(201, refund(woo, orderOf(woo, part(1)), body)),
  },
  {
    method: 'POST',
    path: wc('/orders/(\\d+)/notes'),
    operation: 'createNote',
    answer: (woo, { part, body }) => json(201, note(woo, orderOf(woo, part(1)), body)),
  },
  {
    method: 'GET',
    path: tracking,
    operation: 'listTrackings',
    plugin: true,
    answer: (woo, { part }) => orderOf(woo, part(1)).trackings.map(trackingWire),
  },
  {
    method: 'POST',
    path: tracking,
    operation: 'createTracking',
    plugin: true,
    answer: (woo, { part, body }) => json(201, track(woo, orderOf(woo, part(1)), body)),
  },
  {
    method: 'GET',
    path: wc('/products'),
    operation: 'listProducts',
    answer: (woo, call) => listed(call, selectProducts(woo, call.query)),
  },
  {
    method: 'GET',
    path: wc('/products/(\\d+)/variations'),
    operation: 'listVariations',
    answer: (woo, call) => listed(call, selectVariations(woo, call.part(1))),
  },
  {
    method: 'POST',
    path: wc('/products/batch'),
    operation: 'batchProducts',
    answer: (woo, { body }) => batch(woo, body, 0),
  },
  {
    method: 'POST',
    path: wc('/products/(\\d+)/variations/batch'),
    operation: 'batchVariations',
    answer: (woo, { part, body }) => batch(woo, body, Number(part(1))),
  },
  {
    method: 'GET',
    path: wc('/webhooks'),
    operation: 'listWebhooks',
    answer: (woo, call) =>
      listed(
        call,
        woo.state.webhooks.map((one) => () => webhookWire(woo, one)),
      ),
  },
  {
    method: 'POST',
    path: wc('/webhooks'),
    operation: 'createWebhook',
    answer: (woo, { body }) => json(201, makeWebhook(woo, body)),
  },
  {
    method: 'DELETE',
    path: wc('/webhooks/(\\d+)'),
    operation: 'deleteWebhook',
    answer: (woo, { part, query }) => dropWebhook(woo, part(1), query),
  },
  {
    method: 'PUT',
    path: wc('/webhooks/(\\d+)'),
    operation: 'updateWebhook',
    answer: (woo, { part, body }) => moveWebhook(woo, part(1), body),
  },
  {
    method: 'GET',
    path: wc('/data/currencies/current'),
    operation: 'getCurrency',
    answer: (woo) => ({ code: woo.settings.currency, name: 'United States (US) dollar', symbol: '&#36;' }),
  },
  { method: 'GET', path: wc('/system_status'), operation: 'getSystemStatus', answer: (woo) => systemStatus(woo) },
  {
    method: 'GET',
    path: wc('/settings/products/woocommerce_hold_stock_minutes'),
    operation: 'getSetting',
    answer: (woo) => ({
      id: 'woocommerce_hold_stock_minutes',
      label: 'Hold stock (minutes)',
      description: 'Hold stock (for unpaid orders) for x minutes.',
      type: 'number',
      default: '60',
      value: woo.settings.holdMs === 0 ? '' : String(Math.round(woo.settings.holdMs / 60_000)),
      group_id: 'products',
    }),
  },
  {
    method: 'GET',
    path: wc('/settings/products/woocommerce_manage_stock'),
    operation: 'getSetting',
    answer: (woo) => ({
      id: 'woocommerce_manage_stock',
      label: 'Manage stock',
      description: 'Enable stock management',
      type: 'checkbox',
      default: 'yes',
      value: woo.settings.manageStock ? 'yes' : 'no',
      group_id: 'products',
    }),
  },
]

export const wooOperations: string[] = ['index', ...routes.map(({ operation }) => operation)]

/** Everything under the store's own address; `path` begins with /wp-json. */
export async function wooRoutes(woo: Woo, request: Request, url: URL, path: string): Promise<Response> {
  const isIndex = /^\/wp-json\/?$/.test(path)
  const route = routes.find(
    (one) => one.method === request.method && one.path.test(path) && (!one.plugin || woo.settings.tracking),
  )
  const operation = isIndex ? 'index' : route?.operation
  if (!operation)
    return problem(new WooRefusal(404, 'rest_no_route', 'No route was found matching the URL and request method.'))
  return await underFaults(woo.core, 'woocommerce', operation, refusal, async () => {
    const calls = woo.core.count('woocommerce', operation)
    if (isIndex) return json(200, index(woo, url))
    try {
      admit(woo, request, url, path, operation)
      const match = route!.path.exec(path)!
      const body = request.method === 'GET' ? {} : (((await readJson(request)) ?? {}) as Body)
      const answer = route!.answer(woo, { url, query: url.searchParams, body, part: (place) => match[place]! })
      return answer instanceof Response ? answer : json(200, answer)
    } catch (error) {
      if (!(error instanceof WooRefusal)) throw error
      if (error.status === 429) calls.throttled += 1
      return problem(error)
    }
  })
}

const problem = ({ status, code, message, more }: WooRefusal) =>
  json(status, { code, message, data: { status, ...more } })

/** The store has no limits of its own; its host may say 429. */
const refusal = (status: number): Response =>
  status === 429
    ? json(429, { code: 'too_many_requests', message: 'Too many requests.', data: { status } }, { 'retry-after': '30' })
    : json(status, { code: `http_${status}`, message: 'The store cannot answer now.', data: { status } })

function listed({ url, query }: Call, all: (() => object)[]): Response {
  const size = Number(query.get('per_page') ?? 10)
  if (!(size >= 1 && size <= 100))
    throw new WooRefusal(400, 'rest_invalid_param', 'Invalid parameter(s): per_page', {
      params: { per_page: 'per_page must be between 1 (inclusive) and 100 (inclusive)' },
    })
  const page = Number(query.get('page') ?? 1)
  const from = query.has('offset') ? Number(query.get('offset')) : (page - 1) * size
  const headers: Record<string, string> = {
    'x-wp-total': String(all.length),
    'x-wp-totalpages': String(Math.ceil(all.length / size)),
  }
  // It echoes the whole query, signatures included (facts §9).
  if (from + size < all.length) {
    const next = new URL(url)
    next.searchParams.set('page', String(page + 1))
    headers.link = `<${next.toString()}>; rel="next"`
  }
  return json(
    200,
    all.slice(from, from + size).map((show) => show()),
    headers,
  )
}

const index = (woo: Woo, url: URL) => ({
  name: 'Simulated store',
  description: '',
  url: woo.settings.homeUrl ?? `${url.origin}/woocommerce`,
  home: woo.settings.homeUrl ?? `${url.origin}/woocommerce`,
  gmt_offset: woo.settings.zoneHours,
  timezone_string: woo.settings.zone ?? '',
  namespaces: ['oembed/1.0', 'wc/v3', 'wp/v2', ...(woo.settings.tracking ? ['wc-shipment-tracking/v3'] : [])],
})

const systemStatus = (woo: Woo) => ({
  environment: {
    home_url: woo.settings.homeUrl ?? 'https://simulated.example',
    site_url: woo.settings.homeUrl ?? 'https://simulated.example',
    version: '10.0.2',
    wp_version: '6.9.7',
    wp_multisite: false,
    wp_cron: woo.settings.cron,
    php_version: '8.2.0',
    default_timezone: 'UTC',
  },
  settings: {
    api_enabled: false,
    force_ssl: false,
    currency: woo.settings.currency,
    number_of_decimals: 2,
    HPOS_enabled: woo.settings.hpos,
    HPOS_sync_enabled: false,
  },
})

function makeWebhook(woo: Woo, body: Body): object {
  const topic = String(body.topic ?? '')
  if (!/^(order|product|customer|coupon)\.(created|updated|deleted|restored)$/.test(topic))
    throw new WooRefusal(400, 'woocommerce_rest_webhook_invalid_topic', 'Webhook topic must be valid.')
  if (!/^https?:/.test(String(body.delivery_url ?? '')))
    throw new WooRefusal(
      400,
      'woocommerce_rest_webhook_invalid_delivery_url',
      'Webhook delivery URL must be a valid URL.',
    )
  const made = {
    id: newNumber(woo),
    name: String(body.name ?? ''),
    status: String(body.status ?? 'active'),
    topic,
    url: String(body.delivery_url),
    secret: String(body.secret ?? ''),
    failures: 0,
    createdAt: woo.now(),
  }
  woo.state.webhooks.push(made)
  woo.state.deliveries.push(delivery(woo, made, null, woo.now()))
  woo.core.touch()
  return webhookWire(woo, made)
}

function moveWebhook(woo: Woo, id: string, body: Body): object {
  const known = woo.state.webhooks.find((one) => one.id === Number(id))
  if (!known) throw new WooRefusal(404, 'woocommerce_rest_shop_webhook_invalid_id', 'Invalid ID.')
  if (typeof body.status === 'string') known.status = body.status
  // Its address is read-only from then on.
  if (typeof body.secret === 'string') known.secret = body.secret
  if (typeof body.name === 'string') known.name = body.name
  if (known.status === 'active') known.failures = 0
  woo.core.touch()
  return webhookWire(woo, known)
}

function dropWebhook(woo: Woo, id: string, query: URLSearchParams): object {
  const known = woo.state.webhooks.find((one) => one.id === Number(id))
  if (!known) throw new WooRefusal(404, 'woocommerce_rest_shop_webhook_invalid_id', 'Invalid ID.')
  if (query.get('force') !== 'true')
    throw new WooRefusal(501, 'woocommerce_rest_trash_not_supported', 'Webhooks do not support trashing.')
  woo.state.webhooks = woo.state.webhooks.filter((one) => one !== known)
  woo.core.touch()
  return webhookWire(woo, known)
}
