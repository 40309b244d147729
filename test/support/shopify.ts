/** The connector of Shopify against the simulated store, on a clock that the test moves. */
import { createSimulator, type ShopifyOptions, type Simulator, shopifySettings } from '../../simulator/index.ts'
import type { Connector, Pulled } from '../../src/channels/connector.ts'
import { shopify } from '../../src/channels/shopify/index.ts'
import type { IncomingOrder } from '../../src/domain/orders.ts'
import { createAccount, type TestAccount } from '../conformance/support/account.ts'

export const origin = 'http://simulator.test'
export const startedAt = Date.parse('2026-11-22T12:00:00Z')

export interface ShopBench {
  sim: Simulator
  account(more?: Record<string, unknown>): TestAccount
  pass(seconds: number): Promise<void>
  control(method: string, path: string, body?: unknown): Promise<{ status: number; body: never }>
  state(): Promise<ShopState>
  /** Every answer of the store that passed, for those who judge them. */
  traffic: { query: string; variables: Record<string, unknown>; status: number; answer: unknown }[]
}

export interface ShopState {
  shown: Record<string, number>
  levels: Record<string, Record<string, { available: number; committed: number }>>
  prices: Record<string, number>
  sold: Record<string, number>
  orders: {
    id: string
    status: string
    sourceIdentifier: string | null
    fulfillments: number
    refunds: number
    lines: { sku: string; quantity: number }[]
  }[]
  effects: { sku: string; quantity: number; applied: boolean; refused?: string; operation: string }[]
  calls: Record<string, { count: number; throttled: number }>
  points: number
  subscriptions: { id: string; topic: string; uri: string }[]
  deliveries: Record<string, number>
}

export interface BenchOptions extends ShopifyOptions {
  skus?: Record<string, number>
  /** What the store calls outside. */
  fetch?: typeof fetch
}

const settings = { shop: 'simulated.myshopify.com', endpoint: `${origin}/shopify`, historyDays: 7 }

export function shopBench({
  skus = { MUG: 10, 'A/B "1"': 4, LAMP: 2 },
  fetch,
  ...options
}: BenchOptions = {}): ShopBench {
  let now = startedAt
  const sim = createSimulator({
    seed: 1,
    realNow: () => now,
    ...(fetch ? { fetch } : {}),
    catalog: Object.entries(skus).map(([sku, quantity], index) => ({
      sku,
      title: `Thing ${index}`,
      asin: `B0SIM${index}`,
      price: 1_490 + index,
      currency: 'USD',
      shopify: { quantity },
    })),
    shopify: { pendingShare: 0, searchLagMs: { min: 0, max: 0 }, ...options },
  })
  const traffic: ShopBench['traffic'] = []
  const handle = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const request = new Request(input, init)
    const text = request.url.endsWith('graphql.json') ? await request.clone().text() : null
    const answer = await sim.handle(request)
    if (text !== null) {
      const { query, variables } = JSON.parse(text) as { query: string; variables: Record<string, unknown> }
      const body: unknown = await answer
        .clone()
        .json()
        .catch(() => undefined)
      traffic.push({ query, variables, status: answer.status, answer: body })
    }
    return answer
  }
  const control: ShopBench['control'] = async (method, path, body) => {
    const init = { method, headers: { 'content-type': 'application/json' } }
    const answer = await sim.handle(
      new Request(`${origin}/control${path}`, {
        ...init,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    )
    return { status: answer.status, body: (await answer.json()) as never }
  }
  return {
    sim,
    traffic,
    control,
    account: (more = {}) => {
      const { settings: other, secrets, ...rest } = more as { settings?: object; secrets?: Record<string, string> }
      return createAccount({
        connector: shopify,
        fetch: handle as typeof globalThis.fetch,
        now: () => new Date(now),
        settings: { ...settings, ...other },
        secrets: secrets ?? clientSecrets(),
        ...rest,
      })
    },
    async pass(seconds) {
      now += seconds * 1_000
      await sim.tick()
    },
    async state() {
      return ((await control('GET', '/state')).body as { channels: { shopify: ShopState } }).channels.shopify
    },
  }
}

export function clientSecrets(): { clientId: string; clientSecret: string } {
  const { clientId, clientSecret } = shopifySettings()
  return { clientId, clientSecret }
}

/** Pulls until no page is left. */
export async function pullAll(
  pull: NonNullable<Connector['orders']>['pull'],
  account: TestAccount,
  cursor: unknown = null,
): Promise<{ items: IncomingOrder[]; last: Pulled<IncomingOrder>; calls: number; next: unknown }> {
  const items: IncomingOrder[] = []
  for (let calls = 1; ; calls += 1) {
    // A cursor is saved as JSON.
    const last = await pull(account, cursor === null ? null : JSON.parse(JSON.stringify(cursor)))
    items.push(...last.items)
    cursor = last.next
    if (!last.more) return { items, last, calls, next: last.next }
    if (calls > 1_000) throw new Error('the pages have no end')
  }
}
