/** The whole hub against simulated marketplaces with faults and crashes: simulated time against real time, and seeds a minute. */
import { fork } from 'node:child_process'
import { join } from 'node:path'
import type { SimulationEnd } from '../test/simulation/main.ts'
import type { Bench } from './bench.ts'

const seeds = 200

export const simulate: Bench = {
  name: 'simulate',
  about: 'Simulated time against real time, every promise checked after each step',
  async run(run) {
    const count = run.quick ? 50 : seeds
    const rounds: (SimulationEnd & { seconds: number })[] = []
    for (let round = 0; round < Math.min(3, run.rounds); round += 1) {
      const one = await simulated(count, 1 + round * count)
      rounds.push(one)
      run.note(JSON.stringify(one))
      if (one.failed > 0)
        throw new Error(
          `${one.failed} seeds broke a promise: npm run simulate -- --seeds ${count} --seed ${1 + round * count} tells them`,
        )
    }
    const values = (of: (one: (typeof rounds)[number]) => number) => rounds.map(of)
    run.figure({
      metric: 'speed',
      unit: '× real time',
      target: 10_000,
      better: 'higher',
      values: values((one) => one.passedMs / 1_000 / one.seconds),
    })
    run.figure({
      metric: 'seeds_per_minute',
      unit: 'seeds/min',
      // 200 in 90 s.
      target: 133.3,
      better: 'higher',
      values: values((one) => (one.passed / one.seconds) * 60),
    })
  },
}

/** As `npm run simulate` does it, from the command to its end: the database's start is in it. */
async function simulated(count: number, first: number): Promise<SimulationEnd & { seconds: number }> {
  const began = performance.now()
  const child = fork(
    join(import.meta.dirname, '../test/simulation/main.ts'),
    ['--seeds', `${count}`, '--seed', `${first}`],
    {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    },
  )
  let end: SimulationEnd | undefined
  child.on('message', (message) => {
    end = message as SimulationEnd
  })
  await new Promise((resolve) => child.once('close', resolve))
  if (!end) throw new Error('the simulation ended without a word')
  return { ...end, seconds: (performance.now() - began) / 1_000 }
}
