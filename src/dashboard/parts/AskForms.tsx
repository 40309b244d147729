import { Button, NativeSelect, NumberInput } from '@mantine/core'
import { type FormEvent, useState } from 'react'
import { minorDigits, useFormat } from '../format.ts'
import { useT } from '../i18n.ts'
import { useChange } from '../queries.ts'
import type { OrderDetail, OrderErrands, OrderLine } from '../types.ts'
import { ErrorNotice } from './Notice.tsx'
import { nameOf, openOf } from './ShipForm.tsx'

const refresh = ['orderErrands', 'order', 'orders', 'overview'] as const
const cancelReasons = ['buyer_asked', 'out_of_stock', 'address', 'price', 'fraud', 'other'] as const
const refundReasons = ['returned', 'canceled', 'damaged', 'not_received', 'price', 'other'] as const

export function CancelForm({
  order,
  can,
  onDone,
}: {
  order: OrderDetail
  can: OrderErrands['can']
  onDone: (text: string) => void
}) {
  const t = useT()
  const [units, setUnits] = useState<Record<string, number | string>>({})
  const [reason, setReason] = useState<(typeof cancelReasons)[number]>('buyer_asked')
  const cancel = useChange('cancelOrder', refresh)
  const lines = order.lines.filter((line) => openOf(line) > 0)
  const wanted = lines
    .map((line) => ({ line: line.id, quantity: Number(units[line.id] ?? 0) || 0 }))
    .filter((one) => one.quantity > 0)
  const count = wanted.reduce((sum, one) => sum + one.quantity, 0)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const body = count > 0 ? { reason, lines: wanted } : { reason }
    cancel.mutate({ params: { id: order.id }, body }, { onSuccess: () => onDone(t('errand.cancelAsked')) })
  }
  return (
    <form onSubmit={submit} className="form pad">
      <p className="dim">{t('errand.cancelText')}</p>
      {can.cancelLines && (
        <div className="settings">
          {lines.map((line) => (
            <NumberInput
              key={line.id}
              size="xs"
              label={t('errand.quantityCancel', { sku: nameOf(line), open: openOf(line) })}
              min={0}
              max={openOf(line)}
              allowDecimal={false}
              value={units[line.id] ?? 0}
              onChange={(value) => setUnits({ ...units, [line.id]: value })}
            />
          ))}
        </div>
      )}
      <NativeSelect
        size="xs"
        label={t('errand.reason')}
        value={reason}
        data={cancelReasons.map((value) => ({ value, label: t(`errand.cancelReason.${value}`) }))}
        onChange={(event) => setReason(event.currentTarget.value as typeof reason)}
      />
      {cancel.error && <ErrorNotice error={cancel.error} />}
      <Button size="xs" type="submit" loading={cancel.isPending}>
        {count > 0 ? t('errand.cancelSubmit', { count }) : t('errand.cancelWhole')}
      </Button>
    </form>
  )
}

export function RefundForm({ order, onDone }: { order: OrderDetail; onDone: (text: string) => void }) {
  const t = useT()
  const format = useFormat()
  const currency = order.currency ?? ''
  const digits = minorDigits(currency)
  const [amounts, setAmounts] = useState<Record<string, number | string>>({})
  const [shipping, setShipping] = useState<number | string>('')
  const [reason, setReason] = useState<(typeof refundReasons)[number]>('returned')
  const refund = useChange('refundOrder', refresh)
  const minor = (value: number | string | undefined) => Math.round((Number(value) || 0) * 10 ** digits)
  const lines = order.lines
    .map((line) => ({
      line: line.id,
      quantity: unitsFor(line, minor(amounts[line.id])),
      amount: minor(amounts[line.id]),
    }))
    .filter((one) => one.amount > 0)
  const total = lines.reduce((sum, one) => sum + one.amount, minor(shipping))
  const submit = (event: FormEvent) => {
    event.preventDefault()
    refund.mutate(
      { params: { id: order.id }, body: { lines, shippingAmount: minor(shipping), reason } },
      { onSuccess: () => onDone(t('errand.refunded')) },
    )
  }
  return (
    <form onSubmit={submit} className="form pad">
      <p className="dim">{t('errand.refundText')}</p>
      <div className="settings">
        {order.lines.map((line) => (
          <NumberInput
            key={line.id}
            size="xs"
            label={t('errand.amountOf', { sku: nameOf(line), currency })}
            min={0}
            decimalScale={digits}
            value={amounts[line.id] ?? ''}
            onChange={(value) => setAmounts({ ...amounts, [line.id]: value })}
          />
        ))}
        <NumberInput
          size="xs"
          label={t('errand.shippingAmount', { currency })}
          min={0}
          decimalScale={digits}
          value={shipping}
          onChange={setShipping}
        />
      </div>
      <NativeSelect
        size="xs"
        label={t('errand.reason')}
        value={reason}
        data={refundReasons.map((value) => ({ value, label: t(`errand.refundReason.${value}`) }))}
        onChange={(event) => setReason(event.currentTarget.value as typeof reason)}
      />
      {refund.error && <ErrorNotice error={refund.error} />}
      <Button size="xs" type="submit" disabled={total === 0} loading={refund.isPending}>
        {total === 0
          ? t('errand.refundNone')
          : t('errand.refundSubmit', { amount: format.money(total, currency) ?? '' })}
      </Button>
    </form>
  )
}

/** As many units as the money stands for, at least one. */
function unitsFor(line: OrderLine, amount: number): number {
  if (!line.unitPrice) return 1
  return Math.min(line.quantity, Math.max(1, Math.round(amount / line.unitPrice)))
}
