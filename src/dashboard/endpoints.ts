import type { Routes } from '../contract/routes.ts'

type Place<K extends keyof Routes> = { method: Routes[K]['method']; path: Routes[K]['path'] }

/**
 * Method and path of the routes used here. The compiler holds every line to the contract; importing the contract's
 * values instead would carry its schema library into the browser.
 */
export const endpoints = {
  setupState: { method: 'GET', path: '/setup' },
  setup: { method: 'POST', path: '/setup' },
  session: { method: 'GET', path: '/session' },
  signIn: { method: 'POST', path: '/session' },
  signOut: { method: 'DELETE', path: '/session' },
  overview: { method: 'GET', path: '/overview' },
  replayFinding: { method: 'POST', path: '/findings/{id}/replay' },
  replayWebhook: { method: 'POST', path: '/webhooks/{id}/replay' },
  accounts: { method: 'GET', path: '/accounts' },
  changeAccount: { method: 'PATCH', path: '/accounts/{id}' },
  lookAgain: { method: 'POST', path: '/accounts/{id}/look-again' },
  channels: { method: 'GET', path: '/channels' },
  locations: { method: 'GET', path: '/locations' },
  variants: { method: 'GET', path: '/variants' },
  stock: { method: 'GET', path: '/stock' },
  stockOf: { method: 'GET', path: '/stock/levels/{sku}' },
  exposure: { method: 'GET', path: '/exposure' },
  exposureOf: { method: 'GET', path: '/variants/{sku}/exposure' },
  oversells: { method: 'GET', path: '/variants/{sku}/oversells' },
  movements: { method: 'GET', path: '/stock/movements' },
  addMovement: { method: 'POST', path: '/stock/movements' },
  linkListing: { method: 'POST', path: '/listings' },
  kit: { method: 'GET', path: '/variants/{sku}/components' },
  setMode: { method: 'POST', path: '/variants/{sku}/mode' },
  defineKit: { method: 'POST', path: '/variants/{sku}/components' },
  publishingRules: { method: 'GET', path: '/publishing-rules' },
  previewRule: { method: 'GET', path: '/publishing-rules/preview' },
  addRule: { method: 'POST', path: '/publishing-rules' },
  changeRule: { method: 'PATCH', path: '/publishing-rules/{id}' },
  removeRule: { method: 'DELETE', path: '/publishing-rules/{id}' },
  thresholds: { method: 'GET', path: '/replenishment/thresholds' },
  setThreshold: { method: 'POST', path: '/replenishment/thresholds' },
  removeThreshold: { method: 'DELETE', path: '/replenishment/thresholds/{id}' },
  cover: { method: 'GET', path: '/replenishment/cover' },
  setLeadTime: { method: 'POST', path: '/variants/{sku}/lead-time' },
  transfers: { method: 'GET', path: '/transfers' },
  bookTransfers: { method: 'POST', path: '/transfers' },
  receiveTransfer: { method: 'POST', path: '/transfers/{id}/receive' },
  cancelTransfer: { method: 'POST', path: '/transfers/{id}/cancel' },
  categories: { method: 'GET', path: '/categories' },
  changeProduct: { method: 'PATCH', path: '/products/{id}' },
  orders: { method: 'GET', path: '/orders' },
  order: { method: 'GET', path: '/orders/{id}' },
  orderBuyer: { method: 'GET', path: '/orders/{id}/buyer' },
  imports: { method: 'GET', path: '/imports' },
  import: { method: 'GET', path: '/imports/{id}' },
  addImport: { method: 'POST', path: '/imports' },
  changeImport: { method: 'PATCH', path: '/imports/{id}' },
  runImport: { method: 'POST', path: '/imports/{id}/run' },
  removeImport: { method: 'DELETE', path: '/imports/{id}' },
  calls: { method: 'GET', path: '/calls' },
} as const satisfies { [K in keyof Routes]?: Place<K> }

export type Name = keyof typeof endpoints
