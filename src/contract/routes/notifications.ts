/** How well an account's notifications arrive. */
import { z } from 'zod'
import { defineRoutes } from '../route.ts'
import { byId, empty, time } from '../schemas.ts'

const state = z.enum(['none', 'optional', 'unreachable', 'failing', 'unproven', 'proven', 'poor'])

export const notificationHealth = z.object({
  way: z.enum(['webhook', 'queue', 'none']).describe('how the channel tells; none: it does not, or has no queue yet'),
  state: state.describe(
    'none: nothing is told; optional: a store that sends its orders itself may say that its numbers changed; unreachable: PUBLIC_URL is not set; failing: not all could be subscribed; unproven: too few orders were announced in a row; poor: many orders were not',
  ),
  address: z.string().nullable().describe('where the channel sends them; nobody can guess it'),
  subscribes: z.boolean().describe('subscriptions are made by themselves once the account is live'),
  subscribedAt: time.nullable(),
  topics: z.array(z.object({ topic: z.string(), state: z.enum(['kept', 'created', 'failed']) })),
  failure: z.object({ code: z.string(), message: z.string() }).nullable(),
  lastAt: time.nullable(),
  waiting: z.number().int(),
  refused: z.object({ count: z.number().int(), why: z.string(), at: time }).nullable(),
  announced: z.object({
    announced: z.number().int().describe('new orders of the last seven days that a notification named in time'),
    missed: z.number().int(),
    inARow: z.number().int(),
  }),
  pollSeconds: z.number().int().describe('between pulls of orders as things stand'),
  pollSecondsUnproven: z.number().int().describe('the same where notifications are not proven to come'),
})

export const notificationsRoutes = defineRoutes({
  notifications: {
    method: 'GET',
    path: '/accounts/{id}/notifications',
    permission: 'accounts.read',
    summary: 'How well the channel’s notifications arrive',
    params: byId,
    response: notificationHealth,
  },

  changeSettings: {
    method: 'PATCH',
    path: '/accounts/{id}/settings',
    permission: 'accounts.manage',
    summary: 'Change some of the settings and secrets; the others stay, and null takes a setting away',
    params: byId,
    body: z.object({
      settings: z.record(z.string(), z.unknown()).optional(),
      secrets: z.record(z.string(), z.string()).optional(),
    }),
    response: notificationHealth,
  },

  testNotifications: {
    method: 'POST',
    path: '/accounts/{id}/notifications/test',
    asks: true,
    permission: 'accounts.manage',
    summary: 'Put a test message into the account’s queue; `lastAt` tells when it was read',
    params: byId,
    body: empty,
    response: z.object({
      kind: z.enum(['sent', 'failed']),
      why: z.string().nullable().describe('a code, e.g. policy_missing, fifo_queue, no_queue'),
    }),
  },
})
