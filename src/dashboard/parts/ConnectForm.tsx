import { Button, NativeSelect, PasswordInput, TextInput } from '@mantine/core'
import i18next from 'i18next'
import { type FormEvent, useState } from 'react'
import { type Field, fieldsOf, settingsFrom } from '../connect-steps.ts'
import { useT } from '../i18n.ts'
import { useChange } from '../queries.ts'
import type { Channel, Connection } from '../types.ts'
import { CopyButton, ErrorNotice } from './Notice.tsx'
import { Panel } from './Page.tsx'
import { useWord } from './words.ts'

/** Words for a field, where there are any; channels may ask for more than is known here. */
function useField() {
  const t = useT()
  return (name: string) => {
    const help = `connect.help.${name}`
    const label = `connect.field.${name}`
    return {
      label: i18next.exists(label) ? String(t(label as never)) : name,
      ...(i18next.exists(help) ? { description: String(t(help as never)) } : {}),
    }
  }
}

/** Text of a channel, or of those that have none of their own. */
export function useChannelText(group: 'connect.about' | 'connect.needs', channel: string): string {
  const t = useT()
  const key = `${group}.${channel}`
  return String(t((i18next.exists(key) ? key : `${group}.other`) as never))
}

/** What the seller needs at hand, with the address that the channel must know. */
export function ConnectNeeds({ channel }: { channel: Channel }) {
  const t = useT()
  const word = useWord()
  const lines = useChannelText('connect.needs', channel.channel).split('\n')
  return (
    <Panel title={t('connect.needs.title', { channel: word('channel', channel.channel) })}>
      <ul className="pad needs">
        {lines.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
      {channel.consent && <RedirectUri value={channel.consent.redirectUri} />}
    </Panel>
  )
}

export function RedirectUri({ value }: { value: string }) {
  const t = useT()
  return (
    <dl className="pad redirect">
      <dt>{t('connect.redirect')}</dt>
      <dd>
        <code className="mono">{value}</code> <CopyButton text={value} label={t('connect.copyRedirect')} />
      </dd>
      <dd className="dim">{t('connect.redirectHelp')}</dd>
    </dl>
  )
}

interface Props {
  channel: Channel
  /** What was given before; undefined: nothing yet. */
  known: Connection | undefined
  onSaved: (connection: Connection) => void
}

export function ConnectForm({ channel, known, onSaved }: Props) {
  const t = useT()
  const word = useWord()
  const fields = fieldsOf(channel.settings, known?.settings)
  const [name, setName] = useState(known?.name ?? word('channel', channel.channel))
  const [values, setValues] = useState(() => Object.fromEntries(fields.map((one) => [one.name, one.value])))
  const [secrets, setSecrets] = useState<Record<string, string>>({})
  const add = useChange('addDraft', ['accounts', 'overview'])
  const change = useChange('changeDraft', ['accounts', 'connection'])
  const { error, isPending } = known ? change : add
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const settings = settingsFrom(fields, values)
    const given = Object.fromEntries(Object.entries(secrets).filter(([, value]) => value !== ''))
    const onSuccess = { onSuccess: onSaved }
    if (known) change.mutate({ params: { id: known.id }, body: { name, settings, secrets: given } }, onSuccess)
    else add.mutate({ body: { channel: channel.channel, name, settings, secrets: given } }, onSuccess)
  }
  const input = (field: Field) => (
    <SettingInput
      key={field.name}
      field={field}
      value={values[field.name] ?? ''}
      onChange={(value) => setValues((old) => ({ ...old, [field.name]: value }))}
    />
  )
  const rare = fields.filter((one) => one.isRare)
  return (
    <Panel title={t('connect.settingsTitle')}>
      <form className="form pad file-form" onSubmit={submit}>
        <TextInput
          size="xs"
          label={t('connect.name')}
          description={t('connect.nameHelp')}
          required
          maxLength={100}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        {fields.filter((one) => !one.isRare).map(input)}
        {rare.length > 0 && (
          <details>
            <summary>{t('connect.more')}</summary>
            <div className="form more-fields">{rare.map(input)}</div>
          </details>
        )}
        {channel.secrets.length > 0 && (
          <h3>
            {t('connect.secretsTitle')} <span className="dim">{t('connect.secretsNote')}</span>
          </h3>
        )}
        {channel.secrets.map((secret) => (
          <SecretInput
            key={secret}
            name={secret}
            channel={channel}
            isKept={known?.secrets.some((one) => one.name === secret && one.given) ?? false}
            value={secrets[secret] ?? ''}
            onChange={(value) => setSecrets((old) => ({ ...old, [secret]: value }))}
          />
        ))}
        {error && <ErrorNotice error={error} />}
        <Button size="xs" type="submit" loading={isPending}>
          {t('connect.save')}
        </Button>
      </form>
    </Panel>
  )
}

interface InputProps {
  value: string
  onChange: (value: string) => void
}

function SettingInput({ field, value, onChange }: InputProps & { field: Field }) {
  const words = useField()(field.name)
  const shared = { size: 'xs', ...words, required: field.isRequired, value } as const
  if (field.kind === 'choice')
    return (
      <NativeSelect
        {...shared}
        data={[...(field.isRequired && field.value !== '' ? [] : ['']), ...field.choices]}
        onChange={(event) => onChange(event.currentTarget.value)}
      />
    )
  if (field.kind === 'yes-no')
    return (
      <label className="check-field">
        <input
          type="checkbox"
          checked={value === 'true'}
          onChange={(event) => onChange(String(event.currentTarget.checked))}
        />
        <span>
          {words.label}
          {words.description && <span className="dim">{words.description}</span>}
        </span>
      </label>
    )
  return (
    <TextInput
      {...shared}
      autoComplete="off"
      spellCheck={false}
      inputMode={field.kind === 'number' ? 'numeric' : undefined}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  )
}

function SecretInput({
  name,
  channel,
  isKept,
  value,
  onChange,
}: InputProps & { name: string; channel: Channel; isKept: boolean }) {
  const t = useT()
  const { label, description } = useField()(name)
  const isBrought = channel.consent?.brings.includes(name) ?? false
  const isOptional = isBrought || channel.secretsOptional.includes(name)
  const hints = [description, isKept ? t('connect.secretKept') : isBrought ? t('connect.byConsent') : undefined]
  return (
    <PasswordInput
      size="xs"
      label={isOptional && !isBrought ? `${label} (${t('connect.optional')})` : label}
      description={hints.filter(Boolean).join(' ')}
      autoComplete="off"
      required={!isOptional && !isKept}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  )
}
