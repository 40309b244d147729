/** A program that was forked answers commands over that channel, one after the other as they come. */

export type Commands = Record<string, (data: never) => unknown>

interface Asked {
  id: number
  command: string
  data: unknown
}

export function serve(commands: Commands): void {
  process.on('message', async ({ id, command, data }: Asked) => {
    try {
      process.send!({ id, answer: await commands[command]!(data as never) })
    } catch (error) {
      process.send!({ id, error: (error as Error).stack ?? String(error) })
    }
  })
  process.on('disconnect', () => process.exit(0))
}

export interface Loop {
  done: number
  perSecond: number
  p50: number
  p99: number
}

/** Runs `callers` loops until the time is over; counts and times the calls that answer true. */
export async function closedLoop(
  callers: number,
  durationMs: number,
  call: (caller: number, turn: number) => Promise<boolean>,
): Promise<Loop> {
  const times: number[] = []
  const began = performance.now()
  const loop = async (caller: number) => {
    for (let turn = 0; performance.now() - began < durationMs; turn += 1) {
      const before = performance.now()
      if (await call(caller, turn)) times.push(performance.now() - before)
    }
  }
  await Promise.all(Array.from({ length: callers }, (_, caller) => loop(caller)))
  const tookMs = performance.now() - began
  times.sort((a, b) => a - b)
  const at = (share: number) => times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? Number.NaN
  return { done: times.length, perSecond: (times.length / tookMs) * 1_000, p50: at(0.5), p99: at(0.99) }
}
