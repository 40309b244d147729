import { json } from '../http.ts'
import { WalmartRefusal } from './answers.ts'
import type { Walmart } from './market.ts'
import { shippedOf } from './orders.ts'

const day = 86_400_000
/** Walmart settles every other Tuesday; a fixed rhythm of 14 days from a Tuesday. */
const first = Date.UTC(2026, 0, 6)
const listed = 10

const dateText = (time: number): string => {
  const [year, month, date] = new Date(time).toISOString().slice(0, 10).split('-')
  return `${month}${date}${year}`
}

function endsBefore(now: number): number[] {
  const last = first + Math.floor((now - first) / (14 * day)) * 14 * day
  return Array.from({ length: listed }, (_, back) => last - back * 14 * day).filter((time) => time >= first - 140 * day)
}

/** GET availableReconFiles: days that a file is there for, as MMDDYYYY. */
export function availableReports(walmart: Walmart): Response {
  return json(200, { availableApReportDates: endsBefore(walmart.now()).map(dateText) })
}

/** GET reconFile: lines of a period, as a file. */
export function reconFile(walmart: Walmart, query: URLSearchParams): Response {
  const wanted = query.get('reportDate')
  const end = endsBefore(walmart.now()).find((time) => dateText(time) === wanted)
  if (end === undefined)
    throw new WalmartRefusal(404, 'CONTENT_NOT_FOUND.GMP_REPORTS', 'There is no report of this date', 'reportDate')
  const rows = walmart.state.orders.flatMap((order) => {
    const version = order.versions.findLast((one) => one.updatedAt < end && one.updatedAt >= end - 14 * day)
    return (version ? order.lines : []).flatMap((line) => {
      const quantity = shippedOf(version!, line.lineNumber)
      const amount = ((quantity * line.unitPrice) / 100).toFixed(2)
      return quantity > 0 ? [[order.id, line.lineNumber, 'SALE', line.sku, String(quantity), amount].join(',')] : []
    })
  })
  const body = ['Purchase Order #,Purchase Order Line #,Transaction Type,Partner Item Id,Ship Qty,Amount', ...rows]
  return new Response(`${body.join('\r\n')}\r\n`, {
    status: 200,
    headers: {
      'content-type': 'application/octet-stream',
      'content-disposition': `attachment; filename=ReconciliationReport_${wanted}.csv`,
    },
  })
}
