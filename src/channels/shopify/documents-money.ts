/** The documents about money and about counting: payouts of Shopify Payments, and orders by their ids; see documents.ts. */
import { read } from './documents.ts'

export const payoutsPage = 100
/** Each transaction is worth ten points, and no question may cost more than a thousand. */
export const transactionsPage = 75

const amount = '{ amount currencyCode }'

/** Null: the store does not take its payments by Shopify Payments. */
export const payments = read(
  'payments',
  6,
  `query Payments {
  shopifyPaymentsAccount { id activated payouts(first: 1) { nodes { id } } }
}`,
)

export const payouts = read(
  'payouts',
  104,
  `query Payouts($first: Int!, $after: String, $query: String!) {
  shopifyPaymentsAccount {
    id
    payouts(first: $first, after: $after, query: $query, sortKey: ISSUED_AT) {
      nodes { id issuedAt status }
      pageInfo { hasNextPage endCursor }
    }
  }
}`,
)

/** A payout, and one page of the transactions that it was made of. */
export const payoutPage = read(
  'payoutPage',
  780,
  `query PayoutPage($id: ID!, $first: Int!, $after: String, $query: String!) {
  shopifyPaymentsAccount {
    id
    balanceTransactions(first: $first, after: $after, query: $query, sortKey: PROCESSED_AT) {
      nodes {
        id type test transactionDate sourceId sourceType sourceOrderTransactionId adjustmentReason
        amount ${amount}
        fee ${amount}
        net ${amount}
        associatedOrder { id name }
        associatedPayout { id status }
        adjustmentsOrders { name orderTransactionId link amount ${amount} fees ${amount} net ${amount} }
      }
      pageInfo { hasNextPage endCursor }
    }
  }
  node(id: $id) {
    id
    ... on ShopifyPaymentsPayout {
      legacyResourceId issuedAt status transactionType externalTraceId
      net ${amount}
      summary {
        adjustmentsFee ${amount}
        adjustmentsGross ${amount}
        advanceFees ${amount}
        advanceGross ${amount}
        chargesFee ${amount}
        chargesGross ${amount}
        refundsFee ${amount}
        refundsFeeGross ${amount}
        reservedFundsFee ${amount}
        reservedFundsGross ${amount}
        retriedPayoutsFee ${amount}
        retriedPayoutsGross ${amount}
      }
    }
  }
}`,
)

/** Of all orders of a span only which they are. */
export const orderIdsPage = 250
export const orderIds = read(
  'orderIds',
  252,
  `query OrderIds($first: Int!, $after: String, $query: String!) {
  orders(first: $first, after: $after, query: $query, sortKey: CREATED_AT) {
    nodes { id test }
    pageInfo { hasNextPage endCursor }
  }
}`,
)
