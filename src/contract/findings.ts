/** What people read about a finding, in both languages: what is wrong, and what to do. */
import { fill } from './fill.ts'

interface FindingText {
  en: [title: string, next: string]
  zh: [title: string, next: string]
}

export const findingTexts = {
  oversold: {
    en: [
      '{sku}: {units} units sold that are not there',
      'Receive or count stock, or cancel an order of it on its channel; nothing is canceled by itself. A cancellation counts in the rate that the channel measures (Amazon wants it below 2.5 %). Every channel is being set to 0.',
    ],
    zh: [
      '{sku}：超卖 {units} 件',
      '请入库或盘点，或在对应平台取消订单；系统不会自动取消。取消会计入平台的取消率（亚马逊要求低于 2.5%）。所有平台的库存正被设为 0。',
    ],
  },
  unknown_sku: {
    en: [
      'Order {order} has the unknown SKU {sku}',
      'Link the SKU to a variant on the order page; the order then takes its stock by itself.',
    ],
    zh: ['订单 {order} 含未知 SKU {sku}', '请在订单页将该 SKU 与变体配对，订单随后会自动占用库存。'],
  },
  odd_order_step: {
    en: [
      'Order {order} went from {from} to {to}',
      'This step is unusual. Compare the order with its channel; stock follows the newest state.',
    ],
    zh: ['订单 {order} 从 {from} 变为 {to}', '这一变化不常见，请与平台核对；库存以最新状态为准。'],
  },
  order_unreadable: {
    en: [
      'Order {order} could not be read at {where}',
      'Its stock is not reserved; what came is kept sealed. Report the field names; after an update try it again here.',
    ],
    zh: [
      '订单 {order} 在 {where} 处无法读取',
      '该订单未预留库存，原始内容已加密保留。请反馈字段名称，更新后可在此重试。',
    ],
  },
  strange_field: {
    en: [
      '{account}: orders come with {field} in a form that is not documented',
      'The orders are here without what could not be read, and are kept as they came. Compare one with its channel and report the field name.',
    ],
    zh: [
      '{account}：订单字段 {field} 的形式与平台文档不符',
      '订单已导入（无法读取的部分除外），原始数据已加密保存。请与平台核对，并反馈字段名称。',
    ],
  },
  pull_failing: {
    en: [
      '{account}: reading {stream} fails ({code}), {failures} times in a row',
      'It is tried again by itself. If it stays, check the channel’s status page and the journal.',
    ],
    zh: [
      '{account}：读取 {stream} 连续失败 {failures} 次（{code}）',
      '系统会自动重试；若持续失败，请查看平台状态页和操作日志。',
    ],
  },
  push_failing: {
    en: [
      '{account}: quantities cannot be sent ({code})',
      'It is tried again by itself. If it stays, report it with the log; other accounts go on.',
    ],
    zh: ['{account}：库存无法推送（{code}）', '系统会自动重试；若持续失败，请附上日志反馈。其他店铺不受影响。'],
  },
  account_halted: {
    en: [
      '{account} is halted: the channel refused our access ({code})',
      'Authorize the account again and give the new refresh token under Accounts. It is tried again every 15 minutes; other accounts go on.',
    ],
    zh: [
      '{account} 已停止：平台拒绝了我们的访问（{code}）',
      '请重新授权，并在“店铺”页填写新的 refresh token。系统每15分钟重试一次，其他店铺不受影响。',
    ],
  },
  held_stock_unreadable: {
    en: [
      '{account}: {count} lines of the stock that the channel holds could not be read',
      'Its other lines are shown; nothing is forgotten until all can be read. Report it with the journal.',
    ],
    zh: [
      '{account}：平台仓库存有 {count} 行无法读取',
      '其余各行照常显示；在全部可读之前不会删除任何数据。请附上操作日志反馈。',
    ],
  },
  store_stock_unreadable: {
    en: [
      '{account}: {count} lines of the store’s stock could not be read',
      'Its other lines are booked as they come; these wait. Report it with the journal.',
    ],
    zh: ['{account}：店铺库存有 {count} 行无法读取', '其余各行照常入账，这些行暂不处理。请附上操作日志反馈。'],
  },
  store_level_unclear: {
    en: [
      '{account}: {sku} changed in the store while a number of ours got no answer',
      'Both cannot be told apart, so the lower level was booked. Count the SKU at the location; this ends by itself then.',
    ],
    zh: [
      '{account}：{sku} 在店铺发生变动，同时我们的一次写入没有得到答复',
      '两者无法区分，已按较低的库存入账。请盘点该 SKU，之后此提示自动消失。',
    ],
  },
  store_beyond_books: {
    en: [
      '{account}: {units} more units of {sku} left the store than the location has',
      'They are booked as soon as the location has them. Look whether a receipt is missing, or whether units were booked to another location.',
    ],
    zh: [
      '{account}：店铺 {sku} 多减少了 {units} 件，超出该仓库账面',
      '该仓库有货后会自动入账。请检查是否漏记入库，或记到了其他仓库。',
    ],
  },
  settlement_unreadable: {
    en: [
      '{account}: settlement {settlement} could not be fetched ({where})',
      'Download it from the channel by hand while it still has it; the others are here.',
    ],
    zh: ['{account}：结算报告 {settlement} 无法获取（{where}）', '请趁平台仍保留时手动下载；其余报告已保存。'],
  },
  listings_unlinked: {
    en: [
      '{account}: {count} listings belong to no variant',
      'Link them to variants, or leave them: unlinked listings are never written.',
    ],
    zh: ['{account}：{count} 个 Listing 尚未配对变体', '请与变体配对，或保持不变：未配对的 Listing 不会被写入库存。'],
  },
  late_sale: {
    en: [
      '{account}: order {order} was told {minutes} minutes too late',
      'Its {units} × {sku} counted as unsold by then and may have been offered elsewhere. The listing is set to 0 and counted anew by itself, and sales of this account are now taken for known {margin} minutes later. If it comes back, look at the channel’s status page.',
    ],
    zh: [
      '{account}：订单 {order} 迟到 {minutes} 分钟',
      '当时该订单的 {units} 件 {sku} 被视为未售出，可能已在其他平台展示。系统会自动将该 Listing 清零并重新核算，今后此店铺的订单要再等 {margin} 分钟才视为完整。若反复出现，请查看平台状态页。',
    ],
  },
  another_writer: {
    en: [
      '{account} {sku}: something else writes this quantity; it showed {shown} at {at}',
      'Entrepot never sent that number: {surplus} units more than it can explain may be sold there. The listing is set to 0 and counted anew by itself. Switch off the other tool’s stock updates, or pause this account.',
    ],
    zh: [
      '{account} {sku}：有其他工具在写入库存；{at} 显示 {shown}',
      '该数字并非由 Entrepot 发送，可能多卖出 {surplus} 件。系统会自动将该 Listing 清零并重新核算。请关闭其他工具的库存更新，或暂停此店铺。',
    ],
  },
  slot_drift: {
    en: [
      '{account} {sku}: expected {expected}, shows {shown}',
      'It is set right by itself. If it comes back, another tool writes this quantity.',
    ],
    zh: [
      '{account} {sku}：预期 {expected}，实际显示 {shown}',
      '系统会自动修正；若反复出现，可能有其他工具在写入该库存。',
    ],
  },
  feed_stuck: {
    en: [
      '{account}: a feed with {lines} quantities is not done after {hours} hours',
      'Its listings wait for it; only sell-outs go past it, by single calls. It is asked for again by itself. If it stays, look at the feeds on the channel’s own page and cancel it there.',
    ],
    zh: [
      '{account}：包含 {lines} 条库存的批量上传在 {hours} 小时后仍未完成',
      '相关商品正在等待其结束；只有售罄会绕过它、以单次调用立即推送。系统会自动继续查询；若仍未完成，请到平台后台查看并取消该上传。',
    ],
  },
  slot_refused: {
    en: [
      '{account} {sku}: the channel refused quantity {quantity} ({code})',
      'Mend the listing on the channel; the quantity is sent again by itself, after half an hour and then more seldom, and at the next change.',
    ],
    zh: [
      '{account} {sku}：平台拒绝了数量 {quantity}（{code}）',
      '请在平台上修正该 Listing；系统会自动重试（先半小时，之后间隔逐渐拉长），库存变化时也会重新发送。',
    ],
  },
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
  webhook_given_up: {
    en: [
      '{count} events to {origin} were given up ({reason})',
      'Check the receiver, then send them again here. They are kept.',
    ],
    zh: ['发往 {origin} 的 {count} 个事件已放弃发送（{reason}）', '请检查接收端，然后在此重新发送；事件已保留。'],
  },
  webhook_failing: {
    en: [
      'Events to {origin} are not taken ({reason}), {attempts} tries',
      'Check the receiver. Events wait for about three days.',
    ],
    zh: ['发往 {origin} 的事件未被接收（{reason}），已尝试 {attempts} 次', '请检查接收端，事件约保留三天。'],
  },
} as const satisfies Record<string, FindingText>

export type FindingCode = keyof typeof findingTexts

export function findingText(
  code: string,
  data: Record<string, unknown>,
  language: 'en' | 'zh',
): { title: string; next: string } {
  const found: FindingText | undefined = findingTexts[code as FindingCode]
  if (!found) return { title: code, next: '' }
  const [title, next] = found[language]
  return { title: fill(title, data), next: fill(next, data) }
}
