import { isAllowed, permissions } from '../../contract/permissions.ts'
import { listAll } from '../../database/views/system.ts'
import { Problem } from '../../domain/errors.ts'
import {
  addApiKey,
  addUser,
  endSession,
  isSetupNeeded,
  setUpOwner,
  signIn,
  startSession,
  type UserRow,
} from '../../sign-in/people.ts'
import type { Call, Handlers } from './handler.ts'

function sessionBody({ options }: Pick<Call<unknown>, 'options'>, user: UserRow, csrf: string) {
  return {
    user,
    csrf,
    demo: options.demo,
    now: options.ctx.clock.now().toISOString(),
    permissions: permissions.filter((permission) => isAllowed(user.role, permission)),
  }
}

async function begin(call: Pick<Call<unknown>, 'options' | 'api'>, user: UserRow) {
  const session = await startSession(call.options.people, user.id)
  call.api.setCookie(session.token, session.expiresAt)
  return sessionBody(call, user, session.csrf)
}

export const peopleHandlers: Handlers<
  | 'setupState'
  | 'setup'
  | 'session'
  | 'signIn'
  | 'signOut'
  | 'users'
  | 'addUser'
  | 'apiKeys'
  | 'addApiKey'
  | 'revokeApiKey'
> = {
  setupState: async ({ sql }) => ({ needed: await isSetupNeeded(sql) }),
  setup: async (call) => {
    const { token, ...user } = call.input.body
    return await begin(call, await setUpOwner(call.options.people, token, user))
  },
  session: async (call) => {
    const { caller } = call.api
    // A key has no person; it is described as one so that tools can see what they may do.
    const user = caller!.user ?? {
      id: caller!.id,
      email: '',
      name: caller!.name,
      role: caller!.role,
      language: 'en' as const,
    }
    return sessionBody(call, user, caller!.csrf ?? '')
  },
  signIn: async (call) =>
    await begin(
      call,
      await signIn(call.options.people, call.input.body.email, call.input.body.password, call.api.address),
    ),
  signOut: async ({ sql, api, options }) => {
    if (api.sessionToken) await endSession(sql, options.people, api.sessionToken)
    api.setCookie(null)
    return null
  },
  users: async ({ sql, input }) => await listAll<UserRow>(sql, 'users', input.query),
  addUser: async ({ sql, input, options }) => await addUser(sql, options.people, input.body),
  apiKeys: async ({ sql, input }) => {
    const page = await listAll<{ name: string; prefix: string; role: UserRow['role']; created_at: Date }>(
      sql,
      'api_keys',
      input.query,
    )
    return {
      ...page,
      items: page.items.map(({ created_at, ...key }) => ({ ...key, createdAt: created_at.toISOString() })),
    }
  },
  addApiKey: async ({ sql, input, options }) => {
    const key = await addApiKey(sql, options.people, input.body.name, input.body.role)
    return { ...key, createdAt: key.createdAt.toISOString() }
  },
  revokeApiKey: async ({ sql, input, options }) => {
    const revoked = await sql.run('update api_keys set revoked_at = $2 where id = $1 and revoked_at is null', [
      input.params.id,
      options.ctx.clock.now(),
    ])
    if (revoked === 0) throw new Problem('not_found', { what: 'API key', id: input.params.id })
    return null
  },
}
