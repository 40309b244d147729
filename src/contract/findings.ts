/** What people read about a finding, in both languages: what is wrong, and what to do. */

import { fill } from './fill.ts'
import { errandFindings } from './findings-errands.ts'
import { withReasons } from './reasons.ts'

export interface FindingText {
  en: [title: string, next: string]
  zh: [title: string, next: string]
}

export const findingTexts = {
  ...errandFindings,
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
  dispatch_failed: {
    en: [
      '{account} does not ship an order of the own store ({state})',
      'It was handed over because own shelves lack the units. Ship it by hand, or cancel it with the buyer. The order page tells more.',
    ],
    zh: [
      '{account} 未能代发自有网店的订单（{state}）',
      '因自有仓库缺货已转交平台代发。请改为自行发货，或与买家协商取消；详情见订单页。',
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
      '{account}: {sku} changed in the store while a number of ours was being set',
      'It got no answer, or an order fell into the same moment: they cannot be told apart, so the lower level was booked. Count the SKU at the location; this ends by itself then.',
    ],
    zh: [
      '{account}：{sku} 在店铺发生变动，同时我们正在写入数量',
      '该写入没有得到答复，或同一时刻有订单，无法区分，已按较低的库存入账。请盘点该 SKU，之后此提示自动消失。',
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
  settlements_denied: {
    en: [
      '{account}: the channel does not let the app read settlements ({code})',
      'Orders and quantities are not touched. Give the app the permission, which the checks of the account name, and authorize again; settlements are tried twice a day.',
    ],
    zh: [
      '{account}：平台不允许应用读取结算（{code}）',
      '订单与库存不受影响。请为应用添加账户检查中列出的权限并重新授权；系统每天尝试两次。',
    ],
  },
  listing_unreadable: {
    en: [
      '{account}: the listing {sku} could not be read ({where})',
      'The other listings are read. Report it with the journal; it is read again with every pull.',
    ],
    zh: ['{account}：商品 {sku} 无法读取（{where}）', '其他商品照常读取；每次拉取都会重新尝试。请附上操作日志反馈。'],
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
  notifications_missing: {
    en: [
      '{account}: {missed} of the last {orders} orders came without a notification',
      'Nothing is lost: orders are read every {minutes} minutes all the same, only later. See under Accounts whether notifications are subscribed and refused, and that PUBLIC_URL is reached from the internet.',
    ],
    zh: [
      '{account}：最近 {orders} 个订单中有 {missed} 个没有收到通知',
      '不会丢单：系统仍每 {minutes} 分钟读取一次订单，只是会稍晚。请在“店铺”页查看通知是否已订阅、是否被拒绝，并确认 PUBLIC_URL 可从互联网访问。',
    ],
  },
  notifications_refused: {
    en: [
      '{account}: notifications arrive and are refused ({why})',
      'Most often the secret is not the one the channel signs with: give the current one under Accounts. Orders are read all the same.',
    ],
    zh: [
      '{account}：收到的通知被拒绝（{why}）',
      '通常是密钥与平台签名所用的不一致：请在“店铺”页填写当前密钥。订单仍会照常读取。',
    ],
  },
  subscribing_failing: {
    en: [
      '{account}: notifications could not be subscribed ({topics})',
      'It is tried again by itself. If it stays, check the app’s permissions on the channel, and that PUBLIC_URL starts with https. Orders are read all the same.',
    ],
    zh: [
      '{account}：无法订阅通知（{topics}）',
      '系统会自动重试；若持续失败，请检查平台上应用的权限，以及 PUBLIC_URL 是否以 https 开头。订单仍会照常读取。',
    ],
  },
  erasure_asked: {
    en: [
      '{account}: a buyer’s data must be erased by {by}: {orders}',
      'The channel asks for it on the buyer’s behalf. The hub erases its own by itself, once the goods have left. Erase what you keep of these orders elsewhere, too, then say under Privacy that it is done.',
    ],
    zh: [
      '{account}：须在 {by} 前删除买家数据：{orders}',
      '平台代买家提出此要求。系统会在发货后自动删除自身保存的数据。请同时删除在其他地方保存的这些订单的买家信息，然后在“隐私”页标记完成。',
    ],
  },
  erasure_of_all: {
    en: [
      '{account}: all buyers’ data of this account must be erased by {by}',
      'The channel asks for it because the connection ended. The hub erases its own by itself. Erase what you keep elsewhere, too, then say under Privacy that it is done.',
    ],
    zh: [
      '{account}：须在 {by} 前删除该店铺的全部买家数据',
      '连接已结束，平台要求删除。系统会自动删除自身保存的数据。请同时删除在其他地方保存的数据，然后在“隐私”页标记完成。',
    ],
  },
  export_asked: {
    en: [
      '{account}: a buyer wants to know by {by} what is held of them: {orders}',
      'Download the file under Privacy, add what you keep elsewhere, hand it over, then say there that it is done.',
    ],
    zh: [
      '{account}：买家要求在 {by} 前提供其个人数据：{orders}',
      '请在“隐私”页下载文件，补充其他地方保存的数据后交给买家，然后在该页标记完成。',
    ],
  },
  live_unchecked: {
    en: [
      '{account} is live without checks that passed; {by} wanted it so',
      'Check the connection on the account’s card. This ends when every needed check passes, or the account is no longer live.',
    ],
    zh: [
      '{account} 未通过检查即已正式运行（由 {by} 决定）',
      '请在店铺卡片上检查连接；必需的检查全部通过或不再正式运行后，此提示自动结束。',
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

/** Lists of any length among the values; in whole they stand where the finding points to. */
const lists: ReadonlySet<string> = new Set(['topics'])

/** Up to three are named; of more the first two, and how many there are. */
function shortList(value: string, language: 'en' | 'zh'): string {
  const all = value.split(', ')
  const isShort = all.length <= 3
  const named = isShort ? all : all.slice(0, 2)
  if (language === 'zh') return named.join('、') + (isShort ? '' : ` 等 ${all.length} 项`)
  return named.join(', ') + (isShort ? '' : ` and ${all.length - 2} more`)
}

export function findingText(
  code: string,
  data: Record<string, unknown>,
  language: 'en' | 'zh',
): { title: string; next: string } {
  const found: FindingText | undefined = findingTexts[code as FindingCode]
  if (!found) return { title: code, next: '' }
  const [title, next] = found[language]
  const values = Object.fromEntries(
    Object.entries(withReasons(code, data, language)).map(([name, value]) => [
      name,
      lists.has(name) && typeof value === 'string' ? shortList(value, language) : value,
    ]),
  )
  return { title: fill(title, values), next: fill(next, values) }
}
