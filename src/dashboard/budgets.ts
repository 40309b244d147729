/** Allowances as a person wants them: what is being used up first; what is nearly full is no news. */
import type { Account } from './types.ts'

type Budget = Account['budgets'][number]

/** From here on a budget counts as full: it refills by itself before anybody could act. */
const fullFrom = 0.9

/** What is left of a budget, from 0 to 1. */
export const shareOf = ({ tokens, burst }: Pick<Budget, 'tokens' | 'burst'>): number =>
  Math.max(0, Math.min(1, tokens / burst))

export function splitBudgets<T extends Pick<Budget, 'tokens' | 'burst'>>(budgets: readonly T[]) {
  const byShare = budgets.toSorted((a, b) => shareOf(a) - shareOf(b))
  return {
    scarce: byShare.filter((one) => shareOf(one) < fullFrom),
    full: budgets.filter((one) => shareOf(one) >= fullFrom),
  }
}
