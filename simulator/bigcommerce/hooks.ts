import { createHash, createHmac } from 'node:crypto'
import { accepted, pageOf, refusal } from './answers.ts'
import type { BcDelivery, BcHook } from './state.ts'
import type { Store } from './store.ts'

const second = 1_000
/** When a word that was not taken comes again; after the last one its hook is switched off (webhook overview). */
const waits = [60, 180, 300, 600, 900, 1_800, 3_600, 7_200, 21_600, 50_400, 86_400].map((one) => one * second)
/** A host that takes fewer than 9 of 10 words in two minutes, once 100 were tried, is left alone for three. */
const blocking = { windowMs: 120 * second, least: 100, share: 0.9, forMs: 180 * second }
/** A hook that had nothing to tell for so long is switched off. */
const silentMs = 90 * 86_400 * second
const timeoutMs = 10 * second
const longest = 5_000

/** Notes a word for every hook of the scope. */
export function announce(store: Store, scope: string, data: Record<string, unknown>): void {
  const { hooks, deliveries } = store.state
  const now = store.now()
  for (const hook of hooks) {
    if (!hook.active || hook.scope !== scope) continue
    hook.lastEventAt = now
    const payload = {
      scope,
      store_id: '1025646',
      data,
      hash: createHash('sha1').update(JSON.stringify(data)).digest('hex'),
      created_at: Math.floor(now / second),
      producer: `stores/${store.settings.storeHash}`,
    }
    deliveries.push({
      id: store.random('hooks').uuid(),
      hookId: hook.id,
      body: JSON.stringify(payload),
      attempts: 0,
      nextAt: now,
      state: 'waiting',
    })
  }
  if (deliveries.length > longest) store.state.deliveries = deliveries.filter(({ state }) => state === 'waiting')
}

/** Sends what is due. */
export async function deliverHooks(store: Store): Promise<void> {
  const now = store.now()
  for (const hook of store.state.hooks) if (hook.active && now - hook.lastEventAt > silentMs) hook.active = false
  for (const delivery of store.state.deliveries.filter((one) => one.state === 'waiting' && one.nextAt <= now)) {
    const hook = store.state.hooks.find(({ id }) => id === delivery.hookId)
    if (!hook?.active) {
      delivery.state = 'given-up'
      continue
    }
    const host = hostOf(store, hook.destination)
    if (host.blockedUntil > now) {
      delivery.nextAt = host.blockedUntil
      continue
    }
    delivery.attempts += 1
    store.core.touch()
    const isTaken = await send(store, hook, delivery)
    judge(host, isTaken, now)
    if (isTaken) delivery.state = 'delivered'
    else if (delivery.attempts > waits.length) {
      delivery.state = 'given-up'
      hook.active = false
    } else delivery.nextAt = now + waits[delivery.attempts - 1]!
  }
}

type Host = Store['state']['hosts'][string]

function hostOf(store: Store, destination: string): Host {
  const name = new URL(destination).host
  store.state.hosts[name] ??= { from: store.now(), tried: 0, good: 0, blockedUntil: 0 }
  return store.state.hosts[name]
}

function judge(host: Host, isTaken: boolean, now: number): void {
  if (now - host.from >= blocking.windowMs) Object.assign(host, { from: now, tried: 0, good: 0 })
  host.tried += 1
  if (isTaken) host.good += 1
  if (host.tried >= blocking.least && host.good / host.tried < blocking.share) host.blockedUntil = now + blocking.forMs
}

/** Signed by Standard Webhooks with the bytes of the API account's client secret. */
async function send(store: Store, hook: BcHook, { id, body }: BcDelivery): Promise<boolean> {
  const at = String(Math.floor(store.now() / second))
  const signature = createHmac('sha256', store.settings.clientSecret).update(`${id}.${at}.${body}`).digest('base64')
  try {
    const answer = await store.core.fetch(hook.destination, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'webhook-id': id,
        'webhook-timestamp': at,
        'webhook-signature': `v1,${signature}`,
        ...hook.headers,
      },
      body,
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMs),
    })
    await answer.arrayBuffer()
    return answer.status === 200
  } catch {
    return false
  }
}

const writeHook = (store: Store, hook: BcHook) => ({
  id: hook.id,
  client_id: store.settings.clientId,
  store_hash: store.settings.storeHash,
  scope: hook.scope,
  destination: hook.destination,
  is_active: hook.active,
  headers: hook.headers,
  created_at: Math.floor(hook.createdAt / second),
  updated_at: Math.floor(hook.updatedAt / second),
})

/** Only those of the API account that asks: here, all. */
export function getHooks(store: Store, query: URLSearchParams): Response {
  const found = store.state.hooks.filter(
    ({ scope, destination }) =>
      (query.get('scope') ?? scope) === scope && (query.get('destination') ?? destination) === destination,
  )
  return pageOf(found, query, 250, (hook) => writeHook(store, hook))
}

interface HookBody {
  scope?: unknown
  destination?: unknown
  is_active?: unknown
  headers?: unknown
}

const isScope = (value: unknown): value is string => typeof value === 'string' && /^store\/[a-zA-Z/*]+$/.test(value)
/** Only https at the usual port is called, unless the store was told otherwise. */
function isDestination({ settings }: Store, value: unknown): value is string {
  try {
    const { protocol, port } = new URL(String(value))
    return settings.hooksAnywhere || (protocol === 'https:' && port === '')
  } catch {
    return false
  }
}
const headersOf = (value: unknown): BcHook['headers'] =>
  typeof value === 'object' && value !== null ? (value as Record<string, string>) : null

export function createHook(store: Store, body: unknown): Response {
  const { scope, destination, is_active: active = true, headers } = (body ?? {}) as HookBody
  if (!isScope(scope)) return refusal(422, 'The scope is not valid.', { scope: 'is not valid' })
  if (!isDestination(store, destination))
    return refusal(422, 'The destination is not valid.', { destination: 'is not valid' })
  if (store.state.hooks.some((one) => one.scope === scope && one.destination === destination))
    return refusal(422, 'A hook with this scope and destination exists.', { scope: 'is there already' })
  const now = store.now()
  const hook: BcHook = {
    id: 20_000_000 + store.core.nextId(),
    scope,
    destination,
    active: active === true,
    headers: headersOf(headers),
    createdAt: now,
    updatedAt: now,
    lastEventAt: now,
  }
  store.state.hooks.push(hook)
  store.core.touch()
  return accepted(writeHook(store, hook))
}

export function updateHook(store: Store, id: string, body: unknown): Response {
  const hook = store.state.hooks.find((one) => String(one.id) === id)
  if (!hook) return refusal(404, 'The hook was not found.')
  const { scope, destination, is_active: active, headers } = (body ?? {}) as HookBody
  if (destination !== undefined && !isDestination(store, destination))
    return refusal(422, 'The destination is not valid.', { destination: 'is not valid' })
  if (isScope(scope)) hook.scope = scope
  if (isDestination(store, destination)) hook.destination = destination
  if (typeof active === 'boolean') hook.active = active
  if (headers !== undefined) hook.headers = headersOf(headers)
  hook.updatedAt = store.now()
  hook.lastEventAt = store.now()
  store.core.touch()
  return accepted(writeHook(store, hook))
}
