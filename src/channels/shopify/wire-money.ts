/** What Shopify answers about payouts, and about which orders there are; see wire.ts. */
import { z } from 'zod'

const pageInfo = z.object({ hasNextPage: z.boolean(), endCursor: z.string().nullish() })

export const paymentsAnswer = z.object({ shopifyPaymentsAccount: z.object({ activated: z.boolean() }).nullable() })

export const payoutsAnswer = z.object({
  shopifyPaymentsAccount: z
    .object({
      payouts: z.object({
        nodes: z.array(z.object({ id: z.string(), issuedAt: z.iso.datetime(), status: z.string() })),
        pageInfo,
      }),
    })
    .nullable(),
})

/** Only what finds the next page and tells one payout's transactions from another's: it is kept as it came. */
export const payoutPageAnswer = z.object({
  node: z.object({ id: z.string() }).nullable(),
  shopifyPaymentsAccount: z
    .object({
      balanceTransactions: z.object({
        nodes: z.array(z.object({ associatedPayout: z.object({ id: z.string().nullish() }) })),
        pageInfo,
      }),
    })
    .nullable(),
})

export const orderIdsAnswer = z.object({
  orders: z.object({ nodes: z.array(z.object({ id: z.string(), test: z.boolean() })), pageInfo }),
})
