/** What Shopify answers about the store itself; see wire.ts. */
import { z } from 'zod'

const pageInfo = z.object({ hasNextPage: z.boolean(), endCursor: z.string().nullish() })

export const shopAnswer = z.object({
  shop: z.object({
    myshopifyDomain: z.string(),
    currencyCode: z.string(),
    plan: z.object({ publicDisplayName: z.string(), partnerDevelopment: z.boolean() }),
  }),
})

export const scopesAnswer = z.object({
  currentAppInstallation: z.object({ accessScopes: z.array(z.object({ handle: z.string() })) }),
})

export const buyerAnswer = z.object({ orders: z.object({ nodes: z.array(z.object({ id: z.string() })) }) })

export const level = z.object({
  updatedAt: z.iso.datetime(),
  item: z.object({ sku: z.string().nullish(), tracked: z.boolean() }),
  quantities: z.array(z.object({ name: z.string(), quantity: z.number().int() })),
})
export type WireStoreLevel = z.output<typeof level>

export const levelsAnswer = z.object({
  location: z
    .object({ id: z.string(), name: z.string(), inventoryLevels: z.object({ nodes: z.array(z.unknown()), pageInfo }) })
    .nullable(),
})

export const subscriptionsAnswer = z.object({
  webhookSubscriptions: z.object({
    nodes: z.array(z.object({ id: z.string(), topic: z.string(), uri: z.string() })),
    pageInfo,
  }),
})

const madeSubscription = z
  .object({
    webhookSubscription: z.object({ id: z.string() }).nullish(),
    userErrors: z.array(z.object({ message: z.string() })),
  })
  .nullable()
export const createSubscriptionAnswer = z.object({ webhookSubscriptionCreate: madeSubscription })
export const moveSubscriptionAnswer = z.object({ webhookSubscriptionUpdate: madeSubscription })
