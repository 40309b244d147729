/** The command that people run: with and without what an earlier run left in the compile cache. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'

const cache = mkdtempSync(join(tmpdir(), 'entrepot-compiled-'))
afterAll(() => rmSync(cache, { recursive: true, force: true }))

/** Stopped by a wrong port, right after everything was loaded. */
const run = () =>
  spawnSync(process.execPath, ['src/entrepot.js', 'start'], {
    env: { ...process.env, NODE_COMPILE_CACHE: cache, PORT: 'none' },
    encoding: 'utf8',
  })
const files = () =>
  readdirSync(cache, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).length

test('starts with an empty cache, which it fills, and with a full one', () => {
  const first = run()
  expect(first.stderr).toContain('[config_invalid]')
  expect(first.status).toBe(1)
  const kept = files()
  expect(kept).toBeGreaterThan(300)
  const again = run()
  expect(again.stderr).toContain('[config_invalid]')
  expect(again.status).toBe(1)
  expect(files()).toBe(kept)
})
