/** `accounts`: the sellers' connections to channels. */
import { accountsFor } from '../database/views/accounts.ts'
import { describeAccounts } from '../database/views/system.ts'
import type { Command, Terminal } from './run.ts'
import type { Tools } from './tools.ts'
import { sentence, table } from './words.ts'

export function accountsCommand(tools: Pick<Tools, 'open'>, terminal: Terminal): Command {
  return {
    summary: 'list the accounts and how they are',
    flags: { json: { about: 'print JSON' } },
    async run({ flags }) {
      const say = sentence(terminal, flags)
      const opened = await tools.open()
      try {
        const { db, clock } = opened.ctx
        const items = await describeAccounts(db, await accountsFor(db), clock.now())
        if (flags.json) return say.json({ items })
        if (items.length === 0)
          return say(
            'There is no account yet: entrepot connect <channel>.',
            '还没有店铺：请运行 entrepot connect <channel>。',
          )
        const rows = items.map((item) => [
          item.name,
          item.channel,
          item.draft ? say.pick('draft', '草稿') : item.stage,
          item.draft ? 'being connected' : item.halted ? `halted (${item.halted.code})` : 'working',
          `${item.orders}`,
          item.streams.find((one) => one.stream === 'orders')?.pulledAt ?? '–',
        ])
        terminal.out(
          table(
            rows,
            say.pick(
              ['NAME', 'CHANNEL', 'STAGE', 'STATE', 'ORDERS', 'ORDERS READ'],
              ['名称', '平台', '阶段', '状态', '订单', '订单读取于'],
            ),
          ),
        )
      } finally {
        await opened.close()
      }
    },
  }
}
