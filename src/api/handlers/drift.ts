import { driftFloor } from '../../contract/routes/drift.ts'
import { driftReport, listDeviations } from '../../database/views/drift.ts'
import type { Handlers } from './handler.ts'

export const driftHandlers: Handlers<'drift' | 'deviations'> = {
  drift: async ({ sql, input, options }) => ({
    ...(await driftReport(sql, input.query.account, options.ctx.clock.now())),
    floor: driftFloor,
  }),
  deviations: async ({ sql, input }) => await listDeviations(sql, input.query),
}
