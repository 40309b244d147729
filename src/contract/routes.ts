/** Every route of /api/v1. Errors are application/problem+json with a stable code. Every POST takes an Idempotency-Key. */
import { accountsRoutes } from './routes/accounts.ts'
import { catalogRoutes } from './routes/catalog.ts'
import { connectingRoutes } from './routes/connecting.ts'
import { driftRoutes } from './routes/drift.ts'
import { errandsRoutes } from './routes/errands.ts'
import { exposureRoutes } from './routes/exposure.ts'
import { importsRoutes } from './routes/imports.ts'
import { matchingRoutes } from './routes/matching.ts'
import { notificationsRoutes } from './routes/notifications.ts'
import { ordersRoutes } from './routes/orders.ts'
import { peopleRoutes } from './routes/people.ts'
import { planRoutes } from './routes/plan.ts'
import { privacyRoutes } from './routes/privacy.ts'
import { publishingRoutes } from './routes/publishing.ts'
import { replenishmentRoutes } from './routes/replenishment.ts'
import { settlementsRoutes } from './routes/settlements.ts'
import { stockRoutes } from './routes/stock.ts'
import { storeRoutes } from './routes/store.ts'
import { systemRoutes } from './routes/system.ts'

export const routes = {
  ...peopleRoutes,
  ...systemRoutes,
  ...accountsRoutes,
  ...connectingRoutes,
  ...notificationsRoutes,
  ...catalogRoutes,
  ...planRoutes,
  ...publishingRoutes,
  ...stockRoutes,
  ...exposureRoutes,
  ...replenishmentRoutes,
  ...driftRoutes,
  ...matchingRoutes,
  ...ordersRoutes,
  ...errandsRoutes,
  ...importsRoutes,
  ...storeRoutes,
  ...settlementsRoutes,
  ...privacyRoutes,
}

export type Routes = typeof routes
export type RouteName = keyof Routes
