import { Button, NativeSelect, NumberInput, TextInput } from '@mantine/core'
import { type FormEvent, useState } from 'react'
import { useFormat } from '../format.ts'
import { useT } from '../i18n.ts'
import { useChange } from '../queries.ts'
import type { StockDetail } from '../types.ts'
import { announce } from './Announcer.tsx'
import { useLocations } from './LocationSelect.tsx'
import { ErrorNotice, Notice } from './Notice.tsx'

const kinds = ['receipt', 'count', 'adjustment', 'return', 'unsellable'] as const
type Kind = (typeof kinds)[number]
const isSigned = (kind: Kind): boolean => kind === 'adjustment' || kind === 'unsellable'

/** What happened to how many units, where. Never a bare number to overwrite. */
export function MoveForm({ detail }: { detail: StockDetail }) {
  const t = useT()
  const format = useFormat()
  const locations = useLocations()
  const [form, setForm] = useState({ kind: 'receipt' as Kind, location: '', note: '' })
  const [quantity, setQuantity] = useState<number | string>('')
  const [result, setResult] = useState('')
  const move = useChange('addMovement', ['stockOf', 'stock', 'movements', 'overview'])
  const set = (patch: Partial<typeof form>) => setForm({ ...form, ...patch })
  const units = typeof quantity === 'number' ? quantity : null
  const place = form.location || locations?.[0]?.code || ''
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (units === null) return
    setResult('')
    const before = detail.onHand
    const body = {
      sku: detail.sku,
      location: place,
      kind: form.kind,
      quantity: units,
      note: form.note.trim() || undefined,
    }
    move.mutate(
      { body },
      {
        onSuccess: (level) => {
          const done = t('variant.moveDone', {
            before: format.number(before),
            after: format.number(level.onHand),
            available: format.number(level.availableToPromise),
          })
          setResult(done)
          announce(done)
          setQuantity('')
          set({ note: '' })
        },
      },
    )
  }
  if (locations?.length === 0) return <p className="dim pad">{t('variant.noLocation')}</p>
  return (
    <form onSubmit={submit} className="form pad">
      <NativeSelect
        size="xs"
        label={t('variant.moveKind')}
        description={t(`variant.moveHelp.${form.kind}`)}
        value={form.kind}
        data={kinds.map((value) => ({ value, label: t(`moveKind.${value}`) }))}
        onChange={(event) => set({ kind: event.currentTarget.value as Kind })}
      />
      <div className="pair">
        <NativeSelect
          size="xs"
          label={t('variant.moveLocation')}
          value={place}
          data={(locations ?? []).map((one) => ({ value: one.code, label: one.name }))}
          onChange={(event) => set({ location: event.currentTarget.value })}
        />
        <NumberInput
          size="xs"
          label={t('variant.moveQuantity')}
          required
          withAsterisk={false}
          allowDecimal={false}
          {...(isSigned(form.kind) ? {} : { min: 0 })}
          max={1_000_000_000}
          value={quantity}
          onChange={setQuantity}
        />
      </div>
      <TextInput
        size="xs"
        label={t('variant.moveNote')}
        maxLength={300}
        value={form.note}
        onChange={(event) => set({ note: event.currentTarget.value })}
      />
      {move.error && <ErrorNotice error={move.error} />}
      {result && <Notice tone="ok">{result}</Notice>}
      <Button size="xs" type="submit" disabled={units === null || place === ''} loading={move.isPending}>
        {units === null ? t('variant.moveEmpty') : t(`variant.moveSubmit.${form.kind}`, { count: units })}
      </Button>
    </form>
  )
}
