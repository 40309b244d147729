import { Button } from '@mantine/core'
import { useState } from 'react'
import { useT } from '../i18n.ts'
import { CatalogPanel } from '../parts/CatalogPanel.tsx'
import { AccountSelect } from '../parts/Filters.tsx'
import { MatchBulk } from '../parts/MatchBulk.tsx'
import { keyOf, MatchRow } from '../parts/MatchRow.tsx'
import { Empty, ErrorNotice, LoadMore, Notice, UnknownFilter } from '../parts/Notice.tsx'
import { Loading, Page, Tabs } from '../parts/Page.tsx'
import { SearchBox } from '../parts/SearchBox.tsx'
import { useCall, useList } from '../queries.ts'
import { useMay } from '../session.ts'
import { choose, useView } from '../view.ts'

const views = ['unmatched', 'suggested', 'ignored', 'linked'] as const

/** What remote SKUs stand for: a person's part of it. */
export function MatchingPage() {
  const t = useT()
  const may = useMay()
  const [asked, set] = useView()
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set())
  const [result, setResult] = useState('')
  const accounts = useCall('accounts', { query: { limit: 200 } }).data?.items
  const view = choose(asked.view, views, 'unmatched')
  const account = choose(asked.account, accounts ? accounts.map((one) => one.id) : [asked.account ?? ''], '')
  const q = asked.q ?? ''
  const of = { account: account.value || undefined }
  const counts = useCall('matchingCounts', { query: of }, { every: 30_000 }).data
  const list = useList(
    'matching',
    { query: { ...of, view: view.value, limit: 50, q: q || undefined } },
    { every: 30_000 },
  )
  const tabs = [
    { value: 'unmatched', label: t('matching.view.unmatched'), count: counts?.unmatched, tone: 'warning' as const },
    { value: 'suggested', label: t('matching.view.suggested'), count: counts?.suggested },
    { value: 'ignored', label: t('matching.view.ignored'), count: counts?.ignored },
    { value: 'linked', label: t('matching.view.linked'), count: counts?.linked },
  ]
  const toggle = (key: string) => {
    const next = new Set(chosen)
    if (!next.delete(key)) next.add(key)
    setChosen(next)
  }
  const mayChange = may('catalog.manage')
  const rows = list.items
  return (
    <Page
      title={t('matching.title')}
      head={<Tabs name="view" label={t('matching.title')} current={view.value} fallback="unmatched" tabs={tabs} />}
    >
      <p className="dim">{t('matching.text')}</p>
      <div className="filters">
        <SearchBox label={t('matching.search')} value={q} onChange={(value) => set({ q: value || undefined })} />
        <AccountSelect accounts={accounts ?? []} value={account.value} onChange={(value) => set({ account: value })} />
      </div>
      <UnknownFilter name={t('matching.title')} value={view.unknown} onRemove={() => set({ view: undefined })} />
      <UnknownFilter name={t('orders.account')} value={account.unknown} onRemove={() => set({ account: undefined })} />
      {account.value && accounts && (
        <CatalogPanel key={account.value} account={accounts.find((one) => one.id === account.value)!} />
      )}
      {rows.length > 0 && (
        <MatchBulk
          rows={rows}
          view={view.value}
          chosen={chosen}
          accountIds={account.value ? [account.value] : (accounts ?? []).map((one) => one.id)}
          mayChange={mayChange}
          onChoose={setChosen}
          onDone={setResult}
        />
      )}
      {result && <Notice tone="ok">{result}</Notice>}
      {list.error && rows.length === 0 && <ErrorNotice error={list.error} title={t('error.load')} />}
      {list.isPending && <Loading />}
      {list.first && rows.length === 0 && (
        <Empty
          title={q ? t('matching.emptyFiltered') : t(`matching.empty.${view.value}`)}
          {...(q
            ? {
                action: (
                  <Button size="xs" onClick={() => set({ q: undefined })}>
                    {t('orders.clear')}
                  </Button>
                ),
              }
            : {})}
        />
      )}
      <ul className={`matches${list.isPlaceholderData ? ' is-waiting' : ''}`}>
        {rows.map((row) => (
          <MatchRow
            key={keyOf(row)}
            row={row}
            view={view.value}
            isChosen={chosen.has(keyOf(row))}
            mayChange={mayChange}
            onChoose={() => toggle(keyOf(row))}
            onDone={setResult}
          />
        ))}
      </ul>
      <LoadMore list={list} />
    </Page>
  )
}
