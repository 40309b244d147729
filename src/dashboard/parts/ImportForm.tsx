import { Button, NativeSelect, TextInput } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { type FormEvent, useRef, useState } from 'react'
import { newKey } from '../api.ts'
import { bringFile } from '../files.ts'
import { useT } from '../i18n.ts'
import { useCall } from '../queries.ts'
import { useMay } from '../session.ts'
import { importKinds, type ImportKind as Kind } from './import-kinds.ts'
import { useLocations } from './LocationSelect.tsx'
import { ErrorNotice } from './Notice.tsx'
import { Panel } from './Page.tsx'

const needs = {
  variants: 'catalog.manage',
  stock: 'stock.move',
  mappings: 'catalog.manage',
  orders: 'orders.write',
} as const

const zone = () => Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC'

/** A file, what is in it, and what holds for all of its rows. */
export function ImportForm({ onTaken }: { onTaken: (id: string) => void }) {
  const t = useT()
  const may = useMay()
  const kinds = importKinds.filter((kind) => may(needs[kind]))
  const [kind, setKind] = useState<Kind>(kinds[0] ?? 'variants')
  const [file, setFile] = useState<File | null>(null)
  const [more, setMore] = useState({ account: '', location: '', countedAt: '' })
  const accounts = useCall('accounts', { query: { limit: 200 } }).data?.items ?? []
  const locations = useLocations() ?? []
  const key = useRef(newKey())
  const change = (work: () => void) => {
    key.current = newKey()
    work()
  }
  const send = useMutation({
    mutationFn: async (given: File) =>
      await bringFile(
        {
          kind,
          fileName: given.name.slice(0, 200),
          timeZone: zone(),
          ...(hasAccount(kind) && more.account ? { account: more.account } : {}),
          ...(kind === 'stock' && more.location ? { location: more.location } : {}),
          ...(kind === 'stock' && more.countedAt ? { countedAt: new Date(more.countedAt).toISOString() } : {}),
        },
        given,
        key.current,
      ),
    onSuccess: (taken) => onTaken(taken.id),
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (file) send.mutate(file)
  }
  const none = { value: '', label: t('files.none') }
  return (
    <Panel title={t('files.importTitle')} note={t('files.importNote')}>
      <form className="form pad file-form" onSubmit={submit}>
        <NativeSelect
          size="xs"
          label={t('files.what')}
          description={t(`files.kindHelp.${kind}`)}
          value={kind}
          data={kinds.map((value) => ({ value, label: t(`files.kind.${value}`) }))}
          onChange={(event) => change(() => setKind(event.currentTarget.value as Kind))}
        />
        <label className="file-choice">
          <span>{t('files.file')}</span>
          <span className="dim">{t('files.fileHelp')}</span>
          <input
            type="file"
            accept=".csv,.txt,.tsv,text/csv"
            onChange={(event) => change(() => setFile(event.currentTarget.files?.[0] ?? null))}
          />
        </label>
        {hasAccount(kind) && (
          <NativeSelect
            size="xs"
            label={t('files.account')}
            value={more.account}
            data={[none, ...accounts.map((one) => ({ value: one.name, label: one.name }))]}
            onChange={(event) => change(() => setMore({ ...more, account: event.currentTarget.value }))}
          />
        )}
        {kind === 'stock' && (
          <>
            <NativeSelect
              size="xs"
              label={t('files.location')}
              value={more.location}
              data={[none, ...locations.map((one) => ({ value: one.code, label: `${one.name} (${one.code})` }))]}
              onChange={(event) => change(() => setMore({ ...more, location: event.currentTarget.value }))}
            />
            <TextInput
              size="xs"
              type="datetime-local"
              label={t('files.countedAt')}
              description={t('files.countedAtHelp')}
              value={more.countedAt}
              onChange={(event) => change(() => setMore({ ...more, countedAt: event.currentTarget.value }))}
            />
          </>
        )}
        {send.error && <ErrorNotice error={send.error} />}
        <Button size="xs" type="submit" disabled={!file} loading={send.isPending}>
          {file ? t('files.upload') : t('files.chooseFile')}
        </Button>
      </form>
    </Panel>
  )
}

const hasAccount = (kind: Kind) => kind === 'mappings' || kind === 'orders'
