import { explanationText } from '../../contract/explanations.ts'
import { useFormat } from '../format.ts'
import { useLanguage, useT } from '../i18n.ts'
import type { Rule, Slot } from '../types.ts'
import { useWord } from './words.ts'

type Scope = Pick<Rule, 'account' | 'channel' | 'sku' | 'category'>

/** A rule's scope in words: "category Shoes, Amazon EU". */
export function useScopeText(): (scope: Scope) => string {
  const t = useT()
  const word = useWord()
  return ({ account, channel, sku, category }) => {
    const goods =
      sku !== null
        ? t('rules.skuNamed', { name: sku })
        : category !== null
          ? t('rules.categoryNamed', { name: category })
          : t('rules.allGoods')
    const place =
      account ??
      (channel === null ? t('rules.everywhere') : t('rules.wholeChannel', { name: word('channel', channel) }))
    return t('rules.scopeText', { goods, place })
  }
}

/** What a rule sets, one text a setting. */
export function useSettingTexts(): (rule: Rule) => string[] {
  const t = useT()
  const format = useFormat()
  return (rule) => {
    const all = [
      ['valueSafetyUnits', rule.safetyUnits],
      ['valueSafetyPercent', rule.safetyPercent],
      ['valueCap', rule.cap],
      ['valueMinimum', rule.minimum],
      ['valueStopBelow', rule.stopBelow],
    ] as const
    return all.flatMap(([key, value]) => (value === null ? [] : [t(`rules.${key}`, { value: format.number(value) })]))
  }
}

/** Why a slot shows its number, with the channels' names of this page's language. */
export function useWhy(): (explanation: NonNullable<Slot['explanation']>) => string {
  const language = useLanguage()
  const word = useWord()
  return ({ shows, reasons }) => {
    const named = reasons.map((one) => ({
      ...one,
      rule: one.rule && { ...one.rule, channel: one.rule.channel && word('channel', one.rule.channel) },
    }))
    return explanationText({ shows, reasons: named }, language)
  }
}
