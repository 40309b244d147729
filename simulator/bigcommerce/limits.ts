import type { BigcommerceState } from './state.ts'
import type { Store } from './store.ts'

/** All programs of a store spend one allowance in windows of a fixed length (api-rate-limits). */
export interface Allowance {
  isGranted: boolean
  headers: Record<string, string>
}

export function spend(store: Store, isHalved: boolean): Allowance {
  const { limits } = store.settings
  if (limits === 'none') return { isGranted: true, headers: {} }
  const window = openWindow(store, limits.windowMs)
  const quota = isHalved ? Math.floor(limits.requests / 2) : limits.requests
  const isGranted = window.used < quota
  if (isGranted) window.used += 1
  const headers = {
    'x-rate-limit-time-window-ms': String(limits.windowMs),
    'x-rate-limit-time-reset-ms': String(Math.max(1, window.from + limits.windowMs - store.now())),
    'x-rate-limit-requests-quota': String(quota),
    'x-rate-limit-requests-left': String(Math.max(0, quota - window.used)),
  }
  return { isGranted, headers }
}

function openWindow(store: Store, windowMs: number): BigcommerceState['window'] {
  const { window } = store.state
  const now = store.now()
  if (now - window.from >= windowMs) {
    window.from += Math.floor((now - window.from) / windowMs) * windowMs
    window.used = store.settings.others
  }
  store.core.touch()
  return window
}

/** Other programs of the seller's call, too. */
export function spendOthers(store: Store, requests: number): void {
  const { limits } = store.settings
  if (limits !== 'none') openWindow(store, limits.windowMs).used += requests
}
