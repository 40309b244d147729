import { SegmentedControl } from '@mantine/core'
import { useFormat } from '../format.ts'
import { useT } from '../i18n.ts'
import { useChange } from '../queries.ts'
import { useMay } from '../session.ts'
import type { StockDetail } from '../types.ts'
import { announce } from './Announcer.tsx'
import { Bullet } from './Bullet.tsx'
import { ErrorNotice, Notice } from './Notice.tsx'

type Mode = StockDetail['mode']
const modes: readonly Mode[] = ['guarded', 'adaptive', 'shared']

/** How the variant's units are shared out, and how many of them channels may sell right now, at worst. */
export function SharingPanel({ detail }: { detail: StockDetail }) {
  const t = useT()
  const may = useMay()
  const format = useFormat()
  const change = useChange('setMode', ['stockOf', 'stock', 'exposureOf', 'exposure'])
  const { claimed, availableToPromise: units, unknownClaims, uncovered, mode } = detail
  const choose = (next: string) =>
    change.mutate(
      { params: { sku: detail.sku }, body: { mode: next as Mode } },
      { onSuccess: () => announce(t('sharing.saved')) },
    )
  return (
    <div className="pad form">
      <div>
        {t('sharing.claimed', { claimed: format.number(claimed), units: format.number(units) })}
        <Bullet units={claimed} available={units} />
        <span className="dim">
          {claimed > units
            ? t('sharing.over', { count: claimed - units })
            : t('sharing.free', { count: units - claimed })}
        </span>
      </div>
      {unknownClaims > 0 && <Notice tone="info" title={t('sharing.unknown', { count: unknownClaims })} />}
      {uncovered > 0 && (
        <Notice tone="warning" title={t('sharing.uncovered', { count: uncovered })}>
          {t('sharing.uncoveredText')}
        </Notice>
      )}
      <SegmentedControl
        size="xs"
        aria-label={t('sharing.title')}
        value={mode}
        onChange={choose}
        disabled={!may('accounts.manage') || change.isPending}
        data={modes.map((value) => ({ value, label: t(`sharing.${value}`) }))}
      />
      <span className="dim">{t(`sharing.${mode}Text`)}</span>
      {change.error && <ErrorNotice error={change.error} />}
    </div>
  )
}
