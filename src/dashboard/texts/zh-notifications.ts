import type { enNotifications } from './en-notifications.ts'
import type { Texts } from './texts.ts'
import { zhStreams } from './zh-accounts.ts'

export const zhNotifications: Texts<typeof enNotifications> = {
  streamWord: zhStreams,
  notifications: {
    title: '平台通知',
    state: {
      none: '未设置',
      optional: '可选',
      unreachable: '无法送达',
      failing: '未能订阅',
      unproven: '尚待验证',
      proven: '送达正常',
      poor: '缺失较多',
    },
    text: {
      optional: '网店可以通知库存数量已变化，系统会立即重新读取。',
      none: '该平台不会主动通知，或尚未配置队列。系统通过定时读取获取订单。',
      unreachable:
        '请将 PUBLIC_URL 设为可从互联网访问本系统的 https 地址，然后重新启动。在此之前，订单通过定时读取获取。',
      failing: '部分通知未能订阅，系统会自动重试。订单仍通过定时读取获取。',
      unproven: '收到通知后系统会立即读取。连续 20 个订单都有通知后，读取频率会降低。',
      proven: '订单都有通知，因此系统降低了读取频率。一旦有订单没有通知，立即恢复原来的频率。',
      poor: '许多订单没有收到通知。不会丢单：系统仍会定时读取，只是稍晚。',
    },
    last: '最近一次',
    lastNever: '尚无',
    waiting_other: '{{count}} 条等待处理',
    share: '最近 7 天的 {{orders}} 个新订单中，{{announced}} 个有通知',
    poll: '每 {{every}} 读取一次订单',
    refused_other: '已拒绝 {{count}} 条（{{why}}），最近一次',
    failed: '未能订阅：{{topics}}',
    address: '接收地址',
    addressText: '平台将通知发送到此地址。地址无法被猜到，每次调用都会校验签名。',
    test: '测试队列',
    sent: '测试消息已放入队列；读取后“最近一次”会更新。',
    why: {
      no_queue: '该店铺没有队列，或没有访问队列的密钥。',
      policy_missing: '队列的访问策略不允许亚马逊写入，请按指南设置策略。',
      fifo_queue: '这是 FIFO 队列；亚马逊只支持标准队列。',
      another_queue: 'ARN 属于另一个队列。',
      other: '队列拒绝了请求（{{code}}）。请检查 ARN、访问密钥及其权限。',
    },
  },
}
