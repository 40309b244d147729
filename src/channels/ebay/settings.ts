/** What a seller gives for an eBay account: one consent stands for one seller on all marketplaces of eBay. */
import { z } from 'zod'

/** Hosts (facts: channels.md §1, Auth). A sandbox has a keyset of its own. */
const hosts = {
  production: { api: 'https://api.ebay.com', apiz: 'https://apiz.ebay.com', auth: 'https://auth.ebay.com' },
  sandbox: {
    api: 'https://api.sandbox.ebay.com',
    apiz: 'https://apiz.sandbox.ebay.com',
    auth: 'https://auth.sandbox.ebay.com',
  },
} as const
export type Host = keyof (typeof hosts)['production']

export const settings = z.object({
  environment: z.enum(['production', 'sandbox']).default('production'),
  /** The public half of the keyset ("App ID"); the consent page shows whose app it is. */
  clientId: z.string().min(1),
  /** The seller's user name; two accounts of one seller would book everything twice. */
  sellerId: z.string().min(1).max(64),
  marketplaceIds: z
    .array(z.string().regex(/^EBAY_[A-Z_]{2,20}$/, 'a marketplace of eBay, e.g. EBAY_US'))
    .min(1)
    .max(50),
  /** The name eBay gave to the address of return: sent in place of an address. */
  ruName: z.string().min(1).max(200).optional(),
  /** Where calls go instead of eBay: a simulator. */
  endpoint: z.url().optional(),
  /** How far back orders are read when the account is opened. eBay shows two years. */
  historyDays: z.number().int().min(0).max(725).default(7),
})
export type Settings = z.output<typeof settings>

/** A terminal asks for all of them: an empty answer gives none. */
const maybe = (schema: z.ZodString) => schema.or(z.literal('').transform(() => undefined)).optional()

export const secrets = z.object({
  clientSecret: z.string().min(1),
  /** Lives about 18 months; a change of the seller's password ends it sooner. */
  refreshToken: z.string().min(1),
  /** For sellers of the EU and the UK, both or neither: the key of createSigningKey (JWE) and its private half (PKCS #8, base64). */
  signingKey: maybe(z.string().min(1)),
  signingPrivateKey: maybe(z.string().min(1)),
  /** Known to eBay and us: proves to eBay that the address of notifications is ours. */
  verificationToken: maybe(z.string().regex(/^[A-Za-z0-9_-]{32,80}$/)),
})
export type Secrets = z.output<typeof secrets>

/** What is there before the seller has agreed. */
export const appSecrets = secrets.pick({ clientSecret: true })

export function readSettings(value: unknown): Settings {
  return settings.parse(value)
}

export function hostOf({ endpoint, environment }: Settings, host: Host): string {
  return (endpoint ?? hosts[environment][host]).replace(/\/$/, '')
}
