/**
 * Which orders there are, by when they were placed, over days that are past: the usual list asks by the last change, and
 * what the store's search left out of it is in this one. Only ids are asked for; an order that is missing is read alone.
 */
import { z } from 'zod'
import { ChannelError } from '../../domain/errors.ts'
import type { Account, Recounting } from '../connector.ts'
import { call } from './client.ts'
import * as documents from './documents-money.ts'
import { readId, writeId } from './mapping.ts'
import { readWhole } from './orders.ts'
import { orderIdsAnswer } from './wire-money.ts'

const pageSchema = z.object({ after: z.string() })

export const recount: Recounting = {
  // The usual list looks back 24 hours every six: what it brings late is no miss.
  afterMs: 36 * 3_600_000,
  // A fortieth of what the smallest plan restores meanwhile.
  pageEveryMs: 60_000,
  async pull(account: Account, { from, until }, saved) {
    const page = saved === null ? null : pageSchema.parse(saved)
    const query = `created_at:>='${from.toISOString()}' AND created_at:<'${until.toISOString()}'`
    try {
      const asked = { first: documents.orderIdsPage, after: page?.after ?? null, query }
      const { nodes, pageInfo } = (await call(account, documents.orderIds, asked, orderIdsAnswer)).data.orders
      if (pageInfo.hasNextPage && !pageInfo.endCursor)
        throw new ChannelError('unavailable', 'unreadable', 'a page has no end')
      const next = pageInfo.hasNextPage ? { after: pageInfo.endCursor! } : null
      // Nobody really bought a test.
      const ids = nodes.filter(({ test }) => !test).map(({ id }) => readId(id))
      return { items: [], ids, next, more: next !== null }
    } catch (error) {
      // A cursor that is not taken any more: the span is counted anew, nothing is skipped.
      if (page && error instanceof ChannelError && error.kind === 'rejected')
        return { items: [], next: null, more: true }
      throw error
    }
  },
  read: async (account, remoteId) => await readWhole(account, writeId('Order', remoteId)),
}
