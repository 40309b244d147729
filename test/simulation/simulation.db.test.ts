import { afterAll, beforeAll, expect, test } from 'vitest'
import { useDatabase } from '../support/database.ts'
import { printCount, simulationSeeds, simulationSteps } from '../support/iterations.ts'
import { actionsOf } from './actions.ts'
import { type Connections, openConnections } from './installation.ts'
import { allChannels } from './places.ts'
import { harms, spots } from './process.ts'
import { runSeed } from './run.ts'

const own = useDatabase()
let connections: Connections
beforeAll(() => {
  connections = openConnections(own.url)
})
afterAll(async () => await connections.close())

/** Seeds that once found something; they stay. */
const kept: number[] = []

test('P-1 … P-10 hold for every seed', async () => {
  printCount('simulation seeds', simulationSeeds)
  const seeds = [...kept, ...Array.from({ length: simulationSeeds }, (_, index) => index + 1)]
  const sometimes = new Set<string>()
  for (const seed of seeds) {
    const result = await runSeed(connections, seed, simulationSteps)
    for (const what of result.sometimes) sometimes.add(what)
    if (result.broken)
      throw new Error(
        `${result.broken}\nrepeat with: npm run simulate -- --seeds 1 --seed ${seed}\n${result.log.slice(-25).join('\n')}`,
      )
  }
  // A branch that never ran proves nothing.
  for (const kind of [
    'status',
    'drop',
    'malformed',
    'timeout-after-apply',
    'duplicate',
    'reorder',
    'expire-token',
    'stale-read',
    'bucket-halved',
  ]) {
    expect(sometimes, `no fault ${kind} hit anything`).toContain(`fault ${kind}`)
  }
  for (const spot of spots)
    for (const harm of harms)
      expect(sometimes, `the process was never harmed ${harm} ${spot}`).toContain(`harm ${harm} ${spot}`)
  expect(sometimes, 'no feed was ever done').toContain('feed done')
  expect(sometimes, 'no claim was ever known').toContain('claim known')
  for (const { name } of actionsOf({ channels: allChannels }))
    expect(sometimes, `${name} was never drawn`).toContain(name)
}, 600_000)

test('the same seed gives the same run', async () => {
  const first = await runSeed(connections, 7, simulationSteps)
  const second = await runSeed(connections, 7, simulationSteps)
  expect(second.log).toEqual(first.log)
  expect(second.hash).toBe(first.hash)
})
