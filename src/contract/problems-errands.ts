/** Refusals about what channels are to be told: shipments, cancellations, refunds, and a person's word about them. */
import { type ProblemText, text } from './problem-text.ts'

export const errandProblems = {
  unknown_line: text(
    422,
    [
      'The order has no line {line}',
      'Use the id of one of its lines, or the line’s id at the channel. Nothing changed.',
    ],
    ['订单中没有行 {line}', '请使用订单行的编号，或该行在平台上的编号。未作任何更改。'],
  ),
  line_unlinked: text(
    409,
    [
      'The SKU of line {line} is unknown here',
      'Link the SKU to a variant on the order page first, so that its stock moves too. Nothing changed.',
    ],
    ['行 {line} 的 SKU 尚未配对', '请先在订单页将该 SKU 与变体配对，库存才能随之变动。未作任何更改。'],
  ),
  more_than_open: text(
    409,
    [
      'Line {line} has {open} units open, {quantity} were given',
      'Units that left, were canceled or are already asked for do not count. Lower the quantity. Nothing changed.',
    ],
    [
      '行 {line} 仅剩 {open} 件待处理，提交了 {quantity} 件',
      '已发出、已取消或已提交的数量不再计入，请减少数量。未作任何更改。',
    ],
  ),
  order_not_shippable: text(
    409,
    [
      'Order {order} cannot take this at present: {state}',
      'It must be open and for us to ship; what is pending, canceled, shipped or the channel’s own cannot. Nothing changed.',
    ],
    [
      '订单 {order} 当前无法执行此操作（{state}）',
      '订单须为待发货且由我们发货；待付款、已取消、已发货或由平台发货的订单不可操作。未作任何更改。',
    ],
  ),
  shipment_needs_tracking: text(
    422,
    [
      '{account} takes no shipment without a tracking number',
      'Give the carrier and its tracking number. Nothing changed.',
    ],
    ['{account} 要求提供物流单号', '请填写承运商及物流单号。未作任何更改。'],
  ),
  channel_cannot: text(
    409,
    [
      '{account} cannot be asked for that ({what})',
      'Do it on the channel’s own page; the order here follows by itself. Nothing changed.',
    ],
    ['{account} 不支持此操作（{what}）', '请在平台后台处理，此处的订单会自动更新。未作任何更改。'],
  ),
  refund_too_large: text(
    422,
    [
      'Order {order}: {amount} cannot be refunded',
      'A refund is more than 0, and all of an order’s refunds together are at most its total: {most} are left (hundredths of {currency}). Nothing changed.',
    ],
    [
      '订单 {order}：无法退款 {amount}',
      '退款须大于 0，且同一订单的退款合计不得超过订单总额，剩余可退 {most}（{currency} 最小单位）。未作任何更改。',
    ],
  ),
  errand_closed: text(
    409,
    ['This is over already ({state})', 'Reload the order. Nothing changed.'],
    ['该事项已结束（{state}）', '请刷新订单页。未作任何更改。'],
  ),
  errand_under_way: text(
    409,
    [
      'The channel is being asked at this moment: {state}',
      'What becomes of it is read back by itself. Say “send again” only once it was refused or nothing more can be learned.',
    ],
    ['正在与平台通信（{state}）', '系统会自动回读结果。只有在被拒绝或无法再确认时才可选择“重新发送”。'],
  ),
  errand_too_early: text(
    409,
    [
      'The first call may still arrive, until {until}',
      'Sending again now could carry it out twice. Wait until then, look at the channel once more, and decide.',
    ],
    ['首次请求在 {until} 之前仍可能送达', '现在重新发送可能会执行两次，请等到该时间后再次核对平台，然后决定。'],
  ),
  write_through_store: text(
    422,
    [
      'Orders of {account} cannot be copied into {store}',
      'The first must be a marketplace, the second an own store that takes copies. Nothing changed.',
    ],
    ['{account} 的订单无法复制到 {store}', '前者须为平台店铺，后者须为支持副本的自有商店。未作任何更改。'],
  ),
  another_writer_active: text(
    409,
    [
      'Another tool writes quantities of {account}',
      'It wrote {sku} lately, so two would write at once and oversell. Switch off its stock updates; the account can go live a day after its last write. The stage did not change.',
    ],
    [
      '有其他工具在写入 {account} 的库存',
      '该工具最近写入过 {sku}，同时写入会造成超卖。请先关闭其库存更新；其最后一次写入满一天后即可上线。阶段未更改。',
    ],
  ),
} as const satisfies Record<string, ProblemText>
