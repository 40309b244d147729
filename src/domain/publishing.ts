/**
 * Publishing rules: how much of what may be promised (ATP) a slot shows. Safety stock acts here, once, and nowhere
 * else. Rules change what is shown, never what an own decision may promise: a checkout is checked against ATP.
 *
 * Units: ATP and safety stock count units of the variant. A slot whose listing stands for several units a sale divides
 * what is left (rounded down); minimum, stop-below and cap count what the slot shows.
 *
 * The steps, in this order:
 * 1. safety stock is kept back: so many units, or a percentage of ATP rounded up; of both in one rule the larger;
 * 2. the rest is divided by the units a sale stands for;
 * 3. minimum n: while something is left, at least n is shown, out of the safety stock if need be, and never more than
 *    there is. Where the safety stock leaves nothing, nothing is shown;
 * 4. stop-below n: fewer than n, and nothing is shown;
 * 5. cap n: at most n is shown. It comes last, so that a slot that shows one at a time is not taken for nearly sold out.
 *
 * Whatever the rules say, a slot never shows more than ATP divided by its units per sale, and more ATP never shows less.
 */
import { Problem } from './errors.ts'

/** Null: not set here, a wider rule decides. */
export interface ShowSettings {
  safetyUnits: number | null
  safetyPercent: number | null
  cap: number | null
  minimum: number | null
  stopBelow: number | null
}

export const noSettings: ShowSettings = {
  safetyUnits: null,
  safetyPercent: null,
  cap: null,
  minimum: null,
  stopBelow: null,
}

/** Where a rule holds: an account, a channel or everywhere; and for which goods: a variant, a category or all. */
export interface RuleScope {
  accountId: string | null
  channel: string | null
  variantId: string | null
  category: string | null
}

export interface PublishingRule extends RuleScope, ShowSettings {
  id: string
}

/** What of a slot decides which rules reach it. */
export interface RuleTarget {
  accountId: string
  channel: string
  variantId: string
  category: string | null
}

/** What a rule can set. Units and percentage are two ways to say one thing, so a narrower rule replaces both. */
export const settingNames = ['safety', 'cap', 'minimum', 'stopBelow'] as const
export type SettingName = (typeof settingNames)[number]

export interface EffectiveRule {
  settings: ShowSettings
  /** The rule each setting comes from. */
  from: Record<SettingName, string | null>
}

/**
 * The scopes that reach a slot, the most specific first: goods weigh more than place, a variant more than a category,
 * an account more than its channel. No two rules have one scope, so there is never a tie.
 */
export function scopesOf(target: RuleTarget): RuleScope[] {
  const goods = [
    { variantId: target.variantId, category: null },
    ...(target.category === null ? [] : [{ variantId: null, category: target.category }]),
    { variantId: null, category: null },
  ]
  const places = [
    { accountId: target.accountId, channel: null },
    { accountId: null, channel: target.channel },
    { accountId: null, channel: null },
  ]
  return goods.flatMap((good) => places.map((place) => ({ ...place, ...good })))
}

/** NUL is in no text that is stored. A preview asks nine keys for each of 100,000 slots: JSON would be most of its time. */
export const scopeKey = ({ accountId, channel, variantId, category }: RuleScope): string =>
  `${accountId ?? ''}\0${channel ?? ''}\0${variantId ?? ''}\0${category ?? ''}`

const isSet: Record<SettingName, (rule: ShowSettings) => boolean> = {
  safety: (rule) => rule.safetyUnits !== null || rule.safetyPercent !== null,
  cap: (rule) => rule.cap !== null,
  minimum: (rule) => rule.minimum !== null,
  stopBelow: (rule) => rule.stopBelow !== null,
}

/** All rules at hand, asked slot by slot. The most specific rule wins for each setting by itself. */
export function ruleBook(rules: readonly PublishingRule[]): { of(target: RuleTarget): EffectiveRule } {
  const byScope = new Map(rules.map((rule) => [scopeKey(rule), rule]))
  return {
    of(target) {
      const reaching = byScope.size === 0 ? [] : scopesOf(target).map((scope) => byScope.get(scopeKey(scope)))
      const winner = (name: SettingName) => reaching.find((rule) => rule !== undefined && isSet[name](rule))
      const [safety, cap, minimum, stopBelow] = [
        winner('safety'),
        winner('cap'),
        winner('minimum'),
        winner('stopBelow'),
      ]
      return {
        settings: {
          safetyUnits: safety?.safetyUnits ?? null,
          safetyPercent: safety?.safetyPercent ?? null,
          cap: cap?.cap ?? null,
          minimum: minimum?.minimum ?? null,
          stopBelow: stopBelow?.stopBelow ?? null,
        },
        from: {
          safety: safety?.id ?? null,
          cap: cap?.id ?? null,
          minimum: minimum?.id ?? null,
          stopBelow: stopBelow?.id ?? null,
        },
      }
    },
  }
}

export type ReasonCode = 'available' | 'safety' | 'pack' | 'minimum' | 'stop-below' | 'cap'

/** One step from ATP to what is shown. Steps that change nothing are left out. */
export interface Reason {
  code: ReasonCode
  /** Available, kept back, units per sale, wanted, limit, cap: the step's own number. */
  amount: number
  /** What is left after it. */
  value: number
}

export interface Wish {
  shows: number
  reasons: Reason[]
}

/** The setting a step comes from; null where no rule is behind it. */
export const settingOf: Record<ReasonCode, SettingName | null> = {
  available: null,
  safety: 'safety',
  pack: null,
  minimum: 'minimum',
  'stop-below': 'stopBelow',
  cap: 'cap',
}

/** What a slot should show, and why. */
export function wishOf(atp: number, unitsPerSale: number, settings: ShowSettings): Wish {
  let value = Math.max(0, atp)
  const reasons: Reason[] = [{ code: 'available', amount: value, value }]
  const step = (code: ReasonCode, amount: number, next: number) => {
    value = next
    reasons.push({ code, amount, value })
  }
  const possible = Math.floor(value / unitsPerSale)
  const kept = Math.min(value, keptBack(value, settings))
  if (kept > 0) step('safety', kept, value - kept)
  if (unitsPerSale > 1) step('pack', unitsPerSale, Math.floor(value / unitsPerSale))
  const atLeast = Math.min(settings.minimum ?? 0, possible)
  if (value > 0 && value < atLeast) step('minimum', settings.minimum!, atLeast)
  if (value > 0 && value < (settings.stopBelow ?? 0)) step('stop-below', settings.stopBelow!, 0)
  if (settings.cap !== null && value > settings.cap) step('cap', settings.cap, settings.cap)
  return { shows: value, reasons }
}

/** Whole numbers throughout: a percentage of units is rounded up to the next unit. */
function keptBack(atp: number, { safetyUnits, safetyPercent }: ShowSettings): number {
  return Math.max(safetyUnits ?? 0, Math.ceil((atp * (safetyPercent ?? 0)) / 100))
}

/** Also lifts a wider rule's cap: nobody has more to show. */
export const highestNumber = 1_000_000_000

/** Refuses a rule that means nothing or contradicts itself. */
export function checkRule(scope: RuleScope, settings: ShowSettings): void {
  if (scope.accountId !== null && scope.channel !== null) throw new Problem('rule_scope', { pair: 'account, channel' })
  if (scope.variantId !== null && scope.category !== null) throw new Problem('rule_scope', { pair: 'sku, category' })
  const given = Object.entries(settings).filter(([, value]) => value !== null)
  if (given.length === 0) throw new Problem('rule_empty')
  for (const [setting, value] of given) {
    const highest = setting === 'safetyPercent' ? 100 : highestNumber
    if (!Number.isInteger(value) || value < 0 || value > highest)
      throw new Problem('rule_number', { setting, value, highest })
  }
  const { cap, minimum } = settings
  if (cap !== null && minimum !== null && minimum > cap) throw new Problem('rule_minimum_above_cap', { minimum, cap })
}
