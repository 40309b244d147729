/** What a seller gives for an Amazon account: one refresh token stands for one selling region. */
import { z } from 'zod'

/** Hosts by region (facts: SP-API endpoints). */
const endpoints = {
  na: 'https://sellingpartnerapi-na.amazon.com',
  eu: 'https://sellingpartnerapi-eu.amazon.com',
  fe: 'https://sellingpartnerapi-fe.amazon.com',
} as const

export const settings = z.object({
  sellerId: z.string().regex(/^[A-Z0-9]{5,20}$/, 'the merchant token of Seller Central, e.g. A2EXAMPLE1'),
  region: z.enum(['na', 'eu', 'fe']),
  marketplaceIds: z
    .array(z.string().regex(/^[A-Z0-9]{10,20}$/))
    .min(1)
    .max(50),
  /** Where calls go instead of Amazon: the sandbox or a simulator. */
  endpoint: z.url().optional(),
  tokenEndpoint: z.url().default('https://api.amazon.com/auth/o2/token'),
  /** Of the application in the Solution Provider Portal; needed where the seller authorizes in the browser. */
  applicationId: z
    .string()
    .regex(/^amzn1\.[\w.-]+$/, 'the application id of the Solution Provider Portal, amzn1.sp.solution.…')
    .optional(),
  /** The application is a draft there, as private ones stay. */
  draftApplication: z.boolean().default(true),
  /** Where the seller authorizes instead of Seller Central: a simulator. */
  consentPage: z.url().optional(),
  /** How far back orders are read when the account is opened. */
  historyDays: z.number().int().min(0).max(730).default(30),
})
export type Settings = z.output<typeof settings>

export const secrets = z.object({
  clientId: z.string().min(1),
  clientSecret: z.string().min(1),
  refreshToken: z.string().min(1),
})

export function readSettings(value: unknown): Settings {
  return settings.parse(value)
}

export function endpointOf({ endpoint, region }: Settings): string {
  return (endpoint ?? endpoints[region]).replace(/\/$/, '')
}
