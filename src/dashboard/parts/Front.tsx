import { type ReactNode, useEffect } from 'react'
import { switchLanguage, useLanguage, useT } from '../i18n.ts'

/** The frame of the pages before signing in. */
export function Front({ title, children }: { title: string; children: ReactNode }) {
  const t = useT()
  const language = useLanguage()
  const other = language === 'en' ? 'zh' : 'en'
  useEffect(() => {
    document.title = `${title} · Entrepot`
  }, [title])
  return (
    <main className="front" id="content">
      <div className="front-card">
        <header>
          <span className="brand">Entrepot</span>
          <button
            type="button"
            className="text-button"
            title={t('app.languageSwitch')}
            onClick={() => switchLanguage(other)}
          >
            <span lang={other === 'zh' ? 'zh-CN' : 'en'}>{t('app.languageOther')}</span>
          </button>
        </header>
        <h1>{title}</h1>
        {children}
      </div>
    </main>
  )
}
