/**
 * The marketplaces as a process of their own, on the tests' clock: they outlive the hub. A line of JSON on standard
 * input connects the store.
 */
import { createInterface } from 'node:readline'
import { createSimulator, type StorefrontConnection, serveSimulator } from '../../simulator/index.ts'
import { drillGoods } from './drill-goods.ts'
import { nowBy, readClock } from './fast-clock.ts'

const clock = readClock(process.env)!
const simulator = createSimulator({
  seed: 4,
  speed: 1,
  realNow: () => nowBy(clock),
  catalog: drillGoods(),
  history: { orders: 40, days: 3 },
  amazon: { lagMs: { typical: 60_000, tail: 90_000, tailShare: 0.02 } },
})
const server = await serveSimulator(simulator, { port: 0 })
process.stdout.write(`${server.url}\n`)
createInterface({ input: process.stdin }).on('line', (line) =>
  simulator.connectStorefront(JSON.parse(line) as StorefrontConnection),
)
process.stdin.on('end', () => process.exit(0))
