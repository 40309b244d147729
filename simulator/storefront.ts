import { createHmac, timingSafeEqual } from 'node:crypto'
import * as z from 'zod'
import type { Core } from './core.ts'
import { logEffect } from './effects.ts'
import { fires, underFaults } from './faults.ts'
import { json } from './http.ts'
import type { StorefrontItem } from './state.ts'

const toleranceMs = 5 * 60_000

const event = z.object({ type: z.string(), timestamp: z.string().optional(), data: z.unknown() })
const setData = z.object({
  items: z.array(z.object({ sku: z.string(), quantity: z.int().min(0), expected: z.int(), version: z.int() })),
})
const readData = z.object({ items: z.array(z.object({ sku: z.string() })) })

/** What the store shows to everybody. */
export function products(core: Core): Promise<Response> {
  return underFaults(core, 'storefront', 'products', refuse, () => {
    core.count('storefront', 'products')
    const items = Object.values(core.state.storefront.items).map((item) => {
      const quantity = shownNow(core, 'products', item)
      return { sku: item.sku, title: item.title, price: item.price, currency: item.currency, quantity }
    })
    return json(200, { items })
  })
}

/** Receives the hub's webhooks, signed as Standard Webhooks says; nothing is read before the signature is right. */
export async function webhook(core: Core, request: Request): Promise<Response> {
  const text = await request.text()
  if (!isSigned(core, request.headers, text)) return json(401, { error: 'the signature is missing or wrong' })
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch {
    return json(400, { error: 'the body is not JSON' })
  }
  const parsed = event.safeParse(body)
  if (!parsed.success) return json(400, { error: 'the body is not an event with type and data' })
  const { type, data } = parsed.data
  if (type !== 'stock.set' && type !== 'stock.read') return new Response(null, { status: 204 })
  return underFaults(core, 'storefront', type, refuse, () => {
    core.count('storefront', type)
    return type === 'stock.set' ? setStock(core, data) : readStock(core, data)
  })
}

function refuse(status: number): Response {
  return json(status, { error: `the store answers with ${status}` })
}

/**
 * Standard Webhooks: HMAC-SHA256 over `id.timestamp.body` with the secret behind `whsec_`. The time may be right by
 * the simulator's clock or by the real one, which run apart at other speeds than 1.
 */
function isSigned(core: Core, headers: Headers, body: string): boolean {
  const secret = core.connection?.webhookSecret
  const [id, seconds] = [headers.get('webhook-id'), headers.get('webhook-timestamp')]
  if (!secret || !id || !seconds || !/^\d+$/.test(seconds)) return false
  const time = Number(seconds) * 1000
  const near = (now: number) => Math.abs(now - time) <= toleranceMs
  if (!near(core.now()) && !near(core.realNow())) return false
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64')
  const expected = createHmac('sha256', key).update(`${id}.${seconds}.${body}`).digest()
  return (headers.get('webhook-signature') ?? '').split(' ').some((part) => {
    const [version, signature = ''] = part.split(',')
    const given = Buffer.from(signature, 'base64')
    return version === 'v1' && given.length === expected.length && timingSafeEqual(given, expected)
  })
}

/** Compare-and-set per item; a bad item never fails the others. */
function setStock(core: Core, data: unknown): Response {
  const parsed = setData.safeParse(data)
  if (!parsed.success) return json(400, { error: 'stock.set needs items of sku, quantity, expected and version' })
  return json(200, { items: parsed.data.items.map((change) => setOne(core, change)) })
}

type Change = z.infer<typeof setData>['items'][number]

function setOne(core: Core, { sku, quantity, expected, version }: Change): object {
  const item = find(core, sku)
  if (!item) return { sku, applied: false, reason: 'unknown' }
  // The hub repeats a change whose answer it lost; the same version is applied once.
  if (version === item.version) return { sku, applied: true, quantity: item.shown, version }
  if (version < item.version) return { sku, applied: false, reason: 'stale', quantity: item.shown }
  const applied = item.shown === expected
  const now = core.now()
  logEffect(core.state.storefront.effects, {
    id: core.nextId(),
    at: now,
    operation: 'stock.set',
    sku,
    quantity,
    dueAt: now,
    appliedAt: applied ? now : null,
    refused: applied ? undefined : 'mismatch',
  })
  core.touch()
  if (!applied) return { sku, applied: false, reason: 'mismatch', quantity: item.shown }
  setShown(item, quantity)
  item.version = version
  return { sku, applied: true, quantity }
}

function readStock(core: Core, data: unknown): Response {
  const parsed = readData.safeParse(data)
  if (!parsed.success) return json(400, { error: 'stock.read needs items of sku' })
  const items = parsed.data.items.map(({ sku }) => {
    const item = find(core, sku)
    return item ? { sku, quantity: shownNow(core, 'stock.read', item), version: item.version } : { sku, quantity: null }
  })
  return json(200, { items })
}

export function find(core: Core, sku: string): StorefrontItem | undefined {
  const { items } = core.state.storefront
  return Object.hasOwn(items, sku) ? items[sku] : undefined
}

export function setShown(item: StorefrontItem, quantity: number): void {
  item.shownBefore = item.shown
  item.shown = quantity
}

function shownNow(core: Core, operation: 'stock.read' | 'products', item: StorefrontItem): number {
  return fires(core, 'storefront', operation, 'stale-read') ? item.shownBefore : item.shown
}
