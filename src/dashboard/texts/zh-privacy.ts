import type { enPrivacy } from './en-privacy.ts'
import type { Texts } from './texts.ts'

/** Texts of the requests about buyers' data. */
export const zhPrivacy: Texts<typeof enPrivacy> = {
  privacy: {
    title: '隐私',
    text: '买家要求提供或删除其个人数据。',
    list: '请求列表',
    kind: '请求',
    kinds: { erase: '删除', export: '提供数据' },
    account: '店铺',
    about: '涉及',
    whole: '该店铺的全部买家',
    orders_other: '{{count}}个订单：{{list}}',
    byName: '按买家名称找到的订单',
    askedBy: '提出者',
    channel: '平台',
    received: '收到时间',
    due: '最后期限',
    state: '状态',
    states: {
      toErase: '正在删除',
      waiting: '等待发货：{{count}}',
      erased: '系统内已删除：{{count}}',
      toHandOut: '待提供',
      closed: '{{day}}已完成，{{by}}',
    },
    download: '下载',
    downloadOf: '下载{{day}}请求的数据',
    close: '完成',
    closeOf: '将{{day}}的请求标记为完成',
    closeText: '其他地方也已删除或已提供',
    open: '仅未完成',
    emptyTitle: '没有请求',
    emptyText: '平台会自动发送请求到这里。买家直接提出的请求请在上方录入。',
    add: {
      title: '买家直接提出的请求',
      orders: '平台订单号，每行一个',
      erase: '删除这些订单的买家数据',
      eraseText: '无法撤销。金额和订单行保留。尚未发货的订单在发货前保留地址。',
      submit: '录入请求',
      done: '请求已录入。',
    },
  },
}
