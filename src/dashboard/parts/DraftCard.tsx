import { Link } from '@tanstack/react-router'
import { useT } from '../i18n.ts'
import { useMay } from '../session.ts'
import type { Account } from '../types.ts'
import { Chip } from './Chip.tsx'
import { useWord } from './words.ts'

/** An account that is being connected: nothing of it works yet but its own next step. */
export function DraftCard({ account }: { account: Account }) {
  const t = useT()
  const word = useWord()
  const may = useMay()
  return (
    <article className="panel account" id={account.id} aria-label={account.name}>
      <header className="panel-head">
        <h2>{account.name}</h2>
        <span className="dim">{word('channel', account.channel)}</span>
        <Chip tone="todo" icon="link">
          {t('connect.draft')}
        </Chip>
      </header>
      <p className="pad inline">
        <span className="dim">{t('connect.draftText')}</span>
        {may('accounts.manage') && (
          <Link to="/accounts/connect" search={{ account: account.id } as never}>
            {t('connect.goOn', { name: account.name })}
          </Link>
        )}
      </p>
    </article>
  )
}
