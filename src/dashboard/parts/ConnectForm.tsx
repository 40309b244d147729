import { Button, NativeSelect, PasswordInput, TextInput } from '@mantine/core'
import i18next from 'i18next'
import { type FormEvent, useState } from 'react'
import { ApiProblem } from '../api.ts'
import { type Field, fieldsOf, settingsFrom } from '../connect-steps.ts'
import { useT } from '../i18n.ts'
import { useChange } from '../queries.ts'
import type { Channel, Connection } from '../types.ts'
import { CopyButton, ErrorNotice, Notice } from './Notice.tsx'
import { Panel } from './Page.tsx'
import { useWord } from './words.ts'

/** Words for a field: the channel's own first; channels may ask for more than is known here. */
function useField(channel: string) {
  const t = useT()
  const told = (group: 'field' | 'help' | 'bad', name: string): string | undefined => {
    const key = [`connect.${group}Of.${channel}.${name}`, `connect.${group}.${name}`].find((one) => i18next.exists(one))
    return key && String(t(key as never))
  }
  return {
    words(name: string) {
      const description = told('help', name)
      return { label: told('field', name) ?? name, ...(description ? { description } : {}) }
    },
    bad: (name: string, message: string) => told('bad', name) ?? t('connect.bad.other', { message }),
    choice(name: string, value: string) {
      const key = `connect.choice.${name}.${value}`
      return { value, label: i18next.exists(key) ? String(t(key as never)) : value }
    },
  }
}

/** The fields that the hub named in its refusal, where it named any. */
const refusedIn = (error: unknown): Map<string, string> =>
  new Map(
    error instanceof ApiProblem
      ? error.errors.flatMap(({ path, message }): [string, string][] => {
          const name = /^(?:settings|secrets)\.(\w+)/.exec(path)?.[1]
          return name ? [[name, message]] : []
        })
      : [],
  )

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
  const refused = refusedIn(error)
  const { bad } = useField(channel.channel)
  // What is still missing after it was saved would otherwise look as if nothing had happened.
  const missing = known?.secrets.filter((one) => one.missing && !one.byConsent).map((one) => one.name) ?? []
  const fault = (field: string) => {
    const message = refused.get(field) ?? (missing.includes(field) ? t('connect.secretMissing') : undefined)
    return message === undefined ? undefined : bad(field, message)
  }
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
      channel={channel.channel}
      fault={fault(field.name)}
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
          name="name"
          label={t('connect.name')}
          description={t('connect.nameHelp')}
          required
          maxLength={100}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        {fields.filter((one) => !one.isRare).map(input)}
        {rare.length > 0 && (
          <details open={rare.some((one) => refused.has(one.name)) || undefined}>
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
            fault={fault(secret)}
            isKept={known?.secrets.some((one) => one.name === secret && one.given) ?? false}
            value={secrets[secret] ?? ''}
            onChange={(value) => setSecrets((old) => ({ ...old, [secret]: value }))}
          />
        ))}
        {refused.size > 0 ? (
          <Notice tone="warning" alert title={t('connect.badTitle')}>
            {t('connect.badText')}
          </Notice>
        ) : (
          error && <ErrorNotice error={error} />
        )}
        <Button size="xs" type="submit" loading={isPending}>
          {t('connect.save')}
        </Button>
      </form>
    </Panel>
  )
}

interface InputProps {
  /** Why it was refused. */
  fault: string | undefined
  value: string
  onChange: (value: string) => void
}

function SettingInput({ field, channel, fault, value, onChange }: InputProps & { field: Field; channel: string }) {
  const { words: wordsOf, choice } = useField(channel)
  const words = wordsOf(field.name)
  const shared = { size: 'xs', name: field.name, ...words, required: field.isRequired, value, error: fault } as const
  if (field.kind === 'choice')
    return (
      <NativeSelect
        {...shared}
        data={[
          ...(field.isRequired && field.value !== '' ? [] : ['']),
          ...field.choices.map((one) => choice(field.name, one)),
        ]}
        onChange={(event) => onChange(event.currentTarget.value)}
      />
    )
  if (field.kind === 'yes-no')
    return (
      <label className="check-field">
        <input
          type="checkbox"
          name={field.name}
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
  fault,
  isKept,
  value,
  onChange,
}: InputProps & { name: string; channel: Channel; isKept: boolean }) {
  const t = useT()
  const { label, description } = useField(channel.channel).words(name)
  const isBrought = channel.consent?.brings.includes(name) ?? false
  const isOptional = isBrought || channel.secretsOptional.includes(name)
  const hints = [description, isKept ? t('connect.secretKept') : isBrought ? t('connect.byConsent') : undefined]
  return (
    <PasswordInput
      size="xs"
      name={name}
      label={isOptional && !isBrought ? t('connect.optional', { label }) : label}
      error={fault}
      description={hints.filter(Boolean).join(' ')}
      autoComplete="off"
      required={!isOptional && !isKept}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  )
}
