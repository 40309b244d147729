import type { enMatching } from './en-matching.ts'
import type { Texts } from './texts.ts'

export const zhMatching = {
  firstPull: {
    title: '首次读取',
    listings: '商品(Listing)',
    orders: '订单',
    waiting: '即将开始',
    read: '已读取{{items}}条（{{pages}}页）',
    readOf: '已读取{{items}}条，共{{total}}条（{{pages}}页）',
    begun: '开始于',
    expected: '· 预计完成',
    done: '完成于',
    stopped: '随店铺停止；之后从这里继续',
    failure: '上一次调用失败（{{code}}），会自动重试。',
  },
} satisfies Texts<typeof enMatching>
