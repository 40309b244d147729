/** Lines ↔ the messages of a listings feed and its processing report (schemas v2). Pure. */
import { ChannelError } from '../../domain/errors.ts'
import type { QuantityLine, QuantityOutcome } from '../connector.ts'
import { writeQuantity } from './mapping.ts'
import type { WireReport } from './wire.ts'

export interface WrittenFeed {
  text: string
  /** In the order of their messages, which are numbered from 1. */
  sent: QuantityLine[]
  /** Of the lines that are not in it. */
  outcomes: QuantityOutcome[]
}

export const failedLine = (key: string, error: ChannelError): QuantityOutcome => ({ key, kind: 'failed', error })

/** Writes a feed of what can be sent. A line that cannot is refused by itself; one that does not fit waits. */
export function writeFeed(
  sellerId: string,
  lines: readonly QuantityLine[],
  { maxLines, maxBytes, now }: { maxLines: number; maxBytes: number; now: Date },
): WrittenFeed {
  const head = `{"header":${JSON.stringify({ sellerId, version: '2.0' })},"messages":[`
  const messages: string[] = []
  const sent: QuantityLine[] = []
  const outcomes: QuantityOutcome[] = []
  const skus = new Set<string>()
  let bytes = Buffer.byteLength(head) + 2
  for (const line of lines) {
    const refusal = refuse(line, skus)
    if (refusal) {
      outcomes.push(failedLine(line.key, refusal))
      continue
    }
    const message = JSON.stringify({
      messageId: sent.length + 1,
      sku: line.remoteSku,
      operationType: 'PATCH',
      ...writeQuantity(line.quantity),
    })
    const size = Buffer.byteLength(message) + 1
    if (sent.length >= maxLines || bytes + size > maxBytes) {
      outcomes.push(
        failedLine(line.key, new ChannelError('throttled', 'feed_full', 'the feed is full', { retryAt: now })),
      )
      continue
    }
    bytes += size
    skus.add(line.remoteSku)
    messages.push(message)
    sent.push(line)
  }
  return { text: `${head}${messages.join(',')}]}`, sent, outcomes }
}

/** Why a line must not be sent. Two values of one SKU in one feed would leave open which of them stays. */
function refuse({ remoteSku, quantity }: QuantityLine, skus: ReadonlySet<string>): ChannelError | undefined {
  if (!Number.isSafeInteger(quantity) || quantity < 0)
    return new ChannelError('rejected', 'quantity', 'a quantity is a whole number of 0 or more')
  if (remoteSku === '' || !remoteSku.isWellFormed())
    return new ChannelError('rejected', 'sku', 'the SKU cannot be written')
  if (skus.has(remoteSku)) return new ChannelError('rejected', 'sku_twice', 'the SKU stands in this feed already')
  return undefined
}

/**
 * One outcome a line. DONE and "accepted" prove no effect: by the schema the updates of accepted messages *are being
 * applied*, and checks that follow are told elsewhere only (models#4295, #4801). So an accepted line is `accepted`, as
 * the answer to a single PATCH is. It is a mark of this very write, by its feed and its number; of what buyers see only
 * a reading tells. There is no stronger answer in a feed, hence no kind of outcome for it.
 *
 * A line is accepted, and a refused one surely not carried out, only if the report accounts for every message.
 */
export function readReport(report: WireReport, feedId: string, keys: readonly string[]): QuantityOutcome[] {
  const refused = new Map<number, { code: string; message: string }>()
  const doubtful = new Set<number>()
  let adds = true
  for (const { messageId, severity, code, message } of report.issues) {
    if (severity === 'WARNING' || severity === 'INFO') continue
    if (!messageId || messageId < 1 || messageId > keys.length) adds = false
    else if (severity !== 'ERROR') doubtful.add(messageId)
    else if (!refused.has(messageId))
      refused.set(messageId, { code: code ?? 'ERROR', message: (message ?? 'Amazon refused it').slice(0, 300) })
  }
  const { messagesProcessed, messagesAccepted, messagesInvalid } = report.summary
  adds &&=
    messagesProcessed === keys.length &&
    messagesInvalid === refused.size &&
    messagesAccepted === keys.length - refused.size
  return keys.map((key, index): QuantityOutcome => {
    const messageId = index + 1
    const issue = refused.get(messageId)
    if (issue)
      return failedLine(key, new ChannelError('rejected', issue.code, issue.message, { mayHaveApplied: !adds }))
    if (adds && !doubtful.has(messageId))
      return { key, kind: 'accepted', detail: { feedId, messageId: String(messageId) } }
    const why = `the report of feed ${feedId} does not account for this line`
    return failedLine(key, new ChannelError('unavailable', 'unaccounted', why, { mayHaveApplied: true }))
  })
}
