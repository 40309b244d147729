/**
 * What the pages of one list of orders told, each order once: pages are cut by place, and an order that changes while
 * they are read may move, be told twice, and leave another one untold. The cursor keeps short hashes.
 */
import { createHash } from 'node:crypto'
import { z } from 'zod'
import { ChannelError } from '../../domain/errors.ts'
import { orderMark } from './wire.ts'

/** 48 bits in base64: none of 20,000 is taken for another. */
const hashChars = 8

export const toldSchema = z.object({
  told: z.string().default(''),
  /** Entries of its pages, whatever they hold. */
  entries: z.number().int().default(0),
  /** How many the list has, by the page that promised the most. */
  total: z.number().int().nullable(),
})
type Told = z.output<typeof toldSchema>

export const nothingTold: Told = { told: '', entries: 0, total: null }

interface PageOfOrders {
  orders: readonly unknown[]
  total: number | null
}

export function withPage(before: Told, { orders, total }: PageOfOrders): Told {
  const hashes = new Set([...hashesOf(before.told), ...orders.map(hashOf)])
  return {
    told: [...hashes].join(''),
    total: total === null ? before.total : Math.max(total, before.total ?? 0),
    entries: before.entries + orders.length,
  }
}

/** Fewer orders than the list has; where it does not say how many, than it had entries. */
export const isShort = ({ told, total, entries }: Told): boolean => told.length / hashChars < (total ?? entries)

export const incomplete = () =>
  new ChannelError('unavailable', 'incomplete', 'Walmart’s list of orders tells less than it says that it has')

const hashesOf = (text: string): string[] =>
  Array.from({ length: text.length / hashChars }, (_, index) => text.slice(index * hashChars, (index + 1) * hashChars))

/** One without a number is told from the others by all that it holds. */
function hashOf(raw: unknown): string {
  const name = orderMark.safeParse(raw).data?.purchaseOrderId ?? JSON.stringify(raw)
  return createHash('sha256').update(String(name)).digest('base64').slice(0, hashChars)
}
