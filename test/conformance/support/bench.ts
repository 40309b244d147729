/** A simulator behind the judge, on a clock that the test moves. Every call that passes is judged, or counts as a finding. */
import { type CatalogItem, ConnectionLost, createSimulator, type Simulator } from '../../../simulator/index.ts'
import { type AccountOptions, createAccount, simulatedSecrets, type TestAccount } from './account.ts'
import { judgeFeed, judgeReport } from './feed-documents.ts'
import { createJudge, type GivenAnswer, type Judge, type RequestVerdict, type SentRequest } from './judge.ts'
import { readModel } from './models.ts'
import type { Mismatch } from './schemas.ts'

export const models = [
  'orders_2026-01-01',
  'listingsItems_2021-08-01',
  'ordersV0',
  'feeds_2021-06-30',
  'reports_2021-06-30',
  'fbaInventory',
  'sellers',
  'fulfillmentOutbound_2020-07-01',
].map(readModel)

/** `unreadable`: an answer that is no JSON at all. It is expected exactly as often as the fault was planted. */
export interface Finding extends Mismatch {
  side: 'request' | 'answer'
  kind: 'invalid' | 'unreadable'
  operation: string
}

export interface Tally {
  requests: number
  answers: number
  /** validated answers by status */
  statuses: Record<string, number>
  unreadable: number
  /** connections that broke before an answer came */
  lost: number
}

interface Call extends RequestVerdict {
  sent: SentRequest
  answer?: GivenAnswer
}

export interface Gate {
  judge: Judge
  findings: Finding[]
  tallies: Map<string, Tally>
  calls: Call[]
  handle(request: Request): Promise<Response>
}

export interface GateOptions {
  origin?: string
  tokenUrl?: string
}

/** Puts the judge before a simulator: what goes in and what comes out passes it. */
export function createGate(simulator: Pick<Simulator, 'handle'>, options: GateOptions = {}): Gate {
  const judge = createJudge(models, options.origin)
  const tokenUrl = options.tokenUrl ?? 'https://api.amazon.com/auth/o2/token'
  const gate: Gate = { judge, findings: [], tallies: new Map(), calls: [], handle }
  const tally = (name: string): Tally => {
    const one = gate.tallies.get(name) ?? { requests: 0, answers: 0, statuses: {}, unreadable: 0, lost: 0 }
    gate.tallies.set(name, one)
    return one
  }
  const lossCounted = async <T>(name: string, answer: Promise<T>): Promise<T> => {
    try {
      return await answer
    } catch (error) {
      if (error instanceof ConnectionLost) tally(name).lost += 1
      throw error
    }
  }
  /** The store of documents is no operation of the models: bytes pass, and what they hold is judged by its schema. */
  async function document(request: Request): Promise<Response> {
    const isUpload = request.method === 'PUT'
    const name = isUpload ? 'uploadFeedDocument' : 'downloadFeedDocument'
    const body = Buffer.from(await request.arrayBuffer())
    tally(name).requests += 1
    const note = (side: Finding['side']) => (one: Mismatch) =>
      void gate.findings.push({ side, kind: 'invalid', operation: name, ...one })
    if (isUpload) judgeFeed(body.toString('utf8')).forEach(note('request'))
    if (request.headers.has('x-amz-access-token')) note('request')({ at: 'header', problem: 'an access token leaves' })
    const sent = new Request(request.url, {
      method: request.method,
      headers: request.headers,
      body: isUpload ? body : null,
    })
    const answer = await lossCounted(name, simulator.handle(sent))
    const bytes = Buffer.from(await answer.arrayBuffer())
    // Settlements are no JSON; their test reads them.
    if (!isUpload && answer.status === 200 && !request.url.includes('spdoc')) judgeReport(bytes).forEach(note('answer'))
    tally(name).answers += 1
    tally(name).statuses[answer.status] = (tally(name).statuses[answer.status] ?? 0) + 1
    return new Response(bytes, { status: answer.status, headers: answer.headers })
  }
  async function handle(request: Request): Promise<Response> {
    if (new URL(request.url).pathname.startsWith('/feed-documents/')) return document(request)
    const text = request.body === null ? null : await request.text()
    const sent = { method: request.method, url: request.url, headers: request.headers, body: text }
    const isToken = request.url === tokenUrl
    const verdict = isToken ? judgeTokenRequest(sent) : judge.request(sent)
    const name = isToken ? 'token' : (verdict.operation?.id ?? 'unknown')
    const note = (side: Finding['side'], kind: Finding['kind']) => (mismatch: Mismatch) =>
      void gate.findings.push({ side, kind, operation: name, ...mismatch })
    verdict.mismatches.forEach(note('request', 'invalid'))
    const call: Call = { ...verdict, sent }
    gate.calls.push(call)
    tally(name).requests += 1
    const passed = new Request(request.url, { method: sent.method, headers: sent.headers, body: text })
    const response = await lossCounted(name, simulator.handle(passed))
    const answer = { status: response.status, headers: response.headers, text: await response.text() }
    call.answer = answer
    const unreadable = answer.text !== '' && !isJson(answer.text)
    if (unreadable) {
      tally(name).unreadable += 1
      note('answer', 'unreadable')({ at: 'body', problem: 'is not JSON' })
    } else {
      const mismatches = isToken
        ? judgeTokenAnswer(answer)
        : verdict.operation
          ? judge.answer(verdict.operation, answer)
          : []
      mismatches.forEach(note('answer', 'invalid'))
      tally(name).answers += 1
      tally(name).statuses[answer.status] = (tally(name).statuses[answer.status] ?? 0) + 1
    }
    const body = answer.status === 204 ? null : answer.text
    return new Response(body, { status: answer.status, headers: answer.headers })
  }
  return gate
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** Login with Amazon stands in no model: its form is judged by hand (facts: amazon.md §2). */
function judgeTokenRequest(sent: SentRequest): RequestVerdict {
  const isJsonBody = /^application\/json/.test(sent.headers.get('content-type') ?? '')
  const fields = isJsonBody ? JSON.parse(sent.body ?? '{}') : Object.fromEntries(new URLSearchParams(sent.body ?? ''))
  const names = Object.keys(fields as object).sort()
  const mismatches: Mismatch[] = []
  if (sent.method !== 'POST') mismatches.push({ at: 'method', problem: 'is not POST' })
  const wanted = names.includes('code')
    ? 'client_id,client_secret,code,grant_type,redirect_uri'
    : 'client_id,client_secret,grant_type,refresh_token'
  if (names.join() !== wanted) mismatches.push({ at: 'body', problem: `has ${names}` })
  if (!isJsonBody && !sent.headers.get('content-type')?.startsWith('application/x-www-form-urlencoded')) {
    mismatches.push({ at: 'header content-type', problem: 'is no form' })
  }
  return { operation: undefined, path: {}, query: new URLSearchParams(), mismatches }
}

function judgeTokenAnswer({ status, text }: GivenAnswer): Mismatch[] {
  const body = JSON.parse(text) as Record<string, unknown>
  const good = status === 200
  const needed = good
    ? { access_token: 'string', refresh_token: 'string', token_type: 'string', expires_in: 'number' }
    : { error: 'string', error_description: 'string' }
  const wrong = Object.entries(needed).filter(([name, type]) => typeof body[name] !== type)
  const surplus = Object.keys(body).filter((name) => !(name in needed))
  return [...wrong.map(([name]) => name), ...surplus].map((name) => ({ at: `/${name}`, problem: 'does not fit OAuth' }))
}

export interface Bench extends Gate {
  simulator: Simulator
  /** simulator time passes */
  pass(ms: number): Promise<void>
  control<T>(method: string, path: string, body?: unknown): Promise<T>
  account(options?: Partial<AccountOptions>): TestAccount
  /** a call that the connector does not make */
  probe(method: string, path: string, query?: Record<string, string>, body?: unknown): Promise<GivenAnswer>
  marketplaceIds: string[]
}

export interface BenchOptions extends GateOptions {
  region?: 'na' | 'eu' | 'fe'
  marketplaceIds?: string[]
  catalog: CatalogItem[]
  history?: { orders: number; days: number }
}

export const seller = 'A1SIMULATEDSEL'
export const startAt = new Date('2026-11-22T08:00:00Z')

export function createBench(options: BenchOptions): Bench {
  let time = startAt.getTime()
  const { region = 'na', marketplaceIds = ['ATVPDKIKX0DER'], catalog, history } = options
  const amazon = { sellerId: seller, region, marketplaceIds }
  const simulator = createSimulator({
    seed: 7,
    realNow: () => time,
    startAt,
    catalog,
    amazon,
    ...(history ? { history } : {}),
  })
  const gate = createGate(simulator, options)
  const judgedFetch: typeof fetch = async (input, init) => {
    try {
      return await gate.handle(new Request(input, init))
    } catch (error) {
      if (!(error instanceof ConnectionLost)) throw error
      throw new TypeError('fetch failed', { cause: { code: 'ECONNRESET' } })
    }
  }
  const settings = { sellerId: seller, region, marketplaceIds }
  const account: Bench['account'] = (more) =>
    createAccount({ fetch: judgedFetch, now: () => simulator.now(), settings, secrets: simulatedSecrets, ...more })
  const origin = options.origin ?? models[0]!.origin
  return {
    ...gate,
    simulator,
    marketplaceIds,
    account,
    async pass(ms) {
      time += ms
      await simulator.tick()
    },
    async control<T>(method: string, path: string, body?: unknown) {
      const init = {
        method,
        headers: { 'content-type': 'application/json' },
        body: body === undefined ? null : JSON.stringify(body),
      }
      const response = await simulator.handle(new Request(`http://simulator/control${path}`, init))
      if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
      return (await response.json()) as T
    },
    async probe(method, path, query = {}, body) {
      const token = await mintToken(simulator)
      const url = `${origin}${path}${Object.keys(query).length > 0 ? `?${new URLSearchParams(query)}` : ''}`
      const headers = {
        'x-amz-access-token': token,
        'user-agent': 'Probe/1.0',
        ...(body ? { 'content-type': 'application/json' } : {}),
      }
      const response = await judgedFetch(url, {
        method,
        headers,
        body: body === undefined ? null : JSON.stringify(body),
      })
      return { status: response.status, headers: response.headers, text: await response.text() }
    },
  }
}

async function mintToken(simulator: Simulator): Promise<string> {
  const { clientId, clientSecret, refreshToken } = simulatedSecrets
  const fields = {
    grant_type: 'refresh_token',
    refresh_token: refreshToken,
    client_id: clientId,
    client_secret: clientSecret,
  }
  const request = new Request('https://api.amazon.com/auth/o2/token', {
    method: 'POST',
    body: new URLSearchParams(fields),
  })
  return ((await (await simulator.handle(request)).json()) as { access_token: string }).access_token
}

/** Prints one line of figures. */
export const say = (line: string) => void process.stdout.write(`  ${line}\n`)

/** Everything the judge objected to, as lines; equal ones once. */
export function describeFindings(findings: readonly Finding[]): string[] {
  return [...new Set(findings.map((one) => `${one.side} ${one.operation}: ${one.at} ${one.problem}`))]
}
