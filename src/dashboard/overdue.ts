import type { Account } from './types.ts'

/** How long a reading may be past its time before the page says so: a worker may have died without a word. */
const patienceMs = 10 * 60_000

/** Old figures must not look current: a reading that was due and did not come is late, failure noted or not. */
export const isOverdue = (stream: Account['streams'][number], now: number): boolean =>
  stream.pulledAt !== null && now - Date.parse(stream.nextAt) > patienceMs

export const isLate = (account: Pick<Account, 'stage' | 'halted' | 'streams'>, now: number): boolean =>
  account.stage !== 'paused' && account.halted === null && account.streams.some((one) => isOverdue(one, now))
