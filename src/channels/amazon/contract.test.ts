/** Amazon against the contract. */
import { openMarketplaces } from '../../../test/support/marketplaces.ts'
import { contractSuite, type Goods, type Harness } from '../contract-suite.ts'
import { amazon } from './index.ts'

const minute = 60_000

const harness: Harness = {
  connector: amazon,
  // Search shows nothing of the last two minutes (facts §5); payment takes up to two more.
  orderShowsMs: 6 * minute,
  writeShowsMs: 15 * minute,
  tokenOperation: 'token',
  orders: {
    operation: 'searchOrders',
    page: 3,
    in: (answer) => (answer as { orders?: unknown[] }).orders,
    idOf: (raw) => (raw as { orderId?: unknown } | null)?.orderId,
    word: '/fulfillment/fulfillmentStatus',
    optional: '/salesChannel',
    needed: ['/orderId', '/createdTime', '/lastUpdatedTime', '/orderItems', '/orderItems/0/quantityOrdered'],
  },
  listings: {
    operation: 'searchListingsItems',
    page: 20,
    in: (answer) => (answer as { items?: unknown[] }).items,
    skuOf: (raw) => (raw as { sku?: unknown } | null)?.sku,
    optional: '/offers',
    // Not yet indexed: told of by a later pull (model, summaries).
    absentWithout: ['/summaries'],
  },
  heldStock: {
    operation: 'getInventorySummaries',
    page: 50,
    in: (answer) => (answer as { payload?: { inventorySummaries?: unknown[] } }).payload?.inventorySummaries,
    optional: '/lastUpdatedTime',
  },
  stock: { unknownSku: 'GONE-1' },
  effects: {
    shipments: { operation: 'confirmShipment', carrier: 'UPS', trackingNumber: '1Z999AA10123456784' },
  },
  consent: { redirectUri: 'https://hub.example/connect/return', operation: 'token' },
  settlements: { operations: ['getReports', 'getReportDocument'] },
  async start({ goods }) {
    const markets = await openMarketplaces(goods.map(catalogItem), {
      amazon: {
        limits: 'none',
        largestPage: 3,
        lagMs: { typical: 1_000, tail: 1_000, tailShare: 0 },
        lifecycle: { slowPaymentShare: 0, pendingCancelShare: 0, buyerCancelShare: 0, cancelRequestShare: 0 },
      },
    })
    const fault = (operation: string, kind: string, more: object = {}) =>
      markets.control('/faults', { channel: 'amazon', operation, kind, ...more })
    const buy = async (sku: string, quantity: number) =>
      (await markets.control<{ orderId: string }>('/orders', { channel: 'amazon', sku, quantity })).orderId
    const account = markets.account('amazon')
    return {
      settings: {
        ...(account.settings as Record<string, unknown>),
        applicationId: 'amzn1.sp.solution.simulated',
        consentPage: `${markets.url}/amazon/apps/authorize/consent`,
      },
      secrets: (await account.secrets()) as Record<string, string>,
      now: () => markets.sim.now(),
      pass: markets.pass,
      shown: async (sku) => (await markets.state()).shown[sku],
      overwrite: async (sku, quantity) =>
        void (await markets.control('/quantities', { channel: 'amazon', sku, quantity })),
      async trouble(trouble) {
        if (trouble.kind === 'throttle') await fault(trouble.operation, 'status', { status: 429, count: 1 })
        else await fault('*', 'expire-access', { count: 1 })
        if (trouble.kind === 'revoke') await fault('token', 'revoke')
      },
      buy,
      cancel: async (id) => void (await markets.control(`/orders/${id}/cancel`, {})),
      async buyLines(lines) {
        const id = await buy(goods[0]!.sku, 1)
        const value = Array.from({ length: lines }, (_, index) => ({
          orderItemId: `1${String(index).padStart(13, '0')}`,
          quantityOrdered: 1,
          product: { asin: 'B0SIM00001', title: 'Mug', sellerSku: goods[index % goods.length]!.sku },
          fulfillment: { quantityFulfilled: 0, quantityUnfulfilled: 1 },
        }))
        await fault('searchOrders', 'rewrite', { orderId: id, changes: [{ at: '/orderItems', value }] })
        return id
      },
      // The seller confirms on Amazon's page, which sends the browser back.
      async consented(url) {
        const answer = await fetch(url, { method: 'POST', redirect: 'manual' })
        return Object.fromEntries(new URL(answer.headers.get('location') ?? '').searchParams)
      },
      close: markets.close,
    }
  },
}

const catalogItem = ({ sku, quantity, held }: Goods, index: number) => ({
  sku,
  title: `Thing ${index}`,
  asin: `B0SIM${String(index + 1).padStart(5, '0')}`,
  price: 1_490,
  currency: 'USD',
  amazon: { quantity, ...(held ? { fulfilledBy: 'AMAZON' as const } : {}) },
})

contractSuite({ harness, planted: 'all' })
