/** Findings about what channels are told once, about orders that were missed, and about copies in the own store. */
import type { FindingText } from './findings.ts'

export const errandFindings = {
  errand_refused: {
    en: [
      '{account}: order {order}: the channel did not take what it was told ({code})',
      'Open the order, mend what the channel names, and send it again; or say there that it happened, or give it up.',
    ],
    zh: [
      '{account}：订单 {order} 的通知被平台拒绝（{code}）',
      '请打开订单，按平台提示修正后重新发送；也可标记为已完成或放弃。',
    ],
  },
  errand_undecided: {
    en: [
      '{account}: order {order}: nobody knows whether the channel took what it was told ({code})',
      'It is not repeated by itself, lest it happen twice. Look at the order on the channel’s own page, then say on the order’s page here what happened.',
    ],
    zh: [
      '{account}：订单 {order} 的通知是否生效无法确认（{code}）',
      '为避免重复执行，系统不会自动重发。请在平台后台核对该订单，然后在此订单页选择结果。',
    ],
  },
  acknowledgements_pressing: {
    en: [
      '{account}: {count} orders must be acknowledged by {by} and are not yet: {orders}',
      'Entrepot acknowledges by itself, the earliest first. If the number does not fall, look at the account’s other findings and at the channel’s status page; an order can be acknowledged on the channel’s own page, too.',
    ],
    zh: [
      '{account}：有 {count} 个订单须在 {by} 前确认接单，尚未确认：{orders}',
      '系统会自动确认，最紧急的优先。若数量没有下降，请查看此账户的其他提示和平台状态页；也可在平台后台确认订单。',
    ],
  },
  orders_canceled_soon: {
    en: [
      '{account}: the channel cancels {count} orders from {by} on, because they have not shipped: {orders}',
      'Ship them and give their tracking numbers, or cancel them yourself. A cancellation by the channel counts against you.',
    ],
    zh: [
      '{account}：{count} 个订单尚未发货，平台将从 {by} 起自动取消：{orders}',
      '请尽快发货并填写运单号，或自行取消。被平台取消的订单会影响店铺指标。',
    ],
  },
  orders_missed: {
    en: [
      '{account}: {count} orders were missing: {orders}',
      'The channel’s list never told of them; the daily count found them, and they are here now. Ship them first, and look at the channel’s status page. It ends with the next count that finds none.',
    ],
    zh: [
      '{account}：曾缺失 {count} 个订单：{orders}',
      '平台的订单列表未曾返回这些订单；每日核对已发现并导入。请优先发货，并查看平台状态页。下次核对无缺失时此提示自动结束。',
    ],
  },
  copied_twice: {
    en: [
      '{account}: order {order} was copied into the store twice',
      'Two tools write orders into the store, so it would be shipped twice. Cancel one of the copies there and switch off one of the tools.',
    ],
    zh: [
      '{account}：订单 {order} 被重复复制到商店',
      '有两个工具在向商店写入订单，可能会重复发货。请在商店取消其中一份，并关闭其中一个工具。',
    ],
  },
  copy_alone: {
    en: [
      '{account}: order {order} says that it is a copy of {source}, which nobody has told',
      'It holds no stock while its original is not known. Look for the original on its channel; if there is none, book its units by hand.',
    ],
    zh: [
      '{account}：订单 {order} 标注为 {source} 的副本，但原订单未知',
      '原订单未知时不占用库存。请在平台查找原订单；若不存在，请手动登记其数量。',
    ],
  },
  copy_impossible: {
    en: [
      '{account}: order {order} cannot be copied: its line {line} is not listed in the store',
      'List the variant in the store and link its SKU, or link the SKU of the order. It is tried again every ten minutes.',
    ],
    zh: [
      '{account}：订单 {order} 无法复制：第 {line} 行的商品未在商店上架',
      '请在商店上架该变体并配对 SKU，或为订单 SKU 配对。系统每十分钟重试一次。',
    ],
  },
  copy_not_followed: {
    en: [
      '{account}: what was done with copy {order} could not be passed on ({code})',
      'Do it for the original on its own channel, or add what is missing to the copy (a tracking number, say). It is tried again every ten minutes.',
    ],
    zh: [
      '{account}：副本 {order} 的处理未能传回原订单（{code}）',
      '请在原平台处理，或在副本中补全信息（例如物流单号）。系统每十分钟重试一次。',
    ],
  },
} satisfies Record<string, FindingText>
