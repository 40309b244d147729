import * as z from 'zod'
import { logEffect } from '../effects.ts'
import { fires } from '../faults.ts'
import { json } from '../http.ts'
import { WalmartRefusal, walmartError } from './answers.ts'
import { findItem, setQuantity, type Walmart } from './market.ts'
import type { WalmartFeed } from './types.ts'

/** Of one feed (specs: rate limits, feed types). */
const mostItems = 10_000
const mostBytes = 10 * 1024 * 1024

const bad = (description: string, code = 'ERR_EXT_DATA_0503009') => new WalmartRefusal(400, code, description, 'file')

const inventoryFile = z.object({
  InventoryHeader: z.object({ version: z.literal('1.4') }),
  Inventory: z.array(
    z.object({
      sku: z.string().min(1),
      quantity: z.object({ unit: z.literal('EACH'), amount: z.int().min(0) }),
    }),
  ),
})
const priceFile = z.object({
  PriceHeader: z.object({ version: z.string() }),
  Price: z.array(
    z.object({
      sku: z.string().min(1),
      pricing: z
        .array(
          z.object({
            currentPriceType: z.literal('BASE'),
            currentPrice: z.object({ currency: z.string(), amount: z.number().positive() }),
          }),
        )
        .length(1),
    }),
  ),
})

/** POST /v3/feeds: a file in a form. Nothing stops the same file from being handed in twice. */
export async function submitFeed(
  walmart: Walmart,
  request: Request,
  feedType: 'inventory' | 'price',
): Promise<Response> {
  const form = await request.formData().catch(() => undefined)
  const file = form?.get('file')
  if (!(file instanceof Blob)) throw bad('The file is missing')
  const text = await file.text()
  const operation = feedType === 'inventory' ? 'updateBulkInventory' : 'priceBulkUploads'
  if (text.length > mostBytes || fires(walmart.core, 'walmart', operation, 'too-large')) return walmartError(413)
  const lines = linesOf(feedType, text)
  if (lines.length > mostItems) return walmartError(413)
  const now = walmart.now()
  const feed: WalmartFeed = {
    feedId: `${walmart.random('ids').uuid().replaceAll('-', '').toUpperCase()}@AU8BAgA`,
    feedType,
    createdAt: now,
    startedAt: null,
    endedAt: null,
    status: 'RECEIVED',
    lines: lines.map((line) => ({ ...line, state: 'INPROGRESS' })),
  }
  walmart.state.feeds.push(feed)
  walmart.schedule(now + walmart.settings.feedPace.queueMs, 'feed', feed.feedId)
  walmart.core.touch()
  return json(200, { feedId: feed.feedId, additionalAttributes: null, errors: null })
}

function linesOf(feedType: 'inventory' | 'price', text: string): { sku: string; amount: number }[] {
  let content: unknown
  try {
    content = JSON.parse(text)
  } catch {
    throw bad('The file cannot be read')
  }
  if (feedType === 'inventory') {
    const read = inventoryFile.safeParse(content)
    if (!read.success) throw bad(`The file does not fit: ${read.error.issues[0]!.path.join('.')}`)
    return read.data.Inventory.map(({ sku, quantity }) => ({ sku, amount: quantity.amount }))
  }
  const read = priceFile.safeParse(content)
  if (!read.success) throw bad(`The file does not fit: ${read.error.issues[0]!.path.join('.')}`)
  return read.data.Price.map(({ sku, pricing }) => ({ sku, amount: Math.round(pricing[0]!.currentPrice.amount * 100) }))
}

/** Begins a feed, or ends it: then all of its lines are carried out. */
export function moveFeed(walmart: Walmart, feedId: string, at: number): void {
  const feed = walmart.state.feeds.find((one) => one.feedId === feedId)
  if (!feed || feed.status === 'PROCESSED' || feed.status === 'ERROR') return
  const { feedMs, per1000Ms } = walmart.settings.feedPace
  const fault = (kind: 'stuck' | 'fatal' | 'refuse') =>
    fires(walmart.core, 'walmart', feed.feedType === 'inventory' ? 'inventory' : 'price', kind)
  if (feed.status === 'RECEIVED') {
    feed.status = 'INPROGRESS'
    feed.startedAt = at
    const stuck = fault('stuck')
    feed.isStuck = stuck !== null
    const work = feedMs + (per1000Ms * feed.lines.length) / 1_000
    walmart.schedule(at + work + (stuck?.delayMs ?? 0), 'feed', feedId)
    return
  }
  feed.endedAt = at
  if (fault('fatal')) {
    feed.status = 'ERROR'
    for (const line of feed.lines)
      Object.assign(line, { state: 'SYSTEM_ERROR', code: 'ERR_INT_SYS', why: 'The feed failed' })
    return
  }
  for (const line of feed.lines) carryOut(walmart, feed, line, at, fault('refuse') !== null)
  feed.status = 'PROCESSED'
}

function carryOut(
  walmart: Walmart,
  feed: WalmartFeed,
  line: WalmartFeed['lines'][number],
  at: number,
  isRefused: boolean,
) {
  const item = findItem(walmart, line.sku)
  if (!item || isRefused) {
    const why = item ? 'The item cannot be updated' : 'Product not found'
    Object.assign(line, { state: 'DATA_ERROR', code: 'ERR_PDI_0001', why })
    return
  }
  line.state = 'SUCCESS'
  const isPrice = feed.feedType === 'price'
  if (isPrice) item.price = line.amount
  else setQuantity(item, line.amount)
  logEffect(walmart.state.effects, {
    id: walmart.core.nextId(),
    at: feed.createdAt,
    operation: feed.feedType,
    sku: line.sku,
    ...(isPrice ? { price: line.amount } : { quantity: line.amount }),
    dueAt: at,
    appliedAt: at,
  })
}

function countsOf(feed: WalmartFeed) {
  const count = (...states: string[]) => feed.lines.filter(({ state }) => states.includes(state)).length
  const isOpen = feed.status === 'RECEIVED' || feed.status === 'INPROGRESS'
  return {
    itemsReceived: feed.lines.length,
    itemsSucceeded: count('SUCCESS'),
    itemsFailed: isOpen ? 0 : count('DATA_ERROR', 'SYSTEM_ERROR', 'TIMEOUT_ERROR'),
    itemsProcessing: count('INPROGRESS'),
  }
}

/** GET /v3/feeds: the newest first. */
export function listFeeds(walmart: Walmart, query: URLSearchParams): Response {
  const offset = Number(query.get('offset') ?? 0)
  const limit = Math.min(50, Number(query.get('limit') ?? 50))
  const wanted = query.get('feedId')
  const all = walmart.state.feeds.filter((one) => wanted === null || one.feedId === wanted).toReversed()
  return json(200, {
    totalResults: all.length,
    offset,
    limit,
    results: {
      feed: all.slice(offset, offset + limit).map((feed) => ({
        feedId: feed.feedId,
        feedSource: 'MARKETPLACE_PARTNER',
        feedType: feed.feedType,
        partnerId: walmart.settings.partnerId,
        ...countsOf(feed),
        feedStatus: feed.status,
        feedDate: feed.createdAt,
        modifiedDtm: feed.endedAt ?? feed.startedAt ?? feed.createdAt,
      })),
    },
  })
}

/** GET /v3/feeds/{feedId}: its lines a page at a time, where they are asked for. */
export function getFeed(walmart: Walmart, feedId: string, query: URLSearchParams): Response {
  const feed = walmart.state.feeds.find((one) => one.feedId === feedId)
  if (!feed) throw new WalmartRefusal(404, 'CONTENT_NOT_FOUND.GMP_FEED_API', 'The feed was not found', 'feedId')
  const offset = Number(query.get('offset') ?? 0)
  const limit = Number(query.get('limit') ?? 20)
  if (!Number.isInteger(limit) || limit < 1 || limit > 50)
    throw bad('Invalid limit', 'INVALID_REQUEST_PARAM.GMP_FEED_API')
  const details = query.get('includeDetails') === 'true'
  return json(200, {
    feedId,
    feedStatus: feed.status,
    ...countsOf(feed),
    offset,
    limit,
    itemDetails: {
      itemIngestionStatus: !details
        ? []
        : feed.lines.slice(offset, offset + limit).map((line, index) => ({
            martId: 0,
            sku: line.sku,
            wpid: findItem(walmart, line.sku)?.wpid ?? '',
            index: offset + index,
            ingestionStatus: line.state,
            ingestionErrors: {
              ingestionError: line.code ? [{ type: 'DATA_ERROR', code: line.code, description: line.why ?? '' }] : [],
            },
          })),
    },
  })
}
