/** The simulation over slots in memory is worth what it says of the product: on PostgreSQL, by its operations, everything happens alike. */
import { expect, test } from 'vitest'
import { day, world } from '../../bench/oversell/assumptions.ts'
import { type RunOptions, runHub } from '../../bench/oversell/run.ts'
import { runStored } from '../../bench/oversell/stored.ts'
import { planGuarded } from '../../src/domain/guard.ts'
import { emptyDatabase } from '../simulation/installation.ts'
import { useDatabase } from '../support/database.ts'
import { isLong, patienceMs, printCount, storedBuyers } from '../support/iterations.ts'

const own = useDatabase()

/** Of them the last in `npm test`, over the few variants that sell most. */
const cases: [string, Pick<RunOptions, 'speed' | 'isNotified' | 'restockEvery' | 'lost' | 'crashes'>][] = [
  ['1×', { speed: 1, isNotified: false, restockEvery: world.restockEvery }],
  ['10×', { speed: 10, isNotified: false, restockEvery: day }],
  ['100×', { speed: 100, isNotified: false, restockEvery: day }],
  [
    '100×, notified, lost writes and a crash',
    { speed: 100, isNotified: true, restockEvery: day, lost: 0.05, crashes: 1 },
  ],
]

test.each(isLong ? cases : cases.slice(-1))(
  'the same buyers have the same outcome on PostgreSQL: %s',
  async (name, setting) => {
    await emptyDatabase(own.db)
    const options: RunOptions = {
      seed: 5,
      asks: storedBuyers,
      planner: planGuarded,
      stocked: isLong ? world.variants : 10,
      ...setting,
    }
    const inMemory = runHub(options)
    const began = performance.now()
    const stored = await runStored(own.url, options)
    printCount(`orders on PostgreSQL (${name})`, stored.orders)
    process.stdout.write(`${Math.round(performance.now() - began)} ms\n`)
    expect(stored).toEqual(inMemory)
    expect(stored).toMatchObject({ oversold: 0, violations: [] })
    expect(stored.writes).toBeGreaterThan(0)
  },
  patienceMs,
)
