/** Rules that no compiler holds. Each is a function over texts, tried on the project and on a planted fault. */
import { expect, test } from 'vitest'
import { registry } from '../../src/channels/registry.ts'
import { literal, type Node, parse, readSources, type SourceFile, walk } from './imports.ts'

const isTest = (path: string) => /\.test\.tsx?$|contract-suite\.ts$/.test(path)
const sources = readSources(['src'], ['.ts', '.tsx']).filter(({ path }) => !isTest(path))
const sql = readSources(['src'], ['.sql'])
const inRooms = (...rooms: string[]) =>
  sources.filter(({ path }) => rooms.some((room) => path.startsWith(`src/${room}/`)))
const isDashboard = (path: string) => path.startsWith('src/dashboard/')
const plant = (text: string, path = 'src/operations/planted.ts'): SourceFile[] => [{ path, text }]

/** The texts of all literals, with a gap for what is filled in. */
function textsOf(file: SourceFile): string[] {
  const texts: string[] = []
  walk(parse(file), (node) => {
    if (node.type === 'Literal' && typeof node.value === 'string') texts.push(node.value)
    if (node.type === 'TemplateLiteral')
      texts.push((node.quasis as { value: { cooked: string } }[]).map((one) => one.value.cooked).join(' … '))
  })
  return texts
}

// — no time, chance or id is made in SQL —

const made =
  /\b(?:now|\w+_timestamp|timeofday|random\w*|gen_random_\w+|uuid_generate_\w+|uuidv[47])\s*\(|\bcurrent_(?:timestamp|date|time)\b|\blocaltime(?:stamp)?\b|\bdefault\s+(?:now|current_)|'now'/i
const clockFile = 'src/database/lease-clock.ts'

function madeInSql(files: readonly SourceFile[]): string[] {
  return files.flatMap((file) => {
    const texts = file.path.endsWith('.sql') ? [file.text.replace(/--.*$/gm, '')] : textsOf(file)
    return texts.flatMap((text) =>
      file.path !== clockFile && made.test(text) ? [`${file.path}: ${made.exec(text)![0]}`] : [],
    )
  })
}

test('SQL makes no time, no chance and no id', () => {
  expect(sql.length).toBeGreaterThan(0)
  expect(madeInSql([...sql, ...sources.filter(({ path }) => !isDashboard(path))])).toEqual([])
})

test.each([
  'select now()',
  'set at = current_timestamp',
  'select clock_timestamp ()',
  'order by random()',
  'select GEN_RANDOM_UUID()',
  'values (uuidv7())',
  `at timestamptz default now()`,
])('finds %s', (text) => {
  expect(madeInSql(plant(`await tx.run('${text}')`))).toHaveLength(1)
  expect(madeInSql(plant(`await tx.run(\`${text} \${more}\`)`))).toHaveLength(1)
  expect(madeInSql(plant(`create table t (x int); ${text}`, 'src/database/migrations/0002_planted.sql'))).toHaveLength(
    1,
  )
  expect(madeInSql(plant(`await tx.run('${text}')`, clockFile))).toEqual([])
  expect(madeInSql(plant(`-- ${text}`, 'src/database/migrations/0002_planted.sql'))).toEqual([])
})

// — clock and chance come in through system.ts, and the environment through main.ts —

const clocks = ['Date.now', 'new Date()', 'Date()', 'performance.now', 'process.hrtime']
const chances = ['Math.random', 'randomBytes', 'randomUUID', 'randomInt', 'getRandomValues']

/** Who may use what, and why. */
const users: readonly { path: string; uses: readonly string[]; why: string }[] = [
  { path: 'src/system.ts', uses: chances, why: 'makes what is injected everywhere' },
  { path: 'src/main.ts', uses: ['new Date()', 'process.env'], why: 'builds the clock and reads the environment' },
  { path: 'src/hub.ts', uses: ['performance.now'], why: 'builds the monotonic clock' },
  { path: 'src/terminal.ts', uses: ['performance.now'], why: 'builds the monotonic clock' },
  { path: 'src/database/attach.ts', uses: ['Date.now'], why: 'waits for a real process' },
  { path: 'src/demo.ts', uses: ['Date.now'], why: 'starts the simulator’s clock' },
  { path: 'src/http/client.ts', uses: ['performance.now'], why: 'measures how long a call took, for the journal only' },
  { path: 'src/database/home.ts', uses: ['randomBytes'], why: 'names the database’s own folder' },
  { path: 'src/database/lock.ts', uses: clocks, why: 'beats for holders that cannot be seen from here' },
  {
    path: 'src/database/supervisor.ts',
    uses: clocks,
    why: 'waits for a real process',
  },
  {
    path: 'src/database/server.ts',
    uses: [...clocks, ...chances],
    why: 'waits for a real process, makes its password',
  },
  {
    path: 'src/database/binaries.ts',
    uses: [...clocks, 'process.env'],
    why: 'waits for real processes, hands PATH and TEMP on to the server',
  },
]

function worldly(files: readonly SourceFile[]): string[] {
  return files.flatMap((file) => {
    const allowed = users.find((one) => one.path === file.path)?.uses ?? []
    const found: string[] = []
    walk(parse(file), (node) => {
      const name = worldlyName(node)
      if (name && !allowed.includes(name)) found.push(`${file.path}: ${name}`)
    })
    return found
  })
}

function worldlyName(node: Node): string | undefined {
  const nameOf = (value: unknown) => (value as { type?: string; name?: string })?.name
  if (node.type === 'NewExpression' && nameOf(node.callee) === 'Date' && (node.arguments as Node[]).length === 0)
    return 'new Date()'
  if (node.type === 'CallExpression' && nameOf(node.callee) === 'Date') return 'Date()'
  if (node.type === 'MemberExpression') {
    const property = nameOf(node.property) ?? literal(node.property)
    const name = `${nameOf(node.object)}.${property}`
    if ([...clocks, ...chances, 'process.env'].includes(name)) return name
    if (property === 'env' && (node.object as Node).type === 'MetaProperty') return 'import.meta.env'
    return chances.find((one) => one === property)
  }
  if (node.type === 'ImportSpecifier') {
    const imported = nameOf(node.imported)
    return imported === 'env' ? 'process.env' : [...chances, 'performance'].find((one) => one === imported)
  }
  return undefined
}

test('clock, chance and environment come in through the files that build them', () => {
  expect(worldly(sources.filter(({ path }) => !isDashboard(path)))).toEqual([])
})

test('the dashboard reads no environment', () => {
  expect(worldly(sources.filter(({ path }) => isDashboard(path))).filter((one) => one.includes('env'))).toEqual([])
})

test.each([
  'Date.now()',
  'new Date()',
  'Date()',
  'Math.random()',
  'performance.now()',
  'crypto.randomUUID()',
  'process.env.PORT',
  `process['env']`,
  'import.meta.env.MODE',
])('finds %s', (text) => {
  expect(worldly(plant(`const one = ${text}`))).toHaveLength(1)
  expect(worldly(plant('const one = new Date(0) // Date.now()\nconst two = clock.now()'))).toEqual([])
})

test('finds chance and environment that are imported by name', () => {
  expect(worldly(plant(`import { randomBytes } from 'node:crypto'`))).toHaveLength(1)
  expect(worldly(plant(`import { env } from 'node:process'`))).toHaveLength(1)
})

// — the rules know no channel by name —

const channelNames = [...registry.keys()]

function namesChannel(files: readonly SourceFile[]): string[] {
  return files.flatMap((file) =>
    textsOf(file).flatMap((text) => (channelNames.includes(text) ? [`${file.path}: '${text}'`] : [])),
  )
}

test('no rule, operation or job knows a channel by name', () => {
  expect(channelNames).toContain('amazon')
  expect(
    namesChannel(inRooms('domain', 'operations', 'jobs', 'database', 'sign-in', 'api', 'http', 'contract')),
  ).toEqual([])
})

test('finds a channel by name', () => {
  expect(namesChannel(plant(`if (row.channel === 'amazon') skip()`))).toHaveLength(1)
  expect(namesChannel(plant('switch (row.channel) { case `storefront`: break }'))).toHaveLength(1)
})

// — length —

const longest = 400
const longFiles = [
  { path: 'src/database/migrations/0001_heart.sql', why: 'one migration is one step; an applied one is never cut' },
]

function tooLong(files: readonly SourceFile[]): string[] {
  return files
    .map(({ path, text }) => ({ path, lines: text.replace(/\n$/, '').split('\n').length }))
    .filter(({ path, lines }) => lines > longest && !longFiles.some((one) => one.path === path))
    .map(({ path, lines }) => `${path}: ${lines} lines`)
}

test('no file is longer than 400 lines', () => {
  expect(
    tooLong(readSources(['src', 'simulator', 'test', 'bench', 'examples', 'scripts'], ['.ts', '.tsx', '.sql', '.css'])),
  ).toEqual([])
})

test('finds a long file', () => {
  expect(tooLong(plant('\n'.repeat(400)))).toEqual([])
  expect(tooLong(plant('\n'.repeat(401)))).toHaveLength(1)
})
