/**
 * Every GraphQL document that is sent, with the points it is expected to cost before the store has told (facts §3: an
 * object 1, a connection 2 and its nodes, a mutation 10). `npm run conformance` holds each against the published schemas.
 */

export interface Document {
  operation: string
  text: string
  points: number
  /** Where it is asked for several at once: what each costs; `points` is the most then. */
  pointsEach?: number
  isWrite: boolean
}

export const read = (operation: string, points: number, text: string): Document => ({
  operation,
  points,
  text,
  isWrite: false,
})
export const write = (operation: string, points: number, text: string): Document => ({
  operation,
  points,
  text,
  isWrite: true,
})

/** Lines of an order that is read by itself, at once. */
export const linesAlone = 250

const orderParts = `
fragment OrderParts on Order {
  id name createdAt updatedAt processedAt cancelledAt test
  sourceName sourceIdentifier tags customAttributes { key value }
  displayFulfillmentStatus displayFinancialStatus
  totalPriceSet { presentmentMoney { amount currencyCode } }
  email @include(if: $buyer)
  phone @include(if: $buyer)
  shippingAddress @include(if: $buyer) { name company address1 address2 city provinceCode zip countryCodeV2 phone }
  lineItems(first: $lines, after: $linesAfter) {
    nodes {
      id sku title quantity currentQuantity unfulfilledQuantity
      originalUnitPriceSet { presentmentMoney { amount currencyCode } }
    }
    pageInfo { hasNextPage endCursor }
  }
}`

export const orders = read(
  'orders',
  996,
  `query Orders($first: Int!, $after: String, $query: String!, $lines: Int!, $linesAfter: String, $buyer: Boolean!) {
  orders(first: $first, after: $after, query: $query, sortKey: UPDATED_AT) {
    nodes { ...OrderParts }
    pageInfo { hasNextPage endCursor }
  }
}${orderParts}`,
)

/** Orders with more lines than their page showed, together. */
export const ordersById = read(
  'ordersById',
  996,
  `query OrdersById($ids: [ID!]!, $lines: Int!, $linesAfter: String, $buyer: Boolean!) {
  nodes(ids: $ids) {
    id
    ... on Order { ...OrderParts }
  }
}${orderParts}`,
)

export const order = read(
  'order',
  760,
  `query OneOrder($id: ID!, $lines: Int!, $linesAfter: String, $buyer: Boolean!) {
  order(id: $id) { ...OrderParts }
}${orderParts}`,
)

/** Which removed units had left before: the lines of an order do not tell. */
export const returnedUnits = read(
  'returnedUnits',
  440,
  `query ReturnedUnits($id: ID!) {
  order(id: $id) {
    refunds(first: 10) {
      refundLineItems(first: 20) { nodes { quantity restockType lineItem { id } } }
    }
  }
}`,
)

export const listings = read(
  'listings',
  960,
  `query Listings($first: Int!, $after: String, $location: ID!) {
  shop { currencyCode }
  productVariants(first: $first, after: $after, sortKey: ID) {
    nodes {
      id sku title price availableForSale
      product { id title status }
      inventoryItem {
        id tracked duplicateSkuCount
        inventoryLevel(locationId: $location) { quantities(names: ["available"]) { name quantity } }
      }
    }
    pageInfo { hasNextPage endCursor }
  }
}`,
)
export const listingsPage = 150

/** By SKU: the ids that writes need, and what is shown. */
export const itemsBySku = read(
  'itemsBySku',
  350,
  `query ItemsBySku($first: Int!, $query: String!, $location: ID!) {
  productVariants(first: $first, query: $query) {
    nodes {
      id sku
      product { id }
      inventoryItem {
        id tracked
        inventoryLevel(locationId: $location) { quantities(names: ["available"]) { name quantity } }
      }
    }
    pageInfo { hasNextPage }
  }
}`,
)

/** By ids that are known already. */
export const readQuantities: Document = {
  pointsEach: 3,
  ...read(
    'readQuantities',
    760,
    `query ReadQuantities($ids: [ID!]!, $location: ID!) {
  nodes(ids: $ids) {
    id
    ... on InventoryItem {
      sku tracked
      inventoryLevel(locationId: $location) { quantities(names: ["available"]) { name quantity } }
    }
  }
}`,
  ),
}

export const setQuantities = write(
  'setQuantities',
  12,
  `mutation SetQuantities($input: InventorySetQuantitiesInput!, $key: String!) {
  inventorySetQuantities(input: $input) @idempotent(key: $key) {
    inventoryAdjustmentGroup { id }
    userErrors { field code message }
  }
}`,
)

export const locations = read(
  'locations',
  60,
  `query Locations($after: String) {
  locations(first: 50, after: $after, includeInactive: true) {
    nodes { id name isActive }
    pageInfo { hasNextPage endCursor }
  }
}`,
)
