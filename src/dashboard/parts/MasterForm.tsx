import { Button, NativeSelect, Radio } from '@mantine/core'
import { type FormEvent, useState } from 'react'
import { useFormat } from '../format.ts'
import { useT } from '../i18n.ts'
import { useCall, useChange } from '../queries.ts'
import type { MasterPreview, StoreLocation } from '../types.ts'
import { useLocations } from './LocationSelect.tsx'
import { ErrorNotice } from './Notice.tsx'
import { Loading, TableFrame } from './Page.tsx'

const rowsShown = 20

/** Who is the master of a location; what becomes of on hand is shown before it is saved. */
export function MasterForm({ row, onDone }: { row: StoreLocation; onDone: (text: string) => void }) {
  const t = useT()
  const locations = useLocations()
  const [master, setMaster] = useState<'hub' | 'store'>(row.master)
  const [location, setLocation] = useState(row.location?.code ?? '')
  const save = useChange('setMaster', ['storeLocations', 'storeLevels', 'locations'])
  const change = {
    account: row.account.id,
    remoteId: row.remoteId,
    master,
    ...(location ? { location } : {}),
  }
  const isChange = master !== row.master || location !== (row.location?.code ?? '')
  const isWhole = isChange && (master === 'hub' || location !== '')
  const preview = useCall('previewMaster', { query: change }, { enabled: isWhole && master === 'store' })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const told = t('store.form.saved', { name: row.name, master: t(`store.masters.${master}`) })
    save.mutate({ body: change }, { onSuccess: () => onDone(told) })
  }
  return (
    <form onSubmit={submit} className="form">
      <NativeSelect
        size="xs"
        label={t('store.form.location')}
        value={location}
        data={[
          { value: '', label: t('store.form.choose') },
          ...(locations ?? []).map((one) => ({ value: one.code, label: one.name })),
        ]}
        onChange={(event) => setLocation(event.currentTarget.value)}
      />
      <Radio.Group
        label={t('store.master')}
        size="xs"
        value={master}
        onChange={(value) => setMaster(value as 'hub' | 'store')}
      >
        <Radio size="xs" mt={6} value="hub" label={t('store.form.hub')} />
        <Radio size="xs" mt={6} value="store" label={t('store.form.store')} />
      </Radio.Group>
      {isWhole && master === 'hub' && row.master === 'store' && <p className="dim">{t('store.form.toHub')}</p>}
      {isWhole && master === 'store' && preview.isPending && <Loading />}
      {isWhole && master === 'store' && preview.error && <ErrorNotice error={preview.error} />}
      {isWhole && master === 'store' && preview.data && <Preview preview={preview.data} />}
      {save.error && <ErrorNotice error={save.error} />}
      <Button
        size="xs"
        type="submit"
        disabled={!isWhole || (master === 'store' && !preview.data)}
        loading={save.isPending}
      >
        {t('store.form.save')}
      </Button>
    </form>
  )
}

function Preview({ preview }: { preview: MasterPreview }) {
  const t = useT()
  const format = useFormat()
  const units = `${preview.units > 0 ? '+' : ''}${format.number(preview.units)}`
  return (
    <>
      <p>
        {preview.changed > 0 && t('store.form.adopt', { count: preview.changed, units })}{' '}
        {preview.kept > 0 && t('store.form.kept', { count: preview.kept })}
      </p>
      {preview.writesOver && <p className="dim">{t('store.form.writesOver')}</p>}
      {preview.steps.length > 0 && (
        <TableFrame label={t('store.form.preview')}>
          <table className="dense">
            <thead>
              <tr>
                <th scope="col">{t('store.sku')}</th>
                <th scope="col" className="number">
                  {t('store.form.now')}
                </th>
                <th scope="col" className="number">
                  {t('store.form.becomes')}
                </th>
                <th scope="col" />
              </tr>
            </thead>
            <tbody>
              {preview.steps.slice(0, rowsShown).map((one) => (
                <tr key={one.remoteSku}>
                  <td className="mono">{one.sku ?? one.remoteSku}</td>
                  <td className="number">{format.number(one.onHand)}</td>
                  <td className="number">{format.number(one.becomes ?? one.onHand)}</td>
                  <td className="dim">{t(`store.form.how.${one.how}`)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </TableFrame>
      )}
    </>
  )
}
