import { Button, PasswordInput, TextInput } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import { useLanguage, useT } from '../i18n.ts'
import { Front } from '../parts/Front.tsx'
import { ErrorNotice, Notice } from '../parts/Notice.tsx'
import { useCall, useChange } from '../queries.ts'
import { signedIn } from '../session.ts'
import { useView } from '../view.ts'

const shortest = 12

export function Setup() {
  const t = useT()
  const [view] = useView()
  const state = useCall('setupState', {})
  return (
    <Front title={t('setup.title')}>
      {state.data?.needed === false ? (
        <Notice tone="info" title={t('setup.done')}>
          <p>{t('setup.doneText')}</p>
          <Link to="/sign-in">{t('signIn.title')}</Link>
        </Notice>
      ) : view.token ? (
        <SetupForm token={view.token} />
      ) : (
        <Notice tone="warning" title={t('setup.noToken')}>
          {t('setup.noTokenText')}
        </Notice>
      )}
    </Front>
  )
}

function SetupForm({ token }: { token: string }) {
  const t = useT()
  const language = useLanguage()
  const client = useQueryClient()
  const navigate = useNavigate()
  const [form, setForm] = useState({ name: '', email: '', password: '' })
  const [tried, setTried] = useState(false)
  const setup = useChange('setup')
  const missing = shortest - form.password.length
  const submit = (event: FormEvent) => {
    event.preventDefault()
    setTried(true)
    if (missing > 0) return
    setup.mutate(
      { body: { ...form, email: form.email.trim(), token, language } },
      {
        onSuccess: (session) => {
          signedIn(client, session)
          void navigate({ to: '/', replace: true })
        },
      },
    )
  }
  const set = (patch: Partial<typeof form>) => setForm({ ...form, ...patch })
  return (
    <form onSubmit={submit} className="form">
      <p className="dim">{t('setup.text')}</p>
      <TextInput
        label={t('setup.name')}
        autoComplete="name"
        required
        withAsterisk={false}
        maxLength={100}
        value={form.name}
        onChange={(event) => set({ name: event.currentTarget.value })}
      />
      <TextInput
        label={t('setup.email')}
        type="email"
        autoComplete="username"
        required
        withAsterisk={false}
        maxLength={320}
        value={form.email}
        onChange={(event) => set({ email: event.currentTarget.value })}
      />
      <PasswordInput
        label={t('setup.password')}
        description={t('setup.passwordHint')}
        autoComplete="new-password"
        required
        withAsterisk={false}
        maxLength={200}
        error={tried && missing > 0 ? t('setup.passwordShort', { count: missing }) : undefined}
        value={form.password}
        onChange={(event) => set({ password: event.currentTarget.value })}
      />
      {setup.error && <ErrorNotice error={setup.error} />}
      <Button type="submit" loading={setup.isPending}>
        {t('setup.submit')}
      </Button>
    </form>
  )
}
