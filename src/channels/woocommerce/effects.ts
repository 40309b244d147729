/** What a call that leaves once became, told alike for shipments, cancellations, refunds and copies. */
import { ChannelError } from '../../domain/errors.ts'
import type { EffectAnswer } from '../capabilities.ts'
import type { Account } from '../connector.ts'
import { call, wc } from './client.ts'
import { order, type WireOrder } from './wire.ts'

/** Errors that are thrown become the answer. */
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

export async function readOne(account: Account, orderRemoteId: string): Promise<WireOrder> {
  const { body } = await call(account, {
    operation: 'getOrder',
    method: 'GET',
    path: wc(`/orders/${encodeURIComponent(orderRemoteId)}`),
    answer: order,
  })
  return body
}

/** Orders that are over: nothing more happens to them from our side. */
export function refuseWhereOver({ status }: WireOrder): void {
  if (['cancelled', 'refunded', 'failed'].includes(status))
    throw new ChannelError('rejected', `order_${status}`, `the order is ${status} in the store`)
}
