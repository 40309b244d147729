/** What a seller gives for an account at Walmart Marketplace in the United States: the key of the seller's own app. */
import { z } from 'zod'

/** Hosts (Order Management and others, servers). The sandbox has keys of its own. */
const hosts = {
  production: 'https://marketplace.walmartapis.com',
  sandbox: 'https://sandbox.walmartapis.com',
} as const

/** Who ships beside the seller: their orders are asked for by themselves, and never touch own stock. */
export const programs = ['wfs', '3pl'] as const

export const settings = z.object({
  environment: z.enum(['production', 'sandbox']).default('production'),
  /** The public half of the key. */
  clientId: z.string().min(1).max(200),
  /** The partner id; two accounts of one seller would book everything twice. */
  sellerId: z.string().regex(/^\d{5,20}$/, 'the partner id, digits only'),
  /** Where quantities are written, for a seller with several; the default one where it is left out. */
  shipNode: z.string().min(1).max(100).optional(),
  programs: z.array(z.enum(programs)).max(2).default([]),
  /** Where calls go instead of Walmart: a simulator. */
  endpoint: z.url().optional(),
  /** How far back orders are read when the account is opened. Walmart shows 180 days. */
  historyDays: z.number().int().min(0).max(178).default(7),
})
export type Settings = z.output<typeof settings>

export const secrets = z.object({ clientSecret: z.string().min(1) })

export function readSettings(value: unknown): Settings {
  return settings.parse(value)
}

export function hostOf({ endpoint, environment }: Settings): string {
  return (endpoint ?? hosts[environment]).replace(/\/$/, '')
}
