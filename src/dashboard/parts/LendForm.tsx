import { Button, NativeSelect, NumberInput } from '@mantine/core'
import { type FormEvent, useState } from 'react'
import { useFormat } from '../format.ts'
import { useT } from '../i18n.ts'
import { useChange } from '../queries.ts'
import { useMay } from '../session.ts'
import type { StockDetail } from '../types.ts'
import { announce } from './Announcer.tsx'
import { ErrorNotice } from './Notice.tsx'

/** How much of what a channel holds the own store may sell; nothing where no channel there ships for others. */
export function LendForm({ detail }: { detail: StockDetail }) {
  const t = useT()
  const may = useMay()
  const format = useFormat()
  const { lending, lenders } = detail.held
  const [account, setAccount] = useState(lending?.account ?? lenders[0] ?? '')
  const [most, setMost] = useState<number | string>(lending?.most ?? '')
  const [leave, setLeave] = useState<number | string>(lending?.leave ?? 0)
  const save = useChange('setLending', ['stockOf', 'stock', 'exposureOf', 'exposure'])
  if (lenders.length === 0 && !lending) return null
  const send = (rule: { most: number; leave: number }) =>
    save.mutate(
      { params: { sku: detail.sku }, body: { account: lending?.account ?? account, ...rule } },
      { onSuccess: () => announce(t('held.lendSaved')) },
    )
  const submit = (event: FormEvent) => {
    event.preventDefault()
    send({ most: Number(most), leave: Number(leave) })
  }
  const units = (label: string, value: number | string, onChange: (next: number | string) => void) => (
    <NumberInput
      size="xs"
      label={label}
      value={value}
      onChange={onChange}
      min={0}
      max={1_000_000_000}
      allowDecimal={false}
      allowNegative={false}
      required
    />
  )
  return (
    <form onSubmit={submit} className="form pad">
      <strong>{t('held.lend')}</strong>
      <span className="dim">{t('held.lendText')}</span>
      {lending && (
        <span>
          {t('held.lendNow', { free: format.number(lending.free), dispatched: format.number(lending.dispatched) })}
        </span>
      )}
      {!lending && lenders.length > 1 && (
        <NativeSelect
          size="xs"
          label={t('held.lender')}
          value={account}
          data={lenders}
          onChange={(event) => setAccount(event.currentTarget.value)}
        />
      )}
      <div className="pair">
        {units(t('held.most'), most, setMost)}
        {units(t('held.leave'), leave, setLeave)}
      </div>
      {save.error && <ErrorNotice error={save.error} />}
      <div className="actions">
        <Button
          type="submit"
          size="xs"
          loading={save.isPending}
          disabled={
            !may('accounts.manage') || typeof most !== 'number' || typeof leave !== 'number' || most + leave === 0
          }
        >
          {t('held.lendSave')}
        </Button>
        {lending && (
          <Button
            size="xs"
            variant="default"
            disabled={!may('accounts.manage') || save.isPending}
            onClick={() => send({ most: 0, leave: 0 })}
          >
            {t('held.lendEnd')}
          </Button>
        )}
      </div>
    </form>
  )
}
