/** Whatever a connector can change at its channel passes one gate, which only a live account gets through. */
import { expect, test } from 'vitest'
import type { AccountRow } from '../../src/database/accounts.ts'
import { access, feedAccess, gated } from '../../src/operations/write-gate.ts'
import { createBazaar } from '../support/bazaar.ts'
import { type Node, parse, readSources, type SourceFile, walk } from './imports.ts'

type Methods = Record<string, unknown>
const writesOf = (methods: object) => Object.entries(methods).flatMap(([name, rule]) => (rule === 'read' ? [] : [name]))
const writes = new Map(Object.entries(access).map(([name, methods]) => [name, writesOf(methods)]))

test('every method of every capability is told apart: it reads, or it writes', () => {
  const { connector } = createBazaar()
  const capabilities = Object.entries(connector).filter(([name]) => name in access)
  // The channel of this test can do all that there is but hold stock itself.
  expect([...capabilities.map(([name]) => name), 'heldStock'].sort()).toEqual(Object.keys(access).sort())
  const methodsOf = (one: object) =>
    Object.entries(one).flatMap(([name, value]) => (typeof value === 'function' ? [name] : []))
  for (const [name, capability] of capabilities)
    for (const method of methodsOf(capability as object))
      expect([name, Object.keys(access[name as keyof typeof access])]).toEqual([name, expect.arrayContaining([method])])
  expect(methodsOf(connector.stock!.feed!).sort()).toEqual(Object.keys(feedAccess).sort())
})

const lines = [
  { key: 'a', remoteSku: 'A', quantity: 1, version: 1, expected: null },
  { key: 'b', remoteSku: 'B', quantity: 2, version: 1, expected: null },
]
/** Calls everything that writes, with lines where it takes some. Answers what was told. */
async function writeEverything(stage: AccountRow['stage']) {
  const bazaar = createBazaar()
  const connector = gated(bazaar.connector, async () => stage) as unknown as Record<string, Methods>
  const told: Record<string, unknown> = {}
  const call = async (name: string, capability: Methods, method: string) => {
    const write = capability[method] as ((account: unknown, lines: unknown) => Promise<unknown>) | undefined
    if (write) told[`${name}.${method}`] = await write({}, lines).catch((error: Error) => error)
  }
  for (const [name, methods] of writes) for (const method of methods) await call(name, connector[name] ?? {}, method)
  for (const method of writesOf(feedAccess)) await call('stock.feed', connector.stock!.feed as Methods, method)
  return { told, writes: bazaar.writes }
}

test.each(['sandbox', 'shadow', 'paused'] as const)(
  '%s: nothing reaches the channel, and every line is answered',
  async (stage) => {
    const { told, writes: reached } = await writeEverything(stage)
    expect(reached).toEqual([])
    expect(Object.keys(told)).toHaveLength(13)
    const refused = { kind: 'failed', error: { code: 'stage_not_live', mayHaveApplied: false } }
    for (const name of ['stock.push', 'prices.push'])
      expect(told[name]).toMatchObject([
        { key: 'a', ...refused },
        { key: 'b', ...refused },
      ])
    expect(told['stock.feed.submit']).toMatchObject({ receipt: null, outcomes: [{ key: 'a' }, { key: 'b' }] })
    for (const name of [
      'acknowledgements.send',
      'shipments.confirm',
      'cancellations.request',
      'refunds.issue',
      'copies.create',
      'dispatches.order',
    ])
      expect(told[name]).toMatchObject(refused)
    for (const name of ['webhooks.subscribe', 'notifications.subscribe', 'stock.feed.cancel', 'dispatches.cancel'])
      expect(told[name]).toMatchObject({ code: 'stage_not_live' })
  },
)

test('live: everything passes', async () => {
  const { told, writes: reached } = await writeEverything('live')
  expect(new Set(reached.map((one) => one.split(' ')[0]))).toEqual(new Set(Object.keys(told)))
})

test('a change of stage holds for the next call', async () => {
  const bazaar = createBazaar()
  let stage: AccountRow['stage'] = 'live'
  const { stock } = gated(bazaar.connector, async () => stage)
  await stock!.push({} as never, lines)
  stage = 'shadow'
  await stock!.push({} as never, lines)
  expect(bazaar.writes).toEqual(['stock.push A=1', 'stock.push B=2'])
})

// — nobody goes round it —

const sources = readSources(['src'], ['.ts']).filter(({ path }) => !/\.test\.ts$|contract-suite\.ts$/.test(path))
const plant = (text: string, path = 'src/operations/planted.ts'): SourceFile[] => [{ path, text }]
const gateFile = 'src/operations/write-gate.ts'
const gateKeeper = 'src/operations/context.ts'
const names = [...writes].flatMap(([name, methods]) => methods.map((method) => [name, method] as const))
const feedMethods = writesOf(feedAccess)

const nameOf = (node: unknown): string => (node as { name?: string } | undefined)?.name ?? ''

function bare(node: Node): Node {
  const isWrapped = node.type === 'TSNonNullExpression' || node.type === 'ChainExpression'
  return isWrapped ? bare(node.expression as Node) : node
}

/** `x.stock.push(…)`, `stock!.push(…)`, `feed.submit(…)`: what writes at a channel, by its name. */
function isWrite(node: Node): boolean {
  if (node.type !== 'CallExpression') return false
  const callee = bare(node.callee as Node)
  if (callee.type !== 'MemberExpression') return false
  const object = bare(callee.object as Node)
  const owner = object.type === 'MemberExpression' ? nameOf(object.property) : nameOf(object)
  const method = nameOf(callee.property)
  return (
    names.some(([name, one]) => owner === name && method === one) || (owner === 'feed' && feedMethods.includes(method))
  )
}

/** A connector from the registry has no gate: who writes must be given theirs by `accountAtWork`. */
function roundTheGate(files: readonly SourceFile[]): string[] {
  return files
    .filter(({ path }) => !path.startsWith('src/channels/') && path !== gateFile)
    .flatMap((file) => {
      let writing = false
      let raw = false
      let opens = false
      walk(parse(file), (node) => {
        if (isWrite(node)) writing = true
        if (node.type === 'MemberExpression' && nameOf(node.object) === 'registry') raw = true
        if (node.type === 'MemberExpression' && nameOf(node.property) === 'registry') raw = true
        if (node.type === 'CallExpression' && nameOf(node.callee) === 'gated') opens = true
      })
      return [
        ...(writing && raw ? [`${file.path}: writes, and takes connectors from the registry`] : []),
        ...(opens && file.path !== gateKeeper ? [`${file.path}: makes a gate of its own`] : []),
      ]
    })
}

test('who writes takes no connector from the registry', () => {
  expect(roundTheGate(sources)).toEqual([])
  // The pump and the feeder write; where they were not found any more, nothing would be.
  const found = sources.filter((file) => {
    let writing = false
    walk(parse(file), (node) => {
      if (isWrite(node)) writing = true
    })
    return writing && !file.path.startsWith('src/channels/')
  })
  expect(found.map((file) => file.path)).toEqual(
    expect.arrayContaining(['src/operations/feed-stock.ts', 'src/operations/push-stock.ts']),
  )
})

test.each([
  'await ctx.registry.get(row.channel)!.stock!.push(account, lines)',
  'const { stock } = ctx.registry.get(row.channel)!; await stock!.push(account, lines)',
  'const one = registry.get(name); await one?.shipments?.confirm(account, shipment)',
  'const feed = ctx.registry.get(row.channel)!.stock!.feed!; await feed.submit(account, lines)',
  'await ctx.registry.get(row.channel)!.webhooks!.subscribe!(account, address)',
  'const free = gated(connector, async () => "live")',
])('finds %s', (text) => {
  expect(roundTheGate(plant(text))).toHaveLength(1)
  expect(roundTheGate(plant('await work.connector.stock!.push(work.account, lines)'))).toEqual([])
  expect(roundTheGate(plant('const title = ctx.registry.get(row.channel)?.title; list.push(title)'))).toEqual([])
})
