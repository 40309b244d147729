import { Button, NativeSelect } from '@mantine/core'
import { type FormEvent, useState } from 'react'
import { useT } from '../i18n.ts'
import { useCall, useChange } from '../queries.ts'
import type { ImportDetail } from '../types.ts'
import { useLocations } from './LocationSelect.tsx'
import { ErrorNotice } from './Notice.tsx'
import { useWord } from './words.ts'

const encodings = ['utf-8', 'gb18030', 'utf-16le', 'utf-16be', 'windows-1252'] as const

/** Which column is which field. Any change is checked again before anything can run. */
export function MappingForm({ one }: { one: ImportDetail }) {
  const t = useT()
  const word = useWord()
  const [mapping, setMapping] = useState(one.mapping)
  const [encoding, setEncoding] = useState(one.encoding)
  const [more, setMore] = useState({ account: one.account ?? '', location: one.location ?? '' })
  const accounts = useCall('accounts', { query: { limit: 200 } }).data?.items ?? []
  const locations = useLocations() ?? []
  const change = useChange('changeImport', ['import', 'imports'])
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const isSameEncoding = encoding === one.encoding
    change.mutate({
      params: { id: one.id },
      body: {
        // In another encoding the columns have other names: they are looked for anew.
        ...(isSameEncoding ? { mapping } : { encoding }),
        account: more.account || null,
        location: more.location || null,
      },
    })
  }
  const set = (field: string, value: string) => {
    const { [field]: _, ...rest } = mapping
    setMapping(value === '' ? rest : { ...rest, [field]: Number(value) })
  }
  const columns = one.columns.map((name, index) => ({ value: String(index), label: name || `#${index + 1}` }))
  const none = { value: '', label: t('files.none') }
  return (
    <form className="import-mapping pad" onSubmit={submit}>
      <h3>
        {t('files.mappingTitle')} <span className="dim">{t('files.mappingNote')}</span>
      </h3>
      <div className="mapping-grid">
        {one.fields.map((field) => (
          <NativeSelect
            key={field.name}
            size="xs"
            label={`${word('files.field', field.name)}${field.required ? ` (${t('files.needed')})` : ''}`}
            error={one.missing.includes(field.name)}
            value={mapping[field.name] === undefined ? '' : String(mapping[field.name])}
            data={[{ value: '', label: t('files.notInFile') }, ...columns]}
            onChange={(event) => set(field.name, event.currentTarget.value)}
          />
        ))}
        {(one.kind === 'mappings' || one.kind === 'orders') && (
          <NativeSelect
            size="xs"
            label={t('files.account')}
            value={more.account}
            data={[none, ...accounts.map((account) => ({ value: account.name, label: account.name }))]}
            onChange={(event) => setMore({ ...more, account: event.currentTarget.value })}
          />
        )}
        {one.kind === 'stock' && (
          <NativeSelect
            size="xs"
            label={t('files.location')}
            value={more.location}
            data={[none, ...locations.map((place) => ({ value: place.code, label: `${place.name} (${place.code})` }))]}
            onChange={(event) => setMore({ ...more, location: event.currentTarget.value })}
          />
        )}
        <NativeSelect
          size="xs"
          label={t('files.encoding')}
          value={encoding}
          data={encodings.map((value) => ({ value, label: value.toUpperCase() }))}
          onChange={(event) => setEncoding(event.currentTarget.value as typeof encoding)}
        />
      </div>
      {change.error && <ErrorNotice error={change.error} />}
      <p className="inline">
        <Button size="xs" variant="default" type="submit" loading={change.isPending}>
          {t('files.checkAgain')}
        </Button>
        <span className="dim">{t('files.zone', { zone: one.timeZone })}</span>
      </p>
    </form>
  )
}
