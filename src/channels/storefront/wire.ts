/** What a store answers to our webhooks; documented in docs/storefront.md. */
import { z } from 'zod'

const setItem = z.object({
  sku: z.string(),
  applied: z.boolean(),
  /** Why not: `mismatch` (shows another number), `stale` (knows a newer version), `unknown` (no such SKU). */
  reason: z.string().optional(),
  /** What it shows now. */
  quantity: z.number().int().min(0).nullish(),
})
export type SetItem = z.output<typeof setItem>
export const setAnswer = z.object({ items: z.array(setItem) })

export const readItem = z.object({ sku: z.string(), quantity: z.number().int().min(0).nullable() })
export type ReadItem = z.output<typeof readItem>
export const readAnswer = z.object({ items: z.array(readItem) })
