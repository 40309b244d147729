/**
 * Quantities by feed: a file of up to 10,000 SKUs, ten an hour, worked on in half an hour or so. Handing it in is not
 * idempotent, and whether a single call that leaves meanwhile lands before or after it is not promised (facts: channels.md
 * §2, inventory): never both for one slot at once.
 */
import { z } from 'zod'
import { ChannelError } from '../../domain/errors.ts'
import {
  type Account,
  asChannelError,
  type FeedProgress,
  type FeedSubmission,
  type QuantityFeed,
  type QuantityLine,
  type QuantityOutcome,
} from '../connector.ts'
import { calls } from './calls.ts'
import type { WireFeedLine } from './wire.ts'

/** Of one feed (rate limits, feed types); a little less than 10 MB, for the form around it. */
const maxLines = 10_000
const maxBytes = 10 * 1024 * 1024 - 4_096
/** Lines of an answer about a feed. */
const pageSize = 50

const receiptSchema = z.object({ feedId: z.string(), lines: z.array(z.tuple([z.string(), z.string()])) })

export const feed: QuantityFeed = {
  maxLines,
  // Two minutes of single calls.
  fewest: 400,
  // About half an hour (facts: assurance.md, numbers of Walmart).
  took: { typicalMs: 20 * 60_000, spread: 3 },
  submitOperations: ['updateBulkInventory'],
  collectOperations: ['getFeedItemStatus'],
  // Asking sooner brings nothing new (facts §2, feed status).
  everyMs: 5 * 60_000,
  submit,
  collect,
  unfinished,
}

const failed = (key: string, error: ChannelError): QuantityOutcome => ({ key, kind: 'failed', error })

export function writeFeed(lines: readonly QuantityLine[]): {
  text: string
  sent: QuantityLine[]
  outcomes: QuantityOutcome[]
} {
  const outcomes: QuantityOutcome[] = []
  const sent: QuantityLine[] = []
  const written: string[] = []
  const skus = new Set<string>()
  let bytes = 0
  for (const line of lines) {
    const { key, remoteSku: sku, quantity } = line
    const text = JSON.stringify({ sku, quantity: { unit: 'EACH', amount: quantity } })
    const size = Buffer.byteLength(text) + 1
    if (skus.has(sku))
      outcomes.push(failed(key, new ChannelError('rejected', 'sku_twice', 'the SKU stands there already')))
    else if (sent.length === maxLines || bytes + size > maxBytes)
      outcomes.push(failed(key, new ChannelError('unavailable', 'feed_full', 'the feed is full')))
    else {
      skus.add(sku)
      sent.push(line)
      written.push(text)
      bytes += size
    }
  }
  // The root key has a capital letter, or the file is refused (facts §2, inventory).
  return { text: `{"InventoryHeader":{"version":"1.4"},"Inventory":[${written.join(',')}]}`, sent, outcomes }
}

async function submit(account: Account, lines: readonly QuantityLine[]): Promise<FeedSubmission> {
  const { text, sent, outcomes } = writeFeed(lines)
  if (sent.length === 0) return { receipt: null, outcomes }
  try {
    const { feedId } = await calls.submitFeed(account, 'inventory', text)
    return { receipt: JSON.stringify({ feedId, lines: sent.map((one) => [one.key, one.remoteSku]) }), outcomes }
  } catch (error) {
    const told = withoutFeed(asChannelError(error))
    return { receipt: null, outcomes: [...outcomes, ...sent.map(({ key }) => failed(key, told))] }
  }
}

/** A file that was refused as a whole says nothing of its lines: single calls carry them. */
function withoutFeed(error: ChannelError): ChannelError {
  if (error.kind !== 'rejected' && error.kind !== 'missing' && error.kind !== 'conflict') return error
  return new ChannelError('unavailable', error.code, `Walmart took no feed: ${error.message}`.slice(0, 300))
}

async function collect(account: Account, receipt: string): Promise<FeedProgress> {
  const { feedId, lines } = receiptSchema.parse(JSON.parse(receipt))
  let answer: Awaited<ReturnType<typeof calls.getFeed>>
  try {
    answer = await calls.getFeed(account, feedId)
  } catch (error) {
    if (!(error instanceof ChannelError) || error.kind !== 'missing') throw error
    // What it did is never told any more.
    return { kind: 'failed', startedAt: null, endedAt: null, error: unknown(error.code, 'Walmart has no such feed') }
  }
  const over = { startedAt: null, endedAt: null }
  switch (answer.feedStatus) {
    case 'RECEIVED':
    case 'INPROGRESS':
      return { kind: 'pending', startedAt: null }
    case 'ERROR':
      return { ...over, kind: 'failed', error: unknown('ERROR', `Walmart could not work on feed ${feedId}`) }
    case 'PROCESSED':
      break
    default:
      // A word that is new to us may mean that it still runs.
      throw new ChannelError('unavailable', answer.feedStatus.slice(0, 60), `feed ${feedId} has an unknown state`)
  }
  const { itemsSucceeded, itemsFailed, itemsReceived } = answer
  // All of them, and nothing else: then nothing more is to be asked.
  if (itemsFailed === 0 && itemsSucceeded === lines.length && itemsReceived === lines.length)
    return { ...over, kind: 'done', outcomes: lines.map(([key]) => ({ key, kind: 'accepted', detail: { feedId } })) }
  return { ...over, kind: 'done', outcomes: readLines(lines, await detailsOf(account, feedId, lines.length), feedId) }
}

/** PROCESSED says only that it is over: each line has a word of its own (facts §2, feed status). */
async function detailsOf(account: Account, feedId: string, count: number): Promise<WireFeedLine[]> {
  const details: WireFeedLine[] = []
  for (let offset = 0; offset < count; offset += pageSize) {
    const { itemDetails } = await calls.getFeed(account, feedId, { limit: pageSize, offset })
    const page = itemDetails?.itemIngestionStatus ?? []
    if (page.length === 0) break
    details.push(...page)
  }
  return details
}

/** One outcome a line; what is not accounted for may have been carried out. */
export function readLines(
  lines: readonly (readonly [key: string, sku: string])[],
  details: readonly WireFeedLine[],
  feedId: string,
): QuantityOutcome[] {
  const bySku = new Map(details.map((one) => [one.sku, one]))
  return lines.map(([key, sku]): QuantityOutcome => {
    const one = bySku.get(sku)
    const [problem] = one?.ingestionErrors?.ingestionError ?? []
    const code = problem?.code ?? one?.ingestionStatus ?? 'unaccounted'
    const why = (problem?.description ?? `feed ${feedId} tells nothing of this line`).slice(0, 300)
    switch (one?.ingestionStatus) {
      case 'SUCCESS':
        return { key, kind: 'accepted', detail: { feedId } }
      case 'DATA_ERROR':
        return failed(key, new ChannelError('rejected', code, why))
      default:
        return failed(key, unknown(code, why))
    }
  })
}

const unknown = (code: string, message: string): ChannelError =>
  new ChannelError('unavailable', code, message, { mayHaveApplied: true })

/** The newest feeds come first, so those since then stand at the beginning. */
async function unfinished(account: Account, since: Date): Promise<boolean> {
  for (let offset = 0; ; offset += pageSize) {
    const { results, totalResults } = await calls.getFeeds(account, { limit: pageSize, offset })
    const young = results.feed.filter(
      ({ feedDate }) => feedDate === null || feedDate === undefined || feedDate >= since.getTime(),
    )
    if (young.some(({ feedType, feedStatus }) => isInventory(feedType) && isOpen(feedStatus))) return true
    if (young.length < results.feed.length || results.feed.length === 0) return false
    if (offset + results.feed.length >= totalResults) return false
  }
}

/** Words that we do not know may mean one of ours, still at work. */
const isInventory = (type: string | null | undefined) => !type || type.toLowerCase().includes('inventory')
const isOpen = (status: string | null | undefined) => status !== 'PROCESSED' && status !== 'ERROR'
