/**
 * Settlement reports (reports_2021-06-30). Amazon makes them by itself and keeps them for 90 days; they cannot be asked for and
 * are gone after that. So all there are get listed, and each one that was not fetched yet is, one at a time.
 */
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { z } from 'zod'
import { ChannelError } from '../../domain/errors.ts'
import { WireError } from '../../http/client.ts'
import type { RawSettlement } from '../capabilities.ts'
import { type Account, asChannelError, type Pulled } from '../connector.ts'
import { client, documentStore } from './client.ts'
import type { WireReportEntry } from './wire.ts'

/** Amazon lists reports for 90 days; a day less, lest a clock that differs is refused. */
const listedMs = 89 * 24 * 3_600_000
/** Reports may be listed some time after they were made. */
const overlapMs = 3 * 24 * 3_600_000
/** The largest seen have some tens of megabytes. */
const maxBytes = 128 * 1024 * 1024
/** Tries of one that does not come, before it is said; others go on. */
const triesAtMost = 3

const waitingSchema = z.object({
  reportId: z.string(),
  documentId: z.string(),
  from: z.string().nullable(),
  until: z.string().nullable(),
  tries: z.number().int(),
})

const cursorSchema = z.object({
  /** Reports made since are listed. */
  since: z.string(),
  /** The newest one of the listing under way. */
  newest: z.string().nullable(),
  nextToken: z.string().nullable(),
  isListing: z.boolean(),
  waiting: z.array(waitingSchema),
  /** Fetched, or told as lost, of those that may still be listed. */
  done: z.array(z.string()),
})
type Cursor = z.output<typeof cursorSchema>

export async function pullSettlements(account: Account, saved: unknown): Promise<Pulled<RawSettlement>> {
  const cursor = cursorSchema.safeParse(saved).data ?? begin(account)
  if (cursor.isListing) return await list(account, cursor)
  const [first, ...others] = cursor.waiting
  // All is here: the next pull lists again.
  if (!first) return { items: [], next: { ...cursor, isListing: true }, more: false }
  const done: Cursor = { ...cursor, waiting: others, done: [...cursor.done, first.reportId] }
  const goOn = (next: Cursor, items: RawSettlement[]): Pulled<RawSettlement> =>
    next.waiting.length > 0
      ? { items, next, more: true }
      : { items, next: { ...next, isListing: true }, more: false }
  const body = await fetchDocument(account, first.documentId)
  if (!(body instanceof ChannelError)) return goOn(done, [settlementOf(first, body)])
  if (first.tries + 1 < triesAtMost && body.kind === 'unavailable') {
    const again = { ...first, tries: first.tries + 1 }
    return { items: [], next: { ...cursor, waiting: [...others, again] }, more: others.length > 0 }
  }
  return { ...goOn(done, []), unreadable: [{ remoteId: first.reportId, where: body.code, raw: null }] }
}

const begin = (account: Account): Cursor => ({
  since: new Date(account.now().getTime() - listedMs).toISOString(),
  newest: null,
  nextToken: null,
  isListing: true,
  waiting: [],
  done: [],
})

async function list(account: Account, cursor: Cursor): Promise<Pulled<RawSettlement>> {
  const now = account.now().getTime()
  const least = now - listedMs
  const since = new Date(Math.max(least, Date.parse(cursor.since)))
  let answer: Awaited<ReturnType<typeof client.getSettlementReports>>
  try {
    answer = await client.getSettlementReports(account, cursor.nextToken ?? since)
  } catch (error) {
    // A page token that ran out: the listing begins anew.
    if (error instanceof ChannelError && error.kind === 'rejected' && cursor.nextToken !== null)
      return { items: [], next: { ...cursor, nextToken: null, newest: null }, more: true }
    throw error
  }
  const known = new Set([...cursor.done, ...cursor.waiting.map((one) => one.reportId)])
  const fresh = answer.reports.filter((one) => one.reportDocumentId && !known.has(one.reportId))
  const waiting = [...cursor.waiting, ...fresh.map(waitingOf)]
  const newest = answer.reports.reduce((last, one) => (one.createdTime > last ? one.createdTime : last), cursor.newest ?? '')
  const nextToken = answer.nextToken || null
  if (nextToken !== null) return { items: [], next: { ...cursor, waiting, newest, nextToken }, more: true }
  const upTo = newest === '' ? since.getTime() : Math.max(least, Date.parse(newest) - overlapMs)
  const next: Cursor = {
    since: new Date(upTo).toISOString(),
    newest: null,
    nextToken: null,
    isListing: waiting.length === 0,
    waiting,
    // What the next listing cannot name any more need not be known.
    done: cursor.done.slice(-doneKept),
  }
  return { items: [], next, more: waiting.length > 0 }
}

/** A seller of twenty marketplaces gets some 150 of them in 90 days. */
const doneKept = 1_000

const waitingOf = (one: WireReportEntry) => ({
  reportId: one.reportId,
  documentId: one.reportDocumentId!,
  from: one.dataStartTime ?? null,
  until: one.dataEndTime ?? null,
  tries: 0,
})

const day = (time: string | null) => time?.slice(0, 10) ?? 'unknown'

const settlementOf = (one: z.output<typeof waitingSchema>, body: Uint8Array): RawSettlement => ({
  remoteId: one.reportId,
  name: `settlement-${day(one.from)}-${day(one.until)}-${one.reportId}.txt`,
  contentType: 'text/tab-separated-values',
  from: one.from === null ? null : new Date(one.from),
  until: one.until === null ? null : new Date(one.until),
  body,
})

const unpack = promisify(gunzip)

/** The document, or why it cannot be had. What is thrown has nothing to do with this one: no allowance, no answer. */
async function fetchDocument(account: Account, documentId: string): Promise<Uint8Array | ChannelError> {
  try {
    const document = await client.getReportDocument(account, documentId)
    const bytes = await documentStore.download(account, document.url)
    return document.compressionAlgorithm === 'GZIP' ? await unpack(bytes, { maxOutputLength: maxBytes }) : bytes
  } catch (error) {
    if (error instanceof WireError && error.kind === 'too-large')
      return new ChannelError('rejected', 'too_large', 'the settlement is too large')
    const { code = '' } = error as { code?: string }
    if (code === 'ERR_BUFFER_TOO_LARGE') return new ChannelError('rejected', 'too_large', 'the settlement is too large')
    if (code.startsWith('Z_')) return new ChannelError('unavailable', 'corrupt', 'the settlement cannot be unpacked')
    const told = asChannelError(error)
    if (told.kind === 'missing' || told.kind === 'rejected') return new ChannelError('missing', 'gone', told.message)
    if (told.message.includes('document store')) return told
    throw told
  }
}
