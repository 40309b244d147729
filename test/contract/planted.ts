/**
 * Faults of a connector, each a change of one that keeps the contract. Every case of the suite must find at least one of
 * those that are planted for it: a case that finds none proves nothing.
 */
import type { Account, Connector, Pulled, QuantityLine, QuantityOutcome } from '../../src/channels/connector.ts'
import { ChannelError, isChannelError } from '../../src/domain/errors.ts'
import type { IncomingOrder } from '../../src/domain/orders.ts'
import type { List } from './lists.ts'
import { effectPlants } from './planted-effects.ts'
import { settlementPlants } from './settlements.ts'

type Plant = (connector: Connector) => Connector

type Pull = (account: Account, cursor: unknown) => Promise<Pulled<unknown>>

const pulling =
  (list: List, change: (pull: Pull) => Pull): Plant =>
  (connector) =>
    ({ ...connector, [list]: { ...connector[list], pull: change(connector[list]!.pull) } }) as Connector

const page = (list: List, change: (pulled: Pulled<unknown>, cursor: unknown) => Partial<Pulled<unknown>>): Plant =>
  pulling(list, (pull) => async (account, cursor) => {
    const pulled = await pull(account, cursor)
    return { ...pulled, ...change(pulled, cursor) }
  })

const withAccount = (list: List, change: (account: Account) => Partial<Account>): Plant =>
  pulling(list, (pull) => async (account, cursor) => await pull({ ...account, ...change(account) }, cursor))

/** The failure of a call, told otherwise. */
const retold = (list: List, tell: (error: ChannelError) => Error): Plant =>
  pulling(list, (pull) => async (account, cursor) => {
    try {
      return await pull(account, cursor)
    } catch (error) {
      throw isChannelError(error) ? tell(error) : error
    }
  })

const repeating = (list: List, kind: ChannelError['kind']): Plant =>
  pulling(list, (pull) => async (account, cursor) => {
    try {
      return await pull(account, cursor)
    } catch (error) {
      if (isChannelError(error) && error.kind === kind) return await pull(account, cursor)
      throw error
    }
  })

/** The channel's refusal never reaches the hub's own bucket. */
const unheeding = (list: List): Plant => withAccount(list, (account) => ({ budget: deaf(account.budget) }))
/** It never hears that calls are taken again. */
const mute = (budget: Account['budget']) => ({
  ...budget,
  taken: () => {},
  learned: async () => {},
  told: async (operation: string, { tokens }: { tokens: number }) =>
    tokens <= 0 ? await budget.exhausted(operation) : undefined,
})
const deaf = (budget: Account['budget']) => ({ ...budget, exhausted: async () => {}, told: async () => {} })

const as =
  (kind: ChannelError['kind'], more: { retryAt?: Date; mayHaveApplied?: boolean } = {}) =>
  (error: Error) =>
    new ChannelError(kind, 'planted', error.message, more)

/** Cursors that are numbers of what only this process remembers. */
function remembering(list: List): Plant {
  const known = new WeakMap<object, unknown[]>()
  return pulling(list, (pull) => async (account, cursor) => {
    const held = known.get(account) ?? []
    known.set(account, held)
    const pulled = await pull(account, cursor === null ? null : (held[cursor as number] ?? null))
    held.push(pulled.next)
    return { ...pulled, next: pulled.next === null ? null : held.length - 1 }
  })
}

/** Once told, never told again by this process. */
function forgetful(list: List): Plant {
  const told = new Set<string>()
  return page(list, ({ items }, cursor) => {
    const text = JSON.stringify(cursor)
    if (told.has(text)) return { items: items.slice(1) }
    if (cursor !== null) told.add(text)
    return {}
  })
}

/** What every list is tried with. */
const listPlants = (list: List): Record<string, Plant[]> => ({
  pages: [
    page(list, ({ items, more }) => (more ? { items: items.slice(1) } : {})),
    page(list, ({ items, more }) => (more ? { items: [...items, items[0]] } : {})),
    page(list, ({ more }) => (more ? { watermark: new Date(0) } : {})),
    page(list, () => ({ more: false })),
    ...(list === 'orders' ? [page(list, () => ({ watermark: undefined }))] : []),
  ],
  'cursor outlives a restart': [remembering(list), page(list, ({ next }) => ({ next: next && (() => next) }))],
  'a page read twice is the same': [forgetful(list)],
  'token renewed amid pages': [
    withAccount(list, () => ({ dropToken: async () => {} })),
    withAccount(list, (account) => ({
      token: async (name, mint) => {
        await account.token(name, mint)
        return (await mint()).value
      },
    })),
  ],
  'throttled amid pages': [
    (connector) => repeating(list, 'throttled')(unheeding(list)(connector)),
    retold(list, (error) => (error.kind === 'throttled' ? as('unavailable')(error) : error)),
    retold(list, (error) => (error.kind === 'throttled' ? as('throttled')(error) : error)),
    unheeding(list),
    withAccount(list, (account) => ({ budget: mute(account.budget) })),
  ],
  'no answer, or none that can be read': [
    repeating(list, 'unavailable'),
    retold(list, as('rejected')),
    pulling(list, (pull) => async (account, cursor) => {
      try {
        return await pull(account, cursor)
      } catch {
        return { items: [], next: null, more: false }
      }
    }),
  ],
  'access taken back': [retold(list, as('unavailable'))],
  'schema drift': [
    pulling(list, (pull) => async (account, cursor) => {
      const pulled = await pull(account, cursor)
      if (pulled.unreadable?.length) throw new ChannelError('unavailable', 'unreadable', 'one is odd')
      return pulled
    }),
    page(list, () => ({ unreadable: [] })),
    page(list, ({ items, unreadable }) => (unreadable?.length ? { items: items.slice(0, -1) } : {})),
    page(list, ({ unreadable = [] }) => ({
      unreadable: unreadable.map((one) => ({ ...one, where: JSON.stringify(one.raw) })),
    })),
  ],
  'a new field, and an optional one missing': [
    withAccount(list, (account) => ({
      http: async (request) => {
        const answer = await account.http(request)
        return answer.text.includes('fieldOfTomorrow') ? { ...answer, json: {} } : answer
      },
    })),
  ],
  'nothing there': [page(list, () => ({ more: true })), page(list, () => ({ items: [{}] }))],
})

const orders = (change: (order: IncomingOrder, cursor: unknown) => IncomingOrder | undefined): Plant =>
  page('orders', ({ items }, cursor) => ({
    items: (items as IncomingOrder[]).map((one) => change(one, cursor)).filter((one) => one !== undefined),
  }))
const reading = (read: (raw: unknown, plain: (raw: unknown) => unknown) => unknown): Plant => {
  return (connector) => {
    const plain = connector.orders!.read
    return { ...connector, orders: { ...connector.orders!, read: (raw) => read(raw, plain) } } as Connector
  }
}
const journaling = (...keys: string[]): Plant => {
  return (connector) => ({ ...connector, journalKeys: new Set([...connector.journalKeys, ...keys]) })
}

let stamp = 0
const orderPlants: Record<string, Plant[]> = {
  'an order as it was bought': [
    orders((one) => ({ ...one, lines: one.lines.map((line) => ({ ...line, quantity: 1 })) })),
    orders((one) => ({ ...one, lines: one.lines.map((line) => ({ ...line, remoteSku: line.title })) })),
    orders((one) => ({ ...one, state: 'shipped' })),
    orders((one) => ({ ...one, total: null })),
  ],
  // The next window begins where the last one ended.
  'a late order': [
    orders((one, cursor) => {
      const complete = (cursor as { completeTo?: string } | null)?.completeTo
      return complete && one.updatedAt < new Date(complete) ? undefined : one
    }),
  ],
  'a repeated order': [
    orders((one) => ({ ...one, updatedAt: new Date(one.updatedAt.getTime() + ++stamp) })),
    orders((one) => ({ ...one, total: ++stamp })),
  ],
  'changed while pages are walked': [
    orders((one) => (one.state === 'canceled' ? undefined : one)),
    orders((one) => ({ ...one, updatedAt: one.placedAt, state: one.state === 'canceled' ? 'pending' : one.state })),
    orders((one) => ({ ...one, lines: one.lines.map((line) => ({ ...line, canceled: 0 })) })),
  ],
  'an unknown word': [
    orders((one) => ({ ...one, state: one.state === 'unknown' ? 'open' : one.state })),
    page('orders', () => ({ strange: [] })),
    page('orders', ({ strange = [] }) => ({ strange: strange.map((one) => ({ ...one, isNew: true })) })),
  ],
  'drift never changes what was sold': [
    page('orders', ({ items, unreadable = [] }) => ({
      items: [...items, ...unreadable.map(() => ({ lines: [{ quantity: 1 }] }))],
    })),
    orders((one) => ({ ...one, state: one.state === 'unknown' ? 'shipped' : one.state })),
    reading((raw) => ({ raw })),
  ],
  'read again from what was kept': [
    reading((raw, plain) => ({ ...(plain(raw) as object), state: 'open', total: 1 })),
    reading((raw, plain) => plain((raw as object).valueOf())),
  ],
  '1,000 lines': [orders((one) => ({ ...one, lines: one.lines.slice(0, 250) }))],
  'buyers stay unseen': [
    journaling('name', 'buyerName', 'fullName'),
    journaling('addressLine1', 'address1'),
    journaling('receiver'),
    page('orders', ({ items }) => ({ strange: [{ field: JSON.stringify(items), isNew: true }] })),
  ],
}

type Push = (account: Account, lines: readonly QuantityLine[]) => Promise<QuantityOutcome[]>
const pushing = (change: (push: Push) => Push): Plant => {
  return (connector) => ({
    ...connector,
    stock: { ...connector.stock!, push: change(connector.stock!.push) },
  })
}
const outcomes = (change: (outcome: QuantityOutcome, index: number) => QuantityOutcome): Plant =>
  pushing((push) => async (account, lines) => (await push(account, lines)).map(change))
const failures = (change: (error: ChannelError) => ChannelError): Plant =>
  outcomes((one) => (one.kind === 'failed' ? { ...one, error: change(one.error) } : one))
const stockWith = (change: (stock: NonNullable<Connector['stock']>) => object): Plant => {
  return (connector) => ({ ...connector, stock: { ...connector.stock!, ...change(connector.stock!) } })
}
/** Sends again what failed so. */
const pushingAgain = (kind: ChannelError['kind']): Plant =>
  pushing((push) => async (account, lines) => {
    const first = await push(account, lines)
    return first.some((one) => one.kind === 'failed' && one.error.kind === kind) ? await push(account, lines) : first
  })
const told = (error: ChannelError, mayHaveApplied: boolean) =>
  new ChannelError(error.kind, error.code, error.message, { retryAt: error.retryAt, mayHaveApplied })

const stockPlants: Record<string, Plant[]> = {
  'a write shows': [
    pushing(
      (push) => (account, lines) =>
        push(
          account,
          lines.filter(({ quantity }) => quantity !== 0),
        ),
    ),
    outcomes((one) => ({ ...one, key: `${one.key}?` })),
    pushing(
      (push) => (account, lines) =>
        push(
          account,
          lines.map((line) => ({ ...line, quantity: Math.max(1, line.quantity) })),
        ),
    ),
    outcomes(({ key }) => ({ key, kind: 'mismatch', shown: 0 })),
  ],
  'what was declared of its writes': [
    (connector) => ({
      ...connector,
      quantityWrites: connector.quantityWrites === 'absolute' ? 'compare-and-set' : 'absolute',
    }),
    outcomes(({ key }) => ({ key, kind: 'mismatch', shown: 9 })),
  ],
  'one bad line fails alone': [
    pushing((push) => async (account, lines) => {
      const all = await push(account, lines)
      const bad = all.find((one) => one.kind === 'failed')
      return bad ? all.map(({ key }) => ({ ...bad, key })) : all
    }),
    outcomes((one) => (one.kind === 'failed' ? { key: one.key, kind: 'applied' } : one)),
    pushing((push) => async (account, lines) => (await push(account, lines)).slice(1)),
  ],
  'a SKU that is gone': [
    failures((error) => told(error, true)),
    failures(as('unavailable')),
    outcomes(({ key }) => ({ key, kind: 'applied' })),
  ],
  'a lost answer': [
    failures((error) => told(error, false)),
    pushingAgain('unavailable'),
    outcomes(({ key }) => ({ key, kind: 'applied' })),
  ],
  'a call that never left': [failures((error) => told(error, true)), pushingAgain('unavailable')],
  throttled: [
    failures((error) => told(error, true)),
    failures(as('throttled')),
    pushing((push) => (account, lines) => {
      return push({ ...account, budget: deaf(account.budget) }, lines)
    }),
  ],
  'access taken back': [failures(as('unavailable')), failures((error) => told(error, true))],
  'token renewed once for all': [
    pushing((push) => (account, lines) => push({ ...account, dropToken: async () => {} }, lines)),
    pushing((push) => (account, lines) => {
      const token: Account['token'] = async (name, mint) => {
        await account.token(name, mint)
        return (await mint()).value
      }
      return push({ ...account, token }, lines)
    }),
  ],
  'a reading tells what is shown': [
    stockWith(({ read }) => ({
      read: async (account: Account, skus: readonly string[]) =>
        (await read(account, skus)).map((one) => ({ ...one, quantity: one.quantity ?? 0 })),
    })),
    stockWith(({ read }) => ({
      read: async (account: Account, skus: readonly string[]) =>
        (await read(account, skus)).map((one) => ({ ...one, quantity: one.quantity || null })),
    })),
    stockWith(({ read }) => ({ read: (account: Account, skus: readonly string[]) => read(account, skus.slice(1)) })),
  ],
  'a reading that cannot be read is no reading': [
    stockWith(({ read }) => ({
      read: async (account: Account, skus: readonly string[]) => {
        try {
          return await read(account, skus)
        } catch {
          return skus.map((remoteSku) => ({ remoteSku, quantity: null }))
        }
      },
    })),
  ],
  'the journal tells readings': [
    stockWith(() => ({ readingsIn: () => [] })),
    stockWith(() => ({ readingsIn: () => [{ remoteSku: 'PLAIN', quantity: 1 }] })),
    (connector) => ({ ...connector, journalKeys: new Set() }),
  ],
  'declarations fit': [
    stockWith(() => ({ pushOperation: 'unheard of' })),
    stockWith(() => ({ readBatch: 0 })),
    stockWith(() => ({ marginMs: 0 })),
    (connector) => ({ ...connector, limits: { ...connector.limits, more: { rate: 0, burst: 1 } } }),
  ],
}

/** The faults that a case must find; none where nobody planted one yet. */
export function plantsFor(name: string): readonly Plant[] {
  const ofSettlements = settlementPlants[name]
  if (ofSettlements) return ofSettlements
  const effects = effectPlants(name)
  if (effects) return effects
  const [block, ...rest] = name.split(': ')
  const what = rest.join(': ')
  if (block === 'stock') return stockPlants[what] ?? []
  if (block === 'orders' && orderPlants[what]) return orderPlants[what]
  return listPlants(block as List)[what] ?? []
}
