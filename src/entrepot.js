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

const { directory } = enableCompileCache(join(import.meta.dirname, '../node_modules/.cache/entrepot'))
const staysUp = ['start', 'worker'].includes(process.argv[2] ?? '')
/** Node has made a folder for this version of itself, and nothing lies in it yet. */
const isEmpty = (folder) => readdirSync(folder).some((name) => readdirSync(join(folder, name)).length === 0)

// The very first start: a process of its own fills the cache, and what that takes of memory ends with it.
if (staysUp && directory && isEmpty(directory)) {
  const parts = ['./main.ts', './hub.ts', './demo.ts'].map((file) => `await import('${file}')`)
  spawnSync(process.execPath, ['--input-type=module', '--eval', parts.join(';')], {
    cwd: import.meta.dirname,
    env: { ...process.env, NODE_COMPILE_CACHE: directory },
    stdio: 'ignore',
    timeout: 30_000,
  })
}

await import('./main.ts')
