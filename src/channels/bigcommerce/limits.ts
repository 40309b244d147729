/**
 * One allowance of calls for all programs of a store, in windows of a fixed length (facts: channels.md §5,
 * api-rate-limits). Every answer tells what is left of the window, others' calls included. Pure.
 */
import type { Limit } from '../connector.ts'

/** The bucket that all calls share. */
export const calls = 'calls'

/** Standard and Plus: 150 in 30 seconds; other plans tell their own with the first answer. */
export const limits: Record<string, Limit> = { [calls]: { rate: 5, burst: 150 } }

export interface Window {
  left: number
  quota: number
  /** Until the window ends and the whole quota is there again. */
  resetMs: number
}

const names = {
  left: 'x-rate-limit-requests-left',
  quota: 'x-rate-limit-requests-quota',
  resetMs: 'x-rate-limit-time-reset-ms',
}

/** Undefined where the answer does not tell: a 429 without these headers is the platform's own load. */
export function readWindow(headers: Headers): Window | undefined {
  const read = (name: string) => {
    const text = headers.get(name) ?? ''
    return /^\d{1,12}$/.test(text) ? Number(text) : undefined
  }
  const [left, quota, resetMs] = [read(names.left), read(names.quota), read(names.resetMs)]
  if (left === undefined || quota === undefined || resetMs === undefined || quota < 1) return undefined
  return { left, quota, resetMs: Math.max(1, resetMs) }
}

/**
 * A bucket that never gives more than is left before the window ends: half of it at once, the other half over the rest of
 * the window. Where nothing is left, its first call is there when the window ends.
 */
export function bucketOf({ left, quota, resetMs }: Window, underWay: number) {
  const free = Math.max(0, left - underWay)
  const tokens = Math.floor(free / 2)
  return { tokens, rate: Math.max(1, free - tokens) / (resetMs / 1_000), burst: quota }
}
