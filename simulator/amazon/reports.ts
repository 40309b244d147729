import { createHash } from 'node:crypto'
import type { Market } from '../core.ts'
import { BadRequest, isoSeconds, listParameter } from '../http.ts'
import { amazonAnswer, amazonError } from './answers.ts'
import { addressOf, documentOf, keepDocument } from './feeds-documents.ts'

const dayMs = 24 * 3_600_000
/** Settlements come every two weeks and stay for 90 days (facts §0). */
const periodMs = 14 * dayMs
const listedMs = 90 * dayMs
const type = 'GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2'
const known = [type, 'GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE', 'GET_V2_SETTLEMENT_REPORT_DATA_XML']
const statuses = ['CANCELLED', 'DONE', 'FATAL', 'IN_PROGRESS', 'IN_QUEUE']

interface Settlement {
  id: string
  from: number
  until: number
  createdAt: number
}

/** Every two weeks one, some hours after its period has ended; the newest first. They follow from the time alone. */
function settlementsOf(market: Market): Settlement[] {
  const now = market.now()
  const found: Settlement[] = []
  for (let number = Math.floor(now / periodMs); ; number -= 1) {
    const until = number * periodMs
    const createdAt = until + 6 * 3_600_000
    if (createdAt < now - listedMs) return found
    if (createdAt <= now) found.push({ id: String(50_000_000_000 + number), from: until - periodMs, until, createdAt })
  }
}

/** Column heads of the flat file, version 2 (facts §4). */
const heads = [
  'settlement-id',
  'settlement-start-date',
  'settlement-end-date',
  'deposit-date',
  'total-amount',
  'currency',
  'transaction-type',
  'order-id',
  'merchant-order-id',
  'adjustment-id',
  'shipment-id',
  'marketplace-name',
  'amount-type',
  'amount-description',
  'amount',
  'fulfillment-id',
  'posted-date',
  'posted-date-time',
  'order-item-code',
  'merchant-order-item-id',
  'merchant-adjustment-item-id',
  'sku',
  'quantity-purchased',
  'promotion-id',
]

/** The period's sum stands in the first row; what was sold and what Amazon keeps follows. */
function textOf(market: Market, one: Settlement): string {
  const from = isoSeconds(one.from)
  const until = isoSeconds(one.until)
  const row = (cells: Record<string, string>) => heads.map((head) => cells[head] ?? '').join('\t')
  const sold = market.state.orders.filter((order) => order.createdAt >= one.from && order.createdAt < one.until)
  const rows = sold.flatMap((order) =>
    order.lines.flatMap((item) => {
      const cents = item.unitPrice * item.quantity
      const common = {
        'settlement-id': one.id,
        'transaction-type': 'Order',
        'order-id': order.id,
        'posted-date': until,
        sku: item.sku,
        'quantity-purchased': String(item.quantity),
      }
      return [
        { cents, cells: { ...common, 'amount-type': 'ItemPrice', 'amount-description': 'Principal' } },
        {
          cents: -Math.round(cents * 0.15),
          cells: { ...common, 'amount-type': 'ItemFees', 'amount-description': 'Commission' },
        },
      ]
    }),
  )
  const money = (cents: number) => (cents / 100).toFixed(2)
  const total = rows.reduce((sum, { cents }) => sum + cents, 0)
  const head = row({
    'settlement-id': one.id,
    'settlement-start-date': from,
    'settlement-end-date': until,
    'deposit-date': isoSeconds(one.until + 2 * dayMs),
    'total-amount': money(total),
    currency: 'USD',
  })
  return [heads.join('\t'), head, ...rows.map(({ cents, cells }) => row({ ...cells, amount: money(cents) })), ''].join(
    '\r\n',
  )
}

const documentIdOf = (one: Settlement) => `amzn1.spdoc.1.4.na.settlement-${one.id}`

const wireReport = (market: Market, one: Settlement) => ({
  reportType: type,
  reportId: one.id,
  marketplaceIds: [market.settings.marketplaceIds[0]],
  dataStartTime: isoSeconds(one.from),
  dataEndTime: isoSeconds(one.until),
  createdTime: isoSeconds(one.createdAt),
  processingStatus: 'DONE',
  processingStartTime: isoSeconds(one.createdAt),
  processingEndTime: isoSeconds(one.createdAt),
  reportDocumentId: documentIdOf(one),
})

/** getReports (model reports_2021-06-30): what Amazon made by itself, in pages; a token stands alone and holds the filters. */
export function getReports(market: Market, given: URLSearchParams): Response {
  const token = given.get('nextToken')
  const query = token === null ? given : new URLSearchParams(Buffer.from(token, 'base64url').toString())
  if (token !== null && ([...given.keys()].length > 1 || !query.has('offset')))
    throw new BadRequest('nextToken is not valid, or not the only parameter.')
  const types = listParameter(query, 'reportTypes')
  if (!types?.length) throw new BadRequest('Either reportTypes or nextToken is required.')
  const foreign = types.find((one) => !known.includes(one))
  if (foreign) throw new BadRequest(`There is no report type '${foreign}' here.`)
  const wanted = listParameter(query, 'processingStatuses') ?? statuses
  const odd = wanted.find((status) => !statuses.includes(status))
  if (odd) throw new BadRequest(`processingStatuses has an unknown value '${odd}'.`)
  const since = query.has('createdSince') ? Date.parse(query.get('createdSince')!) : market.now() - listedMs
  if (Number.isNaN(since)) throw new BadRequest('createdSince is not a date in ISO 8601 format.')
  if (since < market.now() - listedMs - dayMs) throw new BadRequest('createdSince lies more than 90 days back.')
  const [offset, size] = [Number(query.get('offset') ?? 0), Number(query.get('pageSize') ?? 10)]
  if (!Number.isInteger(size) || size < 1 || size > 100) throw new BadRequest('pageSize must be between 1 and 100.')
  const all = types.includes(type) && wanted.includes('DONE') ? settlementsOf(market) : []
  const found = all.filter((one) => one.createdAt >= since)
  const next = new URLSearchParams(query)
  next.set('offset', String(offset + size))
  return amazonAnswer(market, 'getReports', {
    reports: found.slice(offset, offset + size).map((one) => wireReport(market, one)),
    nextToken: offset + size < found.length ? Buffer.from(next.toString()).toString('base64url') : undefined,
  })
}

const keep = (market: Market, id: string, one: Settlement) =>
  keepDocument(market, {
    id,
    secret: createHash('sha256').update(`${market.settings.sellerId} ${id}`).digest('hex'),
    contentType: 'text/tab-separated-values',
    text: textOf(market, one),
  })

/** getReportDocument: an address from which it can be fetched, packed, for a while. */
export function getReportDocument(market: Market, request: Request, id: string): Response {
  const one = settlementsOf(market).find((settlement) => documentIdOf(settlement) === id)
  if (!one) return amazonError(market, 404, `Report document ${id} was not found.`)
  const document = documentOf(market, id) ?? keep(market, id, one)
  const url = addressOf(market, request, document, 'get')
  return amazonAnswer(market, 'getReportDocument', { reportDocumentId: id, url, compressionAlgorithm: 'GZIP' })
}
