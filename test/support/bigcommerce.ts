/** The simulated store at BigCommerce and an account at it, on a clock that the test moves. */
import {
  type BigcommerceOptions,
  bigcommerceSettings,
  ConnectionLost,
  createSimulator,
  type Simulator,
  type SimulatorOptions,
} from '../../simulator/index.ts'
import type { CatalogItem } from '../../simulator/types.ts'
import { bigcommerce } from '../../src/channels/bigcommerce/index.ts'
import { type AccountOptions, createAccount, type TestAccount } from '../conformance/support/account.ts'

const origin = 'http://simulator.test'

export interface StoreTruth {
  shown: Record<string, number>
  prices: Record<string, number>
  sold: Record<string, number>
  orders: {
    id: string
    status: string
    externalOrderId: string | null
    shipments: number
    refunds: number
    lines: { sku: string; quantity: number }[]
  }[]
  effects: { operation: string; sku: string; quantity?: number; applied: boolean }[]
  calls: Record<string, { count: number; throttled: number }>
  hooks: { id: number; scope: string; destination: string; active: boolean }[]
  deliveries: Record<string, number>
}

export interface StoreBench {
  sim: Simulator
  account(more?: Partial<AccountOptions>): TestAccount
  pass(ms: number): Promise<void>
  control<T>(path: string, body?: unknown): Promise<T>
  fault(operation: string, kind: string, more?: object): Promise<void>
  buy(sku: string, quantity?: number): Promise<string>
  truth(): Promise<StoreTruth>
  clearFaults(): Promise<void>
  /** The way to the simulator; a broken connection looks as it does to a caller. */
  fetch: typeof fetch
  /** Answers for hosts other than the simulator's. */
  outside: { fetch: typeof fetch }
}

export const storeItem = (sku: string, quantity: number, product?: string): CatalogItem => ({
  sku,
  title: `Thing ${sku}`,
  asin: 'B0SIM00001',
  price: 1_490,
  currency: 'USD',
  bigcommerce: { quantity, ...(product === undefined ? {} : { product }) },
})

export const storeSettings = { storeHash: 'simulated', endpoint: `${origin}/bigcommerce`, historyDays: 7 }
export function storeSecrets(): { accessToken: string; clientSecret: string } {
  const { accessToken, clientSecret } = bigcommerceSettings()
  return { accessToken, clientSecret }
}

/** Nothing happens by itself, and what happens shows soon. */
export const quiet: BigcommerceOptions = {
  pendingShare: 0,
  incompleteShare: 0,
  listLagMs: { min: 0, max: 0 },
  effectMs: { min: 1_000, max: 1_000 },
}

export function storeBench(
  catalog: CatalogItem[],
  options: BigcommerceOptions = {},
  more: Partial<SimulatorOptions> = {},
): StoreBench {
  let time = Date.UTC(2026, 10, 22, 8)
  const outside = { fetch: (async () => new Response(null, { status: 404 })) as typeof fetch }
  const sim = createSimulator({
    seed: 3,
    realNow: () => time,
    startAt: new Date(time),
    catalog,
    bigcommerce: { ...quiet, ...options },
    fetch: (...call) => outside.fetch(...call),
    ...more,
  })
  const send: typeof fetch = async (input, init) => {
    try {
      return await sim.handle(new Request(input, init))
    } catch (error) {
      if (!(error instanceof ConnectionLost)) throw error
      throw new TypeError('fetch failed', { cause: { code: 'ECONNRESET' } })
    }
  }
  const control = async <T>(path: string, body?: unknown): Promise<T> => {
    const answer = await send(`${origin}/control${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { 'content-type': 'application/json' },
      body: body === undefined ? null : JSON.stringify(body),
    })
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`)
    return (await answer.json()) as T
  }
  return {
    sim,
    outside,
    control,
    fetch: send,
    clearFaults: async () => void (await send(`${origin}/control/faults`, { method: 'DELETE' })),
    account: (more) =>
      createAccount({
        fetch: send,
        now: () => sim.now(),
        settings: storeSettings,
        secrets: storeSecrets(),
        connector: bigcommerce,
        ...more,
      }),
    async pass(ms) {
      time += ms
      await sim.tick()
    },
    fault: async (operation, kind, more = {}) =>
      void (await control('/faults', { channel: 'bigcommerce', operation, kind, ...more })),
    buy: async (sku, quantity = 1) =>
      (await control<{ orderId: string }>('/orders', { channel: 'bigcommerce', sku, quantity })).orderId,
    truth: async () => (await control<{ channels: { bigcommerce: StoreTruth } }>('/state')).channels.bigcommerce,
  }
}
