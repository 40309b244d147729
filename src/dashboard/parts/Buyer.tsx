import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { call } from '../api.ts'
import { useT } from '../i18n.ts'
import { useMay } from '../session.ts'
import type { Buyer as BuyerData } from '../types.ts'
import { ErrorNotice } from './Notice.tsx'

/** Masked until asked for; asked for anew every time and forgotten when hidden. */
export function Buyer({ orderId, hasBuyer }: { orderId: string; hasBuyer: boolean }) {
  const t = useT()
  const may = useMay()
  const [isShown, setShown] = useState(false)
  const query = useQuery({
    queryKey: ['orderBuyer', orderId],
    queryFn: ({ signal }) => call('orderBuyer', { params: { id: orderId } }, { signal }),
    enabled: isShown,
    gcTime: 0,
    staleTime: 0,
  })
  if (!hasBuyer) return <p className="dim pad">{t('order.buyerNone')}</p>
  if (!may('orders.buyer')) return <p className="dim pad">{t('order.buyerForbidden')}</p>
  return (
    <div className="pad stack">
      {isShown && query.data ? <Data buyer={query.data} /> : <p className="dim">{t('order.buyerMasked')}</p>}
      {isShown && query.error && <ErrorNotice error={query.error} />}
      <div>
        <Button size="xs" variant="default" loading={isShown && query.isFetching} onClick={() => setShown(!isShown)}>
          {isShown ? t('order.buyerHide') : t('order.buyerShow')}
        </Button>
      </div>
    </div>
  )
}

function Data({ buyer }: { buyer: BuyerData }) {
  const t = useT()
  const rows: [string, string | undefined][] = [
    [t('order.buyerName'), buyer.name],
    [t('order.buyerEmail'), buyer.email],
    [t('order.buyerPhone'), buyer.phone],
    [
      t('order.buyerAddress'),
      Object.values(buyer.address ?? {})
        .filter(Boolean)
        .join('\n') || undefined,
    ],
  ]
  return (
    <dl className="facts narrow">
      {rows
        .filter(([, value]) => value)
        .map(([label, value]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd className="lines">{value}</dd>
          </div>
        ))}
    </dl>
  )
}
