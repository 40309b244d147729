import type { Market } from '../core.ts'
import { fires } from '../faults.ts'
import { BadRequest, listParameter } from '../http.ts'
import type { AmazonItem } from '../state.ts'
import { amazonAnswer, amazonError } from './answers.ts'
import { isBuyable, listingDatasets, wireListing } from './listings-wire.ts'

const identifierTypes = ['ASIN', 'EAN', 'FNSKU', 'GTIN', 'ISBN', 'JAN', 'MINSAN', 'SKU', 'UPC']

/** marketplaceIds is required on every operation of Listings Items (models listingsItems_2021-08-01). */
export function readMarketplaces(market: Market, query: URLSearchParams): string[] {
  const ids = listParameter(query, 'marketplaceIds') ?? []
  if (ids.length === 0) throw new BadRequest('marketplaceIds is required.')
  const foreign = ids.find((id) => !market.settings.marketplaceIds.includes(id))
  if (foreign) throw new BadRequest(`The seller does not sell in marketplace '${foreign}'.`)
  return ids
}

function readDatasets(query: URLSearchParams): string[] {
  const wanted = listParameter(query, 'includedData') ?? ['summaries']
  const unknown = wanted.find((dataset) => !listingDatasets.includes(dataset))
  if (unknown) throw new BadRequest(`includedData has an unknown value '${unknown}'.`)
  return wanted
}

export function notListed(market: Market, sku: string, marketplaceIds: string[]): Response {
  return amazonError(market, 404, `SKU '${sku}' not found in marketplace ${marketplaceIds.join(', ')}.`)
}

/** The listing, if it exists in one of the marketplaces asked for. */
export function findListing(market: Market, sku: string, marketplaceIds: string[]): AmazonItem | undefined {
  const item = Object.hasOwn(market.state.items, sku) ? market.state.items[sku] : undefined
  return item?.marketplaceIds.some((id) => marketplaceIds.includes(id)) ? item : undefined
}

/** getListingsItem (models listingsItems_2021-08-01). */
export function getListing(market: Market, sku: string, query: URLSearchParams): Response {
  const marketplaceIds = readMarketplaces(market, query)
  const wanted = readDatasets(query)
  const item = findListing(market, sku, marketplaceIds)
  if (!item) return notListed(market, sku, marketplaceIds)
  return amazonAnswer(market, 'getListingsItem', wireListing(market, 'getListingsItem', item, wanted, marketplaceIds))
}

/** searchListingsItems (models listingsItems_2021-08-01): pages of 20 at most, by place in the sorted list. */
export function searchListings(market: Market, query: URLSearchParams): Response {
  const marketplaceIds = readMarketplaces(market, query)
  const wanted = readDatasets(query)
  const pageSize = Number(query.get('pageSize') ?? 10)
  if (!Number.isInteger(pageSize) || pageSize < 1 || pageSize > 20) {
    throw new BadRequest('pageSize must be between 1 and 20.')
  }
  const matches = readFilters(query)
  const found = Object.values(market.state.items)
    .filter((item) => item.marketplaceIds.some((id) => marketplaceIds.includes(id)))
    .filter((item) => matches.every((match) => match(item)))
    .sort(sorting(query))
  const offset = readPageToken(query.get('pageToken'), found.length)
  let page = found.slice(offset, offset + pageSize)
  if (page.length > 1 && fires(market.core, market.name, 'searchListingsItems', 'reorder')) {
    page = market.random('faults').shuffle(page)
  }
  const next = offset + pageSize < found.length ? pageToken(offset + pageSize) : undefined
  const previous = offset > 0 ? pageToken(Math.max(0, offset - pageSize)) : undefined
  return amazonAnswer(market, 'searchListingsItems', {
    numberOfResults: found.length,
    pagination: next || previous ? { nextToken: next, previousToken: previous } : undefined,
    items: page.map((item) => wireListing(market, 'searchListingsItems', item, wanted, marketplaceIds)),
  })
}

type Match = (item: AmazonItem) => boolean

function readFilters(query: URLSearchParams): Match[] {
  const matches: Match[] = []
  const identifiers = listParameter(query, 'identifiers')
  const type = query.get('identifiersType')
  if (type !== null && !identifierTypes.includes(type)) throw new BadRequest(`Unknown identifiersType '${type}'.`)
  if (identifiers) {
    if (type === null) throw new BadRequest('identifiersType is required when identifiers is provided.')
    if (identifiers.length > 20) throw new BadRequest('identifiers has more than 20 values.')
    matches.push((item) => identifiers.includes(identifierOf(item, type) ?? ''))
  }
  const bounds = [
    ['createdAfter', 'createdAt', 1],
    ['createdBefore', 'createdAt', -1],
    ['lastUpdatedAfter', 'updatedAt', 1],
    ['lastUpdatedBefore', 'updatedAt', -1],
  ] as const
  for (const [name, field, sign] of bounds) {
    const text = query.get(name)
    if (text === null) continue
    const time = Date.parse(text)
    if (Number.isNaN(time)) throw new BadRequest(`${name} is not a date in ISO 8601 format.`)
    matches.push((item) => (item[field] - time) * sign >= 0)
  }
  const has = (item: AmazonItem, status: string) =>
    status === 'DISCOVERABLE' || (status === 'BUYABLE' && isBuyable(item))
  const [withStatus, withoutStatus] = [listParameter(query, 'withStatus'), listParameter(query, 'withoutStatus')]
  if (withStatus) matches.push((item) => withStatus.every((status) => has(item, status)))
  if (withoutStatus) matches.push((item) => !withoutStatus.some((status) => has(item, status)))
  // No simulated listing has issues.
  if (query.has('withIssueSeverity')) matches.push(() => false)
  return matches
}

function identifierOf(item: AmazonItem, type: string): string | null {
  if (type === 'SKU') return item.sku
  if (type === 'ASIN') return item.asin
  return ['GTIN', 'EAN', 'UPC', 'JAN'].includes(type) ? item.gtin : null
}

function sorting(query: URLSearchParams): (a: AmazonItem, b: AmazonItem) => number {
  const [by, order] = [query.get('sortBy') ?? 'lastUpdatedDate', query.get('sortOrder') ?? 'DESC']
  if (!['sku', 'createdDate', 'lastUpdatedDate'].includes(by)) throw new BadRequest(`Unknown sortBy '${by}'.`)
  if (!['ASC', 'DESC'].includes(order)) throw new BadRequest(`Unknown sortOrder '${order}'.`)
  const sign = order === 'ASC' ? 1 : -1
  const bySku = (a: AmazonItem, b: AmazonItem) => (a.sku < b.sku ? -1 : 1)
  if (by === 'sku') return (a, b) => sign * bySku(a, b)
  const field = by === 'createdDate' ? 'createdAt' : 'updatedAt'
  return (a, b) => sign * (a[field] - b[field]) || bySku(a, b)
}

function pageToken(offset: number): string {
  return Buffer.from(`listings:${offset}`).toString('base64url')
}

function readPageToken(token: string | null, length: number): number {
  if (token === null) return 0
  const match = /^listings:(\d{1,9})$/.exec(Buffer.from(token, 'base64url').toString())
  const offset = Number(match?.[1])
  if (!match || offset > length) throw new BadRequest('The pageToken is invalid.')
  return offset
}
