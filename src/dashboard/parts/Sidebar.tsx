import { Link } from '@tanstack/react-router'
import type { Permission } from '../../contract/permissions.ts'
import { useFormat } from '../format.ts'
import { useT } from '../i18n.ts'
import { useMay } from '../session.ts'
import type { Overview } from '../types.ts'
import { Icon, type IconName } from './Icon.tsx'

interface Entry {
  to: string
  key:
    | 'overview'
    | 'orders'
    | 'stock'
    | 'exposure'
    | 'replenishment'
    | 'rules'
    | 'drift'
    | 'matching'
    | 'accounts'
    | 'storeLocations'
    | 'settlements'
    | 'privacy'
    | 'files'
    | 'journal'
  permission: Permission
  icon: IconName
  count: number
  tone: '' | 'loss' | 'warning'
}

function entriesOf(overview: Overview | undefined): Entry[] {
  const atRisk = overview?.findings.filter((one) => one.severity !== 'info') ?? []
  const losing = atRisk.some((one) => one.severity === 'loss')
  const halted = overview?.accounts.filter((one) => one.halted).length ?? 0
  return [
    {
      to: '/',
      key: 'overview',
      permission: 'overview.read',
      icon: 'overview',
      count: atRisk.length,
      tone: losing ? 'loss' : 'warning',
    },
    {
      to: '/orders',
      key: 'orders',
      permission: 'orders.read',
      icon: 'orders',
      count: overview?.orders.toShip ?? 0,
      tone: '',
    },
    {
      to: '/stock',
      key: 'stock',
      permission: 'stock.read',
      icon: 'stock',
      count: overview?.stock.oversold ?? 0,
      tone: 'loss',
    },
    { to: '/exposure', key: 'exposure', permission: 'stock.read', icon: 'exposure', count: 0, tone: '' },
    {
      to: '/replenishment',
      key: 'replenishment',
      permission: 'stock.read',
      icon: 'truck',
      count: 0,
      tone: '',
    },
    { to: '/rules', key: 'rules', permission: 'catalog.read', icon: 'rules', count: 0, tone: '' },
    { to: '/drift', key: 'drift', permission: 'stock.read', icon: 'eye', count: 0, tone: '' },
    { to: '/matching', key: 'matching', permission: 'catalog.read', icon: 'link', count: 0, tone: '' },
    { to: '/accounts', key: 'accounts', permission: 'accounts.read', icon: 'accounts', count: halted, tone: 'warning' },
    { to: '/store-locations', key: 'storeLocations', permission: 'stock.read', icon: 'box', count: 0, tone: '' },
    { to: '/settlements', key: 'settlements', permission: 'settlements.read', icon: 'money', count: 0, tone: '' },
    { to: '/privacy', key: 'privacy', permission: 'orders.buyer', icon: 'eye', count: 0, tone: '' },
    { to: '/files', key: 'files', permission: 'exports.read', icon: 'files', count: 0, tone: '' },
    { to: '/journal', key: 'journal', permission: 'journal.read', icon: 'journal', count: 0, tone: '' },
  ]
}

export function Sidebar({ overview, isOpen }: { overview: Overview | undefined; isOpen: boolean }) {
  const t = useT()
  const format = useFormat()
  const may = useMay()
  const titles: Partial<Record<Entry['key'], string>> = {
    overview: t('overview.risk'),
    orders: t('overview.toShip'),
    stock: t('overview.oversold'),
    accounts: t('accounts.haltedWord'),
  }
  return (
    <nav className={`sidebar${isOpen ? ' is-open' : ''}`} id="menu" aria-label={t('app.menu')}>
      {entriesOf(overview)
        .filter((one) => may(one.permission))
        .map((one) => (
          <Link
            key={one.to}
            to={one.to}
            className="nav-link"
            activeOptions={{ exact: one.to === '/', includeSearch: false }}
          >
            <Icon name={one.icon} size={18} />
            <span>{t(`nav.${one.key}`)}</span>
            {one.count > 0 && (
              <span className={`count ${one.tone}`} title={titles[one.key]}>
                {format.number(one.count)}
              </span>
            )}
          </Link>
        ))}
    </nav>
  )
}
