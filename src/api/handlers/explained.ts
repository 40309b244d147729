/** Explanations with their words, in the language asked for. */
import { explanationText } from '../../contract/explanations.ts'
import type { SlotView } from '../../database/views/stock.ts'
import type { Context } from '../../operations/context.ts'

/** The slot with the sentence that says why it shows what it shows; channels are called as people call them. */
export function inWords(slot: SlotView, { registry }: Pick<Context, 'registry'>, language: 'en' | 'zh') {
  if (!slot.explanation) return { ...slot, explanation: null }
  const { shows, reasons } = slot.explanation
  const titled = reasons.map((reason) => {
    const channel = reason.rule?.channel ?? null
    const title = channel === null ? null : (registry.get(channel)?.title ?? channel)
    return { ...reason, rule: reason.rule && { ...reason.rule, channel: title } }
  })
  const text = explanationText({ shows, reasons: titled }, language)
  return { ...slot, explanation: { ...slot.explanation, text } }
}
