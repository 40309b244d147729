/** Publishing rules as people set them. What a change means for slots is carried out afterwards, by a pass. */
import { findAccount } from '../database/accounts.ts'
import type { Sql } from '../database/pool.ts'
import { beginPass } from '../database/publishing-passes.ts'
import { deleteRule, insertRule, lockRule, updateRule } from '../database/publishing-rules.ts'
import { Problem } from '../domain/errors.ts'
import { checkRule, noSettings, type RuleScope, type ShowSettings } from '../domain/publishing.ts'
import type { Context } from './context.ts'

type Rules = Pick<Context, 'clock' | 'newId' | 'registry'>

/** A scope as people name it; absent or null is "all". */
export interface NamedScope {
  /** Id or name. */
  account?: string | null | undefined
  channel?: string | null | undefined
  sku?: string | null | undefined
  category?: string | null | undefined
}

export type GivenSettings = { [K in keyof ShowSettings]?: ShowSettings[K] | undefined }

/** Finds what the names stand for. */
export async function resolveScope(db: Sql, ctx: Pick<Context, 'registry'>, named: NamedScope): Promise<RuleScope> {
  const account = named.account ? await findAccount(db, named.account) : undefined
  if (named.account && !account) throw new Problem('unknown_account', { account: named.account })
  if (named.channel && !ctx.registry.has(named.channel))
    throw new Problem('unknown_channel', { channel: named.channel, known: [...ctx.registry.keys()].join(', ') })
  const variant = named.sku
    ? await db.one<{ id: string }>('select id from variants where sku = $1', [named.sku])
    : undefined
  if (named.sku && !variant) throw new Problem('unknown_sku', { sku: named.sku })
  return {
    accountId: account?.id ?? null,
    channel: named.channel ?? null,
    variantId: variant?.id ?? null,
    category: named.category ?? null,
  }
}

/** Settings that are given; what is absent stays as it was. */
export function mergeSettings(before: ShowSettings, given: GivenSettings): ShowSettings {
  const pick = (name: keyof ShowSettings) => (given[name] === undefined ? before[name] : given[name])
  return {
    safetyUnits: pick('safetyUnits'),
    safetyPercent: pick('safetyPercent'),
    cap: pick('cap'),
    minimum: pick('minimum'),
    stopBelow: pick('stopBelow'),
  }
}

/** Adds a rule. A scope that has one already is refused. */
export async function addRule(
  tx: Sql,
  ctx: Rules,
  named: NamedScope,
  given: GivenSettings,
  actor: string,
): Promise<string> {
  const scope = await resolveScope(tx, ctx, named)
  const settings = mergeSettings(noSettings, given)
  checkRule(scope, settings)
  const id = ctx.newId()
  if (!(await insertRule(tx, { id, ...scope, ...settings }, actor, ctx.clock.now()))) throw new Problem('rule_exists')
  await carryOut(tx, ctx, scope)
  return id
}

/** Changes a rule's settings. Null takes one out; the scope stays. */
export async function changeRule(tx: Sql, ctx: Rules, id: string, given: GivenSettings, actor: string): Promise<void> {
  const rule = await lockRule(tx, id)
  if (!rule) throw new Problem('not_found', { what: 'publishing rule', id })
  const settings = mergeSettings(rule, given)
  checkRule(rule, settings)
  await updateRule(tx, id, settings, actor, ctx.clock.now())
  await carryOut(tx, ctx, rule)
}

export async function removeRule(tx: Sql, ctx: Rules, id: string): Promise<void> {
  const rule = await lockRule(tx, id)
  if (!rule) throw new Problem('not_found', { what: 'publishing rule', id })
  await deleteRule(tx, id)
  await carryOut(tx, ctx, rule)
}

async function carryOut(tx: Sql, ctx: Pick<Context, 'clock' | 'newId'>, scope: RuleScope): Promise<void> {
  const { accountId, channel, variantId, category } = scope
  await beginPass(tx, ctx.newId(), { accountId, channel, variantId, category, productId: null }, ctx.clock.now())
}
