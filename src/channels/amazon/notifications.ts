/** Amazon's notifications through a queue of the seller's. Told twice and in any order; each says "look again". */
import { z } from 'zod'
import { ChannelError } from '../../domain/errors.ts'
import type { HookVerdict, LookAgain, Notifications } from '../capabilities.ts'
import type { Account } from '../connector.ts'
import { call } from './client.ts'
import { queue } from './queue.ts'
import { readSettings } from './settings.ts'
import {
  createdDestination,
  destinations,
  envelope,
  notification,
  orderChange,
  subscription,
  testMessage,
} from './wire-notifications.ts'

/** Operations of the app, which no seller grants (facts §7). */
const scope = 'sellingpartnerapi::notifications'

interface Kind {
  look: readonly LookAgain[]
  /** Of what is subscribed into the queue; absent: it comes through a rule of EventBridge, if the seller made one. */
  payloadVersion?: string
}

const kinds: Record<string, Kind> = {
  ORDER_CHANGE: { look: ['orders'], payloadVersion: '1.0' },
  FBA_INVENTORY_AVAILABILITY_CHANGES: { look: ['stock'], payloadVersion: '1.0' },
  ACCOUNT_STATUS_CHANGED: { look: ['account'], payloadVersion: '2021-01-01' },
  LISTINGS_ITEM_STATUS_CHANGE: { look: ['listings'] },
  LISTINGS_ITEM_ISSUES_CHANGE: { look: ['listings'] },
}

export const notifications: Notifications = {
  isSetUp: (settings) => readSettings(settings).queueArn !== undefined,

  async read(account, waitMs) {
    const messages = await queue.receive(account, waitMs)
    return messages.map(({ ReceiptHandle, Body }) => ({ receipt: ReceiptHandle, verdict: readMessage(Body) }))
  },

  acknowledge: (account, receipts) => queue.delete(account, receipts),

  async subscribe(account) {
    const destinationId = await destinationOf(account)
    const states: Awaited<ReturnType<Notifications['subscribe']>> = []
    for (const [topic, { payloadVersion }] of Object.entries(kinds)) {
      if (payloadVersion)
        states.push({ topic, state: await subscribeTo(account, topic, payloadVersion, destinationId) })
    }
    return states
  },

  async sendTest(account) {
    const attributes = await queue.attributes(account)
    const why = faultOf(attributes, readSettings(account.settings).queueArn!)
    if (why) return { kind: 'failed', why }
    const dedupe = `test ${account.newId()}`
    await queue.send(account, JSON.stringify({ entrepotTest: dedupe }))
    return { kind: 'sent', dedupe }
  },
}

/** What a message of the queue says. Anything else than a notification is dropped: it would come again for ever. */
export function readMessage(text: string): HookVerdict {
  const said = jsonOf(text)
  const test = testMessage.safeParse(said)
  if (test.success)
    return { kind: 'accepted', dedupe: test.data.entrepotTest, topic: 'test', happenedAt: null, look: [] }
  const bridged = envelope.safeParse(said)
  const parsed = notification.safeParse(bridged.success ? bridged.data.detail : said)
  if (!parsed.success) return { kind: 'refused', why: 'not a notification' }
  const { type, at, id, payload } = parsed.data
  const about = orderChange.safeParse(payload)
  const moment = at === undefined ? Number.NaN : Date.parse(at)
  return {
    kind: 'accepted',
    dedupe: id,
    topic: type,
    happenedAt: Number.isNaN(moment) ? null : new Date(moment),
    look: kinds[type]?.look ?? [],
    ...(about.success ? { orderRemoteIds: [about.data.OrderChangeNotification.AmazonOrderId] } : {}),
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Amazon's account that puts notifications into queues (facts §7). */
const amazonsAccount = '437568002678'

/** What keeps Amazon from the queue, as far as the queue tells; undefined where nothing does. */
export function faultOf(attributes: Record<string, string>, queueArn: string): string | undefined {
  if (attributes.QueueArn !== undefined && attributes.QueueArn !== queueArn) return 'another_queue'
  if (attributes.FifoQueue === 'true') return 'fifo_queue'
  const policy = attributes.Policy ?? ''
  if (!policy.includes(amazonsAccount) || !/SQS:SendMessage|SQS:\*/i.test(policy)) return 'policy_missing'
  return undefined
}

async function destinationOf(account: Account): Promise<string> {
  const { queueArn } = readSettings(account.settings)
  const path = '/notifications/v1/destinations'
  const known = await call(account, { operation: 'getDestinations', method: 'GET', path, scope, answer: destinations })
  const found = known.payload?.find((one) => one.resource.sqs?.arn === queueArn)
  if (found) return found.destinationId
  const created = await call(account, {
    operation: 'createDestination',
    method: 'POST',
    path,
    scope,
    body: { name: 'Entrepot', resourceSpecification: { sqs: { arn: queueArn } } },
    answer: createdDestination,
  })
  return created.payload.destinationId
}

/** One of a type is there at most, and says where it goes: one that goes elsewhere is taken away and made anew. */
async function subscribeTo(
  account: Account,
  topic: string,
  payloadVersion: string,
  destinationId: string,
): Promise<'kept' | 'created' | 'failed'> {
  const path = `/notifications/v1/subscriptions/${topic}`
  try {
    const there = await call(account, {
      operation: 'getSubscription',
      method: 'GET',
      path,
      query: { payloadVersion },
      answer: subscription,
    })
    if (there.payload.destinationId === destinationId) return 'kept'
    await call(account, {
      operation: 'deleteSubscription',
      method: 'DELETE',
      path: `${path}/${encodeURIComponent(there.payload.subscriptionId)}`,
      scope,
      answer: z.unknown(),
    })
  } catch (error) {
    if (!(error instanceof ChannelError) || error.kind !== 'missing') return failedOr(error)
  }
  try {
    await call(account, {
      operation: 'createSubscription',
      method: 'POST',
      path,
      body: { payloadVersion, destinationId },
      answer: subscription,
    })
    return 'created'
  } catch (error) {
    return failedOr(error)
  }
}

/** A role that the app lacks fails its own topic only; trouble that passes is thrown, so that all is tried again. */
function failedOr(error: unknown): 'failed' {
  if (error instanceof ChannelError && (error.kind === 'rejected' || error.kind === 'auth')) return 'failed'
  throw error
}
