/** The simulated eBay and an account at it, on a clock that the test moves. */
import {
  ConnectionLost,
  createSimulator,
  type EbayOptions,
  type Simulator,
  type SimulatorOptions,
} from '../../simulator/index.ts'
import type { CatalogItem } from '../../simulator/types.ts'
import { ebay } from '../../src/channels/ebay/index.ts'
import { type AccountOptions, createAccount, type TestAccount } from '../conformance/support/account.ts'

const origin = 'http://simulator.test'

export const ebaySettings = {
  clientId: 'SimulatedApp-PRD-1',
  sellerId: 'simulated_seller',
  marketplaceIds: ['EBAY_US'],
  ruName: 'Simulated_Seller-Simulate-App-abcdef',
  endpoint: `${origin}/ebay`,
  historyDays: 7,
}
export const ebaySecrets = {
  clientSecret: 'PRD-simulated-secret',
  refreshToken: 'v^1.1#simulated-refresh',
  verificationToken: 'simulated-verification-token-0123456789',
}

/** Nothing happens by itself, and what happens shows soon. */
export const quietEbay: EbayOptions = {
  limits: 'none',
  effectMs: { min: 1_000, max: 1_000, tail: 1_000, tailShare: 0 },
  lagMs: { typical: 1_000, tail: 1_000, tailShare: 0 },
  lifecycle: { slowPaymentShare: 0, buyerCancelShare: 0, cancelRequestShare: 0 },
}

export const ebayItem = (
  sku: string,
  quantity: number,
  more: Partial<NonNullable<CatalogItem['ebay']>> = {},
): CatalogItem => ({
  sku,
  title: `Thing ${sku}`,
  asin: 'B0SIM00001',
  price: 1_490,
  currency: 'USD',
  ebay: { quantity, ...more },
})

interface EbayTruth {
  shown: Record<string, number>
  sold: Record<string, number>
  orders: { id: string; status: string; username: string; lines: { sku: string; quantity: number }[] }[]
  effects: { operation: string; sku: string; quantity?: number; applied: boolean }[]
  calls: Record<string, { count: number; throttled: number }>
}

export interface EbayBench {
  sim: Simulator
  account(more?: Partial<AccountOptions>): TestAccount
  pass(ms: number): Promise<void>
  control<T>(path: string, body?: unknown): Promise<T>
  fault(operation: string, kind: string, more?: object): Promise<void>
  buy(sku: string, quantity?: number): Promise<string>
  truth(): Promise<EbayTruth>
  clearFaults(): Promise<void>
  /** The way to the simulator; a broken connection looks as it does to a caller. */
  fetch: typeof fetch
  /** Answers for hosts other than the simulator's. */
  outside: { fetch: typeof fetch }
}

export function ebayBench(
  catalog: CatalogItem[],
  options: EbayOptions = {},
  seed = 3,
  more: Partial<SimulatorOptions> = {},
): EbayBench {
  let time = Date.UTC(2026, 10, 22, 8)
  const outside = { fetch: (async () => new Response(null, { status: 404 })) as typeof fetch }
  const sim = createSimulator({
    seed,
    realNow: () => time,
    startAt: new Date(time),
    catalog,
    ebay: { ...quietEbay, ...options },
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
        settings: ebaySettings,
        secrets: ebaySecrets,
        connector: ebay,
        ...more,
      }),
    async pass(ms) {
      time += ms
      await sim.tick()
    },
    fault: async (operation, kind, more = {}) =>
      void (await control('/faults', { channel: 'ebay', operation, kind, ...more })),
    buy: async (sku, quantity = 1) =>
      (await control<{ orderId: string }>('/orders', { channel: 'ebay', sku, quantity })).orderId,
    truth: async () => (await control<{ channels: { ebay: EbayTruth } }>('/state')).channels.ebay,
  }
}

/** Pulls until nothing more waits. */
export async function pullAllOf<T>(
  pull: (cursor: unknown) => Promise<{ items: T[]; next: unknown; more: boolean; watermark?: Date | undefined }>,
  from: unknown = null,
): Promise<{ items: T[]; next: unknown; pages: number; watermark: Date | undefined }> {
  const items: T[] = []
  let cursor = from
  for (let pages = 1; ; pages += 1) {
    const page = await pull(cursor)
    items.push(...page.items)
    cursor = page.next
    if (!page.more) return { items, next: cursor, pages, watermark: page.watermark }
    if (pages > 500) throw new Error('it never ends')
  }
}
