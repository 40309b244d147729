/** A change of publishing rules listing by listing, before it is saved: what each shows, and what it would show. */
import type { Sql } from '../database/pool.ts'
import { readSlots } from '../database/slots.ts'
import type { Page, PageQuery } from '../database/views/page.ts'
import { changedSlots } from '../database/views/publishing.ts'
import type { GuardReason } from '../domain/pool-view.ts'
import type { RuleScope, ShowSettings } from '../domain/publishing.ts'
import { expectedValue } from '../domain/slots.ts'
import type { Context } from './context.ts'
import { planSlots } from './plan-slots.ts'

export interface SlotPreview {
  slotId: string
  sku: string
  account: string
  remoteSku: string
  /** What it shows, or will once what is on its way has landed; null where nobody knows. */
  shows: number | null
  /** What it would show next; null where another tool writes it. */
  will: number | null
  /** The most it may show by its rules: as they are, and as they would be. */
  limit: number
  newLimit: number
  /** It would not leave at once: units are bound, or a write is on its way. */
  waits: boolean
  reason: GuardReason | null
}

/** Decided as it will be: with all slots that share the goods, by their modes and claims as they stand. */
export async function previewSlots(
  sql: Sql,
  ctx: Pick<Context, 'clock' | 'registry'>,
  scope: RuleScope,
  settings: ShowSettings,
  query: PageQuery,
): Promise<Page<SlotPreview>> {
  const { items, nextCursor, settingsOf } = await changedSlots(sql, scope, settings, query)
  const categories = new Map(items.map((one) => [one.variantId, one.category]))
  const slots = await readSlots(sql, [...categories.keys()])
  const ruled = slots.map((slot) => {
    const category = slot.variantId === null ? undefined : categories.get(slot.variantId)
    if (category === undefined) return slot
    const { accountId, channel, variantId } = slot
    return { ...slot, rule: settingsOf({ accountId, channel, variantId: variantId!, category }) }
  })
  const planned = new Map((await planSlots(sql, ctx, ruled, ctx.clock.now())).map((slot) => [slot.id, slot]))
  return {
    nextCursor,
    items: items.map(({ id, sku, account, remoteSku, from, to }) => {
      const slot = planned.get(id)!
      const shows = expectedValue(slot)
      return {
        slotId: id,
        sku,
        account,
        remoteSku,
        shows,
        will: slot.stage === 'live' || slot.stage === 'paused' ? slot.wish : null,
        limit: from,
        newLimit: to,
        waits: slot.wish !== shows && (slot.waits || slot.feedId !== null),
        reason: slot.reason,
      }
    }),
  }
}
