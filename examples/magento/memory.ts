/** What the bridge must not forget: written whole, to a new file that then takes the old one's name. */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { z } from 'zod'

const known = z.object({
  /** Orders changed before this, in the store's own form, were told. */
  since: z.string(),
  /** By the store's order id, what was told last. */
  orders: z.record(
    z.string(),
    z.object({ changed: z.string(), content: z.string(), toldAs: z.string(), units: z.record(z.string(), z.number()) }),
  ),
  /** By SKU. */
  goods: z.record(
    z.string(),
    z.object({
      /** What the store showed when it was looked at last, less what was told as sold since. */
      number: z.number(),
      /** The newest `stock.set` and how it was answered. */
      version: z.number().default(-1),
      applied: z.boolean().default(false),
      /** A write that left and whose end is not known: the source's quantity before and after it. */
      underWay: z.object({ from: z.number(), to: z.number(), shown: z.number() }).optional(),
      /** Since when (ms) the store shows something that no order explains. */
      oddSince: z.number().optional(),
    }),
  ),
})

export type Known = z.output<typeof known>
export type Goods = Known['goods'][string]

export interface Memory {
  known: Known
  save(): void
}

/** `since`: where reading orders begins, if nothing is known yet. */
export function openMemory(file: string, since: string): Memory {
  const memory: Known = existsSync(file)
    ? known.parse(JSON.parse(readFileSync(file, 'utf8')))
    : { since, orders: {}, goods: {} }
  return {
    known: memory,
    save() {
      writeFileSync(`${file}.new`, JSON.stringify(memory), { mode: 0o600 })
      renameSync(`${file}.new`, file)
    },
  }
}
