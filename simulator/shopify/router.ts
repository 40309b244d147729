import {
  type DocumentNode,
  execute,
  type GraphQLError,
  type GraphQLResolveInfo,
  getOperationAST,
  type OperationDefinitionNode,
  parse,
  validate,
} from 'graphql'
import { fires, rewritten, underFaults } from '../faults.ts'
import { json } from '../http.ts'
import { actualCost, requestedCost } from './cost.ts'
import { mutationsOf } from './mutations.ts'
import { gid } from './objects.ts'
import { BadCursor } from './pages.ts'
import { queries } from './queries.ts'
import { schema } from './schema.ts'
import { UnknownSearch } from './search.ts'
import type { Shop } from './shop.ts'

const supported = ['2026-10', '2026-07']
const singleLimit = 1_000
const tokenLifeMs = 24 * 3_600_000

/** Everything under the store's own address. */
export async function shopifyRoutes(shop: Shop, request: Request, path: string): Promise<Response> {
  if (path === '/admin/oauth/access_token' && request.method === 'POST') {
    return await underFaults(shop.core, 'shopify', 'token', refuse, async () => {
      shop.core.count('shopify', 'token')
      return mint(shop, new URLSearchParams(await request.text()))
    })
  }
  const api = /^\/admin\/api\/([^/]+)\/graphql\.json$/.exec(path)
  if (!api || request.method !== 'POST') return json(404, { errors: 'Not Found' })
  return await graphql(shop, request, api[1]!)
}

const refuse = (status: number) => json(status, { errors: `the store answers with ${status}` })

/** Client credentials grant (facts: channels.md §3): a token for a day. */
function mint(shop: Shop, form: URLSearchParams): Response {
  const { clientId, clientSecret, scopes } = shop.settings
  if (form.get('grant_type') !== 'client_credentials') return json(400, { error: 'unsupported_grant_type' })
  if (form.get('client_id') !== clientId || form.get('client_secret') !== clientSecret)
    return json(401, { error: 'invalid_client', error_description: 'The client is not known.' })
  if (fires(shop.core, 'shopify', 'token', 'revoke')) return json(400, { error: 'application_cannot_be_found' })
  const token = `shpca_${shop.random('ids').letters(32)}`
  const now = shop.now()
  for (const [old, until] of Object.entries(shop.state.tokens)) if (until <= now) delete shop.state.tokens[old]
  shop.state.tokens[token] = now + tokenLifeMs
  shop.core.touch()
  return json(200, { access_token: token, scope: scopes.join(','), expires_in: tokenLifeMs / 1_000 - 1 })
}

function mayCall(shop: Shop, token: string | null, operation: string): boolean {
  if (token === null) return false
  if (fires(shop.core, 'shopify', operation, 'expire-access')) delete shop.state.tokens[token]
  return token === shop.settings.accessToken || (shop.state.tokens[token] ?? 0) > shop.now()
}

interface Body {
  query?: unknown
  variables?: Record<string, unknown> | null
  operationName?: string | null
}

async function graphql(shop: Shop, request: Request, asked: string): Promise<Response> {
  // A version that is gone is answered by the oldest one there is.
  const version = supported.includes(asked) ? asked : supported.at(-1)!
  const body = (await request.json().catch(() => undefined)) as Body | undefined
  const parsed = typeof body?.query === 'string' ? parsedOf(body.query) : undefined
  const operation = parsed && 'document' in parsed ? getOperationAST(parsed.document, body?.operationName) : null
  const name = (operation && rootFields(operation)[0]) ?? 'unknown'
  if (!mayCall(shop, request.headers.get('x-shopify-access-token'), name))
    return json(401, { errors: '[API] Invalid API key or access token (unrecognized login or wrong password)' })
  if (!parsed) return json(400, { errors: { query: 'Required parameter missing or invalid' } })
  if ('errors' in parsed) return answer(shop, version, { errors: parsed.errors })
  if (!operation) return answer(shop, version, { errors: [{ message: 'An operation name is required' }] })
  return await underFaults(shop.core, 'shopify', name, refuse, async () => {
    const calls = shop.core.count('shopify', name)
    const variables = body?.variables ?? {}
    const requested = requestedCost(parsed.document, operation, variables)
    if (requested > singleLimit) return answer(shop, version, { errors: [tooCostly(requested)] }, requested)
    if (!pay(shop, requested, name)) {
      calls.throttled += 1
      return answer(shop, version, { errors: [{ message: 'Throttled', extensions: { code: 'THROTTLED' } }] }, requested)
    }
    const result = await run(shop, parsed.document, operation, variables)
    const actual = actualCost(result.data, operation.operation === 'mutation')
    giveBack(shop, requested - actual)
    return answer(shop, version, changedByFault(shop, name, result), requested, actual)
  })
}

function parsedOf(text: string): { document: DocumentNode } | { errors: object[] } {
  try {
    const document = parse(text, { maxTokens: 20_000 })
    const errors = validate(schema, document)
    return errors.length > 0 ? { errors: errors.map(describe) } : { document }
  } catch (error) {
    return { errors: [{ message: (error as Error).message, extensions: { code: 'parse' } }] }
  }
}

const rootFields = ({ selectionSet }: OperationDefinitionNode): string[] =>
  selectionSet.selections.flatMap((one) => (one.kind === 'Field' ? [one.name.value] : []))

const tooCostly = (cost: number) => ({
  message: `Query cost is ${cost}, which exceeds the single query max cost limit (${singleLimit}).`,
  extensions: { code: 'MAX_COST_EXCEEDED', cost, maxCost: singleLimit },
})

/** What field needs which scope; the store refuses the field and answers the rest. */
const scopes: Record<string, string> = {
  orders: 'read_orders',
  order: 'read_orders',
  productVariants: 'read_products',
  locations: 'read_locations',
  location: 'read_locations',
  inventoryLevel: 'read_inventory',
  inventoryItem: 'read_inventory',
  shopifyPaymentsAccount: 'read_shopify_payments_accounts',
  payouts: 'read_shopify_payments_payouts',
  balanceTransactions: 'read_shopify_payments_payouts',
  fulfillmentOrders: 'read_merchant_managed_fulfillment_orders',
  inventorySetQuantities: 'write_inventory',
  fulfillmentCreate: 'write_merchant_managed_fulfillment_orders',
  orderCancel: 'write_orders',
  refundCreate: 'write_orders',
  orderCreate: 'write_orders',
  productVariantsBulkUpdate: 'write_products',
}
const ofBuyer = new Set(['shippingAddress', 'email', 'phone'])

class Denied extends Error {}

function resolveField(shop: Shop) {
  return (source: unknown, args: object, _context: unknown, info: GraphQLResolveInfo): unknown => {
    const { fieldName, parentType } = info
    const scope = scopes[fieldName]
    if (scope && !shop.settings.scopes.includes(scope)) {
      throw new Denied(`Access denied for ${fieldName} field. Required access: \`${scope}\` access scope.`)
    }
    if (parentType.name === 'Order' && ofBuyer.has(fieldName) && !shop.settings.buyerData)
      throw new Denied(`This app is not approved to access the ${fieldName} field.`)
    const value = (source as Record<string, unknown>)[fieldName]
    return typeof value === 'function' ? value(args, info) : value
  }
}

async function run(
  shop: Shop,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  variables: Record<string, unknown>,
): Promise<{ data?: unknown; errors?: object[] }> {
  const result = await execute({
    schema,
    document,
    operationName: operation.name?.value,
    variableValues: variables,
    rootValue: operation.operation === 'mutation' ? mutationsOf(shop) : queries(shop),
    fieldResolver: resolveField(shop),
  })
  return {
    ...(result.data === undefined ? {} : { data: JSON.parse(JSON.stringify(result.data)) as unknown }),
    ...(result.errors ? { errors: result.errors.map(describe) } : {}),
  }
}

/** Unforeseen mistakes of the simulator itself are not dressed up as the store's. */
function describe(error: GraphQLError): object {
  const { originalError, message, path } = error
  if (originalError instanceof Denied) return { message, path, extensions: { code: 'ACCESS_DENIED' } }
  if (originalError instanceof BadCursor || originalError instanceof UnknownSearch)
    return { message, path, extensions: { code: 'BAD_REQUEST' } }
  if (originalError && !/Variable|value/.test(message)) throw originalError
  return { message, path, extensions: { code: 'invalid' } }
}

interface Points {
  burst: number
  rate: number
}
function bucketOf(shop: Shop): Points | undefined {
  const { points } = shop.settings
  if (points === 'none') return undefined
  return shop.state.bucket.halved ? { burst: points.burst / 2, rate: points.rate / 2 } : points
}

function pay(shop: Shop, cost: number, operation: string): boolean {
  const { bucket } = shop.state
  if (fires(shop.core, 'shopify', operation, 'bucket-halved')) bucket.halved = true
  const points = bucketOf(shop)
  if (!points) return true
  const now = shop.now()
  bucket.available = Math.min(points.burst, bucket.available + ((now - bucket.at) / 1_000) * points.rate)
  bucket.at = now
  if (bucket.available < Math.min(cost, points.burst)) return false
  bucket.available -= cost
  return true
}

function giveBack(shop: Shop, points: number): void {
  const limits = bucketOf(shop)
  if (limits) shop.state.bucket.available = Math.min(limits.burst, shop.state.bucket.available + points)
}

function answer(
  shop: Shop,
  version: string,
  body: { data?: unknown; errors?: object[] },
  requested?: number,
  actual: number | null = null,
): Response {
  const { burst, rate } = bucketOf(shop) ?? { burst: 2_000, rate: 100 }
  const throttleStatus = {
    maximumAvailable: burst,
    currentlyAvailable: Math.floor(bucketOf(shop) ? shop.state.bucket.available : burst),
    restoreRate: rate,
  }
  const cost =
    requested === undefined ? {} : { cost: { requestedQueryCost: requested, actualQueryCost: actual, throttleStatus } }
  return json(
    200,
    { ...body, extensions: cost },
    {
      'x-shopify-api-version': version,
      'x-request-id': shop.random('ids').uuid(),
      date: new Date(shop.now()).toUTCString(),
    },
  )
}

/** Another form than the documented one, planted in single orders. */
function changedByFault(shop: Shop, name: string, result: { data?: unknown; errors?: object[] }) {
  const nodes = (result.data as { orders?: { nodes?: { id: string }[] } } | null | undefined)?.orders?.nodes
  if (name !== 'orders' || !nodes) return result
  nodes.forEach((node, index) => {
    const own = shop.state.orders.find(({ id }) => gid('Order', id) === node.id)?.id
    const fault = fires(shop.core, 'shopify', name, 'rewrite', own) ?? fires(shop.core, 'shopify', name, 'rewrite')
    if (fault) nodes[index] = rewritten(node, fault.changes) as { id: string }
  })
  return result
}
