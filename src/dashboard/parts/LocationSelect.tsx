import { useT } from '../i18n.ts'
import { useCall } from '../queries.ts'
import { Choice } from './Filters.tsx'

export interface Location {
  code: string
  name: string
}

/** Where units lie that people count and move; what channels hold is not among them. */
export function useLocations(): Location[] | undefined {
  const locations = useCall('locations', { query: { limit: 200 } }).data?.items
  return locations?.filter((one) => one.kind !== 'channel')
}

export function LocationSelect({
  locations,
  value,
  onChange,
}: {
  locations: readonly Location[]
  value: string
  onChange: (value: string | undefined) => void
}) {
  const t = useT()
  const options = locations.map((one) => ({ value: one.code, label: one.name }))
  return (
    <Choice
      label={t('bring.location')}
      any={t('bring.anyLocation')}
      value={value}
      options={options}
      onChange={onChange}
    />
  )
}
