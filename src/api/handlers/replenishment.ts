import type { Sql } from '../../database/pool.ts'
import {
  countReplenishment,
  listCover,
  listThresholds,
  listTransfers,
  thresholdOf,
} from '../../database/views/replenishment.ts'
import { Problem } from '../../domain/errors.ts'
import { removeThreshold, setLeadTime, setThreshold } from '../../operations/manage-replenishment.ts'
import { bookTransfers, cancelTransfer, receiveTransfer } from '../../operations/transfer-stock.ts'
import type { Handlers } from './handler.ts'

async function mustDescribe(sql: Sql, id: string) {
  const found = (await listTransfers(sql, { limit: 1, view: 'all', ids: [id] })).items[0]
  if (!found) throw new Problem('not_found', { what: 'transfer', id })
  return found
}

export const replenishmentHandlers: Handlers<
  | 'thresholds'
  | 'setThreshold'
  | 'removeThreshold'
  | 'cover'
  | 'setLeadTime'
  | 'transfers'
  | 'bookTransfers'
  | 'receiveTransfer'
  | 'cancelTransfer'
> = {
  thresholds: async ({ sql, input, options }) => ({
    ...(await listThresholds(sql, input.query)),
    counts: input.query.counts === 'yes' ? await countReplenishment(sql, options.ctx.clock.now()) : null,
  }),
  setThreshold: async ({ sql, input, options, api }) =>
    (await thresholdOf(sql, await setThreshold(sql, options.ctx, input.body, api.caller!.name)))!,
  removeThreshold: async ({ sql, input }) => {
    await removeThreshold(sql, input.params.id)
    return null
  },
  cover: async ({ sql, input, options }) => await listCover(sql, input.query, options.ctx.clock.now()),
  setLeadTime: async ({ sql, input, options }) => {
    const { sku } = input.params
    await setLeadTime(sql, sku, input.body.days)
    const found = (await listCover(sql, { limit: 1, sku, view: 'all' }, options.ctx.clock.now())).items[0]
    if (!found) throw new Problem('kit_holds_nothing', { sku })
    return found
  },
  transfers: async ({ sql, input }) => await listTransfers(sql, input.query),
  bookTransfers: async ({ sql, input, options, api }) => {
    const { lines, upTo } = input.body
    const ids = await bookTransfers(sql, options.ctx, lines, { upTo, actor: api.caller!.name })
    return { items: (await listTransfers(sql, { limit: 500, view: 'all', ids })).items }
  },
  receiveTransfer: async ({ sql, input, options, api }) => {
    await receiveTransfer(sql, options.ctx, input.params.id, input.body, api.caller!.name)
    return await mustDescribe(sql, input.params.id)
  },
  cancelTransfer: async ({ sql, input, options, api }) => {
    await cancelTransfer(sql, options.ctx, input.params.id, api.caller!.name)
    return await mustDescribe(sql, input.params.id)
  },
}
