import { Button } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useEffect, useRef } from 'react'
import { saveBadRows } from '../files.ts'
import { useFormat } from '../format.ts'
import { useT } from '../i18n.ts'
import { useCall, useChange } from '../queries.ts'
import type { ImportDetail } from '../types.ts'
import { announce } from './Announcer.tsx'
import { ImportChip } from './ImportHistory.tsx'
import { ImportSample } from './ImportSample.tsx'
import { MappingForm } from './MappingForm.tsx'
import { ErrorNotice, Notice } from './Notice.tsx'
import { Loading, Panel } from './Page.tsx'
import { PlanLines } from './PlanLines.tsx'

/** One import from the check to its result. It goes on by itself; this page only looks. */
export function ImportCard({ id, onClose }: { id: string; onClose: () => void }) {
  const t = useT()
  const found = useCall('import', { params: { id } }, { every: 1_000 })
  const remove = useChange('removeImport', ['imports'])
  const one = found.data
  const state = one?.state
  const before = useRef(state)
  useEffect(() => {
    if (state && before.current && before.current !== state) announce(t(`files.state.${state}`))
    before.current = state
  }, [state, t])
  if (!one) return found.error ? <ErrorNotice error={found.error} title={t('error.load')} /> : <Loading />
  const isAtWork = one.state === 'running' || one.state === 'waiting'
  const drop = () =>
    remove.mutate(
      { params: { id } },
      {
        onSuccess: () => {
          announce(t('files.removed'))
          onClose()
        },
      },
    )
  return (
    <Panel
      title={one.fileName}
      note={t(`files.kind.${one.kind}`)}
      action={
        <span className="inline">
          <ImportChip state={one.state} />
          <Button size="xs" variant="default" disabled={isAtWork} loading={remove.isPending} onClick={drop}>
            {t('files.remove')}
          </Button>
          <Button size="xs" variant="default" onClick={onClose}>
            {t('files.close')}
          </Button>
        </span>
      }
    >
      <div className="pad stack">
        {remove.error && <ErrorNotice error={remove.error} />}
        <Progress one={one} />
        {one.state === 'failed' && one.failure && <Notice tone="warning">{one.failure.text}</Notice>}
        {one.state === 'done' && <Result one={one} />}
        {one.importedBefore && one.state === 'checked' && <ImportedBefore at={one.importedBefore} />}
        {one.missing.length > 0 && one.state === 'checked' && <Missing one={one} />}
        {(one.state === 'checked' || (one.state === 'failed' && one.preview)) && one.preview && <RunForm one={one} />}
      </div>
      {(one.state === 'checked' || (one.state === 'failed' && !one.preview)) && (
        <MappingForm key={JSON.stringify([one.mapping, one.encoding, one.account, one.location])} one={one} />
      )}
      {one.state !== 'checking' && <ImportSample one={one} />}
    </Panel>
  )
}

function Progress({ one }: { one: ImportDetail }) {
  const t = useT()
  const format = useFormat()
  if (one.state === 'checked' || one.state === 'done') return null
  const done = format.number(one.rowsDone)
  const isOpen = one.rowsTotal === null || one.state === 'checking'
  const text = isOpen
    ? t('files.progressOpen', { done })
    : t('files.progress', { done, total: format.number(one.rowsTotal ?? 0) })
  return (
    <div className="import-progress">
      <progress
        aria-label={t(`files.state.${one.state}`)}
        {...(isOpen ? {} : { value: one.rowsDone, max: Math.max(1, one.rowsTotal ?? 1) })}
      />
      <span>{text}</span>
      {one.counts.bad > 0 && (
        <span className="dim">
          {t('files.bad')} {format.number(one.counts.bad)}
        </span>
      )}
    </div>
  )
}

function ImportedBefore({ at }: { at: string }) {
  const t = useT()
  const format = useFormat()
  return <Notice tone="info">{t('files.importedBefore', { time: format.exact(at) })}</Notice>
}

function Missing({ one }: { one: ImportDetail }) {
  const t = useT()
  const fields = one.missing.map((name) => t(`files.field.${name}` as 'files.field.sku')).join(t('error.listComma'))
  return <Notice tone="warning">{t('files.missing', { fields })}</Notice>
}

function RunForm({ one }: { one: ImportDetail }) {
  const t = useT()
  const run = useChange('runImport', ['import', 'imports'])
  const preview = one.preview!
  const count = preview.new + preview.changed
  // What changes nothing may still be wanted: a count that agrees with the books is on record from then on.
  const rows = count + preview.same
  const label = rows === 0 ? t('files.runNothing') : t('files.run', { count: rows })
  return (
    <>
      <Figures title={t('files.previewTitle')} counts={preview} />
      {preview.bad > 0 && <p className="dim">{t('files.badStay')}</p>}
      <PlanLines plans={one.plans} />
      {run.error && <ErrorNotice error={run.error} />}
      <div>
        <Button
          size="xs"
          disabled={rows === 0}
          loading={run.isPending}
          onClick={() => run.mutate({ params: { id: one.id }, body: {} })}
        >
          {one.state === 'failed' ? t('files.runAgain') : label}
        </Button>
      </div>
    </>
  )
}

function Figures({ title, counts }: { title: string; counts: NonNullable<ImportDetail['preview']> }) {
  const t = useT()
  const format = useFormat()
  return (
    <dl className="import-figures" aria-label={title}>
      {(['new', 'changed', 'same', 'bad'] as const).map((name) => (
        <div key={name}>
          <dt>{t(`files.${name}`)}</dt>
          <dd className={name === 'bad' && counts.bad > 0 ? 'is-warning' : undefined}>{format.number(counts[name])}</dd>
        </div>
      ))}
    </dl>
  )
}

function Result({ one }: { one: ImportDetail }) {
  const t = useT()
  const save = useMutation({ mutationFn: () => saveBadRows(one.id, `bad-${one.fileName}`) })
  const { bad } = one.counts
  return (
    <>
      <Figures title={t('files.state.done')} counts={one.counts} />
      {bad === 0 ? (
        <p className="dim">{t('files.noneBad')}</p>
      ) : (
        <p className="inline">
          <Button size="xs" loading={save.isPending} onClick={() => save.mutate()}>
            {t('files.badSave', { count: bad })}
          </Button>
          <span className="dim">{t('files.badNext')}</span>
        </p>
      )}
      {save.error && <ErrorNotice error={save.error} />}
    </>
  )
}
