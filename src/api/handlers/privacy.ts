import type { Sql } from '../../database/pool.ts'
import { listRequests } from '../../database/views/privacy.ts'
import { Problem } from '../../domain/errors.ts'
import { mustFindAccount } from '../../operations/manage-catalog.ts'
import { askAboutBuyer, closeAsked, exportHeld } from '../../operations/privacy-requests.ts'
import type { Handlers } from './handler.ts'

async function tell(sql: Sql, id: string) {
  const { items } = await listRequests(sql, { id, limit: 1 })
  if (!items[0]) throw new Problem('not_found', { what: 'request', id })
  return items[0]
}

export const privacyHandlers: Handlers<
  'privacyRequests' | 'addPrivacyRequest' | 'privacyFile' | 'closePrivacyRequest'
> = {
  privacyRequests: async ({ sql, input }) => await listRequests(sql, input.query),
  addPrivacyRequest: async ({ sql, input: { body }, api, options }) => {
    const account = await mustFindAccount(sql, body.account)
    const { id } = await askAboutBuyer(sql, options.ctx, {
      accountId: account.id,
      kind: body.kind,
      askedBy: api.caller!.name,
      orderIds: [...new Set(body.orders)],
      names: [],
    })
    return await tell(sql, id)
  },
  // The server sends it as a file (`file: 'raw'`).
  privacyFile: async ({ sql, input, options }) =>
    (await exportHeld(sql, options.ctx, input.params.id)) as unknown as string,
  closePrivacyRequest: async ({ sql, input, api, options }) => {
    await closeAsked(sql, options.ctx, input.params.id, api.caller!.name)
    return await tell(sql, input.params.id)
  },
}
