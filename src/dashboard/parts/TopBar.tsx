import { useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useHubNow } from '../clock.ts'
import { useFormat } from '../format.ts'
import { switchLanguage, useLanguage, useT } from '../i18n.ts'
import { isOverdue } from '../overdue.ts'
import { useChange } from '../queries.ts'
import { signedOut, useSession } from '../session.ts'
import type { Overview } from '../types.ts'
import { Icon } from './Icon.tsx'
import { useWord } from './words.ts'

export function TopBar({
  overview,
  isMenuOpen,
  onMenu,
}: {
  overview: Overview | undefined
  isMenuOpen: boolean
  onMenu: () => void
}) {
  const t = useT()
  const { data: session } = useSession()
  const speed = overview?.demo?.speed ?? session?.demo?.speed
  return (
    <header className="top-bar">
      <button
        type="button"
        className="icon-button burger"
        aria-label={isMenuOpen ? t('app.closeMenu') : t('app.openMenu')}
        aria-expanded={isMenuOpen}
        aria-controls="menu"
        onClick={onMenu}
      >
        <Icon name={isMenuOpen ? 'cross' : 'menu'} size={20} />
      </button>
      <Link to="/" className="brand">
        Entrepot
      </Link>
      {speed !== undefined && (
        <span className="demo-badge" title={t('app.demo', { speed })}>
          <span className="long">{t('app.demo', { speed })}</span>
          <span className="brief">{t('app.demoShort', { speed })}</span>
        </span>
      )}
      {overview && <SyncAges accounts={overview.accounts} />}
      <span className="push" />
      <LanguageSwitch />
      <SignOut name={session?.user.name ?? ''} />
    </header>
  )
}

/** Per channel the oldest of its accounts' newest readings: one lagging account must not hide behind another. */
function SyncAges({ accounts }: { accounts: Overview['accounts'] }) {
  const t = useT()
  const word = useWord()
  const channels = [...new Set(accounts.map((one) => one.channel))]
  return (
    <ul className="sync-ages" aria-label={t('app.sync')}>
      {channels.map((channel) => {
        const own = accounts.filter((one) => one.channel === channel && one.stage !== 'paused')
        return (
          <li key={channel}>
            <span>{word('channel', channel)}</span> <SyncAge accounts={own} />
          </li>
        )
      })}
    </ul>
  )
}

function SyncAge({ accounts }: { accounts: Overview['accounts'] }) {
  const t = useT()
  const format = useFormat()
  const now = useHubNow()
  if (accounts.length === 0) return <span className="dim">{t('accounts.stage.paused')}</span>
  const halted = accounts.find((one) => one.halted)
  if (halted?.halted)
    return (
      <span className="is-warning">
        <Icon name="pause" size={13} />
        {t('overview.haltedSince', { span: format.span(now - Date.parse(halted.halted.at)) })}
      </span>
    )
  const streams = accounts.flatMap((one) => one.streams.filter((stream) => stream.stream === 'orders'))
  if (streams.length === 0) return <span className="dim">{t('overview.pushed')}</span>
  if (streams.some((one) => one.pulledAt === null)) return <span className="is-warning">{t('app.notRead')}</span>
  const oldest = streams.map((one) => one.pulledAt ?? '').sort()[0] ?? ''
  const failing = streams.some((one) => one.failure || isOverdue(one, now))
  if (failing)
    return (
      <span className="is-warning">
        <Icon name="warning" size={13} />
        {format.ago(oldest, now)}
      </span>
    )
  return (
    <time dateTime={oldest} title={format.exact(oldest)}>
      {format.ago(oldest, now)}
    </time>
  )
}

function LanguageSwitch() {
  const t = useT()
  const language = useLanguage()
  const other = language === 'en' ? 'zh' : 'en'
  return (
    <button type="button" className="text-button" title={t('app.languageSwitch')} onClick={() => switchLanguage(other)}>
      <span lang={other === 'zh' ? 'zh-CN' : 'en'}>{t('app.languageOther')}</span>
    </button>
  )
}

function SignOut({ name }: { name: string }) {
  const t = useT()
  const client = useQueryClient()
  const signOut = useChange('signOut')
  return (
    <button
      type="button"
      className="text-button"
      disabled={signOut.isPending}
      title={name}
      aria-label={t('app.signOut')}
      onClick={() => signOut.mutate({}, { onSuccess: () => signedOut(client) })}
    >
      <Icon name="out" size={16} />
      <span className="wide">{t('app.signOut')}</span>
    </button>
  )
}
