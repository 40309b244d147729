/**
 * A marketplace and an own store that count what they are told, and an order of each kind there. Every call passes one
 * function, so that a test can lose its answer, delay it, or let the process die in it.
 */
import { z } from 'zod'
import type {
  EffectAnswer,
  KnownCopy,
  KnownRefund,
  KnownShipment,
  OutgoingCopy,
  OutgoingRefund,
} from '../../src/channels/capabilities.ts'
import { asChannelError, type Connector } from '../../src/channels/connector.ts'
import type { Database } from '../../src/database/pool.ts'
import { ChannelError } from '../../src/domain/errors.ts'
import type { IncomingOrder } from '../../src/domain/orders.ts'
import { WireError } from '../../src/http/client.ts'
import { connectAccount } from '../../src/operations/connect-account.ts'
import type { AccountAtWork, Context } from '../../src/operations/context.ts'
import { importOrders } from '../../src/operations/import-orders.ts'
import { addLocation, addProduct, linkListing } from '../../src/operations/manage-catalog.ts'
import { moveStock } from '../../src/operations/move-stock.ts'
import { emptyDatabase } from '../simulation/installation.ts'
import { createWorld, type World, workFor } from './world.ts'

/** What the channel knows, and every call that it carried out. */
export interface Told {
  shipments: (KnownShipment & { order: string })[]
  refunds: (KnownRefund & { order: string })[]
  cancellations: { order: string; lines: unknown }[]
  copies: (KnownCopy & { copy: OutgoingCopy })[]
  calls: string[]
}

export type Channel = Told & {
  connector: Connector
  /** The next calls of this name end so instead; `carried`: the channel carried it out all the same. */
  plan: { call: string; error: ChannelError; carried: boolean }[]
  /** Carries a call out; replaced by tests that interrupt. */
  through: (work: () => Promise<Response>) => Promise<Response>
  /** What `read` and `find` do not show yet. */
  hidden: boolean
}

export const lost = () => new ChannelError('unavailable', 'timeout', 'no answer came', { mayHaveApplied: true })
export const refusal = (code = 'InvalidInput') => new ChannelError('rejected', code, 'the channel says no')

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

export function countingChannel(channel: string, now: () => Date, more: Partial<Connector> = {}): Channel {
  const told: Told = { shipments: [], refunds: [], cancellations: [], copies: [], calls: [] }
  const it = {
    ...told,
    plan: [],
    through: (work: () => Promise<Response>) => work(),
    hidden: false,
  } as unknown as Channel
  /** One call over the wire: what is planned for it happens. */
  async function call<T>(name: string, carry: () => T): Promise<T> {
    it.calls.push(name)
    const index = it.plan.findIndex((one) => one.call === name)
    const planned = index < 0 ? undefined : it.plan.splice(index, 1)[0]
    let result: { value: T } | undefined
    try {
      await it.through(async () => {
        if (!planned || planned.carried) result = { value: carry() }
        return new Response('{}')
      })
    } catch (error) {
      // As the wire client tells it: it left, and nobody answered.
      const isLost = isRecord(error) && isRecord(error.cause) && error.cause.code === 'ECONNRESET'
      throw isLost ? asChannelError(new WireError('network', 'the connection broke', { left: true })) : error
    }
    if (planned) throw planned.error
    return result!.value
  }
  const effect = async (name: string, carry: () => string | null): Promise<EffectAnswer> => {
    try {
      return { kind: 'applied', remoteId: await call(name, carry) }
    } catch (error) {
      if (error instanceof ChannelError) return { kind: 'failed', error }
      throw error
    }
  }
  it.connector = {
    channel,
    title: channel,
    settings: z.object({}),
    secrets: z.object({}),
    regionOf: () => '',
    limits: {},
    journalKeys: new Set(),
    quantityWrites: 'absolute',
    shipments: {
      visibleAfterMs: 60_000,
      confirm: (_account, shipment) =>
        effect('confirm', () => {
          const remoteId = `parcel ${it.shipments.length + 1}`
          const { orderRemoteId: order, carrier, trackingNumber, shippedAt } = shipment
          it.shipments.push({ remoteId, order, lines: [...shipment.lines], carrier, trackingNumber, shippedAt })
          return remoteId
        }),
      read: (_account, order) =>
        call('read shipments', () => (it.hidden ? [] : it.shipments.filter((one) => one.order === order))),
    },
    refunds: {
      visibleAfterMs: 60_000,
      issue: (_account, refund) =>
        effect('issue', () => {
          const remoteId = `refund ${it.refunds.length + 1}`
          it.refunds.push({ ...knownRefund(refund, remoteId), order: refund.orderRemoteId })
          return remoteId
        }),
      read: (_account, order) =>
        call('read refunds', () => (it.hidden ? [] : it.refunds.filter((one) => one.order === order))),
    },
    cancellations: {
      partial: true,
      request: (_account, { orderRemoteId, lines }) =>
        effect('cancel', () => {
          it.cancellations.push({ order: orderRemoteId, lines })
          return null
        }),
    },
    copies: {
      visibleAfterMs: 60_000,
      find: (_account, reference) =>
        call('find', () => (it.hidden ? [] : it.copies.filter((one) => one.reference === reference))),
      create: (_account, copy) =>
        effect('create', () => {
          const remoteId = `copy ${it.copies.length + 1}`
          it.copies.push({ remoteId, reference: copy.reference, createdAt: now(), copy })
          return remoteId
        }),
      copyOf: (raw) => (isRecord(raw) && isRecord(raw.copyOf) ? (raw.copyOf as never) : null),
    },
    ...more,
  }
  return it
}

function knownRefund(refund: OutgoingRefund, remoteId: string): KnownRefund {
  const amount = refund.shippingAmount + refund.lines.reduce((sum, line) => sum + line.amount, 0)
  const { reference, currency } = refund
  return { remoteId, reference, amount, currency, state: 'done', lines: [...refund.lines] }
}

export interface ErrandShop extends World {
  market: Channel
  store: Channel
  take(orders: readonly IncomingOrder[], account?: string): Promise<Map<string, string>>
  work(account?: string): Promise<AccountAtWork>
  level(sku: string): Promise<{ on_hand: number; reserved: number; short: number }>
  ids: { market: string; store: string }
}

export const marketName = 'Market'
export const storeName = 'Store'

/** Ten of each SKU on the shelf, listed at both. */
export async function openErrandShop(db: Database, skus: readonly string[] = ['MUG', 'LAMP']): Promise<ErrandShop> {
  await emptyDatabase(db)
  const world = createWorld(db)
  const now = () => world.clock.now()
  const market = countingChannel('bazaar', now, { copies: undefined } as never)
  delete (market.connector as { copies?: unknown }).copies
  const store = countingChannel('boutique', now)
  const ctx: Context = {
    ...world.ctx,
    registry: new Map([market, store].map(({ connector }) => [connector.channel, connector])),
  }
  const ids = await db.transaction(async (tx) => {
    await addLocation(tx, ctx, { code: 'MAIN', name: 'Main', kind: 'own', priority: 1 })
    const account = { stage: 'live' as const, settings: {}, secrets: {}, openedAt: new Date(0) }
    const found = {
      market: await connectAccount(tx, ctx, { ...account, channel: 'bazaar', name: marketName }),
      store: await connectAccount(tx, ctx, { ...account, channel: 'boutique', name: storeName }),
    }
    for (const sku of skus) {
      await addProduct(tx, ctx, { title: sku, variants: [{ sku }] })
      await moveStock(tx, ctx, { sku, location: 'MAIN', kind: 'receipt', quantity: 10 }, 'test')
      for (const name of [marketName, storeName])
        await linkListing(tx, ctx, {
          account: name,
          remoteSku: sku,
          sku,
          unitsPerSale: 1,
          marketplace: '',
          fulfilledBy: 'merchant',
        })
    }
    return found
  })
  let held = new Map<string, AccountAtWork>()
  return {
    ...world,
    ctx,
    market,
    store,
    ids,
    async take(orders, account = ids.market) {
      const seller = { id: account, openedAt: new Date(0) }
      return (await db.transaction((tx) => importOrders(tx, ctx, seller, orders))).written
    },
    async work(account = marketName) {
      held = new Map(held)
      const one = held.get(account) ?? (await workFor(ctx, account))
      held.set(account, one)
      // A living process renews its lease in time.
      Object.assign(one.lease(), { until: ctx.monotonic() + 60_000 })
      await db.run('update leases set expires_at = $1', [new Date(ctx.clock.now().getTime() + 60_000)])
      return one
    },
    async level(sku) {
      return (await db.one<{ on_hand: number; reserved: number; short: number }>(
        'select p.on_hand, p.reserved, p.short from pool_levels p join variants v on v.id = p.variant_id where v.sku = $1',
        [sku],
      ))!
    },
  }
}

/** An open order of 3 mugs and a lamp; versions are a second apart. */
export const orderOf = (more: Partial<IncomingOrder> & { version?: number } = {}): IncomingOrder => {
  const { version = 0, ...rest } = more
  const at = Date.UTC(2026, 10, 22, 7)
  return {
    remoteId: 'M-1',
    placedAt: new Date(at),
    updatedAt: new Date(at + version * 1_000),
    state: 'open',
    fulfilledBy: 'merchant',
    marketplace: null,
    currency: 'EUR',
    total: 4_000,
    shipBy: null,
    deliverBy: null,
    lines: [line('1', 'MUG', 3), line('2', 'LAMP', 1)],
    buyer: { name: 'Canary Buyer', email: 'canary@example.org' },
    raw: {},
    ...rest,
  }
}

export const line = (
  remoteId: string,
  sku: string,
  quantity: number,
  more: { shipped?: number; canceled?: number } = {},
) => ({
  remoteId,
  remoteSku: sku,
  title: sku,
  quantity,
  shipped: 0,
  canceled: 0,
  unitPrice: 1_000,
  ...more,
})

export interface ErrandState {
  id: string
  kind: string
  state: string
  attempts: number
  due_at: Date | null
  problem_code: string | null
  remote_id: string | null
}

/** All errands, oldest first. */
export const errandsOf = async (db: Database): Promise<ErrandState[]> =>
  await db.rows<ErrandState>(
    'select id, kind, state, attempts, due_at, problem_code, remote_id from errands order by created_at, id',
  )
