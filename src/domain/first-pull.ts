/** When the first reading of an account will be over, as far as can be told. */

export interface FirstPull {
  pages: number
  items: number
  /** What waits behind the last page; null where the channel does not tell. */
  remaining: number | null
  startedAt: Date | null
  /** When the last page was read. */
  readAt: Date | null
  doneAt: Date | null
}

export type FirstPullState = 'waiting' | 'running' | 'done'

export const stateOfFirstPull = ({ startedAt, doneAt }: FirstPull): FirstPullState =>
  doneAt ? 'done' : startedAt ? 'running' : 'waiting'

/** At the pace so far. Null where nothing was read yet, or nobody knows how much is left. */
export function expectedEnd({ items, remaining, startedAt, readAt, doneAt }: FirstPull): Date | null {
  if (doneAt) return doneAt
  if (!startedAt || !readAt || remaining === null || items === 0) return null
  const msPerItem = (readAt.getTime() - startedAt.getTime()) / items
  return new Date(readAt.getTime() + remaining * msPerItem)
}
