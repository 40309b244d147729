import { Button, NativeSelect, NumberInput } from '@mantine/core'
import { type FormEvent, useState } from 'react'
import { useT } from '../i18n.ts'
import { useChange } from '../queries.ts'
import type { Threshold } from '../types.ts'
import type { Location } from './LocationSelect.tsx'
import { ErrorNotice } from './Notice.tsx'
import { SkuInput } from './Suggested.tsx'

/** How much a location should hold of a SKU, and from where it is filled. */
export function ThresholdForm({
  row,
  locations,
  onDone,
}: {
  row: Threshold | null
  locations: readonly Location[]
  onDone: (text: string) => void
}) {
  const t = useT()
  const [sku, setSku] = useState(row?.sku ?? '')
  const [location, setLocation] = useState(row?.location.code ?? locations[1]?.code ?? '')
  const [source, setSource] = useState(row?.source.code ?? locations[0]?.code ?? '')
  const [minimum, setMinimum] = useState<number | string>(row?.minimum ?? '')
  const [maximum, setMaximum] = useState<number | string>(row?.maximum ?? '')
  const save = useChange('setThreshold', ['thresholds'])
  const isWhole = sku.trim() !== '' && typeof minimum === 'number' && typeof maximum === 'number' && location !== source
  const data = locations.map((one) => ({ value: one.code, label: one.name }))
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const body = { sku: sku.trim(), location, source, minimum: Number(minimum), maximum: Number(maximum) }
    save.mutate(
      { body },
      { onSuccess: (saved) => onDone(t('bring.saved', { sku: saved.sku, location: saved.location.name })) },
    )
  }
  return (
    <form onSubmit={submit} className="form">
      {!row && <SkuInput label={t('stock.sku')} value={sku} onChange={setSku} required />}
      <div className="pair">
        <NativeSelect
          size="xs"
          label={t('bring.location')}
          value={location}
          disabled={row !== null}
          data={data}
          onChange={(event) => setLocation(event.currentTarget.value)}
        />
        <NativeSelect
          size="xs"
          label={t('bring.source')}
          value={source}
          data={data}
          onChange={(event) => setSource(event.currentTarget.value)}
        />
      </div>
      <div className="pair">
        <Units label={t('bring.minimum')} value={minimum} onChange={setMinimum} />
        <Units label={t('bring.maximum')} value={maximum} onChange={setMaximum} />
      </div>
      <p className="dim">
        {t('bring.minimumHelp')} {t('bring.maximumHelp')}
      </p>
      {save.error && <ErrorNotice error={save.error} />}
      <Button size="xs" type="submit" disabled={!isWhole} loading={save.isPending}>
        {t('bring.save')}
      </Button>
    </form>
  )
}

export function Units({
  label,
  value,
  max = 1_000_000_000,
  onChange,
}: {
  label: string
  value: number | string
  max?: number
  onChange: (value: number | string) => void
}) {
  return (
    <NumberInput size="xs" label={label} allowDecimal={false} min={0} max={max} value={value} onChange={onChange} />
  )
}
