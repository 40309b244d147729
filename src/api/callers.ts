/** Who calls: a signed-in person (cookie) or an API key (Bearer). */
import { timingSafeEqual } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import { isAllowed, type Permission } from '../contract/permissions.ts'
import { Problem } from '../domain/errors.ts'
import { type Caller, callerOfKey, callerOfSession, type SignInContext } from '../sign-in/people.ts'

export const sessionCookie = 'entrepot_session'

export async function callerOf(people: SignInContext, request: FastifyRequest): Promise<Caller> {
  const bearer = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '')?.[1]
  const cookie = request.cookies[sessionCookie]
  const caller = bearer ? await callerOfKey(people, bearer) : cookie ? await callerOfSession(people, cookie) : undefined
  if (!caller) throw new Problem('unauthorized')
  return caller
}

/** Fails closed: an unknown permission is nobody's. Browsers prove by the CSRF token that the page itself asked. */
export function requirePermission(
  caller: Caller | null,
  permission: Permission | 'signed-in',
  request: FastifyRequest,
  method: string,
): void {
  if (!caller) throw new Problem('unauthorized')
  if (permission !== 'signed-in' && !isAllowed(caller.role, permission)) throw new Problem('forbidden', { permission })
  if (
    method !== 'GET' &&
    caller.kind === 'user' &&
    !same(String(request.headers['x-csrf-token'] ?? ''), caller.csrf ?? '')
  )
    throw new Problem('csrf')
}

function same(given: string, expected: string): boolean {
  const a = Buffer.from(given)
  const b = Buffer.from(expected)
  return a.length === b.length && a.length > 0 && timingSafeEqual(a, b)
}
