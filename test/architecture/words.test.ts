/** What callers and people read: every route, code, finding and variable is described, in both languages. */
import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { openApi } from '../../src/api/openapi.ts'
import { variables } from '../../src/config.ts'
import { findingTexts } from '../../src/contract/findings.ts'
import { permissions } from '../../src/contract/permissions.ts'
import { problemTexts } from '../../src/contract/problems.ts'
import { routes } from '../../src/contract/routes.ts'
import { literal, type Node, parse, readSources, type SourceFile, walk } from './imports.ts'

const sources = readSources(['src'], ['.ts', '.tsx']).filter(
  ({ path }) => !/\.test\.tsx?$|contract-suite\.ts$/.test(path),
)
const inRooms = (...rooms: string[]) =>
  sources.filter(({ path }) => rooms.some((room) => path.startsWith(`src/${room}/`)))
const plant = (text: string): SourceFile[] => [{ path: 'src/operations/planted.ts', text }]

// — the API —

interface Operation {
  'x-permission'?: string
  parameters: { name: string; in: string; required?: boolean }[]
}
const api = openApi() as {
  openapi: string
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, unknown> }
}

/** Before there is a session there is nobody whose key it could be; both may be repeated without harm. */
const withoutKey = ['post /setup', 'post /session']

function apiFaults(paths: typeof api.paths): string[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, { 'x-permission': permission, parameters }]) => {
      const known = ['public', 'signed-in', ...permissions].some((one) => one === permission)
      const hasKey = parameters.some((one) => one.name === 'Idempotency-Key' && one.in === 'header' && one.required)
      const given = parameters.filter((one) => one.in === 'path').map((one) => `{${one.name}}`)
      return [
        ...(known ? [] : [`${method} ${path} has no permission`]),
        ...(method !== 'post' || hasKey || withoutKey.includes(`${method} ${path}`)
          ? []
          : [`${method} ${path} takes no Idempotency-Key`]),
        ...((path.match(/\{\w+\}/g) ?? []).join() === given.join()
          ? []
          : [`${method} ${path} does not describe its parameters`]),
      ]
    }),
  )
}

test('every route has a permission and every change a key', () => {
  expect(apiFaults(api.paths)).toEqual([])
  expect(Object.values(api.paths).flatMap(Object.keys)).toHaveLength(Object.keys(routes).length)
})

test('finds a route without permission, key or parameter', () => {
  expect(apiFaults({ '/a/{id}': { post: { parameters: [] } } })).toHaveLength(3)
  expect(apiFaults({ '/a': { get: { parameters: [], 'x-permission': 'stock.raed' } } })).toHaveLength(1)
})

test('the OpenAPI document prints, and every reference leads somewhere', () => {
  const printed = JSON.stringify(api)
  expect(api.openapi).toBe('3.1.0')
  const names = [...printed.matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)].map((match) => match[1]!)
  expect(names.length).toBeGreaterThan(0)
  expect(names.filter((name) => !(name in api.components.schemas))).toEqual([])
  expect(printed).not.toMatch(/"\$ref":"(?!#\/components\/schemas\/)/)
})

// — every code has its words —

type Texts = Record<string, { title: string; next: string }>
const problems = (language: 'en' | 'zh'): Texts =>
  Object.fromEntries(Object.entries(problemTexts).map(([code, text]) => [code, text[language]]))
const findings = (language: 'en' | 'zh'): Texts =>
  Object.fromEntries(
    Object.entries(findingTexts).map(([code, text]) => [code, { title: text[language][0], next: text[language][1] }]),
  )

interface Raised {
  path: string
  code: string
  /** Names of the values given with it; undefined where they cannot be read from the source. */
  given: string[] | undefined
}

function keysOf(node: Node | undefined): string[] | undefined {
  if (!node) return []
  if (node.type !== 'ObjectExpression') return undefined
  const properties = node.properties as Node[]
  return properties.some((one) => one.type !== 'Property')
    ? undefined
    : properties.map((one) => (one.key as { name: string }).name)
}

/** `new Problem('code', { … })`, and `super('code', { … })` of what extends it. */
function problemsIn(files: readonly SourceFile[]): Raised[] {
  return files.flatMap((file) => {
    const found: Raised[] = []
    walk(parse(file), (node) => {
      const callee = node.callee as { type?: string; name?: string } | undefined
      const isProblem =
        (node.type === 'NewExpression' && callee?.name === 'Problem') ||
        (node.type === 'CallExpression' && callee?.type === 'Super')
      const [first, second] = (node.arguments as Node[] | undefined) ?? []
      const code = literal(first)
      if (isProblem && code !== undefined && /^[a-z_]+$/.test(code))
        found.push({ path: file.path, code, given: keysOf(second) })
    })
    return found
  })
}

/** `raise(tx, [{ code: '…', data: { … } }])` and `resolve(tx, '…', …)`. */
function findingsIn(files: readonly SourceFile[]): Raised[] {
  return files.flatMap((file) => {
    const found: Raised[] = []
    walk(parse(file), (node) => {
      const name = (node.callee as { name?: string } | undefined)?.name
      if (node.type !== 'CallExpression' || (name !== 'raise' && name !== 'resolve')) return
      const [, second] = node.arguments as Node[]
      const resolved = name === 'resolve' ? literal(second) : undefined
      if (resolved) found.push({ path: file.path, code: resolved, given: undefined })
      walk(node, (inner) => {
        if (inner.type !== 'ObjectExpression') return true
        const properties = (inner.properties as Node[]).filter((one) => one.type === 'Property')
        const value = (key: string) =>
          properties.find((one) => (one.key as { name?: string }).name === key)?.value as Node | undefined
        const code = literal(value('code'))
        if (name === 'raise' && code) found.push({ path: file.path, code, given: keysOf(value('data')) })
        return !code
      })
    })
    return found
  })
}

const places = (text: { title: string; next: string }) =>
  [...`${text.title} ${text.next}`.matchAll(/\{(\w+)\}/g)].map((match) => match[1]!)

/** Codes without words, and places in the words that nothing fills. */
function wordless(raised: readonly Raised[], languages: readonly Texts[]): string[] {
  return raised.flatMap(({ path, code, given }) =>
    languages.flatMap((texts) => {
      const text = texts[code]
      if (!text) return [`${path}: ${code} has no text`]
      return places(text)
        .filter((place) => given && !given.includes(place))
        .map((place) => `${path}: nothing fills {${place}} of ${code}`)
    }),
  )
}

test('every problem has its words in both languages, and fills them', () => {
  const raised = problemsIn(sources)
  expect(raised.length).toBeGreaterThan(30)
  expect(wordless(raised, [problems('en'), problems('zh')])).toEqual([])
})

test('every finding has its words in both languages, and fills them', () => {
  const raised = findingsIn(inRooms('operations', 'jobs'))
  expect(new Set(raised.map((one) => one.code)).size).toBeGreaterThanOrEqual(8)
  expect(wordless(raised, [findings('en'), findings('zh')])).toEqual([])
})

test('no words are kept for what is never raised', () => {
  const used = [...problemsIn(sources), ...findingsIn(sources)].map((one) => one.code)
  expect(Object.keys({ ...problemTexts, ...findingTexts }).filter((code) => !used.includes(code))).toEqual([])
})

test('finds codes without words and places that nothing fills', () => {
  const [en, zh] = [problems('en'), problems('zh')]
  expect(wordless(problemsIn(plant(`throw new Problem('no_such_code')`)), [en, zh])).toHaveLength(2)
  expect(wordless(problemsIn(plant(`throw new Problem('forbidden', { right: 'x' })`)), [en, zh])).toHaveLength(2)
  expect(wordless(problemsIn(plant(`throw new Problem('forbidden', { permission })`)), [en, zh])).toEqual([])
  expect(
    wordless(
      findingsIn(
        plant(`await raise(tx, list.map((one) => ({ code: 'no_such_code', data: { code: 'x' } })), now, newId)`),
      ),
      [findings('en')],
    ),
  ).toHaveLength(1)
  expect(
    wordless(findingsIn(plant(`await raise(tx, [{ code: 'oversold', data: { sku } }], now, newId)`)), [findings('en')]),
  ).toHaveLength(1)
  expect(wordless(findingsIn(plant(`await resolve(tx, 'no_such_code', [], now)`)), [findings('zh')])).toHaveLength(1)
})

test('what is Chinese is written in Chinese, and both languages fill the same places', () => {
  for (const [en, zh] of [
    [problems('en'), problems('zh')],
    [findings('en'), findings('zh')],
  ] as const) {
    for (const [code, text] of Object.entries(zh)) {
      for (const part of [text.title, text.next]) expect(part, code).toMatch(/\p{Script=Han}/u)
      expect(places(en[code]!), code).toEqual(expect.arrayContaining(places(text)))
      for (const part of Object.values(en[code]!)) expect(part, code).not.toMatch(/\p{Script=Han}/u)
    }
  }
})

// — the documentation —

function undocumented(text: string): string[] {
  return variables.filter((name) => !text.includes(`\`${name}\``))
}

test('every variable is documented, and no other', () => {
  const path = resolve(import.meta.dirname, '../../docs/configuration.md')
  const text = existsSync(path) ? readFileSync(path, 'utf8') : ''
  expect(undocumented(text)).toEqual([])
  const rows = [...text.matchAll(/^\| *`([A-Z][A-Z_]+)`/gm)].map((match) => match[1]!)
  expect(rows.filter((name) => !variables.includes(name))).toEqual([])
  expect(undocumented(text.replaceAll('`PORT`', ''))).toEqual(['PORT'])
})
