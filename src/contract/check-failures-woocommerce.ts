/** Why a live check of a store with WooCommerce failed, and what to do. */
import type { FailureText } from './check-failures.ts'

export const checkFailuresOfWoocommerce: Record<string, FailureText> = {
  'site.unavailable': {
    en: [
      'The store does not answer at the address in the settings ({answer}).',
      'Check the address, the certificate and the firewall. A store in the same network needs the setting “The store is in the same network” (sameNetwork).',
    ],
    zh: [
      '网店在设置的地址上没有响应（{answer}）。',
      '请检查地址、证书和防火墙；同一网络内的网店需在设置中勾选“网店在同一网络”（sameNetwork）。',
    ],
  },
  'site.rejected': {
    en: [
      'The address may not be called ({answer}).',
      'Give the store’s public address with https. A store in the same network, or on this machine, needs the setting “The store is in the same network” (sameNetwork).',
    ],
    zh: [
      '该地址不允许访问（{answer}）。',
      '请填写网店的公网 https 地址；同一网络或本机的网店需在设置中勾选“网店在同一网络”（sameNetwork）。',
    ],
  },
  no_rest_api: {
    en: [
      'At this address WordPress gives no REST API: permalinks are “plain”, a plugin switched it off, or the address is another one.',
      'In WordPress set Settings, Permalinks to anything but “Plain”, and see that /wp-json/ opens in a browser.',
    ],
    zh: [
      '该地址没有 WordPress REST API：固定链接为“朴素”、被插件关闭，或地址不对。',
      '请在 WordPress 的“设置 › 固定链接”中选择“朴素”以外的选项，并确认浏览器能打开 /wp-json/。',
    ],
  },
  no_woocommerce: {
    en: [
      'WordPress answers, but WooCommerce is not active there.',
      'Activate the plugin WooCommerce, then run the checks again.',
    ],
    zh: ['WordPress 可访问，但 WooCommerce 未启用。', '请启用 WooCommerce 插件后重新检查。'],
  },
  nobody_known: {
    en: [
      'The store recognized nobody: the key was deleted, or the host drops the sign-in header on its way.',
      'Look whether the key is still under WooCommerce, Settings, Advanced, REST API. If it is, switch on “Sign the calls” in the settings.',
    ],
    zh: [
      '网店未识别任何身份：密钥已删除，或主机丢弃了登录标头。',
      '请在“WooCommerce › 设置 › 高级 › REST API”确认密钥仍在；若在，请在设置中启用“对调用签名”。',
    ],
  },
  'woocommerce.signature_refused': {
    en: [
      'The store refuses our signature.',
      'Give the address exactly as under Settings, General, “Site Address” in WordPress, compare the secret, and see that the clocks agree.',
    ],
    zh: [
      '网店拒绝我们的签名。',
      '请填写与 WordPress“设置 › 常规”中“站点地址”完全一致的地址，核对密钥，并确认两边时钟一致。',
    ],
  },
  'woocommerce.invalid_client': {
    en: [
      'The store refuses the key.',
      'Compare consumer key and secret; if the secret is lost, make a new key under WooCommerce, Settings, Advanced, REST API.',
    ],
    zh: [
      '网店拒绝该密钥。',
      '请核对 consumer key 和 secret；遗失时请在“WooCommerce › 设置 › 高级 › REST API”新建密钥。',
    ],
  },
  read_only: {
    en: ['The key may read only.', 'Make a key with the permission Read/Write, of a user who manages the shop.'],
    zh: ['该密钥只有读取权限。', '请用店铺管理员用户新建“读取/写入”密钥。'],
  },
  stock_off: {
    en: [
      'The store keeps no stock: nothing it shows counts anything.',
      'Switch on WooCommerce, Settings, Products, Inventory, “Enable stock management”.',
    ],
    zh: ['网店未启用库存管理，其数量没有意义。', '请在“WooCommerce › 设置 › 产品 › 库存”中启用库存管理。'],
  },
  hold_off: {
    en: [
      'The store keeps nothing for a buyer who is paying: two can pay for the last unit, and orders that nobody pays are never canceled.',
      'Enter minutes (60 is usual) under WooCommerce, Settings, Products, Inventory, “Hold stock (minutes)”.',
    ],
    zh: [
      '网店不为付款中的买家保留库存：最后一件可能被两人付款，未付款订单也不会自动取消。',
      '请在“WooCommerce › 设置 › 产品 › 库存”填写“保留库存（分钟）”（通常为 60）。',
    ],
  },
  too_old: {
    en: ['WooCommerce {version} cannot tell orders by their last change.', 'Update WooCommerce to 5.8 or newer.'],
    zh: ['WooCommerce {version} 无法按修改时间列出订单。', '请将 WooCommerce 升级到 5.8 或更高版本。'],
  },
  plain_http: {
    en: [
      'The store is called without encryption: whoever is in that network can read orders and buyers.',
      'Give the store a certificate and its address with https. The key itself is never sent in the open.',
    ],
    zh: [
      '对网店的访问未加密：同一网络中的人可读取订单和买家信息。',
      '请为网店配置证书并使用 https 地址。密钥本身不会明文发送。',
    ],
  },
  cron_off: {
    en: [
      'WordPress’s own timer is off: webhooks leave late or never, unless the server runs wp-cron itself.',
      'Let the server call wp-cron.php every minute. Orders come in by asking meanwhile.',
    ],
    zh: [
      'WordPress 定时任务已关闭：除非服务器自行运行 wp-cron，否则 webhook 会延迟或丢失。',
      '请让服务器每分钟调用 wp-cron.php；期间订单通过轮询读取。',
    ],
  },
  webhook_off: {
    en: [
      'The store switched a webhook of ours off: it was not answered more than five times.',
      'See that PUBLIC_URL answers from the store; the webhook is switched on again by itself. Orders come in by asking meanwhile.',
    ],
    zh: [
      '网店关闭了我们的 webhook：连续五次以上无应答。',
      '请确认网店能访问 PUBLIC_URL，webhook 会自动重新启用；期间订单通过轮询读取。',
    ],
  },
}
