import { Button } from '@mantine/core'
import { useState } from 'react'
import { useFormat } from '../format.ts'
import { useT } from '../i18n.ts'
import { useCall, useChange } from '../queries.ts'
import { useMay } from '../session.ts'
import type { Account, CatalogPreview, CatalogRun } from '../types.ts'
import { announce } from './Announcer.tsx'
import { matchLists } from './MatchRow.tsx'
import { ErrorNotice } from './Notice.tsx'
import { Loading, Panel } from './Page.tsx'
import { Ago } from './Time.tsx'

/** Makes the catalog of an account's listings: what would be made, then the run. */
export function CatalogPanel({ account }: { account: Account }) {
  const t = useT()
  const channels = useCall('channels', {}).data?.items
  const tells = channels?.find((one) => one.channel === account.channel)?.capabilities.includes('listings.pull')
  return tells ? (
    <Panel title={t('catalog.title', { account: account.name })}>
      <Making account={account} />
    </Panel>
  ) : null
}

function Making({ account }: { account: Account }) {
  const t = useT()
  const may = useMay()
  const [isAsked, setAsked] = useState(false)
  const params = { id: account.id }
  const run = useCall('catalogRun', { params }, { every: 1_500 }).data?.run ?? null
  const preview = useCall('catalogPreview', { params }, { enabled: isAsked })
  const start = useChange('runCatalog', [...matchLists, 'catalogRun', 'catalogPreview'])
  const begin = () =>
    start.mutate(
      { params, body: {} },
      {
        onSuccess: () => {
          setAsked(false)
          announce(t('catalog.begun'))
        },
      },
    )
  const isRunning = run?.state === 'running'
  return (
    <div className="pad stack">
      <p className="dim">{t('catalog.text')}</p>
      {run && <Run run={run} />}
      {!isRunning && (
        <div className="inline">
          <Button
            size="xs"
            variant="default"
            loading={preview.isFetching}
            onClick={() => {
              setAsked(true)
              if (isAsked) void preview.refetch()
            }}
          >
            {t('catalog.preview')}
          </Button>
          {isAsked && preview.data && may('catalog.manage') && (
            <Button
              size="xs"
              loading={start.isPending}
              disabled={preview.data.variants + preview.data.exists === 0}
              onClick={begin}
            >
              {t('catalog.run', { count: preview.data.variants })}
            </Button>
          )}
        </div>
      )}
      {isAsked && !isRunning && preview.isPending && <Loading />}
      {isAsked && !isRunning && preview.data && <Preview preview={preview.data} />}
      {preview.error && isAsked && <ErrorNotice error={preview.error} />}
      {start.error && <ErrorNotice error={start.error} />}
    </div>
  )
}

function Run({ run }: { run: CatalogRun }) {
  const t = useT()
  const format = useFormat()
  const isDone = run.state === 'done'
  return (
    <div className="import-progress">
      <progress
        aria-label={t('catalog.progress')}
        value={isDone ? 1 : run.done}
        max={isDone ? 1 : Math.max(1, run.total)}
      />
      <span>
        {t('catalog.done', {
          done: format.number(run.done),
          total: format.number(Math.max(run.total, run.done)),
          products: format.number(run.products),
          variants: format.number(run.variants),
          linked: format.number(run.linked),
          left: format.number(run.leftOpen),
        })}
      </span>
      <span className="dim">
        {t(isDone ? 'firstPull.done' : 'firstPull.begun')} <Ago at={run.doneAt ?? run.startedAt} />
      </span>
    </div>
  )
}

function Preview({ preview }: { preview: CatalogPreview }) {
  const t = useT()
  const format = useFormat()
  const { open } = preview
  const left = open.ambiguous + open.undone + open.unknown + open.too_long
  const shown = [
    ['products', preview.products],
    ['variants', preview.variants],
    ['exists', preview.exists],
    ['open', left],
  ] as const
  return (
    <>
      <dl className="import-figures">
        {shown.map(([name, count]) => (
          <div key={name}>
            <dt>{t(`catalog.count.${name}`)}</dt>
            <dd>{format.number(count)}</dd>
          </div>
        ))}
      </dl>
      {left > 0 && (
        <p className="dim">
          {t('catalog.openText', {
            ambiguous: format.number(open.ambiguous),
            undone: format.number(open.undone),
            unknown: format.number(open.unknown + open.too_long),
          })}
        </p>
      )}
      <ul className="catalog-sample">
        {preview.sample.map((one) => (
          <li key={`${one.kind} ${one.remoteSku}`}>
            <span className="mono">{one.remoteSku}</span>{' '}
            <span className="dim">
              {t(`catalog.kind.${one.kind}`)}
              {one.kind === 'exists' && one.sku && ` ${one.sku}`}
              {one.product && ` · ${one.product}`}
            </span>
          </li>
        ))}
      </ul>
    </>
  )
}
