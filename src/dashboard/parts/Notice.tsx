import { Button } from '@mantine/core'
import { useClipboard } from '@mantine/hooks'
import type { ReactNode } from 'react'
import { ApiProblem, NoAnswer } from '../api.ts'
import { useT } from '../i18n.ts'
import { Icon, type IconName } from './Icon.tsx'

type Tone = 'loss' | 'warning' | 'ok' | 'info'
const icons: Record<Tone, IconName> = { loss: 'loss', warning: 'warning', ok: 'ok', info: 'info' }

export function Notice({
  tone,
  title,
  children,
  alert = false,
}: {
  tone: Tone
  title?: string
  children?: ReactNode
  alert?: boolean
}) {
  return (
    <div className={`notice ${tone}`} role={alert ? 'alert' : undefined}>
      <Icon name={icons[tone]} size={18} />
      <div className="notice-body">
        {title && <strong>{title}</strong>}
        {children && <div>{children}</div>}
      </div>
    </div>
  )
}

export function CopyButton({ text, label }: { text: string; label: string }) {
  const t = useT()
  const clipboard = useClipboard({ timeout: 2_000 })
  return (
    <button type="button" className="link-button" onClick={() => clipboard.copy(text)} aria-label={label} title={label}>
      <Icon name={clipboard.copied ? 'ok' : 'copy'} size={14} />
      <span>{clipboard.copied ? t('app.copied') : t('app.copy')}</span>
    </button>
  )
}

/** What went wrong, what to do, and the id a report needs. */
export function ErrorNotice({ error, title }: { error: unknown; title?: string }) {
  const t = useT()
  if (!(error instanceof ApiProblem)) {
    const text = error instanceof NoAnswer ? t('error.noAnswer') : String(error)
    return (
      <Notice tone="warning" alert {...(title ? { title } : {})}>
        {text}
      </Notice>
    )
  }
  const report = `${error.code} ${error.requestId}`
  return (
    <Notice tone="warning" alert title={title ? `${title}${t('error.colon')}${error.title}` : error.title}>
      <p>{error.detail}</p>
      {error.errors.length > 0 && (
        <ul>
          {error.errors.map((one) => (
            <li key={one.path + one.message}>
              {one.path ? `${one.path}: ` : ''}
              {one.message}
            </li>
          ))}
        </ul>
      )}
      <p className="report">
        <span>{t('error.code', { code: error.code })}</span>
        <span>{t('error.id', { id: error.requestId })}</span>
        <CopyButton text={report} label={t('error.copyId')} />
      </p>
    </Notice>
  )
}

/** An address that asks for something unknown says so, instead of quietly showing everything. */
export function UnknownFilter({ name, value, onRemove }: { name: string; value: string | null; onRemove: () => void }) {
  const t = useT()
  if (value === null) return null
  return (
    <Notice tone="warning" alert>
      {t('error.unknownFilter', { name, value })}{' '}
      <button type="button" className="link-button" onClick={onRemove}>
        {t('error.removeFilter')}
      </button>
    </Notice>
  )
}

/** Nothing to show, why, and the next step. */
export function Empty({ title, text, action }: { title: string; text?: string; action?: ReactNode }) {
  return (
    <div className="empty">
      <strong>{title}</strong>
      {text && <p>{text}</p>}
      {action}
    </div>
  )
}

export function LoadMore({
  list,
}: {
  list: {
    hasNextPage: boolean
    isFetchingNextPage: boolean
    isLive: boolean
    items: unknown[]
    fetchNextPage: () => unknown
    refetch: () => unknown
    isFetching: boolean
  }
}) {
  const t = useT()
  if (list.items.length === 0) return null
  return (
    <div className="load-more">
      <span className="dim">{t('app.showing', { count: list.items.length })}</span>
      {list.hasNextPage ? (
        <Button size="xs" variant="default" loading={list.isFetchingNextPage} onClick={() => list.fetchNextPage()}>
          {t('app.more')}
        </Button>
      ) : (
        <span className="dim">{t('app.endOfList')}</span>
      )}
      {!list.isLive && (
        <span className="dim">
          {t('app.liveOff')}{' '}
          <button type="button" className="link-button" onClick={() => list.refetch()}>
            {t('app.refresh')}
          </button>
        </span>
      )}
    </div>
  )
}
