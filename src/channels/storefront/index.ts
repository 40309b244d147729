/**
 * The seller's own store, custom or headless. Orders and checkouts come in through our API as they happen; quantities
 * go out as signed webhooks (Standard Webhooks) that compare before they set. The store answers line by line.
 */
import { ChannelError } from '../../domain/errors.ts'
import type { Connector } from '../connector.ts'
import { checks } from './checks.ts'
import { readItems } from './client.ts'
import { readSettings, secrets, settings } from './settings.ts'
import { type ReadItem, readAnswer, readItem, type SetItem, setAnswer } from './wire.ts'

export const storefront: Connector = {
  channel: 'storefront',
  title: 'Own store (API and webhooks)',
  settings,
  secrets,
  regionOf: () => '',
  allowedOrigins: (value) => {
    const { webhookUrl, sameNetwork } = readSettings(value)
    return sameNetwork ? [new URL(webhookUrl).origin] : []
  },
  limits: { 'stock.set': { rate: 50, burst: 100 }, 'stock.read': { rate: 10, burst: 20 } },
  journalKeys: new Set(['type', 'timestamp', 'sku', 'quantity', 'expected', 'version', 'applied', 'reason']),
  quantityWrites: 'compare-and-set',
  secretUrls: true,
  ordersKnownAtOnce: true,
  stock: {
    pushBatch: 100,
    // A shop of one's own is one server: a bulk change must not be an attack.
    pushAtOnce: 5,
    pushOperation: 'stock.set',
    async push(account, lines) {
      const items = lines.map(({ remoteSku, quantity, version, expected }) => ({
        sku: remoteSku,
        quantity,
        version,
        expected,
      }))
      let answers: Map<string, SetItem>
      try {
        answers = await readItems(account, 'stock.set', items, setAnswer)
      } catch (error) {
        if (!(error instanceof ChannelError)) throw error
        return lines.map(({ key }) => ({ key, kind: 'failed' as const, error }))
      }
      return lines.map(({ key, remoteSku }) => outcomeOf(key, remoteSku, answers.get(remoteSku)))
    },
    readBatch: 100,
    readOperation: 'stock.read',
    readsMayBeOldMs: 0,
    async read(account, remoteSkus) {
      const answers: Map<string, ReadItem> = await readItems(
        account,
        'stock.read',
        remoteSkus.map((sku) => ({ sku })),
        readAnswer,
      )
      return remoteSkus.map((remoteSku) => ({ remoteSku, quantity: answers.get(remoteSku)?.quantity ?? null }))
    },
    readingsIn: (operation, response) => (operation === 'stock.read' ? quantitiesIn(response) : []),
    marginMs: 5_000,
    delays: { effectMs: 500, salesKnownMs: 1_000 },
    auditEveryMs: 5 * 60_000,
  },
  checks,
}

/** What was cut off in the journal is left out. */
function quantitiesIn(response: unknown): { remoteSku: string; quantity: number | null }[] {
  const items = (response as { items?: unknown } | null)?.items
  return (Array.isArray(items) ? items : []).flatMap((item) => {
    const { data } = readItem.safeParse(item)
    return data ? [{ remoteSku: data.sku, quantity: data.quantity }] : []
  })
}

function outcomeOf(key: string, sku: string, answer: SetItem | undefined) {
  // No word about a line is no answer: it may have been set.
  if (!answer) {
    const error = new ChannelError('unavailable', 'line_missing', `the store did not answer for ${sku}`, {
      mayHaveApplied: true,
    })
    return { key, kind: 'failed' as const, error }
  }
  if (answer.applied) return { key, kind: 'applied' as const }
  if (answer.reason === 'unknown')
    return {
      key,
      kind: 'failed' as const,
      error: new ChannelError('missing', 'unknown_sku', `the store does not know ${sku}`),
    }
  if (answer.quantity === undefined || answer.quantity === null) {
    return {
      key,
      kind: 'failed' as const,
      error: new ChannelError('rejected', answer.reason ?? 'refused', `the store refused ${sku}`),
    }
  }
  return { key, kind: 'mismatch' as const, shown: answer.quantity }
}
