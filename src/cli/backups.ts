/** `backup` and `restore`. */
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { Problem } from '../domain/errors.ts'
import { asFileProblem, type BackupReport } from '../operations/backup.ts'
import type { RestoreReport } from '../operations/restore.ts'
import { type Command, type Given, type Terminal, Usage } from './run.ts'
import type { Tools } from './tools.ts'
import { type Say, sentence, table } from './words.ts'

export function backupCommand(tools: Pick<Tools, 'backups'>, terminal: Terminal): Command {
  return {
    summary: 'write all data of this moment to one sealed file, also while the hub runs',
    args: '<file>',
    flags: {
      keys: { takes: 'file', about: 'also write the keys, sealed with a passphrase; keep that file elsewhere' },
      'passphrase-file': {
        takes: 'file',
        about: 'with --keys: its first line is the passphrase; else it is asked for',
      },
      'without-journal': { about: 'leave the journal of calls out' },
      check: { about: 'restore it into a database that is thrown away, and compare' },
      json: { about: 'print JSON' },
    },
    async run({ args, flags }) {
      const file = oneFile(args)
      const { backups } = tools
      const say = sentence(terminal, flags)
      const passphrase = typeof flags.keys === 'string' ? await passphraseOf(terminal, flags, true) : undefined
      const report = await backups.backup(file, { withoutJournal: flags['without-journal'] === true })
      // After the data: every key that it needs exists by then.
      if (typeof flags.keys === 'string') writeKeys(flags.keys, await backups.sealKeys(passphrase!))
      const checked = flags.check ? await backups.check(file) : undefined
      if (flags.json) say.json({ file, ...report, keys: flags.keys ?? null, checked: checked !== undefined })
      else tellBackup(terminal, say, file, report, flags, backups.epochKeyCount(), checked)
      requireSums(checked)
    },
  }
}

export function restoreCommand(tools: Pick<Tools, 'backups'>, terminal: Terminal): Command {
  return {
    summary: 'fill an empty DATA_DIR or DATABASE_URL from a backup; no hub may run there',
    args: '<file>',
    flags: {
      keys: { takes: 'file', about: 'put back the keys that `backup --keys` wrote' },
      'passphrase-file': {
        takes: 'file',
        about: 'with --keys: its first line is the passphrase; else it is asked for',
      },
      replace: { about: 'remove what the database holds now' },
      check: { about: 'only try it, in a database that is thrown away' },
      json: { about: 'print JSON' },
    },
    async run({ args, flags }) {
      const file = oneFile(args)
      const { backups } = tools
      const say = sentence(terminal, flags)
      const keys =
        typeof flags.keys === 'string'
          ? await backups.openKeys(read(flags.keys), await passphraseOf(terminal, flags, false), flags.keys)
          : undefined
      const report = flags.check
        ? await backups.check(file, keys?.masterKey)
        : await backups.restore(file, { keys, replace: flags.replace === true })
      if (flags.json) say.json({ file, ...report, checked: flags.check === true })
      else tellRestore(terminal, say, report, flags)
      if (flags.check) requireSums(report)
    },
  }
}

function oneFile(args: Given['args']): string {
  if (args.length !== 1) throw new Usage('Name one file.')
  return args[0]!
}

/** From a file or a person; never from the command line, which other users of the machine see. */
async function passphraseOf(terminal: Terminal, flags: Given['flags'], isNew: boolean): Promise<string> {
  const fromFile = flags['passphrase-file']
  const ask = (en: string, zh: string) => terminal.ask(terminal.language === 'zh' ? zh : en, { secret: true })
  const passphrase =
    typeof fromFile === 'string'
      ? read(fromFile).split(/\r?\n/)[0]!
      : await ask('Passphrase of the keys', '密钥归档的口令')
  if (!isNew) return passphrase
  if (passphrase.length < 12)
    throw new Problem('input_invalid', { what: 'passphrase', reason: 'at least 12 characters' })
  if (terminal.isInteractive && typeof fromFile !== 'string' && (await ask('Once more', '再输入一次')) !== passphrase)
    throw new Problem('input_invalid', { what: 'passphrase', reason: 'the two differ' })
  return passphrase
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new Problem('file_missing', { file }, error)
  }
}

function writeKeys(file: string, text: string): void {
  try {
    writeFileSync(`${file}.part`, text, { mode: 0o600, flush: true })
    renameSync(`${file}.part`, file)
  } catch (error) {
    rmSync(`${file}.part`, { force: true })
    throw asFileProblem(error, file)
  }
}

/** The file is whole; what it holds may have been wrong before. */
function requireSums(report: RestoreReport | undefined): void {
  if (report && report.broken.length > 0) throw new Problem('backup_broken', { sums: report.broken.join(', ') })
}

const rowsOf = (report: BackupReport) => Object.values(report.rows).reduce((sum, count) => sum + count, 0)
const size = (bytes: number) => (bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`)

function tellRows(terminal: Terminal, say: Say, report: BackupReport): void {
  const shown = ['accounts', 'products', 'variants', 'orders', 'order_lines', 'stock_movements']
  const rows = shown.filter((name) => name in report.rows).map((name) => [`  ${name}`, `${report.rows[name]}`])
  terminal.out(table(rows, [say.pick('  TABLE', '  表'), say.pick('ROWS', '行数')]))
}

function tellBackup(
  terminal: Terminal,
  say: Say,
  file: string,
  report: BackupReport,
  flags: Given['flags'],
  epochKeys: number,
  checked: RestoreReport | undefined,
): void {
  say(
    `${file}: ${rowsOf(report)} rows in ${Object.keys(report.rows).length} tables as of ${report.snapshotAt}, ${size(report.bytes)}; read back and whole.`,
    `${file}：${report.snapshotAt} 时刻的 ${Object.keys(report.rows).length} 个表共 ${rowsOf(report)} 行，${size(report.bytes)}；已回读校验。`,
  )
  tellRows(terminal, say, report)
  if (checked)
    say('It was restored into a scratch database: every count agrees.', '已在临时数据库中试恢复：所有数量一致。')
  if (typeof flags.keys === 'string')
    say(
      `${flags.keys}: the master key and ${epochKeys} daily keys. Keep it apart from the backups, and only the newest.`,
      `${flags.keys}：主密钥和 ${epochKeys} 个每日密钥。请与备份分开保存，且只保留最新的一份。`,
    )
  else
    say(
      'No key is in it. Without the master key it cannot be opened, without the daily keys buyer data is lost: see --keys.',
      '备份中没有任何密钥。没有主密钥无法打开，没有每日密钥则买家数据丢失：请参见 --keys。',
    )
}

function tellRestore(terminal: Terminal, say: Say, report: RestoreReport, flags: Given['flags']): void {
  say(
    `${rowsOf(report)} rows in ${Object.keys(report.rows).length} tables, as of ${report.snapshotAt}.`,
    `${report.snapshotAt} 时刻的 ${Object.keys(report.rows).length} 个表共 ${rowsOf(report)} 行。`,
  )
  tellRows(terminal, say, report)
  if (report.applied.length > 0)
    say(`Schema brought up to date: ${report.applied.join(', ')}`, `已更新数据库结构：${report.applied.join(', ')}`)
  if (report.without.length > 0)
    say(`The backup was made without: ${report.without.join(', ')}`, `备份中未包含：${report.without.join(', ')}`)
  if (report.broken.length > 0)
    say(
      `The ledger did not add up when the backup was made: ${report.broken.join(', ')}. Count these variants.`,
      `备份时库存账目已不平：${report.broken.join(', ')}。请盘点这些变体。`,
    )
  if (flags.check) say('Only tried; nothing was changed.', '仅为试恢复，未作任何更改。')
  else
    say(
      'Start the hub: it reads every account again, and raises no quantity before it knows the orders since. Everybody signs in anew. Check people and API keys that were removed since.',
      '请启动 Entrepot：它会重新读取所有店铺，在获知之后的订单前不会调高任何库存。所有人需重新登录。请检查备份之后停用的成员和 API 密钥。',
    )
}
