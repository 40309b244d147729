import { shareOf, splitBudgets } from '../budgets.ts'
import { useFormat } from '../format.ts'
import { useT } from '../i18n.ts'
import type { Account } from '../types.ts'

type Budget = Account['budgets'][number]

/** What is scarce is seen at once; what is nearly full can be unfolded. */
export function Budgets({ budgets }: { budgets: Account['budgets'] }) {
  const t = useT()
  if (budgets.length === 0) return <p className="dim pad">{t('accounts.budgetsNone')}</p>
  const { scarce, full } = splitBudgets(budgets)
  return (
    <section className="budgets" aria-label={t('accounts.budgets')}>
      {scarce.length > 0 && <BudgetList budgets={scarce} />}
      {full.length > 0 && (
        <details>
          <summary className="dim">
            {scarce.length > 0
              ? t('accounts.budgetsRest', { count: full.length })
              : t('accounts.budgetsFull', { count: full.length })}
          </summary>
          <BudgetList budgets={full} />
        </details>
      )}
    </section>
  )
}

function BudgetList({ budgets }: { budgets: readonly Budget[] }) {
  const t = useT()
  const format = useFormat()
  return (
    <ul>
      {budgets.map((one) => {
        const share = shareOf(one)
        const text = t('accounts.budget', {
          tokens: format.number(Math.floor(one.tokens)),
          burst: format.number(one.burst),
          rate: format.number(one.rate),
        })
        return (
          <li key={one.operation}>
            <span className="mono cut" title={one.operation}>
              {one.operation}
            </span>
            <span className="meter" aria-hidden="true">
              <span className={`meter-bar${share < 0.1 ? ' low' : ''}`} style={{ width: `${share * 100}%` }} />
            </span>
            <span className="dim tabular">{text}</span>
          </li>
        )
      })}
    </ul>
  )
}
