import { isAllowed } from '../../contract/permissions.ts'
import { reasonText } from '../../contract/reasons.ts'
import { accountsFor } from '../../database/views/accounts.ts'
import { Problem } from '../../domain/errors.ts'
import { changeSettings } from '../../operations/change-settings.ts'
import { describeNotifications, testNotifications } from '../../operations/describe-notifications.ts'
import type { Handlers } from './handler.ts'

async function mustFind(sql: Parameters<typeof accountsFor>[0], id: string) {
  const [row] = await accountsFor(sql, id)
  if (!row) throw new Problem('not_found', { what: 'account', id })
  return row
}

export const notificationHandlers: Handlers<'notifications' | 'testNotifications' | 'changeSettings'> = {
  notifications: async ({ sql, input, options, api }) => {
    const told = await describeNotifications(sql, options.ctx, await mustFind(sql, input.params.id))
    // Nobody can guess the address; who only looks need not know it.
    const address = isAllowed(api.caller!.role, 'accounts.manage') ? told.address : null
    const refused = told.refused && { ...told.refused, why: reasonText(told.refused.why, api.language) }
    return { ...told, address, refused }
  },
  testNotifications: async ({ sql, input, options }) =>
    await testNotifications(options.ctx, await mustFind(sql, input.params.id)),
  changeSettings: async ({ sql, input, options }) => {
    await changeSettings(sql, options.ctx, await mustFind(sql, input.params.id), input.body)
    return await describeNotifications(sql, options.ctx, await mustFind(sql, input.params.id))
  },
}
