/** The documents about the store itself: its locations and what they hold, its words, what the app may do; see documents.ts. */
import { read, write } from './documents.ts'

export const levels = read(
  'levels',
  760,
  `query Levels($location: ID!, $first: Int!, $after: String, $query: String) {
  location(id: $location) {
    id name
    inventoryLevels(first: $first, after: $after, query: $query) {
      nodes {
        updatedAt
        item { sku tracked }
        quantities(names: ["available", "committed", "on_hand"]) { name quantity }
      }
      pageInfo { hasNextPage endCursor }
    }
  }
}`,
)
export const levelsPage = 150

export const subscriptions = read(
  'subscriptions',
  110,
  `query Subscriptions($after: String) {
  webhookSubscriptions(first: 100, after: $after) {
    nodes { id topic uri }
    pageInfo { hasNextPage endCursor }
  }
}`,
)

export const createSubscription = write(
  'createSubscription',
  11,
  `mutation CreateSubscription($topic: WebhookSubscriptionTopic!, $uri: String!) {
  webhookSubscriptionCreate(topic: $topic, webhookSubscription: { uri: $uri, format: JSON }) {
    webhookSubscription { id }
    userErrors { field message }
  }
}`,
)

export const moveSubscription = write(
  'moveSubscription',
  11,
  `mutation MoveSubscription($id: ID!, $uri: String!) {
  webhookSubscriptionUpdate(id: $id, webhookSubscription: { uri: $uri }) {
    webhookSubscription { id }
    userErrors { field message }
  }
}`,
)

export const shop = read(
  'shop',
  3,
  `query TheShop {
  shop { myshopifyDomain currencyCode plan { publicDisplayName partnerDevelopment } }
}`,
)

export const scopes = read(
  'scopes',
  30,
  `query Scopes {
  currentAppInstallation { accessScopes { handle } }
}`,
)

/** Does one order tell who its buyer is? */
export const buyerOfAnOrder = read(
  'buyerOfAnOrder',
  5,
  `query BuyerOfAnOrder {
  orders(first: 1) { nodes { id shippingAddress { zip } } }
}`,
)
