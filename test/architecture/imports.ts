/** Which room may import which. A pure function over texts, so that a test can plant what must be found. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative, resolve, sep } from 'node:path'
import { parseSync } from 'vite'

export interface SourceFile {
  /** From the project's root, with slashes. */
  path: string
  text: string
}

export interface Import {
  /** As it is written; null where it is no literal and cannot be judged. */
  specifier: string | null
  /** The file of ours it names; null for packages. */
  target: string | null
  /** `type` only where Node loads nothing for it: `import type`, `export type`, `import('…').T`. */
  kind: 'value' | 'type'
}

export interface Violation {
  from: string
  /** A file of ours, a package, or `?` for an import that is no literal. */
  to: string
  why: string
}

interface Wall {
  /** Other rooms; `type:` where only types may pass. */
  rooms: readonly string[]
  /** Node's own modules among them; all of them where this is absent. */
  packages?: readonly string[]
}

/** Its own room is open to every file. */
const walls: Record<string, Wall> = {
  domain: { rooms: [], packages: [] },
  contract: { rooms: [], packages: ['zod'] },
  http: { rooms: [] },
  sealing: { rooms: [] },
  database: { rooms: ['domain', 'type:http'] },
  connector: { rooms: ['domain', 'http'] },
  registry: { rooms: ['connector', 'channel'] },
  channel: { rooms: ['domain', 'http', 'connector'] },
  operations: { rooms: ['domain', 'database', 'sealing', 'http', 'type:connector', 'type:registry'] },
  jobs: { rooms: ['operations', 'database', 'domain'] },
  'sign-in': { rooms: ['database', 'sealing', 'domain'] },
  api: { rooms: ['contract', 'operations', 'sign-in', 'domain', 'views', 'type:database', 'guard'] },
  cli: { rooms: ['contract', 'operations', 'sign-in', 'domain', 'views'] },
  dashboard: { rooms: ['contract'] },
  root: { rooms: ['src'] },
  simulator: { rooms: [] },
  test: { rooms: ['src', 'simulator', 'bench', 'examples', 'scripts'] },
  bench: { rooms: ['src', 'simulator', 'test'] },
  scripts: { rooms: [] },
  // Programs of other people: they know the API and nothing behind it.
  examples: { rooms: [] },
}

/** Files that may do what their room may not. One that nothing needs any more is reported too. */
export const exceptions: readonly { from: string; to: string; why: string }[] = [
  { from: 'src/demo.ts', to: 'simulator/index.ts', why: 'the demo runs the marketplaces in the hub’s own process' },
  {
    from: 'src/api/handlers/accounts.ts',
    to: 'src/database/accounts.ts',
    why: 'reads account rows, which the views take',
  },
  {
    from: 'src/api/handlers/system.ts',
    to: 'src/database/accounts.ts',
    why: 'reads account rows, which the views take',
  },
]

/** Rooms by path. The first that fits counts. */
const rooms: readonly [name: string, path: RegExp][] = [
  ['simulator', /^simulator\//],
  ['test', /^test\/|^src\/.*\.test\.tsx?$|^src\/channels\/contract-suite\.ts$/],
  ['bench', /^bench\//],
  ['scripts', /^scripts\//],
  ['examples', /^examples\//],
  ['connector', /^src\/channels\/(connector|capabilities|in-turn|one-by-one|order-windows)\.ts$/],
  ['registry', /^src\/channels\/registry\.ts$/],
  ['channel', /^src\/channels\/[^/]+\//],
  ['root', /^src\/[^/]+$/],
  ...[
    'domain',
    'contract',
    'http',
    'sealing',
    'database',
    'operations',
    'jobs',
    'sign-in',
    'api',
    'cli',
    'dashboard',
  ].map((name): [string, RegExp] => [name, new RegExp(`^src/${name}/`)]),
]

export function roomOf(path: string): string | undefined {
  return rooms.find(([, pattern]) => pattern.test(path))?.[0]
}

const channelOf = (path: string) => path.split('/')[2]

/** Does a name in a wall's list cover this target? Some name a part of a room. */
function covers(name: string, target: string, room: string): boolean {
  if (name === 'src') return target.startsWith('src/') && room !== 'test'
  if (name === 'views') return target.startsWith('src/database/views/')
  if (name === 'guard') return target === 'src/http/guard.ts'
  return name === room
}

/** Why the import is refused, or undefined. */
function judge(from: string, one: Import): string | undefined {
  const room = roomOf(from)
  if (!room) return 'the file is in no room: name its room here'
  const wall = walls[room]!
  if (one.specifier === null)
    return room === 'test' || room === 'bench' ? undefined : 'what is no literal cannot be judged'
  if (one.target === null) return judgePackage(from, room, one.specifier)
  const targetRoom = roomOf(one.target)
  if (!targetRoom) return 'the target is in no room'
  if (targetRoom === room) {
    const isOtherChannel = room === 'channel' && channelOf(from) !== channelOf(one.target)
    return isOtherChannel ? 'a channel never imports another' : undefined
  }
  if (wall.rooms.some((name) => covers(name, one.target!, targetRoom))) return undefined
  const typesPass = wall.rooms.includes(`type:${targetRoom}`)
  if (typesPass && one.kind === 'type') return undefined
  return typesPass ? `${room} may import only types of ${targetRoom}` : `${room} may not import ${targetRoom}`
}

function judgePackage(from: string, room: string, specifier: string): string | undefined {
  const name = specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
  if (name === 'pg') return from.startsWith('src/database/') ? undefined : 'only database/ speaks to the driver'
  const { packages } = walls[room]!
  return !packages || packages.includes(name) ? undefined : `${room} may not import ${name}`
}

/** Every import that no wall and no exception lets through, and every exception that lets nothing through any more. */
export function violations(files: readonly SourceFile[], allowed = exceptions): Violation[] {
  const found: Violation[] = []
  const unused = new Set(allowed)
  for (const file of files) {
    for (const one of importsOf(file)) {
      const why = judge(file.path, one)
      if (!why) continue
      const to = one.target ?? one.specifier ?? '?'
      const exception = allowed.find((each) => each.from === file.path && each.to === to)
      if (exception) unused.delete(exception)
      else found.push({ from: file.path, to, why })
    }
  }
  return [...found, ...[...unused].map(({ from, to }) => ({ from, to, why: 'this exception is not needed any more' }))]
}

// — reading sources —

export interface Node {
  type: string
  [key: string]: unknown
}

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && typeof (value as Node).type === 'string'

/** The syntax tree of a file. */
export function parse({ path, text }: SourceFile): Node {
  const { program, errors } = parseSync(path, text, { lang: path.endsWith('x') ? 'tsx' : 'ts' })
  if (errors.length > 0) throw new Error(`${path}: ${errors[0]!.message}`)
  return program as unknown as Node
}

/** Calls `visit` for the node and everything below it; `false` leaves out what is below. */
export function walk(node: Node, visit: (node: Node) => unknown): void {
  if (visit(node) === false) return
  for (const value of Object.values(node)) {
    if (Array.isArray(value)) for (const item of value) isNode(item) && walk(item, visit)
    else if (isNode(value)) walk(value, visit)
  }
}

/** The text of a string literal, or of a template with nothing filled in. */
export function literal(node: unknown): string | undefined {
  if (!isNode(node)) return undefined
  if (node.type === 'Literal' && typeof node.value === 'string') return node.value
  if (node.type === 'TSLiteralType') return literal(node.literal)
  const quasis = node.quasis as { value: { cooked: string } }[] | undefined
  return node.type === 'TemplateLiteral' && quasis?.length === 1 ? quasis[0]!.value.cooked : undefined
}

/** Every import of a file, in whatever form it stands there. */
export function importsOf(file: SourceFile): Import[] {
  const found: Import[] = []
  const add = (source: unknown, kind: Import['kind']) => {
    const specifier = literal(source) ?? null
    const isOurs = specifier?.startsWith('.') ?? false
    found.push({ specifier, kind, target: isOurs ? join(file.path, '..', specifier!).split(sep).join('/') : null })
  }
  const kindOf = (value: unknown): Import['kind'] => (value === 'type' ? 'type' : 'value')
  walk(parse(file), (node) => {
    if (node.type === 'ImportDeclaration') add(node.source, kindOf(node.importKind))
    else if (node.type === 'ExportAllDeclaration') add(node.source, kindOf(node.exportKind))
    else if (node.type === 'ExportNamedDeclaration' && node.source) add(node.source, kindOf(node.exportKind))
    else if (node.type === 'ImportExpression') add(node.source, 'value')
    else if (node.type === 'TSImportType') add(node.source ?? node.argument, 'type')
    else if (node.type === 'TSExternalModuleReference') add(node.expression, 'value')
    else if (node.type === 'CallExpression') {
      const [callee, argument] = [node.callee as Node, (node.arguments as Node[])[0]]
      if (callee.type === 'Identifier' && callee.name === 'require') add(argument, 'value')
    }
  })
  return found
}

/** The project's own files with one of these endings below these folders, in order. */
export function readSources(folders: readonly string[], endings: readonly string[]): SourceFile[] {
  const root = resolve(import.meta.dirname, '../..')
  return folders
    .filter((folder) => existsSync(join(root, folder)))
    .flatMap((folder) => readdirSync(join(root, folder), { recursive: true, withFileTypes: true }))
    .filter(
      (entry) =>
        entry.isFile() &&
        endings.some((ending) => entry.name.endsWith(ending)) &&
        !entry.parentPath.includes('node_modules'),
    )
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
    .map((path) => ({ path: relative(root, path).split(sep).join('/'), text: readFileSync(path, 'utf8') }))
}
