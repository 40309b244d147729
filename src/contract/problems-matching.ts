/** Refusals about what remote SKUs stand for. */
import { text } from './problem-text.ts'

export const matchingProblems = {
  link_has_orders: text(
    409,
    [
      '{remoteSku} of {account} has sold already',
      'Orders took units through this link, so taking it back would lose them. Nothing changed.',
    ],
    ['{account} 的 {remoteSku} 已有销量', '已有订单通过此配对占用库存，解除会丢失这些记录。未作任何更改。'],
  ),
  link_was_written: text(
    409,
    [
      '{remoteSku} of {account} may still sell what was written there',
      'Entrepot wrote a quantity to it. Let it show 0 first (a publishing rule with a cap of 0), then take the link back. Nothing changed.',
    ],
    [
      '{account} 的 {remoteSku} 可能仍在出售已写入的数量',
      'Entrepot 已向其写入数量。请先让它显示0（上限为0的展示规则），再解除配对。未作任何更改。',
    ],
  ),
}
