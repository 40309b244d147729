import { TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useId } from 'react'
import { useCall } from '../queries.ts'

interface Props {
  label: string
  description?: string
  value: string
  onChange: (value: string) => void
  required?: boolean
  title?: string
}

function Suggested({ list, ...props }: Props & { list: { value: string; label: string }[] }) {
  const id = useId()
  const { label, description, value, onChange, required, title } = props
  return (
    <>
      <TextInput
        size="xs"
        label={label}
        {...(description ? { description } : {})}
        required={required ?? false}
        withAsterisk={false}
        {...(title ? { title } : {})}
        list={id}
        autoComplete="off"
        maxLength={200}
        value={value}
        onChange={(event) => onChange(event.currentTarget.value)}
      />
      <datalist id={id}>
        {list.map((one) => (
          <option key={one.value} value={one.value}>
            {one.label}
          </option>
        ))}
      </datalist>
    </>
  )
}

/** Free text: categories are plain labels; those that exist are suggested, so that one is not spelled twice. */
export function CategoryInput(props: Props) {
  const categories = useCall('categories', { query: { limit: 200 } }).data?.items ?? []
  return <Suggested {...props} list={categories.map((one) => ({ value: one.category, label: String(one.products) }))} />
}

export function SkuInput(props: Props) {
  const [asked] = useDebouncedValue(props.value.trim(), 200)
  const variants = useCall('variants', { query: { limit: 20, ...(asked ? { q: asked } : {}) } }).data?.items ?? []
  return <Suggested {...props} list={variants.map((one) => ({ value: one.sku, label: one.title }))} />
}
