import { useSyncExternalStore } from 'react'

let message = ''
const listeners = new Set<() => void>()

/** Tells a result to screen readers; what is seen changes elsewhere. */
export function announce(text: string): void {
  // The same words twice would not be read again; a space makes them new.
  message = message === text ? `${text}\u00a0` : text
  for (const listener of listeners) listener()
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

export function Announcer() {
  const text = useSyncExternalStore(subscribe, () => message)
  return (
    <div className="sr-only" role="status" aria-live="polite">
      {text}
    </div>
  )
}
