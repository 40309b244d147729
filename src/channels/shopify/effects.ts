/** What a mutation that leaves once became, told alike for shipments, cancellations, refunds and copies. */
import { ChannelError } from '../../domain/errors.ts'
import type { EffectAnswer } from '../capabilities.ts'
import { readUserError, unreadable } from './errors.ts'
import type { WireUserError } from './wire.ts'

/** Errors that are thrown become the answer; a question before the effect leaves no doubt behind. */
export async function effect(run: () => Promise<EffectAnswer>): Promise<EffectAnswer> {
  try {
    return await run()
  } catch (error) {
    if (error instanceof ChannelError) return { kind: 'failed', error }
    throw error
  }
}

/** A question asked before the effect: whatever became of it, the effect did not leave. */
export async function asked<T>(question: Promise<T>): Promise<T> {
  try {
    return await question
  } catch (error) {
    if (error instanceof ChannelError && error.mayHaveApplied)
      throw new ChannelError(error.kind, error.code, error.message, { retryAt: error.retryAt, cause: error })
    throw error
  }
}

/** The payload of a mutation: refused, or done with this id. */
export function outcomeOf(
  operation: string,
  errors: readonly Pick<WireUserError, 'field' | 'message' | 'code'>[] | undefined,
  id: string | null | undefined,
  kind: 'applied' | 'accepted' = 'applied',
): EffectAnswer {
  const [first] = errors ?? []
  if (first && !id) return { kind: 'failed', error: readUserError({ ...first, code: first.code ?? null }) }
  if (!id) return { kind: 'failed', error: unreadable(operation, true) }
  return { kind, remoteId: id }
}

export const gone = (): ChannelError => new ChannelError('missing', 'NOT_FOUND', 'the store does not know this order')
