import { Link } from '@tanstack/react-router'
import { useT } from '../i18n.ts'
import { Empty, Notice } from '../parts/Notice.tsx'

export function NotFound() {
  const t = useT()
  return (
    <main className="alone" id="content">
      <Empty title={t('error.page')} text={t('error.pageText')} action={<Link to="/">{t('error.toOverview')}</Link>} />
    </main>
  )
}

/** A fault of ours: the shell stays, the text can be reported. */
export function PageCrash({ error }: { error: unknown }) {
  const t = useT()
  return (
    <div className="page">
      <Notice tone="warning" alert title={t('error.crashed')}>
        <p>{t('error.crashedText')}</p>
        <pre className="json">{error instanceof Error ? `${error.name}: ${error.message}` : String(error)}</pre>
        <button type="button" className="link-button" onClick={() => location.reload()}>
          {t('app.retry')}
        </button>
      </Notice>
    </div>
  )
}
