/**
 * Connecting by consent: the seller is sent to the channel's page and comes back with a code for secrets. The state that binds
 * both ways is random, kept as a hash, good once, for ten minutes, and for the person who began.
 */
import { type AccountRow, findAccount, lockAccount } from '../database/accounts.ts'
import {
  type ConsentRow,
  endConsent,
  findConsent,
  insertConsent,
  newestConsent,
  useConsent,
} from '../database/connecting.ts'
import type { Sql } from '../database/pool.ts'
import { ChannelError, Problem } from '../domain/errors.ts'
import { checkSome, needlesslyKept, sealSecrets, secretsOf } from './account-values.ts'
import { changeAccount } from './connect-account.ts'
import { accountAside, type Context } from './context.ts'
import { putSettings } from './draft-account.ts'

/** Where channels send sellers back to, below the hub's public address. Registered there, to the last slash. */
export const consentPath = '/connect/callback'
export const consentLifeMs = 10 * 60_000

export interface BegunConsent {
  id: string
  url: string
  redirectUri: string
  expiresAt: Date
}

/** Begins a consent. `userId` null: begun where nobody is signed in; whoever holds the state may come back with it. */
export async function beginConsent(
  tx: Sql,
  ctx: Context,
  row: AccountRow,
  { publicUrl, userId }: { publicUrl: string; userId: string | null },
): Promise<BegunConsent> {
  const consent = ctx.registry.get(row.channel)?.consent
  if (!consent) throw new Problem('consent_none', { channel: row.channel })
  const redirectUri = publicUrl + consentPath
  const state = ctx.sealing.newToken()
  const url = urlOf(() => consent.url(row.settings, { state, redirectUri }))
  // Told before the seller leaves. A page without https is a simulator's, which minds nothing.
  if (url.startsWith('https:') && !publicUrl.startsWith('https:'))
    throw new Problem('consent_needs_https', { address: publicUrl })
  const now = ctx.clock.now()
  const id = ctx.newId()
  const expiresAt = new Date(now.getTime() + consentLifeMs)
  await insertConsent(
    tx,
    { id, account_id: row.id, user_id: userId, redirect_uri: redirectUri, created_at: now, expires_at: expiresAt },
    ctx.sealing.hashToken(state),
  )
  return { id, url, redirectUri, expiresAt }
}

function urlOf(make: () => string): string {
  try {
    return make()
  } catch (error) {
    if (error instanceof ChannelError)
      throw new Problem('consent_unready', { message: error.message, why: error.code }, error)
    throw error
  }
}

export interface ReturnedConsent {
  /** Undefined where nobody knows the state. */
  accountId: string | undefined
  /** Begun by somebody who is signed in, and waits on the dashboard. */
  isPersons: boolean
  /** Undefined: it succeeded. */
  problem: Problem | undefined
}

/** The seller came back. What went wrong is kept with the consent, and told to whoever asks for it. */
export async function returnFromConsent(
  ctx: Context,
  came: { query: Record<string, string>; userId: string | null; address: string },
): Promise<ReturnedConsent> {
  const state = came.query.state ?? ''
  const found = state === '' ? undefined : await findConsent(ctx.db, ctx.sealing.hashToken(state))
  if (!found) return { accountId: undefined, isPersons: true, problem: new Problem('consent_unknown') }
  const about = { accountId: found.account_id, isPersons: found.user_id !== null }
  const now = ctx.clock.now()
  // Another person's browser spends nothing: whoever began may still come back.
  if (found.user_id !== null && found.user_id !== came.userId)
    return { ...about, problem: new Problem('consent_other_person') }
  if (found.used_at) return { ...about, problem: new Problem('consent_used') }
  if (!(await useConsent(ctx.db, found.id, now))) return { ...about, problem: new Problem('consent_used') }
  const problem = await outcomeOf(ctx, found, came)
  if (problem)
    await endConsent(ctx.db, found.id, { code: problem.code, params: texts(problem.params) }, ctx.clock.now())
  return { ...about, problem }
}

const texts = (params: Problem['params']) =>
  Object.fromEntries(Object.entries(params).map(([name, value]) => [name, String(value)]))

async function outcomeOf(
  ctx: Context,
  consent: ConsentRow,
  { query, address }: { query: Record<string, string>; address: string },
): Promise<Problem | undefined> {
  if (consent.expires_at <= ctx.clock.now()) return new Problem('consent_expired')
  // The channel sends sellers to what is registered there: an address that differs by a slash says that the other does, too.
  if (address !== consent.redirect_uri)
    return new Problem('consent_redirect', { registered: address, expected: consent.redirect_uri })
  if (query.error !== undefined) return new Problem('consent_denied', { reason: word(query.error) })
  const row = await findAccount(ctx.db, consent.account_id)
  if (!row) return new Problem('consent_unknown')
  try {
    await exchange(ctx, row, consent, query)
    return undefined
  } catch (error) {
    if (error instanceof Problem) return error
    if (error instanceof ChannelError) return problemOf(error, consent)
    // Nothing but what was foreseen is told: the cause may hold a code or a secret.
    const { message, stack } = error as Error
    ctx.log.error('consent failed inside', { account: row.name, error: message, stack })
    return new Problem('consent_unanswered', { code: 'internal' })
  }
}

/** What a channel says in its own words is kept to letters: it is shown, and came from outside. */
const word = (text: string) => text.replace(/[^\w .:-]/g, '').slice(0, 100)

function problemOf(error: ChannelError, consent: ConsentRow): Problem {
  if (error.code === 'redirect_mismatch')
    return new Problem('consent_redirect_refused', { expected: consent.redirect_uri }, error)
  return error.kind === 'unavailable' || error.kind === 'throttled'
    ? new Problem('consent_unanswered', { code: word(error.code) }, error)
    : new Problem('consent_refused', { code: word(error.code), message: error.message, why: word(error.code) }, error)
}

async function exchange(
  ctx: Context,
  asked: AccountRow,
  consent: ConsentRow,
  query: Record<string, string>,
): Promise<void> {
  const connector = ctx.registry.get(asked.channel)
  if (!connector?.consent) throw new Problem('consent_none', { channel: asked.channel })
  const { state: _, ...returned } = query
  const brought = await connector.consent.exchange(accountAside(ctx, asked), returned, consent.redirect_uri)
  await ctx.db.transaction(async (tx) => {
    // The channel took its time: the account may be gone by now, or lead to another address.
    const row = await lockAccount(tx, asked.id)
    if (!row) throw new Problem('consent_unknown')
    if (needlesslyKept(connector, asked.settings, row.settings, {}).length > 0) throw new Problem('consent_expired')
    if (brought.settings !== undefined && row.draft_since)
      await putSettings(tx, ctx, row, { ...(row.settings as object), ...(brought.settings as object) })
    const secrets = {
      ...(await secretsOf(tx, ctx, row.id)),
      ...checkSome(connector, brought.secrets as Record<string, string>),
    }
    if (row.draft_since) await sealSecrets(tx, ctx, row.id, secrets)
    else await changeAccount(tx, ctx, row, { secrets: secrets as Record<string, string> })
    await endConsent(tx, consent.id, null, ctx.clock.now())
  })
  ctx.wake()
}

export type ConsentState = 'none' | 'waiting' | 'done' | 'failed' | 'expired'

export interface ConsentView {
  state: ConsentState
  expiresAt: Date | null
  failure: ConsentRow['failure']
}

/** How the newest consent of an account stands. */
export async function describeConsent(sql: Sql, ctx: Pick<Context, 'clock'>, accountId: string): Promise<ConsentView> {
  const row = await newestConsent(sql, accountId)
  if (!row) return { state: 'none', expiresAt: null, failure: null }
  const state = row.failure
    ? 'failed'
    : row.ended_at
      ? 'done'
      : row.expires_at <= ctx.clock.now()
        ? 'expired'
        : 'waiting'
  return { state, expiresAt: row.expires_at, failure: row.failure }
}

/** Secrets that consent brings, so that nobody is asked for them. */
export const broughtByConsent = (
  connector: { consent?: { brings?: readonly string[] } } | undefined,
): readonly string[] => (connector?.consent ? (connector.consent.brings ?? ['refreshToken']) : [])
