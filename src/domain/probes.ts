/**
 * What the guarantee takes for granted of a channel (docs/last-unit.md), held against what an account's own history shows: its
 * readings, our writes, its sales. Only windows count in which nothing else can explain what was read: no write of ours on its
 * way, no cancellation, and no sale so near to a reading that it may lie on either side.
 *
 * Pure. Moments are milliseconds of UTC; quantities are the slot's own units.
 */

export interface Reading {
  /** It tells of some moment from `since` (earlier where the channel answers from memory) until `at`. */
  since: number
  at: number
  value: number
}

export interface SentWrite {
  sentAt: number
  value: number
  /** It was accepted, or applied: it must take effect. */
  isTaken: boolean
}

export interface KnownSale {
  placedAt: number
  knownAt: number
  quantity: number
  canceled: number
  marketplace: string | null
}

/** All of it in the order of time. */
export interface SlotHistory {
  sku: string
  variantId: string | null
  unitsPerSale: number
  readings: readonly Reading[]
  writes: readonly SentWrite[]
  sales: readonly KnownSale[]
}

export interface ProbeTimes {
  /** A write takes effect within this, and so does the channel's own restock. */
  lifeMs: number
  /** Clocks differ by this at most. */
  skewMs: number
  /** An order is in the list by then. */
  marginMs: number
}

/** One assumption, and how often the history bore it out or spoke against it. */
export interface Evidence {
  holds: number
  /** What spoke against it, the newest first. */
  against: Contradiction[]
}

export interface Contradiction {
  sku: string
  at: number
  before: number
  after: number
}

export interface Spread {
  count: number
  medianMs: number
  /** 99 of 100 are not later. */
  nearlyAllMs: number
  mostMs: number
}

export interface ProbeReport {
  /** The channel lowers its own number by what it sells; by marketplace of the order. */
  lowersItself: Evidence
  marketplaces: { marketplace: string; holds: number }[]
  /** No number rises without a write of ours: nobody else writes, and no write happens twice. */
  staysDown: Evidence
  /** A write that was taken shows within its life. */
  writesLand: Evidence & { within: Spread | null }
  /** Orders are in the list within the margin. */
  ordersShow: { within: Spread | null; later: number }
  /** Slots of one variant, and whether a sale at one lowered the other. */
  neighbors: { skus: [string, string]; separate: number; shared: number }[]
}

/** Two readings with all sales between them known, and nothing else that moves the number. */
interface Window {
  from: Reading
  to: Reading
  sales: readonly KnownSale[]
}

export function probe(histories: readonly SlotHistory[], times: ProbeTimes): ProbeReport {
  const windows = new Map(histories.map((one) => [one, windowsOf(one, times)]))
  const lowers = [...windows].flatMap(([history, list]) =>
    list.filter((one) => one.sales.length > 0).map((window) => ({ history, window })),
  )
  const fallen = lowers.filter(({ window }) => window.from.value - window.to.value === soldIn(window))
  return {
    lowersItself: evidence(
      fallen.length,
      // Sold out in between, it can fall by no more than it showed: those are no proof of anything.
      lowers.filter(({ window }) => window.from.value - window.to.value < soldIn(window) && window.to.value > 0),
    ),
    marketplaces: byMarketplace(fallen.map(({ window }) => window)),
    staysDown: evidence(
      [...windows.values()].reduce((sum, list) => sum + list.filter((one) => one.to.value <= one.from.value).length, 0),
      [...windows].flatMap(([history, list]) =>
        list.filter((one) => one.to.value > one.from.value).map((window) => ({ history, window })),
      ),
    ),
    writesLand: landings(histories, times),
    ordersShow: orderLags(histories, times),
    neighbors: neighborsAmong(histories, windows, times),
  }
}

const soldIn = ({ sales }: Window): number => sales.reduce((sum, one) => sum + one.quantity, 0)

function evidence(holds: number, against: readonly { history: SlotHistory; window: Window }[]): Evidence {
  const list = against.map(({ history, window }) => ({
    sku: history.sku,
    at: window.to.at,
    before: window.from.value,
    after: window.to.value,
  }))
  return { holds, against: list.sort((a, b) => b.at - a.at) }
}

/** From each reading to the next one that tells of a later time. */
function windowsOf(history: SlotHistory, times: ProbeTimes): Window[] {
  const windows: Window[] = []
  let from = history.readings[0]
  for (const to of history.readings.slice(1)) {
    if (!from || to.since <= from.at) continue
    const window = windowBetween(history, from, to, times)
    if (window) windows.push(window)
    from = to
  }
  return windows
}

function windowBetween(
  { writes, sales }: SlotHistory,
  from: Reading,
  to: Reading,
  { lifeMs, skewMs }: ProbeTimes,
): Window | null {
  const isNear = (moment: number, reading: Reading) => moment >= reading.since - skewMs && moment <= reading.at + skewMs
  // A write that may still land, or did so between the two.
  if (writes.some((one) => one.sentAt > from.since - lifeMs && one.sentAt <= to.at)) return null
  // Nobody knows when the units of a canceled order come back: those placed long before may be meant.
  if (sales.some((one) => one.canceled > 0 && one.placedAt <= to.at)) return null
  if (sales.some((one) => isNear(one.placedAt, from) || isNear(one.placedAt, to))) return null
  return { from, to, sales: sales.filter((one) => one.placedAt > from.at && one.placedAt < to.since) }
}

/** Which marketplaces were seen to draw from the slots they are taken to draw from. */
function byMarketplace(windows: readonly Window[]): { marketplace: string; holds: number }[] {
  const counts = new Map<string, number>()
  for (const { sales } of windows)
    for (const marketplace of new Set(sales.map((one) => one.marketplace ?? '')))
      counts.set(marketplace, (counts.get(marketplace) ?? 0) + 1)
  return [...counts]
    .map(([marketplace, holds]) => ({ marketplace, holds }))
    .sort((a, b) => (a.marketplace < b.marketplace ? -1 : 1))
}

/** How long writes took at most: to the first reading that can only come from them. */
function landings(histories: readonly SlotHistory[], { lifeMs, skewMs }: ProbeTimes): ProbeReport['writesLand'] {
  const took: number[] = []
  const against: Contradiction[] = []
  for (const { sku, readings, writes, sales } of histories) {
    writes.forEach((write, index) => {
      const before = readings.findLast((one) => one.at < write.sentAt)
      const until = writes[index + 1]?.sentAt ?? Number.POSITIVE_INFINITY
      if (!before || !write.isTaken) return
      const shows = ({ value, at }: Reading) => {
        const sold = sales.filter((one) => one.placedAt > write.sentAt - skewMs && one.placedAt <= at + skewMs)
        return value <= write.value && value >= write.value - sold.reduce((sum, one) => sum + one.quantity, 0)
      }
      // What it showed before could be taken for the write.
      if (shows({ ...before, at: write.sentAt + lifeMs })) return
      const after = readings.filter((one) => one.since > write.sentAt && one.at < until)
      const landed = after.find(shows)
      if (landed) took.push(landed.at - write.sentAt)
      const late = after.find((one) => one.since > write.sentAt + lifeMs)
      if (late && late.value === before.value && !shows(late) && (!landed || landed.at > late.at))
        against.push({ sku, at: late.at, before: write.value, after: late.value })
    })
  }
  return { holds: took.length, against: against.sort((a, b) => b.at - a.at), within: spreadOf(took) }
}

function orderLags(histories: readonly SlotHistory[], { marginMs }: ProbeTimes): ProbeReport['ordersShow'] {
  const lags = histories.flatMap((one) => one.sales.map((sale) => sale.knownAt - sale.placedAt))
  return { within: spreadOf(lags), later: lags.filter((one) => one > marginMs).length }
}

/** A sale at one slot that does not move another one shows that they are two; one that does, that they are not. */
function neighborsAmong(
  histories: readonly SlotHistory[],
  windows: ReadonlyMap<SlotHistory, readonly Window[]>,
  times: ProbeTimes,
): ProbeReport['neighbors'] {
  const pairs: ProbeReport['neighbors'] = []
  for (const [variantId, slots] of Map.groupBy(histories, (one) => one.variantId)) {
    if (variantId === null) continue
    slots.forEach((one, index) => {
      for (const other of slots.slice(index + 1)) {
        const seen = [...soldBeside(one, other, windows, times), ...soldBeside(other, one, windows, times)]
        pairs.push({
          skus: [one.sku, other.sku],
          separate: seen.filter((shared) => !shared).length,
          shared: seen.filter((shared) => shared).length,
        })
      }
    })
  }
  return pairs
}

/** For each time that one slot sold and the other did not: whether the other one fell. */
function soldBeside(
  one: SlotHistory,
  other: SlotHistory,
  windows: ReadonlyMap<SlotHistory, readonly Window[]>,
  times: ProbeTimes,
): boolean[] {
  return windows.get(one)!.flatMap((window) => {
    const first = window.sales[0]
    const last = window.sales.at(-1)
    if (!first || !last || one.unitsPerSale !== other.unitsPerSale) return []
    const from = other.readings.findLast((reading) => reading.at < first.placedAt - times.skewMs)
    const to = other.readings.find((reading) => reading.since > last.placedAt + times.skewMs)
    const beside = from && to ? windowBetween(other, from, to, times) : null
    if (!beside || beside.sales.length > 0) return []
    const fell = beside.from.value - beside.to.value
    return fell === 0 ? [false] : fell === soldIn(window) ? [true] : []
  })
}

function spreadOf(values: readonly number[]): Spread | null {
  if (values.length === 0) return null
  const sorted = [...values].sort((a, b) => a - b)
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!
  return { count: sorted.length, medianMs: at(0.5), nearlyAllMs: at(0.99), mostMs: sorted.at(-1)! }
}
