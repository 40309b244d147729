/** Settlements as channels gave them. */
import { z } from 'zod'
import { defineRoutes } from '../route.ts'
import { byId, count, id, listQuery, page, time } from '../schemas.ts'

export const settlementsRoutes = defineRoutes({
  settlements: {
    method: 'GET',
    path: '/settlements',
    permission: 'settlements.read',
    summary: 'Settlements that are kept, the newest first',
    query: listQuery.extend({
      account: id.optional(),
      since: z.iso.date().optional().describe('whose period ends then or later'),
      until: z.iso.date().optional().describe('whose period begins then or earlier'),
    }),
    response: page(
      z.object({
        id,
        account: z.object({ id, name: z.string(), channel: z.string() }),
        remoteId: z.string(),
        name: z.string(),
        contentType: z.string(),
        from: time.nullable(),
        until: time.nullable(),
        sha256: z.string().describe('of the file as the channel gave it'),
        size: count.describe('bytes'),
        storedAt: time,
      }),
    ),
  },

  settlementFile: {
    method: 'GET',
    path: '/settlements/{id}/file',
    permission: 'settlements.read',
    file: 'raw',
    summary: 'A settlement byte for byte as the channel gave it',
    params: byId,
    response: z.string().describe('the file'),
  },
})
