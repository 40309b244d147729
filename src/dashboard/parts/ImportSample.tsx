import { useFormat } from '../format.ts'
import { useT } from '../i18n.ts'
import type { ImportDetail, SampleRow } from '../types.ts'
import { Empty } from './Notice.tsx'
import { TableFrame } from './Page.tsx'
import { useWord } from './words.ts'

/** Rows as they were understood: a wrong mapping is seen here before it does harm. */
export function ImportSample({ one }: { one: ImportDetail }) {
  const t = useT()
  const { first, changed, bad } = one.sample
  if (one.state === 'checked' && one.rowsTotal === 0) return <Empty title={t('files.sampleNone')} />
  return (
    <>
      {bad.length > 0 && <Rows title={t('files.sampleBad')} one={one} rows={bad} show="reasons" />}
      {one.kind === 'stock' && changed.length > 0 ? (
        <Rows title={t('files.sampleChanged')} one={one} rows={changed} show="counts" />
      ) : (
        first.length > 0 && <Rows title={t('files.sampleFirst')} one={one} rows={first} show="result" />
      )}
    </>
  )
}

interface RowsProps {
  title: string
  one: ImportDetail
  rows: SampleRow[]
  show: 'reasons' | 'counts' | 'result'
}

function Rows({ title, one, rows, show }: RowsProps) {
  const t = useT()
  const word = useWord()
  const format = useFormat()
  const fields = one.fields.map((field) => field.name).filter((name) => one.mapping[name] !== undefined)
  const units = (value: number | null) => (value === null ? '–' : format.number(value))
  return (
    <div className="import-sample">
      <h3>{title}</h3>
      <TableFrame label={title}>
        <table className="dense">
          <thead>
            <tr>
              <th scope="col" className="number">
                {t('files.row')}
              </th>
              {show === 'reasons' && <th scope="col">{t('files.reasons')}</th>}
              {fields.map((name) => (
                <th key={name} scope="col">
                  {word('files.field', name)}
                </th>
              ))}
              {show === 'counts' && (
                <>
                  <th scope="col" className="number">
                    {t('files.before')}
                  </th>
                  <th scope="col" className="number">
                    {t('files.after')}
                  </th>
                </>
              )}
              {show === 'result' && <th scope="col">{t('files.result')}</th>}
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.row}>
                <td className="number">{format.number(row.row)}</td>
                {show === 'reasons' && <td className="fault-text">{row.reasons.join(' ')}</td>}
                {fields.map((name) => (
                  <td key={name} className="title" title={row.values[name]}>
                    {row.values[name]}
                  </td>
                ))}
                {show === 'counts' && (
                  <>
                    <td className="number">{units(row.before)}</td>
                    <td className="number">
                      <strong>{units(row.after)}</strong>
                    </td>
                  </>
                )}
                {show === 'result' && <td>{t(`files.${row.result}`)}</td>}
              </tr>
            ))}
          </tbody>
        </table>
      </TableFrame>
    </div>
  )
}
