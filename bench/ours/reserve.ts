/** Our side of a checkout: the one place to change when reservations are made another way. */
import type { AccountRow } from '../../src/database/accounts.ts'
import { Problem } from '../../src/domain/errors.ts'
import type { Context } from '../../src/operations/context.ts'
import { reserveStock } from '../../src/operations/reserve-stock.ts'

export interface Asked {
  reference: string
  lines: readonly { sku: string; quantity: number }[]
}

/** Resolves when the answer is durable: true for reserved, false for refused because too little is there. */
export type Reserve = (account: AccountRow, asked: Asked) => Promise<boolean>

export function openReserve(ctx: Context): Reserve {
  return async (account, { reference, lines }) => {
    try {
      await ctx.db.transaction((tx) => reserveStock(tx, ctx, account, { reference, expiresInSeconds: 3_600, lines }))
      return true
    } catch (error) {
      if (error instanceof Problem && error.code === 'insufficient_stock') return false
      throw error
    }
  }
}
