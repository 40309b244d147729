import { Button, NativeSelect } from '@mantine/core'
import { type FormEvent, useState } from 'react'
import { useFormat } from '../format.ts'
import { useT } from '../i18n.ts'
import { useCall, useChange } from '../queries.ts'
import { useMay } from '../session.ts'
import type { Account } from '../types.ts'
import { announce } from './Announcer.tsx'
import { ErrorNotice } from './Notice.tsx'

/** Are the account's orders copied into the own store? Nothing is shown where no store takes copies. */
export function WriteThroughPart({ account }: { account: Account }) {
  const t = useT()
  const format = useFormat()
  const may = useMay()
  const { data } = useCall('writeThrough', { params: { id: account.id } })
  const change = useChange('setWriteThrough', ['writeThrough'])
  const [store, setStore] = useState('')
  if (!data || data.stores.length === 0 || data.stores.includes(account.name)) return null
  const chosen = store || data.store || data.stores[0]!
  const isOn = data.isOn && data.store === chosen
  const submit = (event: FormEvent) => {
    event.preventDefault()
    change.mutate(
      { params: { id: account.id }, body: { store: chosen, isOn: !isOn } },
      { onSuccess: () => announce(t('writeThrough.saved')) },
    )
  }
  return (
    <form onSubmit={submit} className="inline-form pad" aria-label={t('writeThrough.title')}>
      <p className="full">
        <strong>{t('writeThrough.title')}</strong>{' '}
        <span className="dim">
          {data.isOn && data.store && data.since
            ? t('writeThrough.on', { store: data.store, since: format.short(data.since) })
            : t('writeThrough.off')}
          {data.copies + data.waiting > 0 &&
            ` ${t('writeThrough.counts', { copies: format.number(data.copies), waiting: format.number(data.waiting) })}`}
        </span>
      </p>
      {may('accounts.manage') && (
        <>
          <NativeSelect
            size="xs"
            label={t('writeThrough.store')}
            value={chosen}
            data={data.stores}
            onChange={(event) => setStore(event.currentTarget.value)}
          />
          <Button size="xs" variant="default" type="submit" loading={change.isPending}>
            {isOn ? t('writeThrough.stop') : t('writeThrough.begin', { store: chosen })}
          </Button>
        </>
      )}
      {change.error && <ErrorNotice error={change.error} />}
    </form>
  )
}
