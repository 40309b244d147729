/** What the connector is made to do. */
import { client, documentStore } from '../../../src/channels/amazon/client.ts'
import { outbound } from '../../../src/channels/amazon/dispatches.ts'
import { writeFeed } from '../../../src/channels/amazon/feeds-mapping.ts'
import { amazon } from '../../../src/channels/amazon/index.ts'
import type { OutgoingDispatch, OutgoingShipment } from '../../../src/channels/capabilities.ts'
import type {
  Account,
  HeldStock,
  IncomingListing,
  QuantityOutcome,
  Unreadable,
} from '../../../src/channels/connector.ts'
import type { IncomingOrder } from '../../../src/domain/orders.ts'
import { type Bench, seller } from './bench.ts'

export interface PulledOrders {
  /** the last that was told of each order */
  byId: Map<string, IncomingOrder>
  pages: number
  unreadable: Unreadable[]
  cursor: unknown
}

/** Pulls until no page waits. */
export async function pullOrders(account: Account, from: unknown = null): Promise<PulledOrders> {
  const pulled: PulledOrders = { byId: new Map(), pages: 0, unreadable: [], cursor: from }
  for (;;) {
    const page = await amazon.orders!.pull(account, pulled.cursor)
    pulled.pages += 1
    pulled.cursor = page.next
    pulled.unreadable.push(...(page.unreadable ?? []))
    for (const order of page.items) {
      const before = pulled.byId.get(order.remoteId)
      if (!before || before.updatedAt <= order.updatedAt) pulled.byId.set(order.remoteId, order)
    }
    if (!page.more) return pulled
    if (pulled.pages > 50) throw new Error('the pages do not end')
  }
}

export async function pullListings(account: Account): Promise<{ listings: IncomingListing[]; pages: number }> {
  const listings: IncomingListing[] = []
  let cursor: unknown = null
  for (let pages = 1; pages <= 50; pages++) {
    const page = await amazon.listings!.pull(account, cursor)
    listings.push(...page.items)
    if (!page.more) return { listings, pages }
    cursor = page.next
  }
  throw new Error('the pages do not end')
}

let version = 0

/** Writes one quantity; a refusal is thrown, as the reads do. */
export async function push(account: Account, remoteSku: string, quantity: number): Promise<QuantityOutcome> {
  version += 1
  const line = { key: `slot:${remoteSku}`, remoteSku, quantity, version, expected: null }
  const [outcome] = await amazon.stock!.push(account, [line])
  if (!outcome) throw new Error('no outcome')
  if (outcome.kind === 'failed') throw outcome.error
  return outcome
}

export interface Subjects {
  orderId: string
  skus: string[]
  /** for the operations of feeds */
  feeds?: Feeds
  /** of an open order */
  parcel?: OutgoingShipment
  /** a SKU that Amazon holds, and what it was told to ship of it */
  heldSku?: string
  dispatchId?: string
}

export interface Feeds {
  /** one that is done, and its report */
  feedId: string
  reportId: string
  /** one that was taken back */
  canceledId: string
}

export const lineOf = (remoteSku: string, quantity: number) => ({
  key: `slot:${remoteSku}`,
  remoteSku,
  quantity,
  version: 1,
  expected: null,
})

/** A parcel of an order's first line. */
export async function parcelOf(one: Bench, orderId: string, quantity: number): Promise<OutgoingShipment> {
  const { order } = await client.getOrder(one.account({ budget: false }), orderId, 'FULFILLMENT')
  const { orderItems, salesChannel } = order as {
    orderItems: [{ orderItemId: string }]
    salesChannel: { marketplaceId: string }
  }
  return {
    reference: '4503599627370495',
    orderRemoteId: orderId,
    marketplace: salesChannel.marketplaceId,
    lines: [{ remoteId: orderItems[0].orderItemId, quantity }],
    shippedAt: one.simulator.now(),
    carrier: 'Royal Mail',
    trackingNumber: 'RM 1Z0-7',
    trackingUrl: null,
  }
}

/** One of two units of an order that somebody buys now. */
export async function openParcel(one: Bench, sku: string): Promise<OutgoingShipment> {
  const { orderId } = await one.control<{ orderId: string }>('POST', '/orders', {
    channel: 'amazon',
    sku,
    quantity: 2,
  })
  await one.pass(3_600_000)
  const parcel = await parcelOf(one, orderId, 1)
  // Every bucket is full again.
  await one.pass(3_600_000)
  return parcel
}

/** Hands in what can be asked about later. */
export async function handInFeeds(one: Bench, skus: readonly string[]): Promise<Feeds> {
  const account = one.account({ budget: false })
  const submit = async () => {
    const { receipt } = await amazon.stock!.feed!.submit(
      account,
      skus.map((sku) => lineOf(sku, 7)),
    )
    return { receipt: receipt!, feedId: (JSON.parse(receipt!) as { feedId: string }).feedId }
  }
  const done = await submit()
  await one.pass(30 * 60_000)
  const { resultFeedDocumentId } = await client.getFeed(account, done.feedId)
  const canceled = await submit()
  await amazon.stock!.feed!.cancel!(account, canceled.receipt)
  // Every bucket is full again.
  await one.pass(3_600_000)
  return {
    feedId: done.feedId,
    reportId: resultFeedDocumentId!,
    canceledId: canceled.feedId,
  }
}

export const small = { maxLines: 10, maxBytes: 10_000, now: new Date(0) }

/** A document that can be handed in, once. */
export async function putDocument(account: Account, sku: string): Promise<string> {
  const { feedDocumentId, url } = await client.createFeedDocument(account, 'application/json')
  await documentStore.upload(account, url, 'application/json', writeFeed(seller, [lineOf(sku, 7)], small).text)
  return feedDocumentId
}

/** One call of each operation that the connector names in its limits. */
export const drivers: Record<string, (account: Account, subjects: Subjects) => Promise<unknown>> = {
  searchOrders: (account) => amazon.orders!.pull(account, null),
  getOrder: (account, { orderId }) =>
    client.getOrder(account, orderId, 'BUYER,RECIPIENT,PROCEEDS,CANCELLATION,FULFILLMENT'),
  confirmShipment: async (account, { parcel }) => {
    // The same reference again edits the parcel.
    const answer = await amazon.shipments!.confirm(account, parcel!)
    if (answer.kind === 'failed') throw answer.error
  },
  searchListingsItems: (account, { skus }) => amazon.stock!.read(account, skus),
  getListingsItem: (account, { skus }) => client.getListing(account, skus[0]!),
  patchListingsItem: (account, { skus }) => push(account, skus[0]!, 5),
  createFeedDocument: (account) => client.createFeedDocument(account, 'application/json; charset=UTF-8'),
  createFeed: async (account, { skus }) => client.createFeed(account, await putDocument(account, skus[0]!)),
  getFeeds: (account) => client.getUnfinishedFeeds(account, new Date(account.now().getTime() - 3_600_000)),
  getFeed: (account, { feeds }) => client.getFeed(account, feeds!.feedId),
  cancelFeed: (account, { feeds }) => client.cancelFeed(account, feeds!.canceledId),
  getFeedDocument: (account, { feeds }) => client.getFeedDocument(account, feeds!.reportId),
  getInventorySummaries: (account) => client.getInventorySummaries(account, marketplaceOf(account)),
  getMarketplaceParticipations: (account) => client.getParticipations(account),
  getAccount: (account) => client.getAccount(account),
  createFulfillmentOrder: async (account, { heldSku }) => {
    const answer = await amazon.dispatches!.order(account, dispatchOf(account.newId(), heldSku!, account.now()))
    if (answer.kind === 'failed') throw answer.error
  },
  getFulfillmentOrder: (account, { dispatchId }) => outbound.get(account, dispatchId!),
  cancelFulfillmentOrder: (account, { dispatchId }) => outbound.cancel(account, canceledId(dispatchId!)),
}

/** An order of the own store that Amazon is to ship. */
export const dispatchOf = (reference: string, remoteSku: string, placedAt: Date): OutgoingDispatch => ({
  reference,
  orderName: 'SF 1001',
  placedAt,
  marketplace: null,
  lines: [{ reference: 'line-1', remoteSku, quantity: 1 }],
  buyer: {
    name: 'Canary Buyer',
    phone: '+1 555 0100',
    address: {
      line1: '1 Test Way',
      line2: 'Door 2',
      city: 'Testtown',
      region: 'OR',
      postalCode: '97000',
      country: 'US',
    },
  },
})

/** Operations that change something at Amazon. */
export const writes: ReadonlySet<string> = new Set([
  'patchListingsItem',
  'confirmShipment',
  'createFeedDocument',
  'createFeed',
  'cancelFeed',
  'createFulfillmentOrder',
  'cancelFulfillmentOrder',
])

const canceledId = (dispatchId: string) => `${dispatchId} canceled`

/** A SKU of which Amazon holds much, and an order of the own store that it is shipping. */
export async function openDispatch(one: Bench): Promise<Required<Pick<Subjects, 'heldSku' | 'dispatchId'>>> {
  const account = one.account({ budget: false })
  const { held } = await pullHeldStock(account, () => one.pass(500))
  const heldSku = held[0]!.remoteSku
  await one.control('POST', '/quantities', { channel: 'amazon', sku: heldSku, quantity: 1_000 })
  const dispatchId = 'dispatch 1'
  const answer = await amazon.dispatches!.order(account, dispatchOf(dispatchId, heldSku, account.now()))
  if (answer.kind === 'failed') throw answer.error
  // To cancel one again changes nothing; one that was shipped meanwhile could not be canceled.
  await amazon.dispatches!.order(account, dispatchOf(canceledId(dispatchId), heldSku, account.now()))
  await amazon.dispatches!.cancel(account, canceledId(dispatchId))
  // Every bucket is full again.
  await one.pass(3_600_000)
  return { heldSku, dispatchId }
}

/** Operations that files of their own hold against their models: settlements.test.ts and notifications.test.ts. */
export const elsewhere: ReadonlySet<string> = new Set([
  'getReports',
  'getReportDocument',
  'getDestinations',
  'createDestination',
  'getSubscription',
  'createSubscription',
  'deleteSubscription',
  'receiveMessage',
  'deleteMessages',
  'sendMessage',
  'getQueueAttributes',
])
export const operationsHere: readonly string[] = Object.keys(amazon.limits).filter((name) => !elsewhere.has(name))

const marketplaceOf = (account: Account) => (account.settings as { marketplaceIds: string[] }).marketplaceIds[0]!

/** Everything that Amazon holds, over all pages and marketplaces. */
export async function pullHeldStock(account: Account, between: () => Promise<void> = async () => {}) {
  const held: HeldStock[] = []
  const unreadable: Unreadable[] = []
  let cursor: unknown = null
  for (let pages = 1; pages <= 50; pages++) {
    const page = await amazon.heldStock!.pull(account, cursor)
    held.push(...page.items)
    unreadable.push(...(page.unreadable ?? []))
    if (!page.more) return { held, unreadable, pages }
    cursor = page.next
    await between()
  }
  throw new Error('the pages do not end')
}
