/** Why a live check of a store at BigCommerce failed, and what to do. */
import type { FailureText } from './check-failures.ts'

export const checkFailuresOfBigcommerce: Record<string, FailureText> = {
  'bigcommerce.token.missing': {
    en: [
      'BigCommerce knows no store with this hash ({answer}).',
      'Copy what stands after /stores/ in the API path that was shown with the API account.',
    ],
    zh: [
      'BigCommerce 没有此 hash 对应的网店（{answer}）。',
      '请从 API 账户显示的 API 路径中复制 /stores/ 之后的部分。',
    ],
  },
  'bigcommerce.scope_missing': {
    en: [
      'The API account lacks the scope {scope}.',
      'Scopes of an API account cannot be changed: create a new one with this scope (control panel, Settings, Store-level API accounts) and give its token.',
    ],
    zh: [
      'API 账户缺少权限 {scope}。',
      'API 账户的权限无法更改：请新建包含该权限的账户（控制面板 › Settings › Store-level API accounts）并填写其令牌。',
    ],
  },
  'bigcommerce.counts_late': {
    en: [
      'The store lowers its numbers only when an order is shipped or completed: until then it would sell the same units again.',
      'Set the store’s inventory settings (control panel, Settings, Inventory) so that stock is lowered when an order is placed.',
    ],
    zh: [
      '网店在订单发货或完成时才扣减库存，在此之前同一件商品会被重复售出。',
      '请在控制面板 › Settings › Inventory 中设置为下单时扣减库存。',
    ],
  },
  'bigcommerce.other_shop': {
    en: ['The store that answered is another one: {shop}.', 'Correct the store hash in the settings.'],
    zh: ['应答的是另一个网店：{shop}。', '请更正设置中的店铺 hash。'],
  },
  invalid_token: {
    en: [
      'The store refuses the access token.',
      'See that it belongs to this store and that the API account was not deleted; give the token anew.',
    ],
    zh: ['网店拒绝该 access token。', '请确认它属于此网店且 API 账户未被删除，然后重新填写。'],
  },
  secret_missing: {
    en: [
      'Without the API account’s client secret nothing that the store sends can be believed.',
      'Give the client secret; until then orders are found by asking every minute.',
    ],
    zh: ['缺少 API 账户的 client secret，无法确认网店发来的通知。', '请填写 client secret；在此之前每分钟轮询订单。'],
  },
}
