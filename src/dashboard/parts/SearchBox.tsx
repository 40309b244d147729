import { CloseButton, TextInput } from '@mantine/core'
import { useEffect, useState } from 'react'
import { useT } from '../i18n.ts'
import { Icon } from './Icon.tsx'

/** Writes to the address a moment after typing stops. `data-search` is what the key "/" looks for. */
export function SearchBox({
  value,
  label,
  onChange,
}: {
  value: string
  label: string
  onChange: (value: string) => void
}) {
  const t = useT()
  const [text, setText] = useState(value)
  useEffect(() => setText(value), [value])
  useEffect(() => {
    if (text.trim() === value) return
    const timer = setTimeout(() => onChange(text.trim()), 250)
    return () => clearTimeout(timer)
  })
  return (
    <TextInput
      size="xs"
      className="search"
      data-search
      aria-label={label}
      placeholder={label}
      title={t('app.searchHint')}
      value={text}
      maxLength={200}
      leftSection={<Icon name="search" size={14} />}
      rightSection={
        text ? (
          <CloseButton
            size="sm"
            aria-label={t('app.clearSearch')}
            onClick={() => {
              setText('')
              onChange('')
            }}
          />
        ) : undefined
      }
      onChange={(event) => setText(event.currentTarget.value)}
    />
  )
}
