/**
 * Between a Magento store and the hub: orders go to the hub, quantities and shipments come from it. The store's numbers are
 * told only after the orders behind them: the hub takes a sale that it was not told of for one that did not happen.
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import { Webhook } from 'standardwebhooks'
import { z } from 'zod'
import type { Hub } from './hub.ts'
import type { Magento, MagentoOrder } from './magento.ts'
import { momentOf, orderOf, unitsHeld, wordOf } from './mapping.ts'
import type { Goods, Memory } from './memory.ts'

/** A save takes its time before its moment shows in the list: so far back every look begins. */
const overlapMs = 2 * 60_000
const pageSize = 100
/** An order is listed this long after its units left the salable quantity, at most; what is odd for longer was edited by hand. */
const oddForMs = 60_000
const signedForMs = 5 * 60_000
/** Orders that did not change for so long are forgotten. */
const rememberedMs = 60 * 86_400_000

const setItem = z.object({ sku: z.string(), quantity: z.number(), expected: z.number(), version: z.number() })
const message = z.discriminatedUnion('type', [
  z.object({ type: z.literal('stock.set'), data: z.object({ items: z.array(setItem) }) }),
  z.object({ type: z.literal('stock.read'), data: z.object({ items: z.array(z.object({ sku: z.string() })) }) }),
  z.object({
    type: z.literal('shipment.created'),
    data: z.object({
      shipmentId: z.string(),
      orderId: z.string(),
      account: z.string(),
      remoteId: z.string(),
      lines: z.array(z.object({ remoteId: z.string(), quantity: z.number() })),
    }),
  }),
])
type SetItem = z.output<typeof setItem>
type Parcel = Extract<z.output<typeof message>, { type: 'shipment.created' }>['data']

export interface BridgeOptions {
  /** The account's name in the hub. */
  account: string
  magento: Magento
  hub: Hub
  memory: Memory
  /** Of the account's webhook and of the endpoint for events. */
  secrets: readonly string[]
  now(): Date
}

/** The store shows something that no order explains yet; the hub asks again. */
class NotYet extends Error {}

export function createBridge(options: BridgeOptions) {
  const { memory, magento, hub, account } = options
  const { known } = memory

  async function tell(order: MagentoOrder): Promise<void> {
    const id = String(order.entity_id)
    const before = known.orders[id]
    const content = createHash('sha256')
      .update(JSON.stringify(orderOf(order, account, new Date(0))))
      .digest('base64')
    if (before?.content === content) return
    const changed = momentOf(order.updated_at)
    // A later change within the same second must not look as old as the first.
    const toldAs = before && changed <= new Date(before.toldAs) ? new Date(Date.parse(before.toldAs) + 1) : changed
    await hub.tell(orderOf(order, account, toldAs))
    const units = unitsHeld(order)
    for (const sku of new Set([...units.keys(), ...Object.keys(before?.units ?? {})])) {
      const goods = known.goods[sku]
      if (goods) goods.number -= (units.get(sku) ?? 0) - (before?.units[sku] ?? 0)
    }
    known.orders[id] = {
      changed: order.updated_at,
      content,
      toldAs: toldAs.toISOString(),
      units: Object.fromEntries(units),
    }
    memory.save()
  }

  /** Tells every order that changed since the last look. Pages by time, as a page's number means others once one changed. */
  async function pull(): Promise<void> {
    let since = wordOf(new Date(momentOf(known.since).getTime() - overlapMs))
    let seen = new Set<number>()
    for (let page = 1; ; ) {
      const orders = await magento.orders(since, page, pageSize)
      // Beyond the last page the store gives the last one again.
      if (orders.every((order) => seen.has(order.entity_id))) break
      for (const order of orders) await tell(order)
      const last = orders.at(-1)?.updated_at
      if (last !== undefined && last > known.since) known.since = last
      if (orders.length < pageSize) break
      if (last! > since) [since, page, seen] = [last!, 1, new Set()]
      else page += 1
      for (const order of orders) seen.add(order.entity_id)
    }
    const old = wordOf(new Date(options.now().getTime() - rememberedMs))
    for (const [id, { changed }] of Object.entries(known.orders)) if (changed < old) delete known.orders[id]
    memory.save()
  }

  /** The store's number once all orders behind it were told; undefined where it has no such SKU. */
  async function settled(sku: string): Promise<number | undefined> {
    let number = await magento.salable(sku)
    if (number === undefined) return undefined
    if (!known.goods[sku]) {
      known.goods[sku] = { number, version: -1, applied: false }
      await pull()
    } else if (known.goods[sku].number !== number) {
      await pull()
      number = (await magento.salable(sku)) ?? number
    }
    const goods = known.goods[sku]!
    if (goods.number !== number) {
      // People edited it, or a return was put on the shelf: after a while it is what the store shows.
      if (!isOld(goods)) throw new NotYet(`${sku} shows ${number} and not ${goods.number}`)
      goods.number = number
    }
    delete goods.oddSince
    return number
  }

  /** Has it been odd for so long that no order will explain it? */
  function isOld(goods: Goods): boolean {
    const now = options.now().getTime()
    goods.oddSince ??= now
    memory.save()
    return now - goods.oddSince >= oddForMs
  }

  async function set({ sku, quantity, expected, version }: SetItem) {
    await finish(sku)
    const before = known.goods[sku]
    if (before && version < before.version)
      return { sku, applied: false, reason: 'stale', quantity: shown(before.number) }
    if (before?.version === version && before.applied) return { sku, applied: true, quantity }
    const number = await settled(sku)
    const source = number === undefined ? undefined : await magento.atSource(sku)
    if (number === undefined || source === undefined) return { sku, applied: false, reason: 'unknown' }
    const goods = known.goods[sku]!
    Object.assign(goods, { version, applied: false })
    if (shown(number) !== expected) {
      memory.save()
      return { sku, applied: false, reason: 'mismatch', quantity: shown(number) }
    }
    // By so much and not to so much: what is sold meanwhile is the store's reservation, and stays taken off.
    goods.underWay = { from: source, to: source + quantity - number, shown: quantity - number }
    memory.save()
    await magento.setAtSource(sku, goods.underWay.to)
    await finish(sku)
    return { sku, applied: true, quantity }
  }

  /** Reads back what became of a write: its answer may have been lost, or this process with it. */
  async function finish(sku: string): Promise<void> {
    const goods = known.goods[sku]
    if (!goods?.underWay) return
    const { from, to, shown: by } = goods.underWay
    const source = await magento.atSource(sku)
    if (source === to) Object.assign(goods, { number: goods.number + by, applied: true })
    else if (source !== from && !isOld(goods))
      throw new NotYet(`${sku} stands at ${source} in the source, neither ${from} nor ${to}`)
    delete goods.underWay
    delete goods.oddSince
    memory.save()
  }

  /** Once: the shipment carries the hub's number, and is looked for before it is made. */
  async function ship({ orderId, shipmentId, remoteId, lines }: Parcel): Promise<void> {
    const note = `Entrepot ${shipmentId}`
    const order = Number(remoteId)
    if (await magento.isShipped(order, note)) return
    const parcel = await hub.parcel(orderId, shipmentId)
    await magento.ship(order, {
      note,
      lines: lines.map((line) => ({ itemId: Number(line.remoteId), quantity: line.quantity })),
      carrier: parcel?.carrier ?? null,
      trackingNumber: parcel?.trackingNumber ?? null,
    })
  }

  async function answer(text: string): Promise<unknown> {
    const parsed = message.safeParse(JSON.parse(text))
    // Other events are not for the store.
    if (!parsed.success) return undefined
    const { type, data } = parsed.data
    if (type === 'shipment.created') return void (data.account === account && (await ship(data)))
    await pull()
    const items: unknown[] = []
    if (type === 'stock.set') for (const item of data.items) items.push(await set(item))
    else
      for (const { sku } of data.items) {
        const number = await settled(sku)
        items.push({ sku, quantity: number === undefined ? null : shown(number) })
      }
    return { items }
  }

  const inTurn = oneAtATime()
  return {
    /** What the timer calls; and a webhook of the store's, if it has one. */
    pull: () => inTurn(pull),

    /** The address that the account's webhook and the endpoint for `shipment.created` name. */
    handle: async (request: Request): Promise<Response> => {
      const text = await request.text()
      if (!isSigned(options.secrets, options.now(), request.headers, text)) return new Response(null, { status: 401 })
      try {
        const body = await inTurn(() => answer(text))
        return body === undefined ? new Response(null, { status: 204 }) : Response.json(body)
      } catch (error) {
        // 503: the hub asks again, and nothing is taken for done.
        const waits = error instanceof NotYet
        return Response.json({ error: (error as Error).message }, { status: waits ? 503 : 502 })
      }
    },
  }
}

/** Oversold: buyers see nothing. */
const shown = (number: number) => Math.max(0, number)

/** As Standard Webhooks say: over id, time and body. What is older than five minutes was kept by somebody. */
function isSigned(secrets: readonly string[], now: Date, headers: Headers, text: string): boolean {
  const id = headers.get('webhook-id') ?? ''
  const at = new Date(Number(headers.get('webhook-timestamp')) * 1_000)
  if (!(Math.abs(now.getTime() - at.getTime()) <= signedForMs)) return false
  const given = (headers.get('webhook-signature') ?? '').split(' ').map((one) => Buffer.from(one))
  return secrets.some((secret) => {
    const right = Buffer.from(new Webhook(secret).sign(id, at, text))
    return given.some((one) => one.length === right.length && timingSafeEqual(one, right))
  })
}

/** A shop's bridge has one hand: a number that is compared stays what it was until it is written. */
function oneAtATime() {
  let last: Promise<unknown> = Promise.resolve()
  return <T>(work: () => Promise<T>): Promise<T> => {
    const mine = last.then(work, work)
    last = mine.catch(() => {})
    return mine
  }
}
