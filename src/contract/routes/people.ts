/** Sign-in, people and keys. */
import { z } from 'zod'
import { permissions, roles } from '../permissions.ts'
import { defineRoutes } from '../route.ts'
import { byId, id, language, listQuery, page, time, user } from '../schemas.ts'

const password = z.string().min(12).max(200).describe('at least 12 characters')

const sessionBody = z.object({
  user,
  permissions: z.array(z.enum(permissions)),
  csrf: z.string().describe('send as X-CSRF-Token with every changing request of the browser'),
  demo: z.object({ speed: z.number() }).nullable(),
  now: time.describe('the hub’s own clock; in the demo it runs faster'),
})

export const peopleRoutes = defineRoutes({
  setupState: {
    method: 'GET',
    path: '/setup',
    permission: 'public',
    summary: 'Whether the first owner is still to be made',
    response: z.object({ needed: z.boolean() }),
  },

  setup: {
    method: 'POST',
    path: '/setup',
    permission: 'public',
    summary: 'Make the owner with the one-time link of the terminal',
    status: 201,
    body: z.object({
      token: z.string().min(1).max(200),
      email: z.email().max(320),
      name: z.string().trim().min(1).max(100),
      password,
      language: language.default('en'),
    }),
    response: sessionBody,
  },

  session: {
    method: 'GET',
    path: '/session',
    permission: 'signed-in',
    summary: 'Who is signed in',
    response: sessionBody,
  },

  signIn: {
    method: 'POST',
    path: '/session',
    permission: 'public',
    summary: 'Sign in',
    status: 201,
    body: z.object({ email: z.string().min(1).max(320), password: z.string().min(1).max(200) }),
    response: sessionBody,
  },

  signOut: {
    method: 'DELETE',
    path: '/session',
    permission: 'signed-in',
    summary: 'Sign out',
    status: 204,
    response: z.null(),
  },

  users: {
    method: 'GET',
    path: '/users',
    permission: 'users.manage',
    summary: 'People',
    query: listQuery,
    response: page(user),
  },

  addUser: {
    method: 'POST',
    path: '/users',
    permission: 'users.manage',
    summary: 'Add a person',
    status: 201,
    body: z.object({
      email: z.email().max(320),
      name: z.string().trim().min(1).max(100),
      role: z.enum(roles),
      password,
      language: language.default('en'),
    }),
    response: user,
  },

  apiKeys: {
    method: 'GET',
    path: '/api-keys',
    permission: 'users.manage',
    summary: 'API keys',
    query: listQuery,
    response: page(z.object({ id, name: z.string(), prefix: z.string(), role: z.enum(roles), createdAt: time })),
  },

  addApiKey: {
    method: 'POST',
    path: '/api-keys',
    permission: 'users.manage',
    summary: 'Make an API key; it is shown once',
    status: 201,
    body: z.object({ name: z.string().trim().min(1).max(100), role: z.enum(roles).default('operator') }),
    response: z.object({
      id,
      name: z.string(),
      prefix: z.string(),
      role: z.enum(roles),
      createdAt: time,
      key: z.string(),
    }),
  },

  revokeApiKey: {
    method: 'DELETE',
    path: '/api-keys/{id}',
    permission: 'users.manage',
    summary: 'Revoke an API key',
    params: byId,
    status: 204,
    response: z.null(),
  },
})
