import { z } from 'zod'
import { checkTitle } from '../../contract/checks.ts'
import { type AccountRow, allAccounts, findAccount } from '../../database/accounts.ts'
import type { Sql } from '../../database/pool.ts'
import { describeFirstPull } from '../../database/views/first-pull.ts'
import { describeAccounts } from '../../database/views/system.ts'
import { Problem } from '../../domain/errors.ts'
import { addAccount, askAgain, changeAccount } from '../../operations/connect-account.ts'
import { broughtByConsent, consentPath } from '../../operations/consent.ts'
import type { Context } from '../../operations/context.ts'
import { timesOf } from '../../operations/plan-slots.ts'
import type { ApiRequest } from '../options.ts'
import type { Handlers } from './handler.ts'

async function mustFind(sql: Sql, id: string) {
  const row = await findAccount(sql, id)
  if (!row) throw new Problem('not_found', { what: 'account', id })
  return row
}
/** What a margin is beyond what was learned is for the channel to say. */
async function describeAll(sql: Sql, ctx: Context, rows: readonly AccountRow[]) {
  const now = ctx.clock.now()
  const described = await describeAccounts(sql, rows, now)
  return described.map((one, index) => {
    const isPulled = ctx.registry.get(one.channel)?.orders !== undefined
    const marginMs = timesOf(ctx, rows[index]!, now).marginMs
    return { ...one, orderLag: isPulled ? { ...one.orderLag, marginMs } : null }
  })
}
const describe = async (sql: Sql, ctx: Context, id: string) =>
  (await describeAll(sql, ctx, [await mustFind(sql, id)]))[0]!

/** Whose word it is where an account goes live without checks. */
export const wordOf = ({ caller }: ApiRequest, { withoutChecks }: { withoutChecks: boolean }) => ({
  withoutChecks,
  by: caller!.name,
})

export const accountHandlers: Handlers<
  'accounts' | 'account' | 'addAccount' | 'changeAccount' | 'lookAgain' | 'firstPull' | 'channels'
> = {
  accounts: async ({ sql, options }) => ({
    items: await describeAll(sql, options.ctx, await allAccounts(sql)),
    nextCursor: null,
  }),
  account: async ({ sql, input, options }) => await describe(sql, options.ctx, input.params.id),
  addAccount: async ({ sql, input: { body }, api, options }) =>
    await describe(sql, options.ctx, await addAccount(sql, options.ctx, body, wordOf(api, body))),
  changeAccount: async ({ sql, input, api, options }) => {
    const { params, body } = input
    await changeAccount(sql, options.ctx, await mustFind(sql, params.id), body, wordOf(api, body))
    return await describe(sql, options.ctx, input.params.id)
  },
  lookAgain: async ({ sql, input, options }) => {
    const { id } = await mustFind(sql, input.params.id)
    await askAgain(sql, options.ctx, id)
    return await describe(sql, options.ctx, id)
  },
  firstPull: async ({ sql, input }) => await describeFirstPull(sql, await mustFind(sql, input.params.id)),
  channels: async ({ api, options }) => ({
    items: [...options.ctx.registry.values()].map((connector) => ({
      channel: connector.channel,
      title: connector.title,
      quantityWrites: connector.quantityWrites,
      capabilities: [
        connector.orders && 'orders.pull',
        connector.listings && 'listings.pull',
        connector.stock && 'stock.push',
        connector.stock && 'stock.read',
        connector.shipments && 'shipments.confirm',
        connector.cancellations && 'cancellations.request',
        connector.refunds && 'refunds.issue',
        connector.copies && 'copies.create',
      ].filter((one) => one !== undefined),
      settings: z.toJSONSchema(connector.settings, { io: 'input' }) as Record<string, unknown>,
      secrets: Object.keys(connector.secrets.shape),
      secretsOptional: Object.entries(connector.secrets.shape)
        .filter(([, schema]) => z.safeParse(schema, undefined).success)
        .map(([name]) => name),
      consent: connector.consent
        ? { brings: [...broughtByConsent(connector)], redirectUri: options.publicUrl + consentPath }
        : null,
      checks: (connector.checks ?? []).map(({ id, optional }) => ({
        id,
        title: checkTitle(connector.channel, id, api.language),
        optional: optional === true,
      })),
    })),
  }),
}
