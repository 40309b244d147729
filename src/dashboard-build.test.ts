import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { buildDashboard } from './dashboard-build.ts'

let folder = ''
afterEach(() => rmSync(folder, { recursive: true, force: true }))

test('a build leaves the draft of another process alone, and clears old builds and drafts that were left', async () => {
  folder = mkdtempSync(join(tmpdir(), 'entrepot-dashboard-'))
  // A process that has just begun; one that died long ago; the build of an earlier version.
  for (const name of [
    'dashboard-0123456789abcdef.99999',
    'dashboard-0123456789abcdef.88888',
    'dashboard-fedcba9876543210',
  ]) {
    mkdirSync(join(folder, name))
    writeFileSync(join(folder, name, 'index.html'), '')
  }
  utimesSync(join(folder, 'dashboard-0123456789abcdef.88888'), 0, 0)
  const built = await buildDashboard(folder)
  expect(existsSync(join(built, 'index.html'))).toBe(true)
  expect(readdirSync(folder).sort()).toEqual(
    ['dashboard-0123456789abcdef.99999', built.slice(folder.length + 1)].sort(),
  )
})
