import { Link } from '@tanstack/react-router'
import { type ReactNode, useEffect } from 'react'
import { useFormat } from '../format.ts'
import { useT } from '../i18n.ts'
import { Icon } from './Icon.tsx'

export function Page({
  title,
  back,
  head,
  children,
}: {
  title: string
  back?: { to: string; label: string }
  head?: ReactNode
  children: ReactNode
}) {
  useEffect(() => {
    document.title = `${title} · Entrepot`
  }, [title])
  return (
    <div className="page">
      <div className="page-head">
        {back && (
          <Link to={back.to} className="back">
            <Icon name="left" size={14} />
            {back.label}
          </Link>
        )}
        <h1>{title}</h1>
        {head}
      </div>
      {children}
    </div>
  )
}

export interface Tab {
  value: string
  label: string
  count: number | undefined
  tone?: 'loss' | 'warning'
}

/** Tabs are addresses: they can be opened in a new window and sent to a colleague. */
export function Tabs({
  name,
  label,
  tabs,
  current,
  fallback,
}: {
  name: string
  label: string
  tabs: Tab[]
  current: string
  fallback: string
}) {
  const format = useFormat()
  return (
    <nav className="tabs" aria-label={label}>
      {tabs.map((tab) => (
        <Link
          key={tab.value}
          to="."
          search={
            ((old: Record<string, string>) => ({
              ...old,
              [name]: tab.value === fallback ? undefined : tab.value,
            })) as never
          }
          className="tab"
          // Exactly this address: without it the first tab, which has no filter, counts as open everywhere.
          activeOptions={{ exact: true, includeSearch: true }}
          aria-current={tab.value === current ? 'page' : undefined}
          replace
        >
          {tab.label}
          {tab.count !== undefined && (
            <span className={`count ${tab.count > 0 ? (tab.tone ?? '') : ''}`}>{format.number(tab.count)}</span>
          )}
        </Link>
      ))}
    </nav>
  )
}

export function Panel({
  title,
  note,
  action,
  id,
  children,
}: {
  title: string
  note?: ReactNode
  action?: ReactNode
  id?: string
  children: ReactNode
}) {
  return (
    <section className="panel" aria-label={title} id={id}>
      <header className="panel-head">
        <h2>{title}</h2>
        {note && <span className="dim">{note}</span>}
        {action && <span className="push">{action}</span>}
      </header>
      {children}
    </section>
  )
}

/** A wide table scrolls inside its own frame, by keyboard too. */
export function TableFrame({
  label,
  stale = false,
  children,
}: {
  label: string
  stale?: boolean
  children: ReactNode
}) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable without a mouse
    <section className={`table-frame${stale ? ' is-waiting' : ''}`} aria-label={label} tabIndex={0}>
      {children}
    </section>
  )
}

export function Loading() {
  const t = useT()
  return (
    <div className="loading" role="status">
      <span className="sr-only">{t('app.loading')}</span>
      {[92, 78, 85, 70].map((width) => (
        <div key={width} className="bone" style={{ width: `${width}%` }} />
      ))}
    </div>
  )
}

export function SkuLink({ sku }: { sku: string }) {
  return (
    <Link to="/stock/$sku" params={{ sku }} className="mono">
      {sku}
    </Link>
  )
}

export function OrderLink({ id, remoteId }: { id: string; remoteId: string }) {
  return (
    <Link to="/orders/$id" params={{ id }} className="mono">
      {remoteId}
    </Link>
  )
}
