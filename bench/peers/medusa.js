/**
 * @medusajs/inventory as a module of its own, with the lock that its stock flow takes: one per inventory item around
 * `createReservationItems`. The lock is an in-process one, the cheapest there is.
 */
import { createRequire } from 'node:module'
import { MedusaApp, MedusaAppMigrateUp } from '@medusajs/framework/modules-sdk'
import { ContainerRegistrationKeys, Modules, ModulesSdkUtils } from '@medusajs/framework/utils'
import { closedLoop, serve } from './serve.ts'

const location = 'loc_main'
let app
let connection
let inventory
let items = []

function quiet() {
  const no = () => {}
  return { info: no, warn: no, debug: no, log: no, progress: no, success: no, failure: no, error: console.error }
}

// It looks for the links between the modules of a whole shop, which this one does without, and says so at length.
console.warn = () => {}
console.log = (...words) => console.error(...words)

async function open(url) {
  connection = ModulesSdkUtils.createPgConnection({ clientUrl: url, driverOptions: { connection: { ssl: false } } })
  const options = {
    modulesConfig: {
      [Modules.INVENTORY]: {
        resolve: createRequire(import.meta.url).resolve('@medusajs/inventory'),
        options: { database: { clientUrl: url } },
      },
    },
    sharedResourcesConfig: { database: { clientUrl: url } },
    injectedDependencies: { [ContainerRegistrationKeys.PG_CONNECTION]: connection, logger: quiet() },
  }
  await MedusaAppMigrateUp(options)
  app = await MedusaApp(options)
  await app.onApplicationStart?.()
  inventory = app.modules[Modules.INVENTORY]
}

async function seed({ count, stocked }) {
  items = []
  for (let from = 0; from < count; from += 500) {
    const size = Math.min(500, count - from)
    const made = await inventory.createInventoryItems(Array.from({ length: size }, (_, n) => ({ sku: `S${from + n}` })))
    await inventory.createInventoryLevels(
      made.map((item) => ({ inventory_item_id: item.id, location_id: location, stocked_quantity: stocked })),
    )
    items.push(...made.map((item) => item.id))
  }
}

const tails = new Map()
/** One after the other per key, in the order of arrival. */
function locked(key, work) {
  const mine = (tails.get(key) ?? Promise.resolve()).then(work, work)
  tails.set(key, mine)
  void mine.finally(() => tails.get(key) === mine && tails.delete(key)).catch(() => {})
  return mine
}

/** What their flow calls; answers false where there is too little. */
async function reserve(item) {
  try {
    await locked(item, () =>
      inventory.createReservationItems([{ inventory_item_id: item, location_id: location, quantity: 1 }]),
    )
    return true
  } catch (error) {
    if (/not enough stock|required quantity|Not enough/i.test(error.message)) return false
    throw error
  }
}

async function counts(ids) {
  const levels = await inventory.listInventoryLevels({ inventory_item_id: ids }, { take: ids.length })
  const sum = (pick) => levels.reduce((total, level) => total + Number(pick(level)), 0)
  return { reserved: sum((level) => level.reserved_quantity), stocked: sum((level) => level.stocked_quantity) }
}

serve({
  async open({ url }) {
    await open(url)
  },
  seed,
  async run({ hot, callers, durationMs }) {
    const pool = hot ? items.slice(0, 1) : items
    const before = await counts(pool)
    const result = await closedLoop(callers, durationMs, () => reserve(pool[Math.floor(Math.random() * pool.length)]))
    const after = await counts(pool)
    return { ...result, wrong: Math.abs(after.reserved - before.reserved - result.done) }
  },
  async close() {
    await app?.onApplicationShutdown?.()
    await connection?.destroy()
  },
})
