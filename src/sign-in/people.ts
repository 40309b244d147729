/** People, their sessions, and API keys. Tokens are random and stored as hashes only. */

import type { Database, Sql } from '../database/pool.ts'
import { Problem } from '../domain/errors.ts'
import type { Clock, NewId } from '../domain/values.ts'
import type { Sealing } from '../sealing/sealing.ts'
import { hashPassword, verifyPassword } from './passwords.ts'

export interface SignInContext {
  db: Database
  clock: Clock
  newId: NewId
  sealing: Sealing
  random(size: number): Buffer
}

export type RoleName = 'owner' | 'operator' | 'fulfillment' | 'finance' | 'viewer'

export interface UserRow {
  id: string
  email: string
  name: string
  role: RoleName
  language: 'en' | 'zh'
}

/** Who calls: a person with a session, or a key. */
export interface Caller {
  kind: 'user' | 'key'
  id: string
  name: string
  role: RoleName
  user: UserRow | null
  csrf: string | null
}

const minute = 60_000
const sessionIdleMs = 12 * 60 * minute
const sessionMs = 7 * 24 * 60 * minute
const triesWindowMs = 15 * minute
const triesAllowed = 10

/** A new one-time link token while there is no owner; undefined once there is one. Older links end. */
export async function newSetupToken(ctx: SignInContext): Promise<string | undefined> {
  if (!(await isSetupNeeded(ctx.db))) return undefined
  const token = ctx.sealing.newToken()
  await ctx.db.transaction(async (tx) => {
    await tx.run('delete from setup_links')
    await tx.run('insert into setup_links (token_hash, created_at) values ($1, $2)', [
      ctx.sealing.hashToken(token),
      ctx.clock.now(),
    ])
  })
  return token
}

export async function isSetupNeeded(db: Sql): Promise<boolean> {
  return (await db.one(`select 1 from users where role = 'owner' limit 1`)) === undefined
}

export interface NewUser {
  email: string
  name: string
  role: RoleName
  password: string
  language: 'en' | 'zh'
}

/** Makes the first owner. The link works once, and only while there is no owner. */
export async function setUpOwner(ctx: SignInContext, token: string, user: Omit<NewUser, 'role'>): Promise<UserRow> {
  const hash = await hashPassword(user.password, ctx.random)
  return await ctx.db.transaction(async (tx) => {
    const link = await tx.one(
      'update setup_links set used_at = $2 where token_hash = $1 and used_at is null returning 1 as ok',
      [ctx.sealing.hashToken(token), ctx.clock.now()],
    )
    if (!link || !(await isSetupNeeded(tx))) throw new Problem('setup_done')
    return await insertUser(tx, ctx, { ...user, role: 'owner' }, hash)
  })
}

/** Adds a person; an address that exists is refused. */
export async function addUser(
  tx: Sql,
  ctx: Pick<SignInContext, 'clock' | 'newId' | 'random'>,
  user: NewUser,
): Promise<UserRow> {
  const taken = await tx.one('select 1 from users where email = $1', [user.email.toLowerCase()])
  if (taken) throw new Problem('bad_request', { message: `email: ${user.email} has an account already` })
  return await insertUser(tx, ctx, user, await hashPassword(user.password, ctx.random))
}

async function insertUser(
  tx: Sql,
  ctx: Pick<SignInContext, 'clock' | 'newId'>,
  user: Omit<NewUser, 'password'>,
  hash: string,
): Promise<UserRow> {
  const row: UserRow = {
    id: ctx.newId(),
    email: user.email.toLowerCase(),
    name: user.name,
    role: user.role,
    language: user.language,
  }
  await tx.run(
    'insert into users (id, email, name, role, password_hash, language, created_at) values ($1, $2, $3, $4, $5, $6, $7)',
    [row.id, row.email, row.name, row.role, hash, row.language, ctx.clock.now()],
  )
  return row
}

/** Checks a password. Unknown people cost as much time as known ones; ten failures in 15 minutes block. */
export async function signIn(ctx: SignInContext, email: string, password: string, address: string): Promise<UserRow> {
  const now = ctx.clock.now()
  const subject = `${email.toLowerCase()} ${address}`.slice(0, 400)
  const tries = await ctx.db.one<{ blocked_until: Date | null }>(
    'select blocked_until from sign_in_tries where subject = $1',
    [subject],
  )
  if (tries?.blocked_until && tries.blocked_until > now) {
    throw new Problem('too_many_tries', {
      minutes: Math.ceil((tries.blocked_until.getTime() - now.getTime()) / minute),
    })
  }
  const row = await ctx.db.one<UserRow & { password_hash: string }>(
    'select id, email, name, role, language, password_hash from users where email = $1 and disabled_at is null',
    [email.toLowerCase()],
  )
  const right = await verifyPassword(password, row?.password_hash ?? (await decoyHash(ctx)))
  if (!row || !right) {
    await countFailure(ctx, subject, now)
    throw new Problem('wrong_password')
  }
  await ctx.db.run('delete from sign_in_tries where subject = $1', [subject])
  const { password_hash: _hash, ...user } = row
  return user
}

let decoy: Promise<string> | undefined
const decoyHash = (ctx: SignInContext) => (decoy ??= hashPassword('nobody has this password', ctx.random))

async function countFailure(ctx: SignInContext, subject: string, now: Date): Promise<void> {
  const windowStart = new Date(now.getTime() - triesWindowMs)
  await ctx.db.run(
    `insert into sign_in_tries (subject, failed, first_at) values ($1, 1, $2)
     on conflict (subject) do update set
       failed = case when sign_in_tries.first_at < $3 then 1 else sign_in_tries.failed + 1 end,
       first_at = case when sign_in_tries.first_at < $3 then $2 else sign_in_tries.first_at end,
       blocked_until = case when sign_in_tries.first_at >= $3 and sign_in_tries.failed + 1 >= $4 then $5::timestamptz end`,
    [subject, now, windowStart, triesAllowed, new Date(now.getTime() + triesWindowMs)],
  )
}

export interface Session {
  token: string
  csrf: string
  expiresAt: Date
}

export async function startSession(ctx: SignInContext, userId: string): Promise<Session> {
  const now = ctx.clock.now()
  const session = {
    token: ctx.sealing.newToken(),
    csrf: ctx.sealing.newToken(),
    expiresAt: new Date(now.getTime() + sessionMs),
  }
  await ctx.db.run(
    'insert into sessions (token_hash, user_id, csrf, created_at, seen_at, expires_at) values ($1, $2, $3, $4, $4, $5)',
    [ctx.sealing.hashToken(session.token), userId, session.csrf, now, session.expiresAt],
  )
  return session
}

export async function endSession(sql: Sql, ctx: Pick<SignInContext, 'sealing'>, token: string): Promise<void> {
  await sql.run('delete from sessions where token_hash = $1', [ctx.sealing.hashToken(token)])
}

/** The person of a session cookie. Role changes and disabled people take effect at the next request. */
export async function callerOfSession(ctx: SignInContext, token: string): Promise<Caller | undefined> {
  const now = ctx.clock.now()
  const row = await ctx.db.one<UserRow & { csrf: string; seen_at: Date }>(
    `select u.id, u.email, u.name, u.role, u.language, s.csrf, s.seen_at from sessions s join users u on u.id = s.user_id
     where s.token_hash = $1 and s.expires_at > $2 and s.seen_at > $3 and u.disabled_at is null`,
    [ctx.sealing.hashToken(token), now, new Date(now.getTime() - sessionIdleMs)],
  )
  if (!row) return undefined
  const { csrf, seen_at, ...user } = row
  if (now.getTime() - seen_at.getTime() > minute)
    await ctx.db.run('update sessions set seen_at = $2 where token_hash = $1', [ctx.sealing.hashToken(token), now])
  return { kind: 'user', id: user.id, name: user.name, role: user.role, user, csrf }
}

const keyPrefix = 'ek_'

export async function addApiKey(
  tx: Sql,
  ctx: Pick<SignInContext, 'clock' | 'newId' | 'sealing'>,
  name: string,
  role: RoleName,
) {
  const key = `${keyPrefix}${ctx.sealing.newToken()}`
  const row = { id: ctx.newId(), name, role, prefix: key.slice(0, 8), createdAt: ctx.clock.now() }
  await tx.run('insert into api_keys (id, name, key_hash, prefix, role, created_at) values ($1, $2, $3, $4, $5, $6)', [
    row.id,
    name,
    ctx.sealing.hashToken(key),
    row.prefix,
    role,
    row.createdAt,
  ])
  return { ...row, key }
}

export async function callerOfKey(ctx: SignInContext, key: string): Promise<Caller | undefined> {
  if (!key.startsWith(keyPrefix)) return undefined
  const row = await ctx.db.one<{ id: string; name: string; role: RoleName }>(
    'select id, name, role from api_keys where key_hash = $1 and revoked_at is null',
    [ctx.sealing.hashToken(key)],
  )
  return row && { kind: 'key', ...row, user: null, csrf: null }
}
