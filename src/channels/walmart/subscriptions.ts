/** What Walmart tells us of, and where: one subscription to the updates of orders, the only kind that stays (facts §0.5). */
import { createHash, createHmac } from 'node:crypto'
import type { Webhooks } from '../capabilities.ts'
import type { Account } from '../connector.ts'
import { calls } from './calls.ts'
import { secrets } from './settings.ts'

const topic = 'ORDER_UPDATES'

/** Ours among the seller's subscriptions. */
const ownNames = (account: Account) => `entrepot-${account.id.slice(0, 40)}`

/** Tells passwords apart: Walmart never shows which one it has, and one of an old key would be refused for ever. */
async function userNameOf(account: Account): Promise<string> {
  const mark = createHash('sha256')
    .update(await passwordOf(account))
    .digest('hex')
  return `${ownNames(account)}-${mark.slice(0, 8)}`
}

/** One that only who knows the key can make. */
export async function passwordOf(account: Account): Promise<string> {
  const { clientSecret } = secrets.parse(await account.secrets())
  return createHmac('sha256', clientSecret).update(`notifications ${account.id}`).digest('base64url')
}

/** The header that Walmart sends along. */
export async function basicOf(account: Account): Promise<string> {
  return `Basic ${Buffer.from(`${await userNameOf(account)}:${await passwordOf(account)}`).toString('base64')}`
}

type Subscribed = Awaited<ReturnType<NonNullable<Webhooks['subscribe']>>>

/** One that was switched off, or stands at another address, is put right. */
export async function subscribe(account: Account, address: string): Promise<Subscribed> {
  const userName = await userNameOf(account)
  const known = (await calls.getSubscriptions(account)).events.filter((one) => one.eventType === topic)
  const own =
    known.find((one) => one.authDetails?.userName?.startsWith(ownNames(account))) ??
    known.find((one) => one.eventUrl === address)
  const isRight = own?.eventUrl === address && own.status === 'ACTIVE' && own.authDetails?.userName === userName
  if (own && isRight) return [{ topic, state: 'kept' }]
  const event = {
    eventType: topic,
    eventVersion: 'V1',
    resourceName: 'ORDER',
    eventUrl: address,
    authDetails: {
      authMethod: 'BASIC_AUTH',
      userName,
      password: await passwordOf(account),
      authHeaderName: 'Authorization',
    },
    headers: { 'content-type': 'application/json' },
    status: 'ACTIVE',
  }
  if (own) await calls.changeSubscription(account, own.subscriptionId, event)
  else await calls.subscribe(account, event)
  return [{ topic, state: 'created' }]
}
