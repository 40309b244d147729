import { Button } from '@mantine/core'
import { useState } from 'react'
import type { InputOf } from '../api.ts'
import { useFormat } from '../format.ts'
import { useT } from '../i18n.ts'
import { useList } from '../queries.ts'
import { ErrorNotice, LoadMore } from './Notice.tsx'
import { Loading, TableFrame } from './Page.tsx'

type Query = NonNullable<InputOf<'previewRuleSlots'>['query']>

/** Listing by listing: what each shows now, and what it would show. Read only when somebody wants to see it. */
export function SlotPreviews({ query, count }: { query: Query; count: number }) {
  const t = useT()
  const [isOpen, setOpen] = useState(false)
  if (!isOpen)
    return (
      <Button size="xs" variant="default" onClick={() => setOpen(true)}>
        {t('plan.showListings', { count })}
      </Button>
    )
  return <Listings query={query} />
}

function Listings({ query }: { query: Query }) {
  const t = useT()
  const format = useFormat()
  const list = useList('previewRuleSlots', { query: { ...query, limit: 25 } })
  if (list.error && !list.first) return <ErrorNotice error={list.error} />
  if (!list.first) return <Loading />
  const number = (value: number | null) => (value === null ? t('app.notRead') : format.number(value))
  return (
    <>
      <TableFrame label={t('plan.listings')}>
        <table>
          <thead>
            <tr>
              <th scope="col">{t('plan.sku')}</th>
              <th scope="col">{t('plan.account')}</th>
              <th scope="col" className="number">
                {t('plan.shows')}
              </th>
              <th scope="col" className="number">
                {t('plan.will')}
              </th>
              <th scope="col" className="number">
                {t('plan.limit')}
              </th>
            </tr>
          </thead>
          <tbody>
            {list.items.map((one) => (
              <tr key={one.slotId}>
                <td>
                  <span className="mono">{one.sku}</span>
                </td>
                <td>
                  {one.account} {one.remoteSku !== one.sku && <span className="dim mono">{one.remoteSku}</span>}
                </td>
                <td className="number">{number(one.shows)}</td>
                <td className={`number${one.will === 0 && one.shows !== 0 ? ' is-warning' : ''}`}>
                  {one.will === null ? <span className="dim">{t('plan.elsewhere')}</span> : format.number(one.will)}
                  {one.waits && <span className="dim"> {t('plan.waits')}</span>}
                </td>
                <td className="number dim">
                  {format.number(one.limit)} → {format.number(one.newLimit)}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </TableFrame>
      {list.hasNextPage && <LoadMore list={list} />}
    </>
  )
}
