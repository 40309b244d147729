/** What is still to be sent, how, and when it is done. */
import { z } from 'zod'
import { defineRoutes } from '../route.ts'
import { accountPlan, accountRef } from '../schemas.ts'

export const planRoutes = defineRoutes({
  plan: {
    method: 'GET',
    path: '/plan',
    permission: 'accounts.read',
    summary:
      'What each account has still to send: calls, feeds, and when it is done. With `lines`: as if so many more quantities changed',
    query: z.object({
      account: accountRef.optional(),
      lines: z.coerce.number().int().min(0).max(10_000_000).optional(),
    }),
    response: z.object({ items: z.array(accountPlan) }),
  },
})
