/**
 * The seller's queue, as AWS SQS shows it over its JSON protocol: at least once, in no order; a message that was received
 * hides for a while and comes again unless it is deleted.
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { Market } from '../core.ts'
import { fires } from '../faults.ts'
import { readJson } from '../http.ts'
import type { QueueState } from '../state.ts'

export interface QueueSettings {
  arn: string
  accessKeyId: string
  secretAccessKey: string
}

/** Everything that is put into it is put there here, so that the fault `duplicate` or `drop` of `notification` may act. */
export function putIntoQueue(market: Market, body: unknown): void {
  const { queue } = market.state
  if (!queue || fires(market.core, market.name, 'notification', 'drop')) return
  const times = fires(market.core, market.name, 'notification', 'duplicate') ? 2 : 1
  for (let count = 0; count < times; count += 1)
    queue.messages.push({
      id: `m-${market.nextId()}`,
      body: JSON.stringify(body),
      visibleAt: market.now(),
      receipt: null,
    })
  market.touch()
}

/** Answers a call to the queue's host. */
export async function queueEndpoint(market: Market, request: Request): Promise<Response> {
  const { queue: settings } = market.settings
  const { queue } = market.state
  const text = await request.clone().text()
  if (!settings || !queue) return trouble(400, 'QueueDoesNotExist')
  if (!isSigned(request, text, settings)) return trouble(403, 'InvalidSignatureException')
  const target = /^AmazonSQS\.(\w+)$/.exec(request.headers.get('x-amz-target') ?? '')?.[1] ?? ''
  market.count(target)
  const given = ((await readJson(request)) ?? {}) as Given
  const [, , , , owner, name] = settings.arn.split(':')
  if (!String(given.QueueUrl ?? '').endsWith(`/${owner}/${name}`)) return trouble(400, 'QueueDoesNotExist')
  switch (target) {
    case 'ReceiveMessage':
      return receive(market, queue, given)
    case 'DeleteMessageBatch':
      return remove(market, queue, given)
    case 'SendMessage':
      putIntoQueue(market, JSON.parse(String(given.MessageBody)))
      return answer({ MessageId: `m-${market.nextId()}`, MD5OfMessageBody: md5(String(given.MessageBody)) })
    case 'GetQueueAttributes':
      return answer({ Attributes: { QueueArn: settings.arn, Policy: queue.policy } })
    default:
      return trouble(400, 'InvalidAction')
  }
}

interface Given {
  QueueUrl?: unknown
  MessageBody?: unknown
  MaxNumberOfMessages?: number
  VisibilityTimeout?: number
  Entries?: { Id: string; ReceiptHandle: string }[]
}

function receive(market: Market, queue: QueueState, given: Given): Response {
  const now = market.now()
  const found = queue.messages.filter((one) => one.visibleAt <= now).slice(0, given.MaxNumberOfMessages ?? 1)
  for (const one of found) {
    one.visibleAt = now + (given.VisibilityTimeout ?? 30) * 1_000
    one.receipt = `r-${market.nextId()}`
  }
  if (found.length === 0) return answer({})
  market.touch()
  return answer({
    Messages: found.map(({ id, body, receipt }) => ({
      MessageId: id,
      ReceiptHandle: receipt,
      MD5OfBody: md5(body),
      Body: body,
    })),
  })
}

function remove(market: Market, queue: QueueState, { Entries = [] }: Given): Response {
  if (Entries.length === 0) return trouble(400, 'EmptyBatchRequest')
  if (Entries.length > 10) return trouble(400, 'TooManyEntriesInBatchRequest')
  const receipts = new Set(Entries.map((one) => one.ReceiptHandle))
  queue.messages = queue.messages.filter((one) => one.receipt === null || !receipts.has(one.receipt))
  market.touch()
  return answer({ Successful: Entries.map(({ Id }) => ({ Id })), Failed: [] })
}

const md5 = (text: string) => createHash('md5').update(text).digest('hex')
const headers = { 'content-type': 'application/x-amz-json-1.0' }
const answer = (body: object) => new Response(JSON.stringify(body), { status: 200, headers })
const trouble = (status: number, name: string) =>
  new Response(JSON.stringify({ __type: `com.amazonaws.sqs#${name}`, message: name }), { status, headers })

/** Signature Version 4, from its description: the canonical request, the string to sign, the derived key. */
function isSigned(request: Request, text: string, settings: QueueSettings): boolean {
  const given =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/sqs\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/.exec(
      request.headers.get('authorization') ?? '',
    )
  if (!given) return false
  const [, keyId, day, region, names, signature] = given as unknown as [string, string, string, string, string, string]
  const at = request.headers.get('x-amz-date') ?? ''
  if (keyId !== settings.accessKeyId || region !== settings.arn.split(':')[3] || !at.startsWith(day)) return false
  const url = new URL(request.url)
  const headerOf = (name: string) => (name === 'host' ? url.host : (request.headers.get(name) ?? '').trim())
  const sha = (value: string) => createHash('sha256').update(value).digest('hex')
  const canonical = [
    request.method,
    url.pathname,
    '',
    ...names.split(';').map((name) => `${name}:${headerOf(name)}`),
    '',
    names,
    sha(text),
  ].join('\n')
  const mac = (key: string | Buffer, value: string) => createHmac('sha256', key).update(value).digest()
  const key = mac(mac(mac(mac(`AWS4${settings.secretAccessKey}`, day), region), 'sqs'), 'aws4_request')
  const expected = mac(key, ['AWS4-HMAC-SHA256', at, `${day}/${region}/sqs/aws4_request`, sha(canonical)].join('\n'))
  return timingSafeEqual(Buffer.from(signature, 'hex'), expected)
}
