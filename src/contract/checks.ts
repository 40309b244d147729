/** What people read about live checks, in both languages: what is tried, why it failed, and what to do. */
import { checkFailures, type FailureText } from './check-failures.ts'
import { fill } from './fill.ts'

type Language = 'en' | 'zh'

/** What is tried. A channel's own text stands under `channel.id`. */
const titles: Record<string, Record<Language, string>> = {
  token: { en: 'The sign-in works', zh: '登录凭据有效' },
  clock: { en: 'The clocks agree', zh: '时钟一致' },
  marketplaces: { en: 'The seller takes part in the marketplaces', zh: '卖家已加入所选站点' },
  plan: { en: 'The selling plan allows it', zh: '销售方案允许接入' },
  'shopify.plan': { en: 'The store’s plan', zh: '网店套餐' },
  'bigcommerce.plan': { en: 'The store’s plan', zh: '网店套餐' },
  'ebay.plan': { en: 'The seller may list', zh: '卖家可以发布商品' },
  'ebay.scope.sell.account': { en: 'Business policies are in use', zh: '已启用业务政策' },
  'walmart.scope.orders': { en: 'Permission for orders (orders)', zh: '订单权限（orders）' },
  'walmart.scope.inventory': { en: 'Permission for quantities (inventory)', zh: '库存权限（inventory）' },
  'walmart.scope.item': { en: 'Permission for items (item)', zh: '商品权限（item）' },
  'walmart.scope.feeds': { en: 'Permission for files of quantities (feeds)', zh: '批量库存文件权限（feeds）' },
  'walmart.scope.price': { en: 'Permission for prices (price)', zh: '价格权限（price）' },
  'walmart.scope.reports': { en: 'Permission for reconciliation files (reports)', zh: '对账文件权限（reports）' },
  nodes: { en: 'One ship node is written', zh: '写入单一发货节点' },
  payments: { en: 'The store takes its payments by Shopify Payments', zh: '网店使用 Shopify Payments 收款' },
  location: { en: 'The location is there', zh: '仓库地点可用' },
  notifications: { en: 'Notifications from the channel arrive', zh: '平台通知可送达' },
  webhooks: { en: 'Notifications from the channel arrive', zh: '平台通知可送达' },
  site: { en: 'WooCommerce is at this address', zh: '该地址有 WooCommerce' },
  write: { en: 'The key may write', zh: '密钥可写入' },
  counting: { en: 'The store keeps stock', zh: '网店已启用库存管理' },
  'bigcommerce.counting': { en: 'An order lowers the store’s numbers at once', zh: '下单时立即扣减网店库存' },
  hold: { en: 'The store keeps units for who is paying', zh: '网店为付款中的买家保留库存' },
  version: { en: 'The store’s version', zh: '网店版本' },
  https: { en: 'The way to the store is encrypted', zh: '到网店的连接已加密' },
  cron: { en: 'The store’s timer runs', zh: '网店定时任务在运行' },
  tracking: { en: 'How tracking numbers reach the buyer', zh: '运单号如何告知买家' },
  reachable: { en: 'The store answers', zh: '网店可访问' },
  signature: { en: 'The store takes our signature', zh: '网店接受我们的签名' },
  forgery: { en: 'The store refuses a wrong signature', zh: '网店拒绝错误签名' },
  'role.orders': { en: 'Role for orders', zh: '订单权限' },
  'role.listings': { en: 'Role for listings and quantities', zh: '商品与库存权限' },
  'role.held-stock': { en: 'Role for stock that the channel holds', zh: '平台代管库存权限' },
  'role.buyer': { en: 'Role for names and addresses', zh: '买家姓名地址权限' },
}

/** Features that checks serve. */
const features: Record<string, Record<Language, string>> = {
  everything: { en: 'everything', zh: '全部功能' },
  orders: { en: 'orders', zh: '订单' },
  listings: { en: 'listings', zh: '商品' },
  quantities: { en: 'quantities', zh: '库存推送' },
  prices: { en: 'prices', zh: '价格' },
  'held-stock': { en: 'stock that the channel holds', zh: '平台代管库存' },
  'store-stock': { en: 'stock of the store', zh: '网店库存' },
  buyer: { en: 'names and addresses of buyers', zh: '买家姓名和地址' },
  shipments: { en: 'shipment confirmations', zh: '发货确认' },
  cancellations: { en: 'cancellations', zh: '取消订单' },
  refunds: { en: 'refunds', zh: '退款' },
  copies: { en: 'orders written to the store', zh: '订单写入网店' },
  settlements: { en: 'settlements', zh: '结算' },
  notifications: { en: 'notifications', zh: '平台通知' },
  webhooks: { en: 'notifications', zh: '平台通知' },
}

/** A permission that has no text of its own is named as the channel names it. */
const permission = /^(?:role|scope)[.:](.+)$/

/** What a check tries. */
export function checkTitle(channel: string, id: string, language: Language): string {
  const text = titles[`${channel}.${id}`] ?? titles[id]
  if (text) return text[language]
  const name = permission.exec(id)?.[1]
  if (name === undefined) return id
  return language === 'zh' ? `权限：${name}` : `Permission “${name}”`
}

export function featureTitle(feature: string, language: Language): string {
  return features[feature]?.[language] ?? feature
}

/** Why a check failed, and what to do: the channel's own words for this check first. */
export function checkFailure(
  channel: string,
  id: string,
  code: string,
  facts: Record<string, string>,
  language: Language,
): { cause: string; next: string } {
  const found: FailureText | undefined =
    checkFailures[`${channel}.${id}.${code}`] ??
    checkFailures[`${id}.${code}`] ??
    checkFailures[`${channel}.${code}`] ??
    checkFailures[code] ??
    checkFailures.rejected
  const [cause, next] = found![language]
  return { cause: fill(cause, { code, ...facts }), next: fill(next, { code, ...facts }) }
}

/** Whether there are words for it, so that a test can ask for them. */
export const hasCheckTitle = (channel: string, id: string): boolean =>
  `${channel}.${id}` in titles || id in titles || permission.test(id)
export const hasFeatureTitle = (feature: string): boolean => feature in features
