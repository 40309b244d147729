import { Outlet, useLocation, useNavigate } from '@tanstack/react-router'
import { useEffect, useRef, useState } from 'react'
import { setHubClock } from '../clock.ts'
import { lastAnswerAt, useIsDown } from '../connection.ts'
import { useFormat } from '../format.ts'
import { useT } from '../i18n.ts'
import { useCall } from '../queries.ts'
import { useSession } from '../session.ts'
import { Announcer } from './Announcer.tsx'
import { Notice } from './Notice.tsx'
import { Sidebar } from './Sidebar.tsx'
import { TopBar } from './TopBar.tsx'

/** The frame of every page for signed-in people. */
export function Shell() {
  const t = useT()
  const session = useSession()
  if (session.data === null) return <ToSignIn />
  if (session.data) return <Frame />
  // No answer yet, or none at all: never a sign-in page, because nobody was signed out.
  return (
    <main className="alone" id="content">
      {session.isError || session.failureCount > 0 ? (
        <Notice tone="warning" alert title={t('app.downEmpty')}>
          {t('app.downEmptyText')}
        </Notice>
      ) : (
        <p className="dim" role="status">
          {t('app.loading')}
        </p>
      )}
    </main>
  )
}

/** Once: while the sign-in page loads, this stays mounted and the address is already the new one. */
function ToSignIn() {
  const navigate = useNavigate()
  const { href } = useLocation()
  const from = useRef(href)
  useEffect(() => {
    void navigate({ to: '/sign-in', search: from.current === '/' ? {} : { next: from.current }, replace: true })
  }, [navigate])
  return null
}

function Frame() {
  const t = useT()
  const [isMenuOpen, setMenuOpen] = useState(false)
  const location = useLocation()
  const isDown = useIsDown()
  const overview = useCall('overview', {}, { every: 5_000 }).data
  useSearchKey()
  useEffect(() => {
    if (overview) setHubClock(overview.now, overview.demo?.speed ?? 1)
  }, [overview])
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new page closes the menu
  useEffect(() => setMenuOpen(false), [location.pathname])
  return (
    <div className="shell">
      <a href="#content" className="skip">
        {t('app.skip')}
      </a>
      <TopBar overview={overview} isMenuOpen={isMenuOpen} onMenu={() => setMenuOpen(!isMenuOpen)} />
      <Sidebar overview={overview} isOpen={isMenuOpen} />
      <main id="content" tabIndex={-1} className={isDown ? 'is-stale' : undefined}>
        {isDown && <DownBar />}
        <div className="main-body">
          <Outlet />
        </div>
      </main>
      <Announcer />
    </div>
  )
}

function DownBar() {
  const t = useT()
  const format = useFormat()
  const at = lastAnswerAt()
  return (
    <div className="down-bar">
      <Notice tone="warning" alert>
        {t('app.down', { time: at === null ? '–' : format.clock(at) })}
      </Notice>
    </div>
  )
}

/** "/" goes to the page's search; a page without one goes to the orders' search. */
function useSearchKey(): void {
  const navigate = useNavigate()
  useEffect(() => {
    const focus = () => {
      const field = document.querySelector<HTMLInputElement>('input[data-search]')
      field?.focus()
      field?.select()
      return field !== null
    }
    const onKey = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement
      if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey) return
      if (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName)) return
      event.preventDefault()
      if (!focus()) void navigate({ to: '/orders' }).then(() => setTimeout(focus, 50))
    }
    document.addEventListener('keydown', onKey)
    return () => document.removeEventListener('keydown', onKey)
  }, [navigate])
}
