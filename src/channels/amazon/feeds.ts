/**
 * Quantities by feed (feeds_2021-06-30, JSON_LISTINGS_FEED): a document is put to an address that Amazon hands out, then
 * handed in; Amazon works on one feed of a seller after the other, in minutes or hours (facts §6). A single PATCH sent
 * meanwhile may land before an older value of the feed does: never both for one slot at once.
 */
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { z } from 'zod'
import { ChannelError } from '../../domain/errors.ts'
import { WireError } from '../../http/client.ts'
import {
  type Account,
  asChannelError,
  type FeedProgress,
  type FeedSubmission,
  type QuantityFeed,
  type QuantityLine,
} from '../connector.ts'
import { client, documentStore } from './client.ts'
import { failedLine, readReport, writeFeed } from './feeds-mapping.ts'
import { readSettings } from './settings.ts'
import { processingReport, type WireReport } from './wire.ts'

/** Of one feed: messages (schema v2) and bytes (facts §6). */
const maxLines = 25_000
const maxBytes = 10 * 1024 * 1024
/** What a report may unpack to: two kilobytes for each message. */
const maxReportBytes = 48 * 1024 * 1024

const contentType = 'application/json; charset=UTF-8'

/** A message's number is the place of its key, from 1: a report may name nothing else of a line. */
const receiptSchema = z.object({ feedId: z.string(), keys: z.array(z.string()) })

export const feed: QuantityFeed = {
  maxLines,
  // Forty seconds of single calls.
  fewest: 200,
  // Minutes on a good day (facts §6).
  took: { typicalMs: 6 * 60_000, spread: 3 },
  submitOperations: ['createFeedDocument', 'createFeed'],
  collectOperations: ['getFeed', 'getFeedDocument'],
  // A feed takes minutes at the least, and its reports are rationed to one in 45 s.
  everyMs: 60_000,
  submit,
  collect,
  unfinished: async (account, since) => (await client.getUnfinishedFeeds(account, since)).feeds.length > 0,
  async cancel(account, receipt) {
    try {
      await client.cancelFeed(account, receiptSchema.parse(JSON.parse(receipt)).feedId)
      return true
    } catch (error) {
      // Only what waits in the queue can be taken back (model, cancelFeed).
      if (error instanceof ChannelError && error.kind === 'rejected') return false
      throw error
    }
  },
}

async function submit(account: Account, lines: readonly QuantityLine[]): Promise<FeedSubmission> {
  const { sellerId } = readSettings(account.settings)
  const { text, sent, outcomes } = writeFeed(sellerId, lines, { maxLines, maxBytes, now: account.now() })
  if (sent.length === 0) return { receipt: null, outcomes }
  const keys = sent.map((line) => line.key)
  const allFailed = (error: unknown, mayHaveApplied: boolean) => {
    const { kind, code, message, retryAt } = asChannelError(error)
    const told = new ChannelError(kind, code, message, { retryAt, mayHaveApplied, cause: error })
    return { receipt: null, outcomes: [...outcomes, ...keys.map((key) => failedLine(key, told))] }
  }
  let documentId: string
  try {
    const document = await client.createFeedDocument(account, contentType)
    await documentStore.upload(account, document.url, contentType, text)
    documentId = document.feedDocumentId
  } catch (error) {
    // A document that nobody hands in changes nothing, whatever became of it.
    return allFailed(error, false)
  }
  try {
    const { feedId } = await client.createFeed(account, documentId)
    return { receipt: JSON.stringify({ feedId, keys }), outcomes }
  } catch (error) {
    return allFailed(error, asChannelError(error).mayHaveApplied)
  }
}

async function collect(account: Account, receipt: string): Promise<FeedProgress> {
  const { feedId, keys } = receiptSchema.parse(JSON.parse(receipt))
  let answer: Awaited<ReturnType<typeof client.getFeed>>
  try {
    answer = await client.getFeed(account, feedId)
  } catch (error) {
    if (!isGone(error)) throw error
    // Feeds are listed for 90 days (facts §6). What it did is never told any more.
    return { kind: 'failed', startedAt: null, endedAt: null, error: unknown('missing', error.code, error.message) }
  }
  const startedAt = dateOf(answer.processingStartTime)
  const endedAt = dateOf(answer.processingEndTime)
  const failed = (error: ChannelError): FeedProgress => ({ kind: 'failed', startedAt, endedAt, error })
  switch (answer.processingStatus) {
    case 'IN_QUEUE':
    case 'IN_PROGRESS':
      return { kind: 'pending', startedAt }
    case 'CANCELLED':
      // Canceled before its processing began (model).
      return failed(new ChannelError('rejected', 'CANCELLED', `Amazon canceled feed ${feedId} before it was begun`))
    case 'FATAL':
      // Some, none or all of it may have been carried out (model), whatever the report says of single lines.
      return failed(unknown('rejected', 'FATAL', await reasonOfAbort(account, feedId, answer.resultFeedDocumentId)))
    case 'DONE':
      break
    default:
      // A word that is new to us may mean that it still runs.
      throw new ChannelError('unavailable', answer.processingStatus.slice(0, 60), `feed ${feedId} has an unknown state`)
  }
  const read = await readDocument(account, feedId, answer.resultFeedDocumentId)
  if (read instanceof ChannelError) return failed(read)
  return { kind: 'done', startedAt, endedAt, outcomes: readReport(read, feedId, keys) }
}

/** In Amazon's words, where it tells; a report that cannot be had now is not waited for. */
async function reasonOfAbort(account: Account, feedId: string, documentId: string | null | undefined): Promise<string> {
  const read = documentId ? await readDocument(account, feedId, documentId).catch(() => undefined) : undefined
  const issue = read && 'issues' in read ? read.issues.find((one) => one.severity === 'ERROR') : undefined
  const why = [issue?.code, issue?.message?.slice(0, 200)].filter(Boolean).join(': ')
  return `Amazon aborted feed ${feedId}, any of its lines may be carried out${why ? ` (${why})` : ''}`
}

/** The report, or why it can tell nothing. Thrown errors are of the way to it: with a new address it may be read. */
async function readDocument(
  account: Account,
  feedId: string,
  documentId: string | null | undefined,
): Promise<WireReport | ChannelError> {
  const spoilt = (code: string, why: string) => unknown('unavailable', code, `the report of feed ${feedId} ${why}`)
  if (!documentId) return spoilt('report_missing', 'is missing')
  let bytes: Buffer
  let isPacked: boolean
  try {
    const document = await client.getFeedDocument(account, documentId)
    isPacked = document.compressionAlgorithm === 'GZIP'
    bytes = await documentStore.download(account, document.url)
  } catch (error) {
    if (isGone(error)) return spoilt('report_missing', 'is gone')
    if (error instanceof WireError && error.kind === 'too-large') return spoilt('report_too_large', 'is too large')
    if (error instanceof WireError && error.kind === 'refused-url')
      return unknown('rejected', 'url_refused', `the address of the report of feed ${feedId} is refused`)
    throw asChannelError(error)
  }
  let text: string
  try {
    text = (isPacked ? await unpack(bytes, { maxOutputLength: maxReportBytes }) : bytes).toString('utf8')
  } catch (error) {
    const isBomb = (error as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE'
    return isBomb
      ? spoilt('report_too_large', `unpacks to more than ${maxReportBytes} bytes`)
      : spoilt('report_corrupt', 'cannot be unpacked')
  }
  const report = parseReport(text)
  if (!report) return spoilt('report_corrupt', 'cannot be read')
  if (report.header.feedId !== feedId) return spoilt('report_foreign', 'is that of another feed')
  return report
}

/** Amazon's sandbox answers 400 for ids that it does not know; 404 is declared, too. */
function isGone(error: unknown): error is ChannelError {
  return error instanceof ChannelError && (error.kind === 'missing' || error.kind === 'rejected')
}

const unpack = promisify(gunzip)

function parseReport(text: string): WireReport | undefined {
  try {
    return processingReport.safeParse(JSON.parse(text)).data
  } catch {
    return undefined
  }
}

/** The feed is over, and any of its lines may have been carried out. */
function unknown(kind: 'unavailable' | 'rejected' | 'missing', code: string, message: string): ChannelError {
  return new ChannelError(kind, code, message, { mayHaveApplied: true })
}

const dateOf = (text: string | null | undefined) => (text ? new Date(text) : null)
