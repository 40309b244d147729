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

/** Amazon lists reports for 90 days; a day less, lest a clock that differs is refused. All of them, each time: they are few. */
const listedMs = 89 * 24 * 3_600_000
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
  nextToken: z.string().nullable(),
  isListing: z.boolean(),
  waiting: z.array(waitingSchema),
  /** Fetched, or gone, of those that may still be listed. */
  done: z.array(z.string()),
})
type Cursor = z.output<typeof cursorSchema>

const begin: Cursor = { nextToken: null, isListing: true, waiting: [], done: [] }

export async function pullSettlements(account: Account, saved: unknown): Promise<Pulled<RawSettlement>> {
  const cursor = cursorSchema.safeParse(saved).data ?? begin
  if (cursor.isListing) return await list(account, cursor)
  const [first, ...others] = cursor.waiting
  if (!first) return goOn(cursor)
  const body = await fetchDocument(account, first.documentId)
  const done = [...cursor.done, first.reportId].slice(-doneKept)
  if (!(body instanceof ChannelError)) return goOn({ ...cursor, waiting: others, done }, [settlementOf(first, body)])
  const again = { ...first, tries: first.tries + 1 }
  if (body.kind === 'unavailable' && again.tries < triesAtMost) return goOn({ ...cursor, waiting: [...others, again] })
  const unreadable = [{ remoteId: first.reportId, where: body.code, raw: null }]
  // What is gone is not asked for again; the next listing names what may come yet.
  const isGone = body.code === 'gone'
  return { ...goOn({ ...cursor, waiting: others, done: isGone ? done : cursor.done }), unreadable }
}

/** When all is here the next pull lists again. */
const goOn = (next: Cursor, items: RawSettlement[] = []): Pulled<RawSettlement> => {
  const more = next.waiting.length > 0
  return { items, next: { ...next, isListing: !more }, more }
}

async function list(account: Account, cursor: Cursor): Promise<Pulled<RawSettlement>> {
  let answer: Awaited<ReturnType<typeof client.getSettlementReports>>
  try {
    const since = new Date(account.now().getTime() - listedMs)
    answer = await client.getSettlementReports(account, cursor.nextToken ?? since)
  } catch (error) {
    // A page token that ran out: what was named is fetched, and the next listing begins anew.
    if (error instanceof ChannelError && error.kind === 'rejected' && cursor.nextToken !== null)
      return goOn({ ...cursor, nextToken: null })
    throw error
  }
  const known = new Set([...cursor.done, ...cursor.waiting.map((one) => one.reportId)])
  const fresh = answer.reports.filter((one) => one.reportDocumentId && !known.has(one.reportId))
  const waiting = [...cursor.waiting, ...fresh.map(waitingOf)]
  const nextToken = answer.nextToken || null
  if (nextToken !== null) return { items: [], next: { ...cursor, waiting, nextToken }, more: true }
  return goOn({ ...cursor, waiting, nextToken: null })
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
