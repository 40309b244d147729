import { listSettlements } from '../../database/views/settlements.ts'
import { openSettlement } from '../../operations/pull-settlements.ts'
import type { Handlers } from './handler.ts'

export const settlementHandlers: Handlers<'settlements' | 'settlementFile'> = {
  settlements: async ({ sql, input }) => await listSettlements(sql, input.query),
  // The server sends it as a file (`file: 'raw'`).
  settlementFile: async ({ sql, input, options }) =>
    (await openSettlement(sql, options.ctx, input.params.id)) as unknown as string,
}
