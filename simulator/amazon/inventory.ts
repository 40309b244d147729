import type { Market } from '../core.ts'
import { fires } from '../faults.ts'
import { BadRequest, isoSeconds, listParameter } from '../http.ts'
import type { AmazonItem } from '../state.ts'
import { amazonAnswer } from './answers.ts'
import { newestVersion, shippedUnits } from './orders.ts'

const pageSize = 50
/** Tokens die half a minute after they were given (models fbaInventory). */
const tokenLifeMs = 30_000

/** getInventorySummaries (models fbaInventory): what lies in Amazon's own warehouses, for one marketplace. */
export function getInventorySummaries(market: Market, query: URLSearchParams): Response {
  if (query.get('granularityType') !== 'Marketplace') throw new BadRequest('granularityType must be Marketplace.')
  const marketplaceIds = listParameter(query, 'marketplaceIds') ?? []
  const granularityId = query.get('granularityId')
  if (marketplaceIds.length !== 1) throw new BadRequest('marketplaceIds must name one marketplace.')
  if (granularityId !== marketplaceIds[0]) throw new BadRequest('granularityId must be the marketplace.')
  if (!market.settings.marketplaceIds.includes(granularityId!))
    throw new BadRequest(`The seller does not sell in marketplace '${granularityId}'.`)
  const all = Object.values(market.state.items).filter((item) => item.fulfilledBy === 'AMAZON')
  // Facts §6: a seller without any stock there is refused.
  if (all.length === 0) throw new BadRequest('The seller has no inventory in the fulfillment network.')
  const wanted = listParameter(query, 'sellerSkus')
  if (wanted && wanted.length > 50) throw new BadRequest('sellerSkus has more than 50 values.')
  const one = query.get('sellerSku')
  const found = all
    .filter((item) => item.marketplaceIds.includes(granularityId!))
    .filter((item) => (wanted ? wanted.includes(item.sku) : one === null || item.sku === one))
    .sort((a, b) => (a.sku < b.sku ? -1 : 1))
  const offset = readToken(market, query.get('nextToken'), granularityId!)
  const details = query.get('details') === 'true'
  const end = offset + pageSize
  return amazonAnswer(market, 'getInventorySummaries', {
    payload: {
      granularity: { granularityType: 'Marketplace', granularityId },
      inventorySummaries: found.slice(offset, end).map((item) => summary(market, item, details)),
    },
    pagination: end < found.length ? { nextToken: writeToken(market, end, granularityId!) } : undefined,
  })
}

function summary(market: Market, item: AmazonItem, details: boolean): object {
  const stale = fires(market.core, market.name, 'getInventorySummaries', 'stale-read') !== null
  const held = stale ? (item.fbaBefore ?? item.fbaQuantity) : item.fbaQuantity
  const { inbound = 0, unsellable = 0 } = item.fbaBeside ?? {}
  const reserved = waiting(market, item.sku)
  return {
    asin: item.asin,
    fnSku: `X0${item.asin.slice(2)}`,
    sellerSku: item.sku,
    condition: 'NewItem',
    inventoryDetails: details
      ? {
          fulfillableQuantity: held,
          inboundWorkingQuantity: 0,
          inboundShippedQuantity: inbound,
          inboundReceivingQuantity: 0,
          reservedQuantity: {
            totalReservedQuantity: reserved,
            pendingCustomerOrderQuantity: reserved,
            pendingTransshipmentQuantity: 0,
            fcProcessingQuantity: 0,
          },
          researchingQuantity: { totalResearchingQuantity: 0, researchingQuantityBreakdown: [] },
          unfulfillableQuantity: {
            totalUnfulfillableQuantity: unsellable,
            customerDamagedQuantity: unsellable,
            warehouseDamagedQuantity: 0,
            distributorDamagedQuantity: 0,
            carrierDamagedQuantity: 0,
            defectiveQuantity: 0,
            expiredQuantity: 0,
          },
        }
      : undefined,
    lastUpdatedTime: isoSeconds(item.updatedAt),
    productName: item.title,
    totalQuantity: held + inbound + reserved + unsellable,
    stores: [],
  }
}

/** Units sold from Amazon's warehouses that have not left them. */
function waiting(market: Market, sku: string): number {
  let units = 0
  for (const order of market.state.orders) {
    if (order.fulfilledBy !== 'AMAZON' || order.past) continue
    const version = newestVersion(order)
    if (version.status === 'CANCELLED' || version.status === 'SHIPPED') continue
    for (const line of order.lines) if (line.sku === sku) units += line.quantity - shippedUnits(version, line)
  }
  return units
}

const writeToken = (market: Market, offset: number, place: string): string =>
  Buffer.from(JSON.stringify([offset, place, market.now()])).toString('base64url')

function readToken(market: Market, token: string | null, place: string): number {
  if (token === null) return 0
  const refused = new BadRequest('The nextToken is invalid or has expired.')
  if (fires(market.core, market.name, 'getInventorySummaries', 'expire-token')) throw refused
  try {
    const [offset, issuedFor, at] = JSON.parse(Buffer.from(token, 'base64url').toString()) as [number, string, number]
    if (issuedFor === place && market.now() - at < tokenLifeMs && Number.isInteger(offset)) return offset
  } catch {}
  throw refused
}
