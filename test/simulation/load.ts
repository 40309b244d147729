/**
 * Loads the simulation, and the product under it, with a bug planted: every module of that copy carries the bug's name
 * in its address, so that copies with different bugs live side by side in one process. Needs Node's own loader.
 */
import { readFileSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { Planted } from './planted.ts'

const root = resolve(import.meta.dirname, '../..')
const mark = 'planted'

/** The text with the bug in it. Fails where the text that it changes is not there exactly once. */
export function plant({ name, patches }: Planted, file: string, text: string): string {
  let result = text
  for (const patch of patches) {
    if (patch.file !== file) continue
    const parts = result.split(patch.find)
    if (parts.length !== 2)
      throw new Error(`planted bug ${name}: its text stands ${parts.length - 1} times in ${file}, not once`)
    result = parts.join(patch.put)
  }
  return result
}

/** Every patch of the bug against the sources as they are now. */
export function checkPlanted(bug: Planted): void {
  for (const file of new Set(bug.patches.map((patch) => patch.file))) {
    plant(bug, file, readFileSync(join(root, file), 'utf8'))
  }
}

export async function loadPlanted<T>(bug: Planted, modulePath: string): Promise<T> {
  checkPlanted(bug)
  const url = pathToFileURL(resolve(import.meta.dirname, modulePath))
  url.searchParams.set(mark, bug.name)
  const hooks = registerHooks({
    resolve(specifier, context, next) {
      const result = next(specifier, context)
      const parent = context.parentURL && URL.canParse(context.parentURL) ? new URL(context.parentURL) : null
      if (parent?.searchParams.get(mark) !== bug.name) return result
      if (!result.url.startsWith('file:') || result.url.includes('/node_modules/')) return result
      const marked = new URL(result.url)
      marked.searchParams.set(mark, bug.name)
      return { ...result, url: marked.href }
    },
    load(address, context, next) {
      const result = next(address, context)
      if (!address.startsWith('file:') || new URL(address).searchParams.get(mark) !== bug.name) return result
      const file = fileURLToPath(new URL(new URL(address).pathname, 'file:')).slice(root.length + 1)
      const text =
        typeof result.source === 'string' ? result.source : Buffer.from(result.source as Uint8Array).toString()
      return { ...result, source: plant(bug, file.replaceAll('\\', '/'), text) }
    },
  })
  try {
    return (await import(url.href)) as T
  } finally {
    hooks.deregister()
  }
}
