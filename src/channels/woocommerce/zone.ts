/**
 * A filter's moment is passed through the site's own clock even where it is meant in UTC (wordpress, class-wp-date-query.php:
 * date_create with the site's zone). In the night in which clocks are put forward an hour of that clock does not exist:
 * what lies in it is read as an hour later, and the orders between are not listed. Such a moment is asked for an hour sooner.
 */
import { ChannelError } from '../../domain/errors.ts'
import type { Account } from '../connector.ts'
import { call } from './client.ts'
import { indexAnswer } from './wire.ts'

const hourMs = 3_600_000
/** Clocks are put forward between midnight and four everywhere. */
const lastHour = 3

const offsetAt = (clock: Intl.DateTimeFormat, ms: number): number => {
  const of = Object.fromEntries(clock.formatToParts(ms).map(({ type, value }) => [type, Number(value)]))
  return Date.UTC(of.year!, of.month! - 1, of.day!, of.hour!, of.minute!, of.second!) - Math.floor(ms / 1_000) * 1_000
}

/** Does the zone's clock pass this time of the day over? A zone nobody knows may. */
export function isPassedOver(time: Date, zone: string): boolean {
  let clock: Intl.DateTimeFormat
  try {
    const numbers = { year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric' } as const
    clock = new Intl.DateTimeFormat('en-US', { timeZone: zone, hourCycle: 'h23', second: 'numeric', ...numbers })
  } catch {
    return true
  }
  const text = time.getTime()
  return ![text - 24 * hourMs, text + 24 * hourMs].some((near) => {
    const offset = offsetAt(clock, near)
    return offsetAt(clock, text - offset) === offset
  })
}

const known = new WeakMap<Account, string>()

/** Empty where it is a number of hours, which knows no summer. Undefined: the index is closed to strangers. */
async function zoneOf(account: Account): Promise<string | undefined> {
  const before = known.get(account)
  if (before !== undefined) return before
  try {
    const index = { operation: 'getIndex', method: 'GET', path: '/', isPublic: true, answer: indexAnswer } as const
    const { timezone_string } = (await call(account, index)).body
    known.set(account, timezone_string)
    return timezone_string
  } catch (error) {
    if (error instanceof ChannelError && error.kind === 'rejected') return undefined
    throw error
  }
}

/** The moment to ask from, so that everything after `after` is listed. */
export async function askedFrom(account: Account, after: Date): Promise<Date> {
  if (after.getUTCHours() > lastHour) return after
  const zone = await zoneOf(account)
  if (zone === '' || (zone !== undefined && !isPassedOver(after, zone))) return after
  return new Date(after.getTime() - hourMs)
}
