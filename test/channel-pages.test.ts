/** Every channel has a page that says the same five things in the same order, with pictures of our screens; and words for its form. */
import { existsSync, readFileSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { registry } from '../src/channels/registry.ts'
import { en } from '../src/dashboard/texts/en.ts'
import { zh } from '../src/dashboard/texts/zh.ts'
import { type Node, parse, readSources, type SourceFile, walk } from './architecture/imports.ts'

const docs = resolve(import.meta.dirname, '../docs')
const parts = ['What you need', 'Add it', 'Permissions, and why', 'Limits', 'What this channel cannot do']
const largest = 120_000

function faultsOf(page: string): string[] {
  const headings = [...page.matchAll(/^## (.+)$/gm)].map((one) => one[1]!)
  const found = headings.filter((one) => parts.includes(one))
  const pictures = [...page.matchAll(/!\[[^\]]+\]\(([^)]+\.png)\)/g)].map((one) => resolve(docs, one[1]!))
  return [
    ...(found.join() === parts.join() ? [] : [`has ${found.join(', ')}`]),
    ...(pictures.length > 0 ? [] : ['has no picture']),
    ...pictures
      .filter((one) => !existsSync(one) || statSync(one).size > largest)
      .map((one) => `${one} is missing or large`),
  ]
}

test('each channel’s page has its five parts, and pictures that are there and small', () => {
  const pages = [...registry.keys()].map((one) => (one === 'storefront' ? 'your-store' : one))
  expect(pages.length).toBeGreaterThanOrEqual(7)
  for (const name of pages)
    expect([name, faultsOf(readFileSync(resolve(docs, `connect-${name}.md`), 'utf8'))]).toEqual([name, []])
})

test('finds a part that is missing or misplaced, and a picture that is not there', () => {
  const good = `${parts.map((one) => `## ${one}\n`).join('')}![x](connect-checks.png)`
  expect(faultsOf(good)).toEqual([])
  expect(faultsOf(good.replace('## Limits\n', ''))).toHaveLength(1)
  expect(faultsOf(good.replace('## Limits\n', '').replace('## Add', '## Limits\n## Add'))).toHaveLength(1)
  expect(faultsOf(good.replace('connect-checks', 'gone'))).toHaveLength(1)
  expect(faultsOf(good.replace('![x]', '[x]'))).toEqual(['has no picture'])
})

// — the form and the checks —

const nameOf = (node: Node | undefined) => (node?.key as { name?: string } | undefined)?.name
const namesIn = (node: Node | undefined): string[] =>
  node?.type === 'ObjectExpression' ? (node.properties as Node[]).flatMap((one) => nameOf(one) ?? []) : []

/** What checks tell where they pass: `facts: { … }` and `const facts = { … }`; of a failure the hub's own words tell it. */
function factsIn(files: readonly SourceFile[]): string[] {
  const found = new Set<string>()
  for (const file of files)
    walk(parse(file), (node) => {
      if (node.type === 'VariableDeclarator' && (node.id as { name?: string }).name === 'facts')
        for (const name of namesIn(node.init as Node)) found.add(name)
      if (node.type !== 'ObjectExpression') return
      const property = (name: string) => (node.properties as Node[]).find((one) => nameOf(one) === name)?.value as Node
      if ((property('ok') as { value?: unknown } | undefined)?.value === true)
        for (const name of namesIn(property('facts'))) found.add(name)
    })
  return [...found]
}

const checks = readSources(['src/channels'], ['.ts']).filter(({ path }) => path.endsWith('/checks.ts'))

test('whatever a passed check tells has words in both languages', () => {
  const facts = factsIn(checks)
  expect(facts.length).toBeGreaterThan(10)
  for (const { connect } of [en, zh]) expect(facts.filter((one) => !(one in connect.fact))).toEqual([])
  expect(
    factsIn([{ path: 'x.ts', text: 'const facts = { odd: 1 }; const a = { ok: true, facts: { even: 2 } }' }]),
  ).toEqual(['odd', 'even'])
})

test('every setting and every secret has a label in both languages', () => {
  const asked = [...registry.values()].flatMap(({ channel, settings, secrets }) =>
    [...Object.keys(z.toJSONSchema(settings, { io: 'input' }).properties ?? {}), ...Object.keys(secrets.shape)].map(
      (name) => ({ channel, name }),
    ),
  )
  expect(asked.length).toBeGreaterThan(30)
  for (const { connect } of [en, zh]) {
    const own = connect.fieldOf as Record<string, Record<string, string>>
    const nameless = ({ channel, name }: (typeof asked)[number]) => !(name in connect.field) && !own[channel]?.[name]
    expect(asked.filter(nameless)).toEqual([])
    expect(nameless({ channel: 'walmart', name: 'odd' })).toBe(true)
  }
})
