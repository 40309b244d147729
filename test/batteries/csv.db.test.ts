/** R: files of many rows with planted bad ones: the good ones are all there, the bad ones come back, exactly, each with its reason. */
import { expect, test } from 'vitest'
import { addLocation } from '../../src/operations/manage-catalog.ts'
import { useDatabase } from '../support/database.ts'
import { badRows, countsOf, importFile } from '../support/imports.ts'
import { csvRows, printCount } from '../support/iterations.ts'
import { createWorld } from '../support/world.ts'

const own = useDatabase()
const every = Math.max(csvRows / 500, 10)

/** By row index: how a row is spoiled, and the reason that is to come back. */
interface Spoil {
  reason: string
  spoil(cells: string[], index: number): string[]
}

function fileOf(header: string[], good: (index: number) => string[], spoils: readonly Spoil[]) {
  const planted = new Map<number, { reason: string; cells: string[] }>()
  const lines = [header.join(',')]
  for (let index = 0; index < csvRows; index += 1) {
    let cells = good(index)
    if (index % every === every - 1) {
      const { reason, spoil } = spoils[planted.size % spoils.length]!
      cells = spoil(cells, index)
      planted.set(index + 2, { reason, cells })
    }
    lines.push(cells.join(','))
  }
  return { text: `${lines.join('\r\n')}\r\n`, planted }
}

const put = (at: number, value: string) => (cells: string[]) => cells.map((cell, n) => (n === at ? value : cell))
/** A value of its own in each row, so that no two spoiled rows say the same thing. */
const putOwn = (at: number, value: string) => (cells: string[], index: number) => put(at, `${value}-${index}`)(cells)

test('variants and their counts come in, and exactly the planted bad rows come back', async () => {
  const { ctx } = createWorld(own.db)
  await own.db.transaction((tx) => addLocation(tx, ctx, { code: 'MAIN', name: 'Main', kind: 'own', priority: 1 }))
  const variants = fileOf(
    ['Product', 'SKU', 'Title', 'Barcode'],
    (n) => [`Product ${Math.floor(n / 5)}`, `SKU-${n}`, `Title ${n}`, String(20_000_000_000_000 + n)],
    [
      { reason: 'missing', spoil: put(1, '') },
      { reason: 'bad_gtin', spoil: put(3, '12-34') },
      { reason: 'damaged_number', spoil: put(3, '1.23457E+12') },
      { reason: 'too_long', spoil: put(1, 'x'.repeat(201)) },
      { reason: 'given_twice', spoil: put(1, 'SKU-0') },
    ],
  )
  await battery('variants', ctx, variants)

  const spoiled = new Set(variants.planted.keys())
  const counts = fileOf(
    ['SKU', 'Location', 'Quantity'],
    (n) => [`SKU-${spoiled.has(n + 2) ? 0 : n}`, 'MAIN', String((n % 50) + 1)],
    [
      { reason: 'unknown_sku', spoil: putOwn(0, 'NO-SUCH') },
      { reason: 'unknown_location', spoil: putOwn(1, 'MOON') },
      { reason: 'not_a_number', spoil: put(2, 'many') },
      { reason: 'below_zero', spoil: put(2, '-3') },
      { reason: 'missing', spoil: put(2, '') },
    ],
  )
  await battery('stock', ctx, counts)
  const sums = await own.db.one<{ units: number; variants: number }>(
    `select coalesce(sum(on_hand), 0)::bigint as units, count(*) filter (where on_hand > 0) as variants from pool_levels`,
  )
  const good = Array.from({ length: csvRows }, (_, n) => n).filter((n) => !counts.planted.has(n + 2))
  expect(sums).toEqual({ units: good.reduce((sum, n) => sum + (n % 50) + 1, 0), variants: good.length })

  const again = await importFile(ctx, { kind: 'stock' }, counts.text)
  expect(countsOf(again)).toEqual([0, 0, good.length, counts.planted.size])
}, 600_000)

async function battery(
  kind: 'variants' | 'stock',
  ctx: Parameters<typeof importFile>[0],
  { text, planted }: ReturnType<typeof fileOf>,
) {
  const before = performance.now()
  const done = await importFile(ctx, { kind }, text)
  const bad = await badRows(ctx, done)
  const seconds = (performance.now() - before) / 1_000
  printCount(`rows of ${kind}, ${planted.size} bad, ${seconds.toFixed(1)} s from upload to bad rows`, csvRows)
  expect(done).toMatchObject({ state: 'done', failure: null, rows_bad: planted.size, rows_new: csvRows - planted.size })
  const told = bad.map(({ row, reason, ...cells }) => ({ row: Number(row), reason, cells: Object.values(cells) }))
  expect(told).toEqual([...planted].map(([row, one]) => ({ row, ...one })))
}
