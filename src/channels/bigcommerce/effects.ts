/** What a call that leaves once became. */
import { ChannelError } from '../../domain/errors.ts'
import type { EffectAnswer } from '../capabilities.ts'

/** Errors that are thrown become the answer. */
export async function effect(run: () => Promise<EffectAnswer>): Promise<EffectAnswer> {
  try {
    return await run()
  } catch (error) {
    if (error instanceof ChannelError) return { kind: 'failed', error }
    throw error
  }
}
