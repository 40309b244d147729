/**
 * Reconciliation files, kept as they come. Walmart makes one every two weeks and names the days there are files of; each
 * that was not fetched yet is, one at a time.
 */
import { createHash } from 'node:crypto'
import { z } from 'zod'
import { ChannelError } from '../../domain/errors.ts'
import type { RawSettlement } from '../capabilities.ts'
import type { Account, Pulled } from '../connector.ts'
import { calls } from './calls.ts'

/** Tries of one that does not come, before it is said; others go on. */
const triesAtMost = 3
const doneKept = 500

const cursorSchema = z.object({
  isListing: z.boolean(),
  waiting: z.array(z.object({ date: z.string(), tries: z.number().int(), digest: z.string().optional() })),
  /** Fetched, or gone. */
  done: z.array(z.string()),
})
type Cursor = z.output<typeof cursorSchema>

export async function pullSettlements(account: Account, saved: unknown): Promise<Pulled<RawSettlement>> {
  const cursor: Cursor = cursorSchema.safeParse(saved).data ?? { isListing: true, waiting: [], done: [] }
  if (cursor.isListing) return goOn(await listed(account, cursor))
  const [first, ...others] = cursor.waiting
  if (!first) return goOn(cursor)
  const done = [...cursor.done, first.date].slice(-doneKept)
  try {
    const body = await calls.getReport(account, first.date)
    const digest = createHash('sha256')
      .update(body ?? new Uint8Array())
      .digest('base64url')
    const form = formOf(body)
    // One that may have been cut short is taken when it comes the same again.
    if (body && (form === 'whole' || (form === 'doubtful' && first.digest === digest)))
      return goOn({ ...cursor, waiting: others, done }, [settlementOf(first.date, body)])
    const again = { ...first, tries: first.tries + 1, digest }
    if (again.tries < triesAtMost) return goOn({ ...cursor, waiting: [...others, again] })
    return unread({ ...cursor, waiting: others, done }, first.date, 'unreadable')
  } catch (error) {
    if (!(error instanceof ChannelError) || error.kind !== 'missing') throw error
    return unread({ ...cursor, waiting: others, done }, first.date, error.code)
  }
}

const unread = (next: Cursor, date: string, where: string): Pulled<RawSettlement> => ({
  ...goOn(next),
  unreadable: [{ remoteId: date, where, raw: null }],
})

/** A packed file has an end of its own; lines end where the last one does. A page or an object of JSON is no file. */
function formOf(body: Uint8Array | undefined): 'whole' | 'doubtful' | 'none' {
  const bytes = Buffer.from(body ?? [])
  if (bytes.length === 0) return 'none'
  if (isPacked(bytes)) return bytes.lastIndexOf('PK\u0005\u0006', undefined, 'latin1') > 0 ? 'whole' : 'doubtful'
  if (/^\s*[{[<"]/.test(bytes.subarray(0, 100).toString('latin1'))) return 'none'
  return bytes.at(-1) === 0x0a && bytes.includes(',') ? 'whole' : 'doubtful'
}

const isPacked = (body: Uint8Array): boolean => body[0] === 0x50 && body[1] === 0x4b

async function listed(account: Account, cursor: Cursor): Promise<Cursor> {
  const { availableApReportDates: dates } = await calls.getReportDates(account)
  const known = new Set([...cursor.done, ...cursor.waiting.map(({ date }) => date)])
  const fresh = [...new Set(dates)].filter((date) => !known.has(date))
  return { ...cursor, waiting: [...cursor.waiting, ...fresh.map((date) => ({ date, tries: 0 }))] }
}

/** When all is here the next pull lists again. */
const goOn = (next: Cursor, items: RawSettlement[] = []): Pulled<RawSettlement> => {
  const more = next.waiting.length > 0
  return { items, next: { ...next, isListing: !more }, more }
}

/** MMDDYYYY → the day that ends the period. */
function settlementOf(date: string, body: Uint8Array): RawSettlement {
  const [month, day, year] = [date.slice(0, 2), date.slice(2, 4), date.slice(4)]
  const until = new Date(`${year}-${month}-${day}T00:00:00Z`)
  return {
    remoteId: date,
    name: `reconciliation-${year}-${month}-${day}.${isPacked(body) ? 'zip' : 'csv'}`,
    contentType: isPacked(body) ? 'application/zip' : 'text/csv',
    from: null,
    until: Number.isNaN(until.getTime()) ? null : until,
    body,
  }
}
