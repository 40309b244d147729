/** What the simulation takes for granted, each with where it comes from. Milliseconds. */

const second = 1_000
const minute = 60 * second
const hour = 60 * minute
export const day = 24 * hour

/** A delay: a least, plus an exponential part, never more than the most. */
export interface Delay {
  least: number
  mean: number
  most: number
}

export interface ChannelAssumption {
  name: string
  isCompareAndSet: boolean
  /** Of all buyers; every variant has its own mix around it. */
  share: number
  /** From a purchase until the channel's answers to a poll contain it. `most` is what the watermark stays behind. */
  visible: Delay
  pollEvery: number
  /** With notifications without gaps: from a purchase until we know of it. */
  notified: Delay
  /** From the moment a write leaves until buyers see it. */
  effect: Delay
  /** From the effect until an answer, or a mark that only this write leaves, has proven it. */
  proof: Delay
  /** Writes a second, and how many at once. */
  budget: { perSecond: number; burst: number }
  /** What the channel does with the units of a canceled order. */
  restock: 'at once' | 'late' | 'never'
  from: string
}

const notified: Delay = { least: second, mean: 2 * second, most: 10 * second }

export const channels: readonly ChannelAssumption[] = [
  {
    name: 'amazon',
    isCompareAndSet: false,
    share: 0.45,
    visible: { least: 2 * minute, mean: 15 * second, most: 4 * minute },
    pollEvery: 179 * second,
    notified,
    effect: { least: 3 * second, mean: 25 * second, most: 5 * minute },
    proof: { least: 2 * second, mean: 8 * second, most: minute },
    budget: { perSecond: 5, burst: 5 },
    restock: 'late',
    from:
      'searchOrders 0.0056/s, burst 20, and nothing of the last two minutes; patchListingsItem 5/s, burst 5, seconds to ' +
      'minutes to effect, ACCEPTED proves nothing: proven by LISTINGS_ITEM_MFN_QUANTITY_CHANGE or by a mark of the write that is read back. ' +
      'Tails of hours were reported for heavy accounts: such an order is behind its watermark (see the run with a lying watermark)',
  },
  {
    name: 'ebay-like',
    isCompareAndSet: false,
    share: 0.25,
    visible: { least: 2 * second, mean: 10 * second, most: 2 * minute },
    pollEvery: minute,
    notified,
    effect: { least: second, mean: 8 * second, most: 3 * minute },
    proof: { least: 200, mean: 500, most: 10 * second },
    budget: { perSecond: 4, burst: 20 },
    restock: 'at once',
    from: 'bulk_update_price_quantity answers for each offer; getOrders by lastmodifieddate; at most 250 revisions of a listing a day',
  },
  {
    name: 'walmart-like',
    isCompareAndSet: false,
    share: 0.15,
    visible: { least: 10 * second, mean: 30 * second, most: 5 * minute },
    pollEvery: minute,
    notified,
    effect: { least: 5 * second, mean: 40 * second, most: 5 * minute },
    proof: { least: second, mean: 5 * second, most: 30 * second },
    budget: { perSecond: 200 / 60, burst: 20 },
    restock: 'never',
    from: 'PUT /v3/inventory 200 a minute; GET /v3/orders by created and modified dates; no compare-and-set',
  },
  {
    name: 'storefront',
    isCompareAndSet: true,
    share: 0.15,
    visible: { least: 100, mean: 200, most: 2 * second },
    pollEvery: 0,
    notified: { least: 100, mean: 200, most: 2 * second },
    effect: { least: 30, mean: 50, most: second },
    proof: { least: 20, mean: 30, most: second },
    budget: { perSecond: 50, burst: 100 },
    restock: 'never',
    from: 'our own: compare-and-set, its stream of orders has no gaps and moves the watermark at once',
  },
]

export const world = {
  variants: 400,
  /** Of the Zipf distribution of demand over variants. */
  zipf: 0.9,
  /** Orders a day and variant on average at 1×; mean of what reports of the large marketplaces' sellers give is far wider. */
  ordersPerDay: 8,
  /** 1 + this · sin: buyers at night and in the evening. */
  dayCurve: 0.6,
  /** Chance of an order for 2, and for 3. */
  two: 0.07,
  three: 0.02,
  canceled: 0.02,
  /** From the order to its cancellation on average. */
  canceledAfter: 6 * hour,
  duplicated: 0.03,
  /** Filled up to the mean demand of the time between plus z deviations (z differs each time). */
  restockEvery: 7 * day,
  restockZ: { least: -0.5, most: 2.5 },
  /** How far clocks differ. */
  skew: second,
  margin: 3 * second,
  /** After this a write has no effect any more. */
  life: 15 * minute,
  answerTimeout: 6 * minute,
  /** The latest effect of a write that is late. */
  latest: 14 * minute,
  crashes: 40,
  crashFor: 20 * second,
} as const
