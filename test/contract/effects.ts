/**
 * Effects that must happen once at most: acknowledgements, shipments, cancellations, refunds, copies. Whatever becomes of the call, the
 * connector sends it once and says whether it may have been carried out; what was carried out is found by reading.
 */
import { expect } from 'vitest'
import type { EffectAnswer } from '../../src/channels/capabilities.ts'
import type { Account } from '../../src/channels/connector.ts'
import type { IncomingOrder } from '../../src/domain/orders.ts'
import { type Bench, type Harness, needed } from './harness.ts'
import { awkward, type Case, walk } from './lists.ts'

export const effects = ['acknowledgements', 'shipments', 'cancellations', 'refunds', 'copies'] as const
export type Effect = (typeof effects)[number]

/** An effect about one order, ready to be sent, and what the channel knows of it afterwards. */
interface Prepared {
  send(account: Account, more?: { orderRemoteId?: string }): Promise<EffectAnswer>
  /** Words of the buyer that must not show. */
  words: readonly string[]
  /** How often it happened, as the channel tells. */
  happened(account: Account): Promise<number>
}

const price = 500

/** Acknowledged, where the channel wants that before anything else. */
async function boughtOrder(bench: Bench, quantity = 2, isAcknowledged = true): Promise<IncomingOrder> {
  const id = await needed(bench.stage.buy, 'buy')(awkward[0]!, quantity)
  await bench.stage.pass(bench.harness.orderShowsMs)
  if (isAcknowledged && bench.connector.acknowledgements) {
    const { send, visibleAfterMs } = bench.connector.acknowledgements
    await send(bench.wire.account(), { reference: '4700', orderRemoteId: id })
    await bench.stage.pass(Math.max(visibleAfterMs, bench.harness.orderShowsMs))
  }
  return (await ordersOf(bench)).find(({ remoteId }) => remoteId === id)!
}

const ordersOf = async (bench: Bench) => (await walk(bench, 'orders')).items as IncomingOrder[]

const wordsOf = ({ buyer }: IncomingOrder): string[] =>
  [buyer?.name, buyer?.email, buyer?.address?.line1].filter((one) => one !== undefined)

const newest = async (bench: Bench, id: string) => {
  await bench.stage.pass(bench.harness.orderShowsMs)
  return (await ordersOf(bench)).filter(({ remoteId }) => remoteId === id).at(-1)!
}

type EffectWire = Required<NonNullable<Harness['effects']>>
const told = <K extends Effect>(bench: Bench, effect: K): EffectWire[K] =>
  needed(bench.harness.effects?.[effect] as EffectWire[K] | undefined, `effects.${effect}`)
const linesOf = (order: IncomingOrder, quantity?: number) =>
  order.lines.map((line) => ({ remoteId: line.remoteId, quantity: quantity ?? line.quantity }))

function shipment(bench: Bench, order: IncomingOrder, more: { trackingNumber?: string; quantity?: number } = {}) {
  const { carrier, trackingNumber } = told(bench, 'shipments')
  return {
    // Digits only, as the hub's own references are: some channels take nothing else.
    reference: String(4_711 + (more.trackingNumber ?? '').length),
    orderRemoteId: order.remoteId,
    lines: linesOf(order, more.quantity),
    shippedAt: bench.stage.now(),
    carrier,
    trackingNumber: more.trackingNumber ?? trackingNumber,
    trackingUrl: null,
  }
}

function refund(bench: Bench, order: IncomingOrder, quantity = 1) {
  const { currency, reason } = told(bench, 'refunds')
  return {
    reference: '4799',
    orderRemoteId: order.remoteId,
    currency,
    lines: linesOf(order, quantity).map((line) => ({ ...line, amount: price * quantity })),
    shippingAmount: 0,
    reason,
  }
}

function copy(bench: Bench, reference: string) {
  return {
    reference,
    source: { channel: 'elsewhere', orderRemoteId: '302-1234567-1234567' },
    placedAt: bench.stage.now(),
    currency: 'USD',
    lines: [{ remoteSku: awkward[0]!, remoteProductId: null, title: 'Towel', quantity: 2, unitPrice: 1_490 }],
    total: 2_980,
    buyer: {
      name: 'Maria Musterfrau',
      email: 'maria@buyers.example',
      address: { line1: 'Hauptstraße 12', city: 'Lübeck', postalCode: '23552', country: 'DE' },
    },
    ...told(bench, 'copies').more,
  }
}

const prepare: Record<Effect, (bench: Bench) => Promise<Prepared>> = {
  async acknowledgements(bench) {
    const order = await boughtOrder(bench, 2, false)
    const capability = bench.connector.acknowledgements!
    expect(order.acknowledgeBy).toEqual(new Date(order.placedAt.getTime() + capability.withinMs))
    const one = { reference: '4766', orderRemoteId: order.remoteId }
    return {
      words: wordsOf(order),
      send: (account, more) => capability.send(account, { ...one, ...more }),
      happened: async (account) => {
        await bench.stage.pass(capability.visibleAfterMs)
        return (await capability.read(account, order.remoteId)) ? 1 : 0
      },
    }
  },
  async shipments(bench) {
    const order = await boughtOrder(bench)
    const capability = bench.connector.shipments!
    const parcel = shipment(bench, order)
    return {
      words: wordsOf(order),
      send: (account, more) => capability.confirm(account, { ...parcel, ...more }),
      happened: async (account) => {
        await bench.stage.pass(capability.visibleAfterMs)
        const known = await capability.read(account, order.remoteId)
        return known.filter(({ trackingNumber }) => trackingNumber === parcel.trackingNumber).length
      },
    }
  },
  async cancellations(bench) {
    const order = await boughtOrder(bench)
    const { reason } = told(bench, 'cancellations')
    const request = { reference: '4788', orderRemoteId: order.remoteId, lines: null, reason }
    return {
      words: wordsOf(order),
      send: (account, more) => bench.connector.cancellations!.request(account, { ...request, ...more }),
      happened: async () => ((await newest(bench, order.remoteId)).state === 'canceled' ? 1 : 0),
    }
  },
  async refunds(bench) {
    const order = await boughtOrder(bench)
    const capability = bench.connector.refunds!
    return {
      words: wordsOf(order),
      send: (account, more) => capability.issue(account, { ...refund(bench, order), ...more }),
      happened: async (account) => {
        await bench.stage.pass(capability.visibleAfterMs)
        const known = await capability.read(account, order.remoteId)
        for (const one of known) expect([one.amount, one.currency]).toEqual([price, told(bench, 'refunds').currency])
        return known.length
      },
    }
  },
  async copies(bench) {
    const capability = bench.connector.copies!
    const reference = 'entrepot-copy-0001'
    return {
      words: ['Musterfrau', 'maria@buyers', 'Hauptstra'],
      send: (account) => capability.create(account, copy(bench, reference)),
      happened: async (account) => {
        await bench.stage.pass(capability.visibleAfterMs)
        const found = await capability.find(account, reference)
        for (const one of found) expect(one.reference).toBe(reference)
        return found.length
      },
    }
  },
}

const shared = {
  async 'sent once'(bench, effect, prepared) {
    const { operation } = told(bench, effect)
    const account = bench.wire.account()
    const before = bench.wire.count(operation)
    const answer = await prepared.send(account)
    expect(['applied', 'accepted']).toContain(answer.kind)
    expect(bench.wire.count(operation) - before).toBe(1)
    expect(await prepared.happened(account)).toBe(1)
  },

  /** The answer was lost: it may have happened, the connector does not repeat it, and reading finds it. */
  async 'a lost answer'(bench, effect, prepared) {
    const { operation } = told(bench, effect)
    const account = bench.wire.account()
    const before = bench.wire.count(operation)
    bench.wire.tap({ on: operation, act: 'lose' })
    const answer = await prepared.send(account)
    expect(answer).toMatchObject({ kind: 'failed', error: { kind: 'unavailable', mayHaveApplied: true } })
    expect(bench.wire.count(operation) - before).toBe(1)
    expect(await prepared.happened(account)).toBe(1)
  },

  async 'an answer that cannot be read'(bench, effect, prepared) {
    const { operation } = told(bench, effect)
    bench.wire.tap({ on: operation, act: 'page' })
    const answer = await prepared.send(bench.wire.account())
    expect(answer).toMatchObject({ kind: 'failed', error: { kind: 'unavailable', mayHaveApplied: true } })
    expect(await prepared.happened(bench.wire.account())).toBe(1)
  },

  async 'a broken server'(bench, effect, prepared) {
    bench.wire.tap({ on: told(bench, effect).operation, act: 'fail' })
    const answer = await prepared.send(bench.wire.account())
    expect(answer).toMatchObject({ kind: 'failed', error: { kind: 'unavailable', mayHaveApplied: true } })
  },

  async 'a call that never left'(bench, effect, prepared) {
    bench.wire.tap({ on: told(bench, effect).operation, act: 'refuse' })
    const answer = await prepared.send(bench.wire.account())
    expect(answer).toMatchObject({ kind: 'failed', error: { kind: 'unavailable', mayHaveApplied: false } })
    expect(await prepared.happened(bench.wire.account())).toBe(0)
  },

  async throttled(bench, effect, prepared) {
    const { operation } = told(bench, effect)
    await bench.stage.trouble({ kind: 'throttle', operation })
    const answer = await prepared.send(bench.wire.account())
    expect(answer).toMatchObject({ kind: 'failed', error: { kind: 'throttled', mayHaveApplied: false } })
    expect(answer.kind === 'failed' && answer.error.retryAt?.getTime()).toBeGreaterThan(bench.stage.now().getTime())
    expect(await prepared.happened(bench.wire.account())).toBe(0)
  },

  async 'access taken back'(bench, _effect, prepared) {
    await bench.stage.trouble({ kind: 'revoke' })
    const answer = await prepared.send(bench.wire.account())
    expect(answer).toMatchObject({ kind: 'failed', error: { kind: 'auth', mayHaveApplied: false } })
  },

  /** The buyer's data of an effect, and of what is read back, never shows. */
  async 'buyers stay unseen'(bench, _effect, prepared) {
    const account = bench.wire.account()
    await prepared.send(account)
    await prepared.happened(account)
    const journal = JSON.stringify(account.journal)
    expect(prepared.words.length).toBeGreaterThan(0)
    for (const word of prepared.words) expect(journal.includes(word), `the journal holds ${word}`).toBe(false)
  },
} satisfies Record<string, (bench: Bench, effect: Effect, prepared: Prepared) => Promise<void>>

const own = {
  async 'shipments: lines and parcel are read back'(bench) {
    const order = await boughtOrder(bench, 2)
    const { confirm, read, visibleAfterMs } = bench.connector.shipments!
    const account = bench.wire.account()
    expect(await read(account, order.remoteId)).toEqual([])
    const parcel = shipment(bench, order, { quantity: 1 })
    expect((await confirm(account, parcel)).kind).not.toBe('failed')
    await bench.stage.pass(visibleAfterMs)
    const [known, ...more] = await read(account, order.remoteId)
    expect(more).toEqual([])
    expect(known).toMatchObject({ lines: parcel.lines, trackingNumber: parcel.trackingNumber })
    expect(known!.carrier).toBeTruthy()
    expect((await newest(bench, order.remoteId)).state).toBe('partly_shipped')
    const rest = shipment(bench, order, { quantity: 1, trackingNumber: `${parcel.trackingNumber}2` })
    expect((await confirm(account, rest)).kind).not.toBe('failed')
    const shipped = await newest(bench, order.remoteId)
    expect([shipped.state, shipped.lines[0]!.shipped]).toEqual(['shipped', 2])
    expect(await read(account, order.remoteId)).toHaveLength(2)
  },

  async 'shipments: an order that is not there'(bench) {
    const prepared = await prepare.shipments(bench)
    const answer = await prepared.send(bench.wire.account(), { orderRemoteId: (await unknownId(bench))! })
    expect(answer).toMatchObject({ kind: 'failed', error: { mayHaveApplied: false } })
    expect(['missing', 'rejected']).toContain(answer.kind === 'failed' && answer.error.kind)
  },

  async 'cancellations: one that shipped is refused'(bench) {
    const order = await boughtOrder(bench)
    const { reason } = told(bench, 'cancellations')
    await bench.connector.shipments!.confirm(bench.wire.account(), shipment(bench, order))
    await bench.stage.pass(bench.harness.orderShowsMs)
    const answer = await bench.connector.cancellations!.request(bench.wire.account(), {
      reference: '4789',
      orderRemoteId: order.remoteId,
      lines: null,
      reason,
    })
    expect(answer).toMatchObject({ kind: 'failed', error: { mayHaveApplied: false } })
    expect(['rejected', 'conflict']).toContain(answer.kind === 'failed' && answer.error.kind)
  },

  async 'refunds: more than was paid is refused'(bench) {
    const order = await boughtOrder(bench)
    const { issue, read, visibleAfterMs } = bench.connector.refunds!
    const one = refund(bench, order)
    const lines = one.lines.map((line) => ({ ...line, amount: 100_000_000 }))
    const answer = await issue(bench.wire.account(), { ...one, lines })
    expect(answer).toMatchObject({ kind: 'failed', error: { kind: 'rejected', mayHaveApplied: false } })
    await bench.stage.pass(visibleAfterMs)
    expect(await read(bench.wire.account(), order.remoteId)).toEqual([])
  },

  /** Found before it is created, known as a copy when it comes back as an order, and the shelf is not touched twice. */
  async 'copies: no second order, no second sale'(bench) {
    const { find, create, copyOf, visibleAfterMs } = bench.connector.copies!
    const account = bench.wire.account()
    const wanted = copy(bench, 'entrepot-copy-0002')
    expect(await find(account, wanted.reference)).toEqual([])
    const before = await bench.stage.shown(awkward[0]!)
    const answer = await create(account, wanted)
    expect(answer.kind).not.toBe('failed')
    await bench.stage.pass(visibleAfterMs)
    const [found] = await find(account, wanted.reference)
    expect(found).toMatchObject({ reference: wanted.reference })
    expect(await find(account, 'entrepot-copy-000')).toEqual([])
    expect(await bench.stage.shown(awkward[0]!)).toBe(before)
    await bench.stage.pass(bench.harness.orderShowsMs)
    const orders = await ordersOf(bench)
    const back = orders.find(({ remoteId }) => remoteId === found!.remoteId)
    expect(copyOf(back!.raw)).toMatchObject({
      reference: wanted.reference,
      orderRemoteId: wanted.source.orderRemoteId,
    })
    const ownOrder = await boughtOrder(bench)
    expect(copyOf(ownOrder.raw)).toBeNull()
  },
} satisfies Record<string, (bench: Bench) => Promise<void>>

/** An id of the channel's own form that no order has. */
async function unknownId(bench: Bench): Promise<string> {
  const [known] = await ordersOf(bench)
  return known!.remoteId.replace(/\d/g, (digit) => String((Number(digit) + 3) % 10))
}

export type EffectCase = `${Effect}: ${keyof typeof shared}` | keyof typeof own

const goods = [
  { sku: awkward[0]!, quantity: 50 },
  { sku: 'PLAIN', quantity: 50 },
]

export function effectCases(effect: Effect): Record<string, Case> {
  const general = Object.entries(shared).map(([name, run]): [string, Case] => [
    `${effect}: ${name}`,
    { goods: () => goods, run: async (bench) => await run(bench, effect, await prepare[effect](bench)) },
  ])
  const special = Object.entries(own).filter(([name]) => name.startsWith(`${effect}:`))
  return Object.fromEntries([...general, ...special.map(([name, run]) => [name, { goods: () => goods, run }] as const)])
}
