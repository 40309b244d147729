/** What a seller gives for a Shopify store: an app of the store's own Dev Dashboard, or a permanent token of before 2026. */
import { z } from 'zod'

export const settings = z.object({
  shop: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,99}\.myshopify\.com$/, 'the store’s permanent name, e.g. example.myshopify.com'),
  /** The one location whose quantities are written and read; without it the store may have one active location only. */
  locationId: z
    .string()
    .regex(/^\d{1,20}$/, 'the number of the location')
    .optional(),
  apiVersion: z.enum(['2026-10', '2026-07']).default('2026-10'),
  /** Where calls go instead of the store: a simulator. */
  endpoint: z.url().optional(),
  /** How far back orders are read when the account is opened. Beyond 60 days needs the scope read_all_orders. */
  historyDays: z.number().int().min(0).max(730).default(7),
})
export type Settings = z.output<typeof settings>

/**
 * `clientId` and `clientSecret` mint tokens for 24 hours; an `accessToken` is used as it is. The client secret also signs
 * the words that the store sends, so it is wanted beside a permanent token, too, where those are to be received.
 */
export const secrets = z
  .object({
    clientId: z.string().optional(),
    clientSecret: z.string().optional(),
    accessToken: z.string().optional(),
  })
  .refine(({ accessToken, clientId, clientSecret }) => accessToken || (clientId && clientSecret), {
    message: 'give client id and client secret, or a permanent access token',
    path: ['clientId'],
  })
export type Secrets = z.output<typeof secrets>

export const readSettings = (value: unknown): Settings => settings.parse(value)

export const originOf = ({ endpoint, shop }: Settings): string => (endpoint ?? `https://${shop}`).replace(/\/$/, '')
