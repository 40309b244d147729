import { Button, PasswordInput, TextInput } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useRouter } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import { useT } from '../i18n.ts'
import { Front } from '../parts/Front.tsx'
import { ErrorNotice, Notice } from '../parts/Notice.tsx'
import { isStatus, useCall, useChange } from '../queries.ts'
import { signedIn } from '../session.ts'
import { useView } from '../view.ts'

/** Only a path of this hub: an address must not send a person elsewhere after signing in. */
export const safeNext = (next: string | undefined): string =>
  next?.startsWith('/') && !next.startsWith('//') && !next.includes('\\') ? next : '/'

export function SignIn() {
  const t = useT()
  const client = useQueryClient()
  const router = useRouter()
  const [view] = useView()
  const [email, setEmail] = useState('')
  const [password, setPassword] = useState('')
  const state = useCall('setupState', {})
  const signIn = useChange('signIn')
  const submit = (event: FormEvent) => {
    event.preventDefault()
    signIn.mutate(
      { body: { email: email.trim(), password } },
      {
        onSuccess: (session) => {
          signedIn(client, session)
          router.history.replace(safeNext(view.next))
        },
      },
    )
  }
  return (
    <Front title={t('signIn.title')}>
      {state.data?.needed && (
        <Notice tone="info" title={t('signIn.needed')}>
          {t('signIn.neededText')}
        </Notice>
      )}
      <form onSubmit={submit} className="form">
        <TextInput
          label={t('signIn.email')}
          type="email"
          autoComplete="username"
          required
          withAsterisk={false}
          autoFocus
          value={email}
          onChange={(event) => setEmail(event.currentTarget.value)}
        />
        <PasswordInput
          label={t('signIn.password')}
          autoComplete="current-password"
          required
          withAsterisk={false}
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
        />
        {signIn.error &&
          (isStatus(signIn.error, 401) ? (
            <Notice tone="warning" alert title={t('signIn.wrong')}>
              {t('signIn.wrongText')}
            </Notice>
          ) : (
            <ErrorNotice error={signIn.error} />
          ))}
        <Button type="submit" loading={signIn.isPending}>
          {t('signIn.submit')}
        </Button>
      </form>
    </Front>
  )
}
