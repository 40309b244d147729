/**
 * The one place where an account's stage decides whether a write may leave: whatever a connector can change at its channel
 * goes through here, and only an account that is live *now* gets through. Who works out what to write need not ask.
 */
import type { Connector, QuantityLine } from '../channels/connector.ts'
import type { AccountRow } from '../database/accounts.ts'
import { ChannelError } from '../domain/errors.ts'

/** Keys of a connector that are no capabilities. */
type Told = 'settings' | 'secrets' | 'limits' | 'journalKeys' | 'checks'
type IsMethod<T> = NonNullable<T> extends (...args: never[]) => unknown ? true : false
export type CapabilityName = {
  [K in keyof Connector]-?: K extends Told
    ? never
    : IsMethod<Connector[K]> extends true
      ? never
      : NonNullable<Connector[K]> extends object
        ? K
        : never
}[keyof Connector]
type Methods<T> = { [M in keyof T]-?: IsMethod<T[M]> extends true ? M : never }[keyof T]
type Call<T> =
  NonNullable<T> extends (...args: infer A) => infer R ? (error: ChannelError, ...args: A) => Awaited<R> : never

/** `read`: changes nothing at the channel. Else what is answered instead where nothing may be written. */
type Access<T> = { readonly [M in Methods<T>]: 'read' | Call<T[M]> }
type Feed = NonNullable<NonNullable<Connector['stock']>['feed']>

const failedLines = (error: ChannelError, lines: readonly { key: string }[]) =>
  lines.map(({ key }) => ({ key, kind: 'failed' as const, error }))
const failed = (error: ChannelError) => ({ kind: 'failed' as const, error })
const refuse = (error: ChannelError): never => {
  throw error
}

/** Every method of every capability stands here: the compiler refuses a connector that can do more. */
export const access: { readonly [C in CapabilityName]: Access<NonNullable<Connector[C]>> } = {
  orders: { pull: 'read', read: 'read' },
  listings: { pull: 'read' },
  heldStock: { pull: 'read' },
  stock: {
    push: (error, _account, lines) => failedLines(error, lines),
    read: 'read',
    readingsIn: 'read',
  },
  acknowledgements: { send: failed, read: 'read' },
  shipments: { confirm: failed, read: 'read' },
  cancellations: { request: failed },
  refunds: { issue: failed, read: 'read' },
  prices: { push: (error, _account, lines) => failedLines(error, lines) },
  copies: { find: 'read', create: failed, copyOf: 'read' },
  dispatches: { order: failed, read: 'read', cancel: refuse },
  storeStock: { locations: 'read', pull: 'read' },
  webhooks: { verify: 'read', subscribe: refuse },
  // What was taken from the seller's own queue is theirs; a trial only asks for one word.
  notifications: { read: 'read', acknowledge: 'read', subscribe: refuse, isSetUp: 'read', sendTest: 'read' },
  consent: { url: 'read', exchange: 'read' },
  settlements: { pull: 'read' },
}

export const feedAccess: Access<Feed> = {
  submit: (error, _account, lines: readonly QuantityLine[]) => ({ receipt: null, outcomes: failedLines(error, lines) }),
  collect: 'read',
  unfinished: 'read',
  cancel: refuse,
}

export const notLive = 'stage_not_live'

/** What stopped a write here never left; the account's own stage is why. */
const stopped = (stage: AccountRow['stage']) =>
  new ChannelError('unavailable', notLive, `nothing is written while the account is ${stage}`)

/** The connector as an account sees it. `stage` is asked before each write, so that a change of stage holds at once. */
export function gated(connector: Connector, stage: () => Promise<AccountRow['stage']>): Connector {
  const copy: Record<string, unknown> = { ...connector }
  for (const [name, methods] of Object.entries(access)) {
    const capability = copy[name] as Record<string, unknown> | undefined
    if (capability) copy[name] = guarded(capability, methods, stage)
  }
  const stock = copy.stock as Record<string, unknown> | undefined
  if (stock?.feed) stock.feed = guarded(stock.feed as Record<string, unknown>, feedAccess, stage)
  return copy as unknown as Connector
}

function guarded(
  capability: Record<string, unknown>,
  methods: Readonly<Record<string, unknown>>,
  stage: () => Promise<AccountRow['stage']>,
): Record<string, unknown> {
  const copy = { ...capability }
  for (const [name, rule] of Object.entries(methods)) {
    const method = capability[name]
    if (rule === 'read' || typeof method !== 'function') continue
    copy[name] = async (...args: unknown[]) => {
      const now = await stage()
      if (now === 'live') return await method.apply(capability, args)
      return (rule as (error: ChannelError, ...args: unknown[]) => unknown)(stopped(now), ...args)
    }
  }
  return copy
}
