/** `import` and `export`: CSV files from the terminal, by the same operations as the dashboard. */
import { createReadStream, createWriteStream, existsSync } from 'node:fs'
import { basename } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { importFailureText, rowFaultText } from '../contract/row-faults.ts'
import { Problem } from '../domain/errors.ts'
import { type ImportKind, importFields, importKinds } from '../domain/import-fields.ts'
import type { Context } from '../operations/context.ts'
import { exportCsv, exportKinds } from '../operations/export-lists.ts'
import { badRowsCsv } from '../operations/imports/bad-rows.ts'
import { type Described, describeImport, inColumns } from '../operations/imports/describe.ts'
import { acceptFile, mustGetImport, receiveFile, removeImport, runImport } from '../operations/imports/manage.ts'
import { openSample } from '../operations/imports/sample.ts'
import { type WorkContext, workOnImport } from '../operations/imports/work.ts'
import type { Command, Given, Terminal } from './run.ts'
import { exportSettlements } from './settlements.ts'

export interface FileTools {
  /** The installation, opened for one command. */
  open(): Promise<{ ctx: WorkContext & Pick<Context, 'sleep'>; holder: string; close(): Promise<void> }>
}
type Opened = Awaited<ReturnType<FileTools['open']>>

const wrong = (message: string) => new Problem('bad_request', { message })

function kindOf<K extends string>(given: unknown, kinds: readonly K[]): K {
  const kind = kinds.find((one) => one === given)
  if (!kind) throw wrong(`give the kind of list: ${kinds.join(', ')}`)
  return kind
}

export function importCommand(tools: FileTools, terminal: Pick<Terminal, 'out' | 'language'>): Command {
  return {
    summary: 'import a CSV file: variants, stock counts, listing mappings or orders',
    args: '<file>',
    flags: {
      kind: { takes: 'kind', about: importKinds.join(', ') },
      account: { takes: 'name', about: 'where the file names no account' },
      location: { takes: 'code', about: 'where the file names no location' },
      'counted-at': { takes: 'time', about: 'stock: when it was counted, e.g. 2026-11-22T18:00:00+08:00; else now' },
      'time-zone': { takes: 'zone', about: 'of times without an offset (UTC)' },
      map: { takes: 'map', about: 'columns by hand: "sku=Their column; title=Another"' },
      'dry-run': { about: 'only tell what would change' },
      'bad-rows': { takes: 'file', about: 'where bad rows go (<file>.bad.csv)' },
    },
    run: async (given) => {
      const [file] = given.args
      if (!file || given.args.length > 1) throw wrong('name one file')
      if (!existsSync(file)) throw new Problem('not_found', { what: 'file', id: file })
      const kind = kindOf(given.flags.kind, importKinds)
      const chosen = readMap(kind, given.flags.map)
      const opened = await tools.open()
      try {
        await importFile(opened, terminal, file, kind, chosen, given.flags)
      } finally {
        await opened.close()
      }
    },
  }
}

/** "sku=Their column; title=Another" */
function readMap(kind: ImportKind, text: string | true | undefined): Record<string, string> {
  if (typeof text !== 'string') return {}
  const names = importFields[kind].map((field) => field.name)
  return Object.fromEntries(
    text.split(';').map((part) => {
      const [field = '', ...column] = part.split('=')
      if (!names.includes(field.trim()) || column.length === 0)
        throw wrong(`--map takes field=column; fields of ${kind} are ${names.join(', ')}`)
      return [field.trim(), column.join('=').trim()]
    }),
  )
}

const textOf = (flag: string | true | undefined) => (typeof flag === 'string' ? flag : undefined)

function timeOf(flag: string | true | undefined): string | undefined {
  const text = textOf(flag)
  if (text === undefined) return undefined
  const at = new Date(text)
  if (Number.isNaN(at.getTime())) throw wrong(`--counted-at: ${text} is no time; write 2026-11-22T18:00:00+08:00`)
  return at.toISOString()
}

async function importFile(
  { ctx, holder }: Opened,
  terminal: Pick<Terminal, 'out' | 'language'>,
  file: string,
  kind: ImportKind,
  chosen: Record<string, string>,
  flags: Given['flags'],
): Promise<void> {
  const given = {
    kind,
    fileName: basename(file).slice(0, 200),
    createdBy: 'terminal',
    account: textOf(flags.account),
    location: textOf(flags.location),
    countedAt: timeOf(flags['counted-at']),
    timeZone: textOf(flags['time-zone']),
  }
  const upload = await receiveFile(ctx, given, createReadStream(file))
  const id = await ctx.db
    .transaction((tx) => acceptFile(tx, upload, chosen))
    .catch(async (error) => {
      await ctx.db.transaction((tx) => removeImport(tx, upload.id)).catch(() => {})
      throw error
    })
  const say = (en: string, zh: string) => terminal.out(terminal.language === 'zh' ? zh : en)
  const work = async () => {
    await drive(ctx, holder, id, say)
    return await describeImport(ctx.db, await mustGetImport(ctx.db, id))
  }
  const checked = await work()
  const stop = async (message: string) => {
    await ctx.db.transaction((tx) => removeImport(tx, id))
    throw wrong(message)
  }
  if (checked.failure) return await stop(importFailureText(checked.failure, terminal.language))
  tellMapping(checked, say)
  if (!checked.preview) return await stop(`no column was found for ${checked.missing.join(', ')}; name it with --map`)
  const { new: added, changed, same, bad } = checked.preview
  say(
    `It would add ${added}, change ${changed}, leave ${same} as they are; ${bad} rows are bad.`,
    `将新增${added}行，更改${changed}行，不变${same}行；${bad}行有误。`,
  )
  const row = await mustGetImport(ctx.db, id)
  for (const one of openSample(ctx, row).bad.slice(0, 5)) {
    const reasons = one.faults.map((fault) => rowFaultText(inColumns(row, fault), terminal.language)).join(' ')
    say(`  row ${one.row}: ${reasons}`, `  第${one.row}行：${reasons}`)
  }
  if (flags['dry-run']) {
    await ctx.db.transaction((tx) => removeImport(tx, id))
    say('Nothing was changed (--dry-run).', '未作任何更改（--dry-run）。')
    if (bad > 0) process.exitCode = 1
    return
  }
  await ctx.db.transaction((tx) => runImport(tx, ctx, id))
  await tellResult(ctx, terminal, await work(), textOf(flags['bad-rows']) ?? `${file}.bad.csv`)
}

type Say = (en: string, zh: string) => void

function tellMapping(one: Described, say: Say): void {
  const pairs = Object.entries(one.mapping).map(([field, index]) => `${field} ← ${one.columns[index]}`)
  say(`${one.encoding}, columns: ${pairs.join(', ')}`, `${one.encoding}，列对应：${pairs.join('，')}`)
}

/** Works on the import here, or watches where a hub took it first; tells the progress about once a second. */
async function drive(ctx: Opened['ctx'], holder: string, id: string, say: Say): Promise<void> {
  let isOver = false
  let told = 0
  const watch = async () => {
    while (!isOver) {
      await ctx.sleep(1_000)
      const row = await mustGetImport(ctx.db, id)
      if (isOver || row.rows_done === told) continue
      told = row.rows_done
      const total = row.state === 'running' && row.rows_total !== null ? row.rows_total : undefined
      say(
        total === undefined ? `${told} rows read` : `${told} of ${total} rows`,
        total === undefined ? `已读取${told}行` : `${told}/${total}行`,
      )
    }
  }
  const watching = watch()
  try {
    for (;;) {
      const worked = await workOnImport(ctx, { holder, only: id })
      const { state } = await mustGetImport(ctx.db, id)
      if (state !== 'checking' && state !== 'waiting' && state !== 'running') return
      if (!worked) await ctx.sleep(200)
    }
  } finally {
    isOver = true
    await watching
  }
}

async function tellResult(
  ctx: Opened['ctx'],
  terminal: Pick<Terminal, 'out' | 'language'>,
  done: Described,
  badFile: string,
): Promise<void> {
  const say: Say = (en, zh) => terminal.out(terminal.language === 'zh' ? zh : en)
  const { new: added, changed, same, bad } = done.counts
  if (done.failure) terminal.out(importFailureText(done.failure, terminal.language))
  say(
    `Added ${added}, changed ${changed}, left ${same} as they were; ${bad} rows were bad.`,
    `新增${added}行，更改${changed}行，不变${same}行；${bad}行有误。`,
  )
  if (bad > 0) {
    const row = await mustGetImport(ctx.db, done.id)
    const isChinese = terminal.language === 'zh'
    const words = {
      row: isChinese ? '行号' : 'row',
      reason: isChinese ? '原因' : 'reason',
      say: (fault: Parameters<typeof rowFaultText>[0]) =>
        rowFaultText(inColumns(row, fault as Parameters<typeof inColumns>[1]), terminal.language),
    }
    await pipeline(Readable.from(badRowsCsv(ctx, row, words)), createWriteStream(badFile, { mode: 0o600 }))
    say(`The bad rows with their reasons are in ${badFile}`, `有误的行及原因已保存到${badFile}`)
  }
  if (bad > 0 || done.failure) process.exitCode = 1
}

export function exportCommand(tools: FileTools, terminal: Pick<Terminal, 'out' | 'language'>): Command {
  return {
    summary: 'write variants, stock, mappings, orders or exposure as CSV; settlements as they came',
    args: '<kind>',
    flags: {
      out: { takes: 'file', about: 'where it goes (<kind>.csv); - prints it. Settlements: a folder (settlements)' },
      account: { takes: 'name', about: 'mappings, orders and settlements of one account' },
    },
    run: async ({ args, flags }) => {
      const kind = kindOf(args[0], [...exportKinds, 'settlements'] as const)
      if (kind === 'settlements') return await exportSettlements(tools, terminal, flags)
      const file = textOf(flags.out) ?? `${kind}.csv`
      const opened = await tools.open()
      try {
        const body = Readable.from(exportCsv(opened.ctx, kind, { account: textOf(flags.account) }))
        if (file === '-') await pipeline(body, process.stdout, { end: false })
        else {
          await pipeline(body, createWriteStream(file, { mode: 0o600 }))
          terminal.out(terminal.language === 'zh' ? `已写入${file}` : `Written to ${file}`)
        }
      } finally {
        await opened.close()
      }
    },
  }
}
