import type { enPlan } from './en-plan.ts'
import type { Texts } from './texts.ts'
import { zhNotifications } from './zh-notifications.ts'

export const zhPlan = {
  ...zhNotifications,
  plan: {
    title: '推送方式',
    line: '{{account}}：{{text}}',
    both: '{{how}}{{end}}',
    sending: '推送',
    counts: '待推送{{due}}，调用中{{calls}}，批量上传中{{feeds}}，等待占用释放{{waiting}}',
    byCall_other: '{{count}}次调用。',
    byFeed_other: '{{calls}}次调用，另有{{count}}个批量上传（共{{lines}}条）。',
    atOnce: '立即完成。',
    doneIn: '约{{time}}后完成。',
    doneBetween: '预计{{from}}到{{to}}后完成。',
    noWay_other: '{{count}}条会变化；该店铺目前无法推送。',
    notLive_other: '{{count}}条；店铺未上线时不写入。',
    feed_other: '已提交{{count}}条的批量上传：',
    feedLost_other: '{{count}}条的批量上传没有得到答复；在平台确认没有未完成的上传之前，这些商品暂不推送。提交于',
    stuck: '耗时比平常长。售罄会立即绕过它推送，其他变化需等待。',
    showListings_other: '逐条查看{{count}}个商品',
    listings: '会变化的商品',
    sku: 'SKU',
    account: '店铺',
    shows: '当前展示',
    will: '将展示',
    limit: '规则上限',
    waits: '（稍后）',
    elsewhere: '由其他工具写入',
  },
} satisfies Texts<typeof enPlan>
