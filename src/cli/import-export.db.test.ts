import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { useDatabase } from '../../test/support/database.ts'
import { createWorld } from '../../test/support/world.ts'
import type { Context } from '../operations/context.ts'
import { exportCommand, importCommand } from './import-export.ts'
import { runCli } from './run.ts'

const own = useDatabase()
let context: Context | undefined
let folder: string
let said: string[]
let codeBefore: typeof process.exitCode
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'entrepot-cli-'))
  said = []
  codeBefore = process.exitCode
})
afterEach(() => {
  rmSync(folder, { recursive: true, force: true })
  process.exitCode = codeBefore
})

/** Runs a command line; answers the exit code that the process would end with. */
async function run(...argv: string[]): Promise<number> {
  process.exitCode = undefined
  const ctx = (context ??= createWorld(own.db).ctx)
  const out = (line: string) => void said.push(line)
  const terminal = { out, err: out, language: 'en' as const }
  const tools = { open: async () => ({ ctx, holder: 'terminal', close: async () => {} }) }
  const commands = { import: importCommand(tools, terminal), export: exportCommand(tools, terminal) }
  const code = await runCli(argv, commands, terminal as Parameters<typeof runCli>[2])
  return code || Number(process.exitCode ?? 0)
}

test('a file is told, run, and its bad rows are put beside it', async () => {
  const file = join(folder, 'goods.csv')
  writeFileSync(file, 'Artikel,title\nA-1,One\n,None\nA-2,Two\n')
  expect(await run('import', file, '--kind', 'variants', '--dry-run', '--map', 'sku=Artikel')).toBe(1)
  expect(said.join('\n')).toContain('It would add 2, change 0, leave 0 as they are; 1 rows are bad.')
  expect(said.join('\n')).toContain('row 3: Artikel is empty.')
  expect(await own.db.one('select count(*) as n from variants')).toEqual({ n: 0 })
  expect(await own.db.one('select count(*) as n from imports')).toEqual({ n: 0 })

  expect(await run('import', file, '--kind', 'variants', '--map', 'sku=Artikel')).toBe(1)
  expect(said.at(-1)).toContain(`${file}.bad.csv`)
  expect(readFileSync(`${file}.bad.csv`, 'utf8')).toBe(
    '\uFEFFArtikel,title,row,reason\r\n,None,3,Artikel is empty.\r\n',
  )

  const out = join(folder, 'out.csv')
  expect(await run('export', 'variants', '--out', out)).toBe(0)
  expect(readFileSync(out, 'utf8')).toBe('\uFEFFproduct,sku,title,gtin\r\nOne,A-1,One,\r\nTwo,A-2,Two,\r\n')
  expect(await run('import', out, '--kind', 'variants')).toBe(0)
  expect(said.at(-1)).toBe('Added 0, changed 0, left 2 as they were; 0 rows were bad.')
})

test('what is wrong with the command is said', async () => {
  const file = join(folder, 'goods.csv')
  writeFileSync(file, 'name\nOne\n')
  expect(await run('import', join(folder, 'none.csv'), '--kind', 'variants')).toBe(1)
  expect(await run('import', file, '--kind', 'houses')).toBe(1)
  expect(await run('import', file, '--kind', 'variants', '--map', 'color=name')).toBe(1)
  expect(await run('import', file, '--kind', 'variants')).toBe(1)
  expect(said.at(-1)).toContain('no column was found for sku')
  expect(await own.db.one(`select count(*) as n from imports where state <> 'done'`)).toEqual({ n: 0 })
})
