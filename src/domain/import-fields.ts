/** What each kind of import holds, and which column of a stranger's file is which. Pure. */

export const importKinds = ['variants', 'stock', 'mappings', 'orders'] as const
export type ImportKind = (typeof importKinds)[number]

export interface ImportField {
  name: string
  /** Needed in every row, unless `option` fills it for the whole file. */
  required: boolean
  /** The choice for the whole file that stands in where the file has no such column. */
  option?: 'account' | 'location' | 'countedAt'
  /** Headers it goes by, besides its name; compared without case, spaces and marks. */
  synonyms: readonly string[]
}

const field = (name: string, synonyms: string, more: Partial<ImportField> = {}): ImportField => ({
  name,
  required: false,
  synonyms: synonyms.split('|'),
  ...more,
})
const required = { required: true }

const ourSku = field(
  'sku',
  'our sku|merchant sku|item number|item no|article|article number|product code|商品编码|产品编码|货号|商家编码|本地sku|系统sku|我方sku|库存sku',
  required,
)
const account = field('account', 'account name|store|shop|seller|店铺|账号|店铺名称|店铺账号', {
  required: true,
  option: 'account',
})
const marketplace = field('marketplace', 'market|site|marketplace id|站点|市场|国家站点')

export const importFields: Record<ImportKind, readonly ImportField[]> = {
  variants: [
    field(
      'product',
      'product title|product name|parent|parent title|item group|产品|产品名称|产品标题|款式|商品组|spu',
    ),
    ourSku,
    field('title', 'variant title|name|item name|description|标题|名称|商品名称|商品标题|变体名称|品名'),
    field('gtin', 'ean|upc|barcode|isbn|jan|gtin13|条码|条形码|商品条码|国际条码|69码'),
  ],
  stock: [
    ourSku,
    field('location', 'location code|warehouse|warehouse code|bin|仓库|仓库代码|仓库编码|库位|仓位', {
      required: true,
      option: 'location',
    }),
    field(
      'quantity',
      'on hand|qty|count|counted|counted quantity|stock|units|inventory|available quantity|数量|盘点数量|盘点数|库存|库存数量|实盘数量|在库|在库数量',
      required,
    ),
    field('unsellable', 'damaged|blocked|defective|unfulfillable|不可售|残次|不良品|次品|不可售数量'),
    field('countedAt', 'counted at|count date|count time|as of|盘点时间|盘点日期|截至时间', { option: 'countedAt' }),
  ],
  mappings: [
    account,
    marketplace,
    field(
      'remoteSku',
      'remote sku|channel sku|marketplace sku|listing sku|seller sku|msku|平台sku|渠道sku|卖家sku|线上sku|店铺sku',
      required,
    ),
    ourSku,
    field(
      'unitsPerSale',
      'units per sale|pack size|bundle quantity|multipack|每份件数|每件数量|套装数量|组合数量|倍数',
    ),
    field('title', 'listing title|name|item name|标题|商品名称|listing标题'),
    field('fulfilledBy', 'fulfilled by|fulfillment|fulfilment|fulfillment channel|发货方|配送方式|发货方式'),
  ],
  orders: [
    account,
    field(
      'order',
      'order id|order number|order no|remote id|remote order id|amazon order id|订单|订单号|订单编号|平台订单号|线上订单号',
      required,
    ),
    field('state', 'status|order status|order state|订单状态|状态', required),
    field(
      'placedAt',
      'placed at|placed|order date|purchase date|created at|created|date|下单时间|订购时间|购买时间|订单日期|创建时间',
      required,
    ),
    field('updatedAt', 'updated at|updated|last updated|last updated date|modified|更新时间|最后更新时间|修改时间'),
    field('shippedAt', 'shipped at|ship date|shipment date|dispatched at|发货时间|发货日期|出库时间'),
    marketplace,
    field('currency', 'currency code|币种|货币'),
    field('shipBy', 'ship by|latest ship date|发货截止|最晚发货时间|发货期限'),
    field('deliverBy', 'deliver by|latest delivery date|送达截止|最晚送达时间'),
    field('line', 'line id|order line|order item id|item id|行号|订单行|明细编号|订单明细号|子订单号'),
    field(
      'sku',
      'remote sku|seller sku|merchant sku|channel sku|item number|article number|商品编码|货号|平台sku|卖家sku|商家编码|msku',
      required,
    ),
    field('title', 'product name|item name|item title|name|标题|商品名称|商品标题|品名'),
    field('quantity', 'qty|units|quantity purchased|quantity ordered|ordered|数量|购买数量|订购数量|件数', required),
    field('shipped', 'quantity shipped|shipped quantity|已发货数量|已发数量|发货数量'),
    field('canceled', 'quantity canceled|cancelled|cancelled quantity|canceled quantity|已取消数量|取消数量'),
    field('unitPrice', 'unit price|price|item price|单价|价格|商品单价'),
    field('fulfilledBy', 'fulfilled by|fulfillment|fulfilment|fulfillment channel|发货方|配送方式|发货方式'),
  ],
}

/** Our field → number of the column in the file. */
export type Mapping = Readonly<Record<string, number>>

const plain = (text: string) =>
  text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[\s_\-./:：()（）[\]【】*#"'“”]/g, '')

/** Which column is which, as far as the headers say. No column is used twice; a field's own name goes first. */
export function suggestMapping(kind: ImportKind, columns: readonly string[]): Record<string, number> {
  const heads = columns.map(plain)
  const found: Record<string, number> = {}
  const used = new Set<number>()
  const take = (name: string, wanted: string) => {
    if (found[name] !== undefined) return
    const index = heads.findIndex((head, n) => head === wanted && !used.has(n))
    if (index < 0) return
    found[name] = index
    used.add(index)
  }
  const fields = importFields[kind]
  for (const one of fields) take(one.name, plain(one.name))
  const most = Math.max(...fields.map((one) => one.synonyms.length))
  // The likeliest synonym of every field before the next likely one of any: "seller sku" is more often theirs than ours.
  for (let n = 0; n < most; n += 1)
    for (const one of fields) if (one.synonyms[n]) take(one.name, plain(one.synonyms[n]!))
  return found
}

/** Required fields that neither a column nor a choice for the whole file fills. */
export function missingFields(
  kind: ImportKind,
  mapping: Mapping,
  options: Partial<Record<NonNullable<ImportField['option']>, string | undefined>>,
): string[] {
  return importFields[kind]
    .filter((one) => one.required && mapping[one.name] === undefined && !(one.option && options[one.option]))
    .map((one) => one.name)
}
