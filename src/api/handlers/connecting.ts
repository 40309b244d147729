import { checkFailure, checkTitle, featureTitle } from '../../contract/checks.ts'
import { problemText } from '../../contract/problems.ts'
import type { AccountRow } from '../../database/accounts.ts'
import type { Sql } from '../../database/pool.ts'
import { accountsFor } from '../../database/views/accounts.ts'
import { Problem } from '../../domain/errors.ts'
import { missingSecrets, secretsOf } from '../../operations/account-values.ts'
import { askForChecks, type CheckView, describeChecks } from '../../operations/check-account.ts'
import { beginConsent, broughtByConsent, consentPath, describeConsent } from '../../operations/consent.ts'
import { changeDraft, draftAccount, finishDraft, removeDraft } from '../../operations/draft-account.ts'
import type { ApiOptions, ApiRequest } from '../options.ts'
import { accountHandlers, wordOf } from './accounts.ts'
import type { Handlers } from './handler.ts'

async function mustFind(sql: Sql, id: string): Promise<AccountRow> {
  const [row] = await accountsFor(sql, id)
  if (!row) throw new Problem('not_found', { what: 'account', id })
  return row
}

/** A check in the words of whoever asks. */
function tellCheck(channel: string, view: CheckView, language: ApiRequest['language']) {
  const { id, state, isOptional, serves, code, facts, checkedAt } = view
  const failure = code === null ? null : checkFailure(channel, id, code, facts, language)
  return {
    id,
    title: checkTitle(channel, id, language),
    state,
    optional: isOptional,
    serves: serves.map((feature) => ({ feature, title: featureTitle(feature, language) })),
    code,
    cause: failure?.cause ?? null,
    next: failure?.next ?? null,
    facts,
    checkedAt: checkedAt?.toISOString() ?? null,
  }
}

async function tellConsent(
  sql: Sql,
  { ctx, publicUrl }: ApiOptions,
  row: AccountRow,
  language: ApiRequest['language'],
) {
  if (!ctx.registry.get(row.channel)?.consent) return null
  const { state, expiresAt, failure } = await describeConsent(sql, ctx, row.id)
  return {
    state,
    expiresAt: expiresAt?.toISOString() ?? null,
    failure: failure ? { code: failure.code, ...textOf(failure, language) } : null,
    redirectUri: publicUrl + consentPath,
  }
}

function textOf({ code, params }: { code: string; params: Record<string, string> }, language: ApiRequest['language']) {
  const { title, next } = problemText(code, params, language)
  return { title, next }
}

async function tell(sql: Sql, options: ApiOptions, id: string, language: ApiRequest['language']) {
  const { ctx } = options
  const row = await mustFind(sql, id)
  const connector = ctx.registry.get(row.channel)
  const kept = await secretsOf(sql, ctx, row.id)
  const missing = connector ? missingSecrets(connector, kept) : []
  const brought = broughtByConsent(connector)
  const round = await describeChecks(sql, ctx, row)
  return {
    id: row.id,
    name: row.name,
    channel: row.channel,
    stage: row.stage,
    draft: row.draft_since !== null,
    settings: row.settings as Record<string, unknown>,
    secrets: Object.keys(connector?.secrets.shape ?? {}).map((name) => ({
      name,
      given: Object.hasOwn(kept, name),
      missing: missing.includes(name),
      byConsent: brought.includes(name),
    })),
    consent: await tellConsent(sql, options, row, language),
    checks: {
      askedAt: round.askedAt?.toISOString() ?? null,
      endedAt: round.endedAt?.toISOString() ?? null,
      items: round.checks.map((view) => tellCheck(row.channel, view, language)),
    },
  }
}

export const connectingHandlers: Handlers<
  'addDraft' | 'connection' | 'changeDraft' | 'beginConsent' | 'checkAccount' | 'finishDraft' | 'removeDraft'
> = {
  addDraft: async ({ sql, input, api, options }) =>
    await tell(sql, options, await draftAccount(sql, options.ctx, input.body), api.language),
  connection: async ({ sql, input, api, options }) => await tell(sql, options, input.params.id, api.language),
  changeDraft: async ({ sql, input, api, options }) => {
    await changeDraft(sql, options.ctx, await mustFind(sql, input.params.id), input.body)
    return await tell(sql, options, input.params.id, api.language)
  },
  beginConsent: async ({ sql, input, api, options: { ctx, publicUrl } }) => {
    const userId = api.caller?.kind === 'user' ? api.caller.id : null
    const row = await mustFind(sql, input.params.id)
    const { url, redirectUri, expiresAt } = await beginConsent(sql, ctx, row, { publicUrl, userId })
    return { url, redirectUri, expiresAt: expiresAt.toISOString() }
  },
  checkAccount: async ({ sql, input, api, options }) => {
    await askForChecks(sql, options.ctx, await mustFind(sql, input.params.id))
    return await tell(sql, options, input.params.id, api.language)
  },
  finishDraft: async (call) => {
    const { sql, input, options } = call
    const row = await mustFind(sql, input.params.id)
    await finishDraft(sql, options.ctx, row, input.body.stage, wordOf(call.api, input.body))
    return await accountHandlers.account({ ...call, input: { ...input, query: undefined, body: undefined } })
  },
  removeDraft: async ({ sql, input }) => {
    await removeDraft(sql, await mustFind(sql, input.params.id))
    return null
  },
}
