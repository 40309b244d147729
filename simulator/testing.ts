import type { Simulator, SimulatorOptions } from './index.ts'
import { createSimulator } from './index.ts'
import type { ChannelName, FurtherMarket } from './types.ts'

/** Helpers of the simulator's own tests. */

export const start = Date.parse('2026-11-22T12:00:00Z')
export const market = 'ATVPDKIKX0DER'
export const seller = 'A1SIMULATEDSEL'
export const webhookSecret = `whsec_${Buffer.from('the webhook secret of a test').toString('base64')}`

export interface Bench {
  sim: Simulator
  clock: { now: number }
  send(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Reply>
  /** an Amazon call with a valid token */
  amazon(method: string, path: string, body?: unknown): Promise<Reply>
  /** a call of the seller at eBay, with a valid token */
  ebay(method: string, path: string, body?: unknown, as?: 'seller' | 'app'): Promise<Reply>
  /** the same at another marketplace */
  at(name: FurtherMarket, method: string, path: string, body?: unknown): Promise<Reply>
  control(method: string, path: string, body?: unknown): Promise<Reply>
  /** seconds of simulator time pass */
  pass(seconds: number): Promise<void>
}

interface Reply {
  status: number
  headers: Headers
  text: string
  body: Body
}

/** Every field the tests look into; which of them an answer has is what the tests find out. */
interface Body {
  access_token: string
  error: string
  errors: [{ code: string; message: string; details: string }]
  orders: [WireOrder, ...WireOrder[]]
  order: WireOrder
  pagination: { nextToken?: string }
  lastUpdatedBefore: string
  createdBefore: string
  sku: string
  status: string
  issues: [{ severity: string }]
  numberOfResults: number
  items: [{ sku: string }, ...{ sku: string }[]]
  fulfillmentAvailability: [{ fulfillmentChannelCode: string; quantity: number }]
  attributes: { fulfillment_availability: [{ lead_time_to_ship_max_days?: number }] }
  orderId: string
  seed: number
  feedDocumentId: string
  url: string
  feedId: string
  feeds: { feedId: string }[]
  nextToken?: string
  processingStatus: string
  processingStartTime?: string
  processingEndTime?: string
  resultFeedDocumentId?: string
  listings: number
  faults: { kind: string; fired: number }[]
  channels: Record<ChannelName, ChannelState>
}

interface WireOrder {
  orderId: string
  lastUpdatedTime: string
  fulfillment: { fulfillmentStatus: string }
  recipient?: { deliveryAddress: { postalCode: string } }
  buyer?: object
  proceeds?: object
  packages: object[]
  orderItems: [{ orderItemId: string; quantityOrdered: number; product: { price?: object } }]
}

interface StateOrder {
  id: string
  status: string
  untold: string[]
}

interface ChannelState {
  sold: Record<string, number>
  feeds: { id: string; status: string }[]
  shown: Record<string, number>
  fba: Record<string, number>
  orders: [StateOrder, ...StateOrder[]]
  effects: { sku: string; quantity: number; applied: boolean; appliedAt: string; refused?: string }[]
  calls: Record<string, object>
}

/** A simulator on a clock that the test moves. */
export async function bench(options: Partial<SimulatorOptions> = {}): Promise<Bench> {
  const clock = { now: start }
  const sim = createSimulator({
    seed: 1,
    realNow: () => clock.now,
    catalog: [
      {
        sku: 'MUG',
        title: 'Mug',
        asin: 'B0SIM00001',
        gtin: '2000000000015',
        price: 1490,
        currency: 'USD',
        amazon: { quantity: 10 },
        storefront: { quantity: 5 },
      },
      {
        sku: 'A/B +1',
        title: 'Towel',
        asin: 'B0SIM00002',
        price: 990,
        currency: 'USD',
        amazon: { quantity: 4 },
        storefront: { quantity: 2 },
      },
      {
        sku: 'FBA',
        title: 'Kettle',
        asin: 'B0SIM00003',
        price: 5490,
        currency: 'USD',
        amazon: { quantity: 7, fulfilledBy: 'AMAZON' },
      },
    ],
    ...options,
    amazon: {
      limits: 'none',
      lifecycle: { slowPaymentShare: 0, pendingCancelShare: 0, buyerCancelShare: 0, cancelRequestShare: 0 },
      ...options.amazon,
    },
  })
  const send: Bench['send'] = async (method, path, body, headers = {}) => {
    const init = { method, headers: { 'content-type': 'application/json', ...headers }, body: text(body) }
    const response = await sim.handle(new Request(new URL(path, 'http://simulator'), init))
    const reply = await response.text()
    return { status: response.status, headers: response.headers, text: reply, body: parse(reply) as Body }
  }
  let token = ''
  let mintedAt = -Infinity
  return {
    sim,
    clock,
    send,
    control: (method, path, body) => send(method, `/control${path}`, body),
    async amazon(method, path, body) {
      if (sim.now().getTime() - mintedAt > 3_000_000) {
        mintedAt = sim.now().getTime()
        token = await mint(send)
      }
      return send(method, `/amazon${path}`, body, { 'x-amz-access-token': token })
    },
    async ebay(method, path, body, as = 'seller') {
      const fields =
        as === 'app'
          ? 'grant_type=client_credentials'
          : `grant_type=refresh_token&refresh_token=${encodeURIComponent('v^1.1#simulated-refresh')}`
      const basic = Buffer.from('SimulatedApp-PRD-1:PRD-simulated-secret').toString('base64')
      const minted = await send('POST', '/ebay/identity/v1/oauth2/token', fields, { authorization: `Basic ${basic}` })
      return send(method, `/ebay${path}`, body, { authorization: `Bearer ${minted.body.access_token}` })
    },
    async at(name, method, path, body) {
      const fields = { ...credentials }
      for (const key of ['client_id', 'client_secret', 'refresh_token'] as const)
        fields[key] = fields[key].replace('simulated', name)
      const minted = await send('POST', `/${name}/auth/o2/token`, fields)
      return send(method, `/${name}${path}`, body, { 'x-amz-access-token': minted.body.access_token })
    },
    async pass(seconds) {
      clock.now += seconds * 1000
      await sim.tick()
    },
  }
}

export const credentials = {
  grant_type: 'refresh_token',
  refresh_token: 'Atzr|simulated',
  client_id: 'amzn1.application-oa2-client.simulated',
  client_secret: 'amzn1.oa2-cs.v1.simulated',
}

export async function mint(send: Bench['send']): Promise<string> {
  const { body } = await send('POST', '/lwa/auth/o2/token', credentials)
  return body.access_token
}

function text(body: unknown): string | undefined {
  if (body === undefined) return undefined
  return typeof body === 'string' ? body : JSON.stringify(body)
}

function parse(reply: string): unknown {
  try {
    return JSON.parse(reply)
  } catch {
    return undefined
  }
}

export const ordersPath = '/orders/2026-01-01/orders'
export const listingPath = (sku: string) =>
  `/listings/2021-08-01/items/${seller}/${encodeURIComponent(sku)}?marketplaceIds=${market}`

export function quantityPatch(quantity: number, op = 'merge'): object {
  const value = [{ fulfillment_channel_code: 'DEFAULT', quantity }]
  return { productType: 'PRODUCT', patches: [{ op, path: '/attributes/fulfillment_availability', value }] }
}
