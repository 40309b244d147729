import { inventPerson } from './amazon/marketplaces.ts'
import type { Core } from './core.ts'
import { underNetworkFaults } from './faults.ts'
import type { StorefrontItem, StorefrontOrder } from './state.ts'
import { find, setShown } from './storefront.ts'

const attempts = 5
const timeoutMs = 15_000

export type CheckoutResult =
  | { orderId: string }
  | { refused: string; shown: number; code?: string; unreachable?: boolean }

type HubOperation = 'reserve' | 'release' | 'confirm' | 'order'

interface HubAnswer {
  status: number
  body: Record<string, unknown>
}

/**
 * A buyer buys in the own store. The store refuses by itself what it does not show; then the hub decides by reserving;
 * only then the shown number falls. What the hub could not be told stays noted and is repeated by `tellHub`.
 */
export async function buy(core: Core, wanted: { sku: string; quantity: number }): Promise<CheckoutResult> {
  const { sku, quantity } = wanted
  const item = find(core, sku)
  if (!item) return { refused: 'unknown sku', shown: 0 }
  if (item.shown < quantity) return { refused: 'the store shows too little', shown: item.shown }
  const id = `SF-${core.random('store').digits(9)}`
  const answer = await post(core, 'reserve', '/api/v1/reservations', `${id}-reserve`, {
    account: core.connection?.account,
    reference: id,
    lines: [{ sku, quantity }],
    expiresInSeconds: 900,
  })
  if (!answer) return { refused: 'the hub cannot be reached', shown: item.shown, unreachable: true }
  if (answer.status !== 201 || typeof answer.body.id !== 'string') {
    return { refused: 'the hub refused the reservation', shown: item.shown, code: codeOf(answer) }
  }
  const reservationId = answer.body.id
  // A lower number may have been set while the hub was asked; what is shown is the last word.
  const current = find(core, sku)
  if (!current || current.shown < quantity) {
    await post(core, 'release', `/api/v1/reservations/${reservationId}/release`, `${id}-release`, {})
    return { refused: 'the store shows too little', shown: current?.shown ?? 0 }
  }
  setShown(current, current.shown - quantity)
  const order = placeOrder(core, current, id, quantity, reservationId)
  await tellHub(core, order)
  return { orderId: id }
}

function placeOrder(
  core: Core,
  item: StorefrontItem,
  id: string,
  quantity: number,
  reservationId: string,
): StorefrontOrder {
  const now = core.now()
  const order: StorefrontOrder = {
    id,
    sku: item.sku,
    quantity,
    unitPrice: item.price,
    currency: item.currency,
    title: item.title,
    buyer: inventPerson(core.random('store'), 'US', 'buyers.example'),
    createdAt: now,
    updatedAt: now,
    state: 'open',
    reservationId,
    untold: ['confirm', 'order'],
    revision: 1,
  }
  core.state.storefront.orders.push(order)
  core.touch()
  return order
}

/**
 * Cancels or ships an order of the store and tells the hub. Cancellation gives the units back to the shown number only
 * if asked: they are the hub's, which raises the store itself.
 */
export async function changeOrder(
  core: Core,
  order: StorefrontOrder,
  state: 'canceled' | 'shipped',
  restock = false,
): Promise<boolean> {
  if (order.state !== 'open') return false
  order.state = state
  order.updatedAt = Math.max(core.now(), order.updatedAt + 1)
  order.revision += 1
  if (!order.untold.includes('order')) order.untold.push('order')
  const item = find(core, order.sku)
  if (restock && item) setShown(item, item.shown + order.quantity)
  core.touch()
  await tellHub(core, order)
  return true
}

// One conversation per order at a time, so that a repeat does not overtake the first.
const talking = new WeakSet<StorefrontOrder>()

/** Tells the hub what it does not know of this order yet; keeps the rest for later if the hub does not answer. */
async function tellHub(core: Core, order: StorefrontOrder): Promise<void> {
  if (talking.has(order)) return
  talking.add(order)
  const { storefront } = core.state
  if (!storefront.untold.includes(order.id)) storefront.untold.push(order.id)
  try {
    while (order.untold[0]) {
      const revision = order.revision
      const told = order.untold[0]
      const answer =
        told === 'confirm'
          ? await post(
              core,
              'confirm',
              `/api/v1/reservations/${order.reservationId}/confirm`,
              `${order.id}-confirm`,
              {},
            )
          : await post(core, 'order', '/api/v1/orders', `${order.id}-order-${revision}`, orderBody(core, order))
      // A key that is not accepted is put right by people; until then nothing is lost.
      if (!answer || answer.status === 401 || answer.status === 403) return
      // Any other refusal is final here: the buyer has paid, so the order stands and is told as it is.
      if (answer.status >= 300) order.refusedByHub = `${told}: ${answer.status} ${codeOf(answer) ?? ''}`.trim()
      if (told === 'confirm' || order.revision === revision) order.untold.shift()
      core.touch()
    }
    storefront.untold = storefront.untold.filter((id) => id !== order.id)
  } finally {
    talking.delete(order)
  }
}

/** Repeats everything the hub has not acknowledged. */
export async function tellHubAll(core: Core): Promise<void> {
  for (const id of [...core.state.storefront.untold]) {
    const order = core.state.storefront.orders.findLast((candidate) => candidate.id === id)
    if (order) await tellHub(core, order)
  }
}

function orderBody(core: Core, order: StorefrontOrder): object {
  const { name, email, line1, city, postalCode, country } = order.buyer
  return {
    account: core.connection?.account,
    remoteId: order.id,
    updatedAt: new Date(order.updatedAt).toISOString(),
    placedAt: new Date(order.createdAt).toISOString(),
    state: order.state,
    currency: order.currency,
    lines: [
      {
        remoteId: `${order.id}-1`,
        sku: order.sku,
        quantity: order.quantity,
        unitPrice: order.unitPrice,
        title: order.title,
      },
    ],
    buyer: { name, email, address: { line1, city, postalCode, country } },
    reservationId: order.reservationId,
  }
}

/**
 * POST to the hub, always under the same key, up to five times while it cannot answer. Undefined: it never did. No
 * pause in between, as nothing here may depend on real time; a hub that is away for longer is told at the next tick.
 */
async function post(
  core: Core,
  operation: HubOperation,
  path: string,
  key: string,
  body: object,
): Promise<HubAnswer | undefined> {
  const { connection } = core
  if (!connection) return undefined
  for (let attempt = 0; attempt < attempts; attempt++) {
    core.count('storefront', operation)
    try {
      const response = await underNetworkFaults(core, operation, () =>
        core.fetch(new URL(path, connection.hubUrl), {
          method: 'POST',
          headers: {
            authorization: `Bearer ${connection.apiKey}`,
            'content-type': 'application/json',
            'idempotency-key': key,
          },
          body: JSON.stringify(body),
          signal: AbortSignal.timeout(timeoutMs),
        }),
      )
      const answer = { status: response.status, body: await readBody(response) }
      if (!isTemporary(answer)) return answer
    } catch {
      // Network errors, time-outs and planted losses all mean the same: no answer, try again under the same key.
    }
  }
  return undefined
}

async function readBody(response: Response): Promise<Record<string, unknown>> {
  const text = await response.text()
  if (text === '') return {}
  const body: unknown = JSON.parse(text)
  return typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {}
}

/** Answers that mean "later": server errors, limits, and a first attempt that is still at work under the same key. */
function isTemporary(answer: HubAnswer): boolean {
  if (answer.status >= 500 || answer.status === 408 || answer.status === 425 || answer.status === 429) return true
  return answer.status === 409 && /idempoten|progress/i.test(codeOf(answer) ?? '')
}

function codeOf(answer: HubAnswer): string | undefined {
  return typeof answer.body.code === 'string' ? answer.body.code : undefined
}
