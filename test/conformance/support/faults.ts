/** Every fault the simulator knows, on every operation of the connector, and what the connector makes of it. */
import { faultKinds } from '../../../simulator/faults.ts'
import { ChannelError, type ChannelErrorKind } from '../../../src/domain/errors.ts'
import type { Bench } from './bench.ts'
import { undeclaredAnswers } from './judge.ts'
import { drivers, operationsHere, type Subjects } from './scenario.ts'

export interface PlannedFault {
  operation: string
  kind: string
  status?: number
  /** undefined: the call comes out well */
  expected: ChannelErrorKind | undefined
}

const kindOfStatus: Record<number, ChannelErrorKind> = {
  400: 'rejected',
  401: 'auth',
  403: 'auth',
  404: 'missing',
  413: 'rejected',
  415: 'rejected',
  429: 'throttled',
  500: 'unavailable',
  503: 'unavailable',
}

/** Token endpoint: OAuth's own refusals, and an answer that cannot be read says nothing about the credentials. */
const tokenStatuses: Record<number, ChannelErrorKind> = {
  400: 'auth',
  401: 'auth',
  429: 'throttled',
  500: 'unavailable',
  503: 'unavailable',
}

const broken = ['drop', 'timeout-after-apply', 'malformed']

/** One fault of each kind and operation; `status` once for each status that may be answered. */
export function plannedFaults(one: Bench): PlannedFault[] {
  return ['token', ...operationsHere].flatMap((operation) =>
    faultKinds.amazon[operation]!.flatMap((kind): PlannedFault[] => {
      if (kind === 'status') return statusFaults(one, operation)
      if (kind === 'revoke') return [{ operation, kind, expected: 'auth' }]
      // A list that moves wants a second page, a rewritten answer is no form of the model: test/batteries has both.
      if (kind === 'moving-list' || kind === 'rewrite') return []
      // Its good answer has no body that anybody reads.
      if (operation === 'cancelFeed' && kind === 'malformed') return [{ operation, kind, expected: undefined }]
      return [{ operation, kind, expected: broken.includes(kind) ? 'unavailable' : undefined }]
    }),
  )
}

function statusFaults(one: Bench, operation: string): PlannedFault[] {
  if (operation === 'token') {
    return Object.entries(tokenStatuses).map(([status, expected]) => ({
      operation,
      kind: 'status',
      status: Number(status),
      expected,
    }))
  }
  const declared = Object.keys(one.judge.operations.find(({ id }) => id === operation)!.responses).filter(
    (status) => !status.startsWith('2'),
  )
  const extra = Object.keys(undeclaredAnswers)
    .filter((key) => key.startsWith(`${operation} `))
    .map((key) => key.split(' ')[1]!)
  return [...declared, ...extra].map((text) => {
    const expected = kindOfStatus[Number(text)]
    if (!expected) throw new Error(`${operation}: what does ${text} mean?`)
    return { operation, kind: 'status', status: Number(text), expected }
  })
}

export interface FaultOutcome {
  fired: number
  error: ChannelError | undefined
}

/** Plants one fault that fires once, makes one call, and tells what came of it. */
export async function underFault(
  one: Bench,
  { operation, kind, status }: PlannedFault,
  subjects: Subjects,
): Promise<FaultOutcome> {
  const account = one.account()
  const name = operation === 'token' ? 'getOrder' : operation
  const delay = kind === 'slow' ? { delayMs: 5 } : {}
  await one.control('POST', '/faults', {
    channel: 'amazon',
    operation,
    kind,
    count: 1,
    ...delay,
    ...(status ? { status } : {}),
  })
  const call = drivers[name]!(account, subjects)
  const error = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (error !== undefined && !(error instanceof ChannelError)) throw error
  const { faults } = await one.control<{ faults: { fired: number }[] }>('GET', '/faults')
  await one.control('DELETE', '/faults')
  return { fired: faults[0]!.fired, error }
}
