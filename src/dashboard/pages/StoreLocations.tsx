import { Modal } from '@mantine/core'
import { useState } from 'react'
import { useFormat } from '../format.ts'
import { useT } from '../i18n.ts'
import { announce } from '../parts/Announcer.tsx'
import { Chip } from '../parts/Chip.tsx'
import { MasterForm } from '../parts/MasterForm.tsx'
import { Empty, ErrorNotice, Notice } from '../parts/Notice.tsx'
import { Loading, Page, Panel, TableFrame } from '../parts/Page.tsx'
import { StoreLevels } from '../parts/StoreLevels.tsx'
import { Ago } from '../parts/Time.tsx'
import { useCall } from '../queries.ts'
import { useMay } from '../session.ts'
import type { StoreLocation } from '../types.ts'
import { useView } from '../view.ts'

const keyOf = (one: StoreLocation) => `${one.account.id} ${one.remoteId}`

/** Where the own store holds stock, who is the master there, and what differs. */
export function StoreLocationsPage() {
  const t = useT()
  const may = useMay()
  const [asked, set] = useView()
  const [task, setTask] = useState<StoreLocation | null>(null)
  const [result, setResult] = useState('')
  const query = useCall('storeLocations', {}, { every: 10_000 })
  const all = query.data?.items
  const shown =
    all?.find((one) => keyOf(one) === asked.location) ?? all?.find((one) => one.master === 'store') ?? all?.[0]
  const done = (text: string) => {
    setTask(null)
    setResult(text)
    announce(text)
  }
  return (
    <Page title={t('store.title')} head={<span className="dim">{t('store.text')}</span>}>
      {query.error && !all && <ErrorNotice error={query.error} title={t('error.load')} />}
      {query.isPending && <Loading />}
      {result && <Notice tone="ok">{result}</Notice>}
      {all?.length === 0 && <Empty title={t('store.emptyTitle')} text={t('store.emptyText')} />}
      {all && all.length > 0 && (
        <TableFrame label={t('store.list')}>
          <table className="dense">
            <thead>
              <tr>
                <th scope="col">{t('store.name')}</th>
                <th scope="col">{t('store.master')}</th>
                <th scope="col" className="wide">
                  {t('store.ours')}
                </th>
                <th scope="col" className="number wide">
                  {t('store.skus')}
                </th>
                <th scope="col" className="number">
                  {t('store.different')}
                </th>
                <th scope="col" className="wide">
                  {t('store.moved')}
                </th>
                <th scope="col" />
              </tr>
            </thead>
            <tbody>
              {all.map((one) => (
                <LocationRow
                  key={keyOf(one)}
                  row={one}
                  onShow={() => set({ location: keyOf(one), q: undefined, view: undefined })}
                  onChange={may('accounts.manage') ? () => setTask(one) : null}
                />
              ))}
            </tbody>
          </table>
        </TableFrame>
      )}
      {shown && (
        <Panel title={t('store.levels', { name: shown.name })} note={shown.account.name}>
          <StoreLevels location={shown} />
        </Panel>
      )}
      <Modal
        opened={task !== null}
        onClose={() => setTask(null)}
        title={t('store.form.title', { name: task?.name ?? '' })}
        size="lg"
      >
        {task && <MasterForm row={task} onDone={done} />}
      </Modal>
    </Page>
  )
}

function LocationRow({
  row,
  onShow,
  onChange,
}: {
  row: StoreLocation
  onShow: () => void
  onChange: (() => void) | null
}) {
  const t = useT()
  const format = useFormat()
  return (
    <tr>
      <td>
        {row.name} {!row.isActive && <span className="dim">{t('store.inactive')}</span>}
        <div className="dim">{row.account.name}</div>
      </td>
      <td>
        <Chip tone={row.master === 'store' ? 'todo' : 'quiet'} icon={row.master === 'store' ? 'accounts' : 'box'}>
          {t(`store.masters.${row.master}`)}
        </Chip>
        {row.waiting > 0 && <div className="dim">{t('store.waiting', { count: row.waiting })}</div>}
        {row.unclear > 0 && <div className="dim">{t('store.unclear', { count: row.unclear })}</div>}
      </td>
      <td className="wide">{row.location?.name ?? <span className="dim">{t('store.none')}</span>}</td>
      <td className="number wide">{format.number(row.skus)}</td>
      <td className={`number${row.different === 0 ? ' dim' : ''}`}>{format.number(row.different)}</td>
      <td className="wide">
        {row.movedAt ? <Ago at={row.movedAt} /> : <span className="dim">{t('store.never')}</span>}
      </td>
      <td>
        <span className="row-actions">
          <button
            type="button"
            className="link-button"
            aria-label={t('store.showOf', { name: row.name })}
            onClick={onShow}
          >
            {t('store.show')}
          </button>
          {onChange && (
            <button
              type="button"
              className="link-button"
              aria-label={t('store.changeOf', { name: row.name })}
              onClick={onChange}
            >
              {t('store.change')}
            </button>
          )}
        </span>
      </td>
    </tr>
  )
}
