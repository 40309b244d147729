import type { Sql } from '../../database/pool.ts'
import { listRules, previewRule, type RuleView, rulesApplying } from '../../database/views/publishing.ts'
import { Problem } from '../../domain/errors.ts'
import { checkRule, noSettings } from '../../domain/publishing.ts'
import {
  addRule,
  changeRule,
  mergeSettings,
  removeRule,
  resolveScope,
} from '../../operations/manage-publishing-rules.ts'
import type { Handlers } from './handler.ts'

async function mustDescribe(sql: Sql, id: string): Promise<RuleView> {
  const found = (await listRules(sql, { limit: 1, id })).items[0]
  if (!found) throw new Problem('not_found', { what: 'publishing rule', id })
  return found
}

export const publishingHandlers: Handlers<'publishingRules' | 'previewRule' | 'addRule' | 'changeRule' | 'removeRule'> =
  {
    publishingRules: async ({ sql, input }) => ({
      ...(await listRules(sql, input.query)),
      applying: await rulesApplying(sql),
    }),
    previewRule: async ({ sql, input, options }) => {
      const scope = await resolveScope(sql, options.ctx, input.query)
      const settings = mergeSettings(noSettings, input.query)
      if (Object.values(settings).some((value) => value !== null)) checkRule(scope, settings)
      return await previewRule(sql, scope, settings)
    },
    addRule: async ({ sql, input, options, api }) => {
      const { account, channel, sku, category, ...settings } = input.body
      const scope = { account, channel, sku, category }
      return await mustDescribe(sql, await addRule(sql, options.ctx, scope, settings, api.caller!.name))
    },
    changeRule: async ({ sql, input, options, api }) => {
      await changeRule(sql, options.ctx, input.params.id, input.body, api.caller!.name)
      return await mustDescribe(sql, input.params.id)
    },
    removeRule: async ({ sql, input, options }) => {
      await removeRule(sql, options.ctx, input.params.id)
      return null
    },
  }
