/** What a seller gives for a store with WooCommerce: its address, and a key of its REST API. */
import { z } from 'zod'

const url = z
  .url({ protocol: /^https?$/ })
  .transform((text) => text.replace(/\/+$/, ''))
  .refine((text) => !/[?#@]/.test(text), 'the address alone, like https://store.example')

export const settings = z
  .object({
    /** As it stands in WordPress under Settings, General, "Site Address": signatures are made of it. */
    url,
    /** The store stands in the hub's own network (or on this machine): plain http and private addresses are allowed for it. */
    sameNetwork: z.boolean().default(false),
    /** The host drops the sign-in header: calls over https are signed instead, as they always are over http. */
    signed: z.boolean().default(false),
    /** Who gives money back: the payment gateway, through the store; or a person, and the store only notes it. */
    refunds: z.enum(['gateway', 'noted']).default('gateway'),
    /** Does the buyer get a note (an e-mail of the store) with the tracking number? */
    tellBuyer: z.boolean().default(true),
    /** How far back orders are read when the account is opened. */
    historyDays: z.number().int().min(0).max(730).default(7),
  })
  .refine((one) => one.sameNetwork || one.url.startsWith('https:'), {
    message: 'https, unless the store is in the same network',
    path: ['url'],
  })
export type Settings = z.output<typeof settings>

export const secrets = z.object({
  consumerKey: z.string().regex(/^ck_[0-9a-f]{40}$/, 'begins with ck_'),
  consumerSecret: z.string().regex(/^cs_[0-9a-f]{40}$/, 'begins with cs_'),
})
export type Secrets = z.output<typeof secrets>

export const readSettings = (value: unknown): Settings => settings.parse(value)
