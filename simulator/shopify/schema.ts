import { buildSchema, type GraphQLSchema } from 'graphql'
import { payments } from './schema-payments.ts'

/**
 * The part of the Admin API that the simulated store speaks, written by hand from its documentation. A conformance test
 * holds every type, field and argument against the published schemas.
 */
const objects = `
directive @idempotent(key: String!) on FIELD
scalar DateTime
scalar Decimal
scalar Money
scalar URL
scalar UnsignedInt64
scalar BigInt

interface Node { id: ID! }
interface DisplayableError { field: [String!] message: String! }
type PageInfo { hasNextPage: Boolean! hasPreviousPage: Boolean! startCursor: String endCursor: String }
type MoneyV2 { amount: Decimal! currencyCode: CurrencyCode! }
type MoneyBag { shopMoney: MoneyV2! presentmentMoney: MoneyV2! }
type Attribute { key: String! value: String }
type UserError implements DisplayableError { field: [String!] message: String! }
enum CurrencyCode { USD EUR GBP CAD JPY CNY AUD KWD }
enum CountryCode { US CA GB DE FR JP CN AU }

type Shop { id: ID! name: String! myshopifyDomain: String! currencyCode: CurrencyCode! plan: ShopPlan! ianaTimezone: String! }
type ShopPlan { publicDisplayName: String! partnerDevelopment: Boolean! shopifyPlus: Boolean! }
type AccessScope { handle: String! description: String! }
type AppInstallation implements Node { id: ID! accessScopes: [AccessScope!]! }

type Location implements Node {
  id: ID! name: String! isActive: Boolean!
  inventoryLevels(first: Int, after: String, query: String): InventoryLevelConnection!
}
type LocationConnection { nodes: [Location!]! pageInfo: PageInfo! }

enum ProductStatus { ACTIVE ARCHIVED DRAFT UNLISTED }
enum ProductVariantInventoryPolicy { CONTINUE DENY }
type Product implements Node { id: ID! title: String! status: ProductStatus! }
type ProductVariant implements Node {
  id: ID! sku: String title: String! price: Money! barcode: String availableForSale: Boolean!
  inventoryPolicy: ProductVariantInventoryPolicy!
  product: Product! inventoryItem: InventoryItem!
}
type ProductVariantConnection { nodes: [ProductVariant!]! pageInfo: PageInfo! }
type InventoryItem implements Node {
  id: ID! sku: String tracked: Boolean! duplicateSkuCount: Int! updatedAt: DateTime!
  inventoryLevel(locationId: ID!): InventoryLevel
  inventoryLevels(first: Int, after: String): InventoryLevelConnection!
}
type InventoryLevel implements Node {
  id: ID! isActive: Boolean! updatedAt: DateTime! item: InventoryItem! location: Location!
  quantities(names: [String!]!): [InventoryQuantity!]!
}
type InventoryLevelConnection { nodes: [InventoryLevel!]! pageInfo: PageInfo! }
type InventoryQuantity implements Node { id: ID! name: String! quantity: Int! updatedAt: DateTime }

enum OrderDisplayFulfillmentStatus {
  FULFILLED IN_PROGRESS ON_HOLD OPEN PARTIALLY_FULFILLED PENDING_FULFILLMENT REQUEST_DECLINED
  RESTOCKED SCHEDULED UNFULFILLED
}
enum OrderDisplayFinancialStatus { AUTHORIZED EXPIRED PAID PARTIALLY_PAID PARTIALLY_REFUNDED PENDING REFUNDED VOIDED }
enum OrderCancelReason { CUSTOMER DECLINED FRAUD INVENTORY OTHER STAFF }
type MailingAddress implements Node {
  id: ID! name: String company: String address1: String address2: String city: String provinceCode: String zip: String
  countryCodeV2: CountryCode phone: String
}
type Order implements Node {
  id: ID! name: String! createdAt: DateTime! updatedAt: DateTime! processedAt: DateTime! cancelledAt: DateTime
  cancelReason: OrderCancelReason test: Boolean! sourceName: String sourceIdentifier: String tags: [String!]!
  customAttributes: [Attribute!]! note: String currencyCode: CurrencyCode! presentmentCurrencyCode: CurrencyCode!
  displayFulfillmentStatus: OrderDisplayFulfillmentStatus! displayFinancialStatus: OrderDisplayFinancialStatus
  totalPriceSet: MoneyBag! email: String phone: String shippingAddress: MailingAddress
  lineItems(first: Int, after: String): LineItemConnection!
  fulfillmentOrders(first: Int, after: String): FulfillmentOrderConnection!
  fulfillments(first: Int): [Fulfillment!]!
  refunds(first: Int): [Refund!]!
  transactions(first: Int): [OrderTransaction!]!
}
type OrderConnection { nodes: [Order!]! pageInfo: PageInfo! }
type LineItem implements Node {
  id: ID! sku: String title: String! quantity: Int! currentQuantity: Int! unfulfilledQuantity: Int!
  originalUnitPriceSet: MoneyBag! variant: ProductVariant
}
type LineItemConnection { nodes: [LineItem!]! pageInfo: PageInfo! }

enum FulfillmentOrderStatus { CANCELLED CLOSED INCOMPLETE IN_PROGRESS ON_HOLD OPEN SCHEDULED }
enum FulfillmentStatus { CANCELLED ERROR FAILURE OPEN PENDING SUCCESS }
type FulfillmentOrderAssignedLocation { name: String! location: Location }
type FulfillmentOrder implements Node {
  id: ID! status: FulfillmentOrderStatus! assignedLocation: FulfillmentOrderAssignedLocation!
  lineItems(first: Int, after: String): FulfillmentOrderLineItemConnection!
}
type FulfillmentOrderConnection { nodes: [FulfillmentOrder!]! pageInfo: PageInfo! }
type FulfillmentOrderLineItem implements Node {
  id: ID! lineItem: LineItem! totalQuantity: Int! remainingQuantity: Int! sku: String
}
type FulfillmentOrderLineItemConnection { nodes: [FulfillmentOrderLineItem!]! pageInfo: PageInfo! }
type FulfillmentTrackingInfo { company: String number: String url: URL }
type Fulfillment implements Node {
  id: ID! status: FulfillmentStatus! createdAt: DateTime! location: Location
  trackingInfo(first: Int): [FulfillmentTrackingInfo!]!
  fulfillmentLineItems(first: Int, after: String): FulfillmentLineItemConnection!
}
type FulfillmentLineItem implements Node { id: ID! lineItem: LineItem! quantity: Int }
type FulfillmentLineItemConnection { nodes: [FulfillmentLineItem!]! pageInfo: PageInfo! }

enum RefundLineItemRestockType { CANCEL LEGACY_RESTOCK NO_RESTOCK RETURN }
enum OrderTransactionKind { AUTHORIZATION CAPTURE CHANGE EMV_AUTHORIZATION REFUND SALE SUGGESTED_REFUND VOID }
enum OrderTransactionStatus { AWAITING_RESPONSE ERROR FAILURE PENDING SUCCESS UNKNOWN }
type OrderTransaction implements Node {
  id: ID! kind: OrderTransactionKind! status: OrderTransactionStatus! gateway: String amountSet: MoneyBag!
}
type OrderTransactionConnection { nodes: [OrderTransaction!]! pageInfo: PageInfo! }
type RefundLineItem { id: ID lineItem: LineItem! quantity: Int! restockType: RefundLineItemRestockType! }
type RefundLineItemConnection { nodes: [RefundLineItem!]! pageInfo: PageInfo! }
type Refund implements Node {
  id: ID! createdAt: DateTime note: String totalRefundedSet: MoneyBag!
  refundLineItems(first: Int, after: String): RefundLineItemConnection!
  transactions(first: Int, after: String): OrderTransactionConnection!
}

${payments}
enum WebhookSubscriptionTopic {
  ORDERS_CREATE ORDERS_UPDATED ORDERS_CANCELLED REFUNDS_CREATE INVENTORY_LEVELS_UPDATE PRODUCTS_UPDATE PRODUCTS_DELETE
  FULFILLMENT_ORDERS_ORDER_ROUTING_COMPLETE FULFILLMENTS_CREATE FULFILLMENTS_UPDATE APP_UNINSTALLED LOCATIONS_UPDATE
}
enum WebhookSubscriptionFormat { JSON XML }
type WebhookSubscription implements Node { id: ID! topic: WebhookSubscriptionTopic! uri: String! format: WebhookSubscriptionFormat! }
type WebhookSubscriptionConnection { nodes: [WebhookSubscription!]! pageInfo: PageInfo! }
`

const roots = `
enum OrderSortKeys { CREATED_AT ID PROCESSED_AT UPDATED_AT }
enum ProductVariantSortKeys { ID SKU TITLE }
type QueryRoot {
  shop: Shop!
  currentAppInstallation: AppInstallation!
  locations(first: Int, after: String, includeInactive: Boolean = false): LocationConnection!
  location(id: ID): Location
  productVariants(first: Int, after: String, query: String, sortKey: ProductVariantSortKeys = ID): ProductVariantConnection!
  orders(first: Int, after: String, query: String, sortKey: OrderSortKeys = PROCESSED_AT): OrderConnection!
  order(id: ID!): Order
  node(id: ID!): Node
  nodes(ids: [ID!]!): [Node]!
  webhookSubscriptions(first: Int, after: String): WebhookSubscriptionConnection!
  shopifyPaymentsAccount: ShopifyPaymentsAccount
}

input InventoryQuantityInput { inventoryItemId: ID! locationId: ID! quantity: Int! changeFromQuantity: Int }
input InventorySetQuantitiesInput {
  name: String! reason: String! referenceDocumentUri: String quantities: [InventoryQuantityInput!]!
}
enum InventorySetQuantitiesUserErrorCode {
  CHANGE_FROM_QUANTITY_STALE IDEMPOTENCY_CONCURRENT_REQUEST IDEMPOTENCY_KEY_PARAMETER_MISMATCH
  IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED INVALID_INVENTORY_ITEM INVALID_LOCATION INVALID_NAME INVALID_QUANTITY_NEGATIVE
  INVALID_QUANTITY_TOO_HIGH INVALID_REASON NO_DUPLICATE_INVENTORY_ITEM_ID_GROUP_ID_PAIR NON_MUTABLE_INVENTORY_ITEM
}
type InventorySetQuantitiesUserError implements DisplayableError {
  field: [String!] message: String! code: InventorySetQuantitiesUserErrorCode
}
type InventoryAdjustmentGroup implements Node { id: ID! reason: String! referenceDocumentUri: String createdAt: DateTime! }
type InventorySetQuantitiesPayload {
  inventoryAdjustmentGroup: InventoryAdjustmentGroup userErrors: [InventorySetQuantitiesUserError!]!
}

input FulfillmentOrderLineItemInput { id: ID! quantity: Int! }
input FulfillmentOrderLineItemsInput { fulfillmentOrderId: ID! fulfillmentOrderLineItems: [FulfillmentOrderLineItemInput!] }
input FulfillmentTrackingInput { company: String number: String numbers: [String!] url: URL urls: [URL!] }
input FulfillmentInput {
  lineItemsByFulfillmentOrder: [FulfillmentOrderLineItemsInput!]! notifyCustomer: Boolean = false
  trackingInfo: FulfillmentTrackingInput
}
type FulfillmentCreatePayload { fulfillment: Fulfillment userErrors: [UserError!]! }

input OrderCancelRefundMethodInput @oneOf { originalPaymentMethodsRefund: Boolean }
enum OrderCancelUserErrorCode { INTERNAL_ERROR INVALID NOT_FOUND NO_REFUND_PERMISSION }
type OrderCancelUserError implements DisplayableError { field: [String!] message: String! code: OrderCancelUserErrorCode }
type Job { id: ID! done: Boolean! }
type OrderCancelPayload { job: Job orderCancelUserErrors: [OrderCancelUserError!]! }

input OrderTransactionInput { amount: Money! gateway: String! kind: OrderTransactionKind! orderId: ID! parentId: ID }
input RefundLineItemInput { lineItemId: ID! quantity: Int! locationId: ID restockType: RefundLineItemRestockType }
input ShippingRefundInput { amount: Money fullRefund: Boolean }
input RefundInput {
  orderId: ID! currency: CurrencyCode note: String notify: Boolean refundLineItems: [RefundLineItemInput!]
  shipping: ShippingRefundInput transactions: [OrderTransactionInput!]
}
type RefundCreatePayload { order: Order refund: Refund userErrors: [UserError!]! }

input ProductVariantsBulkInput { id: ID price: Money compareAtPrice: Money }
enum ProductVariantsBulkUpdateUserErrorCode { NEGATIVE_PRICE_VALUE PRODUCT_DOES_NOT_EXIST PRODUCT_VARIANT_DOES_NOT_EXIST INVALID_INPUT }
type ProductVariantsBulkUpdateUserError implements DisplayableError {
  field: [String!] message: String! code: ProductVariantsBulkUpdateUserErrorCode
}
type ProductVariantsBulkUpdatePayload {
  product: Product productVariants: [ProductVariant!] userErrors: [ProductVariantsBulkUpdateUserError!]!
}

input MoneyInput { amount: Decimal! currencyCode: CurrencyCode! }
input MoneyBagInput { shopMoney: MoneyInput! presentmentMoney: MoneyInput }
input MailingAddressInput {
  firstName: String lastName: String company: String address1: String address2: String city: String provinceCode: String
  zip: String countryCode: CountryCode phone: String
}
input OrderCreateCustomAttributeInput { key: String! value: String! }
input OrderCreateLineItemInput {
  variantId: ID sku: String title: String quantity: Int! priceSet: MoneyBagInput requiresShipping: Boolean = false
}
enum OrderCreateFinancialStatus { AUTHORIZED EXPIRED PAID PARTIALLY_PAID PARTIALLY_REFUNDED PENDING REFUNDED VOIDED }
input OrderCreateOrderInput {
  currency: CurrencyCode sourceIdentifier: String sourceName: String tags: [String!] note: String processedAt: DateTime
  customAttributes: [OrderCreateCustomAttributeInput!] financialStatus: OrderCreateFinancialStatus email: String
  phone: String shippingAddress: MailingAddressInput lineItems: [OrderCreateLineItemInput!] test: Boolean = false
}
enum OrderCreateInputsInventoryBehavior { BYPASS DECREMENT_IGNORING_POLICY DECREMENT_OBEYING_POLICY }
input OrderCreateOptionsInput {
  inventoryBehaviour: OrderCreateInputsInventoryBehavior = BYPASS
  sendFulfillmentReceipt: Boolean = false sendReceipt: Boolean = false
}
enum OrderCreateUserErrorCode { FULFILLMENT_SERVICE_INVALID INVALID INVENTORY_CLAIM_FAILED PROCESSED_AT_INVALID }
type OrderCreateUserError implements DisplayableError { field: [String!] message: String! code: OrderCreateUserErrorCode }
type OrderCreatePayload { order: Order userErrors: [OrderCreateUserError!]! }

input WebhookSubscriptionInput { uri: String format: WebhookSubscriptionFormat }
type WebhookSubscriptionCreatePayload { webhookSubscription: WebhookSubscription userErrors: [UserError!]! }
type WebhookSubscriptionUpdatePayload { webhookSubscription: WebhookSubscription userErrors: [UserError!]! }

type Mutation {
  inventorySetQuantities(input: InventorySetQuantitiesInput!): InventorySetQuantitiesPayload
  fulfillmentCreate(fulfillment: FulfillmentInput!, message: String): FulfillmentCreatePayload
  orderCancel(
    orderId: ID! reason: OrderCancelReason! restock: Boolean! refundMethod: OrderCancelRefundMethodInput
    notifyCustomer: Boolean = false staffNote: String = null
  ): OrderCancelPayload
  refundCreate(input: RefundInput!): RefundCreatePayload
  productVariantsBulkUpdate(
    productId: ID! variants: [ProductVariantsBulkInput!]! allowPartialUpdates: Boolean = false
  ): ProductVariantsBulkUpdatePayload
  orderCreate(order: OrderCreateOrderInput!, options: OrderCreateOptionsInput): OrderCreatePayload
  webhookSubscriptionCreate(topic: WebhookSubscriptionTopic!, webhookSubscription: WebhookSubscriptionInput!): WebhookSubscriptionCreatePayload
  webhookSubscriptionUpdate(id: ID!, webhookSubscription: WebhookSubscriptionInput!): WebhookSubscriptionUpdatePayload
}
schema { query: QueryRoot mutation: Mutation }
`

export const sdl = `${objects}${roots}`

/** Types of which the store keeps objects. */
export const schema: GraphQLSchema = buildSchema(sdl)
