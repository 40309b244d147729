import { useEffect } from 'react'
import { useT } from '../i18n.ts'
import { AccountCard } from '../parts/AccountCard.tsx'
import { Empty, ErrorNotice, LoadMore } from '../parts/Notice.tsx'
import { Loading, Page, Panel } from '../parts/Page.tsx'
import { useWord } from '../parts/words.ts'
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
    <Page title={t('accounts.title')}>
      {list.error && !isLoaded && <ErrorNotice error={list.error} title={t('error.load')} />}
      {list.isPending && <Loading />}
      {list.first && !isLoaded && <Empty title={t('accounts.emptyTitle')} text={t('accounts.emptyText')} />}
      <div className="cards">
        {list.items.map((account) => (
          <AccountCard key={account.id} account={account} plan={plans?.find((one) => one.accountId === account.id)} />
        ))}
      </div>
      {list.hasNextPage && <LoadMore list={list} />}
      {list.first && (may('accounts.manage') ? <ConnectHint /> : <p className="dim">{t('accounts.forbidden')}</p>)}
    </Page>
  )
}

function ConnectHint() {
  const t = useT()
  const word = useWord()
  const channels = useCall('channels', {}).data?.items ?? []
  const names = channels.map((one) => `${word('channel', one.channel)} (${one.channel})`).join(' · ')
  return (
    <Panel title={t('accounts.connectTitle')}>
      <div className="pad stack">
        <p>{t('accounts.connectText')}</p>
        <p>{t('accounts.connectApi')}</p>
        <pre className="json">{`POST ${location.origin}/api/v1/accounts\n{ "channel": "${channels[0]?.channel ?? 'amazon'}", "name": "…", "stage": "shadow", "settings": { … }, "secrets": { … } }`}</pre>
        {names && <p className="dim">{t('accounts.channelsKnown', { list: names })}</p>}
      </div>
    </Panel>
  )
}
