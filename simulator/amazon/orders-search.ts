import type { Market } from '../core.ts'
import { fires, rewritten } from '../faults.ts'
import { BadRequest, isoSeconds } from '../http.ts'
import type { AmazonOrder, FrozenSearch, OrderVersion } from '../state.ts'
import { mayReadBuyers } from './access.ts'
import { amazonAnswer, amazonError } from './answers.ts'
import { findOrder } from './orders.ts'
import { includedDatasets, type OrdersQuery, readOrdersQuery } from './orders-query.ts'
import { type Dataset, wireOrder } from './orders-wire.ts'

const tokenLife = 24 * 3_600_000

/** getOrder (models orders_2026-01-01): shows an order, and each change of it, within 30 s. */
export function getOrder(market: Market, orderId: string, query: URLSearchParams): Response {
  const wanted = includedDatasets(query)
  const order = findOrder(market, orderId)
  const version = order && visible(market, 'getOrder', order, 'readableAt')
  if (!order || !version) return amazonError(market, 404, `Order ${orderId} was not found.`, 'NotFound')
  return amazonAnswer(market, 'getOrder', { order: oneOrder(market, 'getOrder', { order, version }, wanted) })
}

/**
 * searchOrders (models orders_2026-01-01): newest searchable version of each order in the window. Answers come oldest
 * change first here; Amazon promises no order. A page token holds the list as it was at the first page, for 24 hours;
 * the orders themselves are read when their page is.
 */
export function searchOrders(market: Market, query: URLSearchParams): Response {
  const read = readOrdersQuery(query, market.now(), market.settings.marketplaceIds)
  const asked = { ...read, pageSize: Math.min(read.pageSize, market.settings.largestPage) }
  const page = asked.token === null ? firstPage(market, asked) : laterPage(market, asked, asked.token)
  const { search } = page
  let entries: Entry[] = []
  let end = page.offset
  for (; end < search.ids.length && entries.length < asked.pageSize; end++) {
    const order = findOrder(market, search.ids[end]!)
    const version = order && visible(market, null, order, 'searchableAt')
    if (order && version) entries.push({ order, version })
  }
  if (entries.length > 0) {
    entries = withoutOmitted(market, entries)
    if (fires(market.core, market.name, 'searchOrders', 'stale-read'))
      entries = entries.flatMap((entry) => stale(entry))
    if (fires(market.core, market.name, 'searchOrders', 'reorder')) entries = disorder(market, entries)
    if (asked.pageSize > 1 && fires(market.core, market.name, 'searchOrders', 'duplicate')) {
      // A full page gives up its last order to the repeated one, so that none is lost and the page stays in bounds.
      if (entries.length >= asked.pageSize) {
        entries = entries.slice(0, -1)
        end -= 1
      }
      entries = [...entries, entries[0]!]
    }
  }
  const more = end < search.ids.length
  const watermark = isoSeconds(search.watermark)
  const answer = {
    orders: entries.map((entry) => oneOrder(market, 'searchOrders', entry, asked.wanted)),
    pagination: more ? { nextToken: issueToken(market, page, end) } : undefined,
    ...(search.by === 'updated' ? { lastUpdatedBefore: watermark } : { createdBefore: watermark }),
  }
  const rewrite = fires(market.core, market.name, 'searchOrders', 'rewrite')
  return amazonAnswer(market, 'searchOrders', rewrite ? rewritten(answer, rewrite.changes) : answer)
}

const withoutBuyers = (wanted: ReadonlySet<Dataset>) =>
  new Set([...wanted].filter((one) => one !== 'BUYER' && one !== 'RECIPIENT'))

/** One order on the wire, rewritten where a fault is about it. */
function oneOrder(
  market: Market,
  operation: 'searchOrders' | 'getOrder',
  { order, version }: Entry,
  wanted: ReadonlySet<Dataset>,
): object {
  const wire = wireOrder(order, version, mayReadBuyers(market) ? wanted : withoutBuyers(wanted))
  const rewrite = fires(market.core, market.name, operation, 'rewrite', order.id)
  return rewrite ? rewritten(wire, rewrite.changes) : wire
}

/**
 * What search leaves out although getOrder shows it (models#3945, #5048): the order that a fault is about, or the whole
 * page, from now on until the fault's delay is over.
 */
function withoutOmitted(market: Market, entries: Entry[]): Entry[] {
  const wholePage = fires(market.core, market.name, 'searchOrders', 'omit')
  return entries.filter(({ order }) => {
    const fault = wholePage ?? fires(market.core, market.name, 'searchOrders', 'omit', order.id)
    if (fault) order.omittedUntil = market.now() + fault.delayMs
    return !fault
  })
}

interface Page {
  name: string
  search: FrozenSearch
  offset: number
  /** where the page before this one began */
  previous: number
}

interface Entry {
  order: AmazonOrder
  version: OrderVersion
}

/** Newest version that may be seen now; a stale read sees the one before it. */
function visible(
  market: Market,
  staleFor: 'getOrder' | null,
  order: AmazonOrder,
  since: 'searchableAt' | 'readableAt',
): OrderVersion | undefined {
  const now = market.now()
  if (since === 'searchableAt' && now < (order.omittedUntil ?? 0)) return undefined
  const index = order.versions.findLastIndex((version) => version[since] <= now)
  if (index > 0 && staleFor && fires(market.core, market.name, staleFor, 'stale-read')) return order.versions[index - 1]
  return order.versions[index]
}

/** The entry as it was one change ago; an order without an earlier state is missing from the page. */
function stale({ order, version }: Entry): Entry[] {
  const before = order.versions[order.versions.indexOf(version) - 1]
  return before ? [{ order, version: before }] : []
}

/** Shuffles the page, and puts old states of some orders after their new ones. */
function disorder(market: Market, entries: Entry[]): Entry[] {
  const shuffled = market.random('faults').shuffle(entries)
  return [...shuffled, ...shuffled.slice(0, Math.ceil(shuffled.length / 4)).flatMap((entry) => stale(entry))]
}

function firstPage(market: Market, asked: OrdersQuery): Page {
  const now = market.now()
  const found: { id: string; at: number }[] = []
  for (const order of market.state.orders) {
    const version = visible(market, null, order, 'searchableAt')
    if (!version) continue
    const at = asked.by === 'updated' ? version.updatedAt : order.createdAt
    if (at < asked.after || at > asked.before) continue
    if (asked.statuses && !asked.statuses.includes(version.status)) continue
    if (asked.marketplaceIds && !asked.marketplaceIds.includes(order.marketplaceId)) continue
    if (asked.fulfilledBy && !asked.fulfilledBy.includes(order.fulfilledBy)) continue
    found.push({ id: order.id, at: version.updatedAt })
  }
  found.sort((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1))
  const search: FrozenSearch = {
    ids: found.map(({ id }) => id),
    filters: asked.filters,
    watermark: asked.before,
    by: asked.by,
  }
  dropExpired(market, now)
  return { name: market.random('ids').letters(20), search, offset: 0, previous: 0 }
}

function laterPage(market: Market, asked: OrdersQuery, token: string): Page {
  const held = market.state.pageTokens[token]
  if (
    !held ||
    market.now() - held.issuedAt >= tokenLife ||
    fires(market.core, market.name, 'searchOrders', 'expire-token')
  ) {
    throw new BadRequest('The paginationToken is invalid or has expired.')
  }
  const search = market.state.searches[held.search]!
  if (search.filters !== asked.filters) {
    throw new BadRequest('The request parameters differ from those of the request that gave the paginationToken.')
  }
  // Amazon promises no frozen list: what changed since has moved to its end, and the rest moved up.
  if (fires(market.core, market.name, 'searchOrders', 'moving-list'))
    search.ids = firstPage(market, { ...asked, before: search.watermark }).search.ids
  // Delivering the page before again loses nothing: its answer leads on from where it ended.
  const again = held.offset > held.previous && fires(market.core, market.name, 'searchOrders', 'duplicate') !== null
  return { name: held.search, search, offset: again ? held.previous : held.offset, previous: held.previous }
}

/** A token for what follows `offset`; the list is kept as long as a token leads to it. */
function issueToken(market: Market, page: Page, offset: number): string {
  const token = market.random('ids').letters(40)
  market.state.searches[page.name] = page.search
  market.state.pageTokens[token] = { search: page.name, offset, previous: page.offset, issuedAt: market.now() }
  market.touch()
  return token
}

/** Forgets tokens after their 24 hours, and lists no token leads to. */
function dropExpired(market: Market, now: number): void {
  const { pageTokens, searches } = market.state
  const used = new Set<string>()
  for (const [token, page] of Object.entries(pageTokens)) {
    if (now - page.issuedAt >= tokenLife) delete pageTokens[token]
    else used.add(page.search)
  }
  for (const name of Object.keys(searches)) if (!used.has(name)) delete searches[name]
}
