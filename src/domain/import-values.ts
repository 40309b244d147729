/** Reads what people and spreadsheets write into cells. Pure; answers undefined where a cell cannot be understood. */
import type { FulfilledBy, OrderState } from './orders.ts'

/** Full-width digits and signs as Chinese input methods write them, and spaces around. */
const tidy = (text: string) => text.normalize('NFKC').trim()

/** "12", "1,200", "12.0" (as spreadsheets save counts), "１２". */
export function readInteger(text: string): number | undefined {
  const value = tidy(text)
  if (!/^[+-]?(\d+|\d{1,3}(,\d{3})+)(\.0+)?$/.test(value)) return undefined
  const number = Number(value.replaceAll(',', ''))
  return Number.isSafeInteger(number) ? number || 0 : undefined
}

/** A spreadsheet's short form of a long number: its last digits are gone. */
export function isDamagedNumber(text: string): boolean {
  return /^\d([.,]\d+)?E\+?\d+$/i.test(tidy(text))
}

const date =
  /^(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[T ]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,3})\d*)?)?)?\s*(Z|[+-]\d{2}:?\d{2})?$/i

/**
 * ISO 8601, or year first with - / . or 年月日 and an optional time. Without an offset it is a wall clock in
 * `timeZone`. Day-first and month-first dates are refused: nobody can tell 03/04 from 04/03.
 */
export function readTime(text: string, timeZone: string): Date | undefined {
  const match = date.exec(tidy(text))
  if (!match) return undefined
  const [, year, month, day, hour = '0', minute = '0', second = '0', fraction = '0', offset] = match
  const parts = [year, month, day, hour, minute, second].map(Number) as [number, number, number, number, number, number]
  const wall = Date.UTC(parts[0], parts[1] - 1, parts[2], parts[3], parts[4], parts[5], Number(fraction.padEnd(3, '0')))
  const back = new Date(wall)
  const isReal =
    back.getUTCMonth() === parts[1] - 1 &&
    back.getUTCDate() === parts[2] &&
    parts[3] < 24 &&
    parts[4] < 60 &&
    parts[5] < 60
  if (!isReal) return undefined
  if (offset) return new Date(wall - offsetMs(offset))
  // The offset that holds at the answer; twice, because the first try may stand on the other side of a change.
  const first = wall - zoneOffsetMs(wall, timeZone)
  return new Date(wall - zoneOffsetMs(first, timeZone))
}

function offsetMs(offset: string): number {
  if (/^z$/i.test(offset)) return 0
  const digits = offset.slice(1).replace(':', '')
  const minutes = Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2))
  return (offset.startsWith('-') ? -minutes : minutes) * 60_000
}

const zones = new Map<string, Intl.DateTimeFormat>()

function zoneOffsetMs(at: number, timeZone: string): number {
  let format = zones.get(timeZone)
  if (!format) {
    const numeric = 'numeric' as const
    format = new Intl.DateTimeFormat('en-US', {
      timeZone,
      hourCycle: 'h23',
      year: numeric,
      month: numeric,
      day: numeric,
      hour: numeric,
      minute: numeric,
      second: numeric,
    })
    zones.set(timeZone, format)
  }
  const parts = Object.fromEntries(format.formatToParts(at).map((part) => [part.type, Number(part.value)]))
  const wall = Date.UTC(parts.year!, parts.month! - 1, parts.day, parts.hour, parts.minute, parts.second)
  return wall - Math.floor(at / 1_000) * 1_000
}

/** Is this a time zone that can be reckoned with, like Asia/Shanghai? */
export function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: name })
    return true
  } catch {
    return false
  }
}

const states: Record<OrderState, string> = {
  unknown: 'unknown|未知',
  pending: 'pending|awaiting payment|unpaid|on hold|待付款|待支付|未付款|待处理',
  open: 'open|unshipped|paid|processing|awaiting shipment|awaiting fulfillment|acknowledged|created|待发货|已付款|未发货|待出库|处理中',
  partly_shipped: 'partly shipped|partially shipped|partial|部分发货',
  shipped: 'shipped|completed|complete|fulfilled|delivered|dispatched|closed|已发货|已完成|已签收|已出库|交易成功',
  canceled: 'canceled|cancelled|voided|已取消|取消|已关闭|交易关闭',
  unfulfillable: 'unfulfillable|无法发货',
}
const stateOf = new Map(
  Object.entries(states).flatMap(([state, words]) => words.split('|').map((word) => [word, state as OrderState])),
)

/** An order's state by the words that channels, shops and people use for it. */
export function readState(text: string): OrderState | undefined {
  return stateOf.get(
    tidy(text)
      .toLowerCase()
      .replace(/[\s_-]+/g, ' '),
  )
}

const fulfillers: Record<FulfilledBy, string> = {
  merchant: 'merchant|seller|mfn|fbm|default|self|自发货|卖家发货|卖家|自配送',
  channel: 'channel|marketplace|afn|fba|wfs|amazon|平台发货|平台|亚马逊配送',
}
const fulfillerOf = new Map(
  Object.entries(fulfillers).flatMap(([by, words]) => words.split('|').map((word) => [word, by as FulfilledBy])),
)

/** Who ships: we, or the channel. */
export function readFulfilledBy(text: string): FulfilledBy | undefined {
  return fulfillerOf.get(tidy(text).toLowerCase())
}
