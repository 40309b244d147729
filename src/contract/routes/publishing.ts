/** Publishing rules: how much of what is available each slot shows. */
import { z } from 'zod'
import { defineRoutes } from '../route.ts'
import {
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
    query: z.object({
      account: accountRef.optional(),
      channel: channelName.optional(),
      sku: sku.optional(),
      category: category.optional(),
      safetyUnits: setting,
      safetyPercent: setting,
      cap: setting,
      minimum: setting,
      stopBelow: setting,
    }),
    response: z.object({
      slots: count.describe('slots in this scope that get quantities from here'),
      changed: count,
      toZero: count,
      fromZero: count,
      lower: count,
      higher: count,
      samples: z.array(z.object({ sku: z.string(), account: z.string(), from: count, to: count })),
    }),
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
