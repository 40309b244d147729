/** The demo: simulated marketplaces in this process over real HTTP, a catalog, an account on each, buyers, people who pack. */
import { existsSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type BuyersOptions, createSimulator, demoCatalog, serveSimulator } from '../simulator/index.ts'
import type { Config } from './config.ts'
import type { Database, Sql } from './database/pool.ts'
import { type DemoChannel, demoChannels, storeAccount } from './demo-channels.ts'
import type { Hub } from './hub.ts'
import { connectAccount } from './operations/connect-account.ts'
import { addLocation, addProduct, linkListing } from './operations/manage-catalog.ts'
import { setLeadTime, setThreshold } from './operations/manage-replenishment.ts'
import { moveStock } from './operations/move-stock.ts'
import { bookTransfers } from './operations/transfer-stock.ts'
import { addApiKey, addUser } from './sign-in/people.ts'
import { realRandom } from './system.ts'

/** Simulated minutes pass thirty times as fast: Amazon's two minutes of delay take four seconds. */
export const demoSpeed = 30

/** Purchase attempts in a minute of the demo's clock. */
const purchasesPerMinute = 0.9
const buyersAt = demoChannels.map(({ channel }) => channel) as NonNullable<BuyersOptions['channels']>
/** How often the demo's warehouse people look, in real time. */
const staffEveryMs = 4_000
/** Orders leave after this long, by the demo's clock. */
const packingMs = 5 * 3_600_000

export interface DemoFile {
  url: string
  email: string
  password: string
  apiKey: string
  simulator: string
}

export interface Demo {
  origin: string
  now(): Date
  /** Makes what a new installation lacks, connects the store, and lets buyers in. */
  begin(hub: Hub): Promise<DemoFile>
  stop(): Promise<void>
}

export async function startDemo(config: Config, db: Database): Promise<Demo> {
  const snapshotFile = join(config.dataDir, 'simulator.json')
  const snapshot = existsSync(snapshotFile) ? JSON.parse(readFileSync(snapshotFile, 'utf8')) : undefined
  // Without its snapshot the simulator must not begin before what the hub knows already.
  const newest = await db.one<{ at: Date | null }>(
    'select greatest((select max(updated_at) from orders), (select max(at) from stock_movements)) as at',
  )
  const startAt = new Date(Math.max(Date.now(), newest?.at?.getTime() ?? 0))
  // While the demo is off its world stands still: away for a night is not twelve of its days.
  const away = snapshot ? Date.now() - statSync(snapshotFile).mtimeMs : 0
  const sim = createSimulator({
    realNow: () => Date.now() - away,
    seed: 20_261_122,
    speed: demoSpeed,
    startAt,
    catalog: demoCatalog(),
    history: { orders: 60, days: 5 },
    ...Object.assign({}, ...demoChannels.map((one) => one.simulator)),
    ...(snapshot ? { snapshot } : {}),
  })
  const server = await serveSimulator(sim, { port: 0 })
  let saved = snapshot ? sim.changed() : -1
  const save = () => {
    if (sim.changed() === saved) return
    const changed = sim.changed()
    try {
      writeFileSync(`${snapshotFile}.new`, JSON.stringify(sim.snapshot()), { mode: 0o600 })
      renameSync(`${snapshotFile}.new`, snapshotFile)
      saved = changed
    } catch {
      // A full disk: the marketplaces live on in memory, and are saved when there is room.
    }
  }
  const timer = setInterval(save, 1_000)
  let staff: NodeJS.Timeout | undefined
  let atWork: Promise<void> | undefined
  return {
    origin: server.url,
    now: () => sim.now(),
    async begin(hub) {
      const file = await demoFile(config, hub, server.url)
      await hub.ctx.db.transaction((tx) => seed(tx, hub, sim, server.url))
      const { secrets } = await storeSecrets(hub)
      sim.connectStorefront({
        hubUrl: hub.url,
        apiKey: file.apiKey,
        account: storeAccount,
        webhookSecret: secrets.webhookSecret,
      })
      sim.buyers.start({ perMinute: purchasesPerMinute, channels: buyersAt })
      staff = setInterval(() => {
        // One look at a time; what it does not finish the next one does.
        atWork ??= work(hub, sim)
          .catch((error: Error) => hub.ctx.log.warn('demo staff failed', { error: error.message }))
          .finally(() => {
            atWork = undefined
          })
      }, staffEveryMs)
      return file
    },
    async stop() {
      sim.buyers.stop()
      clearInterval(staff)
      clearInterval(timer)
      await atWork
      await server.close()
      save()
    },
  }
}

async function storeSecrets({ ctx }: Hub): Promise<{ secrets: { webhookSecret: string } }> {
  const row = (await ctx.db.one<{ id: string; sealed: Buffer }>(
    'select a.id, s.sealed from accounts a join account_secrets s on s.account_id = a.id where a.name = $1',
    [storeAccount],
  ))!
  return { secrets: JSON.parse(ctx.sealing.openSecret(row.sealed, `account:${row.id}`)) }
}

/** The owner and the key of the demo stay the same over restarts; addresses are written anew each time. */
async function demoFile(config: Config, hub: Hub, simulator: string): Promise<DemoFile> {
  const path = join(config.dataDir, 'demo.json')
  const before: DemoFile | undefined = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : undefined
  const known =
    before && (await hub.ctx.db.one('select 1 from users where email = $1', [before.email])) ? before : undefined
  const file: DemoFile = known
    ? { ...known, url: hub.url, simulator }
    : {
        url: hub.url,
        email: 'demo@entrepot.example',
        password: `demo-${hub.ctx.sealing.newToken().slice(0, 12)}`,
        apiKey: '',
        simulator,
      }
  if (!known) {
    await hub.ctx.db.transaction(async (tx) => {
      await addUser(tx, hub.people, {
        email: file.email,
        name: 'Demo',
        role: 'owner',
        password: file.password,
        language: 'en',
      })
      file.apiKey = (await addApiKey(tx, hub.people, 'Demo store and scripts', 'owner')).key
    })
  }
  writeFileSync(path, `${JSON.stringify(file, null, 2)}\n`, { mode: 0o600 })
  return file
}

type Sim = ReturnType<typeof createSimulator>

/** Accounts point at where the simulator listens now; everything else is made once. */
async function seed(tx: Sql, hub: Hub, sim: Sim, origin: string): Promise<void> {
  const { ctx } = hub
  const isFirst = !(await tx.one('select 1 from accounts limit 1'))
  for (const one of demoChannels) await connect(tx, ctx, one, one.settings(origin))
  if (!isFirst) return
  const promised = await openUnits(sim)
  for (const item of demoCatalog()) {
    await addProduct(tx, ctx, { title: item.title, variants: [{ sku: item.sku, gtin: item.gtin }] })
    if (!item.storefront) continue
    // What all of them show is free, and what older orders still wait for lies on the shelf beside it.
    const shown = demoChannels.reduce((sum, { channel }) => sum + (item[channel as 'amazon']?.quantity ?? 0), 0)
    const quantity = shown + (promised.get(item.sku) ?? 0)
    if (quantity > 0)
      await moveStock(
        tx,
        ctx,
        { sku: item.sku, location: 'MAIN', kind: 'count', quantity, note: 'opening count' },
        'demo',
      )
    // What cannot be asked for its listings is linked at once; the others are matched by SKU and GTIN as they are read.
    for (const { account, channel } of demoChannels) {
      if (ctx.registry.get(channel)!.listings) continue
      await linkListing(tx, ctx, {
        account,
        remoteSku: item.sku,
        sku: item.sku,
        unitsPerSale: 1,
        marketplace: '',
        title: item.title,
        fulfilledBy: 'merchant',
      })
    }
  }
  await seedReplenishment(tx, hub)
}

async function connect(tx: Sql, ctx: Hub['ctx'], one: DemoChannel, settings: Record<string, unknown>): Promise<void> {
  const { channel, account: name, made = [] } = one
  if (await tx.one('select 1 from accounts where name = $1', [name])) {
    await tx.run('update accounts set settings = $2 where name = $1', [name, JSON.stringify(settings)])
    return
  }
  const secrets = { ...one.secrets }
  for (const secret of made) secrets[secret] = `whsec_${realRandom(24).toString('base64')}`
  await connectAccount(tx, ctx, { channel, name, stage: 'live', settings, secrets })
}

/** A shop floor beside the warehouse, which is filled from there; and suppliers whose time is known. */
async function seedReplenishment(tx: Sql, hub: Hub): Promise<void> {
  const { ctx } = hub
  await addLocation(tx, ctx, { code: 'SHOP', name: 'Shop floor', kind: 'own', priority: 20 })
  const shelves: [sku: string, minimum: number, maximum: number][] = [
    ['MUG-BLUE-01', 6, 12],
    ['MUG-WHITE-01', 6, 12],
    ['CANDLE-FIG-200', 8, 20],
    ['BOWL-SOUP-02', 4, 10],
  ]
  for (const [sku, minimum, maximum] of shelves)
    await setThreshold(tx, ctx, { sku, location: 'SHOP', source: 'MAIN', minimum, maximum }, 'demo')
  const [first] = shelves
  const line = { sku: first![0], from: 'MAIN', to: 'SHOP', quantity: 12 }
  await bookTransfers(tx, ctx, [line], { upTo: true, actor: 'demo' })
  for (const [sku, days] of [
    ['MUG-BLUE-01', 14],
    ['TEA TOWEL/RED+2', 10],
    ['CANDLE-FIG-200', 30],
  ] as const)
    await setLeadTime(tx, sku, days)
}

interface State {
  channels: Record<
    string,
    { orders: { status: string; fulfilledBy?: string; lines: { sku: string; quantity: number }[] }[] }
  >
}

/** What marketplaces call an order that waits for nothing any more. */
const isOver = (status: string) => /^(shipped|fulfilled|completed|cancell?ed)$/i.test(status)

/** Units of the marketplaces' own open orders, by SKU. */
async function openUnits(sim: Sim): Promise<Map<string, number>> {
  const answer = await sim.handle(new Request('http://simulator/control/state?limit=10000'))
  const { channels } = (await answer.json()) as State
  const units = new Map<string, number>()
  for (const order of demoChannels.flatMap(({ channel }) => channels[channel]?.orders ?? [])) {
    if (isOver(order.status)) continue
    for (const { sku, quantity } of order.lines) units.set(sku, (units.get(sku) ?? 0) + quantity)
  }
  return units
}

/** The demo's warehouse: packs what has waited, and takes a delivery where a shelf runs low. */
async function work(hub: Hub, sim: Sim): Promise<void> {
  const { ctx } = hub
  const before = new Date(ctx.clock.now().getTime() - packingMs)
  const waiting = await ctx.db.rows<{ remote_id: string }>(
    `select o.remote_id from orders o where o.state = 'open' and o.fulfilled_by = 'merchant' and o.placed_at < $1 and not o.has_unknown_sku
       and not exists (select 1 from order_lines l join reservation_lines r on r.order_line_id = l.id where l.order_id = o.id and r.short > 0)
     order by o.placed_at limit 3`,
    [before],
  )
  for (const { remote_id } of waiting) {
    const url = `http://simulator/control/orders/${encodeURIComponent(remote_id)}/ship`
    await sim.handle(new Request(url, { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } }))
  }
  const low = await ctx.db.rows<{ sku: string }>(
    `select v.sku from pool_levels p join variants v on v.id = p.variant_id
     where p.on_hand - p.unsellable - p.reserved - p.allocated = 0 and exists (select 1 from stock_movements m where m.variant_id = v.id)
       and not exists (select 1 from stock_movements m where m.variant_id = v.id and m.at > $1) order by v.sku limit 2`,
    [new Date(ctx.clock.now().getTime() - 3 * 3_600_000)],
  )
  for (const { sku } of low) {
    await ctx.db.transaction((tx) =>
      moveStock(tx, ctx, { sku, location: 'MAIN', kind: 'receipt', quantity: 12, note: 'delivery' }, 'demo'),
    )
  }
  if (low.length > 0) ctx.wake()
}
