import { afterEach, expect, test, vi } from 'vitest'
import { ApiProblem, call, NoAnswer, pathOf, setCsrf } from './api.ts'

afterEach(() => vi.unstubAllGlobals())

function answer(status: number, body: string, type: string) {
  const fetching = vi.fn(
    async (_path: string, _init: RequestInit) => new Response(body, { status, headers: { 'content-type': type } }),
  )
  vi.stubGlobal('fetch', fetching)
  return fetching
}

test('parameters are encoded, empty filters left out', () => {
  expect(pathOf('/stock/levels/{sku}', { params: { sku: 'A/B 1' } })).toBe('/api/v1/stock/levels/A%2FB%201')
  expect(pathOf('/orders', { query: { q: 'a&b', state: undefined, view: '' } })).toBe('/api/v1/orders?q=a%26b')
})

test('a change carries the session’s token and a key that makes it happen once', async () => {
  const fetching = answer(201, '{}', 'application/json')
  setCsrf('token')
  await call('signIn', { body: { email: 'a', password: 'b' } })
  const headers = fetching.mock.calls[0]![1].headers as Record<string, string>
  expect(headers['X-CSRF-Token']).toBe('token')
  expect(headers['Idempotency-Key']).toMatch(/^[0-9a-f-]{36}$/)
})

test('a problem keeps its code and id', async () => {
  answer(
    409,
    JSON.stringify({ title: 'T', code: 'c', detail: 'd', requestId: 'r', type: '', status: 409 }),
    'application/problem+json',
  )
  const error = await call('session', {}).catch((one: unknown) => one)
  expect(error).toBeInstanceOf(ApiProblem)
  expect(error).toMatchObject({ status: 409, code: 'c', detail: 'd', requestId: 'r' })
})

test('a proxy’s page is silence, not an answer of the hub', async () => {
  answer(502, '<html>', 'text/html')
  expect(await call('session', {}).catch((one: unknown) => one)).toBeInstanceOf(NoAnswer)
})
