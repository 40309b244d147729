import { z } from 'zod'
import { allAccounts, findAccount } from '../../database/accounts.ts'
import type { Sql } from '../../database/pool.ts'
import { describeAccounts } from '../../database/views/system.ts'
import { Problem } from '../../domain/errors.ts'
import { askAgain, changeAccount, connectAccount } from '../../operations/connect-account.ts'
import type { Handlers } from './handler.ts'

async function mustFind(sql: Sql, id: string) {
  const row = await findAccount(sql, id)
  if (!row) throw new Problem('not_found', { what: 'account', id })
  return row
}
const describe = async (sql: Sql, id: string, now: Date) =>
  (await describeAccounts(sql, [await mustFind(sql, id)], now))[0]!

export const accountHandlers: Handlers<
  'accounts' | 'account' | 'addAccount' | 'changeAccount' | 'lookAgain' | 'channels'
> = {
  accounts: async ({ sql, options }) => ({
    items: await describeAccounts(sql, await allAccounts(sql), options.ctx.clock.now()),
    nextCursor: null,
  }),
  account: async ({ sql, input, options }) => await describe(sql, input.params.id, options.ctx.clock.now()),
  addAccount: async ({ sql, input, options }) =>
    await describe(sql, await connectAccount(sql, options.ctx, input.body), options.ctx.clock.now()),
  changeAccount: async ({ sql, input, options }) => {
    await changeAccount(sql, options.ctx, await mustFind(sql, input.params.id), input.body)
    return await describe(sql, input.params.id, options.ctx.clock.now())
  },
  lookAgain: async ({ sql, input, options }) => {
    const { id } = await mustFind(sql, input.params.id)
    const now = options.ctx.clock.now()
    await askAgain(sql, options.ctx, id)
    return await describe(sql, id, now)
  },
  channels: async ({ options }) => ({
    items: [...options.ctx.registry.values()].map((connector) => ({
      channel: connector.channel,
      title: connector.title,
      quantityWrites: connector.quantityWrites,
      capabilities: [
        connector.orders && 'orders.pull',
        connector.listings && 'listings.pull',
        connector.stock && 'stock.push',
        connector.stock && 'stock.read',
      ].filter((one) => one !== undefined),
      settings: z.toJSONSchema(connector.settings, { io: 'input' }) as Record<string, unknown>,
      secrets: Object.keys(connector.secrets.shape),
    })),
  }),
}
