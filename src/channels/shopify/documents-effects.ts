/** The documents of what must happen once at most, of prices and copies; see documents.ts. */
import { read, write } from './documents.ts'

/**
 * What of an order may leave, from where. A copy's buyer is not told by the store. Few orders have more lines than a page, and each
 * line costs points whether it is there or not: at 80 a minute's points were ten parcels.
 */
export const fulfillmentOrders = read(
  'fulfillmentOrders',
  140,
  `query FulfillmentOrders($id: ID!) {
  order(id: $id) {
    id name sourceName sourceIdentifier tags customAttributes { key value }
    fulfillmentOrders(first: 5) {
      nodes {
        id status
        assignedLocation { location { id } }
        lineItems(first: 10) { nodes { id remainingQuantity lineItem { id } } pageInfo { hasNextPage endCursor } }
      }
    }
  }
}`,
)

export const fulfillmentOrderLines = read(
  'fulfillmentOrderLines',
  510,
  `query FulfillmentOrderLines($id: ID!, $after: String) {
  node(id: $id) {
    ... on FulfillmentOrder {
      lineItems(first: 250, after: $after) {
        nodes { id remainingQuantity lineItem { id } }
        pageInfo { hasNextPage endCursor }
      }
    }
  }
}`,
)

export const createFulfillment = write(
  'createFulfillment',
  12,
  `mutation CreateFulfillment($fulfillment: FulfillmentInput!) {
  fulfillmentCreate(fulfillment: $fulfillment) {
    fulfillment { id }
    userErrors { field message }
  }
}`,
)

export const fulfillments = read(
  'fulfillments',
  260,
  `query Fulfillments($id: ID!) {
  order(id: $id) {
    fulfillments(first: 10) {
      id status createdAt
      trackingInfo(first: 1) { company number url }
      fulfillmentLineItems(first: 10) { nodes { quantity lineItem { id } } pageInfo { hasNextPage endCursor } }
    }
  }
}`,
)

export const fulfillmentLines = read(
  'fulfillmentLines',
  510,
  `query FulfillmentLines($id: ID!, $after: String) {
  node(id: $id) {
    ... on Fulfillment {
      fulfillmentLineItems(first: 250, after: $after) {
        nodes { quantity lineItem { id } }
        pageInfo { hasNextPage endCursor }
      }
    }
  }
}`,
)

export const cancelOrder = write(
  'cancelOrder',
  12,
  `mutation CancelOrder($id: ID!, $reason: OrderCancelReason!, $restock: Boolean!) {
  orderCancel(
    orderId: $id
    reason: $reason
    restock: $restock
    refundMethod: { originalPaymentMethodsRefund: true }
    notifyCustomer: false
  ) {
    job { id }
    orderCancelUserErrors { field code message }
  }
}`,
)

/** What was paid, and in which money: a refund goes back the same way. */
export const payments = read(
  'payments',
  40,
  `query Payments($id: ID!) {
  order(id: $id) {
    presentmentCurrencyCode
    transactions(first: 10) { id kind status gateway amountSet { presentmentMoney { amount currencyCode } } }
  }
}`,
)

export const createRefund = write(
  'createRefund',
  12,
  `mutation CreateRefund($input: RefundInput!, $key: String!) {
  refundCreate(input: $input) @idempotent(key: $key) {
    refund { id }
    userErrors { field message }
  }
}`,
)

export const refunds = read(
  'refunds',
  620,
  `query Refunds($id: ID!) {
  order(id: $id) {
    refunds(first: 10) {
      id note
      totalRefundedSet { presentmentMoney { amount currencyCode } }
      refundLineItems(first: 20) { nodes { quantity lineItem { id } } }
      transactions(first: 5) { nodes { status } }
    }
  }
}`,
)

export const updatePrices = write(
  'updatePrices',
  12,
  `mutation UpdatePrices($productId: ID!, $variants: [ProductVariantsBulkInput!]!) {
  productVariantsBulkUpdate(productId: $productId, variants: $variants, allowPartialUpdates: true) {
    product { id }
    userErrors { field code message }
  }
}`,
)

export const findCopies = read(
  'findCopies',
  15,
  `query FindCopies($query: String!) {
  orders(first: 10, query: $query) { nodes { id sourceIdentifier createdAt } }
}`,
)

export const createCopy = write(
  'createCopy',
  12,
  `mutation CreateCopy($order: OrderCreateOrderInput!) {
  orderCreate(order: $order, options: { inventoryBehaviour: BYPASS, sendReceipt: false, sendFulfillmentReceipt: false }) {
    order { id }
    userErrors { field code message }
  }
}`,
)
