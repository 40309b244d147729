import { describe, expect, test } from 'vitest'
import { importFields, importKinds, missingFields, suggestMapping } from './import-fields.ts'

const named = (kind: (typeof importKinds)[number], columns: string[]) =>
  Object.fromEntries(Object.entries(suggestMapping(kind, columns)).map(([field, index]) => [field, columns[index]]))

describe('the mapping that headers suggest', () => {
  test('knows English and Chinese names, however they are written', () => {
    expect(named('stock', ['Seller  SKU', 'SKU', 'WAREHOUSE_CODE', 'On Hand', 'Damaged'])).toEqual({
      sku: 'SKU',
      location: 'WAREHOUSE_CODE',
      quantity: 'On Hand',
      unsellable: 'Damaged',
    })
    expect(named('stock', ['商品编码', '仓库', '盘点数量', '盘点时间'])).toEqual({
      sku: '商品编码',
      location: '仓库',
      quantity: '盘点数量',
      countedAt: '盘点时间',
    })
    expect(named('variants', ['产品名称', '货号', '标题', '条形码'])).toEqual({
      product: '产品名称',
      sku: '货号',
      title: '标题',
      gtin: '条形码',
    })
  })

  test('tells their SKU from ours', () => {
    expect(named('mappings', ['店铺', '平台SKU', '本地SKU'])).toEqual({
      account: '店铺',
      remoteSku: '平台SKU',
      sku: '本地SKU',
    })
    expect(named('mappings', ['Seller SKU', 'SKU'])).toEqual({ remoteSku: 'Seller SKU', sku: 'SKU' })
  })

  test('uses no column twice', () => {
    for (const kind of importKinds) {
      const columns = importFields[kind].flatMap((field) => [...field.synonyms, field.name])
      const used = Object.values(suggestMapping(kind, columns))
      expect(new Set(used).size).toBe(used.length)
      expect(used).toHaveLength(importFields[kind].length)
    }
  })

  test('leaves alone what it does not know', () => {
    expect(named('orders', ['buyer name', 'street', 'phone'])).toEqual({})
  })
})

test('what no column holds can be a choice for the whole file', () => {
  expect(missingFields('stock', { sku: 0, quantity: 1 }, {})).toEqual(['location'])
  expect(missingFields('stock', { sku: 0, quantity: 1 }, { location: 'MAIN' })).toEqual([])
  expect(missingFields('orders', {}, { account: 'Store' })).toEqual(['order', 'state', 'placedAt', 'sku', 'quantity'])
})
