/** What is read of an account. */
export const zhStreams = {
  orders: '订单',
  listings: '商品(Listing)',
  'held-stock': '平台仓库存',
  'store-stock': '店铺库存',
  settlements: '结算报告',
  stock: '库存',
  feeds: '批量上传',
}

/** What an account does in each stage. */
export const zhStageText = {
  sandbox: '使用平台的沙盒环境。',
  shadow: '真实读取，不写入。',
  live: '读取订单并写入数量。',
  paused: '不读取也不写入。',
}
