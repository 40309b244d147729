import { Button } from '@mantine/core'
import { Fragment, useState } from 'react'
import { useFormat } from '../format.ts'
import { useT } from '../i18n.ts'
import { Chip } from '../parts/Chip.tsx'
import { AccountSelect, Choice } from '../parts/Filters.tsx'
import { Icon } from '../parts/Icon.tsx'
import { Empty, ErrorNotice, LoadMore, UnknownFilter } from '../parts/Notice.tsx'
import { Loading, Page, TableFrame } from '../parts/Page.tsx'
import { SearchBox } from '../parts/SearchBox.tsx'
import { Exact } from '../parts/Time.tsx'
import { useWord } from '../parts/words.ts'
import { useCall, useList } from '../queries.ts'
import type { Call } from '../types.ts'
import { choose, useView } from '../view.ts'

export function JournalPage() {
  const t = useT()
  const [asked, set] = useView()
  const accounts = useCall('accounts', { query: { limit: 200 } }).data?.items
  const account = choose(asked.account, accounts ? accounts.map((one) => one.id) : [asked.account ?? ''], '')
  const failed = choose(asked.failed, ['', 'yes', 'no'], '')
  const operation = asked.operation ?? ''
  const query = {
    limit: 50,
    account: account.value || undefined,
    operation: operation || undefined,
    failed: failed.value || undefined,
  }
  const list = useList('calls', { query }, { every: 4_000 })
  const isFiltered = account.value !== '' || failed.value !== '' || operation !== ''
  const clear = () => set({ account: undefined, failed: undefined, operation: undefined })
  return (
    <Page title={t('journal.title')} head={<span className="dim">{t('journal.text')}</span>}>
      <div className="filters">
        <SearchBox
          label={t('journal.operationSearch')}
          value={operation}
          onChange={(value) => set({ operation: value || undefined })}
        />
        <AccountSelect accounts={accounts ?? []} value={account.value} onChange={(value) => set({ account: value })} />
        <Choice
          label={t('journal.result')}
          any={t('journal.any')}
          value={failed.value}
          options={[
            { value: 'yes', label: t('journal.failed') },
            { value: 'no', label: t('journal.fine') },
          ]}
          onChange={(value) => set({ failed: value })}
        />
      </div>
      <UnknownFilter name={t('journal.account')} value={account.unknown} onRemove={() => set({ account: undefined })} />
      <UnknownFilter name={t('journal.result')} value={failed.unknown} onRemove={() => set({ failed: undefined })} />
      {list.error && list.items.length === 0 && <ErrorNotice error={list.error} title={t('error.load')} />}
      {list.isPending && <Loading />}
      {list.first &&
        list.items.length === 0 &&
        (isFiltered ? (
          <Empty
            title={t('journal.emptyFiltered')}
            action={
              <Button size="xs" onClick={clear}>
                {t('orders.clear')}
              </Button>
            }
          />
        ) : (
          <Empty title={t('journal.emptyFirst')} text={t('journal.emptyFirstText')} />
        ))}
      {list.items.length > 0 && <CallTable calls={list.items} isWaiting={list.isPlaceholderData} />}
      <LoadMore list={list} />
    </Page>
  )
}

function CallTable({ calls, isWaiting }: { calls: Call[]; isWaiting: boolean }) {
  const t = useT()
  const [open, setOpen] = useState<string | null>(null)
  return (
    <TableFrame label={t('journal.title')} stale={isWaiting}>
      <table className="dense">
        <thead>
          <tr>
            <th scope="col">
              <span className="sr-only">{t('order.details')}</span>
            </th>
            <th scope="col">{t('journal.time')}</th>
            <th scope="col" className="wide">
              {t('journal.account')}
            </th>
            <th scope="col">{t('journal.operation')}</th>
            <th scope="col">{t('journal.status')}</th>
            <th scope="col" className="number">
              {t('journal.duration')}
            </th>
            <th scope="col" className="wide">
              {t('journal.requestId')}
            </th>
          </tr>
        </thead>
        <tbody>
          {calls.map((one) => (
            <Fragment key={one.id}>
              <CallRow call={one} isOpen={open === one.id} onToggle={() => setOpen(open === one.id ? null : one.id)} />
              {open === one.id && (
                <tr className="sub" id={`call-${one.id}`}>
                  <td colSpan={7}>
                    <CallDetails call={one} />
                  </td>
                </tr>
              )}
            </Fragment>
          ))}
        </tbody>
      </table>
    </TableFrame>
  )
}

function CallRow({ call, isOpen, onToggle }: { call: Call; isOpen: boolean; onToggle: () => void }) {
  const t = useT()
  const format = useFormat()
  return (
    <tr>
      <td className="tight">
        <button
          type="button"
          className="icon-button"
          aria-expanded={isOpen}
          aria-controls={`call-${call.id}`}
          aria-label={t('journal.expand', { operation: call.operation })}
          onClick={onToggle}
        >
          <Icon name={isOpen ? 'down' : 'right'} size={14} />
        </button>
      </td>
      <td>
        <Exact at={call.startedAt} brief />
      </td>
      <td className="wide">{call.account ?? <span className="dim">–</span>}</td>
      <td className="mono">{call.operation}</td>
      <td>
        <CallStatus call={call} />
      </td>
      <td className="number">{format.number(call.durationMs)} ms</td>
      <td className="wide mono dim">{call.requestId ?? '–'}</td>
    </tr>
  )
}

function CallStatus({ call }: { call: Call }) {
  const t = useT()
  const word = useWord()
  if (call.errorKind === null)
    return (
      <Chip tone="ok" icon="ok">
        {call.status ?? t('journal.fine')}
      </Chip>
    )
  const parts = [call.status ?? t('journal.noAnswer'), word('journal.errorKind', call.errorKind), call.errorCode]
  return (
    <Chip tone="warning" icon="warning">
      {parts.filter((one) => one !== null).join(' · ')}
    </Chip>
  )
}

function CallDetails({ call }: { call: Call }) {
  const t = useT()
  return (
    <div className="call-details">
      <p className="mono lines">
        {call.method} {call.url}
      </p>
      <h3>{t('journal.request')}</h3>
      <Json value={call.request} />
      <h3>{t('journal.response')}</h3>
      <Json value={call.response} />
    </div>
  )
}

function Json({ value }: { value: unknown }) {
  const t = useT()
  if (value === null || value === undefined) return <p className="dim">{t('journal.nothingKept')}</p>
  return <pre className="json">{typeof value === 'string' ? value : JSON.stringify(value, null, 2)}</pre>
}
