/** Connecting an account step by step: a draft, the seller's consent, live checks, the stage it begins in. */
import { z } from 'zod'
import { defineRoutes } from '../route.ts'
import { account, byId, empty, id, stage, time, withoutChecks } from '../schemas.ts'

const told = z.object({ title: z.string(), next: z.string() })

const check = z.object({
  id: z.string(),
  title: z.string(),
  state: z.enum(['waiting', 'running', 'ok', 'failed', 'skipped']),
  optional: z.boolean().describe('failing it does not hinder going live'),
  serves: z.array(z.object({ feature: z.string(), title: z.string() })).describe('what does not work without it'),
  code: z.string().nullable(),
  cause: z.string().nullable().describe('why it failed'),
  next: z.string().nullable().describe('what to do'),
  facts: z.record(z.string(), z.string()),
  checkedAt: time.nullable(),
})

const connection = z.object({
  id,
  name: z.string(),
  channel: z.string(),
  stage,
  draft: z.boolean(),
  settings: z.record(z.string(), z.unknown()),
  secrets: z.array(
    z.object({
      name: z.string(),
      given: z.boolean(),
      missing: z.boolean().describe('wanted still'),
      byConsent: z.boolean().describe('the seller’s consent brings it'),
    }),
  ),
  consent: z
    .object({
      state: z.enum(['none', 'waiting', 'done', 'failed', 'expired']),
      expiresAt: time.nullable(),
      failure: told.extend({ code: z.string() }).nullable(),
      redirectUri: z.string(),
    })
    .nullable()
    .describe('null: this channel knows no consent in the browser'),
  checks: z.object({ askedAt: time.nullable(), endedAt: time.nullable(), items: z.array(check) }),
})

const given = {
  settings: z.record(z.string(), z.unknown()).describe('what the channel asks for; see GET /channels'),
  secrets: z.record(z.string(), z.string()).describe('sealed at once and never shown again'),
}

export const connectingRoutes = defineRoutes({
  addDraft: {
    method: 'POST',
    path: '/accounts/drafts',
    permission: 'accounts.manage',
    summary: 'Begin to connect an account; secrets that are not known yet may come later',
    status: 201,
    body: z.object({
      channel: z.string().min(1).max(50),
      name: z.string().trim().min(1).max(100),
      settings: given.settings,
      secrets: given.secrets.default({}),
    }),
    response: connection,
  },

  connection: {
    method: 'GET',
    path: '/accounts/{id}/connection',
    permission: 'accounts.manage',
    summary: 'How connecting an account stands: secrets, consent, live checks',
    params: byId,
    response: connection,
  },

  changeDraft: {
    method: 'PATCH',
    path: '/accounts/{id}/draft',
    permission: 'accounts.manage',
    summary: 'Correct what was given for an account that is being connected',
    params: byId,
    body: z.object({
      name: z.string().trim().min(1).max(100).optional(),
      settings: given.settings.optional(),
      secrets: given.secrets.optional(),
    }),
    response: connection,
  },

  beginConsent: {
    method: 'POST',
    path: '/accounts/{id}/consent',
    permission: 'accounts.manage',
    summary: 'The address of the channel’s page where the seller authorizes; good once, for ten minutes',
    params: byId,
    body: empty,
    response: z.object({ url: z.string(), redirectUri: z.string(), expiresAt: time }),
  },

  checkAccount: {
    method: 'POST',
    path: '/accounts/{id}/check',
    permission: 'accounts.manage',
    summary: 'Run the live checks; results appear one by one in GET /accounts/{id}/connection',
    params: byId,
    body: empty,
    response: connection,
  },

  finishDraft: {
    method: 'POST',
    path: '/accounts/{id}/finish',
    permission: 'accounts.manage',
    summary: 'Finish connecting; live only where every check that is not optional passed',
    params: byId,
    body: z.object({ stage: stage.default('shadow'), withoutChecks }),
    response: account,
  },

  removeDraft: {
    method: 'DELETE',
    path: '/accounts/{id}/draft',
    permission: 'accounts.manage',
    summary: 'Throw away an account that is being connected',
    params: byId,
    response: z.null(),
    status: 204,
  },
})
