/**
 * An own store with stock of its own, on a little server of real HTTP, and a connector for it: quantities are compared before
 * they are set, orders are listed late, people edit and sell at the till.
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { z } from 'zod'
import type { StoreLevel } from '../../src/channels/capabilities.ts'
import { type Account, asChannelError, type Connector, type QuantityOutcome } from '../../src/channels/connector.ts'
import { ChannelError } from '../../src/domain/errors.ts'
import type { IncomingOrder } from '../../src/domain/orders.ts'

interface Shelf {
  available: number
  committed: number
  changedAt: number
}

interface Order {
  id: string
  sku: string
  units: number
  placedAt: number
  updatedAt: number
  state: 'open' | 'shipped' | 'canceled'
}

const item = z.object({
  sku: z.string(),
  available: z.number(),
  committed: z.number(),
  onHand: z.number(),
  changedAt: z.number(),
})
const order = z.object({
  id: z.string(),
  sku: z.string(),
  units: z.number(),
  placedAt: z.number(),
  updatedAt: z.number(),
  state: z.enum(['open', 'shipped', 'canceled']),
})
const outcome = z.object({ applied: z.boolean(), shown: z.number(), replaced: z.number() })

export type StoreServer = Awaited<ReturnType<typeof startStore>>

/** `now`: the clock of the test. Orders are listed once they are `lagMs` old. */
export async function startStore(now: () => number, lagMs = 30_000) {
  const shelves = new Map<string, Shelf>()
  const orders: Order[] = []
  /** What becomes of the next writes: carried out without an answer, or neither. */
  const fates: ('lost' | 'vanished')[] = []
  const shelf = (sku: string) => shelves.get(sku)!
  const change = (sku: string, units: number) => {
    shelf(sku).available += units
    shelf(sku).changedAt = now()
  }
  const list = () =>
    [...shelves].map(([sku, { available, committed, changedAt }]) => ({
      sku,
      available,
      committed,
      onHand: available + committed,
      changedAt,
    }))
  const answers: Record<string, (body: { sku: string; quantity: number; expected: number }) => unknown> = {
    '/levels': list,
    '/locations': () => [
      { remoteId: 'loc-1', name: 'Shop', active: true },
      { remoteId: 'loc-2', name: 'Cellar', active: true },
    ],
    '/orders': () => orders.filter((one) => one.placedAt <= now() - lagMs),
    '/set': ({ sku, quantity, expected }) => {
      const fate = fates.shift()
      const replaced = shelf(sku).available
      const fits = Math.max(0, replaced) === expected
      if (fits && fate !== 'vanished') change(sku, quantity - replaced)
      return fate ? undefined : { applied: fits, shown: Math.max(0, shelf(sku).available), replaced }
    },
  }
  const server = createServer((request, response) => {
    let text = ''
    request.on('data', (part: Buffer) => (text += part.toString()))
    request.on('end', () => {
      const answer = answers[request.url!]?.(text ? JSON.parse(text) : {})
      if (answer === undefined) return response.destroy()
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify(answer))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    origin,
    fates,
    shelf,
    orders,
    /** People put units there, take some away, or sell them at the till. */
    edit: change,
    stock: (sku: string, available: number) => shelves.set(sku, { available, committed: 0, changedAt: now() }),
    buy(sku: string, units: number): Order {
      change(sku, -units)
      shelf(sku).committed += units
      const one: Order = { id: `S-${orders.length + 1}`, sku, units, placedAt: now(), updatedAt: now(), state: 'open' }
      orders.push(one)
      return one
    },
    cancel(one: Order) {
      change(one.sku, one.units)
      shelf(one.sku).committed -= one.units
      Object.assign(one, { state: 'canceled', updatedAt: now() })
    },
    ship(one: Order) {
      shelf(one.sku).committed -= one.units
      Object.assign(one, { state: 'shipped', updatedAt: now() })
    },
    close: () => new Promise<void>((resolve) => server.close(() => resolve())),
  }
}

const settings = z.object({ origin: z.url() })
const originOf = (account: Account) => settings.parse(account.settings).origin

async function ask<S extends z.ZodType>(
  account: Account,
  path: string,
  answer: S,
  body?: unknown,
): Promise<z.output<S>> {
  try {
    const response = await account.http({
      operation: path,
      method: body === undefined ? 'GET' : 'POST',
      url: `${originOf(account)}${path}`,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    return answer.parse(response.json)
  } catch (error) {
    throw asChannelError(error)
  }
}

const toOrder = (one: Order): IncomingOrder => ({
  remoteId: one.id,
  updatedAt: new Date(one.updatedAt),
  placedAt: new Date(one.placedAt),
  state: one.state,
  fulfilledBy: 'merchant',
  marketplace: null,
  currency: 'EUR',
  total: 100,
  shipBy: null,
  deliverBy: null,
  lines: [
    {
      remoteId: '1',
      remoteSku: one.sku,
      title: one.sku,
      quantity: one.units,
      shipped: one.state === 'shipped' ? one.units : 0,
      canceled: one.state === 'canceled' ? one.units : 0,
      unitPrice: 100,
    },
  ],
  buyer: null,
  raw: {},
})

/** `lagMs`: what the store's list of orders may be behind. */
export const ownStore = (lagMs = 30_000): Connector => ({
  channel: 'own-store',
  title: 'Own store of the tests',
  settings,
  secrets: z.object({}),
  regionOf: () => '',
  allowedOrigins: (value) => [settings.parse(value).origin],
  limits: Object.fromEntries(
    ['/levels', '/locations', '/orders', '/set'].map((one) => [one, { rate: 50, burst: 500 }]),
  ),
  journalKeys: new Set(),
  quantityWrites: 'compare-and-set',
  orders: {
    everyMs: 10_000,
    read: () => ({ remoteId: '', where: '', raw: null }),
    async pull(account) {
      const watermark = new Date(account.now().getTime() - lagMs)
      const all = await ask(account, '/orders', z.array(order))
      return { items: all.map(toOrder), next: null, more: false, watermark }
    },
  },
  listings: {
    everyMs: 3_600_000,
    async pull(account) {
      const all = await ask(account, '/levels', z.array(item))
      const items = all.map(({ sku, available }) => ({
        marketplace: 'own',
        remoteSku: sku,
        remoteId: sku,
        title: sku,
        fulfilledBy: 'merchant' as const,
        merchantQuantity: Math.max(0, available),
        buyable: true,
        price: null,
      }))
      return { items, next: null, more: false }
    },
  },
  stock: {
    pushBatch: 1,
    pushAtOnce: 4,
    pushOperation: '/set',
    push: (account, lines) =>
      Promise.all(
        lines.map(async ({ key, remoteSku, quantity, expected }): Promise<QuantityOutcome> => {
          try {
            const { applied, shown, replaced } = await ask(account, '/set', outcome, {
              sku: remoteSku,
              quantity,
              expected,
            })
            return applied ? { key, kind: 'applied', replaced } : { key, kind: 'mismatch', shown }
          } catch (error) {
            if (!(error instanceof ChannelError)) throw error
            return { key, kind: 'failed', error }
          }
        }),
      ),
    readBatch: 50,
    readOperation: '/levels',
    readsMayBeOldMs: 0,
    async read(account, remoteSkus) {
      const all = new Map((await ask(account, '/levels', z.array(item))).map((one) => [one.sku, one]))
      return remoteSkus.map((remoteSku) => {
        const available = all.get(remoteSku)?.available ?? null
        if (available !== null && available < 0) return { remoteSku, quantity: 0, belowZero: available }
        return { remoteSku, quantity: available }
      })
    },
    marginMs: 5_000,
    delays: { effectMs: 500, salesKnownMs: 60_000 },
    auditEveryMs: 300_000,
  },
  storeStock: {
    everyMs: 60_000,
    locations: (account) =>
      ask(account, '/locations', z.array(z.object({ remoteId: z.string(), name: z.string(), active: z.boolean() }))),
    async pull(account, cursor) {
      // All of it once, then what changed since.
      const since = typeof cursor === 'number' ? cursor : 0
      const now = account.now().getTime()
      const all = await ask(account, '/levels', z.array(item))
      const told = all.filter(({ changedAt }) => changedAt >= since)
      const items = told.map(
        ({ sku, changedAt, ...units }): StoreLevel => ({
          location: { remoteId: 'loc-1', name: 'Shop' },
          remoteSku: sku,
          ...units,
          changedAt: new Date(changedAt),
        }),
      )
      return { items, next: now, more: false }
    },
  },
})
