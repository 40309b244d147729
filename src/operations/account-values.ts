/** Settings and secrets of accounts: held against what the channel asks for, sealed, read again. */
import type { Connector } from '../channels/connector.ts'
import { type AccountRow, getSecrets, lockAccount, putSecrets } from '../database/accounts.ts'
import { forgetChecks } from '../database/connecting.ts'
import type { Sql } from '../database/pool.ts'
import { InvalidInput, Problem } from '../domain/errors.ts'
import type { Context } from './context.ts'

interface Checkable {
  safeParse(
    value: unknown,
  ):
    | { success: true; data: unknown }
    | { success: false; error: { issues: { path: PropertyKey[]; message: string }[] } }
}

/** What the schema makes of it, or a problem that names each wrong field. */
export function checkWith(schema: Checkable, value: unknown, what: string): unknown {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  throw new InvalidInput(
    parsed.error.issues.map((issue) => ({ path: [what, ...issue.path].join('.'), message: issue.message })),
  )
}

/** The seller behind the settings, where they tell and no other account has it. */
export async function identityFree(
  tx: Sql,
  connector: Connector,
  settings: unknown,
  own: string | null = null,
): Promise<string | null> {
  const identity = connector.identityOf?.(settings) ?? null
  const same =
    identity &&
    (await tx.one<{ name: string }>(
      'select name from accounts where channel = $1 and identity = $2 and id is distinct from $3::uuid',
      [connector.channel, identity, own],
    ))
  if (!same) return identity
  const message = `settings: this seller and region are connected already, as ${same.name}; add its marketplaces there`
  throw new Problem('bad_request', { message })
}

/** The account as it stands now, with nobody else changing it: what was read before may be gone. */
export async function lockedAccount(tx: Sql, { id }: Pick<AccountRow, 'id'>): Promise<AccountRow> {
  const row = await lockAccount(tx, id)
  if (!row) throw new Problem('not_found', { what: 'account', id })
  return row
}

/** Secrets of before, also where not all of them are there. */
export async function secretsOf(
  db: Sql,
  ctx: Pick<Context, 'sealing'>,
  accountId: string,
): Promise<Record<string, unknown>> {
  const sealed = await getSecrets(db, accountId)
  return sealed ? JSON.parse(ctx.sealing.openSecret(sealed, `account:${accountId}`)) : {}
}

export async function sealSecrets(
  tx: Sql,
  ctx: Pick<Context, 'sealing' | 'clock'>,
  accountId: string,
  secrets: unknown,
): Promise<void> {
  const sealed = ctx.sealing.sealSecret(JSON.stringify(secrets), `account:${accountId}`)
  await putSecrets(tx, accountId, sealed, ctx.clock.now())
  // Tokens that the old ones brought prove nothing of the new ones.
  await tx.run('delete from tokens where account_id = $1', [accountId])
  await forgetChecks(tx, accountId)
}

/** Settings that name a place where calls go: where one changes, secrets would go to whoever is there now. */
const addressesIn = (settings: unknown): string =>
  JSON.stringify(
    Object.entries((settings ?? {}) as Record<string, unknown>)
      .filter(([name, value]) => /endpoint|url|page|shop|host|environment/i.test(name) && value !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  )

/** Secrets that must be given anew, because an address changed and they were given for another. */
export function needlesslyKept(
  connector: Connector,
  before: unknown,
  after: unknown,
  given: Record<string, unknown>,
): string[] {
  if (addressesIn(before) === addressesIn(after)) return []
  return Object.entries(connector.secrets.shape).flatMap(([name, schema]) =>
    Object.hasOwn(given, name) || (schema as { isOptional(): boolean }).isOptional() ? [] : [name],
  )
}

/** Each secret by itself: the others may come later. One that is no plain text is given as JSON. */
export function checkSome(connector: Connector, given: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(given).map(([name, value]) => {
      const schema = Object.hasOwn(connector.secrets.shape, name)
        ? (connector.secrets.shape[name] as Connector['settings'])
        : undefined
      if (!schema) throw new Problem('bad_request', { message: `secrets.${name}: this channel has no such secret` })
      const isJson = typeof value === 'string' && value.startsWith('{') && !schema.safeParse(value).success
      return [name, checkWith(schema, isJson ? jsonOf(value) : value, `secrets.${name}`)]
    }),
  )
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** Names of secrets that are wanted still. */
export function missingSecrets(connector: Connector, secrets: Record<string, unknown>): string[] {
  const { error } = connector.secrets.safeParse(secrets)
  return [...new Set(error?.issues.map((one) => String(one.path[0])) ?? [])]
}
