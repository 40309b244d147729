/** Refusals about kits, shelves and what travels between them. */
import { type ProblemText, text } from './problem-text.ts'

export const stockProblems = {
  channel_lends_nothing: text(
    422,
    [
      '{account} ships nothing for others',
      'Only a channel that ships orders of other shops from its own warehouses can lend units (Amazon does). Nothing changed.',
    ],
    [
      '{account} 不代其他店铺发货',
      '只有能从自有仓库为其他店铺发货的平台（如亚马逊多渠道配送）才能出借库存。未作任何更改。',
    ],
  ),
  lent_by_another: text(
    409,
    [
      '{account} lends {sku} already',
      'One account lends of a variant. End its lending first, then set it here. Nothing changed.',
    ],
    ['{account} 已在出借 {sku}', '每个商品只能由一个店铺出借。请先取消原有出借，再在此设置。未作任何更改。'],
  ),
  kit_has_stock: text(
    409,
    [
      '{sku} has stock or open orders of its own',
      'A kit is counted in its components. Book its stock ({onHand} on hand) to the components and let its open orders end, then define the kit. Nothing changed.',
    ],
    [
      '{sku} 自身仍有库存或未完成订单',
      '组合商品按组件计库存。请先将其库存（在库 {onHand}）转记到组件，并等其未完成订单结束，再定义组合。未作任何更改。',
    ],
  ),
  kit_holds_nothing: text(
    422,
    ['{sku} is a kit', 'A kit has no stock of its own: book the units of its components. Nothing changed.'],
    ['{sku} 是组合商品', '组合商品没有自己的库存，请登记其组件的数量。未作任何更改。'],
  ),
  kit_in_itself: text(
    422,
    [
      'A kit cannot contain itself: {cycle}',
      'Each of these contains the next. Take one of them out of another. Nothing changed.',
    ],
    ['组合商品不能包含自身：{cycle}', '其中每一个都包含下一个，请移除其中一层。未作任何更改。'],
  ),
  kit_too_deep: text(
    422,
    [
      '{sku} would be {depth} kits deep',
      'Kits may lie {most} deep in each other. Put the components of an inner kit in its place. Nothing changed.',
    ],
    ['{sku} 将嵌套 {depth} 层组合', '组合最多可嵌套 {most} 层，请用内层组合的组件代替该组合。未作任何更改。'],
  ),
  kit_too_large: text(
    422,
    [
      'The kit takes too many units',
      'One kit may take at most {most} units of a component, all levels together. Nothing changed.',
    ],
    ['组合所需数量过大', '每个组合对单一组件的总用量（各层合计）最多为 {most}。未作任何更改。'],
  ),
  stock_below_zero: text(
    422,
    [
      '{location} does not hold that many of {sku}',
      'On hand there: {onHand}, of which unsellable {unsellable} and allocated {allocated}. Nothing changed. Count the shelf and book the count.',
    ],
    [
      '{location} 没有这么多 {sku}',
      '该仓在库 {onHand}，其中不可售 {unsellable}、已分配 {allocated}。未作任何更改，请盘点后录入盘点数。',
    ],
  ),
  threshold_order: text(
    422,
    [
      'The maximum {maximum} is below the minimum {minimum}',
      'Raise the maximum or lower the minimum. Nothing changed.',
    ],
    ['上限 {maximum} 小于下限 {minimum}', '请提高上限或降低下限。未作任何更改。'],
  ),
  transfer_same_place: text(
    422,
    ['{location} cannot be filled from itself', 'Name another location to take the units from. Nothing changed.'],
    ['{location} 不能从自身补货', '请选择另一个调出仓库。未作任何更改。'],
  ),
  transfer_too_large: text(
    409,
    [
      'Of {sku} {can} can leave {location}, {quantity} were asked for',
      'Units that are unsellable or that orders wait for stay where they are. Lower the quantity. Nothing changed.',
    ],
    [
      '{location} 的 {sku} 最多可调出 {can} 件，请求 {quantity} 件',
      '不可售的和订单等待的件数不会调出。请减少数量。未作任何更改。',
    ],
  ),
  transfer_more_than_open: text(
    409,
    [
      'Only {open} units of this transfer are still on the way',
      '{quantity} were given. Units beyond that are a receipt or an adjustment of their own. Nothing changed.',
    ],
    ['该调拨仅剩 {open} 件在途', '填写了 {quantity} 件；超出部分请另作入库或调整。未作任何更改。'],
  ),
  transfer_closed: text(
    409,
    ['This transfer has ended', 'It is {state} already. Nothing changed.'],
    ['该调拨已结束', '当前状态为 {state}。未作任何更改。'],
  ),
  store_cannot_be_master: text(
    409,
    [
      '{account} cannot be the master of a location',
      'Only a store that tells its stock and its orders, and whose number is compared or looked at before it is set, can be: otherwise nobody could tell its changes from our writes. Keep the hub as the master. Nothing changed.',
    ],
    [
      '{account} 不能作为仓库的主数据来源',
      '只有能提供库存和订单、且数量在写入前能比较或先行读取的店铺才可以，否则无法区分店铺自身的变动与我们的写入。请继续以本系统为准。未作任何更改。',
    ],
  ),
  master_needs_location: text(
    422,
    ['Which location is it?', 'Say which location of yours the location of {account} is. Nothing changed.'],
    ['请选择对应的仓库', '请指定 {account} 的该地点对应您的哪个仓库。未作任何更改。'],
  ),
  master_taken: text(
    409,
    [
      'One location has one master',
      'Another location of {account} is the master already, or this location has another store as its master. Give the role back to the hub there first. Nothing changed.',
    ],
    [
      '一个仓库只能有一个主数据来源',
      '{account} 的另一地点已是主数据来源，或该仓库已以其他店铺为准。请先在那里改回本系统。未作任何更改。',
    ],
  ),
} as const satisfies Record<string, ProblemText>
