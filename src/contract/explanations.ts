/** Why a slot shows what it shows, in words: "Shows 3: 10 available, 2 kept as safety stock (…), 8 left, …". */
import { fill } from './fill.ts'

interface Scope {
  account: string | null
  /** As people call it. */
  channel: string | null
  sku: string | null
  category: string | null
}

interface Step {
  code: 'available' | 'safety' | 'pack' | 'minimum' | 'stop-below' | 'cap'
  amount: number
  value: number
  rule: Scope | null
}

interface Words {
  shows: string
  steps: Record<Step['code'], string>
  /** At least so many are wanted, and fewer are there. */
  minimumShort: string
  rule: string
  goods: { sku: string; category: string; all: string }
  place: string
  between: string
}

const words: Record<'en' | 'zh', Words> = {
  en: {
    shows: 'Shows {value}: {steps}',
    steps: {
      available: '{amount} available',
      safety: '{amount} kept as safety stock{rule}, {value} left',
      pack: 'packs of {amount} → {value}',
      minimum: 'raised to the minimum of {amount}{rule}',
      'stop-below': 'selling stops below {amount}{rule}',
      cap: 'capped at {amount}{rule}',
    },
    minimumShort: 'at least {amount} wanted{rule}, {value} are there',
    rule: ' (rule for {goods}{place})',
    goods: { sku: 'SKU {name}', category: 'category {name}', all: 'everything' },
    place: ' on {name}',
    between: ', ',
  },
  zh: {
    shows: '展示 {value}：{steps}',
    steps: {
      available: '可售 {amount} 件',
      safety: '保留安全库存 {amount} 件{rule}，剩余 {value} 件',
      pack: '每份 {amount} 件 → {value} 份',
      minimum: '提高到最少展示数 {amount}{rule}',
      'stop-below': '少于 {amount} 时停售{rule}',
      cap: '上限 {amount}{rule}',
    },
    minimumShort: '最少应展示 {amount}{rule}，实际只有 {value}',
    rule: '（规则：{place}{goods}）',
    goods: { sku: 'SKU {name}', category: '类目“{name}”', all: '全部商品' },
    place: '{name} 的',
    between: '，',
  },
}

export function explanationText(
  explanation: { shows: number; reasons: readonly Step[] },
  language: 'en' | 'zh',
): string {
  const own = words[language]
  const steps = explanation.reasons.map((step) => {
    const isShort = step.code === 'minimum' && step.value < step.amount
    const template = isShort ? own.minimumShort : own.steps[step.code]
    return fill(template, { ...step, rule: step.rule ? ruleText(step.rule, own) : '' })
  })
  return fill(own.shows, { value: explanation.shows, steps: steps.join(own.between) })
}

function ruleText(rule: Scope, own: Words): string {
  const goods =
    rule.sku !== null
      ? fill(own.goods.sku, { name: rule.sku })
      : rule.category !== null
        ? fill(own.goods.category, { name: rule.category })
        : own.goods.all
  const where = rule.account ?? rule.channel
  return fill(own.rule, { goods, place: where === null ? '' : fill(own.place, { name: where }) })
}
