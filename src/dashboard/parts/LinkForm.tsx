import { Button, NumberInput } from '@mantine/core'
import { type FormEvent, useState } from 'react'
import { useT } from '../i18n.ts'
import { useChange } from '../queries.ts'
import { useMay } from '../session.ts'
import type { OrderDetail } from '../types.ts'
import { announce } from './Announcer.tsx'
import { ErrorNotice, Notice } from './Notice.tsx'
import { SkuInput } from './Suggested.tsx'

export function LinkForm({ order, remoteSku }: { order: OrderDetail; remoteSku: string | null }) {
  const t = useT()
  const may = useMay()
  if (remoteSku === null)
    return (
      <Notice tone="warning" title={t('order.noSku')}>
        {t('order.noSkuText')}
      </Notice>
    )
  return (
    <Notice tone="warning" title={t('order.unknownTitle', { sku: remoteSku })}>
      <p>{t('order.unknownText')}</p>
      {may('catalog.manage') ? <Form order={order} remoteSku={remoteSku} /> : <p>{t('order.linkForbidden')}</p>}
    </Notice>
  )
}

function Form({ order, remoteSku }: { order: OrderDetail; remoteSku: string }) {
  const t = useT()
  const [sku, setSku] = useState('')
  const [units, setUnits] = useState<number | string>(1)
  const link = useChange('linkListing', ['order', 'orders', 'overview', 'stock'])
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const body = {
      account: order.accountId,
      remoteSku,
      sku: sku.trim(),
      unitsPerSale: Number(units) || 1,
      marketplace: order.marketplace ?? '',
      fulfilledBy: order.fulfilledBy,
    }
    link.mutate({ body }, { onSuccess: () => announce(t('order.linked', { remoteSku, sku: body.sku })) })
  }
  if (link.isSuccess) return <p role="status">{t('order.linked', { remoteSku, sku: link.data.sku ?? sku })}</p>
  return (
    <form onSubmit={submit} className="inline-form">
      <SkuInput label={t('order.linkSku')} required title={t('order.linkSkuHint')} value={sku} onChange={setSku} />
      <NumberInput
        size="xs"
        label={t('order.linkUnits')}
        min={1}
        max={10_000}
        allowDecimal={false}
        value={units}
        onChange={setUnits}
      />
      <Button size="xs" type="submit" loading={link.isPending} disabled={sku.trim() === ''}>
        {t('order.link')}
      </Button>
      {link.error && (
        <div className="full">
          <ErrorNotice error={link.error} />
        </div>
      )}
    </form>
  )
}
