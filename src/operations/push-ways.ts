/** By which ways an account's quantities may leave now: its budgets, what is under way, and how long its feeds take. */
import type { Connector } from '../channels/connector.ts'
import { bucketsOf } from '../database/budgets.ts'
import { feedTimes } from '../database/feeds.ts'
import type { Sql } from '../database/pool.ts'
import { type Bucket, inCalls } from '../domain/budget.ts'
import { type FeedTime, learnFeedTime } from '../domain/feed-time.ts'
import type { CallWay, FeedWay, Ways } from '../domain/split.ts'

export type StockCapability = NonNullable<Connector['stock']>

/** How long an answer takes where none was measured yet. */
export const usualLatencyMs = 350

/** The bucket of the push calls, counted in calls; undefined where the account has none. */
export async function pushBucket(
  sql: Sql,
  accountId: string,
  { pushOperation, pushPoints = 1 }: StockCapability,
): Promise<Bucket | undefined> {
  const bucket = (await bucketsOf(sql, accountId, [pushOperation])).get(pushOperation)
  return bucket && inCalls(bucket, pushPoints)
}

export const callWay = (
  { pushOperation, pushBatch, pushAtOnce }: StockCapability,
  bucket: Bucket,
  { underWay = 0, latencyMs = usualLatencyMs } = {},
): CallWay => ({ operation: pushOperation, lines: pushBatch, atOnce: pushAtOnce, underWay, bucket, latencyMs })

/** Feeds of the account as they were, beginning with what the channel is known for. */
export const feedTimeOf = (usual: FeedTime, tookMs: readonly number[]): FeedTime =>
  tookMs.reduce((time, ms) => learnFeedTime(time, ms), usual)

/** All ways of an account; undefined where it has no budget to push with. */
export async function waysOf(
  sql: Sql,
  accountId: string,
  stock: StockCapability,
  now: Partial<Pick<CallWay, 'underWay' | 'latencyMs'>> = {},
): Promise<Ways | undefined> {
  const { feed } = stock
  const buckets = await bucketsOf(sql, accountId, [stock.pushOperation, ...(feed?.submitOperations ?? [])])
  const own = buckets.get(stock.pushOperation)
  if (!own) return undefined
  const bucket = inCalls(own, stock.pushPoints ?? 1)
  const submissions = feed?.submitOperations.flatMap((operation) => buckets.get(operation) ?? [])
  const feedWay: FeedWay | undefined = feed && {
    lines: feed.maxLines,
    fewest: feed.fewest,
    submissions: { kind: 'buckets', buckets: submissions! },
    took: feedTimeOf(feed.took, await feedTimes(sql, accountId)),
  }
  return { calls: [callWay(stock, bucket, now)], feed: submissions?.length ? feedWay : undefined }
}
