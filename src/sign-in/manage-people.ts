/** Changes to people. Whatever takes rights away ends their sessions, and there is always an owner who can sign in. */
import type { Sql } from '../database/pool.ts'
import { Problem } from '../domain/errors.ts'
import { hashPassword } from './passwords.ts'
import type { RoleName, SignInContext } from './people.ts'

export interface PersonRow {
  id: string
  email: string
  name: string
  role: RoleName
  language: 'en' | 'zh'
  created_at: Date
  disabled_at: Date | null
  sessions: number
}

export async function listPeople(sql: Sql, now: Date): Promise<PersonRow[]> {
  return await sql.rows<PersonRow>(
    `select u.id, u.email, u.name, u.role, u.language, u.created_at, u.disabled_at,
       (select count(*) from sessions s where s.user_id = u.id and s.expires_at > $1) as sessions
     from users u order by u.email`,
    [now],
  )
}

/** The person with this address, locked with all owners: of two who leave at once the second sees that the first left. */
async function lockPerson(tx: Sql, email: string): Promise<{ id: string; isLastOwner: boolean }> {
  const rows = await tx.rows<{ id: string; email: string; role: RoleName; disabled_at: Date | null }>(
    `select id, email, role, disabled_at from users where role = 'owner' or email = $1 order by id for update`,
    [email.toLowerCase()],
  )
  const person = rows.find((row) => row.email === email.toLowerCase())
  if (!person) throw new Problem('not_found', { what: 'person', id: email })
  const owners = rows.filter((row) => row.role === 'owner' && row.disabled_at === null)
  return { id: person.id, isLastOwner: owners.length === 1 && owners[0]!.id === person.id }
}

async function endSessions(tx: Sql, userId: string): Promise<number> {
  return await tx.run('delete from sessions where user_id = $1', [userId])
}

/** Answers how many sessions ended. */
export async function disablePerson(tx: Sql, ctx: Pick<SignInContext, 'clock'>, email: string): Promise<number> {
  const { id, isLastOwner } = await lockPerson(tx, email)
  if (isLastOwner) throw new Problem('last_owner', { email })
  await tx.run('update users set disabled_at = coalesce(disabled_at, $2) where id = $1', [id, ctx.clock.now()])
  return await endSessions(tx, id)
}

/** Lets a disabled person in again, with the role and password they had. */
export async function enablePerson(tx: Sql, email: string): Promise<void> {
  const { id } = await lockPerson(tx, email)
  await tx.run('update users set disabled_at = null where id = $1', [id])
}

export async function changeRole(tx: Sql, email: string, role: RoleName): Promise<number> {
  const { id, isLastOwner } = await lockPerson(tx, email)
  if (isLastOwner && role !== 'owner') throw new Problem('last_owner', { email })
  await tx.run('update users set role = $2 where id = $1', [id, role])
  return await endSessions(tx, id)
}

/** A new password; it also lets a person in again who tried too often. */
export async function changePassword(
  tx: Sql,
  ctx: Pick<SignInContext, 'random'>,
  email: string,
  password: string,
): Promise<number> {
  const hash = await hashPassword(password, ctx.random)
  const { id } = await lockPerson(tx, email)
  await tx.run('update users set password_hash = $2 where id = $1', [id, hash])
  await tx.run(`delete from sign_in_tries where starts_with(subject, $1 || ' ')`, [email.toLowerCase()])
  return await endSessions(tx, id)
}
