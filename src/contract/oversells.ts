/** How an oversell came about, in words: its cause, what to do about it, and one sentence an event. */
import { fill } from './fill.ts'

type Language = 'en' | 'zh'
export const oversellCauses = [
  'late-order',
  'recount',
  'other-writer',
  'take-over',
  'unknown-claim',
  'own-order',
  'linked-late',
  'mode',
  'unknown',
] as const
type OversellCause = (typeof oversellCauses)[number]

/** What can stand in a chain, each with the places that its sentence fills. */
export const chainSteps = [
  'sold',
  'learned',
  'learned-late',
  'promised',
  'received',
  'lowered',
  'sent',
  'sent-expecting',
  'accepted',
  'applied',
  'mismatch',
  'refused',
  'unanswered',
  'not-sent',
  'higher',
  'lower',
  'lost',
  'late',
  'beyond',
  'joined',
  'mode',
  'oversold',
  'uncovered',
  'oversold-uncovered',
] as const
export type ChainStep = (typeof chainSteps)[number]

export type StepData = Record<string, string | number | null>

interface Words {
  causes: Record<OversellCause, { title: string; next: string }>
  steps: Record<ChainStep, string>
  modes: Record<string, string>
  moves: Record<string, string>
  nowhere: string
  seconds: string
  minutes: string
  hours: string
}

const words: Record<Language, Words> = {
  en: {
    causes: {
      'late-order': {
        title: 'An order came later than the channel’s orders were believed to be known',
        next: 'Nothing on this side could know of it. If it happens again, report it to the channel, or show less of this SKU there by a publishing rule.',
      },
      recount: {
        title: 'Fewer units are there than the books said',
        next: 'Look for the missing units at the location that was counted. What was shown until then could still be sold.',
      },
      'other-writer': {
        title: 'Another tool or person wrote the quantity on the channel',
        next: 'Switch off every other tool that writes quantities of this account, and edit none by hand.',
      },
      'take-over': {
        title: 'The channels showed more than there is when they were taken over',
        next: 'What cannot be covered is being set to 0. Count the stock if the number here is wrong.',
      },
      'unknown-claim': {
        title: 'Units were given away while nobody knew yet what a channel may still sell',
        next: 'This ends by itself when the account has been read. Let a new account be read before it goes live.',
      },
      'own-order': {
        title: 'The own store sold without a checkout reservation what other channels could sell as well',
        next: 'Let the store reserve at checkout (POST /api/v1/reservations), or keep a safety stock for its till.',
      },
      'linked-late': {
        title: 'An order waited for its SKU to be linked; nothing was kept for it meanwhile',
        next: 'Link the SKUs of a new account before it goes live.',
      },
      mode: {
        title: 'The chosen way of sharing out accepts oversells',
        next: 'Switch the variant to “guarded” if this must not happen.',
      },
      unknown: {
        title: 'The cause is not known',
        next: 'Compare the events below with the channel, and count the stock.',
      },
    },
    steps: {
      sold: 'A buyer took {units} on {place} (order {order})',
      learned: 'Order {order} of {place} became known here, {lag} after the sale',
      'learned-late':
        'Order {order} of {place} became known here, {lag} after the sale: its orders were believed to be known beyond that moment, so its {units} had been given up',
      promised: 'A checkout of the own store took {units}',
      received: '{units} more in stock ({kind}, {actor})',
      lowered: '{units} fewer in stock ({kind}, {actor})',
      sent: '{value} was sent to {place}',
      'sent-expecting': '{value} in the place of {expected} was sent to {place}',
      accepted: '{place} accepted {value} after {lag}; that proves nothing yet',
      applied: '{place} shows {value}, proven by its answer after {lag}',
      mismatch: '{place} did not take {value}: it shows another number than expected',
      refused: '{place} refused {value}',
      unanswered: 'No answer from {place}: {value} may have arrived or may still',
      'not-sent': '{value} did not leave for {place}: no allowance',
      higher: 'A reading of {place} showed {units}, expected was {expected}: somebody else wrote it',
      lower: 'A reading of {place} showed {units}, expected was {expected}: something was sold unseen',
      lost: 'A reading of {place} showed {units}: {expected} had not arrived and never will',
      late: 'A sale on {place} behind what was believed to be known',
      beyond: 'More was sold on {place} than it could have shown, by {units}',
      joined: 'What {place} may still sell became known: {units}',
      mode: 'Sharing out changed from {was} to {mode} ({actor})',
      oversold: '{short} sold that are not there',
      uncovered: '{uncovered} may be sold that are not there',
      'oversold-uncovered': '{short} sold that are not there, and {uncovered} more may be',
    },
    modes: { guarded: 'guarded', adaptive: 'adaptive', shared: 'shared' },
    moves: { receipt: 'received', adjustment: 'counted or adjusted', return: 'returned', transfer: 'transferred' },
    nowhere: 'a place that is gone',
    seconds: '{n} s',
    minutes: '{n} min',
    hours: '{n} h',
  },
  zh: {
    causes: {
      'late-order': {
        title: '订单到达时，早已超过该平台订单应全部已知的时间',
        next: '系统当时无法得知该订单。若再次发生，请向平台反馈，或通过展示规则减少该 SKU 的展示数量。',
      },
      recount: {
        title: '实际库存少于账面',
        next: '请在盘点的仓库查找缺少的库存。此前已展示的数量仍可能被售出。',
      },
      'other-writer': {
        title: '其他工具或人员在平台上改写了数量',
        next: '请关闭所有写入该店铺数量的其他工具，也不要手动修改。',
      },
      'take-over': {
        title: '接管时各平台展示的数量超过现有库存',
        next: '无法覆盖的数量正被设为 0。若系统中的库存有误，请盘点。',
      },
      'unknown-claim': {
        title: '在尚不清楚某平台还能售出多少时，库存已被占用',
        next: '店铺读取完成后会自动恢复。新店铺请先完成读取，再正式运行。',
      },
      'own-order': {
        title: '自有网店未经结账预留就售出了其他平台也能售出的库存',
        next: '请让网店在结账时预留库存（POST /api/v1/reservations），或为线下销售设置安全库存。',
      },
      'linked-late': {
        title: '订单等待 SKU 配对期间没有为它保留库存',
        next: '新店铺请先完成 SKU 配对，再正式运行。',
      },
      mode: {
        title: '所选的分配方式允许超卖',
        next: '若不能接受，请把该变体改为“防超卖”。',
      },
      unknown: { title: '原因不明', next: '请将以下事件与平台核对，并盘点库存。' },
    },
    steps: {
      sold: '{place} 有买家购买 {units} 件（订单 {order}）',
      learned: '系统得知 {place} 的订单 {order}，距成交 {lag}',
      'learned-late':
        '系统得知 {place} 的订单 {order}，距成交 {lag}：当时认为此前的订单已全部已知，因此其 {units} 件已被释放',
      promised: '自有网店的一次结账占用了 {units} 件',
      received: '库存增加 {units} 件（{kind}，{actor}）',
      lowered: '库存减少 {units} 件（{kind}，{actor}）',
      sent: '向 {place} 发送数量 {value}',
      'sent-expecting': '向 {place} 发送数量 {value}，以替换 {expected}',
      accepted: '{place} 在 {lag} 后受理了 {value}，尚不能证明已生效',
      applied: '{place} 在 {lag} 后的回应证明已展示 {value}',
      mismatch: '{place} 未采用 {value}：其展示数量与预期不同',
      refused: '{place} 拒绝了 {value}',
      unanswered: '{place} 没有回应：{value} 可能已生效，也可能稍后生效',
      'not-sent': '{value} 未发往 {place}：调用额度不足',
      higher: '读取 {place} 得到 {units}，预期 {expected}：有其他工具写入',
      lower: '读取 {place} 得到 {units}，预期 {expected}：有尚不知道的销售',
      lost: '读取 {place} 得到 {units}：{expected} 未生效，今后也不会生效',
      late: '{place} 的一笔销售早于已知时间',
      beyond: '{place} 售出的数量比其可能展示的多 {units} 件',
      joined: '已得知 {place} 还可能售出的数量：{units}',
      mode: '分配方式由{was}改为{mode}（{actor}）',
      oversold: '超卖 {short} 件',
      uncovered: '可能超卖 {uncovered} 件',
      'oversold-uncovered': '超卖 {short} 件，另有 {uncovered} 件可能超卖',
    },
    modes: { guarded: '防超卖', adaptive: '自适应', shared: '共享' },
    moves: { receipt: '收货入库', adjustment: '盘点或调整', return: '退货', transfer: '调拨' },
    nowhere: '已移除的位置',
    seconds: '{n} 秒',
    minutes: '{n} 分钟',
    hours: '{n} 小时',
  },
}

/** What caused it, and what to do. */
export const causeText = (cause: OversellCause, language: Language): { title: string; next: string } =>
  words[language].causes[cause]

/** One event in a sentence. `lagMs`, modes and kinds of movements are put in words here. */
export function stepText(step: ChainStep, data: StepData, language: Language): string {
  const own = words[language]
  const given = Object.fromEntries(Object.entries(data).map(([name, value]) => [name, value ?? '?']))
  const mode = (name: 'was' | 'mode') => own.modes[String(data[name])] ?? '?'
  return fill(own.steps[step], {
    ...given,
    place: data.place ?? own.nowhere,
    lag: typeof data.lagMs === 'number' ? lagText(data.lagMs, own) : '?',
    kind: own.moves[String(data.kind)] ?? data.kind ?? '?',
    was: mode('was'),
    mode: mode('mode'),
  })
}

function lagText(ms: number, own: Words): string {
  const seconds = Math.round(Math.max(0, ms) / 1_000)
  if (seconds < 100) return fill(own.seconds, { n: seconds })
  const minutes = Math.round(seconds / 60)
  return minutes < 100 ? fill(own.minutes, { n: minutes }) : fill(own.hours, { n: Math.round(minutes / 60) })
}
