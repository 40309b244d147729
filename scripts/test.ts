/** Runs the suite; `npm test -- errors` runs the files whose name holds "errors". */
import { spawnSync } from 'node:child_process'

const given = process.argv.slice(2)
const projects = ['walls', 'unit', 'database'].flatMap((name) => ['--project', name])
const run = spawnSync(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', ...projects, ...given], {
  stdio: 'inherit',
})
process.exitCode = run.status ?? 1
