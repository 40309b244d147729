/** Our side of a checkout, asked as the API asks: one reservation at a time, from many callers at once. */
import type { AccountRow } from '../../src/database/accounts.ts'
import { Problem } from '../../src/domain/errors.ts'
import type { Context } from '../../src/operations/context.ts'
import { createReservationDesk } from '../../src/operations/reservation-desk.ts'

export interface Asked {
  reference: string
  lines: readonly { sku: string; quantity: number }[]
}

/** Resolves when the answer is durable: the reservation's id, or undefined where too little is there. */
export type Reserve = (account: AccountRow, asked: Asked) => Promise<string | undefined>

export function openReserve(ctx: Context, expiresInSeconds = 3_600): Reserve {
  const desk = createReservationDesk(ctx)
  return async (account, { reference, lines }) => {
    try {
      const answer = await desk.reserve({ account: account.id, request: { reference, expiresInSeconds, lines } })
      return 'reserved' in answer ? answer.reserved.id : undefined
    } catch (error) {
      if (error instanceof Problem && error.code === 'insufficient_stock') return undefined
      throw error
    }
  }
}
