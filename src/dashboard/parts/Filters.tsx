import { NativeSelect } from '@mantine/core'
import { useT } from '../i18n.ts'
import type { Account } from '../types.ts'
import { useWord } from './words.ts'

interface ChoiceProps {
  label: string
  value: string
  any: string
  options: { value: string; label: string }[]
  onChange: (value: string | undefined) => void
}

/** The browser's own list: it works with every keyboard, reader and phone. */
export function Choice({ label, value, any, options, onChange }: ChoiceProps) {
  return (
    <NativeSelect
      size="xs"
      aria-label={label}
      className={value ? 'is-set' : undefined}
      value={value}
      data={[{ value: '', label: any }, ...options]}
      onChange={(event) => onChange(event.currentTarget.value || undefined)}
    />
  )
}

interface AccountsProps {
  accounts: readonly Account[]
  value: string
  onChange: (value: string | undefined) => void
}

export function ChannelSelect({ accounts, value, onChange }: AccountsProps) {
  const t = useT()
  const word = useWord()
  const options = [...new Set(accounts.map((one) => one.channel))].map((one) => ({
    value: one,
    label: word('channel', one),
  }))
  return (
    <Choice
      label={t('orders.channel')}
      any={t('orders.anyChannel')}
      value={value}
      options={options}
      onChange={onChange}
    />
  )
}

export function AccountSelect({ accounts, value, onChange }: AccountsProps) {
  const t = useT()
  const options = accounts.map((one) => ({ value: one.id, label: one.name }))
  return (
    <Choice
      label={t('orders.account')}
      any={t('orders.anyAccount')}
      value={value}
      options={options}
      onChange={onChange}
    />
  )
}
