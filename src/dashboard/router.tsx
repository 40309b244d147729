import { createRootRoute, createRoute, createRouter, lazyRouteComponent, Outlet } from '@tanstack/react-router'
import { NotFound, PageCrash } from './pages/Fallback.tsx'
import { Shell } from './parts/Shell.tsx'
import { parseSearch, stringifySearch, type View } from './view.ts'

const validateSearch = (search: Record<string, unknown>): View => search as View

const root = createRootRoute({ component: Outlet, notFoundComponent: NotFound, errorComponent: PageCrash })
const signIn = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  validateSearch,
  component: lazyRouteComponent(() => import('./pages/SignIn.tsx'), 'SignIn'),
})
const setup = createRoute({
  getParentRoute: () => root,
  path: '/setup',
  validateSearch,
  component: lazyRouteComponent(() => import('./pages/Setup.tsx'), 'Setup'),
})
/** Everything in here needs a signed-in person; the shell sees to it. */
const app = createRoute({ getParentRoute: () => root, id: 'app', component: Shell })
const overview = createRoute({
  getParentRoute: () => app,
  path: '/',
  validateSearch,
  component: lazyRouteComponent(() => import('./pages/Overview.tsx'), 'OverviewPage'),
})
const orders = createRoute({
  getParentRoute: () => app,
  path: '/orders',
  validateSearch,
  component: lazyRouteComponent(() => import('./pages/Orders.tsx'), 'OrdersPage'),
})
const order = createRoute({
  getParentRoute: () => app,
  path: '/orders/$id',
  validateSearch,
  component: lazyRouteComponent(() => import('./pages/Order.tsx'), 'OrderPage'),
})
const stock = createRoute({
  getParentRoute: () => app,
  path: '/stock',
  validateSearch,
  component: lazyRouteComponent(() => import('./pages/Stock.tsx'), 'StockPage'),
})
const variant = createRoute({
  getParentRoute: () => app,
  path: '/stock/$sku',
  validateSearch,
  component: lazyRouteComponent(() => import('./pages/Variant.tsx'), 'VariantPage'),
})
const exposure = createRoute({
  getParentRoute: () => app,
  path: '/exposure',
  validateSearch,
  component: lazyRouteComponent(() => import('./pages/Exposure.tsx'), 'ExposurePage'),
})
const replenishment = createRoute({
  getParentRoute: () => app,
  path: '/replenishment',
  validateSearch,
  component: lazyRouteComponent(() => import('./pages/Replenishment.tsx'), 'ReplenishmentPage'),
})
const rules = createRoute({
  getParentRoute: () => app,
  path: '/rules',
  validateSearch,
  component: lazyRouteComponent(() => import('./pages/Rules.tsx'), 'RulesPage'),
})
const drift = createRoute({
  getParentRoute: () => app,
  path: '/drift',
  validateSearch,
  component: lazyRouteComponent(() => import('./pages/Drift.tsx'), 'DriftPage'),
})
const matching = createRoute({
  getParentRoute: () => app,
  path: '/matching',
  validateSearch,
  component: lazyRouteComponent(() => import('./pages/Matching.tsx'), 'MatchingPage'),
})
const accounts = createRoute({
  getParentRoute: () => app,
  path: '/accounts',
  validateSearch,
  component: lazyRouteComponent(() => import('./pages/Accounts.tsx'), 'AccountsPage'),
})
const connect = createRoute({
  getParentRoute: () => app,
  path: '/accounts/connect',
  validateSearch,
  component: lazyRouteComponent(() => import('./pages/Connect.tsx'), 'ConnectPage'),
})
const storeLocations = createRoute({
  getParentRoute: () => app,
  path: '/store-locations',
  validateSearch,
  component: lazyRouteComponent(() => import('./pages/StoreLocations.tsx'), 'StoreLocationsPage'),
})
const settlements = createRoute({
  getParentRoute: () => app,
  path: '/settlements',
  validateSearch,
  component: lazyRouteComponent(() => import('./pages/Settlements.tsx'), 'SettlementsPage'),
})
const privacy = createRoute({
  getParentRoute: () => app,
  path: '/privacy',
  validateSearch,
  component: lazyRouteComponent(() => import('./pages/Privacy.tsx'), 'PrivacyPage'),
})
const files = createRoute({
  getParentRoute: () => app,
  path: '/files',
  validateSearch,
  component: lazyRouteComponent(() => import('./pages/Files.tsx'), 'FilesPage'),
})
const journal = createRoute({
  getParentRoute: () => app,
  path: '/journal',
  validateSearch,
  component: lazyRouteComponent(() => import('./pages/Journal.tsx'), 'JournalPage'),
})

const tree = root.addChildren([
  signIn,
  setup,
  app.addChildren([
    overview,
    orders,
    order,
    stock,
    variant,
    exposure,
    replenishment,
    rules,
    drift,
    matching,
    accounts,
    connect,
    storeLocations,
    settlements,
    privacy,
    files,
    journal,
  ]),
])

export function makeRouter() {
  return createRouter({
    routeTree: tree,
    parseSearch,
    stringifySearch,
    defaultPreload: 'intent',
    defaultErrorComponent: PageCrash,
    scrollRestoration: true,
  })
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof makeRouter>
  }
}
