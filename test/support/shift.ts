/** What the hub's loops do for one simulated account, turn by turn: pull, push, read. */
import { pullListings } from '../../src/operations/pull-listings.ts'
import { pushStock } from '../../src/operations/push-stock.ts'
import { readStock } from '../../src/operations/read-stock.ts'
import { type Market, minute } from './market.ts'

export interface ShiftOptions {
  /** From one turn to the next. */
  everyMs?: number
  /** Before each turn. */
  before?(): Promise<void>
  /** After each turn. */
  after?(): Promise<void>
}

/** Time goes by with everything at work. */
export async function shift(
  market: Market,
  ms: number,
  { everyMs = 3 * minute, before, after }: ShiftOptions = {},
): Promise<void> {
  for (let passed = 0; passed < ms; passed += everyMs) {
    await market.pass(everyMs)
    await before?.()
    const work = await market.work()
    const at = market.ctx.clock.now().getTime()
    if (work.connector.listings && at % (60 * minute) < everyMs) while ((await pullListings(market.ctx, work)).more);
    if (at % (3 * minute) < everyMs) await market.pull()
    while ((await pushStock(market.ctx, work)).sent > 0);
    while ((await readStock(market.ctx, work)).read > 0);
    await after?.()
  }
}

/** Listings are read, slots are taken over, claims are settled. */
export async function atWork(market: Market): Promise<void> {
  while ((await pullListings(market.ctx, await market.work())).more);
  await shift(market, 100 * minute)
}

export interface SlotState {
  id: string
  wish: number | null
  live_value: number | null
  confirmed_value: number | null
  claim: number | null
  alarm: boolean
  reason: string | null
}

/** The slot of a SKU as the database has it. */
export async function slotState(market: Market, sku: string): Promise<SlotState> {
  return (await market.ctx.db.one<SlotState>(
    `select id, wish, live_value, confirmed_value, claim, coalesce((claim_state->>'alarm')::boolean, false) as alarm, reason
     from stock_slots where remote_sku = $1`,
    [sku],
  ))!
}
