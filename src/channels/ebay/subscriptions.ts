/** What eBay tells us of, and where: one destination of ours, and a subscription for each topic that there is. */
import { createHmac } from 'node:crypto'
import { ChannelError } from '../../domain/errors.ts'
import type { Webhooks } from '../capabilities.ts'
import type { Account } from '../connector.ts'
import { calls } from './calls.ts'
import type { As } from './client.ts'
import { secrets } from './settings.ts'

/** Of these the seller's own topics are subscribed with the seller's token, the app's with its own. */
const wanted: readonly { topic: string; as: As }[] = [
  // Whoever keeps data of eBay's members must take it; the keyset is switched off otherwise (facts §1).
  { topic: 'MARKETPLACE_ACCOUNT_DELETION', as: 'app' },
  { topic: 'ORDER_CONFIRMATION', as: 'seller' },
  { topic: 'ITEM_MARKED_SHIPPED', as: 'seller' },
  { topic: 'AUTHORIZATION_REVOCATION', as: 'app' },
]

/** The seller's own, or one that only who knows the app's secret can make. */
export async function verificationToken(account: Account): Promise<string> {
  const given = secrets.partial().parse(await account.secrets())
  if (given.verificationToken) return given.verificationToken
  const secret = given.clientSecret ?? ''
  return createHmac('sha256', secret).update(`notifications ${account.id}`).digest('base64url')
}

type Subscribed = Awaited<ReturnType<NonNullable<Webhooks['subscribe']>>>

/** Makes destination and subscriptions what they should be; one that eBay has marked down is switched on again. */
export async function subscribe(account: Account, address: string): Promise<Subscribed> {
  const destinationId = await keepDestination(account, address)
  const topics = (await calls.getTopics(account)).topics ?? []
  const states: Subscribed = []
  for (const as of ['app', 'seller'] as const) {
    const mine = wanted.filter((one) => one.as === as && topics.some(({ topicId }) => topicId === one.topic))
    const known = mine.length > 0 ? ((await calls.getSubscriptions(account, as)).subscriptions ?? []) : []
    for (const { topic } of mine) {
      const { supportedPayloads } = topics.find(({ topicId }) => topicId === topic)!
      const schemaVersion = supportedPayloads?.find((one) => one.deprecated !== true)?.schemaVersion ?? '1.0'
      const before = known.find(({ topicId }) => topicId === topic)
      const state = await keepSubscription(account, as, { topic, schemaVersion, destinationId, before })
      states.push({ topic, state })
    }
  }
  return states
}

/** Its id. A destination of ours at another address moves. */
async function keepDestination(account: Account, endpoint: string): Promise<string> {
  const name = `Entrepot ${account.id.slice(0, 40)}`
  const known = (await calls.getDestinations(account)).destinations ?? []
  const own = known.find((one) => one.deliveryConfig?.endpoint === endpoint) ?? known.find((one) => one.name === name)
  const token = await verificationToken(account)
  const { endpoint: at, verificationToken: by } = own?.deliveryConfig ?? {}
  if (own && own.status === 'ENABLED' && at === endpoint && (by ?? token) === token) return own.destinationId
  const body = { name, status: 'ENABLED', deliveryConfig: { endpoint, verificationToken: token } }
  return (await calls.putDestination(account, own?.destinationId, body)) ?? own!.destinationId
}

interface Wanted {
  topic: string
  schemaVersion: string
  destinationId: string
  before:
    | { subscriptionId: string; destinationId?: string | null | undefined; status?: string | null | undefined }
    | undefined
}

async function keepSubscription(account: Account, as: As, one: Wanted): Promise<Subscribed[number]['state']> {
  const { topic, schemaVersion, destinationId, before } = one
  if (before && before.status === 'ENABLED' && before.destinationId === destinationId) return 'kept'
  const payload = { format: 'JSON', schemaVersion, deliveryProtocol: 'HTTPS' }
  const body = { ...(before ? {} : { topicId: topic }), destinationId, status: 'ENABLED', payload }
  try {
    await calls.putSubscription(account, as, before?.subscriptionId, body)
    return 'created'
  } catch (error) {
    // One topic that is not for this app keeps the others from nothing.
    if (error instanceof ChannelError && ['rejected', 'conflict', 'auth'].includes(error.kind)) return 'failed'
    throw error
  }
}
