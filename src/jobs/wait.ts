/** Waiting that can be cut short, by a wake or by the end. Real time, unlike the hub's own clock. */
export interface Signal {
  /** Resolves after `ms`, when woken (also by a wake since the last wait), or at once when stopped. */
  wait(ms: number): Promise<void>
  wake(): void
  stop(): void
  readonly stopped: boolean
}

export function createSignal(): Signal {
  let end: (() => void) | undefined
  let stopped = false
  // A wake while nobody waits is kept: work that was just looking may have missed what it announces.
  let woken = false
  const ring = () => {
    if (end) end()
    else woken = true
  }
  return {
    async wait(ms) {
      if (stopped) return
      if (woken) {
        woken = false
        return
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(() => end?.(), ms)
        end = () => {
          clearTimeout(timer)
          end = undefined
          resolve()
        }
      })
    },
    wake: ring,
    stop() {
      stopped = true
      ring()
    },
    get stopped() {
      return stopped
    },
  }
}
