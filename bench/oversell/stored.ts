/** The same run in memory and on PostgreSQL. */
import { channels } from './assumptions.ts'
import { delaysOf } from './hub.ts'
import { type Outcome, type RunOptions, runHub } from './run.ts'
import { openStore } from './store.ts'

/** `url`: a database with our schema and nothing in it. */
export async function runStored(url: string, options: Omit<RunOptions, 'store'>): Promise<Outcome> {
  const delays = channels.map((_, channel) => delaysOf(channel, options.isNotified))
  const store = await openStore({ url, delays })
  try {
    return runHub({ ...options, store })
  } finally {
    await store.close()
  }
}
