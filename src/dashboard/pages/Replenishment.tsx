import { useT } from '../i18n.ts'
import { BringPart } from '../parts/BringPart.tsx'
import { CoverPart } from '../parts/CoverPart.tsx'
import { UnknownFilter } from '../parts/Notice.tsx'
import { Page, Tabs } from '../parts/Page.tsx'
import { WayPart } from '../parts/WayPart.tsx'
import { useCall } from '../queries.ts'
import { choose, useView } from '../view.ts'

const views = ['bring', 'way', 'cover'] as const

/** What to bring where, what is on its way, and until when to order anew. */
export function ReplenishmentPage() {
  const t = useT()
  const [asked, set] = useView()
  const tab = choose(asked.view, views, 'bring')
  const counts = useCall('thresholds', { query: { limit: 1, counts: 'yes' } }, { every: 60_000 }).data?.counts
  const tabs = [
    { value: 'bring', label: t('bring.tabs.bring'), count: counts?.below },
    { value: 'way', label: t('bring.tabs.way'), count: counts?.open },
    { value: 'cover', label: t('bring.tabs.cover'), count: counts?.due, tone: 'warning' as const },
  ]
  return (
    <Page
      title={t('bring.title')}
      head={<Tabs name="view" label={t('bring.title')} current={tab.value} fallback="bring" tabs={tabs} />}
    >
      <UnknownFilter name={t('stock.view')} value={tab.unknown} onRemove={() => set({ view: undefined })} />
      {tab.value === 'bring' && <BringPart />}
      {tab.value === 'way' && <WayPart />}
      {tab.value === 'cover' && <CoverPart />}
    </Page>
  )
}
