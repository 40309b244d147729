import type { Sql } from '../../database/pool.ts'
import { heldOf, listHeld } from '../../database/views/held-stock.ts'
import {
  countLevels,
  levelHistory,
  levelOf,
  listLevels,
  listMovements,
  listSlots,
  placesOf,
} from '../../database/views/stock.ts'
import { describeReservation } from '../../database/views/system.ts'
import { Problem } from '../../domain/errors.ts'
import { confirmReservation, releaseReservation } from '../../operations/end-reservation.ts'
import { lendersIn, setLending } from '../../operations/lend-stock.ts'
import { moveStock } from '../../operations/move-stock.ts'
import { setMode } from '../../operations/set-mode.ts'
import { inWords } from './explained.ts'
import type { Handlers } from './handler.ts'

async function mustFindLevel(sql: Sql, sku: string) {
  const level = await levelOf(sql, sku)
  if (!level) throw new Problem('not_found', { what: 'variant', id: sku })
  return level
}

export async function mustDescribe(sql: Sql, id: string) {
  const found = await describeReservation(sql, id)
  if (!found) throw new Problem('not_found', { what: 'reservation', id })
  return found
}

export const stockHandlers: Handlers<
  | 'stock'
  | 'stockOf'
  | 'heldStock'
  | 'movements'
  | 'addMovement'
  | 'reservation'
  | 'confirmReservation'
  | 'releaseReservation'
  | 'setMode'
  | 'setLending'
  | 'slots'
> = {
  stock: async ({ sql, input }) => ({ ...(await listLevels(sql, input.query)), counts: await countLevels(sql) }),
  stockOf: async ({ sql, input, options, api }) => {
    const level = await mustFindLevel(sql, input.params.sku)
    const slots = await listSlots(sql, { limit: 200, sku: level.sku }, options.ctx.clock.now())
    return {
      ...level,
      locations: await placesOf(sql, level.variantId),
      slotList: slots.items
        .filter((slot) => slot.sku === level.sku)
        .map((slot) => inWords(slot, options.ctx, api.language)),
      held: await heldOf(sql, level.variantId, lendersIn(options.ctx.registry)),
      history: await levelHistory(sql, level.variantId, 100),
    }
  },
  heldStock: async ({ sql, input }) => await listHeld(sql, input.query),
  movements: async ({ sql, input }) => await listMovements(sql, input.query),
  addMovement: async ({ sql, input, api, options }) => {
    await moveStock(sql, options.ctx, input.body, api.caller!.name)
    return await mustFindLevel(sql, input.body.sku)
  },
  reservation: async ({ sql, input }) => await mustDescribe(sql, input.params.id),
  confirmReservation: async ({ sql, input, options }) => {
    await confirmReservation(sql, options.ctx, input.params.id)
    return await mustDescribe(sql, input.params.id)
  },
  releaseReservation: async ({ sql, input, options }) => {
    await releaseReservation(sql, options.ctx, input.params.id)
    return await mustDescribe(sql, input.params.id)
  },
  setLending: async ({ sql, input, options, api }) => {
    const { account, ...rule } = input.body
    const { sku } = input.params
    const wanted = rule.most === 0 && rule.leave === 0 ? null : rule
    await setLending(sql, options.ctx, { sku, account }, wanted, api.caller!.name)
    const { variantId } = await mustFindLevel(sql, sku)
    return await heldOf(sql, variantId, lendersIn(options.ctx.registry))
  },
  setMode: async ({ sql, input, options, api }) => {
    await setMode(sql, options.ctx, input.params.sku, input.body.mode, api.caller!.name)
    return await mustFindLevel(sql, input.params.sku)
  },
  slots: async ({ sql, input, options, api }) => {
    const page = await listSlots(sql, input.query, options.ctx.clock.now())
    return { ...page, items: page.items.map((slot) => inWords(slot, options.ctx, api.language)) }
  },
}
