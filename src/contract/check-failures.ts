import { checkFailuresOfBigcommerce } from './check-failures-bigcommerce.ts'
import { checkFailuresOfWoocommerce } from './check-failures-woocommerce.ts'

/** Why a live check failed and what to do, by code; where a check or a channel says more, under `check.code` or `channel.check.code`. */
export interface FailureText {
  en: [cause: string, next: string]
  zh: [cause: string, next: string]
}

const portal = {
  en: 'In the Solution Provider Portal edit the application, add the role {role}, then authorize it again: roles that were added count only after that.',
  zh: '请在 Solution Provider Portal 编辑应用并添加权限 {role}，然后重新授权；新增权限在重新授权后才生效。',
}
const addRole = (en: string, zh: string, lostEn: string, lostZh: string): FailureText => ({
  en: [`The application has no role for this: ${lostEn}.`, portal.en.replace('{role}', en)],
  zh: [`应用缺少相应权限：${lostZh}。`, portal.zh.replace('{role}', zh)],
})

export const checkFailures: Record<string, FailureText> = {
  ...checkFailuresOfBigcommerce,
  ...checkFailuresOfWoocommerce,
  // — whatever the check —
  auth: {
    en: [
      'The channel refused the access ({answer}).',
      'Authorize the account again; if that does not help, compare client id and secret with the application at the channel.',
    ],
    zh: ['平台拒绝访问（{answer}）。', '请重新授权；若仍失败，请核对平台应用中的 client id 和密钥。'],
  },
  throttled: {
    en: ['The channel’s allowance for this call is used up for now.', 'Wait some minutes and run the checks again.'],
    zh: ['该调用的平台额度暂时用完。', '请等待几分钟后重新检查。'],
  },
  unavailable: {
    en: [
      'No usable answer came ({answer}).',
      'Look at the address in the settings and at the channel’s status page, then run the checks again. The journal shows the call.',
    ],
    zh: ['没有得到可用的响应（{answer}）。', '请检查设置中的地址和平台状态页，然后重新检查；操作日志中有该调用。'],
  },
  rejected: {
    en: [
      'The channel refused the call ({code} {answer}).',
      'Compare the settings with the channel; the journal shows the call.',
    ],
    zh: ['平台拒绝了该调用（{code} {answer}）。', '请将设置与平台核对；操作日志中有该调用。'],
  },
  missing: {
    en: [
      'The channel does not know what was asked for ({answer}).',
      'Compare ids and addresses in the settings with the channel.',
    ],
    zh: ['平台找不到所请求的内容（{answer}）。', '请将设置中的编号和地址与平台核对。'],
  },
  conflict: {
    en: ['The channel says that something else changed it meanwhile ({answer}).', 'Run the checks again.'],
    zh: ['平台提示内容已被其他操作更改（{answer}）。', '请重新检查。'],
  },
  internal: {
    en: ['Entrepot itself failed at this check.', 'Report it with the log. The other checks are not affected.'],
    zh: ['Entrepot 自身在此检查中出错。', '请附上日志反馈，其他检查不受影响。'],
  },
  role_missing: {
    en: ['The application lacks a permission.', 'Add it at the channel, then authorize the account again.'],
    zh: ['应用缺少权限。', '请在平台上添加该权限，然后重新授权。'],
  },
  scope_missing: {
    en: ['The application lacks a permission.', 'Add it at the channel, then authorize the account again.'],
    zh: ['应用缺少权限。', '请在平台上添加该权限，然后重新授权。'],
  },
  invalid_grant: {
    en: [
      'The authorization was taken back, has expired, or belongs to another application.',
      'Authorize the account again here, or give a new refresh token of the same application.',
    ],
    zh: ['授权已被撤销、已过期，或属于其他应用。', '请在此重新授权，或填写同一应用的新 refresh token。'],
  },
  invalid_client: {
    en: [
      'The channel does not know this client id, or the client secret is wrong or was replaced.',
      'Copy both anew from the application at the channel. Secrets expire; a new one is made there.',
    ],
    zh: [
      '平台不识别该 client id，或 client secret 有误或已更换。',
      '请从平台应用重新复制两者；密钥会过期，可在平台上重新生成。',
    ],
  },
  clock_off: {
    en: [
      'The clocks are {seconds} seconds apart; sales and writes are put in order by them.',
      'Switch on time synchronization (NTP) on the machine of Entrepot; an own store’s machine needs it, too.',
    ],
    zh: [
      '两边时钟相差 {seconds} 秒，销售与写入的先后以时间判断。',
      '请在运行 Entrepot 的机器（自建网店的机器同样）上启用时间同步（NTP）。',
    ],
  },

  // — amazon —
  access_denied: {
    en: [
      'Amazon knows the application but lets it into no marketplace of this region.',
      'Compare the region in the settings with where the account sells (na, eu or fe): each region has a refresh token of its own.',
    ],
    zh: [
      '亚马逊识别该应用，但它无权访问此区域的任何站点。',
      '请核对设置中的区域（na、eu 或 fe）；每个区域有各自的 refresh token。',
    ],
  },
  marketplace_missing: {
    en: [
      'The seller is not registered in {missing}.',
      'Correct the marketplace ids in the settings, or register there in Seller Central. Known of those asked for: {known}.',
    ],
    zh: ['卖家未注册站点 {missing}。', '请更正设置中的站点编号，或在 Seller Central 注册。所选站点中已注册：{known}。'],
  },
  not_participating: {
    en: [
      'The seller does not take part in {marketplaces}.',
      'Switch the marketplace on in Seller Central, or leave it out of the settings.',
    ],
    zh: ['卖家未参与站点 {marketplaces}。', '请在 Seller Central 启用该站点，或从设置中去掉它。'],
  },
  listings_suspended: {
    en: [
      'The listings in {marketplaces} are inactive (vacation setting, or the account is suspended).',
      'Set the listing status to active in Seller Central, or look at Account Health there.',
    ],
    zh: [
      '{marketplaces} 的商品处于停售状态（假期设置或账户被暂停）。',
      '请在 Seller Central 恢复商品状态，或查看账户状况。',
    ],
  },
  plan_individual: {
    en: [
      'The account has the individual selling plan; Amazon’s programming interface needs the professional one.',
      'Change the plan in Seller Central under Settings, Account Info, Your Services.',
    ],
    zh: [
      '该账户为个人销售方案，亚马逊接口需要专业销售方案。',
      '请在 Seller Central 的“设置 › 账户信息 › 我的服务”中更改方案。',
    ],
  },
  'amazon.role.orders.role_missing': addRole(
    'Inventory and Order Tracking',
    'Inventory and Order Tracking',
    'orders cannot be read',
    '无法读取订单',
  ),
  'amazon.role.listings.role_missing': addRole(
    'Product Listing',
    'Product Listing',
    'listings cannot be read and quantities not written',
    '无法读取商品，也无法写入库存',
  ),
  'amazon.role.held-stock.role_missing': addRole(
    'Amazon Fulfillment',
    'Amazon Fulfillment',
    'what lies in Amazon’s warehouses cannot be read; everything else works',
    '无法读取亚马逊仓库中的库存，其他功能不受影响',
  ),
  buyer_absent: {
    en: [
      'Of the last {orders} orders none came with an address: the restricted role is missing. Orders come in without name and address.',
      'Ask Amazon for the role Direct-to-Consumer Shipping (Restricted), then authorize again; or ship with labels from elsewhere and leave it.',
    ],
    zh: [
      '最近 {orders} 笔订单均无地址：缺少受限权限，订单将不含买家姓名和地址。',
      '请向亚马逊申请 Direct-to-Consumer Shipping (Restricted) 权限后重新授权；若在别处打印面单，可不处理。',
    ],
  },

  // — own store —
  'reachable.unavailable': {
    en: [
      'The store does not answer at the address in the settings ({answer}).',
      'Check the address, the certificate and the firewall. A store in the same network needs the setting “The store is in the same network” (sameNetwork).',
    ],
    zh: [
      '网店在设置的地址上没有响应（{answer}）。',
      '请检查地址、证书和防火墙；同一网络内的网店需在设置中勾选“网店在同一网络”（sameNetwork）。',
    ],
  },
  'reachable.rejected': {
    en: [
      'The address may not be called: {answer}.',
      'Give an address with https. A store in the same network, or on this machine, needs the setting “The store is in the same network” (sameNetwork).',
    ],
    zh: [
      '该地址不允许访问：{answer}。',
      '请使用 https 地址；同一网络或本机的网店需在设置中勾选“网店在同一网络”（sameNetwork）。',
    ],
  },
  no_receiver: {
    en: [
      'Nobody receives webhooks at this address ({answer}).',
      'Correct the address, or install the receiver in the store (docs/connect-your-store.md).',
    ],
    zh: ['该地址没有 webhook 接收端（{answer}）。', '请更正地址，或在网店中安装接收端（docs/connect-your-store.md）。'],
  },
  store_failing: {
    en: ['The store fails at our call ({answer}).', 'Look at the store’s own log for the receiver of webhooks.'],
    zh: ['网店处理我们的调用时出错（{answer}）。', '请查看网店 webhook 接收端的日志。'],
  },
  signature_refused: {
    en: [
      'The store refuses our signature.',
      'Give the same webhook secret on both sides, all of it from whsec_ on. A clock that is off by minutes does the same.',
    ],
    zh: ['网店拒绝了我们的签名。', '请在两边填写同一个 webhook 密钥（含 whsec_ 前缀）；时钟相差数分钟也会导致此问题。'],
  },
  store_forbids: {
    en: [
      'Something before the store forbids the call ({answer}).',
      'Let the hub’s address through the store’s firewall.',
    ],
    zh: ['网店前端拦截了该调用（{answer}）。', '请在网店防火墙中放行 Entrepot 的地址。'],
  },
  answer_refused: {
    en: [
      'The store took the signature but not the question ({answer}).',
      'It must answer stock.read, also with an empty list of items (docs/connect-your-store.md).',
    ],
    zh: [
      '网店接受了签名，但未处理请求（{answer}）。',
      '它必须能应答 stock.read（商品列表为空时也须应答），见 docs/connect-your-store.md。',
    ],
  },
  answer_unreadable: {
    en: [
      'The store’s answer to stock.read has another form than it should.',
      'It is {"items": [{"sku", "quantity"}]} (docs/connect-your-store.md).',
    ],
    zh: [
      '网店对 stock.read 的应答格式不符。',
      '应为 {"items": [{"sku", "quantity"}]}，见 docs/connect-your-store.md。',
    ],
  },
  forgery_accepted: {
    en: [
      'The store took a message that nobody signed: whoever finds the address can set its stock.',
      'Verify the signature in the store’s receiver before anything is read from the message.',
    ],
    zh: ['网店接受了未签名的消息：知道该地址的人都能修改其库存。', '请在网店接收端先验证签名，再读取消息内容。'],
  },

  // — walmart —
  'walmart.scope_missing': {
    en: [
      'The key does not hold this permission: it has {has}.',
      'In Walmart’s Developer Portal give the key full access to it (view is enough for items and reports), or make a new key, then run the checks again.',
    ],
    zh: [
      '密钥不具备此权限：当前为 {has}。',
      '请在沃尔玛 Developer Portal 为密钥授予完全权限（商品和报表可只读），或新建密钥，然后重新检查。',
    ],
  },
  'walmart.invalid_client': {
    en: [
      'Walmart does not know the client id, or the client secret is another one.',
      'Copy both from the key in Walmart’s Developer Portal; a sandbox key works with the sandbox only.',
    ],
    zh: [
      '沃尔玛不认识此 client id，或 client secret 不符。',
      '请从沃尔玛 Developer Portal 的密钥中重新复制两者；沙箱密钥仅可用于沙箱。',
    ],
  },
  'nodes.several_nodes': {
    en: [
      'Items lie at {nodes} ship nodes, and quantities are written to one of them.',
      'Give the id of the ship node in the settings, and set the others to 0 in Seller Center: what lies there stays for sale.',
    ],
    zh: [
      '商品分布在 {nodes} 个发货节点，而库存只写入其中一个。',
      '请在设置中填写发货节点编号，并在 Seller Center 将其他节点的库存设为 0，否则其库存仍会在售。',
    ],
  },

  // — ebay —
  'ebay.scope_missing': {
    en: [
      'The authorization does not hold this permission.',
      'Authorize again: permissions are granted on eBay’s page. A keyset that may not ask for it has to be granted it by eBay first.',
    ],
    zh: ['授权不包含此权限。', '请重新授权，权限在 eBay 页面上授予；若密钥无权申请，须先由 eBay 开通。'],
  },
  not_registered: {
    en: [
      'The seller has not completed the registration at eBay.',
      'Complete it in Seller Hub (identity, payout account), then run the checks again.',
    ],
    zh: ['卖家尚未在 eBay 完成注册。', '请在 Seller Hub 完成身份和收款账户设置，然后重新检查。'],
  },
  policies_missing: {
    en: [
      'The seller does not use business policies; without them the Inventory API publishes nothing.',
      'Opt in under Account, Business policies at eBay.',
    ],
    zh: ['卖家未启用业务政策，否则 Inventory API 无法发布商品。', '请在 eBay 的“账户 › 业务政策”中启用。'],
  },
  destination_down: {
    en: [
      'eBay marked our address for notifications down: it did not answer for long.',
      'See that PUBLIC_URL answers from outside; the subscription is mended by itself. Orders come in by asking meanwhile.',
    ],
    zh: [
      'eBay 已将通知地址标记为失效：长时间没有响应。',
      '请确认 PUBLIC_URL 可从外网访问，订阅会自动修复；期间订单通过轮询读取。',
    ],
  },

  // — shopify —
  'shopify.scope_missing': {
    en: [
      'The app lacks the scope {scope}.',
      'Add it to the app in the Dev Dashboard, release the version, and approve it in the store; then run the checks again.',
    ],
    zh: ['应用缺少权限 {scope}。', '请在 Dev Dashboard 为应用添加该权限并发布版本，在网店中批准后重新检查。'],
  },
  'shopify.scope.read_all_orders.scope_missing': {
    en: [
      'Only orders of the last 60 days can be read.',
      'Nothing else needs it. Where older ones are wanted, ask Shopify for {scope} in the app’s settings.',
    ],
    zh: ['只能读取最近 60 天的订单。', '其他功能不受影响；如需更早的订单，请在应用设置中向 Shopify 申请 {scope}。'],
  },
  payments_absent: {
    en: [
      'The store does not take its payments by Shopify Payments, or has not set it up.',
      'Nothing is missing: settlements come from whoever takes the payments. They are fetched as soon as Shopify Payments is on.',
    ],
    zh: [
      '网店未使用 Shopify Payments 收款，或尚未完成设置。',
      '无需处理：结算由实际收款方提供；启用 Shopify Payments 后会自动获取。',
    ],
  },
  other_shop: {
    en: [
      'These secrets belong to another store: {shop}.',
      'Correct the store’s name in the settings, or give the secrets of its app.',
    ],
    zh: ['凭据属于另一个网店：{shop}。', '请更正设置中的网店域名，或填写该网店应用的凭据。'],
  },
  version_ended: {
    en: [
      'The store answers by version {version}: the one in the settings has ended or does not exist.',
      'Choose a newer API version in the settings.',
    ],
    zh: ['网店以版本 {version} 应答：设置中的版本已停用或不存在。', '请在设置中选择较新的 API 版本。'],
  },
  location_missing: {
    en: [
      'The store has several locations: {locations}.',
      'Give the number of the one whose stock is written in the settings.',
    ],
    zh: ['网店有多个地点：{locations}。', '请在设置中填写要写入库存的地点编号。'],
  },
  location_unknown: {
    en: [
      'The location of the settings is not among the active ones: {locations}.',
      'Correct its number, or activate it in the store.',
    ],
    zh: ['设置中的地点不在启用的地点之列：{locations}。', '请更正编号，或在网店中启用该地点。'],
  },
  buyer_denied: {
    en: [
      'The app may not see names and addresses; orders come in without them.',
      'Apply for protected customer data in the app’s settings, or leave it.',
    ],
    zh: ['应用无权查看买家姓名和地址，订单将不含这些信息。', '请在应用设置中申请受保护的客户数据；不需要时可不处理。'],
  },
}
