import type { Sql } from '../../database/pool.ts'
import { listRules, previewRule, type RuleView, rulesApplying } from '../../database/views/publishing.ts'
import { Problem } from '../../domain/errors.ts'
import { checkRule, noSettings } from '../../domain/publishing.ts'
import { accountPlans } from '../../operations/account-plans.ts'
import type { Context } from '../../operations/context.ts'
import {
  addRule,
  changeRule,
  type GivenSettings,
  mergeSettings,
  type NamedScope,
  removeRule,
  resolveScope,
} from '../../operations/manage-publishing-rules.ts'
import { previewSlots } from '../../operations/preview-rule.ts'
import type { Handlers } from './handler.ts'
import { tellPlan } from './plan.ts'

async function mustDescribe(sql: Sql, id: string): Promise<RuleView> {
  const found = (await listRules(sql, { limit: 1, id })).items[0]
  if (!found) throw new Problem('not_found', { what: 'publishing rule', id })
  return found
}

type Asked = NamedScope & GivenSettings

/** The scope and settings of a rule that is not saved. */
async function unsaved(sql: Sql, ctx: Pick<Context, 'registry'>, query: Asked) {
  const scope = await resolveScope(sql, ctx, query)
  const settings = mergeSettings(noSettings, query)
  if (Object.values(settings).some((value) => value !== null)) checkRule(scope, settings)
  return { scope, settings }
}

export const publishingHandlers: Handlers<
  'publishingRules' | 'previewRule' | 'previewRuleSlots' | 'addRule' | 'changeRule' | 'removeRule'
> = {
  publishingRules: async ({ sql, input }) => ({
    ...(await listRules(sql, input.query)),
    applying: await rulesApplying(sql),
  }),
  previewRule: async ({ sql, input, options }) => {
    const { scope, settings } = await unsaved(sql, options.ctx, input.query)
    const { byAccount, ...preview } = await previewRule(sql, scope, settings)
    const plans = byAccount.size === 0 ? [] : await accountPlans(sql, options.ctx, { more: byAccount })
    return { ...preview, plans: plans.filter((one) => one.more > 0).map(tellPlan) }
  },
  previewRuleSlots: async ({ sql, input, options }) => {
    const { scope, settings } = await unsaved(sql, options.ctx, input.query)
    return await previewSlots(sql, options.ctx, scope, settings, input.query)
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
