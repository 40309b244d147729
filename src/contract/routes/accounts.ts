/** Accounts and channels. */
import { z } from 'zod'
import { defineRoutes } from '../route.ts'
import { account, byId, count, empty, id, listQuery, page, stage, time, withoutChecks } from '../schemas.ts'

export const accountsRoutes = defineRoutes({
  accounts: {
    method: 'GET',
    path: '/accounts',
    permission: 'accounts.read',
    summary: 'All accounts',
    query: listQuery,
    response: page(account),
  },

  account: {
    method: 'GET',
    path: '/accounts/{id}',
    permission: 'accounts.read',
    summary: 'One account',
    params: byId,
    response: account,
  },

  addAccount: {
    method: 'POST',
    path: '/accounts',
    permission: 'accounts.manage',
    summary: 'Connect an account; live at once only with `withoutChecks`, as nothing can have been checked',
    status: 201,
    body: z.object({
      channel: z.string().min(1).max(50),
      name: z.string().trim().min(1).max(100),
      stage: stage.default('shadow'),
      withoutChecks,
      settings: z.record(z.string(), z.unknown()).describe('what the channel asks for; see GET /channels'),
      secrets: z.record(z.string(), z.string()).default({}).describe('sealed at once and never shown again'),
    }),
    response: account,
  },

  changeAccount: {
    method: 'PATCH',
    path: '/accounts/{id}',
    permission: 'accounts.manage',
    summary:
      'Rename, change the stage (live needs checks that passed within a day), give new secrets (which ends a halt)',
    params: byId,
    body: z.object({
      name: z.string().trim().min(1).max(100).optional(),
      stage: stage.optional(),
      withoutChecks,
      secrets: z.record(z.string(), z.string()).optional(),
    }),
    response: account,
  },

  lookAgain: {
    method: 'POST',
    path: '/accounts/{id}/look-again',
    permission: 'accounts.manage',
    summary: 'Read the account again now',
    params: byId,
    body: empty,
    response: account,
  },

  firstPull: {
    method: 'GET',
    path: '/accounts/{id}/first-pull',
    permission: 'accounts.read',
    summary: 'How far the first reading of the account is: what was there when it was connected',
    params: byId,
    response: z.object({
      accountId: id,
      state: z
        .enum(['waiting', 'running', 'done', 'stopped', 'none'])
        .describe('stopped: the account is paused or halted; none: it was connected before this was counted'),
      streams: z.array(
        z.object({
          stream: z.string().describe('listings, orders'),
          state: z.enum(['waiting', 'running', 'done']),
          pages: count,
          items: count.describe('read and stored'),
          total: count.nullable().describe('null: the channel does not tell how many there are'),
          startedAt: time.nullable(),
          readAt: time.nullable().describe('when the last page was stored'),
          expectedAt: time.nullable().describe('when it will be over at the pace so far; null: nobody can tell'),
          doneAt: time.nullable(),
          failure: z.object({ at: time, code: z.string(), message: z.string(), failures: count }).nullable(),
        }),
      ),
    }),
  },

  channels: {
    method: 'GET',
    path: '/channels',
    permission: 'accounts.read',
    summary: 'Channels and what connecting one asks for',
    response: z.object({
      items: z.array(
        z.object({
          channel: z.string(),
          title: z.string(),
          capabilities: z.array(z.string()),
          quantityWrites: z.enum(['absolute', 'compare-and-set']),
          settings: z.record(z.string(), z.unknown()).describe('JSON Schema'),
          secrets: z.array(z.string()),
          secretsOptional: z.array(z.string()).describe('of these, what may be left out'),
          consent: z
            .object({
              brings: z.array(z.string()).describe('secrets that nobody need give'),
              redirectUri: z.string().describe('to be registered at the channel, to the last slash'),
            })
            .nullable()
            .describe('the seller may authorize in the browser'),
          checks: z.array(z.object({ id: z.string(), title: z.string(), optional: z.boolean() })),
        }),
      ),
    }),
  },
})
