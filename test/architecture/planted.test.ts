/** Plants one import at a time and expects exactly that one to be found. */
import { describe, expect, test } from 'vitest'
import { type SourceFile, violations } from './imports.ts'

/** A file of each room. */
const house = {
  domain: 'src/domain/stock.ts',
  contract: 'src/contract/routes.ts',
  http: 'src/http/client.ts',
  guard: 'src/http/guard.ts',
  sealing: 'src/sealing/sealing.ts',
  database: 'src/database/slots.ts',
  views: 'src/database/views/stock.ts',
  connector: 'src/channels/connector.ts',
  registry: 'src/channels/registry.ts',
  channel: 'src/channels/amazon/index.ts',
  operations: 'src/operations/push-stock.ts',
  jobs: 'src/jobs/worker.ts',
  signIn: 'src/sign-in/people.ts',
  api: 'src/api/server.ts',
  cli: 'src/cli/run.ts',
  dashboard: 'src/dashboard/main.tsx',
  root: 'src/hub.ts',
  simulator: 'simulator/index.ts',
  test: 'test/support/world.ts',
  besides: 'src/domain/stock.test.ts',
  bench: 'bench/push.ts',
  scripts: 'scripts/test.ts',
} as const
type Room = keyof typeof house

const database: Room[] = ['database', 'views']
const http: Room[] = ['http', 'guard']
const tests: Room[] = ['test', 'besides']
const src: Room[] = [
  'domain',
  'contract',
  ...http,
  'sealing',
  ...database,
  'connector',
  'registry',
  'channel',
  'operations',
  'jobs',
  'signIn',
  'api',
  'cli',
  'dashboard',
  'root',
]

/** Written out a second time on purpose: whoever opens a wall opens it here too. `types`: types pass, values do not. */
const open: Record<Room, { all: Room[]; types?: Room[] }> = {
  domain: { all: ['domain'] },
  contract: { all: ['contract'] },
  http: { all: http },
  guard: { all: http },
  sealing: { all: ['sealing'] },
  database: { all: [...database, 'domain'], types: http },
  views: { all: [...database, 'domain'], types: http },
  connector: { all: ['domain', ...http] },
  registry: { all: ['connector', 'channel'] },
  channel: { all: ['channel', 'connector', 'domain', ...http] },
  operations: { all: ['operations', 'domain', ...database, 'sealing', ...http], types: ['connector', 'registry'] },
  jobs: { all: ['jobs', 'operations', ...database, 'domain'] },
  signIn: { all: ['signIn', ...database, 'sealing', 'domain'] },
  api: { all: ['api', 'contract', 'operations', 'signIn', 'domain', 'views', 'guard'], types: ['database'] },
  cli: { all: ['cli', 'contract', 'operations', 'signIn', 'domain', 'views'] },
  dashboard: { all: ['dashboard', 'contract'] },
  root: { all: src },
  simulator: { all: ['simulator'] },
  test: { all: [...src, 'simulator', ...tests, 'bench', 'scripts'] },
  besides: { all: [...src, 'simulator', ...tests, 'bench', 'scripts'] },
  bench: { all: [...src, 'simulator', ...tests, 'bench'] },
  scripts: { all: ['scripts'] },
}

const names = Object.keys(house) as Room[]
const up = (path: string) => '../'.repeat(path.split('/').length - 1) || './'
const specifier = (from: string, to: string) => `${up(from)}${to}`

/** The house with one more line in one file. */
function planted(from: string, line: string): SourceFile[] {
  const empty = names.filter((name) => house[name] !== from).map((name) => ({ path: house[name], text: 'export {}\n' }))
  return [
    ...empty,
    { path: from, text: `/** import './no.ts' */\nconst text = "import './no.ts'"\n${line}\nexport { text }\n` },
  ]
}
const found = (from: string, line: string) => violations(planted(from, line), [])

describe.each(names)('%s', (from) => {
  const { all, types = [] } = open[from]
  const other = (to: Room) => (from === to ? house[to].replace(/([\w-]+)(\.tsx?)$/, 'other-$1$2') : house[to])
  const forbidden = names.filter((to) => to !== from && !all.includes(to))

  test(`may import ${[...all, ...types.map((one) => `types of ${one}`)].join(', ')}`, () => {
    for (const to of all)
      expect(found(house[from], `import { one } from '${specifier(house[from], other(to))}'`)).toEqual([])
    for (const to of types)
      expect(found(house[from], `import type { One } from '${specifier(house[from], other(to))}'`)).toEqual([])
  })

  test(`is found importing any of the other ${forbidden.length}`, () => {
    for (const to of forbidden) {
      const red = [{ from: house[from], to: house[to], why: expect.any(String) }]
      expect(found(house[from], `import { one } from '${specifier(house[from], house[to])}'`)).toEqual(red)
      if (!types.includes(to))
        expect(found(house[from], `import type { One } from '${specifier(house[from], house[to])}'`)).toEqual(red)
    }
  })

  test('speaks to the driver only in database/', () => {
    const red =
      from === 'database' || from === 'views' ? [] : [{ from: house[from], to: 'pg', why: expect.any(String) }]
    expect(found(house[from], `import pg from 'pg'`)).toEqual(red)
    expect(found(house[from], `import type { Pool } from 'pg'`)).toEqual(red)
  })
})

test.each([
  `import '../database/pool.ts'`,
  `import { one } from '../database/pool.ts'`,
  `import type { One } from '../database/pool.ts'`,
  `import { type One } from '../database/pool.ts'`,
  `import one, * as all from '../database/pool.ts'`,
  `export { one } from '../database/pool.ts'`,
  `export type { One } from '../database/pool.ts'`,
  `export * from '../database/pool.ts'`,
  `export * as all from '../database/pool.ts'`,
  `const pool = await import('../database/pool.ts')`,
  'const pool = () => import(`../database/pool.ts`)',
  `type Pool = import('../database/pool.ts').Pool`,
  `type Pool = typeof import('../database/pool.ts')`,
  `import pool = require('../database/pool.ts')`,
  `const pool = require('../database/pool.ts')`,
])('finds %s', (line) => {
  expect(found('src/domain/stock.ts', line)).toEqual([
    { from: 'src/domain/stock.ts', to: 'src/database/pool.ts', why: expect.any(String) },
  ])
})

test('a type in braces loads its file, so where only types pass it is refused', () => {
  const line = `import { type Budget } from '../http/client.ts'`
  expect(found('src/database/slots.ts', line)).toMatchObject([{ why: 'database may import only types of http' }])
})

test('an import that is no literal is refused', () => {
  expect(found('src/jobs/worker.ts', 'const one = (name: string) => import(name)')).toMatchObject([{ to: '?' }])
  expect(found('src/jobs/worker.ts', "const one = (name: string) => import('../' + name)")).toMatchObject([{ to: '?' }])
})

test('a channel never imports another', () => {
  const line = `import { client } from '../ebay/client.ts'`
  expect(found('src/channels/amazon/index.ts', line)).toEqual([
    { from: 'src/channels/amazon/index.ts', to: 'src/channels/ebay/client.ts', why: 'a channel never imports another' },
  ])
})

test('domain has no packages, contract only zod', () => {
  for (const name of ['node:fs', 'node:crypto', 'zod', 'fastify']) {
    expect(found('src/domain/stock.ts', `import { one } from '${name}'`)).toMatchObject([{ to: name }])
  }
  expect(found('src/contract/routes.ts', `import { z } from 'zod'`)).toEqual([])
  expect(found('src/contract/routes.ts', `import { z } from 'node:fs'`)).toMatchObject([{ to: 'node:fs' }])
})

test('a new folder is refused until it has walls', () => {
  expect(found('src/queue/definitions.ts', `import { one } from '../domain/stock.ts'`)).toMatchObject([
    { from: 'src/queue/definitions.ts' },
  ])
  expect(found('src/jobs/worker.ts', `import { one } from '../queue/definitions.ts'`)).toMatchObject([
    { to: 'src/queue/definitions.ts' },
  ])
})

test('an exception lets through what it names, and is reported once nothing needs it', () => {
  const demo = { from: 'src/demo.ts', to: 'simulator/index.ts', why: 'why' }
  const line = `import { createSimulator } from '../simulator/index.ts'`
  expect(violations(planted('src/demo.ts', line), [demo])).toEqual([])
  expect(violations(planted('src/hub.ts', line), [demo])).toMatchObject([
    { from: 'src/hub.ts' },
    { why: 'this exception is not needed any more' },
  ])
})
