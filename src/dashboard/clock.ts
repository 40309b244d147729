import { useSyncExternalStore } from 'react'

/**
 * The hub's clock, not the browser's: every age is measured by it, so a wrong clock here shows no wrong age, and in
 * the demo, where the hub's time runs faster, ages run with it.
 */
let base = { hub: Date.now(), here: performance.now(), speed: 1 }

export function setHubClock(now: string, speed: number): void {
  base = { hub: Date.parse(now), here: performance.now(), speed }
}

export function hubNow(): number {
  return base.hub + (performance.now() - base.here) * base.speed
}

const listeners = new Set<() => void>()
let timer: ReturnType<typeof setInterval> | undefined
let shown = hubNow()

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  timer ??= setInterval(() => {
    shown = hubNow()
    for (const one of listeners) one()
  }, 1_000)
  return () => {
    listeners.delete(listener)
    if (listeners.size > 0) return
    clearInterval(timer)
    timer = undefined
  }
}

/** The hub's time, once a second. All ages on a page move together. */
export function useHubNow(): number {
  return useSyncExternalStore(subscribe, () => (timer ? shown : currentShown()))
}

/** Before the first tick the value must still be stable within one render. */
function currentShown(): number {
  if (Math.abs(hubNow() - shown) > 1_000 * base.speed) shown = hubNow()
  return shown
}
