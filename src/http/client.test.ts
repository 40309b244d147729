import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Budget, type CallRecord, createHttp, type HttpOptions, WireError, type WireRequest } from './client.ts'

const canary = 'canary-Ada-Lovelace'
const startedAt = new Date('2026-11-22T08:00:00Z')

let server: Server
let origin: string
let seen: { method: string; url: string; headers: IncomingMessage['headers']; body: string }[]
let answer: (request: IncomingMessage, response: ServerResponse) => void
let records: CallRecord[]
let spent: string[]

beforeEach(async () => {
  seen = []
  records = []
  spent = []
  answer = (_request, response) => response.end('{}')
  server = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', (text: string) => {
      body += text
    })
    request.on('end', () => {
      seen.push({ method: request.method!, url: request.url!, headers: request.headers, body })
      answer(request, response)
    })
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterEach(async () => {
  server.closeAllConnections()
  await new Promise((done) => server.close(done))
})

const budget: Budget = {
  spend: async (operation) => {
    spent.push(operation)
    return undefined
  },
  exhausted: async () => {},
  learned: async () => {},
}

const http = (more: Partial<HttpOptions> = {}) =>
  createHttp({
    fetch,
    now: () => startedAt,
    budget,
    journal: { record: (call) => records.push(call) },
    keep: new Set(['sku', 'status']),
    guard: () => undefined,
    timeoutMs: 2_000,
    requestIdHeader: 'x-request-id',
    ...more,
  })
const get = (path = '/orders', more: Partial<WireRequest> = {}): WireRequest => ({
  operation: 'orders',
  method: 'GET',
  url: `${origin}${path}`,
  ...more,
})

/** The error of a call that got no answer. */
async function failure(call: Promise<unknown>): Promise<WireError> {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(WireError)
  return error as WireError
}

describe('an answer', () => {
  test('comes whole: status, headers, text and its JSON', async () => {
    answer = (_request, response) =>
      response.writeHead(404, { 'x-request-id': 'r-1', 'x-rate': '5' }).end('{"status":"密"}')
    const { status, headers, text, json } = await http()(
      get('/orders?x=1', { method: 'POST', body: '{"sku":"A"}', headers: { 'x-token': 't' } }),
    )
    expect({ status, rate: headers.get('x-rate'), text, json }).toEqual({
      status: 404,
      rate: '5',
      text: '{"status":"密"}',
      json: { status: '密' },
    })
    expect(seen).toMatchObject([
      { method: 'POST', url: '/orders?x=1', body: '{"sku":"A"}', headers: { 'x-token': 't' } },
    ])
  })

  test('that is no JSON has none', async () => {
    for (const text of ['', '<html>', '{"cut":']) {
      answer = (_request, response) => response.end(text)
      expect(await http()(get())).toMatchObject({ text, json: undefined })
    }
  })

  test('that is no text comes as it came, every byte of it', async () => {
    const all = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))
    answer = (_request, response) => response.end(all)
    const { bytes, text, json } = await http()(get('/file', { binary: true }))
    expect({ bytes, text, json }).toEqual({ bytes: all, text: '', json: undefined })
    expect((await http()(get('/file'))).bytes).toBeUndefined()
  })

  test('that redirects is not followed: it may lead anywhere, with our headers', async () => {
    answer = (_request, response) => response.writeHead(302, { location: `${origin}/elsewhere` }).end()
    expect(await failure(http()(get()))).toMatchObject({ kind: 'network', left: true })
    expect(seen.map((one) => one.url)).toEqual(['/orders'])
  })

  test('that is too large is given up', async () => {
    answer = (_request, response) => {
      const chunk = Buffer.alloc(1024 * 1024, 'x')
      response.on('error', () => {})
      const more = () => {
        while (!response.destroyed) if (!response.write(chunk)) return void response.once('drain', more)
      }
      more()
    }
    expect(await failure(http({ timeoutMs: 20_000 })(get()))).toMatchObject({ kind: 'too-large', left: true })
    expect(records).toMatchObject([{ status: null, error: 'too-large' }])
  })
})

describe('no answer', () => {
  test('in time: it may have been carried out', async () => {
    answer = () => {}
    expect(await failure(http({ timeoutMs: 50 })(get()))).toMatchObject({ kind: 'deadline', left: true })
    expect(records).toMatchObject([{ status: null, error: 'deadline' }])
  })

  test('in time, although it began', async () => {
    answer = (_request, response) => void response.writeHead(200).write('{')
    expect(await failure(http({ timeoutMs: 100 })(get()))).toMatchObject({ kind: 'deadline', left: true })
  })

  test('because nobody listens: nothing left', async () => {
    const port = (server.address() as AddressInfo).port
    server.closeAllConnections()
    await new Promise((done) => server.close(done))
    expect(await failure(http()(get('/', { url: `http://127.0.0.1:${port}/` })))).toMatchObject({
      kind: 'network',
      left: false,
    })
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  })

  test('because the connection broke: it may have been carried out', async () => {
    answer = (request) => void request.socket.destroy()
    expect(await failure(http()(get()))).toMatchObject({ kind: 'network', left: true })
    answer = (request, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('{"half":')
      setImmediate(() => request.socket.destroy())
    }
    expect(await failure(http()(get()))).toMatchObject({ kind: 'network', left: true })
    expect(records).toHaveLength(2)
  })

  test('is never repeated by itself', async () => {
    answer = (request) => void request.socket.destroy()
    await failure(http()(get('/orders', { method: 'POST', body: '{}' })))
    expect(seen).toHaveLength(1)
  })
})

describe('before a call leaves', () => {
  test('its address is judged; a refused one spends nothing', async () => {
    const call = http({ guard: (url) => (url.hostname === '127.0.0.1' ? 'it lies in a private network' : undefined) })
    expect(await failure(call(get()))).toMatchObject({
      kind: 'refused-url',
      left: false,
      message: 'it lies in a private network',
    })
    expect(await failure(call(get('', { url: 'no address' })))).toMatchObject({ kind: 'refused-url', left: false })
    expect({ seen, spent, records }).toEqual({ seen: [], spent: [], records: [] })
  })

  test('its allowance is spent; without one it does not leave', async () => {
    const retryAt = new Date(startedAt.getTime() + 5_000)
    const call = http({ budget: { ...budget, spend: async () => retryAt } })
    expect(await failure(call(get()))).toMatchObject({ kind: 'budget', left: false, retryAt })
    expect({ seen, records }).toEqual({ seen: [], records: [] })
    await http()(get())
    await http()(get('/token', { operation: 'token', unmetered: true }))
    expect(spent).toEqual(['orders'])
  })

  test('the lease is asked last; what it throws stops the call', async () => {
    const asked: number[] = []
    const lost = new Error('lease lost')
    const call = http({
      beforeCall: (timeoutMs) => {
        asked.push(timeoutMs)
        throw lost
      },
    })
    await expect(call(get())).rejects.toBe(lost)
    expect({ seen, asked, spent }).toEqual({ seen: [], asked: [2_000], spent: ['orders'] })
  })
})

describe('the journal', () => {
  test('holds one row a call: what, when, how long, and the other side’s id', async () => {
    answer = (_request, response) => response.writeHead(201, { 'x-request-id': 'r-1' }).end('{"status":"open"}')
    await http()(get('/orders?sku=A', { method: 'POST', body: '{"sku":"A"}' }))
    expect(records).toEqual([
      {
        operation: 'orders',
        method: 'POST',
        url: '/orders?sku=A',
        request: { sku: 'A' },
        status: 201,
        response: { status: 'open' },
        requestId: 'r-1',
        error: null,
        startedAt,
        durationMs: expect.any(Number),
      },
    ])
    expect(records[0]!.durationMs).toBeGreaterThanOrEqual(0)
  })

  test('holds no value that is not named harmless', async () => {
    const body = { sku: 'A', buyer: { name: canary, lines: [canary] }, total: canary }
    answer = (_request, response) =>
      response.writeHead(200, { 'x-canary': canary }).end(JSON.stringify({ status: 'open', ...body }))
    await http()(
      get('/orders', { method: 'POST', body: JSON.stringify(body), headers: { authorization: `Bearer ${canary}` } }),
    )
    answer = (_request, response) => response.end(`not json ${canary}`)
    await http()(get('/orders', { method: 'POST', body: `form=${canary}` }))
    answer = (request) => void request.socket.destroy()
    await failure(http()(get('/orders', { method: 'POST', body: canary })))
    expect(records).toHaveLength(3)
    expect(JSON.stringify(records)).not.toContain(canary)
    expect(records[0]).toMatchObject({ request: { sku: 'A' }, response: { status: 'open' } })
  })

  test('holds neither body of a secret call, not even its shape', async () => {
    answer = (_request, response) => response.end(JSON.stringify({ access_token: canary, sku: canary }))
    const { json } = await http()(get('/token', { method: 'POST', body: `{"sku":"${canary}"}`, secret: true }))
    expect(json).toEqual({ access_token: canary, sku: canary })
    expect(records).toMatchObject([{ request: null, response: null, status: 200 }])
    expect(JSON.stringify(records)).not.toContain(canary)
  })

  test('holds the origin alone of an address that is itself a secret, and no byte of a file', async () => {
    answer = (_request, response) => response.end(JSON.stringify({ status: canary }))
    await http()(get(`/${canary}?signature=${canary}`, { secretUrl: true, binary: true }))
    answer = (request) => void request.socket.destroy()
    await failure(http()(get(`/${canary}?signature=${canary}`, { secretUrl: true })))
    expect(records.map(({ url }) => url)).toEqual([`${origin}/…`, `${origin}/…`])
    expect(JSON.stringify(records)).not.toContain(canary)
  })

  test('holds no secret of an error either', async () => {
    answer = (request) => void request.socket.destroy()
    const error = await failure(http()(get(`/orders`, { headers: { authorization: canary } })))
    expect(`${error.message} ${JSON.stringify(error)} ${JSON.stringify(records)}`).not.toContain(canary)
  })
})
