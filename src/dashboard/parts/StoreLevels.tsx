import { useFormat } from '../format.ts'
import { useT } from '../i18n.ts'
import { useList } from '../queries.ts'
import type { StoreLevel, StoreLocation } from '../types.ts'
import { choose, useView } from '../view.ts'
import { Chip, type Tone } from './Chip.tsx'
import { Choice } from './Filters.tsx'
import type { IconName } from './Icon.tsx'
import { Empty, ErrorNotice, LoadMore } from './Notice.tsx'
import { Loading, SkuLink, TableFrame } from './Page.tsx'
import { SearchBox } from './SearchBox.tsx'
import { Ago } from './Time.tsx'

const views = ['all', 'different', 'moved'] as const
const looks: Record<StoreLevel['state'], [Tone, IconName]> = {
  following: ['ok', 'ok'],
  waiting: ['quiet', 'clock'],
  shown: ['quiet', 'eye'],
  not_linked: ['quiet', 'link'],
}

/** What the store holds of each SKU at one of its locations. */
export function StoreLevels({ location }: { location: StoreLocation }) {
  const t = useT()
  const [asked, set] = useView()
  const view = choose(asked.view, views, 'all').value
  const q = asked.q ?? ''
  const query = { limit: 50, account: location.account.id, location: location.remoteId, q: q || undefined, view }
  const list = useList('storeLevels', { query }, { every: 10_000 })
  return (
    <>
      <div className="filters">
        <SearchBox label={t('store.search')} value={q} onChange={(value) => set({ q: value || undefined })} />
        <Choice
          label={t('store.view')}
          any={t('store.views.all')}
          value={view === 'all' ? '' : view}
          options={views.slice(1).map((value) => ({ value, label: t(`store.views.${value}`) }))}
          onChange={(value) => set({ view: value })}
        />
      </div>
      {list.error && list.items.length === 0 && <ErrorNotice error={list.error} title={t('error.load')} />}
      {list.isPending && <Loading />}
      {list.first && list.items.length === 0 && <Empty title={t('store.emptyLevels')} />}
      {list.items.length > 0 && (
        <TableFrame label={t('store.levels', { name: location.name })} stale={list.isPlaceholderData}>
          <table className="dense">
            <thead>
              <tr>
                <th scope="col">{t('store.sku')}</th>
                <th scope="col" className="number wide">
                  {t('store.onHand')}
                </th>
                <th scope="col" className="number wide">
                  {t('store.committed')}
                </th>
                <th scope="col" className="number">
                  {t('store.available')}
                </th>
                <th scope="col" className="number">
                  {t('store.expected')}
                </th>
                <th scope="col" className="wide">
                  {t('store.lastChange')}
                </th>
                <th scope="col">{t('store.state')}</th>
              </tr>
            </thead>
            <tbody>
              {list.items.map((one) => (
                <LevelRow key={one.id} row={one} />
              ))}
            </tbody>
          </table>
        </TableFrame>
      )}
      <LoadMore list={list} />
    </>
  )
}

function LevelRow({ row }: { row: StoreLevel }) {
  const t = useT()
  const format = useFormat()
  const [tone, icon] = looks[row.state]
  return (
    <tr>
      <td>{row.sku ? <SkuLink sku={row.sku} /> : <span className="mono">{row.remoteSku}</span>}</td>
      <td className="number wide">{format.number(row.onHand)}</td>
      <td className="number wide">{format.number(row.committed)}</td>
      <td className="number">
        <strong>{format.number(row.available)}</strong>
      </td>
      <td className="number">{row.expected === null ? '–' : format.number(row.expected)}</td>
      <td className="wide">
        {row.movedAt && row.movedUnits !== null ? (
          <>
            {row.movedUnits > 0 ? '+' : ''}
            {format.number(row.movedUnits)} <Ago at={row.movedAt} />
          </>
        ) : (
          <span className="dim">{t('store.never')}</span>
        )}
      </td>
      <td>
        {row.isUnclear ? (
          <Chip tone="warning" icon="warning">
            {t('store.toCount')}
          </Chip>
        ) : (
          <Chip tone={tone} icon={icon}>
            {t(`store.states.${row.state}`)}
          </Chip>
        )}
      </td>
    </tr>
  )
}
