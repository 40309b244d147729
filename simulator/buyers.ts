import * as z from 'zod'
import { purchase } from './amazon/orders.ts'
import { purchase as purchaseAtStore, storeOf } from './bigcommerce/store.ts'
import { buy, tellHubAll } from './checkout.ts'
import type { Core } from './core.ts'
import { ebayOf } from './ebay/market.ts'
import { purchase as purchaseAtEbay } from './ebay/orders.ts'
import { runEvents } from './events.ts'
import { json, readJson } from './http.ts'
import { createRandom, seedState } from './random.ts'
import { purchase as purchaseAtShop, shopOf } from './shopify/shop.ts'
import type { Buyers, BuyersOptions, ChannelName } from './types.ts'
import { walmartOf } from './walmart/market.ts'
import { purchase as purchaseAtWalmart } from './walmart/orders.ts'
import { purchase as purchaseAtWoo, wooOf } from './woocommerce/store.ts'

interface Demand {
  skus: string[]
  /** running sums of the weights */
  sums: number[]
}

/** Simulated buyers: they want a few things much more than the rest, each channel by its own taste. */
export function createBuyers(core: Core): Buyers {
  let channels: ChannelName[] = ['amazon', 'storefront']
  let timer: ReturnType<typeof setTimeout> | undefined
  let running = 0

  async function step(): Promise<void> {
    runEvents(core)
    const random = core.random('buyers')
    const channel = random.pick(channels)
    const demand = demandOf(core, channel)
    const point = random.next() * (demand.sums.at(-1) ?? 0)
    const draw = random.next()
    const quantity = draw < 0.75 ? 1 : draw < 0.93 ? 2 : 3
    const sku = demand.skus[demand.sums.findIndex((sum) => point < sum)]
    core.state.attempts.made += 1
    core.touch()
    if (sku === undefined) return
    const result = await buyAt(core, channel, { sku, quantity })
    if ('refused' in result) core.state.attempts.refused += 1
    await tellHubAll(core)
  }

  function next(options: BuyersOptions, run: number): void {
    // Exponential gaps: buyers know nothing of each other.
    const minutes = -Math.log(1 - core.random('buyers').next()) / options.perMinute
    const real = (minutes * 60_000) / Math.max(core.state.clock.speed, 0.001)
    timer = setTimeout(async () => {
      // A connection that breaks under a buyer is a purchase that was not made; the next one tries again.
      await step().catch(() => {})
      if (run === running) next(options, run)
    }, real)
    // Buyers alone do not keep the process alive.
    timer.unref()
  }

  function stop(): void {
    running += 1
    clearTimeout(timer)
  }

  return {
    start(options) {
      stop()
      channels = options.channels ?? ['amazon', 'storefront']
      next(options, running)
    },
    stop,
    step,
  }
}

async function buyAt(core: Core, channel: ChannelName, wanted: { sku: string; quantity: number }) {
  if (channel === 'ebay') return purchaseAtEbay(ebayOf(core), wanted)
  if (channel === 'walmart') return purchaseAtWalmart(walmartOf(core), wanted)
  if (channel === 'shopify') return purchaseAtShop(shopOf(core)!, { lines: [wanted] })
  if (channel === 'bigcommerce') return purchaseAtStore(storeOf(core)!, { lines: [wanted] })
  if (channel === 'woocommerce') return purchaseAtWoo(wooOf(core)!, { lines: [wanted] })
  const market = channel === 'storefront' ? undefined : core.market(channel)
  return market ? purchase(market, wanted) : await buy(core, wanted)
}

// By the goods themselves: they are new objects whenever a marketplace begins anew.
const known = new WeakMap<object, Demand>()

/** Popularity falls like 1/rank over a seeded ranking: some things sell out, most sell now and then. */
function demandOf(core: Core, channel: ChannelName): Demand {
  const items = itemsOf(core, channel)
  if (!items) return { skus: [], sums: [] }
  const found = known.get(items)
  if (found) return found
  const skus = createRandom(seedState(core.state.seed, `taste ${channel}`)).shuffle(Object.keys(items))
  let sum = 0
  const sums = skus.map((_, rank) => {
    sum += 1 / (rank + 1)
    return sum
  })
  const demand = { skus, sums }
  known.set(items, demand)
  return demand
}

function itemsOf(core: Core, channel: ChannelName): object | undefined {
  if (channel === 'storefront') return core.state.storefront.items
  if (channel === 'shopify') return core.state.shopify?.items
  if (channel === 'bigcommerce') return core.state.bigcommerce?.items
  if (channel === 'woocommerce') return core.state.woocommerce?.items
  if (channel === 'walmart') return core.state.walmart.items
  return channel === 'ebay' ? core.state.ebay.items : core.market(channel)?.state.items
}

const buyersBody = z.object({
  perMinute: z.number().min(0).max(10_000),
  channels: z
    .array(
      z.enum([
        'amazon',
        'ebay-like',
        'walmart-like',
        'storefront',
        'shopify',
        'ebay',
        'bigcommerce',
        'woocommerce',
        'walmart',
      ]),
    )
    .min(1)
    .optional(),
})

/** POST /control/buyers: purchase attempts per minute of simulator time; 0 sends everybody home. */
export async function controlBuyers(buyers: Buyers, request: Request): Promise<Response> {
  const parsed = buyersBody.safeParse(await readJson(request).catch(() => undefined))
  if (!parsed.success)
    return json(400, { error: 'Give {"perMinute": a number of 0 or more} and, where wanted, {"channels": [...]}.' })
  buyers.stop()
  if (parsed.data.perMinute > 0) buyers.start(parsed.data)
  return json(200, parsed.data)
}
