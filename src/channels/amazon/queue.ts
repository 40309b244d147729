/** The seller's queue at AWS (SQS, its JSON protocol), signed as AWS asks. */
import { AwsV4Signer } from 'aws4fetch'
import type { z } from 'zod'
import { ChannelError } from '../../domain/errors.ts'
import type { WireResponse } from '../../http/client.ts'
import { type Account, asChannelError } from '../connector.ts'
import { readSettings, type Settings, secrets } from './settings.ts'
import { queueAttributes, queueMessages, queueTrouble, sentMessage } from './wire-notifications.ts'

export interface Queue {
  region: string
  url: string
  endpoint: string
}

/** Where the queue is; undefined where the seller has none. */
export function queueOf({ queueArn, queueEndpoint }: Settings): Queue | undefined {
  if (!queueArn) return undefined
  const [, , , region, owner, name] = queueArn.split(':') as [string, string, string, string, string, string]
  const endpoint = queueEndpoint ?? `https://sqs.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`
  return { region, endpoint: endpoint.replace(/\/$/, ''), url: `${endpoint.replace(/\/$/, '')}/${owner}/${name}` }
}

interface Asked<S extends z.ZodType> {
  operation: 'receiveMessage' | 'deleteMessages' | 'sendMessage' | 'getQueueAttributes'
  target: 'ReceiveMessage' | 'DeleteMessageBatch' | 'SendMessage' | 'GetQueueAttributes'
  body: Record<string, unknown>
  answer: S
}

async function ask<S extends z.ZodType>(account: Account, { operation, target, body, answer }: Asked<S>) {
  const settings = readSettings(account.settings)
  const queue = queueOf(settings)
  const { queueSecret } = secrets.parse(await account.secrets())
  if (!queue || !settings.queueAccessKeyId || !queueSecret)
    throw new ChannelError('rejected', 'no_queue', 'the account has no queue, or no key to it')
  const signer = new AwsV4Signer({
    method: 'POST',
    url: `${queue.endpoint}/`,
    headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': `AmazonSQS.${target}` },
    body: JSON.stringify({ QueueUrl: queue.url, ...body }),
    accessKeyId: settings.queueAccessKeyId,
    secretAccessKey: queueSecret,
    service: 'sqs',
    region: queue.region,
    datetime: account
      .now()
      .toISOString()
      .replace(/[:-]|\.\d{3}/g, ''),
    // AWS takes any; the type must be what it was signed as.
    allHeaders: true,
  })
  const signed = await signer.sign()
  try {
    const response = await account.http({
      operation,
      method: 'POST',
      url: signed.url.toString(),
      headers: Object.fromEntries(signed.headers),
      body: signed.body as string,
    })
    if (response.status !== 200) throw readTrouble(response, account.now())
    account.budget.taken?.(operation)
    const parsed = answer.safeParse(response.json)
    if (!parsed.success)
      throw new ChannelError('unavailable', 'unreadable', `AWS's answer to ${target} could not be read`)
    return parsed.data as z.output<S>
  } catch (error) {
    throw asChannelError(error)
  }
}

/** A queue that refuses us says nothing about the seller's account at Amazon: nothing here halts it. */
function readTrouble({ status, json }: WireResponse, now: Date): ChannelError {
  const parsed = queueTrouble.safeParse(json)
  // Codes come as `com.amazonaws.sqs#QueueDoesNotExist`.
  const code = (parsed.success ? parsed.data.__type.split('#').at(-1)! : `HTTP ${status}`).slice(0, 80)
  if (status === 429 || /Throttl/.test(code))
    return new ChannelError('throttled', code, 'AWS asks to slow down', { retryAt: new Date(now.getTime() + 5_000) })
  if (/NonExistent|DoesNotExist/.test(code)) return new ChannelError('missing', code, 'AWS knows no such queue')
  if (status < 500) return new ChannelError('rejected', code, `AWS refused the call to the queue (${status})`)
  return new ChannelError('unavailable', code, `AWS answered ${status}`)
}

export const queue = {
  /** Up to ten messages; waits up to `waitMs` for the first. Those not deleted come again after half a minute. */
  async receive(account: Account, waitMs: number) {
    const { Messages = [] } = await ask(account, {
      operation: 'receiveMessage',
      target: 'ReceiveMessage',
      body: {
        MaxNumberOfMessages: 10,
        WaitTimeSeconds: Math.min(20, Math.floor(waitMs / 1_000)),
        VisibilityTimeout: 30,
      },
      answer: queueMessages,
    })
    return Messages
  },

  /** Ten a call at most; what AWS could not delete comes again, which does no harm. */
  async delete(account: Account, receipts: readonly string[]): Promise<void> {
    for (let start = 0; start < receipts.length; start += 10) {
      const Entries = receipts
        .slice(start, start + 10)
        .map((ReceiptHandle, index) => ({ Id: String(index), ReceiptHandle }))
      await ask(account, {
        operation: 'deleteMessages',
        target: 'DeleteMessageBatch',
        body: { Entries },
        answer: queueAttributes,
      })
    }
  },

  async send(account: Account, text: string): Promise<void> {
    await ask(account, {
      operation: 'sendMessage',
      target: 'SendMessage',
      body: { MessageBody: text },
      answer: sentMessage,
    })
  },

  async attributes(account: Account): Promise<Record<string, string>> {
    const { Attributes = {} } = await ask(account, {
      operation: 'getQueueAttributes',
      target: 'GetQueueAttributes',
      body: { AttributeNames: ['All'] },
      answer: queueAttributes,
    })
    return Attributes
  },
}
