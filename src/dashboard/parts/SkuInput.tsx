import { TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useId } from 'react'
import { useCall } from '../queries.ts'

interface SkuInputProps {
  label: string
  value: string
  onChange: (value: string) => void
  required?: boolean
  title?: string
}

/** One of our SKUs; what exists is suggested while it is typed. */
export function SkuInput({ label, value, onChange, required, title }: SkuInputProps) {
  const listId = useId()
  const [asked] = useDebouncedValue(value.trim(), 200)
  const variants = useCall('variants', { query: { limit: 20, ...(asked ? { q: asked } : {}) } })
  return (
    <>
      <TextInput
        size="xs"
        label={label}
        required={required ?? false}
        withAsterisk={false}
        list={listId}
        autoComplete="off"
        maxLength={200}
        {...(title ? { title } : {})}
        value={value}
        onChange={(event) => onChange(event.currentTarget.value)}
      />
      <datalist id={listId}>
        {variants.data?.items.map((one) => (
          <option key={one.id} value={one.sku}>
            {one.title}
          </option>
        ))}
      </datalist>
    </>
  )
}
