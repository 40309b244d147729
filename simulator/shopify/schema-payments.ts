/** The part of the schema that is about Shopify Payments; see schema.ts. */
export const payments = `
enum ShopifyPaymentsPayoutStatus { CANCELED FAILED PAID SCHEDULED }
enum ShopifyPaymentsPayoutTransactionType { DEPOSIT WITHDRAWAL }
enum ShopifyPaymentsBalanceTransactionPayoutStatus { CANCELED FAILED PAID PENDING SCHEDULED }
enum ShopifyPaymentsTransactionType { ADJUSTMENT CHARGE REFUND TRANSFER }
enum ShopifyPaymentsSourceType { ADJUSTMENT CHARGE DISPUTE REFUND TRANSFER }
enum PayoutSortKeys { ID ISSUED_AT STATUS }
enum BalanceTransactionSortKeys { ID PROCESSED_AT }
type ShopifyPaymentsAccount implements Node {
  id: ID! activated: Boolean! country: String! defaultCurrency: CurrencyCode!
  payouts(first: Int, after: String, query: String, sortKey: PayoutSortKeys = ISSUED_AT): ShopifyPaymentsPayoutConnection!
  balanceTransactions(
    first: Int, after: String, query: String, sortKey: BalanceTransactionSortKeys = PROCESSED_AT
  ): ShopifyPaymentsBalanceTransactionConnection!
}
type ShopifyPaymentsPayout implements Node {
  id: ID! legacyResourceId: UnsignedInt64! issuedAt: DateTime! status: ShopifyPaymentsPayoutStatus! externalTraceId: String
  transactionType: ShopifyPaymentsPayoutTransactionType! net: MoneyV2! summary: ShopifyPaymentsPayoutSummary!
}
type ShopifyPaymentsPayoutConnection { nodes: [ShopifyPaymentsPayout!]! pageInfo: PageInfo! }
type ShopifyPaymentsPayoutSummary {
  adjustmentsFee: MoneyV2! adjustmentsGross: MoneyV2! advanceFees: MoneyV2! advanceGross: MoneyV2!
  chargesFee: MoneyV2! chargesGross: MoneyV2! refundsFee: MoneyV2! refundsFeeGross: MoneyV2!
  reservedFundsFee: MoneyV2! reservedFundsGross: MoneyV2! retriedPayoutsFee: MoneyV2! retriedPayoutsGross: MoneyV2!
}
type ShopifyPaymentsAssociatedOrder { id: ID! name: String! }
type ShopifyPaymentsBalanceTransactionAssociatedPayout { id: ID status: ShopifyPaymentsBalanceTransactionPayoutStatus }
type ShopifyPaymentsAdjustmentOrder {
  name: String! orderTransactionId: BigInt! link: URL! amount: MoneyV2! fees: MoneyV2! net: MoneyV2!
}
type ShopifyPaymentsBalanceTransaction implements Node {
  id: ID! type: ShopifyPaymentsTransactionType! test: Boolean! transactionDate: DateTime! adjustmentReason: String
  sourceId: BigInt sourceType: ShopifyPaymentsSourceType sourceOrderTransactionId: BigInt
  amount: MoneyV2! fee: MoneyV2! net: MoneyV2!
  associatedOrder: ShopifyPaymentsAssociatedOrder
  associatedPayout: ShopifyPaymentsBalanceTransactionAssociatedPayout!
  adjustmentsOrders: [ShopifyPaymentsAdjustmentOrder!]!
}
type ShopifyPaymentsBalanceTransactionConnection { nodes: [ShopifyPaymentsBalanceTransaction!]! pageInfo: PageInfo! }
`
