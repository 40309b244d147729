/** Runs the conformance suite against the channels' official specs in SPECS_DIR (default ../shared/specs). */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'

const specs = resolve(process.env.SPECS_DIR ?? '../shared/specs')
if (!existsSync(specs)) {
  console.log(`There are no specs at ${specs}: nothing was checked. Set SPECS_DIR to a folder that holds them.`)
  process.exitCode = process.env.CI ? 1 : 0
} else {
  const run = spawnSync(
    process.execPath,
    ['node_modules/vitest/vitest.mjs', 'run', '--project', 'conformance', ...process.argv.slice(2)],
    {
      stdio: 'inherit',
      env: { ...process.env, SPECS_DIR: specs },
    },
  )
  process.exitCode = run.status ?? 1
}
