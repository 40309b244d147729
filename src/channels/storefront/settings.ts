import { z } from 'zod'

export const settings = z.object({
  /** Where quantity webhooks go. */
  webhookUrl: z.url(),
  /** The store stands in the hub's own network (or on this machine): plain http and private addresses are allowed for it. */
  sameNetwork: z.boolean().default(false),
  /** Every order that it tells of took its units off the number that it shows: no tills or telephones beside it. */
  lowersItself: z.boolean().default(false),
})

export const secrets = z.object({
  /** Standard Webhooks secret, `whsec_` and base64. */
  webhookSecret: z.string().regex(/^whsec_[A-Za-z0-9+/=]{24,}$/),
})

export function readSettings(value: unknown): z.output<typeof settings> {
  return settings.parse(value)
}
