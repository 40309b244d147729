import { useFormat } from '../format.ts'
import { useT } from '../i18n.ts'
import { useList } from '../queries.ts'
import type { Import } from '../types.ts'
import { Chip, type Tone } from './Chip.tsx'
import type { IconName } from './Icon.tsx'
import { Empty, ErrorNotice, LoadMore } from './Notice.tsx'
import { Loading, Panel, TableFrame } from './Page.tsx'
import { Ago } from './Time.tsx'

const looks: Record<Import['state'], [Tone, IconName]> = {
  checking: ['todo', 'clock'],
  checked: ['warning', 'question'],
  waiting: ['todo', 'clock'],
  running: ['todo', 'send'],
  done: ['ok', 'ok'],
  failed: ['warning', 'warning'],
}

export function ImportChip({ state }: { state: Import['state'] }) {
  const t = useT()
  const [tone, icon] = looks[state]
  return (
    <Chip tone={tone} icon={icon}>
      {t(`files.state.${state}`)}
    </Chip>
  )
}

/** What was brought before, and what became of it. */
export function ImportHistory({ open, onOpen }: { open: string | undefined; onOpen: (id: string) => void }) {
  const t = useT()
  const list = useList('imports', { query: { limit: 20 } }, { every: 3_000 })
  return (
    <Panel title={t('files.historyTitle')} note={t('files.historyForget')}>
      {list.error && list.items.length === 0 && <ErrorNotice error={list.error} title={t('error.load')} />}
      {list.isPending && <Loading />}
      {list.first && list.items.length === 0 && (
        <Empty title={t('files.historyNone')} text={t('files.historyNoneText')} />
      )}
      {list.items.length > 0 && (
        <TableFrame label={t('files.historyTitle')}>
          <table className="dense">
            <thead>
              <tr>
                <th scope="col">{t('files.file')}</th>
                <th scope="col" className="wide">
                  {t('files.what')}
                </th>
                <th scope="col">{t('orders.state')}</th>
                {(['new', 'changed', 'same', 'bad'] as const).map((name) => (
                  <th key={name} scope="col" className={name === 'bad' ? 'number' : 'number wide'}>
                    {t(`files.${name}`)}
                  </th>
                ))}
                <th scope="col" className="wide">
                  {t('files.by')}
                </th>
                <th scope="col">{t('files.at')}</th>
              </tr>
            </thead>
            <tbody>
              {list.items.map((one) => (
                <HistoryRow key={one.id} one={one} isOpen={one.id === open} onOpen={onOpen} />
              ))}
            </tbody>
          </table>
        </TableFrame>
      )}
      {list.hasNextPage && <LoadMore list={list} />}
    </Panel>
  )
}

function HistoryRow({ one, isOpen, onOpen }: { one: Import; isOpen: boolean; onOpen: (id: string) => void }) {
  const t = useT()
  const format = useFormat()
  const hasRun = one.state !== 'checking' && one.state !== 'checked'
  const counts = hasRun ? one.counts : one.preview
  return (
    <tr aria-current={isOpen || undefined}>
      <td>
        <button type="button" className="link-button cut" onClick={() => onOpen(one.id)}>
          {one.fileName}
        </button>
      </td>
      <td className="wide">{t(`files.kind.${one.kind}`)}</td>
      <td>
        <ImportChip state={one.state} />
      </td>
      {(['new', 'changed', 'same', 'bad'] as const).map((name) => (
        <td key={name} className={`${name === 'bad' ? 'number' : 'number wide'}${counts?.[name] ? '' : ' dim'}`}>
          {counts ? format.number(counts[name]) : '–'}
        </td>
      ))}
      <td className="wide">{one.createdBy}</td>
      <td>
        <Ago at={one.createdAt} />
      </td>
    </tr>
  )
}
