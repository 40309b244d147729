/**
 * Loaded before the program (`node --import`): its own clock, which main.ts builds, runs faster from a moment that all
 * processes of a test share. Everything that waits for real processes goes on in real time.
 */
import { registerHooks } from 'node:module'

/** What the processes of a test are given. */
export interface FastClock {
  from: number
  speed: number
}

export const clockEnv = ({ from, speed }: FastClock) => ({ CLOCK_FROM: String(from), CLOCK_SPEED: String(speed) })

export function readClock(env: Record<string, string | undefined>): FastClock | undefined {
  return env.CLOCK_FROM ? { from: Number(env.CLOCK_FROM), speed: Number(env.CLOCK_SPEED) } : undefined
}

export const nowBy = ({ from, speed }: FastClock): number => from + (Date.now() - from) * speed

const clock = readClock(process.env)
if (clock) {
  registerHooks({
    load(url, context, next) {
      const loaded = next(url, context)
      if (!url.endsWith('/src/main.ts')) return loaded
      const now = `new Date(${clock.from} + (Date.now() - ${clock.from}) * ${clock.speed})`
      return { ...loaded, source: String(loaded.source).replaceAll('new Date()', now) }
    },
  })
}
