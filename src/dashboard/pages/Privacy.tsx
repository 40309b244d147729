import { Button, NativeSelect, Textarea } from '@mantine/core'
import { type FormEvent, useState } from 'react'
import { pathOf } from '../api.ts'
import { useT } from '../i18n.ts'
import { announce } from '../parts/Announcer.tsx'
import { Empty, ErrorNotice, LoadMore } from '../parts/Notice.tsx'
import { Loading, Page, Panel, TableFrame } from '../parts/Page.tsx'
import { Ago } from '../parts/Time.tsx'
import { useCall, useChange, useList } from '../queries.ts'
import { useMay } from '../session.ts'
import type { PrivacyRequest } from '../types.ts'
import { useView } from '../view.ts'

/** Requests about buyers' data: received, due, done. */
export function PrivacyPage() {
  const t = useT()
  const may = useMay()
  const [asked, set] = useView()
  const isOpenOnly = asked.open === 'true'
  const list = useList(
    'privacyRequests',
    { query: { limit: 50, open: isOpenOnly ? 'true' : undefined } },
    { every: 15_000 },
  )
  return (
    <Page title={t('privacy.title')} head={<span className="dim">{t('privacy.text')}</span>}>
      {may('accounts.manage') && <AddRequest />}
      <div className="filters">
        <label className="check-field">
          <input
            type="checkbox"
            checked={isOpenOnly}
            onChange={(event) => set({ open: event.currentTarget.checked ? 'true' : undefined })}
          />
          <span>{t('privacy.open')}</span>
        </label>
      </div>
      {list.error && list.items.length === 0 && <ErrorNotice error={list.error} title={t('error.load')} />}
      {list.isPending && <Loading />}
      {list.first && list.items.length === 0 && <Empty title={t('privacy.emptyTitle')} text={t('privacy.emptyText')} />}
      {list.items.length > 0 && <RequestTable rows={list.items} isWaiting={list.isPlaceholderData} />}
      <LoadMore list={list} />
    </Page>
  )
}

function AddRequest() {
  const t = useT()
  const accounts = useCall('accounts', { query: { limit: 200 } }).data?.items ?? []
  const [account, setAccount] = useState('')
  const [kind, setKind] = useState<'erase' | 'export'>('export')
  const [text, setText] = useState('')
  const [isSure, setSure] = useState(false)
  const add = useChange('addPrivacyRequest', ['privacyRequests', 'overview'])
  const orders = [...new Set(text.split(/[\s,;，；]+/).filter(Boolean))]
  const chosen = account || accounts[0]?.id || ''
  const submit = (event: FormEvent) => {
    event.preventDefault()
    add.mutate(
      { body: { account: chosen, kind, orders } },
      {
        onSuccess() {
          setText('')
          setSure(false)
          announce(t('privacy.add.done'))
        },
      },
    )
  }
  return (
    <Panel title={t('privacy.add.title')}>
      <form className="form pad file-form" onSubmit={submit}>
        <NativeSelect
          label={t('privacy.account')}
          value={chosen}
          data={accounts.map((one) => ({ value: one.id, label: one.name }))}
          onChange={(event) => setAccount(event.currentTarget.value)}
        />
        <NativeSelect
          label={t('privacy.kind')}
          value={kind}
          data={(['export', 'erase'] as const).map((value) => ({ value, label: t(`privacy.kinds.${value}`) }))}
          onChange={(event) => setKind(event.currentTarget.value as 'erase' | 'export')}
        />
        <Textarea
          label={t('privacy.add.orders')}
          rows={3}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
        />
        {kind === 'erase' && (
          <label className="check-field">
            <input type="checkbox" checked={isSure} onChange={(event) => setSure(event.currentTarget.checked)} />
            <span>
              {t('privacy.add.erase')}
              <span className="dim">{t('privacy.add.eraseText')}</span>
            </span>
          </label>
        )}
        {add.error && <ErrorNotice error={add.error} />}
        <Button
          size="xs"
          type="submit"
          loading={add.isPending}
          disabled={chosen === '' || orders.length === 0 || (kind === 'erase' && !isSure)}
        >
          {t('privacy.add.submit')}
        </Button>
      </form>
    </Panel>
  )
}

function RequestTable({ rows, isWaiting }: { rows: readonly PrivacyRequest[]; isWaiting: boolean }) {
  const t = useT()
  return (
    <TableFrame label={t('privacy.list')} stale={isWaiting}>
      <table className="dense">
        <thead>
          <tr>
            <th scope="col">{t('privacy.kind')}</th>
            <th scope="col">{t('privacy.account')}</th>
            <th scope="col" className="wide">
              {t('privacy.about')}
            </th>
            <th scope="col" className="wide">
              {t('privacy.askedBy')}
            </th>
            <th scope="col" className="wide">
              {t('privacy.received')}
            </th>
            <th scope="col">{t('privacy.due')}</th>
            <th scope="col">{t('privacy.state')}</th>
            <th scope="col" />
          </tr>
        </thead>
        <tbody>
          {rows.map((one) => (
            <tr key={one.id}>
              <td>{t(`privacy.kinds.${one.kind}`)}</td>
              <td>{one.account.name}</td>
              <td className="wide">
                <About request={one} />
              </td>
              <td className="wide">{one.askedBy ?? t('privacy.channel')}</td>
              <td className="wide">
                <Ago at={one.receivedAt} />
              </td>
              <td>{one.dueAt.slice(0, 10)}</td>
              <td>
                <State request={one} />
              </td>
              <td>
                <Actions request={one} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </TableFrame>
  )
}

function About({ request }: { request: PrivacyRequest }) {
  const t = useT()
  if (request.whole) return t('privacy.whole')
  if (request.orders.length === 0) return t('privacy.byName')
  const list = request.orders.slice(0, 3).join(', ') + (request.orders.length > 3 ? ' …' : '')
  return t('privacy.orders', { count: request.orders.length, list })
}

function State({ request }: { request: PrivacyRequest }) {
  const t = useT()
  const { kind, waiting, erased, doneAt, closedAt, closedBy } = request
  if (closedAt) return t('privacy.states.closed', { day: closedAt.slice(0, 10), by: closedBy ?? '' })
  if (kind === 'export') return t('privacy.states.toHandOut')
  if (doneAt) return t('privacy.states.erased', { count: erased })
  return waiting > 0 ? t('privacy.states.waiting', { count: waiting }) : t('privacy.states.toErase')
}

function Actions({ request }: { request: PrivacyRequest }) {
  const t = useT()
  const may = useMay()
  const close = useChange('closePrivacyRequest', ['privacyRequests', 'overview'])
  const day = request.receivedAt.slice(0, 10)
  const mayClose = request.closedAt === null && (request.kind === 'export' || request.doneAt !== null)
  return (
    <span className="inline">
      {request.kind === 'export' && !request.whole && (
        <a
          href={pathOf('/privacy-requests/{id}/file', { params: { id: request.id } })}
          download={`buyer-data-${request.id}.json`}
          aria-label={t('privacy.downloadOf', { day })}
        >
          {t('privacy.download')}
        </a>
      )}
      {mayClose && may('accounts.manage') && (
        <Button
          size="compact-xs"
          variant="default"
          loading={close.isPending}
          title={t('privacy.closeText')}
          aria-label={t('privacy.closeOf', { day })}
          onClick={() => close.mutate({ params: { id: request.id }, body: {} })}
        >
          {t('privacy.close')}
        </Button>
      )}
      {close.error && <ErrorNotice error={close.error} />}
    </span>
  )
}
