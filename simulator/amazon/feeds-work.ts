import * as z from 'zod'
import type { Market } from '../core.ts'
import { fires } from '../faults.ts'
import type { AmazonItem, Feed, FeedFault } from '../state.ts'
import { addDocument } from './feeds-documents.ts'
import { type Change, patchBody, queueEffect, readPatches } from './listings-patch.ts'
import { findListing } from './listings-read.ts'

const envelope = z.object({
  header: z.object({ sellerId: z.string(), version: z.literal('2.0') }),
  messages: z.array(z.unknown()).min(1).max(25_000),
})
const numbered = z.object({ messageId: z.int().min(1), sku: z.string().min(1) })
const message = numbered.extend({ operationType: z.literal('PATCH'), ...patchBody.shape })

interface ReportIssue {
  messageId?: number
  sku?: string
  code: string
  severity: 'ERROR' | 'WARNING'
  message: string
  attributeName?: string
}

/** What one message will do, once it is its turn. */
interface Accepted {
  item: AmazonItem
  changes: Change[]
}

interface Worked {
  accepted: Accepted[]
  issues: ReportIssue[]
  messages: number
}

const happens = (market: Market, kind: FeedFault) => fires(market.core, market.name, 'JSON_LISTINGS_FEED', kind)

/**
 * Brings the queue up to `at`: one feed at a time, in the order they came (facts §6). Called at every moment at which one
 * may start or end.
 */
export function moveFeeds(market: Market, at: number): void {
  for (;;) {
    const running = market.state.feeds.find((feed) => feed.status === 'IN_PROGRESS')
    if (running) {
      if (running.dueAt === null || running.dueAt > at) return
      finish(market, running, running.dueAt)
      continue
    }
    const next = market.state.feeds.find((feed) => feed.status === 'IN_QUEUE')
    if (!next || next.createdAt + market.state.feedPace.queueMs > at) return
    start(market, next, at)
  }
}

function start(market: Market, feed: Feed, at: number): void {
  market.touch()
  if (happens(market, 'cancelled')) {
    feed.status = 'CANCELLED'
    feed.endedAt = at
    return
  }
  feed.status = 'IN_PROGRESS'
  feed.startedAt = at
  feed.messages = readEnvelope(market, feed)?.messages.length ?? 0
  const { feedMs, per1000Ms } = market.state.feedPace
  const stuckMs = happens(market, 'stuck')?.delayMs ?? 0
  feed.dueAt = Math.ceil(at + feedMs + (feed.messages / 1_000) * per1000Ms + stuckMs)
  market.schedule(feed.dueAt, 'feed', feed.id)
}

function readEnvelope(market: Market, feed: Feed): z.infer<typeof envelope> | undefined {
  try {
    return envelope.safeParse(JSON.parse(market.state.documents[feed.documentId]?.text ?? '')).data
  } catch {
    return undefined
  }
}

function finish(market: Market, feed: Feed, at: number): void {
  market.touch()
  feed.endedAt = at
  const read = readEnvelope(market, feed)
  const document = market.state.documents[feed.documentId]
  if (document) document.text = null
  const formatted = read && read.header.sellerId === market.settings.sellerId
  const worked: Worked = formatted ? work(market, feed, read.messages) : unreadable()
  const isFatal = !formatted || happens(market, 'fatal') !== null
  feed.status = isFatal ? 'FATAL' : 'DONE'
  // Some, none or all of what an aborted feed holds may have been carried out (model, FATAL).
  const done = isFatal ? market.random('effects').between(0, worked.accepted.length) : worked.accepted.length
  for (const { item, changes } of worked.accepted.slice(0, done)) {
    for (const change of changes) queueEffect(market, item, change, { operation: 'JSON_LISTINGS_FEED', at })
  }
  if (happens(market, 'no-report')) return
  const report = addDocument(market, 'application/json; charset=UTF-8', reportOf(market, feed, worked))
  if (happens(market, 'corrupt')) report.flaw = 'corrupt'
  else if (happens(market, 'bomb')) report.flaw = 'bomb'
  feed.resultDocumentId = report.id
}

function unreadable(): Worked {
  const text = 'The feed does not match the feed schema.'
  return { accepted: [], issues: [{ code: '4000001', severity: 'ERROR', message: text }], messages: 0 }
}

/** Each message by itself: a bad one does not harm its neighbors. */
function work(market: Market, feed: Feed, messages: readonly unknown[]): Worked {
  const accepted: Accepted[] = []
  const issues: ReportIssue[] = []
  const seen = new Set<number>()
  for (const one of messages) {
    const result = workOn(market, feed, one, seen)
    issues.push(...result.issues)
    if (result.accepted) accepted.push(result.accepted)
  }
  return { accepted, issues, messages: messages.length }
}

function workOn(
  market: Market,
  feed: Feed,
  one: unknown,
  seen: Set<number>,
): { accepted?: Accepted; issues: ReportIssue[] } {
  const named = numbered.safeParse(one)
  const { messageId, sku } = named.data ?? {}
  const about = named.success ? { messageId: messageId!, sku: sku! } : {}
  const refused = (code: string, text: string, more: Partial<ReportIssue> = {}) => ({
    issues: [{ ...about, code, severity: 'ERROR' as const, message: text, ...more }],
  })
  const parsed = message.safeParse(one)
  if (!parsed.success) return refused('4002008', 'The message does not match the schema of a feed message.')
  if (seen.has(parsed.data.messageId)) return refused('4002009', 'The messageId stands in this feed already.')
  seen.add(parsed.data.messageId)
  const item = findListing(market, parsed.data.sku, feed.marketplaceIds)
  if (!item) return refused('13013', 'This SKU is not listed.')
  const { changes, issues } = readPatches(item, parsed.data.patches)
  if (issues[0]) {
    const { code, message: text, attributeNames } = issues[0]
    return refused(code, text, { attributeName: attributeNames[0]! })
  }
  if (happens(market, 'refuse')) return refused('90220', 'A value is required but not supplied.')
  const warning: ReportIssue = { ...about, code: '18746', severity: 'WARNING', message: 'A value was not as expected.' }
  return { accepted: { item, changes }, issues: happens(market, 'warn') ? [warning] : [] }
}

/** The processing report (listings feed processing report schema v2). It tells what was accepted, not what shows. */
function reportOf(market: Market, feed: Feed, { accepted, issues, messages }: Worked): string {
  const count = (severity: string) => issues.filter((issue) => issue.severity === severity).length
  // A spoilt one says that all is well with one message less than there are.
  const missing = happens(market, 'miscount') ? 1 : 0
  return JSON.stringify({
    header: { sellerId: market.settings.sellerId, version: '2.0', feedId: feed.id },
    issues,
    summary: {
      errors: count('ERROR'),
      warnings: count('WARNING'),
      messagesProcessed: Math.max(0, messages - missing),
      messagesAccepted: Math.max(0, accepted.length - missing),
      messagesInvalid: messages - accepted.length,
    },
  })
}
