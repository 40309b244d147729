/**
 * `npm run test:long -- [battery] [--minutes N]`: the batteries with their full numbers, one or all in turn. A battery is a
 * test file in test/batteries, a folder there with a runner of its own (main.ts), or `suite`: everything `npm test`
 * runs. Its result stands in test/results/<battery>.json with the commit. One that was cut short goes on where its
 * runner can; results of different commits are never put together.
 */
import { type ChildProcess, execFileSync, fork, spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

const root = join(import.meta.dirname, '..')
const batteries = join(root, 'test/batteries')
const results = join(root, 'test/results')

interface Result {
  battery: string
  commit: string
  /** Something was not committed when it ran: the commit alone does not tell what was tested. */
  dirty: boolean
  startedAt: string
  seconds: number
  complete: boolean
  ok: boolean
  figures: unknown
  /** What a runner needs to go on. */
  detail?: unknown
}

type Progress = Pick<Result, 'complete' | 'ok' | 'figures' | 'detail'>

const say = (line: string) => console.log(line)

function names(): string[] {
  const entries = existsSync(batteries) ? readdirSync(batteries, { withFileTypes: true }) : []
  const tests = entries.flatMap((one) =>
    one.isDirectory() || /\.test\.ts$/.test(one.name) ? [one.name.split('.')[0]!] : [],
  )
  return [...new Set(tests)].sort().concat('suite')
}

function git(...args: string[]): string {
  return execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim()
}

const commit = git('rev-parse', 'HEAD')
const dirty = git('status', '--porcelain', '--', '.', ':!test/results') !== ''

/** What an earlier run left to go on with. Another state of the sources begins anew; the old result is put aside. */
function begun(battery: string, file: string): Result | undefined {
  if (!existsSync(file)) return undefined
  const before = JSON.parse(readFileSync(file, 'utf8')) as Result
  const same = before.commit === commit && !before.dirty && !dirty
  if (same) return before.complete ? undefined : before
  const aside = join(results, `${battery}.${before.commit.slice(0, 10)}${before.dirty ? '-dirty' : ''}.json`)
  renameSync(file, aside)
  say(
    `${battery}: the result at hand is of ${before.dirty || dirty ? 'sources that were not committed' : 'another commit'}; put aside as ${aside}`,
  )
  return undefined
}

/** Runs one battery until its end or `end`; what was done is written each time it is told. */
async function run(battery: string, end: number): Promise<boolean> {
  mkdirSync(results, { recursive: true })
  const file = join(results, `${battery}.json`)
  const before = begun(battery, file)
  const from = performance.now()
  const result: Result = before ?? {
    battery,
    commit,
    dirty,
    startedAt: new Date().toISOString(),
    seconds: 0,
    complete: false,
    ok: false,
    figures: {},
  }
  const earlier = result.seconds
  const keep = (progress: Progress) => {
    Object.assign(result, progress, { seconds: Math.round(earlier + (performance.now() - from) / 1_000) })
    writeFileSync(`${file}.new`, `${JSON.stringify(result, null, 1)}\n`)
    renameSync(`${file}.new`, file)
  }
  say(`== ${battery}${before ? `, going on after ${earlier} s` : ''}`)
  const runner = join(batteries, battery, 'main.ts')
  if (existsSync(runner)) await runOwn(runner, before && file, end, keep)
  else await runTests(battery, end, keep)
  const state = !result.complete ? 'cut short' : result.ok ? 'ok' : 'NOT OK'
  say(`== ${battery}: ${state} after ${result.seconds} s; ${file}`)
  // Cut short and well so far is no failure.
  return result.ok
}

/** A runner tells its progress by message and ends by itself in time. */
async function runOwn(
  runner: string,
  done: string | undefined,
  end: number,
  keep: (one: Progress) => void,
): Promise<void> {
  const minutes = (end - performance.now()) / 60_000
  const args = [...(Number.isFinite(end) ? ['--minutes', String(minutes)] : []), ...(done ? ['--done', done] : [])]
  const child = fork(runner, args, { cwd: root, env: { ...process.env, ENTREPOT_LONG: '1' } })
  let last: Progress = { complete: false, ok: false, figures: {} }
  child.on('message', (progress: Progress) => {
    last = progress
    keep(progress)
  })
  const code = await ended(child)
  if (code !== 0) keep({ ...last, ok: false })
}

async function runTests(battery: string, end: number, keep: (one: Progress) => void): Promise<void> {
  const projects = ['walls', 'unit', 'database'].flatMap((name) => ['--project', name])
  const files = battery === 'suite' ? [] : [`test/batteries/${battery}`]
  const child = spawn(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', ...projects, ...files], {
    cwd: root,
    env: { ...process.env, ENTREPOT_LONG: '1' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  child.stdout.on('data', (chunk) => {
    output += chunk
    process.stdout.write(chunk)
  })
  let cut = false
  const timer = Number.isFinite(end)
    ? setTimeout(
        () => {
          cut = true
          child.kill('SIGINT')
        },
        Math.max(0, end - performance.now()),
      )
    : undefined
  const code = await ended(child)
  clearTimeout(timer)
  const failed = /^FAILED /m.test(output)
  keep({ complete: !cut, ok: cut ? !failed : code === 0, figures: figuresOf(output) })
}

const ended = (child: ChildProcess) =>
  new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)))

/** Lines of the form `what: 123`, as printCount writes them, and the closing count. */
function figuresOf(output: string): Record<string, unknown> {
  const counts = Object.fromEntries(
    [...output.matchAll(/^([a-z][^:\n]{0,80}): (\d+(?:\.\d+)?)$/gim)].map(([, what, count]) => [what, Number(count)]),
  )
  const closing = [...output.matchAll(/^\d+ passed, \d+ failed, \d+ skipped$/gm)].at(-1)?.[0]
  return { ...counts, ...(closing ? { closing } : {}) }
}

const { values, positionals } = parseArgs({ allowPositionals: true, options: { minutes: { type: 'string' } } })
const minutes = values.minutes === undefined ? Number.POSITIVE_INFINITY : Number(values.minutes)
const known = names()
/** A beginning names all batteries that begin so. */
const meant = positionals.map((given) =>
  known.includes(given) ? [given] : known.filter((name) => name.startsWith(given)),
)
if (meant.some((list) => list.length === 0) || !(minutes > 0)) {
  console.error(`Usage: npm run test:long -- [${known.join(' | ')}] [--minutes N]`)
  process.exit(2)
}
const end = performance.now() + minutes * 60_000
let ok = true
for (const battery of positionals.length > 0 ? new Set(meant.flat()) : known) {
  if (performance.now() >= end) say(`== ${battery}: no time left`)
  else ok = (await run(battery, end)) && ok
}
process.exitCode = ok ? 0 : 1
