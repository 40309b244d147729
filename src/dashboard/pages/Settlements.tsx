import { Button, TextInput } from '@mantine/core'
import { pathOf } from '../api.ts'
import { useFormat } from '../format.ts'
import { useT } from '../i18n.ts'
import { AccountSelect } from '../parts/Filters.tsx'
import { Empty, ErrorNotice, LoadMore, UnknownFilter } from '../parts/Notice.tsx'
import { Loading, Page, TableFrame } from '../parts/Page.tsx'
import { Ago } from '../parts/Time.tsx'
import { useCall, useList } from '../queries.ts'
import type { Settlement } from '../types.ts'
import { choose, useView } from '../view.ts'

const dayOnly = (value: string | undefined) => (value && /^\d{4}-\d{2}-\d{2}$/.test(value) ? value : '')

/** What channels settled, as they told it. */
export function SettlementsPage() {
  const t = useT()
  const [asked, set] = useView()
  const accounts = useCall('accounts', { query: { limit: 200 } }).data?.items
  const account = choose(asked.account, accounts ? accounts.map((one) => one.id) : [asked.account ?? ''], '')
  const since = dayOnly(asked.since)
  const until = dayOnly(asked.until)
  const query = {
    limit: 50,
    account: account.value || undefined,
    since: since || undefined,
    until: until || undefined,
  }
  const list = useList('settlements', { query }, { every: 60_000 })
  const isFiltered = account.value !== '' || since !== '' || until !== ''
  const clear = () => set({ account: undefined, since: undefined, until: undefined })
  return (
    <Page title={t('settlements.title')} head={<span className="dim">{t('settlements.text')}</span>}>
      <div className="filters">
        <AccountSelect accounts={accounts ?? []} value={account.value} onChange={(value) => set({ account: value })} />
        <Day label={t('settlements.since')} value={since} onChange={(value) => set({ since: value })} />
        <Day label={t('settlements.until')} value={until} onChange={(value) => set({ until: value })} />
      </div>
      <UnknownFilter
        name={t('settlements.account')}
        value={account.unknown}
        onRemove={() => set({ account: undefined })}
      />
      {list.error && list.items.length === 0 && <ErrorNotice error={list.error} title={t('error.load')} />}
      {list.isPending && <Loading />}
      {list.first && list.items.length === 0 && !isFiltered && (
        <Empty title={t('settlements.emptyTitle')} text={t('settlements.emptyText')} />
      )}
      {list.first && list.items.length === 0 && isFiltered && (
        <Empty
          title={t('settlements.emptyFiltered')}
          action={
            <Button size="xs" onClick={clear}>
              {t('orders.clear')}
            </Button>
          }
        />
      )}
      {list.items.length > 0 && <SettlementTable rows={list.items} isWaiting={list.isPlaceholderData} />}
      <LoadMore list={list} />
    </Page>
  )
}

function Day({
  label,
  value,
  onChange,
}: {
  label: string
  value: string
  onChange: (value: string | undefined) => void
}) {
  return (
    <TextInput
      size="xs"
      type="date"
      aria-label={label}
      title={label}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value || undefined)}
    />
  )
}

function SettlementTable({ rows, isWaiting }: { rows: readonly Settlement[]; isWaiting: boolean }) {
  const t = useT()
  const format = useFormat()
  return (
    <TableFrame label={t('settlements.title')} stale={isWaiting}>
      <table className="dense">
        <thead>
          <tr>
            <th scope="col">{t('settlements.period')}</th>
            <th scope="col">{t('settlements.account')}</th>
            <th scope="col" className="wide">
              {t('settlements.file')}
            </th>
            <th scope="col" className="number wide">
              {t('settlements.size')}
            </th>
            <th scope="col" className="wide">
              {t('settlements.stored')}
            </th>
            <th scope="col" />
          </tr>
        </thead>
        <tbody>
          {rows.map((one) => (
            <tr key={one.id}>
              <td>
                {one.from?.slice(0, 10) ?? '?'} – {one.until?.slice(0, 10) ?? '?'}
              </td>
              <td>{one.account.name}</td>
              <td className="wide mono" title={t('settlements.check', { sum: one.sha256 })}>
                {one.name}
              </td>
              <td className="number wide">
                {t('settlements.kilobytes', { size: format.number(Math.ceil(one.size / 1000)) })}
              </td>
              <td className="wide">
                <Ago at={one.storedAt} />
              </td>
              <td>
                <a
                  href={pathOf('/settlements/{id}/file', { params: { id: one.id } })}
                  download={one.name}
                  aria-label={t('settlements.downloadOf', { name: one.name })}
                >
                  {t('settlements.download')}
                </a>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </TableFrame>
  )
}
