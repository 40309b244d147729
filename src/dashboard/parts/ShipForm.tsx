import { Button, NumberInput, TextInput } from '@mantine/core'
import { type FormEvent, useState } from 'react'
import { useT } from '../i18n.ts'
import { useChange } from '../queries.ts'
import type { OrderDetail, OrderErrands, OrderLine } from '../types.ts'
import { ErrorNotice } from './Notice.tsx'

export const openOf = (line: OrderLine): number =>
  Math.max(0, line.quantity - line.canceled - Math.floor(line.shipped / line.unitsPerSale))

export const nameOf = (line: OrderLine): string => line.sku ?? line.remoteSku ?? line.remoteId

/** All that is open leaves unless somebody says otherwise. */
export function ShipForm({
  order,
  can,
  onDone,
}: {
  order: OrderDetail
  can: OrderErrands['can']
  onDone: (text: string) => void
}) {
  const t = useT()
  const lines = order.lines.filter((line) => openOf(line) > 0 && line.sku !== null)
  const [units, setUnits] = useState<Record<string, number | string>>({})
  const [carrier, setCarrier] = useState('')
  const [tracking, setTracking] = useState('')
  const ship = useChange('shipOrder', ['orderErrands', 'order', 'orders', 'overview', 'stock'])
  const unitsOf = (line: OrderLine) => Number(units[line.id] ?? openOf(line)) || 0
  const leaving = lines.map((line) => ({ line: line.id, quantity: unitsOf(line) })).filter((one) => one.quantity > 0)
  const count = leaving.reduce((sum, one) => sum + one.quantity, 0)
  const isLacking = can.needsTracking && tracking.trim() === ''
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const parcel = { carrier: carrier.trim() || undefined, trackingNumber: tracking.trim() || undefined }
    ship.mutate(
      { params: { id: order.id }, body: { lines: leaving, ...parcel } },
      { onSuccess: () => onDone(t('errand.shipped')) },
    )
  }
  return (
    <form onSubmit={submit} className="form pad">
      <p className="dim">{can.tellsShipments ? t('errand.shipText') : t('errand.shipTextUntold')}</p>
      <div className="settings">
        {lines.map((line) => (
          <NumberInput
            key={line.id}
            size="xs"
            label={t('errand.quantityOf', { sku: nameOf(line), open: openOf(line) })}
            min={0}
            max={openOf(line)}
            allowDecimal={false}
            value={units[line.id] ?? openOf(line)}
            onChange={(value) => setUnits({ ...units, [line.id]: value })}
          />
        ))}
      </div>
      <div className="pair">
        <TextInput
          size="xs"
          label={t('errand.carrier')}
          maxLength={100}
          value={carrier}
          onChange={(event) => setCarrier(event.currentTarget.value)}
        />
        <TextInput
          size="xs"
          label={t('errand.tracking')}
          maxLength={100}
          required={can.needsTracking}
          withAsterisk={false}
          {...(can.needsTracking ? { description: t('errand.needsTracking') } : {})}
          value={tracking}
          onChange={(event) => setTracking(event.currentTarget.value)}
        />
      </div>
      {ship.error && <ErrorNotice error={ship.error} />}
      <Button size="xs" type="submit" disabled={count === 0 || isLacking} loading={ship.isPending}>
        {count === 0 ? t('errand.shipNone') : t('errand.shipSubmit', { count })}
      </Button>
    </form>
  )
}
