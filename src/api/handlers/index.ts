/** One handler a route; the compiler finds a missing one. Reservations have their own (reserve.ts). */
import type { RouteName } from '../../contract/routes.ts'
import { accountHandlers } from './accounts.ts'
import { catalogHandlers } from './catalog.ts'
import { connectingHandlers } from './connecting.ts'
import { driftHandlers } from './drift.ts'
import { errandHandlers } from './errands.ts'
import { exposureHandlers } from './exposure.ts'
import type { Handlers } from './handler.ts'
import { importHandlers } from './imports.ts'
import { matchingHandlers } from './matching.ts'
import { notificationHandlers } from './notifications.ts'
import { orderHandlers } from './orders.ts'
import { peopleHandlers } from './people.ts'
import { planHandlers } from './plan.ts'
import { privacyHandlers } from './privacy.ts'
import { publishingHandlers } from './publishing.ts'
import { replenishmentHandlers } from './replenishment.ts'
import { settlementHandlers } from './settlements.ts'
import { stockHandlers } from './stock.ts'
import { storeHandlers } from './store.ts'
import { systemHandlers } from './system.ts'

export const handlers = {
  ...peopleHandlers,
  ...systemHandlers,
  ...accountHandlers,
  ...connectingHandlers,
  ...notificationHandlers,
  ...catalogHandlers,
  ...planHandlers,
  ...publishingHandlers,
  ...replenishmentHandlers,
  ...stockHandlers,
  ...exposureHandlers,
  ...driftHandlers,
  ...matchingHandlers,
  ...orderHandlers,
  ...errandHandlers,
  ...importHandlers,
  ...storeHandlers,
  ...settlementHandlers,
  ...privacyHandlers,
} satisfies Handlers<Exclude<RouteName, 'addReservation'>>
