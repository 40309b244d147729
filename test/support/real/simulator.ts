/** The marketplaces as a process of their own, told what to do by its parent: quick delays, a small catalog, buyers. */
import {
  type CatalogItem,
  createSimulator,
  type StorefrontConnection,
  serveSimulator,
} from '../../../simulator/index.ts'

export interface SimulatorStart {
  seed: number
  catalog: CatalogItem[]
  limits: 'published' | 'none'
  /** Orders of the past day. */
  history: number
}
/** What the parent sends once the process said where it listens. */
export interface SimulatorOrder {
  connect?: StorefrontConnection
  buyers?: { perMinute: number }
}

const { seed, catalog, limits, history } = JSON.parse(process.argv[2]!) as SimulatorStart
const simulator = createSimulator({
  seed,
  catalog,
  history: { orders: history, days: 1 },
  amazon: {
    limits,
    // Orders show within a second, so that a short run sees them.
    lagMs: { typical: 200, tail: 1_000, tailShare: 0.1 },
    effectMs: { min: 20, max: 300 },
    lifecycle: { slowPaymentShare: 0, pendingCancelShare: 0, buyerCancelShare: 0, cancelRequestShare: 0 },
  },
})
const server = await serveSimulator(simulator, { port: 0 })
process.on('message', ({ connect, buyers }: SimulatorOrder) => {
  if (connect) simulator.connectStorefront(connect)
  if (buyers) simulator.buyers.start({ perMinute: buyers.perMinute })
})
// It ends with whoever started it.
process.on('disconnect', () => process.exit(0))
process.send!({ url: server.url })
