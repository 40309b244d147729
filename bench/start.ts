/** Starting: the first time, again, with the demo; and what the hub takes of memory when nothing happens. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Bench, Run } from './bench.ts'
import { emptyFolder, type RunningHub, startHub } from './ours/hub.ts'
import { type Memory, memoryOf } from './ours/memory.ts'

export const start: Bench = {
  name: 'start',
  about: 'First start, restart, idle memory, and the first order of the demo',
  async run(run) {
    const idleMs = run.quick ? 20_000 : 60_000
    const times = { first: [] as number[], again: [] as number[], order: [] as number[] }
    const idle = { first: [] as number[], again: [] as number[] }
    for (let round = 0; round < run.rounds; round += 1) {
      // Memory is the same in every round but for chance: three of them tell.
      const waits = round < 3 ? idleMs : null
      const folder = emptyFolder()
      try {
        for (const turn of ['first', 'again'] as const) {
          const hub = await startHub(folder.path, own(folder.path))
          times[turn].push(hub.startedIn)
          if (waits) idle[turn].push(await idleMemory(run, turn, hub, waits))
          await hub.stop()
        }
      } finally {
        folder.remove()
      }
      times.order.push(await firstOrder())
      run.note(
        `first ${times.first.at(-1)!.toFixed(2)} s, again ${times.again.at(-1)!.toFixed(2)} s, first order ${times.order.at(-1)!.toFixed(2)} s`,
      )
    }
    const seconds = { unit: 's', better: 'lower' as const }
    run.figure({ metric: 'first_start_s', target: 30, ...seconds, values: times.first })
    run.figure({ metric: 'restart_s', target: 3, ...seconds, values: times.again })
    run.figure({ metric: 'first_order_s', target: 15, ...seconds, values: times.order })
    const memory = { unit: 'MB', target: 150, better: 'lower' as const }
    if (process.platform !== 'linux')
      run.skip({ metric: 'idle_mb', ...memory }, 'only Linux tells how memory is shared')
    else {
      run.figure({ metric: 'idle_mb', ...memory, values: idle.again })
      run.figure({ metric: 'idle_mb', case: 'since the very first start', ...memory, values: idle.first })
    }
  },
}

/** Nothing that an earlier start left behind: as on a machine where only the packages are installed. */
const own = (folder: string) => ({ NODE_COMPILE_CACHE: join(folder, 'compiled') })

async function idleMemory(run: Run, turn: string, hub: RunningHub, ms: number): Promise<number> {
  if (process.platform !== 'linux') return 0
  await sleep(ms)
  const memory: Memory = memoryOf(hub.pid)
  run.note(`idle after ${ms / 1_000} s (${turn}): ${JSON.stringify(memory)}`)
  return memory.hubMb + memory.databaseMb
}

/** From the command to the first order in the API, in an empty folder. */
async function firstOrder(): Promise<number> {
  const folder = emptyFolder()
  const began = performance.now()
  const hub = await startHub(folder.path, own(folder.path), ['--demo'])
  try {
    const { apiKey } = JSON.parse(readFileSync(join(folder.path, 'demo.json'), 'utf8')) as { apiKey: string }
    for (;;) {
      const answer = await fetch(`${hub.url}/api/v1/orders?limit=1`, { headers: { authorization: `Bearer ${apiKey}` } })
      const { items } = (await answer.json()) as { items: unknown[] }
      if (items.length > 0) return (performance.now() - began) / 1_000
      if (performance.now() - began > 120_000) throw new Error('the demo brought no order in two minutes')
      await sleep(50)
    }
  } finally {
    await hub.stop()
    folder.remove()
  }
}
