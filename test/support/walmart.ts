/** The simulated Walmart and an account at it, on a clock that the test moves. */
import {
  ConnectionLost,
  createSimulator,
  type Simulator,
  type SimulatorOptions,
  type WalmartOptions,
} from '../../simulator/index.ts'
import type { CatalogItem } from '../../simulator/types.ts'
import { walmart } from '../../src/channels/walmart/index.ts'
import { type AccountOptions, createAccount, type TestAccount } from '../conformance/support/account.ts'

const origin = 'http://simulator.test'

export const walmartSettings = {
  clientId: '5c1d6f4e-simulated-client',
  sellerId: '10001234567',
  programs: ['wfs'],
  endpoint: `${origin}/walmart`,
  historyDays: 7,
}
export const walmartSecrets = { clientSecret: 'simulated-walmart-secret' }

/** Nothing happens by itself, and what happens shows soon. */
export const quietWalmart: WalmartOptions = {
  limits: 'none',
  effectMs: { min: 1_000, max: 1_000, tail: 1_000, tailShare: 0 },
  lagMs: { typical: 1_000, tail: 1_000, tailShare: 0 },
  lifecycle: { fraudCancelShare: 0, cancelRequestShare: 0 },
}

export const walmartItem = (
  sku: string,
  quantity: number,
  more: Partial<NonNullable<CatalogItem['walmart']>> = {},
): CatalogItem => ({
  sku,
  title: `Thing ${sku}`,
  asin: 'B0SIM00001',
  price: 1_490,
  currency: 'USD',
  walmart: { quantity, ...more },
})

export interface WalmartTruth {
  shown: Record<string, number>
  sold: Record<string, number>
  orders: {
    id: string
    status: string
    createdTime: string
    acknowledgedTime: string | null
    lines: { sku: string; quantity: number }[]
  }[]
  effects: { operation: string; sku: string; quantity?: number; applied: boolean }[]
  feeds: { id: string; feedType: string; status: string; lines: number }[]
  calls: Record<string, { count: number; throttled: number }>
}

export interface WalmartBench {
  sim: Simulator
  fetch: typeof fetch
  /** what the simulator calls */
  outside: { fetch: typeof fetch }
  account(more?: Partial<AccountOptions>): TestAccount
  pass(ms: number): Promise<void>
  control<T>(path: string, body?: unknown): Promise<T>
  fault(operation: string, kind: string, more?: object): Promise<void>
  clearFaults(): Promise<void>
  buy(sku: string, quantity?: number): Promise<string>
  truth(): Promise<WalmartTruth>
}

export function walmartBench(
  catalog: CatalogItem[],
  options: WalmartOptions = {},
  seed = 1,
  more: Partial<SimulatorOptions> = {},
): WalmartBench {
  const startAt = new Date('2026-11-22T08:00:00Z')
  let time = startAt.getTime()
  const outside = { fetch: (async () => new Response(null, { status: 204 })) as typeof fetch }
  const sim = createSimulator({
    seed,
    startAt,
    realNow: () => time,
    catalog,
    walmart: { ...quietWalmart, ...options },
    fetch: (input, init) => outside.fetch(input, init),
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
    account: (given) =>
      createAccount({
        fetch: send,
        now: () => sim.now(),
        settings: walmartSettings,
        secrets: walmartSecrets,
        connector: walmart,
        ...given,
      }),
    async pass(ms) {
      time += ms
      await sim.tick()
    },
    fault: async (operation, kind, given = {}) =>
      void (await control('/faults', { channel: 'walmart', operation, kind, ...given })),
    buy: async (sku, quantity = 1) =>
      (await control<{ orderId: string }>('/orders', { channel: 'walmart', sku, quantity })).orderId,
    truth: async () => (await control<{ channels: { walmart: WalmartTruth } }>('/state')).channels.walmart,
  }
}
