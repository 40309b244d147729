import { Link } from '@tanstack/react-router'
import { useEffect } from 'react'
import { useT } from '../i18n.ts'
import { AccountCard } from '../parts/AccountCard.tsx'
import { DraftCard } from '../parts/DraftCard.tsx'
import { Empty, ErrorNotice, LoadMore } from '../parts/Notice.tsx'
import { Loading, Page } from '../parts/Page.tsx'
import { useCall, useList } from '../queries.ts'
import { useMay } from '../session.ts'

export function AccountsPage() {
  const t = useT()
  const may = useMay()
  const list = useList('accounts', { query: { limit: 100 } }, { every: 3_000 })
  const plans = useCall('plan', { query: {} }, { every: 5_000 }).data?.items
  const isLoaded = list.items.length > 0
  useEffect(() => {
    // The rows come after the address was opened, so the browser could not jump to them.
    if (isLoaded && location.hash) document.getElementById(location.hash.slice(1))?.scrollIntoView({ block: 'start' })
  }, [isLoaded])
  return (
    <Page
      title={t('accounts.title')}
      head={
        may('accounts.manage') &&
        isLoaded && (
          <Link to="/accounts/connect" className="export push">
            {t('accounts.connect')}
          </Link>
        )
      }
    >
      {list.error && !isLoaded && <ErrorNotice error={list.error} title={t('error.load')} />}
      {list.isPending && <Loading />}
      {list.first && !isLoaded && (
        <Empty
          title={t('accounts.emptyTitle')}
          text={t('accounts.emptyText')}
          action={may('accounts.manage') && <Link to="/accounts/connect">{t('accounts.connect')}</Link>}
        />
      )}
      <div className="cards">
        {list.items.map((account) =>
          account.draft ? (
            <DraftCard key={account.id} account={account} />
          ) : (
            <AccountCard key={account.id} account={account} plan={plans?.find((one) => one.accountId === account.id)} />
          ),
        )}
      </div>
      {list.hasNextPage && <LoadMore list={list} />}
      {list.first && !may('accounts.manage') && <p className="dim">{t('accounts.forbidden')}</p>}
    </Page>
  )
}
