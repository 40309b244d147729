/** What a seller gives for a store at BigCommerce: its hash, and a store-level API account (facts: channels.md §5). */
import { z } from 'zod'

const host = 'https://api.bigcommerce.com'

export const settings = z.object({
  storeHash: z.string().regex(/^[a-z0-9]{3,30}$/, 'the part after /stores/ in the API path, e.g. abc123def'),
  /** The one location whose quantities are written and read; without it the store may have one active location only. */
  locationId: z
    .string()
    .regex(/^\d{1,12}$/, 'the number of the location')
    .optional(),
  /** Where calls go instead of BigCommerce: a simulator. */
  endpoint: z.url().optional(),
  /** How far back orders are read when the account is opened. */
  historyDays: z.number().int().min(0).max(730).default(7),
})
export type Settings = z.output<typeof settings>

/** A terminal asks for all of them: an empty answer gives none. */
const maybe = (schema: z.ZodString) => schema.or(z.literal('').transform(() => undefined)).optional()

export const secrets = z.object({
  /** Of the API account; it does not expire. */
  accessToken: z.string().min(1),
  /** Of the same API account: it signs what the store sends. Without it the store's words are not taken. */
  clientSecret: maybe(z.string().min(8)),
})
export type Secrets = z.output<typeof secrets>

export const readSettings = (value: unknown): Settings => settings.parse(value)

export const originOf = ({ endpoint }: Settings): string => (endpoint ?? host).replace(/\/$/, '')
