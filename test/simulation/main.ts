/** `npm run simulate -- --seeds N [--seed S] [--steps N]`: runs seeds and prints what broke, with its log. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { migrate } from '../../src/database/migrate.ts'
import { openDatabase } from '../../src/database/pool.ts'
import { startEmbedded } from '../../src/database/supervisor.ts'
import { simulationSteps } from '../support/iterations.ts'
import { runSeed } from './run.ts'

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '50' },
    seed: { type: 'string', default: '1' },
    steps: { type: 'string' },
  },
})
const first = Number(values.seed)
const count = Number(values.seeds)
const steps = Number(values.steps ?? simulationSteps)

const dataDir = mkdtempSync(join(tmpdir(), 'entrepot-simulation-'))
const postgres = await startEmbedded({ dataDir, settings: { fsync: 'off', synchronous_commit: 'off' } })
const setup = openDatabase(postgres.url)
await migrate(setup, { now: () => new Date('2026-11-22T00:00:00Z') })
await setup.close()
const db = openDatabase(postgres.url, { max: 1 })
let failed = 0
try {
  for (let seed = first; seed < first + count; seed += 1) {
    const result = await runSeed(db, seed, steps)
    if (result.broken) {
      failed += 1
      console.log(
        `seed ${seed} BROKEN ${result.broken}\nrepeat with: npm run simulate -- --seeds 1 --seed ${seed} --steps ${steps}\n${result.log.join('\n')}`,
      )
    } else console.log(`seed ${seed} ok ${result.hash}`)
  }
} finally {
  await db.close()
  await postgres.stop()
  rmSync(dataDir, { recursive: true, force: true })
}
console.log(`${count - failed} passed, ${failed} failed`)
process.exitCode = failed > 0 ? 1 : 0
