/** Amazon's notifications: destinations of the app, subscriptions of the seller, and what is told into the queue. */
import type { Market } from '../core.ts'
import { readJson } from '../http.ts'
import type { AmazonOrder, OrderVersion, QueueState } from '../state.ts'
import { amazonAnswer, amazonError } from './answers.ts'
import type { AmazonOperation } from './limits.ts'
import { putIntoQueue } from './queue.ts'

interface Found {
  operation: AmazonOperation
  isGrantless?: true
  perform(): Response | Promise<Response>
}

/** The policy that lets Amazon write; a test may take it away. */
export function emptyQueue(arn: string): QueueState {
  const policy = {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { AWS: 'arn:aws:iam::437568002678:root' },
        Action: ['SQS:GetQueueAttributes', 'SQS:SendMessage'],
        Resource: arn,
      },
    ],
  }
  return { messages: [], policy: JSON.stringify(policy), destinations: [], subscriptions: [] }
}

export function matchNotifications(market: Market, request: Request, route: string): Found | undefined {
  const { queue } = market.state
  const query = new URL(request.url).searchParams
  if (route === 'GET /notifications/v1/destinations') {
    const perform = () => amazonAnswer(market, 'getDestinations', { payload: queue?.destinations ?? [] })
    return { operation: 'getDestinations', isGrantless: true, perform }
  }
  if (route === 'POST /notifications/v1/destinations') {
    return { operation: 'createDestination', isGrantless: true, perform: () => createDestination(market, request) }
  }
  const one = /^(GET|POST|DELETE) \/notifications\/v1\/subscriptions\/(\w+)(?:\/([^/]+))?$/.exec(route)
  if (!one) return undefined
  const [, method, type, id] = one as unknown as [string, string, string, string | undefined]
  if (method === 'DELETE' && id !== undefined) {
    const perform = () => {
      if (queue) queue.subscriptions = queue.subscriptions.filter((each) => each.subscriptionId !== id)
      market.touch()
      return amazonAnswer(market, 'deleteSubscription', {})
    }
    return { operation: 'deleteSubscription', isGrantless: true, perform }
  }
  if (id !== undefined) return undefined
  if (method === 'POST')
    return { operation: 'createSubscription', perform: () => createSubscription(market, request, type) }
  if (method !== 'GET') return undefined
  const perform = () => {
    const found = queue?.subscriptions.find(
      (each) => each.type === type && each.payloadVersion === (query.get('payloadVersion') ?? each.payloadVersion),
    )
    return found ? amazonAnswer(market, 'getSubscription', { payload: shown(found) }) : amazonError(market, 404)
  }
  return { operation: 'getSubscription', perform }
}

const shown = ({ type: _type, ...others }: QueueState['subscriptions'][number]) => others

/** Amazon looks whether it may write into the queue before it takes it as a destination. */
async function createDestination(market: Market, request: Request): Promise<Response> {
  const { queue } = market.state
  const given = (await readJson(request)) as
    | { name?: unknown; resourceSpecification?: { sqs?: { arn?: unknown } } }
    | undefined
  const arn = given?.resourceSpecification?.sqs?.arn
  if (typeof given?.name !== 'string' || typeof arn !== 'string') return amazonError(market, 400, 'name and sqs.arn')
  if (!queue || arn !== market.settings.queue?.arn || !queue.policy.includes('437568002678'))
    return amazonError(market, 400, 'The queue could not be written to.')
  if (queue.destinations.some((one) => one.resource.sqs.arn === arn))
    return amazonError(market, 409, 'A destination for this resource exists.')
  const made = { destinationId: `d-${market.nextId()}`, name: given.name, resource: { sqs: { arn } } }
  queue.destinations.push(made)
  market.touch()
  return amazonAnswer(market, 'createDestination', { payload: made })
}

async function createSubscription(market: Market, request: Request, type: string): Promise<Response> {
  const { queue } = market.state
  const given = (await readJson(request)) as { payloadVersion?: unknown; destinationId?: unknown } | undefined
  if (typeof given?.payloadVersion !== 'string' || typeof given.destinationId !== 'string')
    return amazonError(market, 400, 'payloadVersion and destinationId')
  const { payloadVersion, destinationId } = given
  if (!queue?.destinations.some((one) => one.destinationId === destinationId))
    return amazonError(market, 400, 'There is no such destination.')
  if (queue.subscriptions.some((one) => one.type === type)) return amazonError(market, 409, 'There is one already.')
  const made = { subscriptionId: `s-${market.nextId()}`, payloadVersion, destinationId, type }
  queue.subscriptions.push(made)
  market.touch()
  return amazonAnswer(market, 'createSubscription', { payload: shown(made) })
}

const wireStatus: Record<OrderVersion['status'], string> = {
  PENDING: 'Pending',
  UNSHIPPED: 'Unshipped',
  PARTIALLY_SHIPPED: 'PartiallyShipped',
  SHIPPED: 'Shipped',
  CANCELLED: 'Canceled',
}

/** An order changed: whoever subscribed is told, sooner than search shows it. */
export function tellOrderChange(market: Market, order: AmazonOrder, version: OrderVersion): void {
  const subscription = market.state.queue?.subscriptions.find((one) => one.type === 'ORDER_CHANGE')
  if (!subscription || order.past) return
  const at = new Date(version.updatedAt).toISOString()
  const items = order.lines.map((line) => ({
    OrderItemId: line.itemId,
    SellerSKU: line.sku,
    SupplySourceId: 'simulated',
    Quantity: line.quantity,
  }))
  putIntoQueue(market, {
    NotificationVersion: '1.0',
    NotificationType: 'ORDER_CHANGE',
    PayloadVersion: subscription.payloadVersion,
    EventTime: at,
    Payload: {
      OrderChangeNotification: {
        NotificationLevel: 'OrderLevel',
        SellerId: market.settings.sellerId,
        AmazonOrderId: order.id,
        OrderChangeType: 'OrderStatusChange',
        OrderChangeTrigger: { TimeOfOrderChange: at, ChangeReason: 'OrderStatusChange' },
        Summary: {
          MarketplaceId: order.marketplaceId,
          OrderStatus: wireStatus[version.status],
          PurchaseDate: new Date(order.createdAt).toISOString(),
          DestinationPostalCode: order.buyer.postalCode,
          OrderType: 'StandardOrder',
          FulfillmentType: order.fulfilledBy === 'AMAZON' ? 'AFN' : 'MFN',
          OrderItems: items,
        },
      },
    },
    NotificationMetadata: {
      ApplicationId: 'simulator',
      SubscriptionId: subscription.subscriptionId,
      PublishTime: at,
      NotificationId: `n-${market.nextId()}`,
    },
  })
}
