/** Why a row was not taken and why an import stopped, in words, in both languages. `{name}` is filled from the fault. */
import { fill } from './fill.ts'

interface Words {
  en: string
  zh: string
}
const words = (en: string, zh: string): Words => ({ en, zh })

export const rowFaultTexts: Record<string, Words> = {
  missing: words('{field} is empty.', '“{field}”为空。'),
  too_long: words('{field} is longer than {max} characters.', '“{field}”超过{max}个字符。'),
  not_a_number: words('{field} “{value}” is no whole number that fits.', '“{field}”的值“{value}”不是有效的整数。'),
  below_zero: words('{field} is {value}; it cannot be below zero.', '“{field}”为{value}，不能小于零。'),
  not_a_time: words(
    '{field} “{value}” is no date; write it as 2026-11-22 18:00.',
    '“{field}”的值“{value}”不是日期，请写成2026-11-22 18:00。',
  ),
  not_an_amount: words('{field} “{value}” is no amount of the currency.', '“{field}”的值“{value}”不是该币种的金额。'),
  damaged_number: words(
    '{field} “{value}” was shortened by a spreadsheet and its last digits are lost: format the column as text and enter it again.',
    '“{field}”的值“{value}”被表格软件缩写，末尾数字已丢失：请将该列设为文本后重新填写。',
  ),
  bad_gtin: words('“{value}” is no GTIN: it needs 8 to 14 digits.', '“{value}”不是有效条码，应为8至14位数字。'),
  unknown_word: words('{field} “{value}” is not known.', '无法识别“{field}”的值“{value}”。'),
  columns: words(
    'It has {found} cells, the header has {expected}: a delimiter stands inside a value.',
    '该行有{found}个单元格，表头只有{expected}个：某个值中含有分隔符。',
  ),
  given_twice: words('Row {row} says the same thing; only one of them can count.', '与第{row}行重复，只能保留一行。'),
  unknown_sku: words('There is no variant with the SKU {sku}.', '没有SKU为{sku}的变体。'),
  unknown_location: words('There is no location {location}.', '没有仓库{location}。'),
  unknown_account: words('There is no account {account}.', '没有店铺{account}。'),
  listing_taken: words(
    '{remoteSku} is linked to another variant or another number of units.',
    '{remoteSku}已与其他变体或其他件数配对。',
  ),
  kit_counted: words('{sku} is a kit: count its parts.', '{sku}是组合商品，请盘点其组成部分。'),
  below_unsellable: words(
    'The count leaves {quantity}, fewer than the {unsellable} unsellable and {allocated} allocated units.',
    '盘点后为{quantity}件，少于不可售{unsellable}件与已分配{allocated}件之和。',
  ),
  older_count: words(
    'This shelf was counted later, at {at}; a count of {counted} changes nothing any more.',
    '该仓已在更晚的时间（{at}）盘点过，{counted}的盘点不再生效。',
  ),
  count_ahead: words('The count is of {at}, which is yet to come.', '盘点时间{at}尚未到来。'),
  order_not_together: words(
    'The rows of this order do not stand together: sort the file by order.',
    '该订单的各行不相邻，请按订单号排序。',
  ),
  order_rows_differ: words('Rows of this order differ in {field}.', '该订单各行的“{field}”不一致。'),
  order_has_bad_row: words(
    'Row {row} of the same order is bad; an order is taken whole or not at all.',
    '同一订单的第{row}行有误，订单须整单导入。',
  ),
  refused: words('The database refused this row.', '数据库拒绝了该行。'),
}

export const importFailureTexts: Record<string, Words> = {
  quote_open: words(
    'A quotation mark opened behind row {row} is never closed. Nothing behind that row was read: correct it and upload the file again.',
    '第{row}行之后有未闭合的引号，其后的内容未读取：请修正后重新上传。',
  ),
  erased: words(
    'The file is no longer stored. Upload it again; rows that are in already change nothing.',
    '文件已不再保存，请重新上传；已导入的行不会重复生效。',
  ),
  internal: words(
    'Something failed inside Entrepot. What is counted here is done; run it again to go on from there.',
    'Entrepot内部出错。此处计数的行已完成，再次运行将从中断处继续。',
  ),
}

type Language = 'en' | 'zh'
type Coded = { code: string; params: Record<string, unknown> }

export function rowFaultText({ code, params }: Coded, language: Language): string {
  return fill((rowFaultTexts[code] ?? rowFaultTexts.refused!)[language], params)
}

export function importFailureText({ code, params }: Coded, language: Language): string {
  return fill((importFailureTexts[code] ?? importFailureTexts.internal!)[language], params)
}
