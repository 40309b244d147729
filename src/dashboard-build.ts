/** Builds the dashboard at the first start and keeps it by the hash of its sources; nothing built is ever committed. */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'

const source = join(import.meta.dirname, 'dashboard')
const shared = join(import.meta.dirname, 'contract')

function sources(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
}

/** Hash of everything the result depends on: sources, contract, and the exact versions of the parts. */
export function sourceHash(): string {
  const hash = createHash('sha256')
  for (const file of [...sources(source), ...sources(shared), join(import.meta.dirname, '..', 'package.json')]) {
    hash.update(`${file.slice(import.meta.dirname.length)}\0`).update(readFileSync(file))
  }
  return hash.digest('hex').slice(0, 16)
}

/** Answers the folder with the built dashboard, building it where it is missing. Older builds are removed. */
export async function buildDashboard(cacheDir: string): Promise<string> {
  const target = join(cacheDir, `dashboard-${sourceHash()}`)
  if (existsSync(join(target, 'index.html'))) return target
  mkdirSync(cacheDir, { recursive: true })
  const draft = `${target}.${process.pid}`
  // In a process of its own: what the bundler takes of memory ends with it.
  await promisify(execFile)(process.execPath, [import.meta.filename, draft], { maxBuffer: 10 * 1024 * 1024 })
  for (const name of readdirSync(cacheDir)) {
    const other = join(cacheDir, name)
    if (name.startsWith('dashboard-') && ![draft, target].includes(other) && !isUnderway(other, draft))
      rmSync(other, { recursive: true, force: true })
  }
  try {
    renameSync(draft, target)
  } catch (error) {
    // Another process was first; its build is the same.
    if (!existsSync(join(target, 'index.html'))) throw error
    rmSync(draft, { recursive: true, force: true })
  }
  return target
}

/** Another process on the same folder builds it at the same time: its draft is not ours to remove, unless it was left. */
function isUnderway(other: string, draft: string): boolean {
  const seen = statSync(other, { throwIfNoEntry: false })
  return /\.\d+$/.test(other) && seen !== undefined && seen.mtimeMs > statSync(draft).mtimeMs - leftAfterMs
}

const leftAfterMs = 10 * 60_000

/** Runs the bundler; called in its own process with the folder to write to. */
async function bundle(outDir: string): Promise<void> {
  const { build } = await import('vite')
  await build({
    configFile: join(source, 'vite.config.ts'),
    configLoader: 'native',
    logLevel: 'error',
    build: { outDir, emptyOutDir: true },
  })
}

if (import.meta.main) await bundle(process.argv[2]!)
