import { useFormat } from '../format.ts'
import { useT } from '../i18n.ts'
import type { StockDetail } from '../types.ts'
import { LendForm } from './LendForm.tsx'
import { Panel, TableFrame } from './Page.tsx'
import { Ago } from './Time.tsx'

const figures = ['fulfillable', 'inbound', 'reserved', 'unsellable'] as const

/** What channels hold in their own warehouses: beside the level of this variant, never in it. */
export function HeldPanel({ detail }: { detail: StockDetail }) {
  const t = useT()
  const format = useFormat()
  const { rows, sum } = detail.held
  if (rows.length === 0) return null
  return (
    <Panel title={t('held.title')} note={t('held.text')}>
      <TableFrame label={t('held.title')}>
        <table className="dense">
          <thead>
            <tr>
              <th scope="col">{t('variant.account')}</th>
              <th scope="col">{t('variant.remoteSku')}</th>
              <th scope="col" className="wide">
                {t('held.marketplace')}
              </th>
              {figures.map((one) => (
                <th key={one} scope="col" className="number" title={t(`held.${one}Hint`)}>
                  {t(`held.${one}`)}
                </th>
              ))}
              <th scope="col" className="wide">
                {t('held.seen')}
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={`${row.accountId} ${row.remoteSku} ${row.marketplace}`}>
                <td>{row.account}</td>
                <td className="mono">
                  {row.remoteSku}
                  {row.unitsPerSale > 1 && <span className="dim"> × {format.number(row.unitsPerSale)}</span>}
                </td>
                <td className="wide mono">{row.marketplace}</td>
                {figures.map((one) => (
                  <td key={one} className={`number${row[one] === 0 ? ' dim' : ''}`}>
                    {format.number(row[one])}
                  </td>
                ))}
                <td className="wide">
                  <Ago at={row.seenAt} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </TableFrame>
      <p className="pad dim">
        {t('held.sum', { fulfillable: format.number(sum.fulfillable), inbound: format.number(sum.inbound) })}
        {new Set(rows.map((row) => row.marketplace)).size > 1 && ` ${t('held.same')}`}
      </p>
      <LendForm detail={detail} />
    </Panel>
  )
}
