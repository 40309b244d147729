/**
 * A client that nobody here wrote, in a process of its own: its hosts are fixed, so they are led to loopback ports
 * (environment REDIRECT: JSON, host → port). Any other host, and any other connection, throws. Prints one JSON line.
 */
import http from 'node:http'
import https from 'node:https'
import net from 'node:net'

const redirects = JSON.parse(process.env.REDIRECT ?? '{}') as Record<string, number>

function guardedRequest(options: https.RequestOptions, callback?: (answer: http.IncomingMessage) => void) {
  const port = redirects[String(options.hostname)]
  if (port === undefined) throw new Error(`no way out to ${options.hostname}`)
  // The host header stays Amazon's, as a proxy would leave it.
  const headers = { host: String(options.hostname), ...(options.headers as http.OutgoingHttpHeaders) }
  return http.request({ ...options, protocol: 'http:', hostname: '127.0.0.1', port, headers }, callback)
}
https.request = guardedRequest as typeof https.request

const connect = net.Socket.prototype.connect
net.Socket.prototype.connect = function (this: net.Socket, ...given: unknown[]) {
  const options = (Array.isArray(given[0]) ? given[0][0] : given[0]) as { host?: string }
  if (options.host !== '127.0.0.1') throw new Error(`no way out to ${options.host}`)
  return Reflect.apply(connect, this, given)
} as typeof connect

interface Client {
  callAPI(request: object): Promise<Record<string, unknown>>
}
type ClientClass = new (options: object) => Client

// Loaded after the guards, so that it finds nothing else.
const loaded: unknown = await import('amazon-sp-api')
const SellingPartner = (loaded as { SellingPartner: ClientClass }).SellingPartner

function createClient(region: string): Client {
  return new SellingPartner({
    region,
    refresh_token: 'Atzr|simulated',
    credentials: {
      SELLING_PARTNER_APP_CLIENT_ID: 'amzn1.application-oa2-client.simulated',
      SELLING_PARTNER_APP_CLIENT_SECRET: 'amzn1.oa2-cs.v1.simulated',
    },
    options: { retry_remote_timeout: false },
  })
}

/** All pages of orders of a window. */
async function listOrders(client: Client, marketplaceIds: string[]) {
  const ids: string[] = []
  let pages = 0
  let token: string | undefined
  do {
    const query = { createdAfter: '2026-11-01T00:00:00Z', marketplaceIds, includedData: ['FULFILLMENT', 'PROCEEDS'] }
    const answer = (await client.callAPI({
      operation: 'searchOrders',
      endpoint: 'orders',
      query: token === undefined ? query : { ...query, paginationToken: token },
      options: { version: '2026-01-01' },
    })) as { orders: { orderId: string }[]; pagination?: { nextToken?: string } }
    ids.push(...answer.orders.map((order) => order.orderId))
    token = answer.pagination?.nextToken
    pages += 1
  } while (token !== undefined && pages < 20)
  return { ids, pages }
}

function callListing(client: Client, operation: string, sku: string, more: object) {
  const { sellerId } = JSON.parse(process.env.TASK ?? '{}') as { sellerId: string }
  const options = { version: '2021-08-01' }
  return client.callAPI({ operation, endpoint: 'listingsItems', path: { sellerId, sku }, options, ...more })
}

async function main() {
  const task = JSON.parse(process.env.TASK ?? '{}') as { skus: string[]; marketplaceIds: string[]; quantity: number }
  const client = createClient('na')
  const marketplaceIds = task.marketplaceIds.slice(0, 1)
  const orders = await listOrders(client, task.marketplaceIds)
  const patched = []
  const read = []
  for (const sku of task.skus) {
    const value = [{ fulfillment_channel_code: 'DEFAULT', quantity: task.quantity }]
    const body = {
      productType: 'PRODUCT',
      patches: [{ op: 'merge', path: '/attributes/fulfillment_availability', value }],
    }
    patched.push(await callListing(client, 'patchListingsItem', sku, { query: { marketplaceIds }, body }))
    const query = { marketplaceIds, includedData: ['fulfillmentAvailability'] }
    read.push(await callListing(client, 'getListingsItem', sku, { query }))
  }
  const failure = (promise: Promise<unknown>) =>
    promise.then(
      () => 'no error',
      (error: Error) => error.message,
    )
  const unknown = await failure(callListing(client, 'getListingsItem', 'NO SUCH', { query: { marketplaceIds } }))
  const unmapped = await failure(listOrders(createClient('eu'), ['A1PA6795UKMFR9']))
  const direct = await failure((async () => http.get('http://192.0.2.1/'))())
  process.stdout.write(`${JSON.stringify({ orders, patched, read, unknown, unmapped, direct })}\n`)
}

await main()
