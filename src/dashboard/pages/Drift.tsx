import { Button } from '@mantine/core'
import { hubNow, useHubNow } from '../clock.ts'
import { saveCsv } from '../csv.ts'
import { useFormat } from '../format.ts'
import { useT } from '../i18n.ts'
import { Chip, type Tone } from '../parts/Chip.tsx'
import { DriftBars } from '../parts/DriftBars.tsx'
import { AccountSelect, Choice } from '../parts/Filters.tsx'
import { Icon, type IconName } from '../parts/Icon.tsx'
import { Empty, ErrorNotice, LoadMore, UnknownFilter } from '../parts/Notice.tsx'
import { Loading, Page, Panel, SkuLink, TableFrame } from '../parts/Page.tsx'
import { SearchBox } from '../parts/SearchBox.tsx'
import { Ago } from '../parts/Time.tsx'
import { useCall, useList } from '../queries.ts'
import type { Deviation, Drift } from '../types.ts'
import { choose, useView } from '../view.ts'

const kinds = ['writer', 'higher', 'lost', 'lower'] as const

export function DriftPage() {
  const t = useT()
  const [asked, set] = useView()
  const now = useHubNow()
  const accounts = useCall('accounts', { query: { limit: 200 } }).data?.items
  const account = choose(asked.account, accounts ? accounts.map((one) => one.id) : [asked.account ?? ''], '')
  const kind = choose(asked.kind, ['', ...kinds], '')
  const open = choose(asked.open, ['', 'yes'], '')
  const q = asked.q ?? ''
  const report = useCall('drift', { query: { account: account.value || undefined } }, { every: 10_000 })
  const query = {
    limit: 50,
    account: account.value || undefined,
    kind: kind.value || undefined,
    open: open.value || undefined,
    q: q || undefined,
  }
  const list = useList('deviations', { query }, { every: 10_000 })
  const isFiltered = q !== '' || account.value !== '' || kind.value !== '' || open.value !== ''
  const clear = () => set({ account: undefined, kind: undefined, open: undefined, q: undefined })
  return (
    <Page title={t('drift.title')} head={<span className="dim">{t('drift.text')}</span>}>
      {report.error && !report.data && <ErrorNotice error={report.error} title={t('error.load')} />}
      {report.data && <DriftFigures drift={report.data} />}
      {report.data && (
        <Panel title={t('drift.hoursTitle')} note={t('drift.hoursNote')}>
          <DriftBars drift={report.data} now={now} />
        </Panel>
      )}
      <div className="filters">
        <SearchBox label={t('drift.search')} value={q} onChange={(value) => set({ q: value || undefined })} />
        <AccountSelect accounts={accounts ?? []} value={account.value} onChange={(value) => set({ account: value })} />
        <Choice
          label={t('drift.kind')}
          any={t('drift.anyKind')}
          value={kind.value}
          options={kinds.map((value) => ({ value, label: t(`drift.kinds.${value}`) }))}
          onChange={(value) => set({ kind: value })}
        />
        <Choice
          label={t('drift.open')}
          any={t('drift.openAny')}
          value={open.value}
          options={[{ value: 'yes', label: t('drift.openOnly') }]}
          onChange={(value) => set({ open: value })}
        />
        <span className="push" />
        <Button
          size="xs"
          variant="default"
          disabled={list.items.length === 0}
          onClick={() => exportDeviations(list.items)}
        >
          {t('drift.csv', { count: list.items.length })}
        </Button>
      </div>
      <UnknownFilter name={t('drift.account')} value={account.unknown} onRemove={() => set({ account: undefined })} />
      <UnknownFilter name={t('drift.kind')} value={kind.unknown} onRemove={() => set({ kind: undefined })} />
      <UnknownFilter name={t('drift.open')} value={open.unknown} onRemove={() => set({ open: undefined })} />
      {list.error && list.items.length === 0 && <ErrorNotice error={list.error} title={t('error.load')} />}
      {list.isPending && <Loading />}
      {list.first && list.items.length === 0 && <NoDeviations isFiltered={isFiltered} onClear={clear} />}
      {list.items.length > 0 && <DeviationTable deviations={list.items} isWaiting={list.isPlaceholderData} />}
      <LoadMore list={list} />
    </Page>
  )
}

function DriftFigures({ drift }: { drift: Drift }) {
  const t = useT()
  const format = useFormat()
  const { share, floor, slots, deviating, writers, hours } = drift
  const isOver = share !== null && share > floor
  return (
    <section aria-label={t('drift.title')}>
      <ul className="figures three">
        <li className={`figure${isOver ? ' warning' : ''}`}>
          <span className="figure-label">
            {isOver && <Icon name="warning" size={14} />}
            {t('drift.share')}
          </span>
          <span className="figure-value">
            {share === null ? <span className="words">{t('app.notRead')}</span> : format.percent(share)}
          </span>
          <span className="figure-note">
            {share === null
              ? t('drift.shareNone')
              : t('drift.shareText', {
                  deviating: format.number(deviating),
                  slots: format.number(slots),
                  floor: format.percent(floor),
                })}
          </span>
        </li>
        <li className={`figure${writers > 0 ? ' loss' : ''}`}>
          <span className="figure-label">
            {writers > 0 && <Icon name="loss" size={14} />}
            {t('drift.writers')}
          </span>
          <span className="figure-value">{format.number(writers)}</span>
          <span className="figure-note">{t('drift.writersText')}</span>
        </li>
        <li className="figure">
          <span className="figure-label">{t('drift.readings')}</span>
          <span className="figure-value">{format.number(hours.reduce((sum, hour) => sum + hour.readings, 0))}</span>
          <span className="figure-note">{t('drift.readingsText')}</span>
        </li>
      </ul>
    </section>
  )
}

function NoDeviations({ isFiltered, onClear }: { isFiltered: boolean; onClear: () => void }) {
  const t = useT()
  if (!isFiltered) return <Empty title={t('drift.emptyFirst')} text={t('drift.emptyFirstText')} />
  return (
    <Empty
      title={t('drift.emptyFiltered')}
      action={
        <Button size="xs" onClick={onClear}>
          {t('orders.clear')}
        </Button>
      }
    />
  )
}

/** Column names stay English: programs read the file. */
function exportDeviations(deviations: readonly Deviation[]): void {
  const head = ['at', 'channel', 'account', 'sku', 'remoteSku', 'kind', 'expected', 'shown', 'explained']
  const rows = deviations.map((one) => [
    one.at,
    one.channel,
    one.account,
    one.sku,
    one.remoteSku,
    one.kind,
    one.expected,
    one.shown,
    one.isExplained ? 'yes' : 'no',
  ])
  saveCsv(`deviations-${new Date(hubNow()).toISOString().slice(0, 19).replaceAll(':', '')}.csv`, [head, ...rows])
}

const looks: Record<Deviation['kind'], [Tone, IconName]> = {
  writer: ['loss', 'loss'],
  higher: ['warning', 'warning'],
  lost: ['warning', 'send'],
  lower: ['quiet', 'clock'],
}

function DeviationTable({ deviations, isWaiting }: { deviations: Deviation[]; isWaiting: boolean }) {
  const t = useT()
  return (
    <TableFrame label={t('drift.list')} stale={isWaiting}>
      <table className="dense">
        <thead>
          <tr>
            <th scope="col">{t('drift.time')}</th>
            <th scope="col">{t('drift.sku')}</th>
            <th scope="col" className="wide">
              {t('drift.account')}
            </th>
            <th scope="col" className="number">
              {t('drift.expected')}
            </th>
            <th scope="col" className="number">
              {t('drift.shown')}
            </th>
            <th scope="col">{t('drift.state')}</th>
          </tr>
        </thead>
        <tbody>
          {deviations.map((one) => (
            <DeviationRow key={one.id} deviation={one} />
          ))}
        </tbody>
      </table>
    </TableFrame>
  )
}

function DeviationRow({ deviation }: { deviation: Deviation }) {
  const t = useT()
  const format = useFormat()
  const [tone, icon] = looks[deviation.kind]
  return (
    <tr>
      <td>
        <Ago at={deviation.at} />
      </td>
      <td>{deviation.sku ? <SkuLink sku={deviation.sku} /> : <span className="mono">{deviation.remoteSku}</span>}</td>
      <td className="wide">{deviation.account}</td>
      <td className="number">{deviation.expected === null ? '–' : format.number(deviation.expected)}</td>
      <td className="number">
        <strong>{format.number(deviation.shown)}</strong>
      </td>
      <td>
        {deviation.isExplained ? (
          <Chip tone="ok" icon="ok" title={t('drift.kinds.lower')}>
            {t('drift.explained')}
          </Chip>
        ) : (
          <Chip tone={tone} icon={icon}>
            {t(`drift.kinds.${deviation.kind}`)}
          </Chip>
        )}
      </td>
    </tr>
  )
}
