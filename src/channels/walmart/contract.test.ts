/** Walmart against the contract. */
import { expect, test } from 'vitest'
import type { State } from '../../../simulator/state.ts'
import { carriers as taken } from '../../../simulator/walmart/carriers.ts'
import { openMarketplaces } from '../../../test/support/marketplaces.ts'
import {
  quietWalmart,
  walmartBench,
  walmartItem,
  walmartSecrets,
  walmartSettings,
} from '../../../test/support/walmart.ts'
import type { IncomingHook } from '../capabilities.ts'
import { contractSuite, type Harness } from '../contract-suite.ts'
import { carriers } from './carriers.ts'
import { walmart } from './index.ts'

const minute = 60_000
const address = 'https://hub.example/hooks/walmart/key'
const line = '/orderLines/orderLine/0'

interface Truth {
  shown: Record<string, number>
}

const orderOf = (raw: unknown) => raw as { orderLines: { orderLine: object[] } }

const harness: Harness = {
  connector: walmart,
  orderShowsMs: 5 * minute,
  writeShowsMs: 15 * minute,
  tokenOperation: 'token',
  smaller: ({ url, body }) => ({
    url: url.replace(/limit=\d+/, url.includes('/v3/orders?') ? 'limit=3' : 'limit=5'),
    body,
  }),
  orders: {
    operation: 'getAllOrders',
    page: 3,
    in: (answer) => (answer as { list?: { elements?: { order?: unknown[] } } }).list?.elements?.order,
    idOf: (raw) => (raw as { purchaseOrderId?: unknown } | null)?.purchaseOrderId,
    countOff: (answer) => void ((answer as { list: { meta: { totalCount: number } } }).list.meta.totalCount -= 1),
    word: `${line}/orderLineStatuses/orderLineStatus/0/status`,
    optional: '/orderSummary',
    needed: [
      '/purchaseOrderId',
      '/orderDate',
      '/orderLines',
      `${line}/lineNumber`,
      `${line}/orderLineQuantity`,
      `${line}/orderLineStatuses`,
      `${line}/statusDate`,
    ],
    grow(raw, lines) {
      const [first] = orderOf(raw).orderLines.orderLine
      const one = { unitOfMeasurement: 'EACH', amount: '1' }
      orderOf(raw).orderLines.orderLine = Array.from({ length: lines }, (_, index) => ({
        ...first,
        lineNumber: String(index + 1),
        orderLineQuantity: one,
        orderLineStatuses: { orderLineStatus: [{ status: 'Created', statusQuantity: one }] },
      }))
    },
  },
  listings: {
    operation: 'getMultiNodeInventoryForAllSkuAndAllShipNodes',
    page: 5,
    in: (answer) => (answer as { elements?: { inventories?: unknown[] } }).elements?.inventories,
    skuOf: (raw) => (raw as { sku?: unknown } | null)?.sku,
    // Its item is asked for by it.
    joinedBy: '/sku',
  },
  heldStock: {
    operation: 'getWFSInventory',
    page: 5,
    in: (answer) => (answer as { payload?: { inventory?: unknown[] } }).payload?.inventory,
  },
  stock: { unknownSku: 'GONE-1' },
  effects: {
    acknowledgements: { operation: 'acknowledgeOrders' },
    shipments: { operation: 'shippingUpdates', carrier: 'UPS', trackingNumber: '1Z999AA10123456784' },
    cancellations: { operation: 'cancelOrderLines', reason: 'out_of_stock' },
    refunds: { operation: 'refundOrderLines', currency: 'USD', reason: 'returned' },
    prices: { currency: 'USD', marketplace: 'WALMART_US' },
  },
  settlements: { operations: ['getAvailableReconReportDates', 'getReconReport'] },
  webhooks: { address, asks: false },
  async start({ goods }) {
    const arrived: IncomingHook[] = []
    const outside: typeof fetch = async (_input, init) => {
      const headers = Object.fromEntries(new Headers(init?.headers))
      const body = new TextEncoder().encode(String(init?.body ?? ''))
      arrived.push({ method: 'POST', address, query: {}, headers, body })
      return new Response(null, { status: 204 })
    }
    const markets = await openMarketplaces(
      goods.map(({ sku, quantity, held }) => walmartItem(sku, held ? 0 : quantity, held ? { held: quantity } : {})),
      { walmart: quietWalmart, fetch: outside },
    )
    const fault = (operation: string, kind: string, more: object = {}) =>
      markets.control('/faults', { channel: 'walmart', operation, kind, ...more })
    const truth = async () => (await markets.control<{ channels: { walmart: Truth } }>('/state')).channels.walmart
    return {
      settings: { ...walmartSettings, endpoint: `${markets.url}/walmart` },
      secrets: walmartSecrets,
      now: () => markets.sim.now(),
      pass: markets.pass,
      shown: async (sku) => (await truth()).shown[sku],
      overwrite: async (sku, quantity) =>
        void (await markets.control('/quantities', { channel: 'walmart', sku, quantity })),
      async trouble(trouble) {
        if (trouble.kind === 'throttle') await fault(trouble.operation, 'status', { status: 429, count: 1 })
        else await fault('*', 'expire-access', { count: 1 })
        if (trouble.kind === 'revoke') await fault('token', 'revoke')
      },
      buy: async (sku, quantity) =>
        (await markets.control<{ orderId: string }>('/orders', { channel: 'walmart', sku, quantity })).orderId,
      cancel: async (id) => void (await markets.control(`/orders/${id}/cancel`, {})),
      price: async (sku) => (markets.sim.snapshot() as State).walmart?.items[sku]?.price,
      hooks: async () => arrived.splice(0),
      dropSubscription: () => switchOff(markets.url),
      close: markets.close,
    }
  },
}

/** A person deletes the subscription in Walmart's own pages. */
async function switchOff(url: string): Promise<void> {
  const common = {
    'WM_SVC.NAME': 'Walmart Marketplace',
    'WM_QOS.CORRELATION_ID': 'by-hand',
    accept: 'application/json',
  }
  const basic = Buffer.from(`${walmartSettings.clientId}:${walmartSecrets.clientSecret}`).toString('base64')
  const minted = await fetch(`${url}/walmart/v3/token`, {
    method: 'POST',
    headers: {
      ...common,
      authorization: `Basic ${basic}`,
      'content-type': 'application/x-www-form-urlencoded',
    },
    body: 'grant_type=client_credentials',
  })
  const { access_token: token } = (await minted.json()) as { access_token: string }
  const headers = { ...common, 'WM_SEC.ACCESS_TOKEN': token }
  const at = `${url}/walmart/v3/webhooks/subscriptions`
  const list = (await (await fetch(at, { headers })).json()) as { events: { subscriptionId: string }[] }
  const answer = await fetch(`${at}/${list.events[0]!.subscriptionId}`, { method: 'DELETE', headers })
  if (answer.status !== 200) throw new Error(`it was not deleted: ${answer.status}`)
}

contractSuite({
  harness,
  planted: ['acknowledgements'],
  skips: {
    'webhooks: questions are answered': {
      reason: 'asks no questions',
      fact: 'A subscription is made with a password, and its address is asked nothing (Notifications Management, createSubscription)',
    },
  },
})

test('carriers: every name of ours is one that Walmart takes, and every one of its names is ours', async () => {
  const names = [...new Set([...carriers, ...taken])]
  const bench = walmartBench([walmartItem('MUG', 500)])
  const account = bench.account()
  const orderRemoteId = await bench.buy('MUG', names.length)
  await bench.pass(minute)
  await walmart.acknowledgements!.send(account, { reference: '1', orderRemoteId })
  await bench.pass(minute)
  for (const [index, carrier] of names.entries()) {
    const parcel = {
      reference: `1-${index}`,
      orderRemoteId,
      lines: [{ remoteId: '1', quantity: 1 }],
      carrier,
      trackingNumber: `T${index}`,
      trackingUrl: null,
      shippedAt: bench.sim.now(),
    }
    const answer = await walmart.shipments!.confirm(account, parcel)
    expect({ carrier, kind: answer.kind }).toEqual({ carrier, kind: 'applied' })
    // Within the allowance of a minute.
    await bench.pass(1_000)
  }
  await bench.pass(minute)
  const parcels = await walmart.shipments!.read(account, orderRemoteId)
  expect(parcels.map(({ carrier }) => carrier).sort()).toEqual([...names].sort())
})
