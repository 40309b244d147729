import * as z from 'zod'
import type { Market } from '../core.ts'
import { BadRequest, isoSeconds, listParameter, readJson } from '../http.ts'
import type { Feed } from '../state.ts'
import { amazonAnswer, amazonError } from './answers.ts'
import { addDocument, addressOf, documentOf } from './feeds-documents.ts'
import { moveFeeds } from './feeds-work.ts'

/** Documents are kept for 28 days (facts §6). */
const keptMs = 28 * 24 * 3_600_000
/** … and feeds are listed for 90. */
const listedMs = 90 * 24 * 3_600_000

const documentBody = z.object({ contentType: z.string().min(1) })
const feedBody = z.object({
  feedType: z.string().min(1),
  marketplaceIds: z.array(z.string()).min(1).max(25),
  inputFeedDocumentId: z.string().min(1),
  feedOptions: z.record(z.string(), z.string()).optional(),
})

function checked<T>(schema: z.ZodType<T>, body: unknown): T {
  const parsed = schema.safeParse(body)
  if (parsed.success) return parsed.data
  const problem = parsed.error.issues[0]!
  throw new BadRequest(`The request body is not valid: ${problem.path.join('.') || 'body'}: ${problem.message}.`)
}

/** createFeedDocument (model feeds_2021-06-30): an id, and an address to which the document may be put for a while. */
export async function createFeedDocument(market: Market, request: Request): Promise<Response> {
  const { contentType } = checked(documentBody, await readJson(request))
  forgetOld(market)
  const document = addDocument(market, contentType, null)
  const url = addressOf(market, request, document, 'put')
  return amazonAnswer(market, 'createFeedDocument', { feedDocumentId: document.id, url }, 201)
}

/** createFeed: hands an uploaded document in; it is worked on later. */
export async function createFeed(market: Market, request: Request): Promise<Response> {
  const body = checked(feedBody, await readJson(request))
  if (body.feedType !== 'JSON_LISTINGS_FEED') throw new BadRequest(`There is no feed type '${body.feedType}' here.`)
  const foreign = body.marketplaceIds.find((id) => !market.settings.marketplaceIds.includes(id))
  if (foreign) throw new BadRequest(`The seller does not sell in marketplace '${foreign}'.`)
  const document = documentOf(market, body.inputFeedDocumentId)
  if (!document) throw new BadRequest(`There is no feed document '${body.inputFeedDocumentId}'.`)
  if (document.text === null) throw new BadRequest(`Nothing was uploaded to '${document.id}'.`)
  const feed: Feed = {
    id: market.random('ids').digits(12).replace(/^0/, '1'),
    documentId: document.id,
    marketplaceIds: body.marketplaceIds,
    status: 'IN_QUEUE',
    createdAt: market.now(),
    startedAt: null,
    dueAt: null,
    endedAt: null,
    resultDocumentId: null,
    messages: 0,
  }
  market.state.feeds.push(feed)
  market.touch()
  const { queueMs } = market.state.feedPace
  market.schedule(feed.createdAt + queueMs, 'feed', feed.id)
  if (queueMs === 0) moveFeeds(market, feed.createdAt)
  return amazonAnswer(market, 'createFeed', { feedId: feed.id }, 202)
}

function findFeed(market: Market, id: string): Feed | undefined {
  return market.state.feeds.find((feed) => feed.id === id)
}

const noFeed = (market: Market, id: string) => amazonError(market, 404, `Feed ${id} was not found.`)

function wireFeed(feed: Feed): object {
  return {
    feedId: feed.id,
    feedType: 'JSON_LISTINGS_FEED',
    marketplaceIds: feed.marketplaceIds,
    createdTime: isoSeconds(feed.createdAt),
    processingStatus: feed.status,
    processingStartTime: feed.startedAt === null ? undefined : isoSeconds(feed.startedAt),
    processingEndTime: feed.endedAt === null ? undefined : isoSeconds(feed.endedAt),
    resultFeedDocumentId: feed.resultDocumentId ?? undefined,
  }
}

/** getFeed: how far it is. */
export function getFeed(market: Market, id: string): Response {
  const feed = findFeed(market, id)
  return feed ? amazonAnswer(market, 'getFeed', wireFeed(feed)) : noFeed(market, id)
}

const statuses = ['CANCELLED', 'DONE', 'FATAL', 'IN_PROGRESS', 'IN_QUEUE']

/** getFeeds: the newest first, in pages; a token stands alone and holds the filters. */
export function getFeeds(market: Market, given: URLSearchParams): Response {
  const token = given.get('nextToken')
  const query = token === null ? given : new URLSearchParams(Buffer.from(token, 'base64url').toString())
  if (token !== null && ([...given.keys()].length > 1 || !query.has('offset'))) {
    throw new BadRequest('nextToken is not valid, or not the only parameter.')
  }
  const types = listParameter(query, 'feedTypes')
  if (!types?.length) throw new BadRequest('Either feedTypes or nextToken is required.')
  const wanted = listParameter(query, 'processingStatuses') ?? statuses
  const unknown = wanted.find((status) => !statuses.includes(status))
  if (unknown) throw new BadRequest(`processingStatuses has an unknown value '${unknown}'.`)
  const bound = (name: string, otherwise: number) => {
    const time = query.has(name) ? Date.parse(query.get(name)!) : otherwise
    if (Number.isNaN(time)) throw new BadRequest(`${name} is not a date in ISO 8601 format.`)
    return time
  }
  const [since, until] = [bound('createdSince', market.now() - listedMs), bound('createdUntil', market.now())]
  const found = market.state.feeds
    .filter((feed) => types.includes('JSON_LISTINGS_FEED') && wanted.includes(feed.status))
    .filter(({ createdAt }) => createdAt >= since && createdAt <= until)
    .reverse()
  const [offset, size] = [Number(query.get('offset') ?? 0), Number(query.get('pageSize') ?? 10)]
  if (!Number.isInteger(size) || size < 1 || size > 100) throw new BadRequest('pageSize must be between 1 and 100.')
  const next = new URLSearchParams(query)
  next.set('offset', String(offset + size))
  const more = offset + size < found.length
  return amazonAnswer(market, 'getFeeds', {
    feeds: found.slice(offset, offset + size).map(wireFeed),
    nextToken: more ? Buffer.from(next.toString()).toString('base64url') : undefined,
  })
}

/** cancelFeed: only what waits in the queue can still be taken back. The answer has no body. */
export function cancelFeed(market: Market, id: string): Response {
  const feed = findFeed(market, id)
  if (!feed) return noFeed(market, id)
  // Taken back is taken back, however often it is asked for.
  if (feed.status !== 'IN_QUEUE' && feed.status !== 'CANCELLED')
    throw new BadRequest(`Feed ${id} is ${feed.status} and can no longer be canceled.`)
  if (feed.status === 'IN_QUEUE') feed.endedAt = market.now()
  feed.status = 'CANCELLED'
  market.touch()
  const answer = amazonAnswer(market, 'cancelFeed', {})
  return new Response(null, { status: 200, headers: withoutType(answer.headers) })
}

function withoutType(headers: Headers): Headers {
  const copy = new Headers(headers)
  copy.delete('content-type')
  return copy
}

/** getFeedDocument: an address from which the document can be fetched for a while; reports are packed. */
export function getFeedDocument(market: Market, request: Request, id: string): Response {
  const document = documentOf(market, id)
  if (!document || document.text === null) return amazonError(market, 404, `Feed document ${id} was not found.`)
  const url = addressOf(market, request, document, 'get')
  return amazonAnswer(market, 'getFeedDocument', { feedDocumentId: id, url, compressionAlgorithm: 'GZIP' })
}

function forgetOld(market: Market): void {
  const { documents } = market.state
  for (const { id, createdAt } of Object.values(documents)) {
    if (market.now() - createdAt > keptMs) delete documents[id]
  }
}
