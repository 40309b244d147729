/** Faults of effects, prices, webhooks, consent and checks; see planted.ts. */
import type { EffectAnswer, HookVerdict, PriceOutcome } from '../../src/channels/capabilities.ts'
import type { Account, Connector } from '../../src/channels/connector.ts'
import { ChannelError } from '../../src/domain/errors.ts'
import type { Effect } from './effects.ts'

type Plant = (connector: Connector) => Connector
type Send = (account: Account, effect: never) => Promise<EffectAnswer>

const verbs = {
  acknowledgements: 'send',
  shipments: 'confirm',
  cancellations: 'request',
  refunds: 'issue',
  copies: 'create',
} as const

/** One function of a capability, changed. */
const changing = (
  block: keyof Connector,
  name: string,
  change: (plain: never, connector: Connector) => unknown,
): Plant => {
  return (connector) => {
    const capability = connector[block] as Record<string, unknown>
    return { ...connector, [block]: { ...capability, [name]: change(capability[name] as never, connector) } }
  }
}

const sending = (effect: Effect, change: (send: Send, connector: Connector) => Send): Plant =>
  changing(effect, verbs[effect], change)

const answering = (effect: Effect, change: (answer: EffectAnswer) => EffectAnswer): Plant =>
  sending(effect, (send) => async (account, one) => change(await send(account, one)))

const failing = (effect: Effect, change: (error: ChannelError) => ChannelError): Plant =>
  answering(effect, (answer) => (answer.kind === 'failed' ? { ...answer, error: change(answer.error) } : answer))

const as = (kind: ChannelError['kind'], mayHaveApplied?: boolean) => (error: ChannelError) =>
  new ChannelError(kind, error.code, error.message, { mayHaveApplied: mayHaveApplied ?? error.mayHaveApplied })
const told = (mayHaveApplied: boolean) => (error: ChannelError) =>
  new ChannelError(error.kind, error.code, error.message, { retryAt: error.retryAt, mayHaveApplied })

const repeating = (effect: Effect): Plant =>
  sending(effect, (send) => async (account, one) => {
    const answer = await send(account, one)
    return answer.kind === 'failed' ? await send(account, one) : answer
  })
const believing = (effect: Effect): Plant => answering(effect, () => ({ kind: 'applied', remoteId: null }))
/** Says so, and sends nothing. */
const unsent = (effect: Effect): Plant => sending(effect, () => async () => ({ kind: 'applied', remoteId: null }))
const nothing = async (): Promise<never[]> => []

const sharedPlants = (effect: Effect): Record<string, Plant[]> => ({
  'sent once': [
    unsent(effect),
    answering(effect, () => ({ kind: 'failed', error: new ChannelError('rejected', 'planted', 'planted') })),
  ],
  'a lost answer': [failing(effect, told(false)), repeating(effect), believing(effect)],
  'an answer that cannot be read': [failing(effect, told(false)), believing(effect)],
  'a broken server': [failing(effect, told(false)), failing(effect, as('rejected'))],
  'a call that never left': [failing(effect, told(true)), repeating(effect)],
  throttled: [failing(effect, as('throttled')), failing(effect, as('unavailable')), failing(effect, told(true))],
  'access taken back': [failing(effect, as('unavailable'))],
  'buyers stay unseen': [
    (connector) => {
      const everything = { has: () => true } as unknown as ReadonlySet<string>
      const open = { ...connector, journalKeys: everything }
      return sending(effect, (send) => async (account, one) => {
        await connector.orders!.pull(account, null)
        return await send(account, one)
      })(open)
    },
  ],
})

const ownPlants: Record<string, Plant[]> = {
  'shipments: lines and parcel are read back': [
    changing('shipments', 'read', () => nothing),
    changing(
      'shipments',
      'read',
      (read: (...all: unknown[]) => Promise<object[]>) =>
        async (...all: unknown[]) =>
          (await read(...all)).map((one) => ({ ...one, lines: [] })),
    ),
    changing(
      'shipments',
      'read',
      (read: (...all: unknown[]) => Promise<object[]>) =>
        async (...all: unknown[]) =>
          (await read(...all)).slice(0, 1),
    ),
  ],
  'shipments: an order that is not there': [believing('shipments'), failing('shipments', told(true))],
  'cancellations: one that shipped is refused': [believing('cancellations'), failing('cancellations', told(true))],
  'refunds: more than was paid is refused': [believing('refunds'), failing('refunds', told(true))],
  'copies: no second order, no second sale': [
    changing('copies', 'find', () => nothing),
    changing('copies', 'copyOf', () => () => null),
    changing('copies', 'copyOf', () => () => ({ reference: 'every order', channel: null, orderRemoteId: null })),
  ],
  'prices: each shows, and a bad line fails alone': [
    changing('prices', 'push', (push: (account: Account, lines: unknown[]) => unknown) => {
      return (account: Account, lines: { amount: number }[]) =>
        push(
          account,
          lines.map((line) => ({ ...line, amount: Math.round(line.amount / 100) * 100 })),
        )
    }),
    changing('prices', 'push', (push: (...all: unknown[]) => Promise<PriceOutcome[]>) => {
      return async (...all: unknown[]) => (await push(...all)).map(({ key }) => ({ key, kind: 'applied' }))
    }),
  ],
  'prices: leave the quantity alone': [
    changing('prices', 'push', (push: (...all: unknown[]) => Promise<unknown>, connector) => {
      return async (account: Account, lines: { remoteSku: string }[]) => {
        const zero = { key: 'k', remoteSku: lines[0]!.remoteSku, quantity: 0, version: 1_000_000, expected: 50 }
        await connector.stock!.push(account, [zero])
        return await push(account, lines)
      }
    }),
  ],
  'prices: trouble is told line by line': [
    changing('prices', 'push', (push: (...all: unknown[]) => Promise<PriceOutcome[]>) => {
      return async (...all: unknown[]) =>
        (await push(...all)).map((one) => (one.kind === 'failed' ? { ...one, error: told(false)(one.error) } : one))
    }),
    changing('prices', 'push', (push: (...all: unknown[]) => Promise<PriceOutcome[]>) => {
      return async (...all: unknown[]) => {
        const first = await push(...all)
        return first.some(({ kind }) => kind === 'failed') ? await push(...all) : first
      }
    }),
  ],
}

type Verify = (account: Account, hook: { headers: object }) => Promise<HookVerdict>
const verdicts = (change: (verdict: HookVerdict) => HookVerdict): Plant =>
  changing(
    'webhooks',
    'verify',
    (verify: Verify) => async (account: Account, hook: { headers: object }) => change(await verify(account, hook)),
  )
let count = 0
const hookPlants: Record<string, Plant[]> = {
  'webhooks: the channel’s own word is accepted': [
    verdicts(() => ({ kind: 'refused', why: 'planted' })),
    verdicts((one) => (one.kind === 'accepted' ? { ...one, dedupe: String(++count) } : one)),
    verdicts((one) => (one.kind === 'accepted' ? { ...one, look: [] } : one)),
  ],
  'webhooks: two words are not taken for one': [
    verdicts((one) => (one.kind === 'accepted' ? { ...one, dedupe: 'the same' } : one)),
  ],
  'webhooks: what was changed on its way is refused': [
    verdicts((one) =>
      one.kind === 'refused' ? { kind: 'accepted', dedupe: 'a', topic: 'a', happenedAt: null, look: ['orders'] } : one,
    ),
    changing('webhooks', 'verify', (verify: Verify) => async (account: Account, hook: { headers: object }) => {
      if (Object.keys(hook.headers).length === 0) throw new TypeError('planted')
      return await verify(account, hook)
    }),
  ],
  'webhooks: questions are answered': [
    verdicts((one) => (one.kind === 'answer' ? { ...one, body: `${one.body} ` } : one)),
  ],
  'webhooks: subscriptions are kept, and made again when dropped': [
    changing('webhooks', 'subscribe', () => nothing),
    changing('webhooks', 'subscribe', (subscribe: (...all: unknown[]) => Promise<{ topic: string }[]>) => {
      return async (...all: unknown[]) => (await subscribe(...all)).map((one) => ({ ...one, state: 'kept' }))
    }),
  ],
}

const connectingPlants: Record<string, Plant[]> = {
  'consent: the seller comes back with secrets that work': [
    changing('consent', 'url', (url: (settings: unknown, request: object) => string) => {
      return (settings: unknown, request: object) => url(settings, { ...request, state: 'a state of its own' })
    }),
    changing('consent', 'exchange', () => async () => ({ secrets: { refreshToken: 7 } })),
  ],
  'consent: a code that is not theirs': [
    changing('consent', 'exchange', () => async () => ({ secrets: {} })),
    changing('consent', 'exchange', () => async () => {
      throw new ChannelError('unavailable', 'planted', 'planted')
    }),
  ],
  'checks: all pass on a good day': [
    (connector) => ({
      ...connector,
      checks: [...connector.checks!, { id: 'one more', serves: [], run: async () => ({ ok: false, code: 'planted' }) }],
    }),
    (connector) => ({ ...connector, checks: [...connector.checks!, connector.checks![0]!] }),
  ],
  'checks: trouble is told': [
    (connector) => ({
      ...connector,
      checks: connector.checks!.map((one) => ({ ...one, run: async () => ({ ok: true }) })),
    }),
    (connector) => ({
      ...connector,
      checks: connector.checks!.map((one) => ({
        ...one,
        run: async () => {
          throw new TypeError('planted')
        },
      })),
    }),
  ],
}

/** The faults planted for a case of these blocks; undefined where there is none. */
export function effectPlants(name: string): Plant[] | undefined {
  const [block, what] = name.split(': ') as [string, string]
  const own = ownPlants[name] ?? hookPlants[name] ?? connectingPlants[name]
  return own ?? (block in verbs ? sharedPlants(block as Effect)[what] : undefined)
}
