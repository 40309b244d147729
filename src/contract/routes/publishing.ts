/** Publishing rules: how much of what is available each slot shows. */
import { z } from 'zod'
import { defineRoutes } from '../route.ts'
import {
  accountPlan,
  accountRef,
  byId,
  category,
  channelName,
  count,
  id,
  listQuery,
  page,
  ruleScope,
  showSettings,
  sku,
  time,
} from '../schemas.ts'

const rule = ruleScope
  .extend({ id, accountId: id.nullable(), ...showSettings.shape })
  .extend({ changedBy: z.string(), createdAt: time, changedAt: time })

const setting = z.coerce.number().int().optional()
const asked = z.object({
  account: accountRef.optional(),
  channel: channelName.optional(),
  sku: sku.optional(),
  category: category.optional(),
  safetyUnits: setting,
  safetyPercent: setting,
  cap: setting,
  minimum: setting,
  stopBelow: setting,
})

export const publishingRoutes = defineRoutes({
  publishingRules: {
    method: 'GET',
    path: '/publishing-rules',
    permission: 'catalog.read',
    summary: 'Publishing rules, the newest first',
    query: listQuery.extend({
      q: z.string().max(200).optional().describe('part of a category or SKU'),
      account: accountRef.optional(),
    }),
    response: page(rule).extend({
      applying: z
        .object({ rules: count, slots: count, done: count })
        .nullable()
        .describe('changes that have not reached all of their slots yet'),
    }),
  },

  previewRule: {
    method: 'GET',
    path: '/publishing-rules/preview',
    permission: 'catalog.read',
    summary:
      'What a rule would change, before it is saved. Without any setting: what changes without the rule of this scope',
    query: asked,
    response: z.object({
      slots: count.describe('slots in this scope that get quantities from here'),
      changed: count,
      toZero: count,
      fromZero: count,
      lower: count,
      higher: count,
      samples: z.array(z.object({ sku: z.string(), account: z.string(), from: count, to: count })),
      plans: z
        .array(accountPlan)
        .describe('of the accounts it concerns: calls, feeds and the expected end, with what waits there'),
    }),
  },

  previewRuleSlots: {
    method: 'GET',
    path: '/publishing-rules/preview/slots',
    permission: 'catalog.read',
    summary: 'The same listing by listing: what each shows, and what it would show next',
    query: listQuery.extend(asked.shape),
    response: page(
      z.object({
        slotId: id,
        sku: z.string(),
        account: z.string(),
        remoteSku: z.string(),
        shows: count.nullable().describe('now, or once what is on its way has landed; null: not known'),
        will: count.nullable().describe('next; null: another tool writes it'),
        limit: count.describe('the most it may show by its rules'),
        newLimit: count,
        waits: z.boolean().describe('it would not leave at once: units are bound, or a write is on its way'),
        reason: z.string().nullable(),
      }),
    ),
  },

  addRule: {
    method: 'POST',
    path: '/publishing-rules',
    permission: 'catalog.manage',
    status: 201,
    summary: 'Add a rule. 409 rule_exists where this scope has one. It reaches its slots within moments',
    body: z.object({
      account: accountRef.nullish().describe('null or absent: every account'),
      channel: channelName.nullish(),
      sku: sku.nullish().describe('null or absent: every variant'),
      category: category.nullish(),
      ...showSettings.partial().shape,
    }),
    response: rule,
  },

  changeRule: {
    method: 'PATCH',
    path: '/publishing-rules/{id}',
    permission: 'catalog.manage',
    summary: 'Change settings of a rule; null takes one out. The scope stays: delete and add to change it',
    params: byId,
    body: showSettings.partial(),
    response: rule,
  },

  removeRule: {
    method: 'DELETE',
    path: '/publishing-rules/{id}',
    permission: 'catalog.manage',
    summary: 'Delete a rule; wider rules hold again',
    params: byId,
    response: z.null(),
    status: 204,
  },
})
