/**
 * Orders by when they were placed: another filter of searchOrders than the usual list's, over days that are past. What
 * that list omitted for hours, or an order whose last change it never told, is in it (models#3945).
 */
import { z } from 'zod'
import { ChannelError } from '../../domain/errors.ts'
import type { Account, Recounting } from '../connector.ts'
import { call } from './client.ts'
import { readPage } from './orders.ts'
import { readSettings } from './settings.ts'
import { searchOrders } from './wire.ts'

const pageSchema = z.object({ token: z.string(), before: z.string() })

const seconds = (time: Date) => time.toISOString().replace(/\.\d{3}Z$/, 'Z')

export const recount: Recounting = {
  // The usual list looks back 48 hours every six: what it brings late is no miss.
  afterMs: 60 * 3_600_000,
  // Half of what searchOrders sustains: the usual list needs the other half.
  pageEveryMs: 6 * 60_000,
  async pull(account: Account, { from, until }, saved) {
    const page = saved === null ? null : pageSchema.parse(saved)
    const before = page?.before ?? seconds(until)
    try {
      const answer = await call(account, {
        operation: 'searchOrders',
        method: 'GET',
        path: '/orders/2026-01-01/orders',
        answer: searchOrders,
        query: {
          marketplaceIds: readSettings(account.settings).marketplaceIds.join(','),
          maxResultsPerPage: '100',
          createdAfter: seconds(from),
          createdBefore: before,
          includedData: 'BUYER,RECIPIENT,PROCEEDS,CANCELLATION,FULFILLMENT',
          ...(page ? { paginationToken: page.token } : {}),
        },
      })
      const token = answer.pagination?.nextToken
      const { items, unreadable } = readPage(answer.orders)
      return { items, unreadable, next: token ? { token, before } : null, more: Boolean(token) }
    } catch (error) {
      // A token that is not taken any more: the span is counted anew, nothing is skipped.
      if (page && error instanceof ChannelError && error.kind === 'rejected')
        return { items: [], next: null, more: true }
      throw error
    }
  },
}
