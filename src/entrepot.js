#!/usr/bin/env -S node --max-semi-space-size=8
/**
 * The command. JavaScript on purpose: Node keeps what it made of the TypeScript behind it, so that neither the compiler
 * nor the 11 MB of the part that strips types are loaded again, and a restart takes half as long. The limit above (the
 * same stands in package.json) keeps garbage that idles about from growing to 40 MB.
 */
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { enableCompileCache } from 'node:module'
import { join } from 'node:path'

const folder = process.env.NODE_COMPILE_CACHE ?? join(import.meta.dirname, '../node_modules/.cache/entrepot')
const { directory } = enableCompileCache(folder)

/** The very first start: a process of its own fills the cache, and what that takes of memory ends with it. */
function fillWhereEmpty() {
  const isFilled = readdirSync(directory, { recursive: true, withFileTypes: true }).some((entry) => entry.isFile())
  if (isFilled) return
  const parts = ['./main.ts', './hub.ts', './demo.ts'].map((file) => `await import('${file}')`)
  spawnSync(process.execPath, ['--input-type=module', '--eval', parts.join(';')], {
    cwd: import.meta.dirname,
    env: { ...process.env, NODE_COMPILE_CACHE: folder },
    stdio: 'ignore',
    timeout: 30_000,
  })
}

try {
  if (directory && ['start', 'worker'].includes(process.argv[2] ?? '')) fillWhereEmpty()
} catch {
  // Without a cache the hub takes more memory, and works.
}

await import('./main.ts')
