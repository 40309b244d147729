import { Button } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { pathOf } from '../api.ts'
import { timesOf } from '../bullet.ts'
import { useFormat } from '../format.ts'
import { useT } from '../i18n.ts'
import { Bullet } from '../parts/Bullet.tsx'
import { RiskChip } from '../parts/Chip.tsx'
import { AccountSelect, Choice } from '../parts/Filters.tsx'
import { Empty, ErrorNotice, LoadMore, UnknownFilter } from '../parts/Notice.tsx'
import { Loading, Page, SkuLink, TableFrame, Tabs } from '../parts/Page.tsx'
import { SearchBox } from '../parts/SearchBox.tsx'
import { useCall, useList } from '../queries.ts'
import { useMay } from '../session.ts'
import type { Exposure } from '../types.ts'
import { choose, useView } from '../view.ts'

const views = ['all', 'uncovered', 'unknown', 'exposed'] as const
const modes = ['guarded', 'adaptive', 'shared'] as const

/** The filters of the address, checked against what exists. */
function useFilters() {
  const [asked, set] = useView()
  const accounts = useCall('accounts', { query: { limit: 200 } }).data?.items
  const tab = choose(asked.view, views, 'all')
  const mode = choose(asked.mode, ['', ...modes], '')
  const account = choose(asked.account, accounts ? accounts.map((one) => one.id) : [asked.account ?? ''], '')
  return { set, accounts: accounts ?? [], tab, mode, account, q: asked.q ?? '' }
}
type Filters = ReturnType<typeof useFilters>

export function ExposurePage() {
  const t = useT()
  const may = useMay()
  const filters = useFilters()
  const { tab, mode, account, q, set } = filters
  const given = { q: q || undefined, account: account.value || undefined, mode: mode.value || undefined }
  const list = useList('exposure', { query: { view: tab.value, limit: 50, ...given } }, { every: 20_000 })
  const counts = list.first?.counts
  const tabs = [
    { value: 'all', label: t('exposure.all'), count: counts?.all },
    { value: 'uncovered', label: t('exposure.uncovered'), count: counts?.uncovered, tone: 'loss' as const },
    { value: 'unknown', label: t('exposure.unknown'), count: counts?.unknown, tone: 'warning' as const },
    { value: 'exposed', label: t('exposure.exposed'), count: undefined },
  ]
  return (
    <Page
      title={t('exposure.title')}
      head={<Tabs name="view" label={t('exposure.title')} current={tab.value} fallback="all" tabs={tabs} />}
    >
      <p className="dim">{t('exposure.text')}</p>
      <div className="filters">
        <SearchBox label={t('exposure.search')} value={q} onChange={(value) => set({ q: value || undefined })} />
        <AccountSelect
          accounts={filters.accounts}
          value={account.value}
          onChange={(value) => set({ account: value })}
        />
        <Choice
          label={t('exposure.mode')}
          any={t('exposure.anyMode')}
          value={mode.value}
          options={modes.map((value) => ({ value, label: t(`sharing.${value}`) }))}
          onChange={(value) => set({ mode: value })}
        />
        {may('exports.read') && (
          <a
            className="export"
            href={pathOf('/exports/exposure', { query: { ...given, exposureView: tab.value } })}
            download="exposure.csv"
          >
            {t('exposure.export')}
          </a>
        )}
      </div>
      <UnknownFilter name={t('exposure.view')} value={tab.unknown} onRemove={() => set({ view: undefined })} />
      <UnknownFilter name={t('exposure.mode')} value={mode.unknown} onRemove={() => set({ mode: undefined })} />
      <UnknownFilter name={t('orders.account')} value={account.unknown} onRemove={() => set({ account: undefined })} />
      {list.error && list.items.length === 0 && <ErrorNotice error={list.error} title={t('error.load')} />}
      {list.isPending && <Loading />}
      {list.first && list.items.length === 0 && <Nothing filters={filters} />}
      {list.items.length > 0 && <ExposureTable rows={list.items} isWaiting={list.isPlaceholderData} />}
      <LoadMore list={list} />
    </Page>
  )
}

function Nothing({ filters: { tab, mode, account, q, set } }: { filters: Filters }) {
  const t = useT()
  const isNarrowed = q !== '' || mode.value !== '' || account.value !== ''
  if (tab.value === 'all' && !isNarrowed)
    return (
      <Empty
        title={t('exposure.emptyFirst')}
        text={t('exposure.emptyFirstText')}
        action={<Link to="/accounts">{t('exposure.toAccounts')}</Link>}
      />
    )
  return (
    <Empty
      title={isNarrowed || tab.value === 'all' ? t('exposure.emptyFiltered') : t(`exposure.emptyView.${tab.value}`)}
      action={
        <Button size="xs" onClick={() => set({ view: undefined, q: undefined, mode: undefined, account: undefined })}>
          {t('orders.clear')}
        </Button>
      }
    />
  )
}

function ExposureTable({ rows, isWaiting }: { rows: Exposure[]; isWaiting: boolean }) {
  const t = useT()
  return (
    <TableFrame label={t('exposure.title')} stale={isWaiting}>
      <table className="dense">
        <thead>
          <tr>
            <th scope="col">{t('exposure.sku')}</th>
            <th scope="col" className="wide">
              {t('exposure.name')}
            </th>
            <th scope="col">{t('exposure.state')}</th>
            <th scope="col" title={t('exposure.offeredHint')}>
              {t('exposure.offered')}
            </th>
            <th scope="col" className="number" title={t('exposure.claimedHint')}>
              {t('exposure.claimed')}
            </th>
            <th scope="col" className="number wide" title={t('exposure.freeHint')}>
              {t('exposure.free')}
            </th>
            <th scope="col" className="number" title={t('exposure.missingHint')}>
              {t('exposure.missing')}
            </th>
            <th scope="col">{t('exposure.mode')}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((one) => (
            <Row key={one.variantId} one={one} />
          ))}
        </tbody>
      </table>
    </TableFrame>
  )
}

function Row({ one }: { one: Exposure }) {
  const t = useT()
  const format = useFormat()
  const maybe = (value: number | null) => (value === null ? '?' : format.number(value))
  return (
    <tr>
      <td>
        <SkuLink sku={one.sku} />
      </td>
      <td className="title wide" title={one.title}>
        {one.title}
      </td>
      <td>
        <RiskChip one={one} />
      </td>
      <td>
        <Offered one={one} />
      </td>
      <td className="number">
        {one.unknownClaims > 0 && one.claimed === 0 ? <span className="dim">?</span> : format.number(one.claimed)}
      </td>
      <td className="number wide">{maybe(one.free)}</td>
      <td className={`number${one.worstCase ? ' is-warning' : ' dim'}`}>{maybe(one.worstCase)}</td>
      <td>{t(`sharing.${one.mode}`)}</td>
    </tr>
  )
}

function Offered({ one: { offered, canSell, places } }: { one: Exposure }) {
  const t = useT()
  const format = useFormat()
  if (offered === null) return <span className="dim">{places === 0 ? '–' : t('app.notRead')}</span>
  const times = timesOf(offered, canSell)
  const numbers = { offered: format.number(offered), units: format.number(canSell) }
  return (
    <span className="bullet-cell">
      <Bullet units={offered} available={canSell} />
      <span className="tabular">
        {times === null || times === 0
          ? t('exposure.offeredOn', numbers)
          : t('exposure.offeredOf', { ...numbers, times: format.number(times) })}
      </span>
    </span>
  )
}
