/** Amazon's notifications: destination, subscriptions and a message of the queue, held against Amazon's model and schema. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv } from 'ajv'
import { expect, test } from 'vitest'
import { createSimulator } from '../../simulator/index.ts'
import { amazon } from '../../src/channels/amazon/index.ts'
import { createAccount, simulatedSecrets } from './support/account.ts'
import { createJudge } from './support/judge.ts'
import { readModel, specsDir } from './support/models.ts'

/** Filters are not used, and are put together of parts that the judge does not read; neither is the test that only the sandbox has. */
function model() {
  const one = readModel('notifications')
  const unread = {
    EventFilter: { type: 'string', enum: ['none'] },
    SendTestNotificationResponse: { type: 'string', enum: ['none'] },
  }
  return { ...one, raw: { ...one.raw, definitions: { ...one.raw.definitions, ...unread } } }
}

const queue = {
  arn: 'arn:aws:sqs:us-east-1:123456789012:entrepot',
  accessKeyId: 'AKIASIMULATED',
  secretAccessKey: 'the secret of the queue',
}

function open() {
  const startAt = new Date('2026-11-22T08:00:00Z')
  let time = startAt.getTime()
  const item = { sku: 'MUG', title: 'Mug', asin: 'B0SIM00001', price: 990, currency: 'USD', amazon: { quantity: 5 } }
  const simulator = createSimulator({ seed: 1, realNow: () => time, startAt, catalog: [item], amazon: { queue } })
  const judge = createJudge([model()])
  const seen: string[] = []
  const mismatches: string[] = []
  const messages: string[] = []
  const judged: typeof fetch = async (input, init) => {
    const request = new Request(input, init)
    const text = await request.clone().text()
    const { pathname, host } = new URL(request.url)
    const isModel = host.startsWith('sellingpartnerapi')
    const verdict = judge.request({
      method: request.method,
      url: request.url,
      headers: request.headers,
      body: text === '' ? null : text,
    })
    const response = await simulator.handle(request)
    const answer = { status: response.status, headers: response.headers, text: await response.text() }
    if (pathname === '/sqs/') messages.push(...bodiesIn(answer.text))
    if (isModel) {
      const id = verdict.operation?.id ?? 'unknown'
      seen.push(`${id} ${answer.status}`)
      const found = [...verdict.mismatches, ...(verdict.operation ? judge.answer(verdict.operation, answer) : [])]
      mismatches.push(...found.map((one) => `${id} ${one.at}: ${one.problem}`))
    }
    return new Response(answer.text, { status: answer.status, headers: answer.headers })
  }
  const account = createAccount({
    fetch: judged,
    now: () => simulator.now(),
    settings: {
      sellerId: 'A1SIMULATEDSEL',
      region: 'na',
      marketplaceIds: ['ATVPDKIKX0DER'],
      queueArn: queue.arn,
      queueAccessKeyId: queue.accessKeyId,
      queueEndpoint: 'https://simulator.example/sqs',
    },
    secrets: { ...simulatedSecrets, queueSecret: queue.secretAccessKey },
  })
  const pass = async (ms: number) => {
    time += ms
    await simulator.tick()
  }
  return { simulator, account, seen, mismatches, messages, pass }
}

const bodiesIn = (text: string): string[] =>
  ((JSON.parse(text) as { Messages?: { Body: string }[] }).Messages ?? []).map((one) => one.Body)

const { subscribe, read, acknowledge } = amazon.notifications!

test('what makes a destination and its subscriptions is valid, and so are the answers', async () => {
  const { account, seen, mismatches, pass } = open()
  await subscribe(account)
  await pass(10_000)
  await subscribe(account)
  expect(mismatches).toEqual([])
  expect(new Set(seen)).toEqual(
    new Set([
      'getDestinations 200',
      'createDestination 200',
      'getSubscription 404',
      'createSubscription 200',
      'getSubscription 200',
    ]),
  )
})

test('a message about an order is one of Amazon’s', async () => {
  const { simulator, account, messages, pass } = open()
  await subscribe(account)
  await pass(10_000)
  const order = new Request('http://simulator/control/orders', {
    method: 'POST',
    body: JSON.stringify({ channel: 'amazon', sku: 'MUG', quantity: 1 }),
  })
  const { orderId } = (await (await simulator.handle(order)).json()) as { orderId: string }
  const [first, ...others] = await read(account, 0)
  expect(others).toEqual([])
  expect(first!.verdict).toMatchObject({ kind: 'accepted', look: ['orders'], orderRemoteIds: [orderId] })
  await acknowledge(account, [first!.receipt])
  await pass(60_000)
  expect(messages).toHaveLength(1)
  const file = join(specsDir(), 'amazon', 'schemas', 'notifications', 'OrderChangeNotification.json')
  const { $schema: _dialect, ...schema } = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>
  const validate = new Ajv({ allErrors: true, strict: false, validateFormats: false }).compile(schema)
  validate(JSON.parse(messages[0]!))
  expect(validate.errors ?? []).toEqual([])
})
