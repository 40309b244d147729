/** Simulated marketplaces behind a real port, and the accounts with which connectors speak to them: no hub, no database. */
import {
  type CatalogItem,
  createSimulator,
  type Simulator,
  type SimulatorOptions,
  serveSimulator,
} from '../../simulator/index.ts'
import { storefront } from '../../src/channels/storefront/index.ts'
import { type AccountOptions, createAccount, type TestAccount } from '../conformance/support/account.ts'

export type Place = 'amazon' | 'ebay-like' | 'walmart-like' | 'storefront'

/** The secret between the own store and its hub. */
export const webhookSecret = `whsec_${Buffer.from('the webhook secret of a test').toString('base64')}`

/** Who sells where; the words are the simulator's own. */
const sellers: Record<Exclude<Place, 'storefront'>, { sellerId: string; word: string; token: string }> = {
  amazon: { sellerId: 'A1SIMULATEDSEL', word: 'simulated', token: '/lwa/auth/o2/token' },
  'ebay-like': { sellerId: 'A2EBAYLIKESEL', word: 'ebay-like', token: '/ebay-like/auth/o2/token' },
  'walmart-like': { sellerId: 'A3WALMARTLIKES', word: 'walmart-like', token: '/walmart-like/auth/o2/token' },
}

export interface PlaceState {
  shown: Record<string, number>
  orders: { id: string; status: string; lines: { sku: string; quantity: number }[] }[]
  effects: { operation: string; sku: string; quantity: number; applied: boolean; appliedAt: string; refused?: string }[]
  feeds: { id: string; status: string; messages: number }[]
  calls: Record<string, { count: number; throttled: number }>
}

export interface Marketplaces {
  sim: Simulator
  url: string
  /** simulator time passes */
  pass(ms: number): Promise<void>
  control<T = unknown>(path: string, body?: unknown, method?: string): Promise<T>
  state(place?: Place): Promise<PlaceState>
  fault(kind: string, more?: Record<string, unknown>): Promise<void>
  account(place?: Place, more?: Partial<AccountOptions>): TestAccount
  close(): Promise<void>
}

export async function openMarketplaces(
  catalog: CatalogItem[],
  options: Partial<SimulatorOptions> = {},
): Promise<Marketplaces> {
  const startAt = new Date('2026-11-22T08:00:00Z')
  let time = startAt.getTime()
  const sim = createSimulator({ seed: 1, realNow: () => time, startAt, catalog, ...options })
  const server = await serveSimulator(sim, { port: 0 })
  const it: Marketplaces = {
    sim,
    url: server.url,
    async pass(ms) {
      time += ms
      await sim.tick()
    },
    async control<T>(path: string, body?: unknown, method = body === undefined ? 'GET' : 'POST') {
      const answer = await fetch(`${server.url}/control${path}`, {
        method,
        headers: { 'content-type': 'application/json' },
        body: body === undefined ? null : JSON.stringify(body),
      })
      const text = await answer.text()
      if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`)
      return JSON.parse(text) as T
    },
    async state(place = 'amazon') {
      return (await it.control<{ channels: Record<Place, PlaceState> }>('/state')).channels[place]
    },
    async fault(kind, more = {}) {
      await it.control('/faults', { channel: 'amazon', operation: 'JSON_LISTINGS_FEED', kind, ...more })
    },
    account(place = 'amazon', more = {}) {
      const common = { fetch, now: () => sim.now(), ...more }
      if (place === 'storefront') {
        const settings = { webhookUrl: `${server.url}/storefront/webhooks`, sameNetwork: true }
        return createAccount({ ...common, connector: storefront, settings, secrets: { webhookSecret } })
      }
      const { sellerId, word, token } = sellers[place]
      return createAccount({
        ...common,
        settings: {
          sellerId,
          region: 'na',
          marketplaceIds: ['ATVPDKIKX0DER'],
          endpoint: `${server.url}/${place}`,
          tokenEndpoint: `${server.url}${token}`,
        },
        secrets: {
          clientId: `amzn1.application-oa2-client.${word}`,
          clientSecret: `amzn1.oa2-cs.v1.${word}`,
          refreshToken: `Atzr|${word}`,
        },
      })
    },
    close: async () => await server.close(),
  }
  return it
}
