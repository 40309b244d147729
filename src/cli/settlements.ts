/** `export settlements`: every kept settlement as a file of its own, byte for byte as the channel gave it. */
import { existsSync, mkdirSync } from 'node:fs'
import { rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { listSettlements } from '../database/views/settlements.ts'
import { Problem } from '../domain/errors.ts'
import { openSettlement } from '../operations/pull-settlements.ts'
import type { FileTools } from './import-export.ts'
import type { Given, Terminal } from './run.ts'

/** What lies in the folder already is left as it is: a settlement never changes. */
export async function exportSettlements(
  tools: FileTools,
  terminal: Pick<Terminal, 'out' | 'language'>,
  flags: Given['flags'],
): Promise<void> {
  const folder = typeof flags.out === 'string' ? flags.out : 'settlements'
  const opened = await tools.open()
  try {
    const { ctx } = opened
    const name = typeof flags.account === 'string' ? flags.account : undefined
    const account =
      name === undefined
        ? undefined
        : await ctx.db.one<{ id: string }>('select id from accounts where name = $1', [name])
    if (name !== undefined && !account) throw new Problem('not_found', { what: 'account', id: name })
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    let written = 0
    let there = 0
    for (let cursor: string | undefined; ; ) {
      const page = await listSettlements(ctx.db, { limit: 200, cursor, account: account?.id })
      for (const one of page.items) {
        const file = join(folder, `${one.account.name} ${one.name}`.replace(/[^\p{L}\p{N} ._-]/gu, '_'))
        if (existsSync(file)) {
          there += 1
          continue
        }
        const { body } = await openSettlement(ctx.db, ctx, one.id)
        await writeFile(`${file}.part`, body, { mode: 0o600 })
        await rename(`${file}.part`, file)
        written += 1
      }
      if (page.nextCursor === null) break
      cursor = page.nextCursor
    }
    terminal.out(
      terminal.language === 'zh'
        ? `已写入 ${written} 份结算报告到 ${folder}，${there} 份已存在`
        : `${written} settlements written to ${folder}, ${there} were there already`,
    )
  } finally {
    await opened.close()
  }
}
