/** Refusals about kits, shelves and what travels between them. */
import { type ProblemText, text } from './problem-text.ts'

export const stockProblems = {
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
} as const satisfies Record<string, ProblemText>
