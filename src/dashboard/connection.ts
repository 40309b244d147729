import { useSyncExternalStore } from 'react'
import { hubNow } from './clock.ts'

/** Whether the hub answers. A hub that is down is not a person who is signed out: only a 401 signs out. */
interface Connection {
  down: boolean
  /** Hub time of the last answer, whatever it said. */
  answeredAt: number | null
}

let state: Connection = { down: false, answeredAt: null }
const listeners = new Set<() => void>()

function change(next: Connection): void {
  const shown = next.down !== state.down
  state = next
  if (shown) for (const listener of listeners) listener()
}

export const reportAnswer = (): void => change({ down: false, answeredAt: hubNow() })
export const reportSilence = (): void => change({ ...state, down: true })

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

export const useIsDown = (): boolean => useSyncExternalStore(subscribe, () => state.down)
export const lastAnswerAt = (): number | null => state.answeredAt
