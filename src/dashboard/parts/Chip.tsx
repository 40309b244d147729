import type { ReactNode } from 'react'
import { useT } from '../i18n.ts'
import type { Exposure, Order, Slot } from '../types.ts'
import { Icon, type IconName } from './Icon.tsx'

/** Red (`loss`) only where money is lost; never color alone. */
export type Tone = 'loss' | 'warning' | 'ok' | 'todo' | 'quiet'

export function Chip({
  tone,
  icon,
  title,
  children,
}: {
  tone: Tone
  icon: IconName
  title?: string
  children: ReactNode
}) {
  return (
    <span className={`chip ${tone}`} title={title}>
      <Icon name={icon} size={13} />
      <span>{children}</span>
    </span>
  )
}

const orderLooks: Record<Order['state'], [Tone, IconName]> = {
  pending: ['quiet', 'clock'],
  open: ['todo', 'box'],
  partly_shipped: ['todo', 'truck'],
  shipped: ['ok', 'truck'],
  canceled: ['quiet', 'cross'],
  unfulfillable: ['warning', 'warning'],
  unknown: ['warning', 'question'],
}

export function OrderChip({ state, fulfilledBy }: { state: Order['state']; fulfilledBy?: Order['fulfilledBy'] }) {
  const t = useT()
  // What the channel ships itself is nobody's task here.
  if (fulfilledBy === 'channel' && (state === 'open' || state === 'partly_shipped')) {
    return (
      <Chip tone="quiet" icon="truck">
        {t('orders.inChannel')}
      </Chip>
    )
  }
  const [tone, icon] = orderLooks[state]
  return (
    <Chip tone={tone} icon={icon}>
      {t(`orderState.${state}`)}
    </Chip>
  )
}

const problemLooks: Record<Order['problems'][number], [Tone, IconName]> = {
  'unknown-sku': ['warning', 'question'],
  short: ['loss', 'loss'],
  late: ['loss', 'clock'],
}

export function Problems({ order }: { order: Pick<Order, 'problems'> }) {
  const t = useT()
  return (
    <span className="chips">
      {order.problems.map((problem) => {
        const [tone, icon] = problemLooks[problem]
        return (
          <Chip key={problem} tone={tone} icon={icon}>
            {t(`problemWord.${problem}`)}
          </Chip>
        )
      })}
    </span>
  )
}

const slotLooks: Record<Slot['state'], [Tone, IconName]> = {
  clean: ['ok', 'ok'],
  waiting: ['todo', 'clock'],
  sending: ['todo', 'send'],
  unread: ['warning', 'question'],
  problem: ['warning', 'warning'],
  'not-ours': ['quiet', 'truck'],
  unlinked: ['quiet', 'link'],
}

export function SlotChip({ state }: { state: Slot['state'] }) {
  const t = useT()
  const [tone, icon] = slotLooks[state]
  return (
    <Chip tone={tone} icon={icon}>
      {t(`slotState.${state}`)}
    </Chip>
  )
}

const riskLooks: Record<Exposure['risk'], [Tone, IconName]> = {
  short: ['loss', 'loss'],
  uncovered: ['loss', 'warning'],
  unknown: ['warning', 'question'],
  exposed: ['warning', 'warning'],
  covered: ['ok', 'ok'],
  nowhere: ['quiet', 'info'],
}

export function RiskChip({ one }: { one: Pick<Exposure, 'risk' | 'mode' | 'short' | 'uncovered' | 'unknownClaims'> }) {
  const t = useT()
  const { risk, mode } = one
  // Where the way of sharing out allows it, it is no alarm.
  const [tone, icon]: [Tone, IconName] = risk === 'exposed' && mode !== 'guarded' ? ['quiet', 'info'] : riskLooks[risk]
  const count = risk === 'short' ? one.short : risk === 'uncovered' ? one.uncovered : one.unknownClaims
  return (
    <Chip tone={tone} icon={icon} title={t(`exposure.riskText.${risk}`, { count })}>
      {t(`exposure.riskWord.${risk}`)}
    </Chip>
  )
}
